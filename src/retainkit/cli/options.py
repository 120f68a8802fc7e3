"""The options that commands share, declared once; `command.py` gives them to commands."""

import inspect
from typing import Annotated

import typer

from retainkit.choices import Engine, Format, Weekday

COLUMNS = "Columns: a name or a SQL expression"
ROWS = "Which rows count"
TIME = "Time"
READING = "Reading"
COMPUTING = "Computing"
OUTPUT = "Output"


# Options of metrics that several commands have.
StartEvent = Annotated[
    str | None, typer.Option(metavar="SELECTOR", help="What starts a member; any event.")
]
ReturnEvent = Annotated[
    str | None, typer.Option(metavar="SELECTOR", help="What is coming back; any event.")
]
By = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Split by it; repeatable.")]
Lookback = Annotated[
    str | None,
    typer.Option(metavar="DAYS", help="Leave out members seen in the first days, like 30d."),
]
OrderEvent = Annotated[
    str | None,
    typer.Option(
        metavar="SELECTOR",
        help="What is an order; events with an order id, else with an amount, else any.",
    ),
]
CostsFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="What was spent: period, cost and the --by columns."),
]
Margin = Annotated[
    float, typer.Option(metavar="SHARE", help="Of sales that is left before --costs.")
]
HashKey = Annotated[
    str | None,
    typer.Option(
        metavar="VARIABLE",
        help="Hash ids with the key in this environment variable, or in @FILE.",
    ),
]
Confidence = Annotated[float, typer.Option(help="Of the intervals.")]


LISTS = ("nobody", "time_format")  # the source flags that can be repeated


# Of all commands that write files.
LockTimeout = Annotated[
    float,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="How long to wait for another run that writes there.",
        rich_help_panel=OUTPUT,
    ),
]
FollowSymlinks = Annotated[
    bool,
    typer.Option(
        "--follow-symlinks",
        help="Write what a link points to, which is refused without.",
        rich_help_panel=OUTPUT,
    ),
]


