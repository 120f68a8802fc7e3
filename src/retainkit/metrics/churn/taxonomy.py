"""What the reasons that members give are counted as: categories, each with its keywords."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from unicodedata import normalize

from retainkit.errors import UsageError, nearest
from retainkit.toml import parse_toml

OTHER = "other"  # a reason that no keyword fits
UNKNOWN = "unknown"  # no reason given

Words = tuple[str, ...]
Categories = tuple[tuple[str, Words], ...]

_KEYS = ("name", "keywords")
_LISTED = 20  # of what is wrong with a file
_HINT = 'A category is [[category]], name = "cost", keywords = ["price", "价格"]: docs/reasons.md.'

_READ = 10_000  # characters of a reason that are looked at
_NO_ANSWERS = frozenset(
    word
    for line in (
        "na, n/a, n.a, nil, null, none, nan, no, nothing, undefined, blank, empty, unspecified",
        "not known, not specified, not given, not stated, not provided, not sure, idk, tbd",
        "no reason, no answer, no response, dont know, do not know, i dont know, i do not know",
        "无, 無, 没有, 沒有, 没, 沒, 空, 略, 暂无, 暫無, 未填, 未填写, 未填寫, 没填, 沒填",
        "未知, 不详, 不詳, 不明, 不知道, 不清楚, 说不清, 說不清, 没什么, 沒什麼",
    )
    for word in line.split(", ")
)

_PUNCTUATION = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~‐–—―…·•。、「」『』【】《》〈〉“”«»"
_IGNORED = dict.fromkeys(map(ord, "'＇’‘ʼ`´\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_DASHES = re.compile(r"(?<=[^\W_])[-_‐–]+(?=[^\W_])")
# Scripts without blanks between words: Thai to Khmer, kana, Chinese.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_UNSPACED += "\U00020000-\U0003ffff"
_WORD = re.compile(rf"(?:(?<![^\W_])|(?<=[{_UNSPACED}]))(?=[^\W_{_UNSPACED}])")
_BEGIN = "\x1f"  # stands before each word; as it is a blank to Python, no text has one left


@dataclass(frozen=True)
class Taxonomy:
    """Categories in the order in which they are tried, each with its keywords."""

    categories: Categories

    @property
    def names(self) -> Words:
        """Return every name that `category` can return."""
        return tuple(dict.fromkeys((*(name for name, _ in self.categories), OTHER, UNKNOWN)))

    def category(self, reason: str | None) -> str:
        """Return what a reason counts as; "unknown" where none is given, "other" if none fits."""
        text = _plain(reason or "")
        named, heads = _ready(self.categories)
        bare = text.strip(_PUNCTUATION)
        if bare in named:
            return named[bare]
        if bare in _NO_ANSWERS:
            return UNKNOWN
        marked = _marked(text)
        pairs = {marked[i : i + 2] for i in range(len(marked))} | set(marked)
        found = (
            place
            for head in pairs & heads.keys()
            for place, keyword in heads[head]
            if keyword in marked
        )
        if (first := min(found, default=None)) is not None:
            return self.categories[first][0]
        return OTHER if any(map(str.isalnum, text)) else UNKNOWN


@cache
def default_taxonomy() -> Taxonomy:
    """Return the categories that retainkit comes with, taxonomy.toml beside this module."""
    own = files("retainkit.metrics.churn") / "taxonomy.toml"
    return _taxonomy(parse_toml(Path(own.name), own.read_bytes()))


def read_taxonomy(path: str | Path) -> Taxonomy:
    """Return the categories of a file. Raises UsageError that lists what is wrong with it."""
    document = _document(Path(path))
    if faults := list(_faults(document)):
        more = [f"and {len(faults) - _LISTED:,} more"] if len(faults) > _LISTED else []
        listed = "".join(f"\n  {each}" for each in [*faults[:_LISTED], *more])
        raise UsageError(f"{path} cannot be used:{listed}", _HINT)
    return _taxonomy(document)


def _plain(text: str) -> str:
    """Return text in which case, width, apostrophes, hyphens and extra blanks do not matter."""
    kept = text[:_READ].translate(_IGNORED)
    folded = normalize("NFKC", normalize("NFKC", kept).casefold())
    return _DASHES.sub(" ", " ".join(folded.split()))


def _marked(plain: str) -> str:
    """Return text with a mark where words begin, so that looking for a keyword is plain search."""
    return _WORD.sub(_BEGIN, plain)


@lru_cache(maxsize=8)
def _ready(categories: Categories) -> tuple[dict[str, str], dict[str, list[tuple[int, str]]]]:
    """Return the category of each plain name, and the keywords by their first two characters.

    With each keyword stands the place of its category. Few keywords begin as some part of a
    reason does, and only these are looked for.
    """
    named = {_key(name): name for name in (OTHER, UNKNOWN, *(name for name, _ in categories))}
    heads: dict[str, list[tuple[int, str]]] = {}
    for place, (_, keywords) in enumerate(categories):
        for keyword in map(_marked, map(_plain, keywords)):
            heads.setdefault(keyword[:2], []).append((place, keyword))
    return named, heads


def _key(name: str) -> str:
    return _plain(name).strip(_PUNCTUATION)


def _taxonomy(document: Mapping[str, Any]) -> Taxonomy:
    """Return the categories of a document without faults."""
    own = {OTHER: OTHER, UNKNOWN: UNKNOWN}
    return Taxonomy(
        tuple(
            (own.get(_key(table["name"]), table["name"].strip()), tuple(table["keywords"]))
            for table in document["category"]
        )
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(path, path.read_bytes(), _HINT)
    except OSError as error:
        there = (each.name for each in path.parent.glob("*.toml"))
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.{nearest(path.name, there)}", _HINT
        ) from None


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a document, and where."""
    for key in document:
        if key != "category":
            near = nearest(key, ["category"]) or " There is only [[category]]."
            yield f"{key}: unknown table.{near}"
    tables = document.get("category", [])
    if not isinstance(tables, list):
        yield "category: stands in double brackets, [[category]]"
        return
    if not tables:
        yield "there is no [[category]]"
    places: dict[str, int] = {}
    for place, table in enumerate(tables, 1):
        if not isinstance(table, dict):
            yield f"category {place}: has to be a table, [[category]]"
            continue
        where = f"category {place}" + (f", {table['name']!r}" if "name" in table else "")
        yield from (f"{where}: {fault}" for fault in _table_faults(table))
        key = _key(table["name"]) if isinstance(table.get("name"), str) else ""
        if key and places.setdefault(key, place) != place:
            yield f"{where}: is there already, as category {places[key]}"


def _table_faults(table: Mapping[str, Any]) -> Iterator[str]:
    for key in table:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            yield f"{key}: unknown key." + (near or f" There are {' and '.join(_KEYS)}.")
    name, keywords = table.get("name"), table.get("keywords")
    if not isinstance(name, str) or not _key(name) or not name.isprintable():
        yield "name: has to be a line of text with a letter in it"
    if not isinstance(keywords, list) or not all(isinstance(word, str) for word in keywords):
        yield "keywords: has to be a list of texts, [] for none"
        return
    for place, word in enumerate(keywords, 1):
        if not _plain(word):
            yield f"keywords: number {place} is blank"
