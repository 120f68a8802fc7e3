"""Where and with what a run computes: it changes the time it takes, never a number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retainkit.choices import Engine
from retainkit.errors import UsageError, check_choice, check_kinds

ENGINES: tuple[Engine, ...] = ("local", "spark")


@dataclass(frozen=True)
class EngineOptions:
    """engine: this machine, or Spark at `spark_master` (by default this machine's cores).

    memory: how much a local run may take, like "2GB"; by default half of the machine. temp_dir:
    where rows go that memory has no room for; by default the system's temporary folder.
    """

    engine: Engine = "local"
    spark_master: str | None = None
    memory: str | None = None
    temp_dir: str | Path | None = None

    def __post_init__(self) -> None:
        check_kinds(self)
        check_choice("--engine", self.engine, ENGINES)
        if self.spark_master is not None and self.engine != "spark":
            raise UsageError("--spark-master means something with --engine spark only.")
        if self.engine == "spark" and (self.memory or self.temp_dir):
            raise UsageError(
                "--memory and --temp-dir are for --engine local.",
                "Spark has settings of its own: spark.executor.memory, spark.local.dir.",
            )
        if self.temp_dir is not None and not Path(self.temp_dir).is_dir():
            raise UsageError(f"--temp-dir: there is no folder '{self.temp_dir}'.")
