"""Keyed hashes in place of ids, which nobody without the key can make; and those of content."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b, file_digest
from io import BufferedReader
from pathlib import Path

from retainkit.errors import UsageError

FLAG = "--hash-key"
KEY_BYTES = (16, 64)  # of a key: what BLAKE2b takes, and no less than is safe
_FILE = "@"  # before the name of a file that holds the key
_HASH_BYTES = 16


def check_key(place: str) -> None:
    """Raise UsageError unless `place` holds a key; the message does not tell what it holds."""
    least, most = KEY_BYTES
    many = len(key_at(place))
    if not least <= many <= most:
        where = "the file" if place.startswith(_FILE) else "the environment variable"
        held = f"it holds {many}" if many else "it is empty or not set"
        raise UsageError(
            f"{FLAG}: {where} that it names has to hold a key of {least} to {most} bytes; {held}.",
            "Make one with: export CLUB_KEY=$(python3 -c 'import secrets; "
            f"print(secrets.token_hex(16))'), and name it: {FLAG} CLUB_KEY.",
        )


def key_at(place: str) -> bytes:
    """Return the key in an environment variable, or, by @FILE, in a file; empty: there is none."""
    if not place.startswith(_FILE):
        return os.environb.get(place.encode(), b"")
    try:
        return Path(place.removeprefix(_FILE)).read_bytes().strip()
    except OSError as error:
        raise UsageError(
            f"{FLAG}: the file that it names cannot be read: {error.strerror}."
        ) from error


def hashed(texts: Iterable[str], key: bytes) -> list[str]:
    """Return BLAKE2b hashes of texts with a key (128 bits, in hexadecimal digits).

    A keyed BLAKE2b is a message authentication code by itself, as HMAC is (RFC 7693, 2.9).
    """
    return [blake2b(text.encode(), key=key, digest_size=_HASH_BYTES).hexdigest() for text in texts]


def content_hash(file: BufferedReader) -> str:
    """Return the BLAKE2b hash of what a file holds (128 bits, in hexadecimal digits)."""
    return file_digest(file, lambda: blake2b(digest_size=_HASH_BYTES)).hexdigest()
