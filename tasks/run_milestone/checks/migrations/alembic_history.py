"""Reads how Alembic's revisions follow one another."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING, Any

from .revision import Revision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..change import Change


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
