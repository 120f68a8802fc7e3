"""A PNG of letters that the machine has no font for: it is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import render_samples as samples

from retainkit.render import notes_of
from retainkit.render.charts import fonts, spec_of


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "platform", "linux")
    fonts._has_font.cache_clear()
    yield
    fonts._has_font.cache_clear()


def with_fonts(monkeypatch: pytest.MonkeyPatch, *languages: str) -> list[list[str]]:
    """A machine with fonts of these languages; gives what was asked of it."""
    asked: list[list[str]] = []

    def listed(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        has = command[1].removeprefix(":lang=") in languages
        return subprocess.CompletedProcess(command, 0, b"/a/font.ttf\n" if has else b"", b"")

    monkeypatch.setattr(fonts.shutil, "which", lambda _: "/usr/bin/fc-list")
    monkeypatch.setattr(fonts.subprocess, "run", listed)
    return asked


CHINESE = samples.retention(["社群"])


def test_missing_fonts_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with_fonts(monkeypatch, "ja")
    (told,) = notes_of(CHINESE, "png")
    assert told.startswith("No font with Chinese letters was found on this machine")
    assert "svg" in told
    told, more = notes_of(samples.retention(["社群", "한국", "カナ"]), "png")
    assert "Chinese" in told
    assert "Korean" in more


def test_nothing_is_said_where_the_font_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = with_fonts(monkeypatch, "zh")
    assert notes_of(CHINESE, "png") == []
    assert asked == [["/usr/bin/fc-list", ":lang=zh", "file"]]


def test_nothing_is_asked_without_such_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = with_fonts(monkeypatch)
    assert notes_of(samples.retention(["ads"]), "png") == []
    assert notes_of(CHINESE, "svg") == notes_of(CHINESE, "table") == []
    assert asked == []


def test_a_machine_that_cannot_list_its_fonts_may_have_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts.shutil, "which", lambda _: None)
    assert fonts.missing(spec_of(CHINESE))
    fonts._has_font.cache_clear()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert fonts.missing(spec_of(CHINESE)) == []
    fonts._has_font.cache_clear()
    monkeypatch.setattr(sys, "platform", "linux")

    def slow(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("fc-list", 10)

    monkeypatch.setattr(fonts.shutil, "which", lambda _: "/usr/bin/fc-list")
    monkeypatch.setattr(fonts.subprocess, "run", slow)
    assert fonts.missing(spec_of(CHINESE))
