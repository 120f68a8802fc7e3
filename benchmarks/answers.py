"""The answers that the peers print as CSV, compared."""

from __future__ import annotations

import csv
import io
import sys

Answer = dict[tuple[str, ...], tuple[int, ...]]
KEYS = {
    "cohort": ("cohort", "age"),
    "retention": ("day", "mode"),
    "churn": ("period",),
    "funnel": ("step",),
    "orders": ("days",),
}
COUNTS = {
    "cohort": ("returned",),
    "retention": ("members", "mature", "returned"),
    "funnel": ("members",),
    "orders": ("mature", "repurchased"),
    "churn": ("active", "previous", "new", "retained", "resurrected", "churned"),
}


class Agreement:
    """Compares every answer to a question with the first one; a difference ends the run."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._first: str | None = None
        self.expected: Answer = {}

    def check(self, name: str, text: str) -> None:
        """Take the answer of `name`."""
        answer = parsed(self._question, text)
        if self._first is None:
            self._first, self.expected = name, answer
        elif answer != self.expected:
            sys.exit(f"{name} and {self._first} differ: {self._difference(answer)}")

    def _difference(self, answer: Answer) -> str:
        rows = self.expected.keys() | answer.keys()
        differing = [keys for keys in rows if self.expected.get(keys) != answer.get(keys)]
        first = min(differing)
        values = f"{answer.get(first)} and {self.expected.get(first)}"
        return f"{len(differing)} of {len(rows)} rows, {' '.join(first)} for one: {values}"


def parsed(question: str, text: str) -> Answer:
    """Return the counts of each row by its keys. A peer may leave out cells of nobody."""
    rows = list(csv.DictReader(io.StringIO(text)))
    answer = {
        tuple(row[key][:10] if key == "cohort" else row[key] for key in KEYS[question]): tuple(
            int(row[count]) for count in COUNTS[question]
        )
        for row in rows
    }
    if len(answer) < len(rows):
        raise ValueError(f"{len(rows) - len(answer)} rows with the keys of another")
    return {keys: counts for keys, counts in answer.items() if any(counts)}
