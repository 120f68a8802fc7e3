"""Pictures as they stand inside a page: without what the page says already, and inert."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from retainkit.render.charts import converted, spec_of
from retainkit.results import Result

_NAMESPACE = "http://www.w3.org/2000/svg"
_SHAPES = {"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "title", "desc"}
_SHAPES |= {"defs", "clipPath", "linearGradient", "radialGradient", "stop"}
_REFERENCE = re.compile(r"url\(#([^)]*)\)")


def inline_svg(result: Result) -> tuple[str, tuple[str, ...]]:
    """Return the picture of a Result's first table as an element of HTML, and what is said of it.

    Title and definition are left to the page. Nothing but shapes and text is let through,
    whatever drew it, and ids are made those of this picture alone.
    """
    spec = spec_of(result)
    said = tuple(spec["usermeta"]["said"])
    bare = {key: value for key, value in spec.items() if key != "title"}
    root = ElementTree.fromstring(converted(bare, "svg"))
    _clean(root, f"{result.command}-{next(iter(result.tables))}")
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False), said


def _clean(element: ElementTree.Element, prefix: str) -> None:
    """Drop what is no shape, links and handlers; take names out of the namespace, as HTML does."""
    element.tag = _bare(element.tag)
    for name, value in list(element.attrib.items()):
        del element.attrib[name]
        if "}" in name or name.startswith("on") or name in ("style", "href"):
            continue
        if name == "id":
            value = f"{prefix}-{value}"
        element.set(name, _REFERENCE.sub(rf"url(#{prefix}-\1)", value))
    for child in list(element):
        if _bare(child.tag) in _SHAPES:
            _clean(child, prefix)
        else:
            element.remove(child)


def _bare(tag: str) -> str:
    return tag.removeprefix(f"{{{_NAMESPACE}}}")
