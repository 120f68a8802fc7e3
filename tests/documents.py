"""Pages of Markdown, played: what they show is run and compared with what happens.

- A ```console block has lines `$ command`, each followed by what it prints; a line `...` stands
  for any lines, and a command with nothing under it is only run. It has to succeed, unless the
  next command is `$ echo $?`, which shows its exit code.
- A ```python block is a doctest.
- A block that names a file, like ```csv visits.csv, is that file.
- A table under <!-- worked: cohort visits.csv --period day --> was worked by hand: counts are
  compared, and never written by us.

The blocks of a page share one folder and one Python namespace.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from retainkit.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")])

_PLAIN = {"COLUMNS": "80", "LC_ALL": "C", "NO_COLOR": "1", "TERM": "dumb"}
_FENCE = re.compile(r"^```(?P<info>\S[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_WORKED = re.compile(
    r"^<!-- worked: (?P<args>[^\n]+?) -->\n+(?P<table>(?:\|[^\n]*\n)+)", re.MULTILINE
)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SHELL = set("|<>&;()")
_ELISION = "..."
_MODES = ("on", "within", "on-or-after")


@dataclass
class Session:
    """One page's folder and what was done in it so far."""

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    code: int = 0

    def run(self, command: str) -> str:
        """Return what a command prints, stdout and stderr as a terminal shows them."""
        if command == "echo $?":
            code, self.code = self.code, 0
            return str(code)
        assert self.code == 0, f"exit code {self.code} before: $ {command}"
        words = shlex.shlex(command, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        args = list(words)
        extra = {}
        while re.fullmatch(r"[A-Z_]+=.*", args[0]):
            name, _, extra[name] = args.pop(0).partition("=")
        if args[0] == "retainkit" and not any(set(arg) <= _SHELL for arg in args):
            printed = self._invoke(args[1:], {**_PLAIN, **extra})
        else:
            printed = self._shell(command)
        return tidy(printed)

    def _invoke(self, args: list[str], env: Mapping[str, str]) -> str:
        done = CliRunner().invoke(app, args, prog_name="retainkit", env=env)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        self.code = done.exit_code
        return str(done.output)

    def _shell(self, command: str) -> str:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-c", command],
            env={**os.environ, **_PLAIN, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.code = done.returncode
        return done.stdout


def tidy(text: str) -> str:
    """Return `text` without colours, blanks at the ends of lines and blank lines around it."""
    lines = [line.rstrip() for line in _ANSI.sub("", text).split("\n")]
    return "\n".join(lines).strip("\n")


def play(text: str, folder: Path) -> tuple[str, list[str]]:
    """Return a page as it should read, and the faults that updating it does not mend."""
    session = Session(folder)
    (folder / "examples").symlink_to(ROOT / "examples")
    faults: list[str] = []
    pieces, end = [], 0
    for match in _FENCE.finditer(text):
        faults += _worked_faults(text[end : match.start()], session)
        pieces.append(text[end : match.start("body")])
        pieces.append(_played(match["info"], match["body"], session))
        end = match.end("body")
    faults += _worked_faults(text[end:], session)
    return "".join([*pieces, text[end:]]), faults


def _played(info: str, body: str, session: Session) -> str:
    language, _, name = info.partition(" ")
    if name:
        path = session.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
    elif language == "console":
        return "".join(_console(body, session))
    elif language == "python":
        return "".join(_python(body, session))
    return body


def _console(body: str, session: Session) -> Iterator[str]:
    first, *commands = re.split(r"^\$ ", body, flags=re.MULTILINE)
    assert not first.strip(), f"no command before: {first}"
    for each in commands:
        command, shown = _command(each)
        printed = session.run(re.sub(r"\\\n\s*", "", command))
        yield f"$ {command}\n"
        kept = shown if not shown.strip() or _agree(shown, printed) else _elided(shown, printed)
        yield kept
    assert session.code == 0, f"exit code {session.code} after:\n{body}"


def _command(text: str) -> tuple[str, str]:
    """Return a command, which goes on after a backslash, and what stands under it."""
    lines = text.split("\n")
    end = next(i for i, line in enumerate(lines) if not line.endswith("\\")) + 1
    return "\n".join(lines[:end]), "\n".join(lines[end:])


def _agree(shown: str, printed: str) -> bool:
    lines = tidy(shown).split("\n")
    pattern = "\n".join(".*" if line == _ELISION else re.escape(line) for line in lines)
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def _elided(shown: str, printed: str) -> str:
    """Return what is printed, with as many lines around the first `...` as were shown."""
    before, after = tidy(shown).split("\n"), printed.split("\n")
    blank = "\n" if shown.endswith("\n\n") else ""
    if _ELISION not in before:
        return printed + "\n" + blank
    head = before.index(_ELISION)
    tail = len(before) - head - 1
    kept = [*after[:head], _ELISION, *after[len(after) - tail :]]
    return "\n".join(kept) + "\n" + blank


def _python(body: str, session: Session) -> Iterator[str]:
    """Yield the block with each example's output as it is."""
    for piece in doctest.DocTestParser().parse(body):
        if isinstance(piece, str):
            yield piece
            continue
        shown = piece.source.rstrip("\n").replace("\n", "\n... ")
        yield f">>> {shown}\n"
        yield _doctest(piece, session)


def _doctest(example: doctest.Example, session: Session) -> str:
    """Return what stands under an example if it is right, else what should."""
    got: list[str] = []

    class Runner(doctest.DocTestRunner):
        def report_success(self, out: Any, test: Any, example: Any, said: str) -> None:
            got.append(example.want)

        def report_failure(self, out: Any, test: Any, example: Any, said: str) -> None:
            got.append(re.sub(r"^$(?=\n)", "<BLANKLINE>", said, flags=re.MULTILINE))

        def report_unexpected_exception(self, out: Any, test: Any, example: Any, info: Any) -> None:
            raise info[1]

    test = doctest.DocTest([example], session.names, "page", None, None, None)
    runner = Runner(verbose=False, optionflags=doctest.ELLIPSIS)
    runner.run(test, clear_globs=False, out=lambda _: None)
    session.names.update(test.globs)
    return got[0]


def _worked_faults(text: str, session: Session) -> Iterator[str]:
    for match in _WORKED.finditer(text):
        printed = session.run(f"retainkit {match['args']} -f json -q")
        answer = json.loads(printed)
        worked = _rows(match["table"])
        computed = WORKED[answer["command"]](answer["tables"])
        if worked != computed:
            told = "\n".join("| " + " | ".join(row) + " |" for row in computed)
            yield f"worked by hand for '{match['args']}':\n{match['table']}computed:\n{told}"


def _rows(table: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [rows[0], *rows[2:]]


def _triangle(tables: Mapping[str, list[dict[str, Any]]]) -> list[list[str]]:
    """Return the matrix as counts: 2/3 of a cohort, 2/3* in a cell that is not over."""
    main = tables["main"]
    keys = list(main[0])[: list(main[0]).index("age")]
    ages = list(dict.fromkeys(row["age"] for row in main))
    rows: dict[tuple[str, ...], dict[Any, str]] = {}
    for row in main:
        names = (*(_name(row[key]) for key in keys), str(row["size"]))
        rows.setdefault(names, {})[row["age"]] = _cell(row) + "*" * (not row["complete"])
    if keys == ["cohort"]:
        rows["pooled", ""] = {row["age"]: _cell(row) for row in tables["pooled"]}
    titles = [*keys, "size", *map(str, ages)]
    return [titles, *([*names, *(cells.get(a, "") for a in ages)] for names, cells in rows.items())]


def _headline(tables: Mapping[str, list[dict[str, Any]]]) -> list[list[str]]:
    """Return a row a day, the modes side by side, as counts of the mature members."""
    main = tables["main"]
    keys = list(main[0])[: list(main[0]).index("mode")]
    rows: dict[tuple[str, ...], list[str]] = {}
    for row in main:
        names = (*(_name(row[key]) for key in keys), str(row["mature"]))
        rows.setdefault(names, []).append(f"{row['returned']}/{row['mature']}")
    return [[*keys, "mature", *_MODES], *([*names, *cells] for names, cells in rows.items())]


def _flows(tables: Mapping[str, list[dict[str, Any]]]) -> list[list[str]]:
    """Return a row a month with the counts of churn, and its rate as a fraction."""
    main = tables["main"]
    counts = list(main[0])[: list(main[0]).index("churn_rate")]
    rows = []
    for row in main:
        lost = row.get("churned_of_start", row["churned"])
        there = row.get("present_start", row.get("previous"))
        rate = f"{lost}/{there}" if there else ""
        month = row["period"].removesuffix("-01") + "*" * (not row["complete"])
        rows.append([month, *(str(row[name]) for name in counts[1:]), rate])
    return [[*counts, "churn_rate"], *rows]


def _nodes(tables: Mapping[str, list[dict[str, Any]]]) -> list[list[str]]:
    """Return a row a step with its coefficient as a fraction."""
    rows, before = [], 0
    for row in tables["main"]:
        share = f"{row['members']}/{before}" if row["step"] > 1 else ""
        rows.append([str(row["step"]), row["event"], str(row["members"]), share])
        before = row["members"]
    return [["step", "event", "members", "coefficient"], *rows]


def _paths(tables: Mapping[str, list[dict[str, Any]]]) -> list[list[str]]:
    """Return a row a path with its members of all journeys, and how long it took them."""
    (whole,) = tables["summary"]
    words = {True: "yes", False: "no", None: ""}
    rows = [
        [
            *(row["path"], words[row["arrived"]], f"{row['members']}/{whole['journeys']}"),
            str(row["median_seconds"] or ""),
        ]
        for row in tables["main"]
    ]
    return [["path", "arrived", "members", "median seconds"], *rows]


def _repeats(tables: Mapping[str, list[dict[str, Any]]]) -> list[list[str]]:
    """Return each way of counting repurchase, as a fraction."""
    (row,) = tables["summary"]
    rung = tables["ladder"][0]
    windows = [
        [f"within {each['days']} days", f"{each['repurchased']}/{each['mature']}"]
        for each in tables["main"]
    ]
    return [
        ["repurchase", "share"],
        *windows,
        ["buyers_2plus_share", f"{row['buyers_2plus']}/{row['buyers']}"],
        ["repeat_order_share", f"{row['repeat_orders']}/{row['orders']}"],
        ["ladder 1 → 2", f"{rung['next']}/{rung['buyers']}"],
        *(
            [f"of {each['period'][:7]}", f"{each['repurchased']}/{each['previous_buyers']}"]
            for each in tables["periods"]
            if each["previous_buyers"]
        ),
    ]


def _renewals(tables: Mapping[str, list[dict[str, Any]]]) -> list[list[str]]:
    """Return a row a renewal: what was seen as a fraction, what is expected to four digits."""
    expected = ("expected_rate", "expected_survival")
    rows = [
        [
            *(str(row["renewal"]), row["part"]),
            f"{row['renewed']}/{row['at_risk']}" if row["at_risk"] else "",
            *(f"{row[name]:.4f}" for name in expected),
        ]
        for row in tables["main"]
    ]
    return [["renewal", "part", "rate", *expected], *rows]


def _cell(row: Mapping[str, Any]) -> str:
    return f"{row['value']:g}" if "value" in row else f"{row['returned']}/{row['size']}"


def _name(value: object) -> str:
    return "(none)" if value is None else str(value)


WORKED = {
    "churn": _flows,
    "cohort": _triangle,
    "funnel": _nodes,
    "paths": _paths,
    "orders": _repeats,
    "renewals": _renewals,
    "retention": _headline,
}
