"""Hostile input of every kind, and what must hold whatever it is; docs/fuzzing.md."""
