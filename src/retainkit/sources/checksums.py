"""Checksums in files, verified before anything is read, where --verify asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from retainkit.errors import InputError
from retainkit.sources.file import File
from retainkit.sources.magic import Format, Head, format_of, read_head
from retainkit.wording import counted

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_HEADER = 64  # bytes in which the first fields of a page's header lie
_I32 = 0x15  # Thrift, compact: the next field, a whole number of 32 bits
_BEFORE = 3  # fields of a page's header before its checksum: type and two sizes


def unverified_notes(file: File) -> tuple[str, ...]:
    """Hold a file against the checksums in it; return what to say of those that it lacks.

    Raises InputError as `verified`.
    """
    head = read_head(file)
    return tuple(f"'{file.name}': {note}." for note in verified(file, format_of(file, head), head))


def verified(file: File, format_: Format, head: Head) -> tuple[str, ...]:
    """Hold a file against the checksums in it; return what of it they do not hold.

    Packed text is held against its own as it is read. Raises InputError where a page of Parquet is
    not what its checksum says, or cannot be read.
    """
    if format_ == "parquet":
        return _pages(file)
    if format_ in ("csv", "ndjson") and not head.packed:
        return ("not verified: plain text has no checksums",)
    return ()


def _pages(file: File) -> tuple[str, ...]:
    """Read all pages of a Parquet file; return what to note of those that have no checksum.

    Raises InputError where a page is not what its checksum says, or cannot be read.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file.path, page_checksum_verification=True) as pages:
            names = [field.name for field in pages.schema_arrow]
            for group in range(pages.metadata.num_row_groups):
                for name in names:
                    _read(file, pages, group, name)
            with file.path.open("rb") as raw:
                found = [_has_checksum(raw, at) for at in _chunks(pages.metadata)]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"'{file.name}' cannot be verified: it is truncated or damaged.",
            "Fetch or export it again.",
        ) from error
    without = found.count(False)
    if not without:
        return ()
    if without == len(found):
        return ("its pages have no checksums: damage would not be seen by --verify",)
    number = counted(without, "column chunk")
    return (f"the pages of {number} have no checksums: damage there would not be seen",)


def _read(file: File, pages: pq.ParquetFile, group: int, name: str) -> None:
    import pyarrow as pa

    try:
        pages.read_row_group(group, columns=[name])
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"'{file.name}' is damaged: row group {group + 1:,}, column '{name}' is not what its "
            "checksum says, or cannot be read.",
            "Fetch or export it again.",
        ) from error


def _chunks(footer: pq.FileMetaData) -> Iterator[int]:
    """Yield where the first page of each column chunk lies."""
    for group in range(footer.num_row_groups):
        for column in range(footer.num_columns):
            chunk = footer.row_group(group).column(column)
            first = chunk.data_page_offset
            if chunk.has_dictionary_page:
                first = min(first, chunk.dictionary_page_offset)
            if chunk.num_values:
                yield first


def _has_checksum(raw: BinaryIO, at: int) -> bool:
    """Return whether the header of a page has the field of the checksum."""
    raw.seek(at)
    header = iter(raw.read(_HEADER))
    for _ in range(_BEFORE):
        if next(header, 0) != _I32:
            return False
        while next(header, 0) >= 0x80:
            pass
    return next(header, 0) == _I32
