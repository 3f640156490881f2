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
_NUMBER = re.compile(r"(\d+)[_.-].*\.(?:sql|rb|exs|go)$")


def revisions(change: Change, commit: str, folder: str) -> list[Revision]:
    """Return the migrations of a folder that have a version, by path. No two may share one."""
    paths = sorted(path for path in change.commits.listing(commit, folder) if posixpath.dirname(path) == folder)
    versions = ((path, _version(posixpath.basename(path))) for path in paths)
    return [
        Revision(path, version, is_linked=False)
        for path, version in versions
        if version and tool_of(path, "", ()) is not None
    ]


def _version(name: str) -> str | None:
    """Return a version as its tool compares it: by numbers, of which the last may be zero."""
    match = _FLYWAY.match(name) or _NUMBER.match(name)
    if match is None:
        return None
    numbers = [str(int(part)) for part in re.split(r"[._]", match[1])]
    while len(numbers) > 1 and numbers[-1] == "0":
        numbers.pop()
    return ".".join(numbers)
