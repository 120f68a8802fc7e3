"""`python -m retainkit` is `retainkit`."""

from retainkit.cli import main

if __name__ == "__main__":
    main()
