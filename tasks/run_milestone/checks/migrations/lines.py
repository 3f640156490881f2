"""Finds where the migrations of a folder no longer form one line: two follow the same one, or two have one version."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ...model import Finding, Kind, Severity
from . import alembic_history, django_history, numbered_files
from .locate import Tool, alembic_folders, may_be, revisions_folder, tool_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..change import Change
    from .revision import Revision


class Line(NamedTuple):
    """The migrations of a folder that one tool reads."""

    folder: str
    tool: Tool


def line_of(path: str, tool: Tool, alembic: tuple[str, ...]) -> Line:
    """Return the line that a migration belongs to. Alembic's folders may have folders in them.

    SQL and code in one folder share their versions.
    """
    folder = revisions_folder(path, alembic) if tool is Tool.ALEMBIC else posixpath.dirname(path)
    return Line(folder, Tool.SQL if tool is Tool.CODE else tool)


def lines(change: Change, paths: Iterable[str]) -> list[Line]:
    """Return the lines that files belong to which the change leaves there."""
    folders = alembic_folders(change)
    texts = ((path, change.text(change.head, path)) for path in paths if may_be(path))
    tools = ((path, tool_of(change, path, text, folders)) for path, text in texts)
    return sorted({line_of(path, tool, folders) for path, tool in tools if tool})


def check(change: Change, line: Line) -> Iterator[Finding]:
    """Compare a line at base and head. A version in more files than before, or more heads than one, is a finding."""
    before, after = (_revisions(change, commit, line) for commit in (change.base, change.head))
    for revision in after:
        if revision.id is None and revision not in before:
            yield _fork("unreadable", f"The revision id of {revision.path} is not a plain string", revision.path)
    known = _by_id(before)
    for id_, paths in sorted(_by_id(after).items()):
        if len(paths) > max(1, len(known.get(id_, ()))):
            yield _fork("duplicate", f'Revision "{id_}" is in {len(paths)} files: {", ".join(paths)}', paths[-1])
    heads = _heads(after)
    if len(heads) > max(1, len(_heads(before))):
        names = ", ".join(f'"{head.id}"' for head in heads)
        yield _fork("heads", f"{len(heads)} migration heads: {names}", heads[-1].path)


def _revisions(change: Change, commit: str, line: Line) -> list[Revision]:
    if line.tool is Tool.ALEMBIC:
        return alembic_history.revisions(change, commit, line.folder)
    if line.tool is Tool.DJANGO:
        return django_history.revisions(change, commit, line.folder)
    return numbered_files.revisions(change, commit, line.folder) if line.tool is Tool.SQL else []


def _fork(rule: str, message: str, path: str) -> Finding:
    return Finding(Kind.MIGRATION_HEADS, Severity.CRITICAL, rule, message, path)


def _by_id(revisions: Iterable[Revision]) -> dict[str, list[str]]:
    """Return the files of each id."""
    paths = defaultdict[str, list[str]](list)
    for revision in revisions:
        if revision.id:
            paths[revision.id].append(revision.path)
    return paths


def _heads(revisions: Iterable[Revision]) -> list[Revision]:
    """Return the revisions that no other builds on, by id. One that replaces others stands in their place."""
    known = [revision for revision in revisions if revision.id and revision.is_linked]
    replaced = {name for revision in known for name in revision.replaces}
    above = defaultdict[str, set[str]](set)
    for revision in known:
        for parent in revision.parents:
            above[parent].add(str(revision.id))

    def is_head(revision: Revision) -> bool:
        names = {str(revision.id), *revision.replaces}
        return revision.id not in replaced and all(above[name] <= names for name in names)

    return sorted(filter(is_head, known), key=lambda one: (one.id or "", one.path))
