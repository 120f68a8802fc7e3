"""Sets: what a run writes, what it leaves alone, and what it will not do."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import retainkit
from retainkit.cli import app
from retainkit.locking import locked

HEAD = "user_id,event_time,event,amount,channel\n"
JANUARY = HEAD + (
    "ann,2024-01-05 10:00,pay,12.5,ads\n"
    "bob,2024-01-03 09:00,visit,,web\n"
    ",2024-01-03 09:00,visit,,web\n"
    "bob,soon,visit,,web\n"
)
FEBRUARY = HEAD + "ann,2024-02-05 10:00,pay,3,ads\ncid,2024-02-06 10:00,pay,much,ads\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("in/jan.csv", JANUARY)
    write("in/feb.csv", FEBRUARY)
    return tmp_path


def write(name: str, text: str, age: int = 60) -> Path:
    """Write a file that was changed `age` seconds ago."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


def run(*args: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["ingest", *args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def ingest(*args: str) -> str:
    """Ingest the folder `in` into `set` and return what is shown."""
    code, shown, told = run("in", "-o", "set", "--max-rejects", "0.5", *args)
    assert code == 0, told
    return shown


def manifest(folder: str = "set") -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(folder, "manifest.json").read_text(encoding="utf-8"))
    return told


def tree(folder: str = "set") -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()
    }


def counts(shown: str) -> dict[str, list[int]]:
    """Return the numbers of each line of the table."""
    lines = (line.rsplit(maxsplit=6) for line in shown.splitlines())
    return {
        words[0]: [int(word) for word in words[1:]]
        for words in lines
        if len(words) == 7 and words[-1].isdigit()
    }


def members(folder: str = "set") -> list[str]:
    return sorted(retainkit.cohort(folder, period="day").main["cohort"].cast(str).to_list())


def test_every_row_is_somewhere(folder: Path) -> None:
    assert counts(ingest()) == {"new": [2, 6, 4, 2, 0, 0]}
    told = manifest()
    assert told["rows"] == {
        "read": 6,
        "written": 4,
        "refused": {"no member": 1, "unreadable time": 1},
        "left_out": {},
        "unreadable_amounts": 1,
    }
    january = next(each for each in told["files"] if each["names"][0]["name"] == "in/jan.csv")
    rejects = pl.read_csv(Path("set", january["rejects"]))
    assert rejects.rows() == [
        ("in/jan.csv", 3, "no member", None, "2024-01-03 09:00", "visit", None, "web"),
        ("in/jan.csv", 4, "unreadable time", "bob", "soon", "visit", None, "web"),
    ]
    part = pl.read_parquet(Path("set", january["part"]))
    assert part.columns == ["member", "time", "event", "amount", "channel"]
    assert part["member"].to_list() == ["bob", "ann"]  # in the order of time
    assert part.schema["time"] == pl.Datetime("us", "UTC")
    assert part["amount"].to_list() == [None, 12.5]


def test_a_part_is_compressed_sorted_and_has_checksums(folder: Path) -> None:
    ingest()
    told = manifest()["files"][0]
    stored = pq.ParquetFile(Path("set", told["part"]), page_checksum_verification=True)
    assert stored.read().num_rows == 2
    column = stored.metadata.row_group(0).column(1)
    assert (column.compression, column.is_stats_set) == ("ZSTD", True)
    assert stored.metadata.row_group(0).sorting_columns == (pq.SortingColumn(1),)


def test_a_second_run_changes_no_byte(folder: Path) -> None:
    ingest()
    before = tree()
    assert counts(ingest()) == {"unchanged": [2, 6, 4, 2, 0, 0]}
    os.utime("in/jan.csv")  # so young that its time says nothing
    assert counts(ingest()) == {"unchanged": [2, 6, 4, 2, 0, 0]}
    assert tree() == before


