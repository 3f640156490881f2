"""Finds tests that were deleted, skipped or weakened, and edits of test, lint and CI configuration."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity
from . import shadowing, steering, suppressions, test_patterns
from .file_types import is_collected, is_python
from .test_functions import Test, read, renamed_tests
from .tool_tables import READERS, differing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model.change import ChangedFile
    from .change import Change


def check(change: Change) -> Iterator[Finding]:
    """Yield what makes the tests, the linters, the CI or reviewers see less than they did at the base."""
    fresh, other = _fresh(change), test_patterns.names_that_come(change)
    started = steering.started(change)
    for file in change.files:
        if PurePosixPath(file.path).name in READERS:
            yield from _tables(change, file)
        elif steering.decides(file):
            pass  # told below, whatever it holds
        elif change.is_test(file.before or file.path) and (file.status == "D" or not file.path.endswith(".rs")):
            yield from _tests(change, file, fresh, other)
        else:
            yield from test_patterns.inline(change, file)
        yield from steering.check(change, file, started)
        yield from suppressions.check(file)
        yield from shadowing.check(change, file)


def _tables(change: Change, file: ChangedFile) -> Iterator[Finding]:
    if file.path in change.issue.paths.allow:
        return
    name = PurePosixPath(file.path).name
    try:
        tables = differing(name, *change.texts(file), steering.words(change))
    except (ValueError, RecursionError):
        yield _finding("configuration", f"{file.path} cannot be read as configuration", file.path)
        return
    for table in tables:
        yield _finding("configuration", f"Test or lint configuration changed: {table} in {file.path}", file.path)


def _tests(
    change: Change, file: ChangedFile, fresh: Mapping[str, list[Test]], other: frozenset[str]
) -> Iterator[Finding]:
    if not is_python(file.before or file.path):
        yield from test_patterns.check(file, other)
        return
    old, new = _both(change, file)
    if new is None:
        yield _finding("unreadable-tests", f"Test file no longer parses: {file.path}", file.path)
        return
    old = old or {}
    renamed = renamed_tests(old, new)
    yield from (_renamed(file, *names) for names in renamed.items())
    lost = [name for name in old if name and name not in new and name not in renamed]
    gone = [name for name in lost if not _is_moved(old[name], fresh.get(name))]
    if gone and not any(new):
        yield _finding("deleted-tests", f"Tests deleted: {file.before} held {_tests_of(len(gone))}", file.path)
    else:
        yield from (_finding("removed-test", f"Test removed: {name}", file.path) for name in gone)
    for name, test in new.items():
        yield from _weakened(file, name, old.get(name), test, fresh)


def _renamed(file: ChangedFile, before: str, after: str) -> Finding:
    return Finding(Kind.PROTECTED, Severity.WARNING, "renamed-test", f"Test renamed: {before} to {after}", file.path)


def _tests_of(count: int) -> str:
    return "1 test" if count == 1 else f"{count} tests"


def _both(change: Change, file: ChangedFile) -> tuple[dict[str, Test] | None, dict[str, Test] | None]:
    """Return the tests at the base and at the head; a file renamed so that pytest passes it by holds none."""
    before, after = change.texts(file)
    if file.before and file.after and is_collected(file.before) and not is_collected(file.after):
        after = ""
    return read(before), read(after)


def _weakened(
    file: ChangedFile, name: str, old: Test | None, new: Test, fresh: Mapping[str, list[Test]]
) -> Iterator[Finding]:
    known = len(old.skips) if old else 0
    for line in [line for line, has_condition in new.skips[known:] if old or not has_condition]:
        yield _finding("skipped-test", f"Skip or xfail added: {name or 'outside of a test function'}", file.path, line)
    if name and old and new.asserts < old.asserts and new.asserts + _carried(old, new, fresh) < old.asserts:
        message = f"Assertions removed: {name} had {old.asserts}, has {new.asserts}"
        yield _finding("fewer-assertions", message, file.path, new.line)


def _carried(old: Test, new: Test, fresh: Mapping[str, list[Test]]) -> int:
    """Return how many assertions went from a test into one that is new: the same claim about the same values."""
    brought = frozenset[str]().union(*(test.claims() for tests in fresh.values() for test in tests))
    return len((old.claims() - new.claims()) & brought)


def _is_moved(test: Test, fresh: list[Test] | None) -> bool:
    """Return whether a test of that name is new in another file, and asserts as much."""
    return any(one.asserts >= test.asserts for one in fresh or ())


def _fresh(change: Change) -> dict[str, list[Test]]:
    """Return the tests that are new in their file, by name: one that only moved between files is not removed."""
    fresh: dict[str, list[Test]] = {}
    for file in change.files:
        if file.after and is_collected(file.after):
            old, new = _both(change, file)
            for name, test in (new or {}).items():
                if name not in (old or {}):
                    fresh.setdefault(name, []).append(test)
    return fresh


def _finding(rule: str, message: str, path: str, line: int | None = None) -> Finding:
    return Finding(Kind.TAMPERING, Severity.CRITICAL, rule, message, path, line)
