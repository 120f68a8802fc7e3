"""From inputs of any kind to one lazy table of raw rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException

from retainkit.addresses import is_address, shown
from retainkit.errors import InputError, UsageError
from retainkit.schema import Header
from retainkit.sources.csv import read_csv
from retainkit.sources.excel import read_excel
from retainkit.sources.faults import (
    FAULTS,
    beyond,
    fault,
    not_computed,
    reading,
    refused_once,
)
from retainkit.sources.file import File
from retainkit.sources.files import Scratch, kept_file, locate
from retainkit.sources.frames import read_frame
from retainkit.sources.limits import check_columns
from retainkit.sources.magic import format_of, read_head
from retainkit.sources.ndjson import read_ndjson
from retainkit.sources.options import Input, SourceOptions
from retainkit.sources.parquet import read_parquet
from retainkit.sources.parts import Joined, Part, join, named, with_keys, without_patterns
from retainkit.sources.sets import lost_notes, members_of


@dataclass(frozen=True)
class Table:
    """The raw rows of an export, nothing interpreted, nothing read yet.

    `frame` has the columns of `header`, and with `origin` also "__file" (String) and "__row"
    (Int64, the 1-based data row in its file; in CSV blank lines count); and those of `marks`
    (Boolean): "__long", whether the row has more cells than the header, "__foot", whether it is
    a line of text under the table. Columns of CSV and NDJSON are String; those of Parquet and
    frames keep their types.
    """

    frame: pl.LazyFrame
    header: Header
    files: tuple[str, ...]
    notes: tuple[str, ...]
    origin: bool
    parts: tuple[Part, ...] = field(default=(), repr=False)
    joined: Joined | None = field(default=None, repr=False)
    local: tuple[File, ...] = field(default=(), repr=False)

    @property
    def marks(self) -> tuple[str, ...]:
        """The columns that tell of rows that are none of the table, where there are some."""
        return () if self.joined is None else self.joined.marks

    @property
    def rows(self) -> pl.LazyFrame:
        """The rows that are of the table."""
        odd = [~pl.col(mark) for mark in self.marks]
        return self.frame.filter(*odd) if odd else self.frame

    def sample(self, rows: int = 1000) -> pl.DataFrame:
        """Return the first `rows` rows. Raises InputError where they cannot be read."""
        with self.reading():
            return self.rows.head(rows).collect(engine="streaming")

    def about_rows(self, unread: Iterable[int] = ()) -> int | None:
        """Return about how many rows are to be read, `unread` left out; None where unknown."""
        counts = [part.about_rows() for part in self.parts]
        known = [count for count in counts if count is not None]
        return sum(known) - sum(unread) if counts and len(known) == len(counts) else None

    def check_same(self) -> None:
        """Raise InputError where a file is not what it was when the table was opened."""
        for file in self.local:
            file.check_same()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what collecting raises into an InputError that names the file at fault.

        What no file raises by itself is told as an expression that its values do not fit; a plan
        that is wrong whatever the values are (a column that is not there) passes.
        """
        try:
            with warnings.catch_warnings():
                # Of many files read one by one (for --rejects) Polars says that it waits for them.
                warnings.filterwarnings("ignore", "POLARS_MAX_BLOCKING_THREAD_COUNT")
                yield
        except FAULTS as error:
            self.check_same()
            found = self._fault() or not_computed(error) or refused_once(error)
            if found is None and isinstance(error, PanicException):
                # Only what was asked for met the damage: some of the rows, or of the columns.
                found = beyond(named([part.name for part in self.parts]))
            if found is None:
                raise
            raise found from error

    def _fault(self) -> InputError | None:
        for part in self.parts:
            try:
                for _ in part.frame.collect_batches():
                    pass
            except FAULTS as error:
                return fault(error, part.name, part.line_of(error))
        return None


