"""The settings file as editors write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from retainkit.config.checks import load
from retainkit.config.files import FILE, PYPROJECT, find


@pytest.mark.parametrize(
    ("name", "table"), [(FILE, "source"), (PYPROJECT, "tool.retainkit.source")]
)
def test_a_byte_order_mark_is_no_fault(tmp_path: Path, name: str, table: str) -> None:
    path = tmp_path / name
    path.write_text(f'[{table}]\ntz = "Asia/Shanghai"\n', encoding="utf-8-sig")
    assert find(tmp_path) == path
    assert load(path, {"source": {"tz": str}}) == {"source": {"tz": "Asia/Shanghai"}}
