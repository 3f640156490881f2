"""Finds tests that were deleted, skipped or weakened, and edits of test, lint and CI configuration."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..core.globs import matches
from ..model import Finding, Kind, Severity
from . import shadowing, steering, test_patterns
from .file_types import is_collected, is_python
from .steering import CONFIGURATION
from .tool_tables import READERS, differing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model.change import ChangedFile
    from .change import Change

_BARE = frozenset(
    {"skipif", "xfail", "importorskip", "skipIf", "skipUnless", "SkipTest", "expectedFailure", "__test__"}
)
_SKIPS = _BARE | {"skip", "skipTest"}
_MARKS = frozenset({"pytest.mark", "mark", "pytest", "unittest", "unittest.case", "self", "cls"})


@dataclass(slots=True)
class Test:
    """What one test function holds: assertions, and the lines of its skip and xfail markers."""

    line: int
    asserts: int = 0
    skips: list[int] = field(default_factory=list)
    body: ast.AST | None = None

    def claims(self) -> frozenset[str]:
        """Return each assertion as text, with the values of the names in it: equal texts claim the same."""
        nodes = list(ast.walk(self.body)) if self.body else []
        values: dict[str, list[str]] = {}
        for node in nodes:
            for target in node.targets if isinstance(node, ast.Assign) else ():
                if isinstance(node, ast.Assign) and isinstance(target, ast.Name):
                    values.setdefault(target.id, []).append(ast.unparse(node.value))
        return frozenset(_claim(node, values) for node in nodes if _is_assertion(node))


def check(change: Change) -> Iterator[Finding]:
    """Yield what makes the tests, the linters, the CI or reviewers see less than they did at the base."""
    fresh, other = _fresh(change), test_patterns.names_that_come(change)
    started = steering.started(change)
    for file in change.files:
        if PurePosixPath(file.path).name in READERS:
            yield from _tables(change, file)
        elif _is_configuration(file):
            yield from _configuration(change, file)
        elif change.is_test(file.before or file.path) and (file.status == "D" or not file.path.endswith(".rs")):
            yield from _tests(change, file, fresh, other)
        else:
            yield from test_patterns.inline(change, file)
        yield from steering.check(change, file, started)
        yield from shadowing.check(change, file)


def _is_configuration(file: ChangedFile) -> bool:
    return any(matches(path, CONFIGURATION) for path in (file.before, file.after) if path)


def _configuration(change: Change, file: ChangedFile) -> Iterator[Finding]:
    if file.path not in change.issue.paths.allow:
        verb = {"A": "added", "D": "deleted"}.get(file.status, "changed")
        yield _finding("configuration", f"Test, lint or CI configuration {verb}: {file.path}", file.path)


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
    gone = [name for name, test in old.items() if name and name not in new and not _is_moved(test, fresh.get(name))]
    if gone and not any(new):
        yield _finding("deleted-tests", f"Tests deleted: {file.before} held {_tests_of(len(gone))}", file.path)
    else:
        yield from (_finding("removed-test", f"Test removed: {name}", file.path) for name in gone)
    for name, test in new.items():
        yield from _weakened(file, name, old.get(name), test, fresh)


def _tests_of(count: int) -> str:
    return "1 test" if count == 1 else f"{count} tests"


def _both(change: Change, file: ChangedFile) -> tuple[dict[str, Test] | None, dict[str, Test] | None]:
    """Return the tests at the base and at the head; a file renamed so that pytest passes it by holds none."""
    before, after = change.texts(file)
    if file.before and file.after and is_collected(file.before) and not is_collected(file.after):
        after = ""
    return _read(before), _read(after)


def _weakened(
    file: ChangedFile, name: str, old: Test | None, new: Test, fresh: Mapping[str, list[Test]]
) -> Iterator[Finding]:
    known = len(old.skips) if old else 0
    for line in new.skips[known:]:
        yield _finding("skipped-test", f"Skip or xfail added: {name or 'outside of a test function'}", file.path, line)
    if name and old and new.asserts < old.asserts and new.asserts + _carried(old, new, fresh) < old.asserts:
        message = f"Assertions removed: {name} had {old.asserts}, has {new.asserts}"
        yield _finding("fewer-assertions", message, file.path, new.line)


def _carried(old: Test, new: Test, fresh: Mapping[str, list[Test]]) -> int:
    """Return how many assertions went from a test into one that is new: the same claim about the same values."""
    brought = frozenset[str]().union(*(test.claims() for tests in fresh.values() for test in tests))
    return len((old.claims() - new.claims()) & brought)


def _claim(node: ast.AST, values: Mapping[str, list[str]]) -> str:
    names = sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name)})
    return "\n".join((ast.unparse(node), *(value for name in names for value in values.get(name, ()))))


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


def _read(source: str) -> dict[str, Test] | None:
    """Return the tests of a module by qualified name, "" for all that is outside of one; None if it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    tests: dict[str, Test] = {"": Test(1)}
    _collect(tree, "", tests[""], tests)
    return tests


def _collect(node: ast.AST, prefix: str, test: Test, tests: dict[str, Test]) -> None:
    for child in ast.iter_child_nodes(node):
        inside, name = test, prefix
        if isinstance(child, ast.ClassDef):
            name = f"{prefix}{child.name}."
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and child.name.startswith("test"):
            inside = tests[f"{prefix}{child.name}"] = Test(child.lineno, body=child)
        if _is_skip(child):
            test.skips.append(getattr(child, "lineno", test.line))
        test.asserts += _is_assertion(child)
        _collect(child, name, inside, tests)


def _is_skip(node: ast.AST) -> bool:
    """Tell a marker (`pytest.mark.skip`), a call (`pytest.skip(…)`, `self.skipTest(…)`) or a bare imported name."""
    if isinstance(node, ast.Attribute):
        return node.attr in _SKIPS and ast.unparse(node.value) in _MARKS
    if isinstance(node, ast.Name):
        return node.id in _BARE
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "skip"


def _is_assertion(node: ast.AST) -> bool:
    """Tell what can fail: `assert x`, `self.assertEqual(…)`, `pytest.raises(…)`, `mock.assert_called()`."""
    if isinstance(node, ast.Assert):
        return not isinstance(node.test, ast.Constant)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name.startswith("assert") or name in {"raises", "warns", "fail"}


def _finding(rule: str, message: str, path: str, line: int | None = None) -> Finding:
    return Finding(Kind.TAMPERING, Severity.CRITICAL, rule, message, path, line)
