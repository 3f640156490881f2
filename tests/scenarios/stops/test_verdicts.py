"""What counts as a verdict of tests: nothing passes by not running, and a failure is measured again on asking."""

import pytest

from run_milestone.model import Kind, Verb

PART = {
    "part.py": '"""Part."""\n\nPART = 1\n',
    "tests/test_part.py": "from part import PART\n\n\ndef test_part():\n    assert PART\n",
}
OUTSIDE = "sandbox: {kind: none}\n"
"""For tests that look at a file outside of their tree, as they would at a service."""
TWO_TESTS = "\n\ndef test_more():\n    assert SIZE\n"


def commits(ada, files):
    for name, text in files.items():
        (ada.folder / name).write_text(text)
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=More", where=".")


EXIT = 'import pytest\n\n\ndef test_exit():\n    pytest.exit("enough", returncode=0)\n'
HIDING = [
    ("conftest.py", 'collect_ignore = ["tests/test_widgets.py"]\n', "1 test of the base did not run"),
    ("part.py", "import os\n\nos._exit(0)\n", "the test command left no report of its tests (exit code 0)"),
    ("tests/test_exit.py", EXIT, "1 test of the base did not run: tests.test_widgets::test_size"),
    ("tests/test_stop.py", "def test_stop():\n    raise KeyboardInterrupt\n", "the tests were interrupted"),
]


@pytest.mark.parametrize(("name", "text", "shown"), HIDING, ids=[name for name, _, _ in HIDING])
def test_nothing_passes_by_not_running(make_milestone, name, text, shown):
    ada = make_milestone({"01-1": {**PART, name: text}})
    result = ada.types("m1")
    assert result.code == 3
    assert "🛑 Tests failing" in result.out
    assert shown in result.out
    assert ada.pulls() == []


def test_a_test_removed_from_any_file_is_asked(make_milestone):
    ada = make_milestone(
        {"01-1": {"tests.py": "from widgets import SIZE\n\n\ndef test_one():\n    assert SIZE\n"}},
        plan='commands: {test: ["{python}", -m, pytest, tests.py]}\n',
    )
    commits(ada, {"tests.py": "from widgets import SIZE\n\n\ndef test_one():\n    assert SIZE\n" + TWO_TESTS})
    result = ada.types("m1")
    assert "🛑 Tests or checks weakened" in result.out
    assert "test_more" in result.out


def test_known_collection_errors_hide_no_other_test(make_milestone):
    ada = make_milestone({"01-1": {**PART, "widgets.py": '"""Widgets."""\n\nSIZE = 0\n'}})
    commits(ada, {"tests/test_driver.py": "import a_driver_that_is_missing\n"})
    assert "🛑 Tests fail before any work" in ada.types("m1").out
    result = ada.answers("bootstrap.approve")
    assert "⚠️ No test of tests.test_driver ran: it could not be collected on the base either" in result.out
    assert "- test_size\n" in result.out
    assert "assert 0 == 3" in result.out, "the stop shows why"
    assert ada.pulls() == []


def test_a_failed_baseline_is_measured_at_each_run(make_milestone, tmp_path):
    up = tmp_path / "up"
    ada = make_milestone({"01-1": PART}, plan=OUTSIDE)
    service = f"import pathlib\n\n\ndef test_service():\n    assert pathlib.Path({str(up)!r}).exists()\n"
    commits(ada, {"tests/test_service.py": service})
    assert "🛑 Tests fail before any work" in ada.types("m1").out
    up.touch()
    result = ada.types("m1")
    assert "Tests fail before any work" not in result.out
    assert len(ada.pulls()) == 1


@pytest.mark.stop(Kind.BASELINE, Verb.RETRY)
def test_retry_measures_the_baseline_again(make_milestone, tmp_path):
    up = tmp_path / "up"
    ada = make_milestone({"01-1": PART}, plan=OUTSIDE)
    service = f"import pathlib\n\n\ndef test_service():\n    assert pathlib.Path({str(up)!r}).exists()\n"
    commits(ada, {"tests/test_service.py": service})
    assert "retry | approve | abort" in ada.types("m1").out
    result = ada.answers("bootstrap.retry")
    assert "🛑 Tests fail before any work" in result.out, "it still fails"
    up.touch()
    result = ada.answers("bootstrap.retry")
    assert len(ada.pulls()) == 1
    assert result.code == 3, "the phase waits"


@pytest.mark.stop(Kind.TESTS, Verb.RETRY)
def test_retry_runs_tests_again_without_an_attempt(make_milestone, tmp_path):
    up = tmp_path / "up"
    needs = f"import pathlib\n\n\ndef test_needs():\n    assert pathlib.Path({str(up)!r}).exists(), 'no service'\n"
    ada = make_milestone({"01-1": {**PART, "tests/test_needs.py": needs}}, plan=OUTSIDE)
    result = ada.types("m1")
    assert "🛑 Tests failing (attempt 1/2)" in result.out
    assert "no service" in result.out
    result = ada.answers("01.retry")
    assert "🛑 Tests failing (attempt 1/2)" in result.out
    up.touch()
    result = ada.answers("01.retry")
    assert "🔧" not in result.out, "no agent works"
    assert len(ada.pulls()) == 1
