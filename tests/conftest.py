"""Settings of every test: generated cases have no deadline, and CI repeats them exactly."""

import os

from hypothesis import settings

settings.register_profile(
    "retainkit", deadline=None, derandomize="CI" in os.environ, print_blob=True
)
settings.load_profile("retainkit")
