"""Files made of other files: bytes, cells and words changed at random.

A mutator takes bytes, a source of chance and the other files of its kind, and returns bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from fuzzing import words

Mutator = Callable[[bytes, Random, Sequence[bytes]], bytes]
_POOLS = (words.IDS, words.TIMES, words.AMOUNTS, words.EVENTS)
_LINES = ("Report", "合计", "Total", "", "# made by", "sep=;")
MOST = 1 << 18  # bytes of a file: what matters happens in small ones


def flipped(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Change some bytes."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16)) if changed else 0):
        at = chance.randrange(len(changed))
        changed[at] = chance.choice(
            (changed[at] ^ 1 << chance.randrange(8), 0, 255, chance.randrange(256))
        )
    return bytes(changed)


def cut(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Lose the end, the beginning or a piece."""
    start, end = _span(data, chance)
    return chance.choice((data[:start], data[end:], data[:start] + data[end:]))


def repeated(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Repeat a piece."""
    start, end = _span(data, chance)
    return data[:start] + data[start:end] * chance.choice((2, 2, 3, 50)) + data[end:]


def planted(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Put bytes that mean something somewhere."""
    start, end = _span(data, chance)
    end = chance.choice((start, start + 1, end))
    return data[:start] + chance.choice(words.BYTES) + data[end:]


def spliced(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """Go on with another file, or put a piece of it into this one."""
    other = chance.choice(others) if others else data
    start, end = _span(other, chance)
    at = chance.randrange(len(data) + 1)
    return chance.choice((data[:at] + other[start:], data[:at] + other[start:end] + data[at:]))


def cells(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Change cells, rows and line ends of text with separators."""
    text = data.decode("utf-8", "surrogateescape")
    end = "\r\n" if "\r\n" in text else "\n"
    rows = [line.split(sign) for line in text.split(end)] if (sign := _sign(text)) else []
    for _ in range(chance.choice((1, 1, 2, 5)) if rows else 0):
        _change_row(rows, chance)
    text = (
        chance.choice((end,) * 12 + ("\r", "\r\n", "\n\r", "\n\n")).join(map(sign.join, rows))
        if rows
        else text
    )
    if chance.random() < 0.05:
        text = text.replace(sign, chance.choice(",;\t|: "))
    return text.encode("utf-8", "surrogateescape")


def pieces(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Put pieces of grammars into text, or swap words of it for them."""
    text = data.decode("utf-8", "surrogateescape")
    for _ in range(chance.choice((1, 1, 2, 4))):
        piece = chance.choice((words.GRAMMAR, words.GRAMMAR, words.CELLS))
        parts = text.split(" ")
        at = chance.randrange(len(parts))
        parts[at] = chance.choice((parts[at] + chance.choice(piece), chance.choice(piece), ""))
        text = " ".join(parts)
    return text.encode("utf-8", "surrogateescape")


def encoded(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Write text in another encoding."""
    return data.decode("utf-8", "replace").encode(chance.choice(words.ENCODINGS), "replace")


def tree(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Change a value somewhere in JSON, or in a line of it."""
    lines = data.split(b"\n")
    whole = data.lstrip()[:1] in b"{[" and len(lines) > 1 and not lines[0].rstrip().endswith(b"}")
    at = 0 if whole else chance.randrange(len(lines))
    try:
        document = json.loads(data if whole else lines[at])
    except (ValueError, RecursionError):
        return flipped(data, chance, ())
    text = json.dumps(_changed(document, chance, 0), ensure_ascii=chance.random() < 0.5)
    changed = text.encode("utf-8", "surrogatepass")
    return changed if whole else b"\n".join((*lines[:at], changed, *lines[at + 1 :]))


def _change_row(rows: list[list[str]], chance: Random) -> None:
    """Change a row, its place or its number of cells, or a whole column; mostly one cell."""
    row = chance.randrange(len(rows))
    cell = chance.randrange(len(rows[row]))
    pool = words.HEADERS if row == 0 else chance.choice(_POOLS)
    word = chance.choice(pool)
    match chance.randrange(14):
        case 0:
            rows.insert(row, list(rows[row]))
        case 1:
            del rows[row][cell]
            rows[row] = rows[row] or [""]
        case 2:
            rows[row].insert(cell, word)
        case 3:
            rows.insert(row, [chance.choice(_LINES)])
        case 4:
            for each in rows[1:]:
                if cell < len(each):
                    each[cell] = chance.choice(pool) if chance.random() < 0.3 else word
        case 5:
            chance.shuffle(rows)
        case _:
            rows[row][cell] = _quoted(word, chance)


def _quoted(word: str, chance: Random) -> str:
    """Return a word as it is, mostly; else quoted well or badly."""
    whole = '"' + word.replace('"', '""') + '"'
    bad = chance.choice(('"' + word, word + '"', word + "\n", '"a\nb"'))
    return chance.choices((word, whole, bad), (6, 1, 1))[0]


def _changed(value: Any, chance: Random, depth: int) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        told = {**value, key: _changed(value[key], chance, depth + 1)}
        if chance.random() < 0.15:
            del told[key]
        if chance.random() < 0.1:
            told[chance.choice(words.HEADERS)] = chance.choice(words.CELLS)
        return told
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        return [*value[:at], _changed(value[at], chance, depth + 1), *value[at + 1 :]]
    if chance.random() < 0.03:
        return json.loads("[" * 600 + "]" * 600)
    return chance.choice((*words.NUMBERS, chance.choice(words.CELLS), [value], {"a": value}))


def _span(data: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 2, 8, 64, len(data))))


def _sign(text: str) -> str:
    head = text.partition("\n")[0]
    return max(",;\t|", key=head.count)
