"""Parameters of metrics that can list single members in a file: where to, and with which ids."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

from retainkit.errors import UsageError
from retainkit.rowsfile import check_suffix

KEY_BYTES = (16, 64)  # of a key for hashed ids: what BLAKE2b takes, and no less than is safe
_HASH_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class ListingParams:
    """roster: the file that members are listed in. hash_key: the variable with a key for ids."""

    roster: str | None = None
    hash_key: str | None = None

    def check_listing(self) -> None:
        """Raise UsageError for a file of no known kind or a key that is none."""
        if self.roster is not None:
            check_suffix(self.roster, "--roster")
        if self.hash_key is None:
            return
        if self.roster is None:
            raise UsageError("--hash-key is for the ids in a --roster FILE, and none is asked for.")
        least, most = KEY_BYTES
        if not least <= len(self.key) <= most:
            raise UsageError(
                "--hash-key: the environment variable that it names has to hold a key of "
                f"{least} to {most} bytes; {self._held}.",
                "Make one with: export CLUB_KEY=$(python3 -c 'import secrets; "
                "print(secrets.token_hex(16))'), and name it: --hash-key CLUB_KEY.",
            )

    @property
    def key(self) -> bytes:
        """The key of hashed ids; empty where ids are told as they are."""
        return b"" if self.hash_key is None else os.environb.get(self.hash_key.encode(), b"")

    @property
    def _held(self) -> str:
        return f"it holds {len(self.key)}" if self.key else "it is not set"

    def told(self, ids: pl.Series) -> pl.Series:
        """Return ids, or hashes of them that nobody without the key can make or undo."""
        if self.hash_key is None:
            return ids
        key = self.key
        texts = ids.cast(pl.String).to_list()
        hashes = [
            blake2b(text.encode(), key=key, digest_size=_HASH_BYTES).hexdigest() for text in texts
        ]
        return pl.Series(hashes, dtype=pl.String)
