"""Finds where the migrations of a folder no longer form one line: two follow the same one, or two have one version."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from ...model import Finding, Kind, Severity
from . import alembic_history, django_history, numbered_files
from .locate import Tool, alembic_folders, alembic_histories, may_be, revisions_folder, tool_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..change import Change
    from .revision import Revision


class Line(NamedTuple):
    """The migrations of folders that one tool reads together: several of Alembic's, else one and those below it."""

    folders: tuple[str, ...]
    tool: Tool

    def holds(self, path: str) -> bool:
        """Return whether a file is below one of the folders."""
        return any(path.startswith(f"{folder}/") for folder in self.folders)


def lines(change: Change, migrations: Iterable[tuple[str, Tool]]) -> list[Line]:
    """Return the lines that migrations belong to. SQL and code in one folder share their versions."""
    alembic, apart = _alembic_lines(change), numbered_files.apart(change)
    known = alembic_folders(change)
    seen = set[Line]()
    for path, tool in migrations:
        folder = revisions_folder(path, known) if tool is Tool.ALEMBIC else posixpath.dirname(path)
        if tool is Tool.ALEMBIC:
            seen.add(Line(alembic.get(folder, (folder,)), tool))
        else:
            shared = tool in {Tool.SQL, Tool.CODE}
            seen.add(Line((numbered_files.home(path, apart) if shared else folder,), Tool.SQL if shared else tool))
    return sorted(seen)


def of_paths(change: Change, paths: Iterable[str]) -> list[Line]:
    """Return the lines that files belong to which the change leaves there."""
    folders = alembic_folders(change)
    texts = ((path, change.text(change.head, path)) for path in paths if may_be(path))
    tools = ((path, tool_of(change, path, text, folders)) for path, text in texts)
    return lines(change, ((path, tool) for path, tool in tools if tool))


def _alembic_lines(change: Change) -> dict[str, tuple[str, ...]]:
    """Return for each of Alembic's folders those whose revisions follow one another with its own, at base or head.

    A folder of the same configuration with a history of its own is a line of its own.
    """
    parts = dict[str, frozenset[str]]()
    for folders in alembic_histories(change):
        ids = {folder: _ids(change, folder) for folder in sorted(folders)} if len(folders) > 1 else {}
        for one, other in combinations(ids, 2):
            if ids[one][0] & (ids[other][0] | ids[other][1]) or ids[one][1] & ids[other][0]:
                joined = parts.get(one, frozenset({one})) | parts.get(other, frozenset({other}))
                parts.update(dict.fromkeys(joined, joined))
    return {folder: tuple(sorted(joined)) for folder, joined in parts.items()}


def _ids(change: Change, folder: str) -> tuple[set[str], set[str]]:
    """Return the revisions of a folder at base and head, and those that they build on."""
    read = [one for commit in (change.base, change.head) for one in alembic_history.revisions(change, commit, folder)]
    return {one.id for one in read if one.id}, {parent for one in read for parent in one.parents}


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
        read = (one for folder in line.folders for one in alembic_history.revisions(change, commit, folder))
        return sorted(dict.fromkeys(read), key=lambda one: one.path)
    if line.tool is Tool.DJANGO:
        return django_history.revisions(change, commit, line.folders[0])
    return numbered_files.revisions(change, commit, line.folders[0]) if line.tool is Tool.SQL else []


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