def test_a_file_with_another_time_is_read_once_more(folder: Path) -> None:
    ingest()
    january = write("in/jan.csv", JANUARY, age=30)
    assert counts(ingest()) == {"unchanged": [2, 6, 4, 2, 0, 0]}
    stat = january.stat()
    january.write_bytes(b"?" * stat.st_size)
    os.utime(january, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert counts(ingest()) == {"unchanged": [2, 6, 4, 2, 0, 0]}


def test_unchanged_files_are_not_even_opened(folder: Path) -> None:
    ingest()
    january = Path("in/jan.csv")
    stat = january.stat()
    january.write_bytes(b"?" * stat.st_size)
    os.utime(january, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert counts(ingest()) == {"unchanged": [2, 6, 4, 2, 0, 0]}


def test_new_changed_and_gone_files(folder: Path) -> None:
    ingest()
    write("in/mar.csv", HEAD + "dee,2024-03-05,pay,1,ads\n")
    write("in/jan.csv", JANUARY + "eve,2024-01-09,pay,1,ads\n", age=30)
    Path("in/feb.csv").unlink()
    code, shown, told = run("in", "-o", "set")
    assert code == 0
    assert counts(shown) == {
        "new": [1, 1, 1, 0, 0, 0],
        "changed": [1, 5, 3, 2, 0, 0],
        "gone": [1, 2, 2, 0, 0, 0],
    }
    assert "'in/feb.csv' is no longer there, and stays in the set." in told
    assert retainkit.retention("set").data.rows == 6
    assert len(list(Path("set/events").iterdir())) == 4  # who reads the old one now still can
    ingest()
    assert len(list(Path("set/events").iterdir())) == 3


def test_the_same_content_counts_once_under_whatever_names(folder: Path) -> None:
    ingest()
    shutil.copy("in/jan.csv", "in/copy of jan.csv")
    _, shown, told = run("in", "-o", "set")
    assert counts(shown)["same content"][-1] == 4
    assert "has the content of another file: read once" in told
    assert retainkit.retention("set").data.rows == 4
    Path("in/jan.csv").unlink()
    write("in/jan.csv", FEBRUARY + "zoe,2024-02-09,pay,1,ads\n", age=20)
    ingest()  # the copy still has the rows of January
    assert manifest()["rows"]["written"] == 2 + 2 + 3


def test_contents_that_change_places_are_not_read_again(folder: Path) -> None:
    ingest()
    rows = manifest()["rows"]
    write("in/jan.csv", FEBRUARY, age=40)
    write("in/feb.csv", JANUARY, age=40)
    shown = ingest()
    assert counts(shown)["changed"][0] == 2
    assert manifest()["rows"] == rows


def test_other_options_need_another_set_or_rebuild(folder: Path) -> None:
    ingest()
    before = tree()
    code, _, told = run("in", "-o", "set", "--tz", "Asia/Shanghai", "--where", "amount > 5")
    assert code == 2
    assert "--where (none then, 'amount > 5' now), --tz ('UTC' then, 'Asia/Shanghai' now)" in told
    assert tree() == before
    ingest("--tz", "Asia/Shanghai", "--rebuild")
    assert manifest()["options"]["tz"] == "Asia/Shanghai"
    assert manifest()["files"][0]["first"].startswith("2024-02-05T02:00")
    Path("in/feb.csv").unlink()
    code, _, told = run("in", "-o", "set", "--rebuild")
    assert code == 2
    assert "their rows would be lost" in told


def test_what_is_lost_from_the_set_is_read_again(folder: Path) -> None:
    ingest()
    part = Path("set", manifest()["files"][0]["part"])
    part.write_bytes(part.read_bytes()[:-1])
    code = CliRunner().invoke(app, ["cohort", "set"])
    assert code.exit_code == 1
    assert "is damaged" in code.stderr
    before = manifest()
    ingest()
    assert manifest() == before
    assert retainkit.retention("set").data.rows == 4


def test_numbers_of_a_set_say_which_rows_it_lacks(folder: Path) -> None:
    ingest("--where", "channel = 'ads'")
    notes = retainkit.retention("set").notes
    assert (
        "'set' was ingested with 2 of 6 rows refused: no member 1, unreadable time 1; "
        "in set/rejects." in notes
    )
    assert "'set' was ingested with 1 of 6 rows left out: --where 1." in notes


def test_repeats_stay_in_the_set_and_are_removed_where_it_is_read(folder: Path) -> None:
    write("in/mar.csv", FEBRUARY + "zoe,2024-02-09,pay,1,ads\n")
    code, _, told = run("in", "-o", "set", "--dedupe", "exact")
    assert code == 0
    assert "say it where the set is read" in told
    ingest()  # is no other option
    assert retainkit.retention("set").data.rows == 7
    assert retainkit.retention("set", dedupe="exact").data.rows == 5
    assert retainkit.retention("in", dedupe="exact").data.rows == 5


def test_rows_that_files_have_in_common_are_told(folder: Path) -> None:
    told = "{} another in every column{}. All are kept; --dedupe exact, where the set is read"

    def said() -> str:
        code, _, notes = run("in", "-o", "set")
        assert code == 0
        return notes

    said()
    write("in/late.csv", FEBRUARY + "zoe,2024-02-09,pay,1,ads\n" * 2)
    repeat = told.format("3 new rows repeat", ", 2 of them one of 'in/feb.csv'")
    assert repeat in said()
    assert "another in every column" not in said()
    assert retainkit.retention("set", dedupe="exact").data.left_out == {"repeat": 3}
    write("in/named.csv", FEBRUARY.replace("user_id", "member_id"))
    assert ", 2 of them one of 'in/feb.csv'" in said()
    write("in/other.csv", FEBRUARY.replace("channel", "campaign"))
    assert "another in every column" not in said()
    for again in ("set2", "set"):
        shutil.rmtree("in")
        write("in/a.csv", HEAD + "ann,2024-02-09,pay,1,ads\n")
        write("in/b.csv", HEAD + "ann,2024-03-09,pay,1,ads\n" * 2)
        assert told.format("1 new row repeats", "") in run("in", "-o", again)[2]


def test_flipped_bits_are_found_where_it_is_asked_for(folder: Path) -> None:
    ingest()
    before = tree()
    part = Path("set", manifest()["files"][0]["part"])
    data = bytearray(part.read_bytes())
    data[100] ^= 1
    part.write_bytes(data)
    ingest("--verify")
    assert tree() == before
    part.write_bytes(data)
    Path(manifest()["files"][0]["names"][0]["name"]).unlink()
    code, _, told = run("in", "-o", "set", "--verify")
    assert code == 1
    assert "which it is made of, is gone" in told


@pytest.mark.parametrize("flag", ["--members", "--snapshots"])
def test_what_verify_says_is_of_that_run_alone(folder: Path, flag: str) -> None:
    write("members-2024-01-01.csv", "user_id,joined\nann,2024-01-01\n")
    for name, verify in (("plain", []), ("set", ["--verify"])):
        asked = ("in", flag, "members-2024-01-01.csv", "--max-rejects", "0.5", *verify)
        _, shown, told = run(*asked, "-o", name)
        words = " ".join((shown + told).split())
        assert ("'members-2024-01-01.csv': not verified: plain text" in words) == bool(verify)
    assert list(tree("plain").values()) == list(tree("set").values())


def test_a_set_begun_in_vain_is_not_left(folder: Path) -> None:
    for source, code in (("nope.csv", 1), ("set", 2)):
        assert run(source, "-o", "set")[0] == code
        assert not Path("set").exists()
    write("in/nov.csv", HEAD + "".join("x,never,pay,1,a\n" for _ in range(3)))
    assert run("in/nov.csv", "-o", "set")[0] == 1
    assert len(list(Path("set/rejects").iterdir())) == 1


def test_a_file_that_cannot_be_used_costs_no_other(folder: Path) -> None:
    write("in/nov.csv", HEAD + "".join("x,never,pay,1,a\n" for _ in range(3)))
    code, _, told = run("in", "-o", "set")
    assert code == 1
    assert "'in/nov.csv'" in told
    assert "They are in set/rejects/nov-csv-" in told
    place = told.split("They are in ")[1].split(";")[0]
    assert pl.read_csv(place).height == 3
    assert retainkit.retention("set").data.rows == 4


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("in",), "Name it with -o DIR"),
        (("-", "-o", "set"), "cannot be looked at again"),
        (("https://example.com/a.csv", "-o", "set"), "cannot be looked at again"),
        (("nothing.csv", "-o", "set"), "There is no 'nothing.csv'"),
        (("in", "-o", "in"), "holds something that no ingest wrote"),
        (("in", "-o", "in/jan.csv"), "is no folder"),
        (("in", "-o", "no/where/set"), "cannot be written"),
        (("in", "-o", "set", "--rejects", "r.csv", "--max-rejects", "0"), "set/rejects/jan-csv-"),
        (("in", "-o", "set", "--amount-col", "nothing"), "there is no column 'nothing'"),
    ],
)
def test_what_cannot_be_is_said(folder: Path, args: tuple[str, ...], said: str) -> None:
    code, _, told = run(*args)
    assert code in (1, 2)
    assert said in told


