"""Answers that come all at once, copied, renamed, dated back or for something else count once, for what was shown."""

import itertools
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from run_milestone.commands.decide import leave_decision
from run_milestone.core.errors import UserError
from run_milestone.model import Finding, Issue, Kind, Milestone, Phase, Severity
from run_milestone.policy import gating
from run_milestone.runner.decide import take_approvals
from run_milestone.store import State

MILESTONE = Milestone("m1", "First", "milestone/m1", (Phase(1, "One", (Issue("03", "Cache", "cache", 1),)),))
CHANGE = "c" * 64
FINDING = Finding(Kind.SIZE, Severity.WARNING, "files", "9 files", path="a.py", line=3, detail="more than 8")
OTHERS = {
    "the rule": {"rule": "lines"},
    "the message": {"message": "10 files"},
    "the file": {"path": "b.py"},
    "the detail": {"detail": "more than 9"},
    "the severity": {"severity": Severity.CRITICAL},
}


def asked(finding=FINDING, change=CHANGE):
    return gating.ask("03", (finding,), change, (), MILESTONE)


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "state")
    state.gates.open(asked())
    return state


def decisions(state):
    return [(one.gate, one.verb) for one in state.decisions.all()]


def decides_at_once(state, times):
    """Let many decide at the same moment; returns how often one was refused."""

    def decide(number):
        try:
            leave_decision(MILESTONE, State(state.folder), "03", "approve", f"by {number}")
        except UserError:
            return 1
        return 0

    with ThreadPoolExecutor(16) as many:
        return sum(many.map(decide, range(times)))


def counts_once(state, times):
    decides_at_once(state, times)
    assert [path.name for path in (state.folder / "approvals").iterdir() if path.is_file()] == ["03.approve"]
    take_approvals(MILESTONE, state, {"03": CHANGE})
    take_approvals(MILESTONE, State(state.folder), {"03": CHANGE})
    assert decisions(state) == [("03", "approve")]
    print(f"figure: row 10: {times} who decide at once, one decision: {times} / {times}")


def test_fifty_concurrent_answers_count_once(state):
    counts_once(state, 50)


@pytest.mark.torture
def test_a_thousand_concurrent_answers_count_once(state):
    counts_once(state, 1000)


def answers_to_something_else(folder):
    """Change each input of what was shown after it was answered, and the change itself; returns what was taken."""
    cases = [(name, replace(FINDING, **what), CHANGE) for name, what in OTHERS.items()]
    cases.append(("the change", FINDING, "d" * 64))
    wrong = []
    for name, finding, change in cases:
        state = State(folder / name)
        state.gates.open(asked())
        leave_decision(MILESTONE, state, "03", "approve", "")
        state.gates.open(asked(finding, change))
        take_approvals(MILESTONE, state, {"03": change})
        if state.decisions.all() or not list((folder / name / "approvals/stale").iterdir()):
            wrong.append(name)
    return cases, wrong


def test_an_answer_to_something_else_is_refused(tmp_path):
    cases, wrong = answers_to_something_else(tmp_path)
    print(f"figure: row 10: answers to something else: {len(cases) - len(wrong)} / {len(cases)}")
    assert not wrong


def test_copied_renamed_and_replayed_answers_are_refused(state):
    folder = state.folder / "approvals"
    leave_decision(MILESTONE, state, "03", "approve", "")
    answer = (folder / "03.approve").read_bytes()
    take_approvals(MILESTONE, state, {"03": CHANGE})
    tricks = {"replayed": "03.approve", "renamed to another gate": "phase-1.approve", "another verb": "03.APPROVE"}
    for name in tricks.values():
        (folder / name).write_bytes(answer)
        take_approvals(MILESTONE, state, {"03": CHANGE})
    state.gates.open(asked(replace(FINDING, message="10 files")))
    (folder / "03.approve").touch()
    os.utime(folder / "03.approve", (1, 1))
    take_approvals(MILESTONE, state, {"03": CHANGE})
    assert decisions(state) == [("03", "approve")]
    print(f"figure: row 10: copied, renamed, replayed and pre-dated answers: {len(tricks) + 1} / {len(tricks) + 1}")


def test_rival_answers_are_all_set_aside(state):
    for pair in itertools.permutations(("approve", "skip"), 2):
        for verb in pair:
            (state.folder / "approvals").mkdir(exist_ok=True)
            (state.folder / f"approvals/03.{verb}").write_text(json.dumps(verb))
        take_approvals(MILESTONE, state, {"03": CHANGE})
        assert decisions(state) == []
    print("figure: row 10: two answers at once: 2 / 2")
