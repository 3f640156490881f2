"""Reads how the migrations of a Django application follow one another."""

from __future__ import annotations

import ast
import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from .revision import Revision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..change import Change

Names = list[tuple[str, str]]
"""Labels of applications and names of migrations, as Django writes them."""


class Declared(NamedTuple):
    """The other migrations that one names: it runs after some, instead of some, and before some."""

    dependencies: Names
    replaces: Names
    run_before: Names


_LABEL = re.compile(r"^\s+label\s*=\s*['\"](\w+)['\"]", re.MULTILINE)


def revisions(change: Change, commit: str, folder: str) -> list[Revision]:
    """Return the migrations of an application in a commit, by path. A file that declares none is not among them."""
    application = posixpath.dirname(folder)
    configured = _LABEL.findall(change.text(commit, f"{application}/apps.py"))
    paths = sorted(path for path in change.commits.listing(commit, folder) if posixpath.dirname(path) == folder)
    declared = {path: names for path in paths if (names := _declared(path, change.commits.read(commit, path) or b""))}
    labels = _labels(declared, {posixpath.basename(application), posixpath.basename(folder), *configured})
    earlier = {(stem, _stem(path)) for path, one in declared.items() for stem in _in(labels, one.run_before)}
    return [
        Revision(
            path,
            _stem(path),
            (*_in(labels, one.dependencies), *sorted(before for stem, before in earlier if stem == _stem(path))),
            _in(labels, one.replaces),
        )
        for path, one in declared.items()
    ]


def _in(labels: set[str], names: Names) -> tuple[str, ...]:
    """Return the migrations of the application that is called so."""
    return tuple(stem for label, stem in names if label in labels)


def _labels(declared: Mapping[str, Declared], usual: set[str]) -> set[str]:
    """Return what the application is called: as usual, else as most of its migrations are called by one another."""
    stems = set(map(_stem, declared))
    named = dict.fromkeys(name for one in declared.values() for name in one.dependencies if name[1] in stems)
    called = Counter(label for label, _ in named)
    return usual if usual.intersection(called) else {*usual, *(label for label, _ in called.most_common(1))}


def _declared(path: str, source: bytes) -> Declared | None:
    """Read what a migration names from the source, without running it."""
    if not path.endswith(".py"):
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None  # its tests fail to start
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    migration = next((node for node in classes if node.name == "Migration"), None)
    return Declared(*(_listed(migration, name) for name in Declared._fields)) if migration else None


def _listed(migration: ast.ClassDef, name: str) -> Names:
    """Return the applications and migrations that a list names, as `("shop", "0001_initial")` does."""
    assigned = (node for node in migration.body if isinstance(node, (ast.Assign, ast.AnnAssign)))
    values = [node.value for node in assigned if name in map(ast.unparse, _targets(node)) and node.value]
    pairs = (part.elts for value in values for part in ast.walk(value) if isinstance(part, ast.Tuple))
    texts = ([one.value for one in pair if isinstance(one, ast.Constant)] for pair in pairs if len(pair) == 2)
    return [(str(pair[0]), str(pair[1])) for pair in texts if len(pair) == 2]


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _stem(path: str) -> str:
    return posixpath.basename(path).removesuffix(".py")
