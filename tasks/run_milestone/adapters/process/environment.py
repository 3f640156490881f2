"""Make the environment that a program starts with: a few variables of this process, and for untrusted ones a home."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PASSED = ("PATH", "LANG", "TZ", "VIRTUAL_ENV", "TMPDIR")


def trusted_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a trusted program."""
    return {**environment(), "HOME": os.path.expanduser("~"), **env}


@contextmanager
def temporary_home() -> Iterator[dict[str, str]]:
    """Make an empty home, and beside it a folder for temporary files. Returns the variables that name them.

    With a home below TMPDIR codex runs no command, and still ends with 0.
    """
    with tempfile.TemporaryDirectory(prefix="home-", ignore_cleanup_errors=True) as folder:
        places = {"HOME": os.path.join(folder, "home"), "TMPDIR": os.path.join(folder, "tmp")}
        for place in places.values():
            os.mkdir(place)
        yield places


def environment() -> dict[str, str]:
    """Return the part of this process's environment that every child gets."""
    passed = {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith("LC_")}
    passed["PATH"] = _absolute(passed.get("PATH", os.defpath))
    return {**passed, "TERM": "dumb"}


def _absolute(path: str) -> str:
    """Return PATH without relative folders: below a tree they would name the tree's own programs."""
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if folder.startswith("/")) or os.defpath
