"""Exports as they come, read lazily: files, folders, streams and frames to one table."""

from retainkit.sources.options import Input, SourceOptions
from retainkit.sources.scan import Table, open_export, open_table

__all__ = ["Input", "SourceOptions", "Table", "open_export", "open_table"]
