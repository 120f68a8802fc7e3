"""Names of columns: those of headers made distinct, and none that Polars or we would mistake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from functools import partial
from itertools import count

from retainkit.errors import InputError
from retainkit.sources.blocks import is_number_or_date

FILE, ROW = "__file", "__row"
# Which rows of a file are none of the table: longer than its header, text under it.
LONG, FOOT = "__long", "__foot"


def readable(cells: Sequence[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Return a distinct name for each cell of a header, and the cells that are called otherwise.

    A name that occurs twice is numbered everywhere (`a_1`, `a_2`), so that no column is left
    that could be taken for the one that was meant. One that Polars takes for a pattern (`*`,
    `^a$`), or that begins as the columns do that we add (`__row`), stands in parentheses.
    """
    given = [cell.strip() or f"column_{i}" for i, cell in enumerate(cells, 1)]
    times = Counter(given)
    taken = set(given)
    names: list[str] = []
    numbers: dict[str, Iterator[int]] = defaultdict(partial(count, 1))
    for name in given:
        plain = plain_name(name, taken)
        if times[name] > 1:
            numbered = (f"{plain}_{number}" for number in numbers[name])
            plain = next(each for each in numbered if each not in taken)
        names.append(plain)
        taken.add(plain)
    renamed: dict[str, list[str]] = {}
    for name, plain in zip(given, names, strict=True):
        if name != plain:
            renamed.setdefault(name, []).append(plain)
    return names, {name: tuple(others) for name, others in renamed.items()}


def plain_name(name: str, taken: Container[str]) -> str:
    """Return `name`, in parentheses where Polars or we would take it for something else."""
    plain = name
    while _is_taken(plain) or (plain != name and plain in taken):
        plain = f"({plain})"
    return plain


def _is_taken(name: str) -> bool:
    """Return whether a name is a pattern to Polars, or like those of the columns that we add."""
    pattern = name == "*" or (name.startswith("^") and name.endswith("$"))
    return pattern or name.startswith("__")


def refuse_own_names(name: str, columns: Iterable[str]) -> None:
    """Raise InputError where the data has a column called like one that retainkit adds."""
    own = [column for column in columns if column in (FILE, ROW, LONG, FOOT)]
    if own:
        raise InputError(
            f"'{name}' has a column '{own[0]}', which is what retainkit calls its own.",
            "Rename the column.",
        )


def refuse_swallowed(name: str, cells: Iterable[str], separator: str) -> None:
    """Raise InputError for a header with a cell in which lines look like rows; it shows none."""
    if any(sum(separator in line for line in cell.splitlines()) > 1 for cell in cells):
        raise InputError(
            f"'{name}' has a quote in its header that swallows rows.",
            "Close it where the name ends, or remove it.",
        )


def headless(name: str) -> InputError:
    """Return the error for a file that begins with a row of values."""
    return InputError(
        f"'{name}' seems to have no header: its first line looks like a row of data.",
        "Write the names of its columns above it, or say --no-header and which column is which: "
        "--member-col column_1 --time-col column_2. Where it is the header all the same, name a "
        "column of it with --member-col.",
    )


def refuse_headless(files: Sequence[tuple[str, Collection[str]]], others: Collection[str]) -> None:
    """Raise InputError for a CSV that begins with values where the others have a header.

    files: the CSVs with what stands where names of columns should, others: the columns of the
    rest. Such a file has a number or a date there, and no name that a file with a header has.
    """
    known, suspects = set(others), []
    for name, cells in files:
        if any(is_number_or_date(cell) for cell in cells):
            suspects.append((name, cells))
        else:
            known |= set(cells)
    for name, cells in suspects:
        if known and not known & set(cells):
            raise InputError(
                f"'{name}' has no header: its first line has values where those of the other "
                "files have names of columns.",
                "Write their header above its first line.",
            )
