"""Files inside of others: gzip, zstd, ZIP archives.

What is packed is unpacked, changed and packed again as often as it is damaged as it stands.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Sequence
from random import Random

import pyarrow as pa

from fuzzing import mutators, words

_AS_IT_STANDS = (mutators.flipped, mutators.cut, mutators.planted, mutators.spliced)
_TELLING = ("sheet", "shared", "workbook")  # in the names of files of a workbook
_PLACES = ("A1048577", "XFE1", "A0", "s", "9" * 12)
_NO_ZIP = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(ValueError, NotImplementedError, RuntimeError),
)


def packed(inner: mutators.Mutator) -> mutators.Mutator:
    """Return a mutator of gzip and zstd: of what is in them, then of the layer as it stands."""

    def mutate(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
        plain = unpacked(data)
        if plain is None or chance.random() < 0.5:
            return chance.choice(_AS_IT_STANDS)(data, chance, others)
        pool = [each for other in others if (each := unpacked(other)) is not None]
        return pack(inner(plain, chance, pool), chance)

    return mutate


def unpacked(data: bytes) -> bytes | None:
    """Return what gzip or zstd hold; None where it cannot be told, or is much."""
    try:
        if data.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(data, mutators.MOST)
        with pa.input_stream(pa.BufferReader(data), compression="zstd") as stream:
            plain: bytes = stream.read(mutators.MOST)
            return plain
    except (OSError, zlib.error, pa.ArrowException):
        return None


def pack(data: bytes, chance: Random) -> bytes:
    """Return bytes as gzip or zstd, of one piece or of two."""
    at = chance.choice((0, 0, len(data) // 2))
    if chance.random() < 0.5:
        return b"".join(gzip.compress(piece, mtime=0) for piece in (data[:at], data[at:]) if piece)
    return b"".join(
        pa.Codec("zstd").compress(piece, asbytes=True) for piece in (data[:at], data[at:])
    )


def archived(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """Change a file inside of a ZIP archive, or the archive as it stands."""
    if chance.random() < 0.4:
        return chance.choice(_AS_IT_STANDS)(data, chance, others)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            held = {each.filename: old.read(each) for each in old.infolist()}
    except _NO_ZIP:
        return mutators.flipped(data, chance, others)
    telling = [each for each in held if any(word in each for word in _TELLING)]
    name = chance.choice(telling or list(held) or ["x"])
    change = chance.choice((*_AS_IT_STANDS[:3], mutators.repeated, xml))
    held[name] = change(held.get(name, b""), chance, ())
    if chance.random() < 0.1:
        held.pop(chance.choice(list(held)))
    new = io.BytesIO()
    method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(new, "w", method) as book:
        for each, content in held.items():
            book.writestr(zipfile.ZipInfo(each), content)
    return new.getvalue()


def xml(data: bytes, chance: Random, _others: Sequence[bytes]) -> bytes:
    """Change the text or the attributes of XML."""
    signs = [at for at, byte in enumerate(data) if byte in b'>"'] or [0]
    at = chance.choice(signs) + 1
    end = next((i for i in range(at, len(data)) if data[i] in b'<"'), len(data))
    word = str(chance.choice((*words.CELLS, *words.NUMBERS, *_PLACES)))
    return data[:at] + word.encode("utf-8", "replace") + data[end:]
