"""Commands by path: which parts of a repository a change needs, and what their tests are called."""

import pytest

from run_milestone.model import Case, Commands, Outcome, Part
from run_milestone.policy.parts import affected, by_path, outside, suites

SHARED = Part("libs/shared/**", test=("make", "shared"))
API = Part("api/**", ("libs/shared/**",), test=("make", "api"))
WEB = Part("web/**", ("api/**", "package-lock.json"), lint=("eslint", "{files}"), test=("npm", "test"))
ALL = (SHARED, API, WEB)
PARTS_ALONE = Commands(test=(), parts=ALL)
WITH_A_REST = Commands(test=("make", "test"), parts=ALL)


def names(commands, *paths):
    return [suite.name for suite in suites(commands, paths)]


@pytest.mark.parametrize(
    ("paths", "tested"),
    [
        (["web/src/a.ts"], ["web"]),
        (["api/a.py"], ["api", "web"]),
        (["libs/shared/a.py"], ["libs/shared", "api", "web"]),
        (["package-lock.json"], ["web"]),
        (["web/a.ts", "libs/shared/b.py"], ["libs/shared", "api", "web"]),
        (["README.md"], ["libs/shared", "api", "web"]),
        ([], ["libs/shared", "api", "web"]),
    ],
)
def test_a_change_tests_its_parts_and_their_dependents(paths, tested):
    assert names(PARTS_ALONE, *paths) == tested


def test_the_rest_has_a_command_of_its_own():
    assert names(WITH_A_REST, "README.md") == [""]
    assert names(WITH_A_REST, "README.md", "web/a.ts") == ["", "web"]
    assert names(WITH_A_REST, "web/a.ts") == ["web"]


def test_a_circle_of_dependencies_ends():
    left, right = Part("a/**", ("b/**",), test=("a",)), Part("b/**", ("a/**",), test=("b",))
    assert affected(Commands(test=(), parts=(left, right)), ("a/x.py",)) == (left, right)


def test_a_part_without_a_test_takes_the_plans():
    only_lint = Commands(test=("pytest",), parts=(Part("docs/**", lint=("vale",)),))
    assert [suite.commands.test for suite in suites(only_lint, ("docs/a.md",))] == [("pytest",)]


@pytest.mark.parametrize(("path", "strays"), [("a.py", True), ("webs/a.py", True), ("web/a.py", False)])
def test_paths_outside_of_every_part(path, strays):
    assert bool(outside(PARTS_ALONE, (path,))) is strays
    assert not outside(Commands(), (path,))


def test_files_are_linted_by_their_own_part():
    files = ("api/a.py", "web/a.ts", "README.md")
    chosen = dict(by_path(PARTS_ALONE, "lint", files))
    assert chosen == {WEB.lint: ("web/a.ts",), PARTS_ALONE.lint: ("api/a.py", "README.md")}


@pytest.mark.parametrize(
    ("group", "title", "name"),
    [
        ("tests.test_a", "test_b", "web.tests.test_a::test_b"),
        ("web.tests.test_a", "test_b", "web.tests.test_a::test_b"),
        ("webs.test_a", "test_b", "web.webs.test_a::test_b"),
        ("", "adds up", "web.adds up"),
    ],
)
def test_tests_are_called_by_their_part(group, title, name):
    suite = next(suite for suite in suites(PARTS_ALONE, ("web/a",)))
    assert suite.marked(Case(group, title, Outcome.PASSED)).name == name
