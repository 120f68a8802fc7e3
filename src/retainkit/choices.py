"""The words that options choose from, one type each; imports nothing heavy, so --help is quick."""

from __future__ import annotations

from typing import Literal

Period = Literal["hour", "day", "week", "month", "quarter", "year"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Literal["calendar", "elapsed"]
CohortMode = Literal["on", "within", "on-or-after", "every"]
CohortKind = Literal["first", "recurring"]
Measure = Literal["members", "amount", "orders"]
RetentionMode = Literal["on", "within", "on-or-after"]
RetentionCohort = Literal["day", "week", "month"]
ChurnDefinition = Literal["lifecycle", "inactivity", "leave"]
DatePeriod = Literal["day", "week", "month", "quarter", "year"]
FunnelOrder = Literal["ordered", "strict", "any"]
LtvModel = Literal["bg", "mbg"]
FunnelAttempt = Literal["best", "first"]
UndecidedAs = Literal["fail", "warn", "pass"]
CiSystem = Literal["auto", "none", "github", "gitlab"]
Format = Literal["table", "markdown", "html", "json", "csv", "parquet", "svg", "png"]
Engine = Literal["local", "spark"]
TableFormat = Literal["csv", "parquet"]
