"""A Spark session: the one that is there, else one of our own, quiet and stopped at the end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO

from retainkit.errors import InputError, UsageError

if TYPE_CHECKING:
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

LOCAL = "local[*]"

# Of how Spark reads and computes; a session of somebody else's keeps its own.
_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "131072",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.session.timeZone": "UTC",
}
_QUIET = {"spark.log.level": "OFF", "spark.ui.showConsoleProgress": "false"}
_PYTHON = "PYSPARK_PYTHON"
_EXCEPTION = re.compile(r"\b\w+(?:Exception|Error):? ")


@contextmanager
def session(master: str | None) -> Iterator[SparkSession]:
    """Yield a session at `master`, by default the cores of this machine.

    In a program that has a session already, that one is used and left as it is. Raises UsageError
    without PySpark or for a second master, InputError where there is no Java or no answer.
    """
    with ExitStack() as stack:
        stack.enter_context(_no_warnings())
        spark = _there(master)
        if spark is None:
            spark = stack.enter_context(_own(master or LOCAL))
        for name, value in _SETTINGS.items():
            spark.conf.set(name, value)
        yield spark


def is_local(spark: SparkSession) -> bool:
    """Return whether the executors are this machine, which sees all of its files."""
    return (spark.sparkContext.master or "").startswith("local")


def is_here(master: str | None) -> bool:
    """Return whether executors will be this machine, before there is a session."""
    if master is None and sys.modules.get("pyspark") is not None:
        from pyspark import SparkContext

        context = SparkContext._active_spark_context
        master = None if context is None else context.master
    return (master or LOCAL).startswith("local")


def _there(master: str | None) -> SparkSession | None:
    """Return a session beside one that is there; raises UsageError where it is elsewhere."""
    try:
        import cloudpickle  # noqa: F401 - with it Polars sends expressions along
        from pyspark import SparkContext
        from pyspark.sql import SparkSession
        from pyspark.sql.utils import is_remote
    except ImportError as error:
        raise UsageError(
            "--engine spark needs PySpark, which is not installed.",
            "Install it: pip install 'retainkit[spark]'",
        ) from error
    if is_remote():
        raise UsageError(
            "--engine spark cannot run through Spark Connect.",
            "Run it where the driver is: with spark-submit, or in a notebook of the cluster.",
        )
    context = SparkContext._active_spark_context
    if context is None:
        return None
    if master not in (None, context.master):
        raise UsageError(
            f"--spark-master: this program has a Spark session at '{context.master}' already.",
            "Leave --spark-master out to use it, or stop it first.",
        )
    return SparkSession(context).newSession()


@contextmanager
def _own(master: str) -> Iterator[SparkSession]:
    """Yield a new session, and stop it."""
    from pyspark import SparkConf

    conf = SparkConf().setAppName("retainkit").setMaster(master)
    conf.setIfMissing("spark.executorEnv.POLARS_MAX_THREADS", "1")  # a task has one core
    if master.startswith("local"):
        conf.setIfMissing("spark.ui.enabled", "false")
    for name, value in _QUIET.items():
        conf.setIfMissing(name, value)
    with tempfile.TemporaryFile() as said, _same_python(master), _same_interrupt():
        spark = _started(conf, said)
        try:
            yield spark
        finally:
            spark.stop()


def _started(conf: SparkConf, said: BinaryIO) -> SparkSession:
    """Start Spark; what Java says goes to `said`. Raises InputError with the reason it gives."""
    from py4j.protocol import Py4JError
    from pyspark import SparkContext
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    _check_java()
    try:
        gateway = SparkContext._gateway
        if gateway is None:
            # Java has much to say when it starts, none of it about the data.
            gateway = launch_gateway(conf, {"stdout": said, "stderr": said})  # type: ignore[no-untyped-call]
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except (PySparkException, Py4JError) as error:
        said.seek(0)
        spoken = said.read().decode(errors="replace")
        raise InputError(
            f"Spark does not start at '{conf.get('spark.master')}': {_reason(spoken, str(error))}.",
            "Check --spark-master, and that the cluster answers. Spark 4 needs Java 17 or later.",
        ) from error


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        raise InputError(
            f"--engine spark needs Java, and there is none{f' in {home}' if home else ''}.",
            "Install Java 17 or later, or let JAVA_HOME name the folder it is in.",
        )


def _reason(spoken: str, raised: str) -> str:
    """Return why Spark did not start: the last exception that Java told of, or was raised."""
    if "stopped SparkContext" in raised:
        return "nothing answers there"
    for text in (spoken, raised):
        lines = [line.strip() for line in text.splitlines()]
        told = [line for line in lines if _EXCEPTION.search(line) and not line.startswith("at ")]
        if told:
            return _EXCEPTION.split(told[-1])[-1].rstrip(".")
    return raised.partition("\n")[0].rstrip(".")


@contextmanager
def _same_python(master: str) -> Iterator[None]:
    """Have tasks on this machine run by this interpreter, which has all that is needed."""
    before = os.environ.get(_PYTHON)
    if master.startswith("local"):
        os.environ[_PYTHON] = sys.executable
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_PYTHON, None)
        else:
            os.environ[_PYTHON] = before


@contextmanager
def _same_interrupt() -> Iterator[None]:
    """Leave Ctrl-C as it was: PySpark makes it stop the running job, and keeps it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Keep to ourselves what PySpark says of the versions of pandas and of deprecated settings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
