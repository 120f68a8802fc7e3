"""What was read and how, as a Result says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from retainkit.sources.options import Input, SourceOptions


def source_params(inputs: Sequence[Input], options: SourceOptions) -> dict[str, object]:
    """Return what was read and how, as plain values for a Result's params."""
    plain = {field.name: getattr(options, field.name) for field in fields(options)}
    plain["members"] = None if options.members is None else named(options.members)
    return {"sources": [named(source) for source in inputs], **plain}


def named(source: Input) -> str:
    """Return what a source is called: its path, or the kind of frame it is."""
    return str(source) if isinstance(source, str | Path) else f"<{type(source).__name__}>"
