"""Settings from retainkit.toml."""

from pathlib import Path

import typer


def load_config(context: typer.Context, path: Path | None) -> Path | None:
    """Load."""
    return path
