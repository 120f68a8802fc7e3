"""What is held of what people write beside the data: settings, rules, steps, taxonomies, flags."""

from __future__ import annotations

import shutil
import zlib
from functools import cache
from pathlib import Path

from fuzzing.promises import Broken, check_numbers, check_private, command
from retainkit.checking.parsing import read_rules
from retainkit.checking.rules import Definitions
from retainkit.errors import RetainkitError
from retainkit.selectors import parse_selector, parse_steps

EVENTS = (
    "user_id,event_time,event,amount,channel\n"
    "ann,2024-03-04 08:00,visit,,ads\nann,2024-03-04 09:00,pay,10.50,ads\n"
    "bob,2024-03-05 10:00,visit,,shop\nbob,2024-03-12 10:00,pay,3,shop\n,2024-03-05,pay,1,ads\n"
)
MEMBERS = "user_id,joined,left,reason,channel\nann,2024-03-01,2024-04-01,too dear,ads\n"
_LONGEST = 4000


def rule(data: bytes, _place: Path) -> str:
    """Parse a rule; what it says of a fault is for people."""
    return _said(lambda text: read_rules([text], Definitions()), data)


def selector(data: bytes, _place: Path) -> str:
    """Parse an event selector, and make of it what Polars computes."""
    return _said(lambda text: parse_selector(text).columns(), data)


def steps(data: bytes, _place: Path) -> str:
    """Parse the steps of a funnel."""
    return _said(lambda text: [each.columns() for each in parse_steps(text)], data)


def _said(parse: object, data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    try:
        parse(text)  # type: ignore[operator]
    except RetainkitError as error:
        if len(str(error)) > _LONGEST + 3 * len(text):
            raise Broken("the error is too long\n" + str(error)[:_LONGEST]) from None
        return f"exit {error.exit_code}"
    return "exit 0"


def flags(data: bytes, place: Path) -> str:
    """Give each line of a text to the command as a flag, like `--where amount > 0`."""
    lines = data.decode("utf-8", "replace").replace("\0", "").splitlines()
    words = [word for line in lines[:4] for word in _flag(line)]
    command_ = ("cohort", "retention", "churn", "orders", "rfm", "ltv", "paths", "renewals")
    chosen = command_[zlib.crc32(data) % len(command_)]
    own = [word for word in words if not word.startswith(_ELSEWHERE)]
    ran = command([chosen, str(_events(place)), *own, "-f", "json", "--max-rejects", "1"])
    if ran.code == 0:
        check_numbers(ran)
    return f"exit {ran.code}"


FLAGS = (
    *("--where", "--member-col", "--time-col", "--amount-col", "--order-col", "--event-col"),
    *("--since", "--until", "--as-of", "--tz", "--naive-tz", "--time-format", "--nobody", "--by"),
    *(
        "--separator",
        "--encoding",
        "--max-line",
        "--memory",
        "--dedupe",
        "--lookback",
        "--brackets",
    ),
    *(
        "--horizon",
        "--confidence",
        "--start-event",
        "--return-event",
        "--min-occurrences",
        "--days",
    ),
    *(
        "--first-days",
        "--repeat-days",
        "--leave-event",
        "--inactive-days",
        "--period",
        "--max-columns",
    ),
    *("--max-unpacked", "--sheet", "--max-rejects", "--order-event", "--from", "--to", "--plan"),
)
_ELSEWHERE = (
    "--output",
    "-o",
    "--config",
    "--engine",
    "--spark",
    "--temp",
    "--rejects",
    "--roster",
)


def _flag(line: str) -> list[str]:
    name, _, value = line.partition(" ")
    return [f"{name}={value}"] if name in FLAGS else []


def settings(data: bytes, place: Path) -> str:
    """Take a text for the settings file, of a check or of a cohort."""
    path = place / "retainkit.toml"
    path.write_bytes(data)
    command_ = ("check", "cohort", "snapshot", "report")[zlib.crc32(data) % 4]
    said = [command_, str(_events(place)), "--config", str(path), "--engine", "local"]
    said += ["--members", str(_members(place)), "--temp-dir", str(place)]
    said += ["-o", str(place / "report.json")] if command_ == "report" else []
    said += ["-o", str(place / "told.json")] if command_ == "snapshot" else []
    return f"exit {command(said, codes=(0, 1, 2, 3, 4)).code}"


def taxonomy(data: bytes, place: Path) -> str:
    """Count reasons of leaving by a taxonomy."""
    path = place / "taxonomy.toml"
    path.write_bytes(data)
    said = [
        "churn",
        str(_events(place)),
        "--definition",
        "leave",
        "--members",
        str(_members(place)),
    ]
    return f"exit {command([*said, '--taxonomy', str(path), '-f', 'json']).code}"


def baseline(data: bytes, place: Path) -> str:
    """Hold numbers against what was saved."""
    path = place / "saved.json"
    path.write_bytes(data)
    said = [
        "check",
        str(_events(place)),
        "--rule",
        "retention day=1 mode=on min_members=1 max_drop=0.1",
    ]
    said += [f"--{('baseline', 'definition-lock')[zlib.crc32(data) % 2]}", str(path)]
    return f"exit {command(said, codes=(0, 1, 2, 3, 4)).code}"


def costs(data: bytes, place: Path) -> str:
    """Take a text for what was spent."""
    path = place / "costs.csv"
    path.write_bytes(data)
    return (
        f"exit {command(['orders', str(_events(place)), '--costs', str(path), '-f', 'json']).code}"
    )


def members(data: bytes, place: Path) -> str:
    """Take a file for the member table."""
    path = place / ("members" + (".csv", ".parquet", ".ndjson")[_kind(data)])
    path.write_bytes(data)
    asked = (
        ("cohort", "--period", "day"),
        ("churn", "--definition", "leave"),
        ("retention", "--by", "channel"),
        ("renewals",),
    )
    said = [*asked[zlib.crc32(data) % len(asked)], str(_events(place)), "--members", str(path)]
    ran = command([*said, "-f", "json", "--max-rejects", "1"])
    if ran.code == 0:
        check_numbers(ran, 5)
    return f"exit {ran.code}"


def manifest(data: bytes, place: Path) -> str:
    """Take a text for the manifest of a set; read the set, or add to it."""
    folder = place / "set"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_set(place), folder)
    (folder / "manifest.json").write_bytes(data)
    if zlib.crc32(data) % 3:
        ran = command(["cohort", str(folder), "-f", "json"])
        if ran.code == 0:
            check_numbers(ran)
    else:
        ran = command(["ingest", str(_events(place)), "-o", str(folder), "--max-rejects", "1"])
    check_private(ran)
    return f"exit {ran.code}"


def _kind(data: bytes) -> int:
    return 1 if data.startswith(b"PAR1") else 2 if data.startswith(b"{") else 0


@cache
def _events(place: Path) -> Path:
    path = place / "good.csv"
    path.write_text(EVENTS, encoding="utf-8")
    return path


@cache
def _members(place: Path) -> Path:
    path = place / "good-members.csv"
    path.write_text(MEMBERS, encoding="utf-8")
    return path


@cache
def _set(place: Path) -> Path:
    folder = place / "good-set"
    command(["ingest", str(_events(place)), "-o", str(folder), "--max-rejects", "1", "-q"])
    return folder
