"""Settings of every test: generated cases have no deadline, and CI repeats them exactly.

No CI system is told of what is checked here, wherever the tests run.
"""

import os

from hypothesis import settings

settings.register_profile(
    "retainkit", deadline=None, derandomize="CI" in os.environ, print_blob=True, max_examples=50
)
settings.load_profile("retainkit")

for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
    os.environ.pop(name, None)
