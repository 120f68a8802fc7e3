"""Named metrics, saved with what they mean and what they were computed of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retainkit.checking.definitions import definition_of
from retainkit.checking.running import results_of
from retainkit.checking.saved import fingerprint, snapshot_of
from retainkit.engine import EngineOptions, Journal, Request
from retainkit.errors import UsageError, nearest
from retainkit.render.json import write
from retainkit.render.options import RenderOptions
from retainkit.sources import Input, SourceOptions
from retainkit.sources.stream import Progress


def snapshot(
    metrics: Mapping[str, Request],
    inputs: Sequence[Input],
    options: SourceOptions,
    *,
    definitions: bool = False,
    engine: EngineOptions | None = None,
    progress: Progress | None = None,
    journal: Journal | None = None,
) -> str:
    """Return the text of a snapshot of these metrics.

    definitions: only what they mean, for which no data is read.
    """
    meant = {name: definition_of(each, options) for name, each in metrics.items()}
    if definitions:
        return snapshot_of(meant, {}, ())
    found = results_of(list(metrics.values()), inputs, options, engine, progress, journal)
    texts = {
        name: write(result, RenderOptions()) for name, result in zip(metrics, found, strict=True)
    }
    return snapshot_of(meant, texts, fingerprint(inputs))


def chosen(metrics: Mapping[str, Request], names: Sequence[str]) -> Mapping[str, Request]:
    """Return the metrics of these names, all where there are none; raises UsageError."""
    if not metrics:
        raise UsageError(
            "snapshot: no metric has a name.",
            'Name one in retainkit.toml: [metrics.d7] with command = "retention", days = [7].',
        )
    for name in names:
        if name not in metrics:
            known = ", ".join(metrics)
            raise UsageError(
                f"There is no metric '{name}'; there are {known}.{nearest(name, metrics)}"
            )
    return {name: metrics[name] for name in names} if names else metrics
