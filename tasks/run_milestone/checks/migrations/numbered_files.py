"""Reads the versions that migrations have in their names, as for Flyway, golang-migrate, dbmate and Rails."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from .locate import tool_of
from .revision import Revision

if TYPE_CHECKING:
    from ..change import Change

_FLYWAY = re.compile(r"V(\d+(?:[._]\d+)*)__.*\.sql$")
_NUMBER = re.compile(r"(?!\d{4}[-_.]\d\d[-_.]\d\d)(\d+(?:\.\d+)*)(?:[_.-].*)?(?<!_test)\.(?:sql|rb|exs|go)$")
"""A date that is written with signs between its numbers orders files, and several may have one."""


def revisions(change: Change, commit: str, folder: str) -> list[Revision]:
    """Return the migrations of a folder that have a version, by path. No two may share one."""
    paths = sorted(path for path in change.commits.listing(commit, folder) if posixpath.dirname(path) == folder)
    versions = ((path, version(posixpath.basename(path))) for path in paths)
    return [
        Revision(path, ".".join(map(str, numbers)), is_linked=False)
        for path, numbers in versions
        if numbers and tool_of(change, path, "", ()) is not None
    ]


def version(name: str) -> tuple[int, ...]:
    """Return the version in a file's name as its tool compares it, by numbers without zeros at the end; or nothing."""
    match = _FLYWAY.match(name) or _NUMBER.match(name)
    if match is None:
        return ()
    numbers = [int(part) for part in re.split(r"[._]", match[1])]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
