"""Reads how Alembic's revisions follow one another."""

from __future__ import annotations

import ast
import posixpath
from graphlib import CycleError, TopologicalSorter
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
    """Return the revisions so that each comes after those it builds on; as they are where they go in a circle."""
    known = {revision.id: revision for revision in revisions}
    below = {one: [known[parent] for parent in one.parents if parent in known] for one in revisions}
    try:
        return list(TopologicalSorter(below).static_order())
    except CycleError:
        return revisions


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
