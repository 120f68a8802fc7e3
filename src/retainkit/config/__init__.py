"""The settings file: `files` finds and reads it, `checks` holds it against the flags.

Checking takes Pydantic, which is imported only where there is something to check.
"""
