"""Parameters of metrics that can list single members in a file: where to, and with which ids."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from retainkit.errors import UsageError
from retainkit.hashing import check_key, hashed, key_at
from retainkit.rowsfile import check_suffix


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
        check_key(self.hash_key)

    def told(self, ids: pl.Series) -> pl.Series:
        """Return ids, or hashes of them that nobody without the key can make or undo."""
        if self.hash_key is None:
            return ids
        texts = ids.cast(pl.String).to_list()
        return pl.Series(hashed(texts, key_at(self.hash_key)), dtype=pl.String)
