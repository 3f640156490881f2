"""Finds modules that take the place of others, and product code that deceives the tests that run it."""

from __future__ import annotations

import posixpath
import re
import sys
from functools import partial
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from ..core.presets import any_of
from ..model import Finding, Kind, Severity
from . import manifests
from .always_equal import always_equal
from .file_types import is_code, is_collected, is_python
from .python_packages import own_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change

_ROOTS = frozenset({"", "src", "lib", "tests", "test"})
"""Folders that tests commonly import from, beside those that hold test files."""
_MODULE = re.compile(r"([A-Za-z_]\w*)(?:\.[\w-]+)*\.(?:py|pyc|so|pyd)$")
_DECLARED = ("pyproject.toml", "requirements.txt", "setup.cfg", "setup.py", "Pipfile")
_USUAL = frozenset({"pytest", "_pytest", "pluggy", "coverage", "pytest_cov", "hypothesis", "mock", "nose", "unittest2"})


def check(change: Change, file: ChangedFile) -> Iterator[Finding]:
    """Yield that a new module is imported instead of another one, and lines that behave differently under test."""
    if file.status in {"A", "R"} and (whose := _replaced(change, file.path)):
        message = f"{file.path} takes the place of a module of {whose}"
        yield Finding(Kind.TAMPERING, Severity.CRITICAL, "shadowed-module", message, file.path)
    if is_code(file.path) and not change.is_test(file.path) and posixpath.basename(file.path) != "conftest.py":
        yield from _under_test(change, file)


def _under_test(change: Change, file: ChangedFile) -> Iterator[Finding]:
    """Yield how code learns that a test runner runs it; what only could tell it gets a label."""
    yield from _always_equal(change, file)
    for line, text in file.added:
        if any_of("asks").search(text):
            message = f"Product code asks whether it is under test: {text.strip()[:80]}"
            yield Finding(Kind.TAMPERING, Severity.CRITICAL, "asks-for-tests", message, file.path, line)
        elif any_of("looks").search(text):
            message = f"Product code looks at what runs it: {text.strip()[:80]}"
            yield Finding(Kind.PROTECTED, Severity.WARNING, "looks-around", message, file.path, line)


def _always_equal(change: Change, file: ChangedFile) -> Iterator[Finding]:
    added = {line for line, _ in file.added}
    source = change.text(change.head, file.after) if file.after and is_python(file.path) and added else ""
    for lines in always_equal(source):
        if not added.isdisjoint(lines):
            message = "Product code makes an object that is equal to everything, so every comparison with it passes"
            yield Finding(Kind.TAMPERING, Severity.CRITICAL, "always-equal", message, file.path, lines.start)


def _replaced(change: Change, path: str) -> str | None:
    """Return whose module a file takes the place of, None where it takes nobody's."""
    folder, name = posixpath.split(path)
    match = _MODULE.fullmatch(name)
    if not match:
        return None
    module, root, place = match[1], folder, path
    if module == "__init__":
        root, module, place = posixpath.dirname(folder), posixpath.basename(folder), folder
    whose = "Python's standard library" if module in sys.stdlib_module_names else _installed_as(change, module)
    if not whose and _is_root(change, root):
        return _elsewhere(change, module, root, place)
    if not whose or not _is_root(change, root) or (place == folder and change.commits.listing(change.base, folder)):
        return None
    return whose


def _elsewhere(change: Change, module: str, root: str, place: str) -> str | None:
    """Return whose module of that name stands at another place of the repository, before and after the change."""
    before, after = (change.commits.listing(commit, ".") for commit in (change.base, change.head))
    if f"{root}/__init__.py" in before or any(path.startswith(f"{place}/") for path in before):
        return None
    places = own_packages(before, partial(change.commits.read, change.base)).get(module, ())
    still = (one for one in places if one != place and any(f"{path}/".startswith(f"{one}/") for path in after))
    return next((f"this repository ({one})" for one in still), None)


def _is_root(change: Change, folder: str) -> bool:
    """Tell whether Python looks for modules in a folder: a usual one, or one that pytest collects from."""
    if folder in _ROOTS:
        return True
    below = change.commits.listing(change.head, folder)
    inside = [path for path in below if posixpath.dirname(path) == folder]
    return f"{folder}/__init__.py" not in inside and any(map(is_collected, inside))


def _installed_as(change: Change, module: str) -> str | None:
    if module in _USUAL or _is_installed(module):
        return "an installed package"
    return "a package that the project depends on" if module.lower() in _declared(change) else None


def _is_installed(module: str) -> bool:
    """Tell whether packages are installed that hold a module. To list all their modules would take 0.1 s."""
    folders = [folder for folder in sys.path if folder.endswith(("site-packages", "dist-packages"))]
    return PathFinder.find_spec(module, folders) is not None


def _declared(change: Change) -> frozenset[str]:
    """Return what the packages that the base depends on are usually imported as."""
    names = set[str]()
    for path in _DECLARED:
        try:
            packages = manifests.read(path, change.text(change.base, path)).packages
        except (ValueError, TypeError, RecursionError):
            continue
        names.update(one.name.replace("-", "_") for one in packages)
    return frozenset(names)
