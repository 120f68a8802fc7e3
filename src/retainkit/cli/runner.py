"""GitHub's runner obeys lines of stdout and stderr that look like its commands: data must not."""

import os
import re

# A line that begins with :: once blanks are gone; and, in the old form, ##[ anywhere.
_COMMAND = re.compile(r"(^|[\r\n])([^\S\r\n]*):(?=:)")
_OLD, _INERT_OLD = "##[", "##("
_COLON = "\ua789"  # looks like a colon, is as wide, and is none


def inert(text: str) -> str:
    """Return a text whose lines are no commands to GitHub's runner, where it is the one to read.

    The first colon of such a line becomes one that it does not know; all else stays.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    return _COMMAND.sub(rf"\1\2{_COLON}", text).replace(_OLD, _INERT_OLD)