@contextmanager
def open_table(
    inputs: Sequence[Input],
    options: SourceOptions,
    temp_dir: str | Path | None = None,
    *,
    origin: bool = False,
    is_members: bool = False,
    lines: bool = True,
) -> Iterator[Table]:
    """Open `inputs` (paths or frames, together one export) as a Table.

    is_members: whether they are the member table. lines: whether to go through the lines of CSV
    first. Temporary copies live until the context ends, in a folder in `temp_dir`. Raises
    InputError for files that are missing, unreadable, empty, foreign or in doubtful encoding,
    UsageError for wrong options.
    """
    if not inputs:
        raise UsageError("No source is named.", "Name a file, a folder, a glob, or '-' for stdin.")
    with ExitStack() as stack:
        scratch = Scratch(stack, temp_dir)
        files, remote, notes = _located(inputs, scratch)
        notes += lost_notes(inputs)
        files = [replace(file, is_members=is_members) for file in files]
        parts = [_read_file(file, options, scratch, origin=origin, lines=lines) for file in files]
        parts += [_read_url(url, options, origin=origin) for url in remote]
        parts += [
            read_frame(each, origin=origin) for each in inputs if not isinstance(each, (str, Path))
        ]
        parts = [without_patterns(part) for part in parts]
        table = _joined(parts, notes, files, origin=origin)
        yield table
        table.check_same()


def _joined(
    parts: Sequence[Part], notes: Sequence[str], files: Sequence[File], *, origin: bool
) -> Table:
    joined = join(parts, origin=origin)
    return Table(
        joined.rows(parts),
        header=joined.header,
        files=tuple(part.name for part in parts),
        notes=(*notes, *joined.notes),
        origin=origin,
        parts=tuple(parts),
        joined=joined,
        local=tuple(files),
    )


@contextmanager
def open_export(
    inputs: Sequence[Input],
    options: SourceOptions,
    temp_dir: str | Path | None = None,
    *,
    lines: bool = True,
) -> Iterator[tuple[Table, Table | None]]:
    """Open the events and the member table, if there is one; as `open_table`.

    It is the one that `options` name, else that of the set among the inputs.
    """
    with ExitStack() as stack:
        table = stack.enter_context(
            open_table(inputs, options, temp_dir, origin=options.rejects is not None, lines=lines)
        )
        members: Table | None
        if options.members is not None:
            own = options.member_encoding
            members = stack.enter_context(
                open_table(
                    [options.members],
                    options if own is None else replace(options, encoding=own),
                    temp_dir,
                    is_members=own is None,
                )
            )
        else:
            members = _members_of_set(inputs, options, Scratch(stack, temp_dir))
        yield table, members


def _members_of_set(
    inputs: Sequence[Input], options: SourceOptions, scratch: Scratch
) -> Table | None:
    found = members_of(inputs)
    if found is None:
        return None
    file = kept_file(found[0])
    part = _read_file(file, options, scratch, origin=False, lines=False)
    note = f"Members are those of the set '{found[1]}'; --members FILE names others."
    return _joined([part], [note], [file], origin=False)


def _located(inputs: Sequence[Input], scratch: Scratch) -> tuple[list[File], list[str], list[str]]:
    """Return the files among `inputs`, the URLs, and notes."""
    paths = [each for each in inputs if isinstance(each, (str, Path))]
    files, notes = locate([each for each in paths if not is_address(each)], scratch)
    return files, [str(each) for each in paths if is_address(each)], notes


def _read_file(
    file: File, options: SourceOptions, scratch: Scratch, *, origin: bool, lines: bool
) -> Part:
    head = read_head(file)
    format_ = format_of(file, head)
    with reading(file.name):
        match format_:
            case "parquet":
                part = read_parquet(file, options, origin=origin)
            case "ndjson":
                part = read_ndjson(file, head, options, scratch, origin=origin)
            case "excel":
                part = read_excel(file, options, origin=origin)
            case "csv":
                part = read_csv(file, head, options, scratch, origin=origin, lines=lines)
    check_columns(file.name, len(part.schema), options)
    if options.verify and format_ in ("csv", "ndjson") and not head.packed:
        part = replace(part, notes=(*part.notes, "not verified: plain text has no checksums"))
    part = replace(part, ready=file.ready)
    keys = {key: value for key, value in file.keys if key not in part.schema}
    return with_keys(part, keys) if keys else part


def _read_url(url: str, options: SourceOptions, *, origin: bool) -> Part:
    """Leave a remote file to Polars: comma-separated UTF-8 CSV where it is not Parquet."""
    scan = pl.scan_parquet(url) if ".parquet" in url else pl.scan_csv(url, infer_schema=False)
    with warnings.catch_warnings():
        # What Polars has to say of a bucket's region is no fault, and errors are told in one line.
        warnings.simplefilter("ignore", UserWarning)
        part = read_frame(scan, origin=origin, name=shown(url))
    check_columns(part.name, len(part.schema), options)
    unverified = ("not verified, as it is not a local file",) if options.verify else ()
    return replace(part, notes=(*part.notes, *unverified))
