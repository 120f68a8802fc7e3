"""vl-convert: the only place that imports it, and that says what it may do."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from retainkit.errors import OutputError
from retainkit.render.charts.spec import Spec

_VEGA_LITE = "5.20"  # the newest one that all versions of vl-convert we allow have
_SCALE = 2.0  # pixels of a PNG for each of the specification's


def installed() -> bool:
    """Return whether vl-convert is there."""
    return find_spec("vl_convert") is not None


def check_extra() -> None:
    """Raise OutputError where vl-convert is not installed."""
    if not installed():
        raise OutputError(
            "Pictures (svg, png) are drawn by vl-convert, which is not installed.",
            "Install it: pip install 'retainkit[charts]'",
        )


def converted(spec: Spec, format_name: str) -> bytes:
    """Return the picture as the bytes of an SVG or a PNG. Nothing is fetched, from anywhere."""
    check_extra()
    import vl_convert  # here, as no other format needs it

    limits: dict[str, Any] = {"vl_version": _VEGA_LITE, "allowed_base_urls": []}
    try:
        if format_name == "png":
            return bytes(vl_convert.vegalite_to_png(spec, scale=_SCALE, **limits))
        return f"{vl_convert.vegalite_to_svg(spec, **limits)}\n".encode()
    except ValueError as error:
        reason = " ".join(str(error).split("\n")[:2]).strip()
        raise OutputError(f"The picture cannot be drawn: {reason}") from error
