"""Reads how the migrations of a Django application follow one another."""

from __future__ import annotations

import ast
import posixpath
import re
from typing import TYPE_CHECKING

from .revision import Revision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..change import Change

_LABEL = re.compile(r"^\s+label\s*=\s*['\"](\w+)['\"]", re.MULTILINE)


def revisions(change: Change, commit: str, folder: str) -> list[Revision]:
    """Return the migrations of an application in a commit, by path. A file that declares none is not among them."""
    application = posixpath.dirname(folder)
    configured = _LABEL.findall(change.text(commit, f"{application}/apps.py"))
    labels = {posixpath.basename(application), posixpath.basename(folder), *configured}
    paths = sorted(path for path in change.commits.listing(commit, folder) if posixpath.dirname(path) == folder)
    return [one for path in paths if (one := _revision(path, change.commits.read(commit, path) or b"", labels))]


def _revision(path: str, source: bytes, labels: set[str]) -> Revision | None:
    """Read `dependencies` and `replaces` from the source, without running it."""
    if not path.endswith(".py"):
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None  # its tests fail to start
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    declared = next((node for node in classes if node.name == "Migration"), None)
    if declared is None:
        return None
    named = {kind: tuple(_listed(declared, kind, labels)) for kind in ("dependencies", "replaces")}
    stem = posixpath.basename(path).removesuffix(".py")
    return Revision(path, stem, named["dependencies"], named["replaces"])


def _listed(declared: ast.ClassDef, name: str, labels: set[str]) -> Iterator[str]:
    """Yield the migrations of the same application that a list names, as `("shop", "0001_initial")` does."""
    for node in declared.body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            for part in ast.walk(node.value):
                match part:
                    case ast.Tuple(elts=[ast.Constant(value=label), ast.Constant(value=str(stem))]) if label in labels:
                        yield stem
