"""The second definition of every number: written from the definitions alone, for tests."""
