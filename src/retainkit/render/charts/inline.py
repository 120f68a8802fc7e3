"""Pictures as they stand inside a page: without what the page says already, and inert."""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.etree import ElementTree

from retainkit.render.charts import converted, spec_of
from retainkit.results import Result

_NAMESPACE = "http://www.w3.org/2000/svg"
_SHAPES = {"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "title", "desc"}
_SHAPES |= {"defs", "clipPath", "linearGradient", "radialGradient", "stop"}
_SEVERAL = {"axis", "legend", "title", "line mark", "area mark"}  # told of all their points at once
_REFERENCE = re.compile(r"url\(#([^)]*)\)")


class Inline(NamedTuple):
    """A picture as an element of HTML, and what a page says of it: its title, lines below."""

    svg: str
    title: str
    said: tuple[str, ...]


def inline_svg(result: Result, name: str = "") -> Inline:
    """Return the picture of a Result's first table as an element of HTML.

    name: what sets its ids apart from those of other pictures on the page; by default command and
    table. Title and definition are left to the page. Nothing but shapes and text is let through,
    whatever drew it, and ids are made those of this picture alone. A mark's numbers are shown
    where a pointer is held over it.
    """
    spec = spec_of(result)
    bare = {key: value for key, value in spec.items() if key != "title"}
    root = ElementTree.fromstring(converted(bare, "svg"))
    _clean(root, name or f"{result.command}-{next(iter(result.tables))}")
    for mark in list(root.iter()):
        _show_on_hover(mark)
    svg = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return Inline(svg, spec["title"]["text"], tuple(spec["usermeta"]["said"]))


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


def _show_on_hover(mark: ElementTree.Element) -> None:
    """Give a mark its label as a title, too, unless it is of several."""
    label = mark.get("aria-label")
    if label and mark.get("aria-roledescription") not in _SEVERAL:
        title = ElementTree.Element("title")
        title.text = label
        mark.insert(0, title)


def _bare(tag: str) -> str:
    return tag.removeprefix(f"{{{_NAMESPACE}}}")
