"""Where tallies are computed, and nothing else: metrics and a source in, Results out."""

from retainkit.engine.journal import Journal
from retainkit.engine.options import EngineOptions
from retainkit.engine.request import Request
from retainkit.engine.run import run

__all__ = ["EngineOptions", "Journal", "Request", "run"]
