"""What somebody sees who begins: true signs, what is allowed, whether a run is active, and commands without an id."""

import pytest

from run_milestone.store.run_lock import held

OUTSIDE = "paths: {allow: ['src/**']}\n"


@pytest.mark.parametrize(
    ("test", "line"),
    [
        ("[no-such-runner]", "✗ Baseline tests: the test command could not start"),
        ("[sh, -c, 'exit 3']", "✗ Baseline tests: the test command ended with exit code 3"),
        ("['{python}', -m, pytest, nowhere]", "✗ Baseline tests: the tests could not be started as asked"),
        ("['{python}', -m, pytest]", "✓ Baseline tests: 1 passed, 0 failed"),
    ],
    ids=["missing", "fails", "usage", "passes"],
)
def test_the_baselines_sign_is_true(make_milestone, test, line):
    ada = make_milestone({"01-1": {"a.py": "A = 1\n"}}, plan=f"commands: {{test: {test}}}\n")
    assert line in ada.types("m1").out


@pytest.mark.parametrize(
    ("test", "is_started"),
    [
        ("[sh, -c, no-such-runner]", False),
        ("[env, -C, nowhere, 'true']", False),
        ("['{python}', -m, no_such_runner]", False),
        ("[sh, -c, 'exit 3']", True),
    ],
    ids=["program", "folder", "module", "fails"],
)
def test_only_a_started_baseline_can_be_approved(make_milestone, test, is_started):
    ada = make_milestone({"01-1": {"a.py": "A = 1\n"}}, plan=f"commands: {{test: {test}}}\n")
    shown = ada.types("m1").out
    assert ("🛑 Tests fail before any work" in shown and "\nretry | approve | abort\n" in shown) is is_started
    assert ("🛑 The test command cannot start" in shown and "\nretry | abort\n" in shown) is not is_started
    assert ("install what the command needs with `tree: {setup: [[…]]}`" in shown) is not is_started


@pytest.mark.parametrize(
    ("had", "brings", "is_asked"),
    [
        ({}, {"a.py": "A = 1\n"}, False),
        ({}, {"test_a.py": "A = 1\n"}, True),
        ({"test_a.py": "def test_a():\n    assert 1\n"}, {"test_a.py": "A = 1\n"}, True),
    ],
    ids=["none before", "an empty one", "taken out"],
)
def test_without_tests_nothing_is_asked(make_milestone, had, brings, is_asked):
    ada = make_milestone({"01-1": brings}, plan="limits: {coverage: 0}\n")
    ada.git("rm", "--quiet", "-r", "tests", where=".")
    for name, text in had.items():
        (ada.folder / name).write_text(text)
        ada.git("add", name, where=".")
    ada.git("commit", "--quiet", "--message=Change the tests", where=".")
    shown = ada.types("m1").out
    assert ("✗ Tests: no tests were collected" in shown) is is_asked
    assert ("✓ PR #1 created" in shown) is not is_asked


@pytest.mark.parametrize("path", ["other.py", "web/other.py", "README"])
def test_what_is_allowed_is_said(make_milestone, path):
    ada = make_milestone({"01-1": {path: "A = 1\n", "src/a.py": "A = 1\n"}}, issue=OUTSIDE)
    shown = ada.types("m1").out
    if "Outside the issue's scope" not in shown:
        shown += ada.types("gates").out
    assert f"1. Outside the issue's paths: {path}\n\nAllowed for this issue (`paths.allow`): src/**\n" in shown


def test_status_says_that_a_run_is_active(ada):
    assert "A run is active" not in ada.types("status").out
    with held(ada.folder / "state/m1"):
        assert "A run is active: process " in ada.types("status", "m1").out


def test_the_only_milestone_needs_no_name(ada):
    assert ada.types("status").out.startswith("Milestone m1: ")
    assert ada.types("gates", "--json").out == "[]\n"
    ada.types("plan", "new", "m2")
    result = ada.types("status")
    assert (result.code, "There are several milestones here: m1, m2." in result.err) == (2, True)


def test_help_is_a_command(ada):
    assert "run-milestone m4.1" in ada.types("help").out
    assert ada.types("help", "plan", "check").out == ada.types("plan", "check", "--help").out


@pytest.mark.parametrize(
    "words", [("decide", "m1", "01", "skip", "--reaso", "x"), ("m1", "--autonomou"), ("status", "m1", "--js")]
)
def test_options_are_written_out(ada, words):
    result = ada.types(*words)
    assert result.code == 2
    assert "unrecognized arguments: --" in result.err
