"""Reads the versions that migrations have in their names, as for Flyway, golang-migrate, dbmate and Rails."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .locate import FOLDERS, tool_of
from .revision import Revision

if TYPE_CHECKING:
    from ..change import Change

_FLYWAY = re.compile(r"V(\d+(?:[._]\d+)*)__.*\.sql$")
_NUMBER = re.compile(r"(?!\d{4}[-_.]\d\d[-_.]\d\d)(\d+(?:\.\d+)*)(?:[_.-].*)?(?<!_test)\.(?:sql|rb|exs|go)$")
"""A date that is written with signs between its numbers orders files, and several may have one."""


_RECURSIVE = re.compile(r"V\d+(?:[._]\d+)*__.*\.sql|.*\.(?:rb|exs)")
"""Files of Flyway, Rails and Ecto, which read folders below their own too."""
_LOCATIONS = FOLDERS | {"h2", "mariadb", "mssql", "mysql", "oracle", "postgres", "postgresql", "sqlite", "sqlserver"}
"""Folders that these read by themselves. Of those that are called as a database Flyway reads one."""


def home(path: str, apart: frozenset[str]) -> str:
    """Return the folder whose migrations share their versions with a file. `apart` are those on their own."""
    folder = posixpath.dirname(path)
    if not _RECURSIVE.fullmatch(posixpath.basename(path)):
        return folder
    above = (str(parent) for parent in PurePosixPath(path).parents)
    return next((one for one in above if one in apart or posixpath.basename(one).lower() in _LOCATIONS), folder)


def apart(change: Change) -> frozenset[str]:
    """Return the folders that share a version with another one at the base: each has a history of its own."""
    places = defaultdict[tuple[str, tuple[int, ...]], set[str]](set)
    for path in change.commits.listing(change.base, "."):
        name = posixpath.basename(path)
        if _RECURSIVE.fullmatch(name) and (numbers := version(name)):
            places[home(path, frozenset()), numbers].add(posixpath.dirname(path))
    return frozenset[str]().union(*(folders for folders in places.values() if len(folders) > 1))


def revisions(change: Change, commit: str, folder: str) -> list[Revision]:
    """Return the migrations of a folder that have a version, by path. No two may share one."""
    alone = apart(change)
    paths = sorted(path for path in change.commits.listing(commit, folder) if home(path, alone) == folder)
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
