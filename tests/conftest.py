"""Settings of every test: generated cases have no deadline, and CI repeats them exactly.

No CI system is told of what is checked here, wherever the tests run.
"""

import os

import pytest
from hypothesis import settings

from cases import CASES, scaled

settings.register_profile(
    "retainkit", deadline=None, derandomize="CI" in os.environ, print_blob=True, max_examples=50
)
settings.load_profile("retainkit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try fewer, or more, cases of each law than it says; leave out what takes long."""
    seen = set()
    for item in items:
        if CASES < 1 and item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes long: make laws"))
        law = getattr(item, "obj", None)
        law = getattr(law, "__func__", law)
        said = getattr(law, "_hypothesis_internal_use_settings", None)
        if said is not None and law not in seen:
            seen.add(law)
            many = scaled(said.max_examples)
            law._hypothesis_internal_use_settings = settings(said, max_examples=many)


for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
    os.environ.pop(name, None)
