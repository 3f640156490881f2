"""The transcript says what was looked at, and nothing else."""

import pytest

from run_milestone.model import Bootstrapped, Finding, Gate, Issue, Kind, Milestone, Phase, Severity, Verb
from run_milestone.model import Tested as Ran
from run_milestone.render.gate import question
from run_milestone.render.transcript import bootstrapped
from run_milestone.store import State

MILESTONE = Milestone("m1", "First", "milestone/m1", (Phase(1, "One", (Issue("01", "Add a colour", "colour", 1),)),))
DONE = Bootstrapped("milestone/m1", "a" * 40, Ran("a" * 40, 3, ()))


@pytest.mark.parametrize(("runs", "is_first"), [(1, True), (2, False)])
def test_only_the_first_run_is_called_first(tmp_path, runs, is_first):
    state = State(tmp_path / "m1")
    for _ in range(runs):
        state.journal.add("run started")
    lines = bootstrapped(MILESTONE, DONE, state)
    assert ("✓ First run detected" in lines) is is_first
    assert "✓ Milestone folder exists" in lines


def test_a_folder_that_is_missing_is_not_claimed(tmp_path):
    assert "✓ Milestone folder exists" not in bootstrapped(MILESTONE, DONE, State(tmp_path / "m1"))


@pytest.mark.parametrize("kind", [Kind.TESTS, Kind.BASELINE, Kind.SETUP])
def test_an_output_of_several_is_shown_once(kind):
    outputs = {"test_a": "no such file", "test_b": "no such file", "test_c": "", "test_d": "wrong"}
    failures = tuple(Finding(kind, Severity.CRITICAL, "failed", name, detail=outputs[name]) for name in outputs)
    lines = question(
        Gate("01", kind, 1, 2, (Verb.RETRY,), failures, "digest", "change"), [], MILESTONE, "approvals", prompts=True
    )
    assert lines.count("  no such file") == 1
    assert "  the same output as test_a" in lines
    assert [line for line in lines if line.endswith(("test_c", "test_d", "wrong"))][-1] == "  wrong"
