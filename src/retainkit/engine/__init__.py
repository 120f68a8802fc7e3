"""Where tallies are computed, and nothing else: metrics and a source in, Results out."""

from retainkit.engine.local import run
from retainkit.engine.request import Request

__all__ = ["Request", "run"]
