"""Finds files that a git filter should have turned into something else, such as a pointer of Git LFS.

The run's git runs no filters, because a tree can say which. See gitattributes(5).
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..core.globs import matches
from ..model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

ATTRIBUTES = ".gitattributes"
_FILTER = re.compile(r"(?:^|\s)(?:filter=(?P<name>\S+)|[-!]filter)(?=\s|$)")
_REMEDY = "To keep it filtered, commit the file on the issue's branch with your own git, then `retry`."
_FILTERED = {"lfs": b"version https://git-lfs", "git-crypt": b"\0GITCRYPT\0"}
"""What a file begins with once its filter has run."""
_MEANING = {
    "lfs": "its bytes were committed and not a pointer of Git LFS",
    "git-crypt": "it was committed as plain text",
}


def check(change: Change) -> Iterator[Finding]:
    """Yield the added and changed files whose filter did not run."""
    files = [file for file in change.files if file.after]
    rules = _rules(change, {folder for file in files for folder in PurePosixPath(file.path).parents})
    for file in files if rules else ():
        name = next((name for patterns, name in reversed(rules) if matches(file.path, patterns)), None)
        if name and not _was_run(change, file, name):
            what = _MEANING.get(name, "it was committed as it was written")
            message = f"The git filter `{name}` was not run on {file.path}: {what}"
            yield Finding(Kind.TOOL, Severity.CRITICAL, "filter", message, file.path, detail=_REMEDY)


def _rules(change: Change, folders: set[PurePosixPath]) -> list[tuple[tuple[str], str | None]]:
    """Return the lines of the head's attributes that set or unset a filter, as (patterns, filter); the last counts."""
    rules = []
    for folder in sorted(folders, key=lambda folder: (len(folder.parts), folder)):
        for line in change.text(change.head, str(folder / ATTRIBUTES)).splitlines():
            pattern, *attributes = line.split(maxsplit=1) or [""]
            setting = _FILTER.search(attributes[0]) if attributes else None
            if setting:
                rules.append((_patterns(folder, pattern.strip('"')), setting["name"]))
    return rules


def _was_run(change: Change, file: ChangedFile, name: str) -> bool:
    start = _FILTERED.get(name)
    return start is not None and (change.commits.read(change.head, file.after or "") or b"").startswith(start)


def _patterns(folder: PurePosixPath, pattern: str) -> tuple[str]:
    below = pattern.lstrip("/") if "/" in pattern else f"**/{pattern}"
    return (str(folder / below),)
