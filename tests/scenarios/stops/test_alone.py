"""What a run that asks nobody does at each stop: it accepts no risk, tries again while it may, then leaves it out.

The agent is stubborn: it does at every attempt what it did at the first.
"""

import pytest
from support.stop_cases import GATES, LABELS, led_into, proves

from run_milestone.model import Kind
from run_milestone.policy.stops import AUTONOMOUS, STOPS

STUBBORN = ("sh", "agent.sh", "stubborn")
ENDING = {Kind.SECRET, Kind.TARGET}
"""At these it ends the run, so each has one of its own."""
SKIPPED = [case for case in GATES if case.kind not in {*ENDING, Kind.CONFLICT, Kind.HUMAN}]


@pytest.fixture(scope="module")
def alone(make_product, run_m1, tmp_path_factory):
    cases = [case for case in (*LABELS, *GATES) if case.kind not in ENDING]
    ada = led_into(make_product, tmp_path_factory.mktemp("alone") / "home", cases, agent=STUBBORN)
    return run_m1(ada, "--autonomous")


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=LABELS))
def test_a_small_risk_is_a_label_all_the_same(alone, case):
    assert STOPS[case.kind].label in alone.pull(case.number)["labels"]
    assert alone.decided(case.number) == []


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=SKIPPED))
def test_a_large_one_is_tried_again_where_it_may_be_and_then_left_out(alone, case):
    assert alone.decided(case.number) == [(verb, "autonomous") for verb in STOPS[case.kind].autonomous]
    assert alone.story(case.number)["status"] == "skipped"
    assert f"     #{case.number}: {STOPS[case.kind].title.lower()}" in alone.result.out
    assert f"Look at skipped issue #{case.number}" in alone.result.out


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind is Kind.CONFLICT]))
def test_a_conflict_goes_to_the_agent_who_may_resolve_it(alone, case):
    assert alone.decided(case.number) == [("fix", "autonomous")]
    assert alone.story(case.number)["status"] == "done"


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind is Kind.HUMAN]))
def test_peoples_work_is_left_to_people(alone, case):
    assert alone.result.code == 3
    assert alone.gate(case.number)["kind"] == case.kind
    assert f"Gate {case.number} waits (Waiting for a person's commits" in alone.result.out


@pytest.mark.parametrize("case", proves(AUTONOMOUS, among=[case for case in GATES if case.kind in ENDING]))
def test_what_nobody_may_go_past_ends_the_run(make_product, run_m1, tmp_path_factory, case):
    ada = led_into(make_product, tmp_path_factory.mktemp("ends") / "home", [case], agent=STUBBORN)
    outcome = run_m1(ada, "--autonomous")
    assert outcome.result.code == 1
    assert outcome.decided(case.number) == [("abort", "autonomous")]
    assert f"Gate {case.number} ended the run ({STOPS[case.kind].title.lower()}" in outcome.result.out
    assert outcome.pull(case.number) is None
