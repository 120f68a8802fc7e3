"""Named metrics and rules of the settings file: what a check is made of."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainkit.cli.config import placed
from retainkit.config.files import read
from retainkit.errors import UsageError

if TYPE_CHECKING:
    from retainkit.checking.rules import Definitions


def declared(settings: Path | None, baseline: str | None = None) -> "Definitions":
    """Return what a settings file declares, paths as they are seen from the working directory.

    settings: None where there is none. baseline: what changes are measured against that name
    nothing else. Raises UsageError for what is no table.
    """
    from retainkit.checking.rules import Definitions

    if settings is None:
        return Definitions(baseline=baseline)
    document = read(settings)
    metrics = _tables(document.get("metrics", {}))
    rules = document.get("rules", [])
    if metrics is None or not isinstance(rules, list) or _tables(dict(enumerate(rules))) is None:
        raise UsageError(f"{settings}: metrics are tables [metrics.NAME], rules [[rules]].")
    folder = settings.parent
    return Definitions(
        metrics={name: _underscored(table, folder) for name, table in metrics.items()},
        rules=tuple(
            (_place(settings, number, rule), _underscored(rule, folder))
            for number, rule in enumerate(rules, 1)
        ),
        defaults={
            name.replace("-", "_"): _underscored(table, folder)
            for name, table in document.items()
            if isinstance(table, dict)
        },
        baseline=baseline,
    )


def _tables(given: Any) -> dict[Any, dict[str, Any]] | None:
    """Return tables by name; None where any is none."""
    if not isinstance(given, dict) or not all(isinstance(each, dict) for each in given.values()):
        return None
    return given


def _underscored(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return placed({name.replace("-", "_"): value for name, value in table.items()}, folder)


def _place(settings: Path, number: int, rule: Mapping[str, Any]) -> str:
    name = rule.get("name")
    return f"{settings.name}, rule {number}" + (f" ({name})" if name else "")
