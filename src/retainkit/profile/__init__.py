"""What a source holds, before anyone trusts it."""

from retainkit.profile.describe import COMMAND, describe

__all__ = ["COMMAND", "describe"]