def test_what_a_first_run_left_that_was_killed_is_in_nobodys_way(folder: Path) -> None:
    for left in ("set/.retainkit-abcd1234.tmp", "set/events/.retainkit-abcd1234.tmp"):
        Path(left).parent.mkdir(exist_ok=True, parents=True)
        write(left, "half a manif")
        ingest()
        assert not Path(left).exists()


def test_two_runs_keep_apart(folder: Path) -> None:
    ingest()
    with locked(Path("set").resolve(), "--output"):
        code, _, told = run("in", "-o", "set")
    assert code == 1
    assert "another run is writing" in told


def test_a_set_is_no_source_of_a_set_and_not_read_twice(folder: Path) -> None:
    ingest()
    assert "is a set already" in run("set", "-o", "other")[2]
    assert run("set", "-o", "set")[0] == 2
    shutil.move("set", "in/set")
    told = CliRunner().invoke(app, ["cohort", "in"])
    assert "holds a set, 'in/set', and other files" in told.stderr


def test_a_link_is_no_place_for_a_set(folder: Path) -> None:
    Path("real").mkdir()
    Path("set").symlink_to("real")
    assert "'set' is a link" in run("in", "-o", "set")[2]
    ingest("--follow-symlinks")
    assert Path("set").is_symlink()
    assert manifest("real") == manifest()
    Path("real/rejects").rename("elsewhere")
    Path("real/rejects").symlink_to(Path("elsewhere").resolve())
    assert "is no folder" in run("in", "-o", "set", "--follow-symlinks")[2]


