"""Size: too large for a person to review, or nothing there."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from run_milestone.checks import inspect
from run_milestone.checks.size import check
from run_milestone.model import Kind, Limits, Severity
from run_milestone.model.change import ChangedFile


def reported(change):
    return [(finding.kind, finding.message) for finding in check(change)]


def test_a_change_within_the_limits_is_nothing(world):
    assert reported(world.change({}, {f"src/m{number}.py": "x = 1\n" for number in range(8)})) == []


def test_too_many_files_or_lines_are_counted(world):
    after = {f"src/m{number}.py": "x = 1\n" * 200 for number in range(9)}
    assert reported(world.change({}, after)) == [
        (Kind.SIZE, "9 files changed, the limit is 8"),
        (Kind.SIZE, "1,800 lines changed, the limit is 400"),
    ]


def test_deleted_lines_count_against_the_plans_limits(world):
    change = world.change({"a.py": "x = 1\n" * 9}, {"a.py": None}, limits=Limits(lines=8))
    assert reported(change) == [(Kind.SIZE, "9 lines changed, the limit is 8")]


def test_lock_files_and_moves_do_not_count(world):
    before = {"src/old.py": "".join(f"x = {number}\n" for number in range(500))}
    after = {"src/old.py": None, "src/new.py": before["src/old.py"], "uv.lock": "x\n" * 900}
    assert reported(world.change(before, after)) == []


def test_an_empty_branch_is_told(world):
    assert reported(world.change({"a.py": "x = 1\n"}, {})) == [(Kind.EMPTY, "The branch changes nothing")]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.py", "x = 1\n", "# TODO: do it\nx = 1\n\n"),
        ("a.py", "def f():\n    return 1\n", 'def f():\n    """Return one."""\n    return 1\n'),
        ("a.py", "x = 1\ny = 2\n", "x   =  1\n\ny = (2)\n"),
        ("a.js", "f()\n", "// later\n/* much\n * later */\nf()\n"),
        ("a.c", "f();\n", '/* of *p,\n * "it" and\n *p */\nf();\n'),
        ("q.sql", "SELECT 1\n", "-- later\nSELECT 1\n"),
        ("ci.yml", "a: 1\n", "# later\na: 1\n"),
        ("README.md", "# Users\n", "# Users\n\nThe feature is done.\n"),
    ],
)
def test_comments_layout_and_prose_are_no_code(world, name, before, after):
    change = world.change({name: before}, {name: after})
    assert reported(change) == [(Kind.EMPTY, "Only comments, documentation or blank lines were changed")]
    (finding,) = check(change)
    assert "give it `type: docs` in the plan" in finding.detail


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.py", "x = 1\n", "x = 2\n"),
        ("a.py", "x = 1\n", "x = = 1\n"),
        ("a.py", "x = 1\n", None),
        ("a.js", "f()\n", "g()\n"),
        ("a.c", "*out++ = '/*';\n", "*out++ = '//';\n"),
        ("a.go", "// one\n*count += 1\n", "// one\n*count += 2\n"),
        ("a.rs", "let x = a\n    * 2;\n", "let x = a\n    * 3;\n"),
        ("a.h", "/* size */ int n;\n", "/* size */ long n;\n"),
        ("logo.png", b"\0a", b"\0b"),
        ("requirements.txt", "a\n", "a\nb\n"),
        ("Makefile", "all:\n", "all: x\n"),
    ],
)
def test_code_is_code(world, name, before, after):
    assert reported(world.change({name: before}, {name: after})) == []


def test_an_issue_that_asks_for_documentation_gets_it(world, issue):
    change = world.change({}, {"docs/users.md": "Users.\n"}, issue=replace(issue, type="docs"))
    assert reported(change) == []


def test_binaries_count_by_bytes(world):
    change = world.change({}, {"model.bin": b"\0" * 1_400_000, "a.png": b"\0" * 200_000})
    (finding,) = check(change)
    assert (finding.kind, finding.severity) == (Kind.SIZE, Severity.WARNING)
    assert finding.message == "1.6 MB of binary files changed, the limit is 1 MB"
    assert finding.detail == "model.bin: 1.4 MB, a.png: 0.2 MB"


@pytest.mark.parametrize(
    ("before", "after", "limits"),
    [
        ({}, {"logo.png": b"\0" * 90_000}, Limits()),
        ({}, {"model.bin": b"\0" * 1_400_000}, Limits(bytes=2_000_000)),
        ({"model.bin": b"\0" * 1_400_000}, {"model.bin": None}, Limits()),
    ],
    ids=["small", "allowed by the plan", "deleted"],
)
def test_small_allowed_and_deleted_binaries_ask_nothing(world, before, after, limits):
    assert reported(world.change(before, after, limits=limits)) == []


def test_a_file_that_no_forge_takes_is_critical(world):
    change = replace(world.change({}, {"model.bin": b"\0"}), commits=SimpleNamespace(size=lambda *_: 150_000_000))
    refused, _ = check(change)
    assert (refused.severity, refused.rule) == (Severity.CRITICAL, "refused")
    assert refused.message == "model.bin is 150 MB. Forges refuse files over 100 MB"


def test_a_huge_text_counts_as_binary(world):
    change = world.change({}, {"dump.sql": "x\n" * 2_200_000})
    assert [finding.message for finding in check(change)] == ["4.4 MB of binary files changed, the limit is 1 MB"]


def test_thirty_thousand_files_are_judged_in_seconds(world):
    files = tuple(ChangedFile(f"node_modules/p{n % 300}/m{n}.js", "A", None, ((1, "x"),)) for n in range(30_000))
    change = replace(world.change({}, {}), files=files)
    start = time.monotonic()
    assert "30,000 files changed, the limit is 8" in [finding.message for finding in inspect(change)]
    assert time.monotonic() - start < 30, "six checks, a few seconds on a machine that does nothing else"
