"""Bad text: what it is written in, what separates its cells, and how it breaks."""

from __future__ import annotations

from pathlib import Path

from bad import HEAD, Case, check, each

CHINESE = "会员编号,下单时间,城市\n001,2024-01-01,上海\n002,2024-01-02,北京\n"
BIG5 = "會員編號,下單時間,城市\n001,2024-01-01,臺北\n002,2024-01-02,高雄\n"
ROWS = HEAD + "ann,2024-03-01,5\nbob,2024-03-02,6\n"

CASES = [
    *(
        Case(
            "encoding",
            f"{encoding} is read and told",
            {"f.csv": text.encode(encoding)},
            "cohort f.csv --by 城市",
            rows=2,
            says=(told,) if told else (),
        )
        for encoding, text, told in (
            ("utf-8", CHINESE, ""),
            ("utf-8-sig", CHINESE, ""),
            ("utf-16", CHINESE, "'f.csv': read as UTF-16."),
            ("gb18030", CHINESE, "'f.csv': read as GB18030."),
            ("big5", BIG5, "'f.csv': read as BIG5."),
        )
    ),
    *(
        Case(
            "encoding",
            f"{encoding} is in doubt, which is an error",
            {"f.csv": text.encode(encoding)},
            "cohort f.csv",
            code=1,
            says=("is not UTF-8, and its header does not tell what it is", "--encoding"),
        )
        for encoding, text in (
            ("latin-1", "user_id,event_time,ville\n1,2024-01-01,Orléans\n"),
            ("shift-jis", "user_id,event_time,都市\n1,2024-01-01,大阪\n"),
            ("euc-kr", "user_id,event_time,도시\n1,2024-01-01,서울\n"),
        )
    ),
    Case(
        "encoding",
        "--encoding settles it",
        {"f.csv": "user_id,event_time,ville\n1,2024-01-01,Orléans\n".encode("latin-1")},
        "cohort f.csv --encoding latin-1 --by ville",
        rows=1,
    ),
    Case(
        "encoding",
        "a byte that is not in it is an error with its line, wherever it is",
        {"f.csv": HEAD.encode() + b"ann,2024-03-01,1\n" * 30_000 + b"\xff,2024-03-01,1\n"},
        "cohort f.csv",
        code=1,
        says=("'f.csv', line 30,002 cannot be read: it is not UTF-8 throughout",),
    ),
    *(
        Case(
            "separator",
            f"{name} is found and said",
            {"f.csv": ROWS.replace(",", sign)},
            "cohort f.csv",
            rows=2,
            says=(f"'f.csv': separated by {said}.",),
        )
        for name, sign, said in (
            ("semicolon", ";", "';'"),
            ("tab", "\t", "tabs"),
            ("|", "|", "'|'"),
        )
    ),
    Case(
        "separator",
        "the first line names it",
        {"f.csv": "sep=;\n" + ROWS.replace(",", ";")},
        "cohort f.csv",
        rows=2,
        says=("'f.csv': separated by ';'.", "line 1 above the header left out"),
    ),
    Case(
        "widths",
        "short rows are counted",
        {"f.csv": ROWS + "cat,2024-03-03\n"},
        "cohort f.csv",
        rows=3,
        says=("1 row has fewer cells than the header: null there (first 'f.csv', line 4).",),
    ),
    Case(
        "widths",
        "long rows are refused",
        {"f.csv": ROWS + "cat,2024-03-03,1,x\n"},
        "cohort f.csv",
        rows=2,
        refused={"long row": 1},
        says=("(first 'f.csv', line 4)",),
    ),
    Case(
        "widths",
        "empty cells at the end do no harm",
        {"f.csv": ROWS + "cat,2024-03-03,1,,\n"},
        "cohort f.csv",
        rows=3,
        refused={},
    ),
    Case(
        "broken",
        "lines that end in CR only",
        {"f.csv": ROWS.replace("\n", "\r")},
        "cohort f.csv",
        rows=2,
        refused={},
    ),
    Case(
        "broken",
        "a quote that is never closed",
        {"f.csv": ROWS + 'cat,"2024-03-03,1\ndan,2024-03-04,1\n'},
        "cohort f.csv",
        code=1,
        says=("'f.csv', line 4: a quote is opened there and not closed.",),
        never=("cat", "dan"),
    ),
    Case(
        "broken",
        "a quote that swallows rows",
        {"f.csv": HEAD + 'a,2024-03-01,"1\nb,2024-03-02,2\nc,2024-03-03,3"\nd,2024-03-04,4\n'},
        "cohort f.csv",
        code=1,
        says=("'f.csv', line 2: a quote is opened there and closed on line 4", "look like rows"),
    ),
    Case(
        "broken",
        "a NUL byte far down",
        {"f.csv": ROWS + "ann,2024-03-01,1\n" * 30_000 + "a\0b,2024-03-01,1\n"},
        "cohort f.csv",
        code=1,
        says=("'f.csv', line 30,004: there is a NUL byte",),
    ),
    Case(
        "broken",
        "a cell without end",
        {"f.csv": ROWS + "x" * 3_000_000 + ",2024-03-01,1\n"},
        "cohort f.csv --max-line 1MB",
        code=1,
        says=("'f.csv', line 4: it is longer than the 1,000,000 bytes that --max-line allows.",),
        never=("xxxx",),
    ),
    Case(
        "broken",
        "more columns than are allowed",
        {"f.csv": ",".join(f"c{i}" for i in range(2_001)) + "\n"},
        "cohort f.csv",
        code=1,
        says=("more columns than the 2,000 that --max-columns allows",),
    ),
    Case(
        "twice",
        "a needed name that stands there twice is an error",
        {"f.csv": "user_id,user_id,event_time\nann,bob,2024-03-01\n"},
        "cohort f.csv",
        code=1,
        says=("Several columns could be the member: 'user_id_1', 'user_id_2'", "--member-col"),
    ),
    Case(
        "twice",
        "another one does no harm and is noted",
        {"f.csv": "user_id,note,note,event_time\nann,x,y,2024-03-01\n"},
        "cohort f.csv",
        rows=1,
        says=("the header names 'note' 2 times: read as 'note_1', 'note_2'",),
    ),
]


@each(CASES)
def test_text(case: Case, here: Path) -> None:
    check(case, here)
