"""A failing test runs again before its failure counts: flaky, broken, or in quarantine."""

import pytest

from run_milestone.model import Kind
from run_milestone.policy.stops import AUTONOMOUS

PART = {
    "part.py": '"""Part."""\n\nPART = 1\n',
    "tests/test_part.py": "from part import PART\n\n\ndef test_part():\n    assert PART\n",
}
OUTSIDE = "sandbox: {kind: none}\n"
"""For tests that look at a file outside of their tree, as they would at a service."""
FAILS = 'import pathlib\n\n\ndef test_service():\n    runs = pathlib.Path("{}")\n    runs.open("a").write("x")\n'
FAILS += "    assert len(runs.read_text()) not in {}\n"
LEAKED = "import os\n\n\ndef test_alone():\n    assert 'LEAK' not in os.environ\n"


def commits(ada, files):
    for name, text in files.items():
        (ada.folder / name).write_text(text)
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=More", where=".")


@pytest.fixture
def service(make_milestone, tmp_path):
    """Make a milestone whose base has a test that fails in its given runs, counted from 1; returns the person."""

    def make(failing, *, plan="", work=PART):
        ada = make_milestone({"01-1": work}, plan=OUTSIDE + plan)
        commits(ada, {"tests/test_service.py": FAILS.format(tmp_path / "runs", failing)})
        return ada

    return make


@pytest.mark.stop(Kind.FLAKY)
@pytest.mark.stop(Kind.FLAKY, AUTONOMOUS)
@pytest.mark.parametrize("mode", [(), ("--autonomous",)], ids=["asking", "autonomous"])
def test_a_flaky_test_is_a_label(service, mode):
    ada = service((2,))  # run 1 is the baseline, run 2 the change
    result = ada.types("m1", *mode)
    how = "failed in 1 of 4 runs on the change, 0 of 3 on the base"
    assert f"⚠️ Flaky: tests.test_service::test_service {how}" in result.out
    assert "🔧" not in result.out, "no agent is asked"
    (pull,) = ada.pulls()
    assert pull["labels"] == ["flaky-test"]
    assert how in pull["body"]


def test_a_flaky_baseline_does_not_ask(service):
    result = service((1,)).types("m1")
    assert "Tests fail before any work" not in result.out
    assert "⚠️ Flaky: tests.test_service::test_service failed in 1 of 4 runs" in result.out


BROKEN = [
    ("always", (*range(2, 5), *range(7, 90)), "test_service"),
    ("without", (2,), "test_service"),
]


@pytest.mark.parametrize(("name", "failing", "shown"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_a_broken_test_is_a_question(service, name, failing, shown):
    ada = service(failing, plan="flaky: {reruns: 0}\n" if name == "without" else "")
    result = ada.types("m1")
    assert "🛑 Tests failing (attempt 1/2)" in result.out
    assert f"- {shown}\n" in result.out
    assert ada.pulls() == []


def test_passing_alone_hides_no_regression(make_milestone):
    ada = make_milestone({"01-1": {**PART, "tests/test_leak.py": "import os\n\nos.environ['LEAK'] = '1'\n"}})
    commits(ada, {"tests/test_alone.py": LEAKED})
    result = ada.types("m1")
    assert "- test_alone\n" in result.out
    assert "It failed in 3 of 5 runs on the change, 0 of 3 on the base." in result.out
    assert ada.pulls() == []


def test_a_new_flaky_test_goes_back(make_milestone, tmp_path):
    new = {"tests/test_new.py": FAILS.format(tmp_path / "runs", (1,)).replace("test_service", "test_new")}
    result = make_milestone({"01-1": {**PART, **new}}, plan=OUTSIDE).types("m1")
    assert "🛑 Tests failing (attempt 1/2)" in result.out
    assert "It failed in 1 of 3 runs on the change, it is not on the base." in result.out


def test_a_command_without_report_runs_again(make_milestone, tmp_path):
    script = tmp_path / "test.sh"
    script.write_text(f"#!/bin/sh\necho x >> {tmp_path}/runs\n[ $(wc -l < {tmp_path}/runs) != 2 ]\n")
    script.chmod(0o755)
    ada = make_milestone({"01-1": PART}, plan=f"{OUTSIDE}commands: {{test: [{script}]}}\nlimits: {{coverage: 0}}\n")
    result = ada.types("m1")
    assert "⚠️ Flaky: the test command failed in 1 of 2 runs on the change" in result.out
    assert ada.pulls()[0]["labels"] == ["flaky-test"]


# ---- quarantine ---------------------------------------------------------------------------------------------------

ALWAYS = tuple(range(1, 90))
QUARANTINE = 'quarantine: [{{test: "{}", issue: "#412", until: {}}}]\n'
CASES = [
    ("tests/test_service.py::test_service", "2999-01-31", "failed (#412, until 2999-01-31)"),
    ("test_service", "2020-01-31", "Tests fail before any work"),
    ("test_misnamed", "2999-01-31", "no test of that name ran (#412, until 2999-01-31)"),
]


@pytest.mark.parametrize(("test", "until", "shown"), CASES, ids=["in force", "over", "misnamed"])
def test_quarantine_excuses_and_is_told(service, test, until, shown):
    ada = service(ALWAYS, plan=QUARANTINE.format(test, until))
    result = ada.types("m1")
    assert shown in result.out
    assert bool(ada.pulls()) == shown.startswith("failed")
    if ada.pulls():
        assert f"{test}: failed" in ada.pulls()[0]["body"].replace("\\", "")


BAD = [
    (
        'quarantine: [{test: a, issue: "#1", until: 2027-02-31}]\n',
        "is '2027-02-31', expected a day that there is",
    ),
    ("quarantine: [{test: a, until: 2027-01-31}]\n", "issue"),
    ("flaky: {reruns: 11}\n", "expected a number from 0 to 10"),
]


@pytest.mark.parametrize(("plan", "why"), BAD, ids=["no day", "no issue", "too often"])
def test_a_bad_quarantine_is_an_error(make_milestone, plan, why):
    result = make_milestone({"01-1": PART}, plan=plan).types("plan", "check", "m1")
    assert result.code == 2
    assert why in result.err + result.out