def test_only_what_the_manifest_names_counts(folder: Path) -> None:
    ingest()
    shutil.copy(Path("set", manifest()["files"][0]["part"]), f"set/events/{'0' * 32}.parquet")
    Path("set/retainkit-abcd1234.tmp").mkdir()
    Path("set/notes.txt").write_text("mine")
    Path("set/events/mine.txt").write_text("mine")
    assert retainkit.retention("set").data.rows == 4
    ingest()
    left = {path.name for path in Path("set").rglob("*")}
    assert {"notes.txt", "mine.txt"} <= left
    assert f"{'0' * 32}.parquet" not in left
    assert "retainkit-abcd1234.tmp" not in left


def test_hive_keys_are_columns_and_part_of_what_a_file_is(folder: Path) -> None:
    write("in/shop=a/x.csv", HEAD + "ann,2024-03-05,pay,1,ads\n")
    write("in/shop=b/x.csv", HEAD + "ann,2024-03-05,pay,1,ads\n")
    assert counts(ingest())["new"][0] == 4
    assert retainkit.retention("set", where="shop = 'b'").data.rows == 1


def test_a_damaged_manifest_is_told(folder: Path) -> None:
    ingest()
    text = Path("set/manifest.json").read_text()
    for damaged in (text[:-20], text.replace('"part"', '"prat"'), text.replace("set/1", "set/9")):
        Path("set/manifest.json").write_text(damaged)
        for command in (["cohort", "set"], ["ingest", "in", "-o", "set"]):
            done = CliRunner().invoke(app, command)
            assert done.exit_code == 1
            assert "damaged" in done.stderr or "another version" in done.stderr
    without = json.dumps({**json.loads(text), "files": []})
    for damaged in (text.replace('"events/', '"../events/'), without):
        Path("set/manifest.json").write_text(damaged)
        done = CliRunner().invoke(app, ["cohort", "set"])
        assert (done.exit_code, done.stdout) == (1, "")
        assert "The manifest of the set 'set' is damaged." in done.stderr


def test_quiet_says_nothing(folder: Path) -> None:
    assert run("in", "-o", "set", "-q") == (0, "", "")


def test_python_has_the_same(folder: Path) -> None:
    made = retainkit.ingest(["in/jan.csv", Path("in/feb.csv")], "set", tz="UTC")
    assert (made.rows.read, made.rows.written, made.read) == (6, 4, 2)
    with pytest.raises(retainkit.UsageError, match="is no file"):
        retainkit.ingest(pl.DataFrame(), "set")  # type: ignore[arg-type]
    with pytest.raises(retainkit.UsageError, match="There is no option"):
        retainkit.ingest("in", "set", tzz="UTC")  # type: ignore[call-arg]


def test_columns_called_like_roles_are_kept_beside_them(folder: Path) -> None:
    write("own/a.csv", "who,at,member,time\nann,2024-03-05,gold,noon\n")
    args = ("--member-col", "who", "--time-col", "at")
    assert run("own", "-o", "set", *args)[0] == 0
    part = pl.read_parquet(Path("set", manifest()["files"][0]["part"]))
    assert part.columns == ["member", "time", "raw_member", "raw_time"]
    assert retainkit.retention("set", member_col="who").data.members == 1  # as it was called
    told = CliRunner().invoke(app, ["cohort", "set", "--where", "who = 'ann'"])
    assert "here it is called 'member'" in told.stderr


def test_a_file_with_a_header_alone_and_one_row(folder: Path) -> None:
    write("in/none.csv", HEAD)
    write("in/one.csv", HEAD + "ann,2024-03-05,pay,1,ads\n")
    assert counts(ingest())["new"] == [4, 7, 5, 2, 0, 0]
    assert retainkit.retention("set").data.rows == 5
