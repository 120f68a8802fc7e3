"""Whatever README and docs show is what happens; whatever exists is documented.

After a wanted change: RETAINKIT_UPDATE_GOLD=1 pytest tests/test_docs.py, then read the diff.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import typer

from documents import PAGES, ROOT, play
from retainkit.cli import app
from retainkit.schema import ALIASES
from retainkit.sources.quality import LEFT_OUT, REFUSED
from test_architecture import LEVELS

DOCS = ROOT / "docs"
ADRS = sorted((DOCS / "adr").glob("[0-9]*.md"))
HAND_WRITTEN = [page for page in PAGES if page != DOCS / "reference.md"]
FLAG = r"(?<![\w-])--[a-z][a-z-]*[a-z]"
GROUP = typer.main.get_command(app)
COMMANDS = GROUP.commands  # type: ignore[attr-defined]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=name_of)


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def spellings() -> Iterator[tuple[str, list[str]]]:
    """Yield each command and the spellings of each of its flags."""
    for name, command in {"": GROUP, **COMMANDS}.items():
        for option in command.params:
            if option.opts[0].startswith("--"):
                yield name, [*option.opts, *option.secondary_opts]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, handler)


@EACH_PAGE
def test_page_shows_what_happens(page: Path, folder: Path) -> None:
    text, faults = play(read(page), folder)
    assert not faults, "\n\n".join(faults)
    if os.environ.get("RETAINKIT_UPDATE_GOLD"):
        page.write_text(text, encoding="utf-8")
    assert text == read(page)


@EACH_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{name_of(page)}: {target}"
        assert ROOT in there.parents, f"{name_of(page)}: {target} leads out of the repository"
        assert not anchor or anchor in anchors(there), f"{name_of(page)}: {target}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@EACH_PAGE
def test_nothing_names_the_machine_it_was_written_on(page: Path) -> None:
    assert not re.findall(r"/(?:work|tmp|home|root|Users|mnt)/\S*|\.\./shared", read(page))


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        reached.add(page)
        links = re.findall(r"\]\(([^)#\s]+\.md)", read(page))
        found = {(page.parent / link).resolve() for link in links if "://" not in link}
        todo += [found_page for found_page in found - reached if found_page.exists()]
    assert set(PAGES) <= reached


def test_every_command_and_flag_is_described_in_words() -> None:
    words = "\n".join(map(read, HAND_WRITTEN))
    described = {*re.findall(FLAG, words), "--help"}
    assert [each for each in spellings() if not described & set(each[1])] == []
    assert [name for name in COMMANDS if f"retainkit {name}" not in words] == []


def test_every_flag_that_pages_name_exists() -> None:
    known = {"--help", *(spelling for _, flag in spellings() for spelling in flag)}
    named = {flag for page in PAGES for flag in re.findall(FLAG, read(page))}
    assert named <= known


def test_every_command_has_its_help_in_the_reference() -> None:
    shown = re.findall(r"^\$ .*retainkit (\w+) --help$", read(DOCS / "reference.md"), re.MULTILINE)
    assert shown == list(COMMANDS)


def test_levels_are_those_of_the_architecture() -> None:
    rows = re.findall(r"^\| (`.+?`) \|", read(DOCS / "architecture.md"), re.MULTILINE)
    listed = [set(re.findall(r"`(\w+)/?`", names)) for names in rows]
    assert listed == [set(level) for level in LEVELS if not level[0].startswith("__")]


def test_every_alias_and_every_reason_is_listed() -> None:
    page = read(DOCS / "sources.md")
    for role, names in ALIASES.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| {role} | "))
        assert re.findall(r"`([^`]+)`", row.rpartition(" | ")[2]) == list(names)
    reasons = [f"`{reason}`" for reason in (*REFUSED, *LEFT_OUT)]
    assert [reason for reason in reasons if reason not in page] == []


def test_every_make_target_that_pages_name_exists() -> None:
    known = re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE)
    named = {name for page in PAGES for name in re.findall(r"\bmake ([a-z]+)`", read(page))}
    assert named <= set(known)


def test_decisions_are_numbered_listed_and_whole() -> None:
    numbers = [int(path.name[:4]) for path in ADRS]
    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))
    for path in ADRS:
        headings = re.findall(r"^## (.+)$", read(path), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Rejected"], path.name


@pytest.mark.parametrize(
    "lie",
    [
        "```console\n$ echo one\ntwo\n```\n",
        "```console\n$ echo one && echo two\none\n...\nthree\n```\n",
        "```python\n>>> 1 + 1\n3\n```\n",
    ],
)
def test_what_is_not_so_is_found(lie: str, folder: Path) -> None:
    assert play(lie, folder)[0] != lie


def test_a_wrong_table_is_found(folder: Path) -> None:
    page = """\
```csv visits.csv
user_id,event_time
ann,2024-03-04
```

<!-- worked: cohort visits.csv --period day -->
| cohort | size | 0 |
|---|---|---|
| 2024-03-04 | 1 | 0/1 |
| pooled | | 0/1 |
"""
    assert len(play(page, folder)[1]) == 1


@pytest.mark.parametrize("end", ["", "$ echo fine\nfine\n"])
def test_a_failure_has_to_be_shown(end: str, folder: Path) -> None:
    with pytest.raises(AssertionError, match="exit code 1"):
        play(f"```console\n$ retainkit cohort nothing.csv\n{end}```\n", folder)
