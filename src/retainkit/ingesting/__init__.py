"""`ingest`: messy exports to a clean set of Parquet files, again and again."""

from retainkit.ingesting.outcome import Outcome
from retainkit.ingesting.run import ingest

__all__ = ["Outcome", "ingest"]
