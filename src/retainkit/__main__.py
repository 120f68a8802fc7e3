"""The installed command, and `python -m retainkit`."""

import os
import signal


def main() -> None:
    """Run the command line. Ctrl-C ends it quietly from the first import on."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored
        signal.signal(signal.SIGINT, _stop)
    from retainkit.cli import main as run

    run()


def _stop(*_: object) -> None:
    """End the process while nothing is there yet to be removed; commands replace this."""
    os.write(2, b"Interrupted.\n")
    os._exit(130)


if __name__ == "__main__":
    main()
