"""How a function becomes a command: shared flags packed into two arguments, errors told once."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from retainkit.choices import Format
from retainkit.cli.config import CONFIG
from retainkit.cli.failures import guarded
from retainkit.cli.options import OutputFlags, SourceFlags


@dataclass(frozen=True)
class Source:
    """What a command was told to read: its SOURCEs and the fields of SourceOptions."""

    sources: tuple[str, ...]
    options: dict[str, Any]

    @classmethod
    def packed(cls, flags: dict[str, Any]) -> "Source":
        """Return what the source flags say."""
        options = dict(flags)
        sources = tuple(options.pop("sources") or ())
        return cls(sources, {**options, "time_format": tuple(options["time_format"] or ())})


@dataclass(frozen=True)
class Output:
    """Where a command was told to write, and how."""

    format: Format | None
    output: Path | None
    table: str | None
    quiet: bool
    excel_safe: bool

    @classmethod
    def packed(cls, flags: dict[str, Any]) -> "Output":
        """Return what the output flags say."""
        return cls(**flags)


_BUNDLES: dict[str, tuple[type, Callable[[dict[str, Any]], Any]]] = {
    "source": (SourceFlags, Source.packed),
    "out": (OutputFlags, Output.packed),
}


def command(app: typer.Typer) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as the command of its name.

    Its parameters `source: Source` and `out: Output` stand for all the flags of SourceFlags and
    OutputFlags; its other parameters are flags of its own. An error it raises reaches the user
    as one message and an exit code.
    """

    def register(body: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(body).parameters
        bundles = {name: _BUNDLES[name] for name in parameters if name in _BUNDLES}
        shared = {name: _flags(kind) for name, (kind, _) in bundles.items()}

        def run(**given: Any) -> None:
            packed = {
                name: pack({flag.name: given.pop(flag.name) for flag in shared[name]})
                for name, (_, pack) in bundles.items()
            }
            given.pop(CONFIG.name, None)  # its work was to give the other flags their defaults
            guarded(body, **packed, **given)

        own = [parameter for name, parameter in parameters.items() if name not in bundles]
        flags = [*own, *(flag for group in shared.values() for flag in group)]
        if "source" in bundles:
            flags.append(CONFIG)
        flags.sort(key=lambda flag: flag.name != "sources")
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [flag.replace(kind=inspect.Parameter.KEYWORD_ONLY) for flag in flags]
        )
        run.__annotations__ = {flag.name: flag.annotation for flag in flags}
        run.__doc__ = body.__doc__
        app.command(name=body.__name__)(run)
        return body

    return register


def _flags(kind: type) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=getattr(kind, name), annotation=hint
        )
        for name, hint in kind.__annotations__.items()
    ]
