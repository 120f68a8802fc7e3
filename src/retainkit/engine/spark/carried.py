"""Errors of tasks: they cross from an executor to the driver as text, and are themselves again."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from retainkit.errors import InputError, RetainkitError
from retainkit.sources.faults import FAULTS, not_computed

Item = TypeVar("Item")
Given = ParamSpec("Given")

_MARK = "retainkit-error:"
_MARKED = re.compile(rf"{_MARK}(\[.*?\]){_MARK}")
_UNSEEN = ("FileNotFoundException", "FILE_NOT_EXIST", "PATH_NOT_FOUND", "does not exist")
_KINDS: dict[str, type[RetainkitError]] = {
    kind.__name__: kind for kind in RetainkitError.__subclasses__()
}


class TaskError(Exception):
    """What a task raises: a RetainkitError as text, to be found in whatever Spark makes of it."""

    def __init__(self, error: RetainkitError) -> None:
        told = json.dumps([type(error).__name__, error.message, error.hint])
        super().__init__(f"{_MARK}{told}{_MARK}")


def carrying(
    work: Callable[Given, Iterator[Item]],
) -> Callable[Given, Iterator[Item]]:
    """Return a task's generator whose errors can be told by `told`."""

    @functools.wraps(work)
    def safe(*args: Given.args, **kwargs: Given.kwargs) -> Iterator[Item]:
        try:
            yield from work(*args, **kwargs)
        except RetainkitError as error:
            raise TaskError(error) from None
        except FAULTS as error:
            found = not_computed(error)
            if found is None:
                raise
            raise TaskError(found) from None

    return safe


@contextmanager
def told() -> Iterator[None]:
    """Turn what Spark raises into a RetainkitError: that of the task, where it was one.

    Ctrl-C stays what it is, although Spark, whose job it stops, raises an error of its own.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors.exceptions.captured import CapturedException

    try:
        yield
    except (CapturedException, Py4JError) as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise _meaning(str(error)) from error


def _meaning(text: str) -> RetainkitError:
    if match := _MARKED.search(text):
        kind, message, hint = json.loads(match[1])
        return _KINDS[kind](message, hint)
    if any(sign in text for sign in _UNSEEN):
        return InputError(
            "Spark's executors do not see the files that are read.",
            "Put them where every machine has them under the same path, such as a shared disk.",
        )
    if "ModuleNotFoundError" in text or "No module named" in text:
        return InputError(
            "Spark's executors lack a Python package: retainkit, or what it needs.",
            "Install retainkit on them, or send an environment along: see docs/scale.md.",
        )
    causes = [line for line in text.splitlines() if line.startswith("Caused by:")]
    cause = (causes or text.splitlines() or ["no reason given"])[-1 if causes else 0]
    return InputError(
        f"Spark gave up: {cause.removeprefix('Caused by:').strip()}", "Its own log has more."
    )
