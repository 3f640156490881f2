"""Reads Python tests: what each asserts and skips, and which of them a change only renames."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .live_assertions import can_fail, live_children, live_nodes
from .syntax import called_name

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

    def code(self) -> frozenset[str]:
        """Return the lines of the test and its decorators without indent, but for the one that names it."""
        lines = ast.unparse(self.body).splitlines() if self.body else []
        return frozenset(line.strip() for line in lines if not line.startswith(("def ", "async def ")))

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
    if isinstance(node, ast.Call):
        name = called_name(node)
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


def renamed_tests(old: Mapping[str, Test], new: Mapping[str, Test]) -> dict[str, str]:
    """Return the tests of a file that have another name now: a new one of the same class holds every line of theirs.

    One that is only alike may be another test, in the place of one that was deleted.
    """
    renamed: dict[str, str] = {}
    for name in (name for name in old if name and name not in new and old[name].asserts):
        group = name.rpartition(".")[0]  # in a class of another name a test may not be collected
        fresh = (each for each in new if each.rpartition(".")[0] == group and each not in {*old, *renamed.values()})
        same = next((each for each in fresh if each and old[name].code() <= new[each].code()), None)
        if same:
            renamed[name] = same
    return renamed
