"""What Polars and the system raise while a file is read, said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
from polars.exceptions import PanicException

from retainkit.addresses import is_address
from retainkit.errors import InputError, RefusedError

# A hostile Parquet file makes Polars panic, and that is no Exception.
FAULTS: tuple[type[BaseException], ...] = (pl.exceptions.PolarsError, PanicException, OSError)

# Raised before any row is read: a plan of ours is wrong, whatever the data hold.
_PLANNING = (pl.exceptions.ColumnNotFoundError, pl.exceptions.SchemaError)

_AGAIN = "Fetch or export it again."
_CELLS = (
    "a row has more cells than the header",
    "Check --separator, and that cells which hold it are quoted.",
)
_QUOTES = ("a quote is opened and not closed, or stands inside a cell", "Quote such cells.")
_DAMAGED = ("its packed data is truncated or damaged", _AGAIN)
_JSON = (
    "a line is not one JSON object",
    "NDJSON has one object a line; jq -c '.[]' makes it from an array.",
)
_KNOWN: tuple[tuple[str, tuple[str, str]], ...] = (
    ("__extra", _CELLS),
    ("not specified in schema", _CELLS),
    ("more fields than defined", _CELLS),
    ("InvalidUtf8", ("it is not UTF-8 throughout", "Name its encoding with --encoding.")),
    ("invalid utf-8", ("it is not UTF-8 throughout", "Name its encoding with --encoding.")),
    ("CSV malformed", _QUOTES),
    ("could not parse", _QUOTES),
    ("unexpected end of file", _DAMAGED),
    ("corrupt deflate", _DAMAGED),
    ("corrupt gzip", _DAMAGED),
    ("incomplete frame", _DAMAGED),
    ("DepthLimitExceeded", ("a value is nested too deep", "Flatten the objects before.")),
    ("error parsing line", _JSON),
    ("NDJSON line expected", _JSON),
)


def fault(error: BaseException, name: str, line: int | None = None) -> InputError:
    """Return what `error` means for the file called `name`, without any value from it."""
    text = str(error)
    for sign, (cause, hint) in _KNOWN:
        if sign in text:
            where = "" if line is None else f", line {line:,}"
            return InputError(f"'{name}'{where} cannot be read: {cause}.", hint)
    if is_address(name) and isinstance(error, OSError):
        return _unreachable(error, name)
    if isinstance(error, pl.exceptions.DuplicateError):
        return InputError(f"'{name}' has two columns of one name.", "Rename one of them.")
    if isinstance(error, OSError) and error.strerror:
        return InputError(f"'{name}' cannot be read: {error.strerror}.")
    return InputError(
        f"'{name}' cannot be read: it is truncated or damaged ({type(error).__name__}).", _AGAIN
    )


def damaged(name: str) -> InputError:
    """Return the error for a file that contradicts itself."""
    return InputError(f"'{name}' cannot be read: it is truncated or damaged.", _AGAIN)


def is_about_bytes(error: BaseException) -> bool:
    """Return whether `error` says that there are bytes that are no UTF-8."""
    return "utf" in str(error).lower()


def is_about_quotes(error: BaseException) -> bool:
    """Return whether `error` says that quotes are not as they should be."""
    return any(sign in str(error) for sign, told in _KNOWN if told is _QUOTES)


def beyond(names: str) -> InputError:
    """Return the error for a panic that is no one file's; `names` stand in quotes."""
    return InputError(
        f"{names} cannot be read: there is damage, or a value out of all bounds (PanicException).",
        "Fetch or export it again; look at its times and numbers.",
    )


def long_rows(names: str) -> InputError:
    """Return the error for rows with more cells than the header; `names` stand in quotes."""
    cause, hint = _CELLS
    return InputError(f"{names} cannot be read: {cause}.", hint)


def not_computed(error: BaseException) -> InputError | None:
    """Return what `error` means where all files read well; None where it is no value's fault."""
    if not isinstance(error, pl.exceptions.PolarsError) or isinstance(error, _PLANNING):
        return None
    cause = str(error).split(": [")[0].split("\n")[0]  # what follows would quote values
    return InputError(
        f"An expression cannot be computed for every row: {cause}.",
        "Use TRY_CAST(… AS …) in --where and the --*-col options, so that such rows are null.",
    )


def refused_once(error: BaseException) -> InputError | None:
    """Return the error of a system that did not read a file which it reads now; None for others.

    A disk that begins to fail is like that, and a network drive that was away.
    """
    if not isinstance(error, OSError):
        return None
    cause = error.strerror or str(error).partition(" (os error")[0]
    return RefusedError(
        f"A source could not be read: {cause}.",
        "All can be read now: run again, and look at the disk if that comes back.",
    )


def _unreachable(error: OSError, url: str) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"There is nothing at '{url}'.", "Check the address.")
    return InputError(
        f"'{url}' cannot be reached ({type(error).__name__}).",
        "Check the address, the connection and the credentials.",
    )


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what reading the file called `name` raises into an InputError."""
    try:
        yield
    except FAULTS as error:
        raise fault(error, name) from error
