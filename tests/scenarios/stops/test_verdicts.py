"""What counts as a verdict of tests: nothing passes by not running, and a failure is measured again on asking."""

import json

import pytest
from support.plans import ONCE

from run_milestone.model import Kind, Verb

PART = {
    "part.py": '"""Part."""\n\nPART = 1\n',
    "tests/test_part.py": "from part import PART\n\n\ndef test_part():\n    assert PART\n",
}
OUTSIDE = f"sandbox: {{kind: none}}\n{ONCE}"
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
    ada = make_milestone({"01-1": {**PART, name: text}}, plan=ONCE)
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
    ada = make_milestone({"01-1": {**PART, "widgets.py": '"""Widgets."""\n\nSIZE = 0\n'}}, plan=ONCE)
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


# ---- evidence -----------------------------------------------------------------------------------------------------


def test_fix_sends_evidence_and_the_reason(make_milestone, tmp_path):
    prompts = tmp_path / "prompts"
    ada = make_milestone({"01-1": {**PART, "widgets.py": '"""Widgets."""\n\nSIZE = 0\n'}, "01-2": PART}, plan=OUTSIDE)
    agent = tmp_path / "agent.py"
    saved = f"import pathlib, sys\ntext = sys.stdin.read()\npathlib.Path({str(prompts)!r}).write_text(text)\n"
    agent.write_text(saved + agent.read_text().replace("sys.stdin.read()", "text"))
    result = ada.types("m1")
    assert "assert 0 == 3" in result.out
    assert "Output: state/m1/logs/01/test.log" in result.out
    assert "By hand: run-milestone shell m1 01 python -m pytest" in result.out
    assert ada.types("decide", "m1", "01", "fix", "--reason", "three is the size").code == 0
    ada.types("m1")
    assert "## Why it was sent back\n\n```text\nthree is the size\n```" in prompts.read_text()
    assert "assert 0 == 3" in prompts.read_text()


def test_a_command_without_report_shows_its_words(make_milestone):
    command = 'commands: {test: [sh, -c, "echo expected three >&2; exit 1"]}\n'
    result = make_milestone({"01-1": PART}, plan=command).types("m1")
    assert "1. the test command ended with exit code 1\n  expected three\n" in result.out


def test_weakened_tests_are_shown_as_a_diff(make_milestone):
    ada = make_milestone({"01-1": {"tests/test_widgets.py": "def test_size():\n    pass\n"}})
    result = ada.types("m1")
    assert "  -    assert SIZE == 3\n" in result.out
    assert "`run-milestone diff m1 01` shows the whole change" in result.out
    assert "-    assert SIZE == 3\n" in ada.types("diff", "m1", "1").out


def test_one_question_shows_all_of_its_step(make_milestone):
    weak = {"tests/test_widgets.py": "def test_size():\n    pass\n", "part.py": "PART = 1\n" * 500}
    ada = make_milestone({"01-1": weak})
    result = ada.types("m1")
    assert "🛑 Tests or checks weakened · Large change" in result.out
    assert "\ntampering (approve | fix | skip | abort)\n1. " in result.out
    assert "\nsize (approve | skip | abort)\n1. " in result.out
    assert "  touch state/m1/approvals/01.fix-tampering " in result.out
    assert "decide m1 01 approve-size" in ada.types("gates", "m1").out
    refused = ada.types("decide", "m1", "01", "approve-licence")
    assert "gate 01 does not ask about licence; it offers approve | skip | abort | " in refused.err
    assert ada.types("decide", "m1", "01", "approve-size", "--reason", "generated").code == 0
    left = ada.types("m1").out
    assert "🛑 Tests or checks weakened (attempt 1/2)\n" in left, "the other is asked alone"
    assert "PR #1 created" in ada.answers("01.approve").out
    assert [ada.reads(f"decisions/{name}-01-approve.json")["kind"] for name in ("0001", "0002")] == [
        "size",
        "tampering",
    ]


@pytest.mark.parametrize(
    ("name", "work", "issue"),
    [
        ("agent-1.log", {"/nowhere/part.py": "x"}, ""),
        (
            "contract.log",
            {**PART, "tests/test_part.py": "def test_part():\n    assert True\n"},
            "tests: {red_first: true}",
        ),
        ("test.log", {**PART, "widgets.py": "SIZE = 0\n"}, ""),
    ],
)
def test_a_stop_names_its_log(make_milestone, name, work, issue):
    ada = make_milestone({"01-1": work}, issue, ONCE)
    result = ada.types("m1")
    assert f"Output: state/m1/logs/01/{name}\n" in result.out
    assert (ada.folder / "state/m1/logs/01" / name).is_file()


def test_a_shell_opens_in_the_tree(make_milestone):
    ada = make_milestone({"01-1": PART})
    assert ada.types("shell", "m1", "01").err.startswith("run-milestone: 01 has no tree yet.")
    ada.types("m1")
    listed = ada.types("shell", "m1", "01", "ls")
    assert (listed.code, "part.py" in listed.out) == (0, True)
    assert ada.types("shell", "m1", "07", "ls").err.startswith("run-milestone: 07 is no issue of this plan.")
    assert ada.types("shell", "m1", "01", "no-such-program").code == 2


TOOLS = "mkdir -p .venv/bin && ln -s $(command -v python3) .venv/bin/python && cp -P .venv/bin/python .venv/bin/tool"
SHELLS = [
    ("sh", "-c", "echo $SHOP $SHOP_REGION ${SHOP_SECRET:-unset}"),
    ("sh", "-c", "command -v tool"),
    ("python", "-c", "import sys; print(sys.executable)"),
    ("python", "-c", "import widgets; print(widgets.__file__)"),
]


def test_a_shell_gets_what_tests_get(make_milestone, monkeypatch):
    for name in ("SHOP_REGION", "SHOP_SECRET"):
        monkeypatch.setenv(name, "north")
    settings = {"env": {"SHOP": "shop_{issue}"}, "setup": [["sh", "-c", TOOLS]]}
    plan = f"tree: {json.dumps(settings)}\ncommands: {{test: ['true'], pass_env: [SHOP_REGION]}}\n"
    ada = make_milestone({"01-1": PART}, plan=plan)
    ada.types("m1")
    tree = next(ada.folder.parent.glob("*.worktrees/m1-01"))
    printed = [ada.types("shell", "m1", "01", *words).out.strip() for words in SHELLS]
    environment = tree / ".venv/bin"
    assert printed == ["shop_01 north unset", f"{environment}/tool", f"{environment}/python", f"{tree}/widgets.py"]
