"""Reads how Alembic's revisions follow one another, and finds where they no longer form one line."""

from __future__ import annotations

import ast
import posixpath
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..change import Change


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revision file says of itself; `id` is None where that cannot be read without running the file."""

    path: str
    id: str | None
    parents: tuple[str, ...] = ()


def check(change: Change, folder: str) -> Iterator[Finding]:
    """Compare the revisions of a folder at base and head. More heads than before, and than one, is a finding."""
    before, after = revisions(change, change.base, folder), revisions(change, change.head, folder)
    for revision in after:
        if revision.id is None and revision not in before:
            yield _fork("unreadable", f"The revision id of {revision.path} is not a plain string", revision.path)
    ids = Counter(revision.id for revision in after if revision.id)
    for id_, count in sorted(ids.items()):
        if count > 1:
            paths = [revision.path for revision in after if revision.id == id_]
            yield _fork("duplicate", f'Revision "{id_}" is in {count} files: {", ".join(paths)}', paths[-1])
    heads = _heads(after)
    if len(heads) > max(1, len(_heads(before))):
        names = ", ".join(f'"{head.id}"' for head in heads)
        yield _fork("heads", f"{len(heads)} migration heads: {names}", heads[-1].path)


def _fork(rule: str, message: str, path: str) -> Finding:
    return Finding(Kind.MIGRATION_HEADS, Severity.CRITICAL, rule, message, path)


def _heads(revisions: Iterable[Revision]) -> list[Revision]:
    """Return the revisions that no other builds on, by id."""
    known = [revision for revision in revisions if revision.id]
    parents = {parent for revision in known for parent in revision.parents}
    return sorted(
        (revision for revision in known if revision.id not in parents), key=lambda one: (one.id or "", one.path)
    )


def revisions(change: Change, commit: str, folder: str) -> list[Revision]:
    """Return the revisions of a folder in a commit, by path."""
    paths = sorted(path for path in change.commits.listing(commit, folder) if _is_revision(path))
    return [_revision(path, change.commits.read(commit, path) or b"") for path in paths]


def in_order(revisions: list[Revision]) -> list[Revision]:
    """Return the revisions so that each comes after those it builds on."""
    waiting, ordered, done = list(revisions), list[Revision](), set[str]()
    known = {revision.id for revision in revisions}
    while waiting:
        ready = [one for one in waiting if all(parent in done or parent not in known for parent in one.parents)]
        ordered += ready or waiting
        done |= {one.id for one in ordered if one.id}
        waiting = [one for one in waiting if one not in ordered]
    return ordered


def _is_revision(path: str) -> bool:
    return path.endswith(".py") and posixpath.basename(path) not in {"__init__.py", "env.py"}


def _revision(path: str, source: bytes) -> Revision:
    """Read `revision` and `down_revision` from the source, without running it."""
    try:
        assigned = dict(_assignments(ast.parse(source)))
        parents = assigned.get("down_revision")
        below = (parents,) if isinstance(parents, str) else tuple(parents or ())
        return Revision(path, str(assigned["revision"]), below)
    except (SyntaxError, ValueError, KeyError, TypeError, RecursionError):
        return Revision(path, None)


def _assignments(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else (node.target,):
                if isinstance(target, ast.Name) and target.id in {"revision", "down_revision"}:
                    yield target.id, ast.literal_eval(node.value)