class SourceFlags:
    """What to read and how; the fields of SourceOptions, and the sources themselves."""

    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE", help="Files, folders, globs, or - for stdin."),
    ] = None
    member_col: Annotated[
        str | None, typer.Option(help="Who: the member's id.", rich_help_panel=COLUMNS)
    ] = None
    time_col: Annotated[
        str | None, typer.Option(help="When: the time of the event.", rich_help_panel=COLUMNS)
    ] = None
    event_col: Annotated[
        str | None, typer.Option(help="What: the event's name.", rich_help_panel=COLUMNS)
    ] = None
    amount_col: Annotated[
        str | None, typer.Option(help="Money of the event.", rich_help_panel=COLUMNS)
    ] = None
    order_col: Annotated[
        str | None, typer.Option(help="The order's id.", rich_help_panel=COLUMNS)
    ] = None
    joined_col: Annotated[
        str | None,
        typer.Option(help="When the member joined (member table).", rich_help_panel=COLUMNS),
    ] = None
    left_col: Annotated[
        str | None,
        typer.Option(help="When the member left (member table).", rich_help_panel=COLUMNS),
    ] = None
    reason_col: Annotated[
        str | None,
        typer.Option(help="Why the member left (member table).", rich_help_panel=COLUMNS),
    ] = None
    nobody: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="An id that is nobody's, beside null, guest …; repeatable.",
            rich_help_panel=READING,
        ),
    ] = None
    normalize_ids: Annotated[
        bool,
        typer.Option(
            "--normalize-ids",
            help="Read full-width digits and letters of ids as the usual ones.",
            rich_help_panel=READING,
        ),
    ] = False
    members: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The member table: joined, left, attributes.",
            rich_help_panel=READING,
        ),
    ] = None
    where: Annotated[
        str | None,
        typer.Option(metavar="SQL", help="Only rows for which this holds.", rich_help_panel=ROWS),
    ] = None
    dedupe: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Rows that repeat one count once: exact ones, or those equal in a column.",
            rich_help_panel=ROWS,
        ),
    ] = None
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only rows from then on.", rich_help_panel=ROWS),
    ] = None
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only rows before then.", rich_help_panel=ROWS),
    ] = None
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="The end of what was observed; by default midnight after the last event's day.",
            rich_help_panel=TIME,
        ),
    ] = None
    tz: Annotated[
        str,
        typer.Option(help="Time zone of the calendar.", metavar="ZONE", rich_help_panel=TIME),
    ] = "UTC"
    week_start: Annotated[
        Weekday, typer.Option(help="First day of a week.", rich_help_panel=TIME)
    ] = "monday"
    naive_tz: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="Zone of times without offset; by default --tz.",
            rich_help_panel=TIME,
        ),
    ] = None
    day_first: Annotated[
        bool | None,
        typer.Option(
            "--day-first/--month-first",
            help="How to read 01/04/2024.",
            rich_help_panel=TIME,
        ),
    ] = None
    time_format: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT", help="How times are written, like %d.%m.%Y.", rich_help_panel=TIME
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(help="Encoding of text files, like gb18030.", rich_help_panel=READING),
    ] = None
    member_encoding: Annotated[
        str | None,
        typer.Option(help="Of the member table; by default --encoding.", rich_help_panel=READING),
    ] = None
    separator: Annotated[
        str | None,
        typer.Option(help="What separates the cells of a CSV.", rich_help_panel=READING),
    ] = None
    header: Annotated[
        bool,
        typer.Option(
            help="Whether text files have a header; without, columns are column_1, column_2 ...",
            rich_help_panel=READING,
        ),
    ] = True
    sheet: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of a workbook.", rich_help_panel=READING),
    ] = None
    max_columns: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Fail past so many columns.", rich_help_panel=READING
        ),
    ] = 2000
    max_line: Annotated[
        str,
        typer.Option(
            metavar="SIZE", help="Fail at a longer line of text.", rich_help_panel=READING
        ),
    ] = "16MB"
    max_unpacked: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="Fail where a packed file holds more and has to be copied.",
            rich_help_panel=READING,
        ),
    ] = "20GB"
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Verify the checksums of Parquet pages.", rich_help_panel=READING
        ),
    ] = False
    max_rejects: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Fail past this share of refused rows.", rich_help_panel=READING
        ),
    ] = 0.5
    rejects: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Write refused rows there, with reasons.", rich_help_panel=READING
        ),
    ] = None


class EngineFlags:
    """Where and with what to compute; the fields of EngineOptions, and whether to tell of it."""

    engine: Annotated[
        Engine, typer.Option(help="This machine, or Spark.", rich_help_panel=COMPUTING)
    ] = "local"
    spark_master: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where Spark runs; by default local[*].", rich_help_panel=COMPUTING
        ),
    ] = None
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="How much to take, like 2GB; by default half of the machine.",
            rich_help_panel=COMPUTING,
        ),
    ] = None
    temp_dir: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="For what memory has no room for; by default the system's.",
            rich_help_panel=COMPUTING,
        ),
    ] = None
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", help="Tell on stderr how the run went.", rich_help_panel=COMPUTING
        ),
    ] = False


class OutputFlags:
    """Where the answer goes and in what form."""

    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            help="By default the suffix of -o, else table.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write there instead of stdout.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Which table of the result to write.", rich_help_panel=OUTPUT
        ),
    ] = None
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="No progress and no notes on stderr.", rich_help_panel=OUTPUT
        ),
    ] = False
    excel_safe: Annotated[
        bool,
        typer.Option(
            "--excel-safe",
            help="Defuse text in a CSV that a spreadsheet would run as a formula.",
            rich_help_panel=OUTPUT,
        ),
    ] = False

    lock_timeout: LockTimeout = 0.0
    follow_symlinks: FollowSymlinks = False


class ChartFlags:
    """Where the picture goes, of commands that have one."""

    chart: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The picture, too: .svg, .png or .html.",
            rich_help_panel=OUTPUT,
        ),
    ] = None


def flags_of(bundle: type) -> list[inspect.Parameter]:
    """Return the flags that one of these classes declares, as parameters of a function."""
    kind = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(name, kind, default=getattr(bundle, name), annotation=hint)
        for name, hint in bundle.__annotations__.items()
    ]
