"""Reads Python tests: what each asserts and skips, and which of them a change only renames."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .live_assertions import can_fail, live_children, live_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile

_BARE = frozenset(
    {
        *("skipif", "xfail", "importorskip", "skipIf", "skipUnless", "SkipTest", "expectedFailure"),
        *("__test__", "collect_ignore"),
    }
)
_SKIPS = _BARE | {"skip", "skipTest"}
_MARKS = frozenset({"pytest.mark", "mark", "pytest", "unittest", "unittest.case", "self", "cls"})


@dataclass(slots=True)
class Test:
    """What one test function holds: assertions, and the lines of its skip and xfail markers."""

    line: int
    asserts: int = 0
    skips: list[tuple[int, bool]] = field(default_factory=list)
    """The lines of its markers, and whether each holds only under a condition."""
    body: ast.AST | None = None

    def claims(self) -> frozenset[str]:
        """Return each assertion as text, with the values of the names in it: equal texts claim the same."""
        nodes = list(live_nodes(self.body)) if self.body else []
        values: dict[str, list[str]] = {}
        for node in nodes:
            for target in node.targets if isinstance(node, ast.Assign) else ():
                if isinstance(node, ast.Assign) and isinstance(target, ast.Name):
                    values.setdefault(target.id, []).append(ast.unparse(node.value))
        return frozenset(_claim(node, values) for node in nodes if can_fail(node))


def read(source: str) -> dict[str, Test] | None:
    """Return the tests of a module by qualified name, "" for all that is outside of one; None if it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    tests: dict[str, Test] = {"": Test(1)}
    _collect(tree, "", tests[""], tests)
    return tests


def _collect(node: ast.AST, prefix: str, test: Test, tests: dict[str, Test], *, has_condition: bool = False) -> None:
    for child in live_children(node):
        inside, name, below = test, prefix, has_condition or _sets_condition(child)
        if isinstance(child, ast.ClassDef):
            name = f"{prefix}{child.name}."
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and child.name.startswith("test"):
            inside = tests[f"{prefix}{child.name}"] = Test(child.lineno, body=child)
            below = False
        elif isinstance(child, (ast.Assign, ast.Delete)):
            for gone in _named_anew(child):
                tests.pop(f"{prefix}{gone}", None)
        if _is_skip(child):
            test.skips.append((getattr(child, "lineno", test.line), has_condition))
        test.asserts += can_fail(child)
        _collect(child, name, inside, tests, has_condition=below)


def _sets_condition(node: ast.AST) -> bool:
    """Tell whether what is below holds only at times: `if`, `except`, `skipif(…)` of something that is computed."""
    if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        conditions = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "condition")]
        is_computed = any(not isinstance(each, ast.Constant) for each in conditions)
        return name == "importorskip" or (name in {"skipif", "skipIf", "skipUnless", "xfail"} and is_computed)
    return isinstance(node, (ast.If, ast.ExceptHandler))


def _named_anew(node: ast.Assign | ast.Delete) -> Iterator[str]:
    """Yield the names of tests that something else takes, or that are deleted."""
    yield from (one.id for one in node.targets if isinstance(one, ast.Name) and one.id.startswith("test"))


def _is_skip(node: ast.AST) -> bool:
    """Tell a marker (`pytest.mark.skip`), a call (`pytest.skip(…)`, `self.skipTest(…)`) or a bare imported name."""
    match node:
        case ast.Attribute(attr=name, value=value):
            return name in _BARE or (name in _SKIPS and ast.unparse(value) in _MARKS)
        case ast.Name(id=name):
            return name in _BARE
        case ast.Call(func=ast.Name(id="skip")):
            return True
        case ast.Call(func=ast.Name(id="getattr"), args=[value, *_]):
            return ast.unparse(value) in _MARKS
        case ast.ImportFrom(module="pytest" | "unittest", names=names):
            return any(one.asname and one.name in _SKIPS for one in names)
        case ast.Call(func=ast.Attribute(attr="exit" | "_exit", value=ast.Name(id="pytest" | "os" | "sys"))):
            return True
    return False


def _claim(node: ast.AST, values: Mapping[str, list[str]]) -> str:
    names = sorted({each.id for each in ast.walk(node) if isinstance(each, ast.Name)})
    return "\n".join((ast.unparse(node), *(value for name in names for value in values.get(name, ()))))


# ---- renamed tests --------------------------------------------------------------------------------------------------

ALIKE = 0.7
"""How much of a test's code, from 0 to 1, is still there where only its name and details changed."""


def renamed_tests(file: ChangedFile, old: Mapping[str, Test], new: Mapping[str, Test]) -> dict[str, str]:
    """Return the tests of a file that have another name now: git left lines of them as they were, inside of the new.

    Whatever was edited in them beside the name is judged by the base's own tests, which run on the change as they were.
    """
    gone = [name for name in old if name and name not in new]
    fresh = [name for name in new if name and name not in old]
    pairs = dict(_same_lines(file, max((_end(test) for test in new.values()), default=0))) if gone and fresh else {}
    renamed: dict[str, str] = {}
    for name in gone:
        places = {pairs.get(line, 0) for line in range(old[name].line, _end(old[name]) + 1)}
        group = name.rpartition(".")[0]  # in a class of another name a test may not be collected
        for each in (each for each in fresh if each not in renamed.values() and each.rpartition(".")[0] == group):
            is_inside = any(new[each].line <= place <= _end(new[each]) for place in places)
            if is_inside and new[each].asserts >= old[name].asserts and _alike(old[name], new[each]):
                renamed[name] = each
                break
    return renamed


def _same_lines(file: ChangedFile, last: int) -> Iterator[tuple[int, int]]:
    """Yield the number at the base and at the head of each line that stays, up to the `last` of the head."""
    removed, added = ({number for number, _ in lines} for lines in (file.removed, file.added))
    before = 0
    for after in range(1, last + 1):
        if after not in added:
            before += 1
            while before in removed:
                before += 1
            yield before, after


def _end(test: Test) -> int:
    return getattr(test.body, "end_lineno", None) or test.line


def _alike(old: Test, new: Test) -> bool:
    before, after = (ast.unparse(test.body).partition("\n")[2] if test.body else "" for test in (old, new))
    return difflib.SequenceMatcher(None, before, after).ratio() >= ALIKE
