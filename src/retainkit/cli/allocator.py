"""The C library's memory, kept between uses for as long as a command runs."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_KEPT = 1 << 30


def keep_freed_memory() -> None:
    """Tell glibc to use freed arrays again instead of returning them to the system.

    NumPy frees and takes arrays of some megabytes thousands of times; to get their pages from the
    system anew is a tenth of a large run. For a program of ours, not for a process we are a guest
    in. Does nothing where the C library is another.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_MMAP_THRESHOLD, _KEPT)
    mallopt(_M_TRIM_THRESHOLD, _KEPT)
