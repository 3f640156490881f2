"""Size: too large for a person to review, or nothing there."""

from dataclasses import replace

import pytest

from run_milestone.checks.size import check
from run_milestone.model import Kind, Limits


def told(change):
    return [(finding.kind, finding.message) for finding in check(change)]


def test_a_change_within_the_limits_is_nothing(world):
    assert told(world.change({}, {f"src/m{number}.py": "x = 1\n" for number in range(8)})) == []


def test_too_many_files_and_too_many_lines_are_told_with_their_numbers(world):
    after = {f"src/m{number}.py": "x = 1\n" * 200 for number in range(9)}
    assert told(world.change({}, after)) == [
        (Kind.SIZE, "9 files changed, the limit is 8"),
        (Kind.SIZE, "1,800 lines changed, the limit is 400"),
    ]


def test_the_plan_sets_the_limits_and_deleted_lines_count(world):
    change = world.change({"a.py": "x = 1\n" * 9}, {"a.py": None}, limits=Limits(lines=8))
    assert told(change) == [(Kind.SIZE, "9 lines changed, the limit is 8")]


def test_lock_files_do_not_count_and_a_move_is_not_an_edit(world):
    before = {"src/old.py": "".join(f"x = {number}\n" for number in range(500))}
    after = {"src/old.py": None, "src/new.py": before["src/old.py"], "uv.lock": "x\n" * 900}
    assert told(world.change(before, after)) == []


def test_an_empty_branch_is_told(world):
    assert told(world.change({"a.py": "x = 1\n"}, {})) == [(Kind.EMPTY, "The branch changes nothing")]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.py", "x = 1\n", "# TODO: do it\nx = 1\n\n"),
        ("a.py", "def f():\n    return 1\n", 'def f():\n    """Return one."""\n    return 1\n'),
        ("a.py", "x = 1\ny = 2\n", "x   =  1\n\ny = (2)\n"),
        ("a.js", "f()\n", "// later\n/* much\n * later */\nf()\n"),
        ("q.sql", "SELECT 1\n", "-- later\nSELECT 1\n"),
        ("ci.yml", "a: 1\n", "# later\na: 1\n"),
        ("README.md", "# Users\n", "# Users\n\nThe feature is done.\n"),
    ],
)
def test_comments_layout_and_prose_are_no_code(world, name, before, after):
    change = world.change({name: before}, {name: after})
    assert told(change) == [(Kind.EMPTY, "Only comments, documentation or blank lines were changed")]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.py", "x = 1\n", "x = 2\n"),
        ("a.py", "x = 1\n", "x = = 1\n"),
        ("a.py", "x = 1\n", None),
        ("a.js", "f()\n", "g()\n"),
        ("logo.png", b"\0a", b"\0b"),
        ("requirements.txt", "a\n", "a\nb\n"),
        ("Makefile", "all:\n", "all: x\n"),
    ],
)
def test_code_is_code(world, name, before, after):
    assert told(world.change({name: before}, {name: after})) == []


def test_an_issue_that_asks_for_documentation_gets_it(world, issue):
    change = world.change({}, {"docs/users.md": "Users.\n"}, issue=replace(issue, type="docs"))
    assert told(change) == []
