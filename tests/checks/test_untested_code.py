"""Code that no test comes with is said, and tests are known by the plan's patterns as well."""

import json

import pytest

from run_milestone.checks.coverage import measured, unmeasured
from run_milestone.checks.tampering import check
from run_milestone.model import KnownTests

CODE = "def total(lines):\n    return sum(lines)\n"
RUST = "pub fn total() {}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() { assert_eq!(1, 1); }\n}\n"
BARE = [{"shop.py": CODE}, {"src/shop.ts": "export const total = 1\n"}, {"src/lib.rs": "pub fn total() {}\n"}]
TESTED = [
    {"shop.py": CODE, "tests/test_shop.py": "def test_a():\n    assert 1\n"},
    {"shop.py": f'"""Shop.\n\n>>> total([1])\n1\n"""\n\n{CODE}'},
    {"src/lib.rs": RUST},
    {"shop.py": CODE, "checks/area.py": "assert 1\n"},
    {"README.md": "# Shop\n", "settings.toml": "a = 1\n"},
    {"shop.py": "# a note\n"},
]


@pytest.mark.parametrize("files", BARE, ids=str)
def test_code_without_a_test_is_said(world, files):
    note = unmeasured(world.change({}, files), None)
    assert note.endswith(f"which of its lines the tests run is not measured: {next(iter(files))}")


@pytest.mark.parametrize("files", TESTED, ids=" ".join)
def test_code_with_a_test_is_fine(world, files):
    assert unmeasured(world.change({}, files, tests=KnownTests(("checks/**",))), None) is None


@pytest.mark.parametrize(("report", "many"), [({}, 1), ({"shop.py": {"executed_lines": [1], "missing_lines": []}}, 0)])
def test_zero_measured_lines_are_said(world, report, many):
    change = world.change({}, {"shop.py": CODE})
    coverage = measured(str({"files": report}).replace("'", '"'), change.files, "migrations")
    assert bool(unmeasured(change, coverage)) is bool(many)


FUNCTIONS = {
    "a function that never ran": ("def area():\n    return 1\n", [1], [2], ["shop.py: 1-2"]),
    "one that ran": ("def area():\n    return 1\n", [1, 2], [], []),
    "one with a decorator": ("@cached\nasync def area():\n    return 1\n", [1, 2], [3], ["shop.py: 1-3"]),
    "one of two methods": (
        "class A:\n    def a(self):\n        return 1\n\n    def b(self):\n        return 2\n",
        [1, 2, 3, 5],
        [6],
        ["shop.py: 5-6"],
    ),
    "a branch after one on a single line": ("def a(): pass\nif FAST:\n    b = 1\n", [1, 2], [3], ["shop.py: 3"]),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_a_function_counts_by_its_body(world, kind):
    code, ran, missing, missed = FUNCTIONS[kind]
    report = json.dumps({"files": {"shop.py": {"executed_lines": ran, "missing_lines": missing}}})
    assert list(measured(report, world.change({}, {"shop.py": code}).files, "migrations").missed) == missed


NAMED = [
    ("checks/area.py", "def test_area():\n    assert 1\n", "checks/**"),
    ("web/area.check.mjs", "test('area', () => { expect(1).toBe(1); });\n", "**/*.check.mjs"),
    ("suite.rb", "it 'has an area' do\n  expect(1).to eq 1\nend\n", "suite.rb"),
]


@pytest.mark.parametrize(("name", "text", "pattern"), NAMED, ids=[name for name, _, _ in NAMED])
def test_named_test_files_are_watched(world, name, text, pattern):
    change = world.change({name: text}, {name: None}, tests=KnownTests((pattern,)))
    assert [finding.rule for finding in check(change)] == ["deleted-tests"]
    assert list(check(world.change({name: text}, {name: None}))) == []
