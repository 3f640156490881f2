"""Findings, policy and decisions become a pass or one question; an answer counts for exactly what was shown."""

from dataclasses import fields, replace

import pytest

from run_milestone.model import (
    Approval,
    Decision,
    Finding,
    Gate,
    Issue,
    Kind,
    Limits,
    Milestone,
    Passed,
    Phase,
    Severity,
    Tier,
    Verb,
)
from run_milestone.policy import gating, skips, topics
from run_milestone.policy.rework import rework
from run_milestone.policy.stops import HISTORY, STOPS

ISSUE = Issue("03", "Sanitize input", "sanitize", 1)
MILESTONE = Milestone("m4.1", "Users", "milestone/m4.1", (Phase(1, "Basics", (ISSUE,)),))
CHANGE = "c" * 64
HARD = [kind for kind, stop in STOPS.items() if stop.tier is Tier.HARD]


def finding(kind, severity=Severity.WARNING, message="look at this", **facts):
    return Finding(kind, severity, "rule", message, "src/users.py", 15, **facts)


def asked(*findings, decisions=(), change=CHANGE, name="03", milestone=MILESTONE):
    return gating.ask(name, findings, change, decisions, milestone)


def answered(gate, verb, number=1):
    """The decision that settling makes of an approval for an open gate."""
    facts = {"kind": gate.kind, "digest": gate.digest, "attempt": gate.attempt, "findings": gate.findings}
    return Decision(number, gate.gate, verb, "ada", "2026-11-22T12:00:00+00:00", "", **facts)


# ---- all questions of a step in one gate ----------------------------------------------------------------------


def test_fixes_of_several_questions_are_one_work():
    gate = asked(finding(Kind.TAMPERING), finding(Kind.EMPTY), finding(Kind.SIZE))
    before = replace(answered(asked(finding(Kind.TESTS)), Verb.FIX), change="b" * 64)
    fixes = [
        replace(answered(one, Verb.FIX), id=number, why=f"mind {name}", change=CHANGE)
        for number, (name, one) in enumerate(topics.split(gate).items(), 2)
        if Verb.FIX in one.verbs
    ]
    work = rework([before, *fixes])
    assert [one.kind for one in work.findings] == [Kind.TAMPERING, Kind.EMPTY]
    assert (work.verb, work.why) == (Verb.FIX, "mind tampering; mind empty")
    assert rework([before]) == before
    assert rework([*fixes, replace(before, verb=Verb.RESTART)]).findings == before.findings


def test_nothing_found_passes():
    assert asked() == Passed()


def test_all_kinds_are_asked_at_once_in_order():
    findings = [finding(kind) for kind in reversed(Kind)]
    gate = asked(*findings)
    assert [one.kind for one in gate.topics] == [one.kind for one in gate.findings] == HARD
    decisions = [
        replace(answered(one, Verb.APPROVE), id=number) for number, one in enumerate(topics.split(gate).values(), 1)
    ]
    assert asked(*findings, decisions=decisions[:-1]).kind is HARD[-1], "what is left is asked alone"
    assert asked(*findings, decisions=decisions).decisions == tuple(range(1, len(HARD) + 1))


@pytest.mark.parametrize(
    ("kinds", "verbs", "words"),
    [
        ((Kind.SCOPE, Kind.SIZE), "approve skip abort", ""),
        ((Kind.LICENCE, Kind.EMPTY), "skip abort", "approve-licence fix-empty"),
        ((Kind.TAMPERING, Kind.SCOPE), "approve skip abort", "approve-tampering fix-tampering approve-scope"),
        ((Kind.PEOPLE_REVIEW, Kind.PEOPLE_MISSING), "skip abort", "fix-people-review approve-people-review"),
        ((Kind.SECRET, Kind.LICENCE), "abort", "fix-secret approve-secret approve-licence"),
    ],
)
def test_a_gate_offers_common_and_apart_verbs(kinds, verbs, words):
    gate = asked(*(finding(kind) for kind in kinds))
    assert " ".join(gate.verbs) == verbs
    assert topics.answers_to(gate) == (*verbs.split(), *words.split())


def test_one_approval_answers_all_that_offer_it():
    findings = (finding(Kind.SCOPE), finding(Kind.SIZE, change="a" * 64))
    gate = asked(*findings)
    whole = replace(answered(gate, Verb.APPROVE), digests=tuple(one.digest for one in gate.topics))
    assert asked(*findings, decisions=[whole]) == Passed((), (1,))
    left = asked(*findings, decisions=[whole], change="e" * 64)
    assert left.findings == findings[:1], "the other's file did not change"


def test_a_fix_of_all_counts_for_each():
    findings = (finding(Kind.TESTS), finding(Kind.EMPTY))
    gate = asked(*findings)
    whole = replace(answered(gate, Verb.FIX), digests=tuple(one.digest for one in gate.topics))
    assert [one.attempt for one in asked(*findings, decisions=[whole]).topics] == [2, 2]


def test_each_secret_is_a_question():
    one, two = finding(Kind.SECRET, change="a" * 64), finding(Kind.SECRET, change="b" * 64)
    gate = asked(one, two)
    assert gate.verbs == (Verb.FIX, Verb.ABORT), "nothing approves both"
    first, _ = topics.split(gate).values()
    approved = answered(first, Verb.APPROVE)
    assert asked(one, two, decisions=[approved]).findings == (two,)
    assert asked(one, decisions=[approved], change="e" * 64) == Passed((), (1,)), "while the line stays"
    assert isinstance(asked(replace(one, change="c" * 64), decisions=[approved], change="e" * 64), Gate)


def test_a_secret_of_history_cannot_be_approved():
    assert Verb.APPROVE not in asked(replace(finding(Kind.SECRET), rule=HISTORY)).verbs


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("approve-licence", Kind.LICENCE),
        ("fix-empty", Kind.EMPTY),
        ("approve", Kind.LICENCE),
        ("fix", Kind.EMPTY),
        ("skip", "all"),
        ("abort", "all"),
        ("approve-scope", None),
    ],
)
def test_what_a_word_is_about(word, meaning):
    gate = asked(finding(Kind.LICENCE), finding(Kind.EMPTY))
    about = topics.meant(gate, *topics.parse(word))
    assert (about and ("all" if about.topics else about.kind)) == meaning


@pytest.mark.parametrize("word", ["skip-licence", "skip-phase", "abort-all", "approve-", "approve", "frob-licence"])
def test_no_other_word_has_a_topic(word):
    assert topics.parse(word) == (word, "")


def test_labels_never_stop_and_come_in_order():
    labels = [kind for kind, stop in STOPS.items() if stop.tier is Tier.LABEL]
    findings = [finding(kind) for kind in (*reversed(labels), *labels)]
    assert asked(*findings) == Passed(tuple(STOPS[kind].label for kind in labels))


def test_a_note_stops_nothing_and_labels_nothing():
    assert asked(finding(Kind.PLAN_WARNING, Severity.CRITICAL)) == Passed()


def test_labels_stay_beside_an_approval():
    findings = (finding(Kind.DEPENDENCY), finding(Kind.LICENCE))
    gate = asked(*findings)
    assert asked(*findings, decisions=[answered(gate, Verb.APPROVE, 7)]) == Passed(("needs-dep-review",), (7,))


# ---- which verbs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HARD, ids=str)
def test_a_plan_narrows_verbs_but_abort_stays(kind):
    offered = STOPS[kind].verbs
    for wanted in ((), *((verb,) for verb in Verb), tuple(Verb)):
        gate = asked(finding(kind), milestone=replace(MILESTONE, decisions={str(kind): wanted}))
        assert gate.verbs == tuple(verb for verb in offered if verb in wanted or verb is Verb.ABORT)


@pytest.mark.parametrize("severities", [("critical",), ("info", "critical"), ("warning",), ("info",)])
def test_a_critical_review_finding_cannot_be_approved_away(severities):
    gate = asked(*(finding(Kind.REVIEW, Severity(severity)) for severity in severities))
    assert (Verb.APPROVE in gate.verbs) == ("critical" not in severities)


def test_not_even_where_the_plan_offers_approve():
    milestone = replace(MILESTONE, decisions={"review": (Verb.APPROVE,)})
    assert asked(finding(Kind.REVIEW, Severity.CRITICAL), milestone=milestone).verbs == (Verb.ABORT,)


def test_the_questions_of_the_founding_example():
    first = asked(finding(Kind.TESTS))
    assert (first.attempt, first.attempts, first.verbs) == (1, 2, ("fix", "retry", "skip", "abort"))
    again = asked(finding(Kind.TESTS), decisions=[answered(first, Verb.FIX)])
    assert (again.attempt, again.attempts, again.verbs) == (2, 2, ("retry", "skip", "abort"))


def test_attempts_are_counted_per_gate_and_kind():
    tests = asked(finding(Kind.TESTS))
    other = Decision(2, "04", Verb.FIX, "ada", "", "", kind=Kind.TESTS)
    decisions = [answered(tests, Verb.FIX), other, answered(tests, Verb.SKIP, 3)]
    assert asked(finding(Kind.REVIEW), decisions=decisions).attempt == 1
    assert asked(finding(Kind.TESTS), decisions=decisions).attempt == 2


def test_the_plan_limits_the_attempts():
    milestone = replace(MILESTONE, limits=Limits(attempts=4))
    decisions = []
    for attempt in (1, 2, 3):
        gate = asked(finding(Kind.AGENT), decisions=decisions, milestone=milestone)
        assert (gate.attempt, Verb.RETRY in gate.verbs) == (attempt, True)
        decisions.append(answered(gate, Verb.RETRY))
    assert Verb.RETRY not in asked(finding(Kind.AGENT), decisions=decisions, milestone=milestone).verbs
    later = asked(finding(Kind.AGENT), decisions=decisions)
    assert (later.attempt, later.attempts, later.verbs) == (4, 4, ("skip", "abort"))


# ---- what an answer is bound to -------------------------------------------------------------------------------

OTHERS = {
    "kind": Kind.TOOL,
    "severity": Severity.INFO,
    "rule": "another",
    "message": "look at that",
    "path": "src/billing.py",
    "line": 16,
    "detail": "Risk: data loss",
    "change": "d" * 64,
}


def test_what_was_approved_passes_and_stays_passed():
    gate = asked(finding(Kind.SIZE))
    assert asked(finding(Kind.SIZE), decisions=[answered(gate, Verb.APPROVE)]) == Passed((), (1,))


@pytest.mark.parametrize("field", [field.name for field in fields(Finding)])
def test_one_other_fact_in_a_finding_asks_again(field):
    shown, change = finding(Kind.SIZE), "" if field == "line" else CHANGE  # a change's identity binds the lines in it
    approved = answered(asked(shown, change=change), Verb.APPROVE)
    assert isinstance(asked(replace(shown, **{field: OTHERS[field]}), change=change, decisions=[approved]), Gate)


def test_an_approval_lasts_while_its_file_is_unchanged():
    shown, new = finding(Kind.REVIEW, change="a" * 64), finding(Kind.REVIEW, change="b" * 64)
    approved = answered(asked(shown), Verb.APPROVE)
    assert asked(shown, change="e" * 64, decisions=[approved]) == Passed((), (1,))
    asked_again = asked(shown, new, change="e" * 64, decisions=[approved])
    assert asked_again.findings == (new,), "and is not shown beside another"


def test_a_finding_that_lost_its_place_asks_again():
    shown = finding(Kind.SIZE)
    approved = answered(asked(shown), Verb.APPROVE)
    assert isinstance(asked(replace(shown, path=None), decisions=[approved]), Gate)


def test_other_findings_or_another_change_ask_again():
    two = (finding(Kind.SCOPE, message="one"), finding(Kind.SCOPE, message="two"))
    approved = [answered(asked(*two), Verb.APPROVE)]
    assert isinstance(asked(*two, decisions=approved), Passed)
    assert isinstance(asked(*two, finding(Kind.SCOPE, message="three"), decisions=approved), Gate)
    assert isinstance(asked(two[0], decisions=approved), Gate)
    assert isinstance(asked(*two, change="d" * 64, decisions=approved), Gate)
    assert isinstance(asked(*two, change="", decisions=approved), Gate)


def test_an_answer_to_one_kind_leaves_others_open():
    approved = [answered(asked(finding(Kind.SIZE)), Verb.APPROVE)]
    assert asked(finding(Kind.SIZE), finding(Kind.LICENCE), decisions=approved).kind is Kind.LICENCE
    assert isinstance(asked(finding(Kind.SIZE), finding(Kind.PLAN_WARNING), decisions=approved), Passed)


def test_an_answer_to_another_issue_passes_nothing():
    approved = replace(answered(asked(finding(Kind.SIZE)), Verb.APPROVE), gate="04")
    assert isinstance(asked(finding(Kind.SIZE), decisions=[approved]), Gate)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in gating.ANSWERS])
@pytest.mark.parametrize("kind", [kind for kind in HARD if kind is not Kind.PHASE], ids=str)
def test_only_an_approval_passes_an_issue_gate(kind, verb):
    bound = answered(asked(finding(kind)), verb)
    ahead = Decision(2, "03", verb, "ada", "", "")
    assert isinstance(asked(finding(kind), decisions=[bound, ahead]), Gate)


def test_continue_and_skip_phase_pass_a_barrier():
    shown, other = finding(Kind.PHASE, message="PR #310"), finding(Kind.PHASE, message="PR #310 [needs-db-review]")
    gate = asked(shown, name="phase-1", change="")
    on, skip = answered(gate, Verb.CONTINUE), Decision(2, "phase-1", Verb.SKIP_PHASE, "ada", "", "")
    assert isinstance(asked(shown, name="phase-1", change="", decisions=[on]), Passed)
    assert isinstance(asked(other, name="phase-1", change="", decisions=[on]), Gate)
    assert isinstance(asked(other, name="phase-1", change="", decisions=[skip]), Passed)
    assert isinstance(asked(other, name="phase-2", change="", decisions=[on, skip]), Gate)


# ---- what is refused ------------------------------------------------------------------------------------------

OPENED = 1_000


def approval(verb, gate="03", written=OPENED + 1, digest=None):
    return Approval(f"{gate}.{verb}", gate, verb, written, "source", digest=digest)


def refused(left, *kinds, change=None, others=()):
    gate = asked(*(finding(kind) for kind in kinds)) if kinds else None
    skipped = frozenset({"03", "phase-1"})
    return gating.refusal(left, MILESTONE, gating.Situation(gate, OPENED, change, tuple(others), skipped))


def test_a_current_answer_is_taken():
    gate = asked(finding(Kind.TESTS))
    assert refused(approval("fix", digest=gate.digest), Kind.TESTS, change=CHANGE) is None
    assert refused(approval("fix"), Kind.TESTS) is None
    assert refused(approval("fix", written=OPENED), Kind.TESTS) is None  # the same tick of the same clock


@pytest.mark.parametrize(
    ("left", "how", "why"),
    [
        (approval("fix", written=OPENED - 1), {}, "older than the question"),
        (approval("fix", digest="0" * 64), {}, "other findings or another change"),
        (approval("fix"), {"change": "d" * 64}, "has moved since"),
        (approval("FIX"), {}, "'FIX' is no verb"),
        (approval("fixx"), {}, "'fixx' is no verb"),
        (approval(""), {}, "named after a gate and a verb"),
        (approval("approve"), {}, "does not offer approve; it offers fix | retry | skip | abort"),
        (approval("fix"), {"others": ["skip"]}, "two answers at once (fix, skip)"),
        (approval("abort"), {"others": ["fix"]}, "two answers at once (abort, fix)"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(left, how, why):
    assert why in refused(left, Kind.TESTS, **how)


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("gate", ["03", "phase-1", "plan-review", "bootstrap"])
def test_only_riskless_verbs_are_taken_ahead(gate, verb):
    allowed = {("03", "skip"), ("phase-1", "skip-phase"), ("03", "unskip"), ("phase-1", "unskip"), (gate, "abort")}
    assert (refused(approval(verb, gate)) is None) == ((gate, verb) in allowed)


@pytest.mark.parametrize("verb", ["skip", "abort"])
def test_riskless_verbs_may_be_old(verb):
    assert refused(approval(verb, written=0, digest="0" * 64), Kind.TESTS, change="d" * 64) is None


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("approve", "does not offer approve; it offers skip | abort | approve-scope | approve-size | fix-empty"),
        ("approve-licence", "does not ask about licence"),
        ("fix-scope", "does not offer fix"),
        ("fix-empty", None),
        ("fix", None),
        ("approve-size", None),
    ],
)
def test_an_answer_names_what_is_asked(word, why):
    gate = asked(*(finding(kind) for kind in (Kind.SCOPE, Kind.SIZE, Kind.EMPTY)))
    verb, topic = topics.parse(word)
    now = gating.Situation(topics.meant(gate, verb, topic), OPENED, whole=gate)
    refusal = gating.refusal(replace(approval(verb), topic=topic), MILESTONE, now)
    assert (why is None and refusal is None) or why in refusal


@pytest.mark.parametrize(("why", "taken"), [("", False), (" \n", False), ("a sample from the docs", True)])
def test_a_secret_is_approved_with_a_reason(why, taken):
    left = replace(approval("approve"), why=why)
    assert (refused(left, Kind.SECRET) is None) is taken


def test_an_open_secret_gate_offers_no_skip():
    assert "does not offer skip" in refused(approval("skip"), Kind.SECRET)


# ---- skipped issues -------------------------------------------------------------------------------------------


def skip(verb, gate, number=1):
    return Decision(number, gate, verb, "ada", "", "")


@pytest.mark.parametrize(
    ("decision", "finished", "expected"),
    [
        (skip(Verb.SKIP, "03"), False, True),
        (skip(Verb.SKIP, "03"), True, True),
        (skip(Verb.SKIP, "04"), False, False),
        (skip(Verb.SKIP_PHASE, "phase-1"), False, True),
        (skip(Verb.SKIP_PHASE, "phase-1"), True, False),
        (skip(Verb.SKIP_PHASE, "phase-2"), False, False),
        (skip(Verb.SKIP_PHASE, "phase-11"), False, False),
        (skip(Verb.SKIP_PHASE, "03"), False, False),
        (skip(Verb.ABORT, "03"), False, False),
        (skip(Verb.FIX, "03"), False, False),
    ],
)
def test_who_is_skipped(decision, finished, expected):
    skip_decision = skips.skipped("03", 1, [skip(Verb.FIX, "03", 9), decision], finished=finished)
    assert skip_decision == (decision if expected else None)


def test_a_skip_is_taken_back_and_given_again():
    def skip_of(*decisions, issue="03"):
        return skips.skipped(issue, 1, decisions, finished=False)

    skipped, back, again = skip(Verb.SKIP, "03", 1), skip(Verb.UNSKIP, "03", 2), skip(Verb.SKIP, "03", 3)
    assert skip_of(skipped, back) is None
    assert skip_of(skipped, back, again) == again
    assert skip_of(skipped, skip(Verb.UNSKIP, "04", 2)) == skipped
    assert skip_of(skipped, skip(Verb.UNSKIP, "phase-1", 2)) == skipped, "a phase takes back what the phase skipped"
    phase = skip(Verb.SKIP_PHASE, "phase-1", 1)
    assert skip_of(phase, back) is None
    assert skip_of(phase, back, issue="04") == phase
    assert skip_of(phase, skip(Verb.UNSKIP, "phase-1", 2)) is None


def test_a_skipped_phase_skips_its_issues_of_then():
    left_out = replace(finding(Kind.PHASE, severity=Severity.WARNING), rule="03")
    decision = replace(skip(Verb.SKIP_PHASE, "phase-1"), findings=(left_out, replace(left_out, rule="04")))
    assert skips.skipped("03", 1, [decision], finished=False) == decision
    assert skips.skipped("05", 1, [decision], finished=False) is None, "it came to the phase later"


def test_a_change_at_other_lines_stays_approved():
    """A base that moved shifts lines; what was shown is the same, as the change's identity tells."""
    shown = finding(Kind.SIZE)
    approved = answered(asked(shown, change=CHANGE), Verb.APPROVE)
    assert isinstance(asked(replace(shown, line=99), change=CHANGE, decisions=[approved]), Passed)
    assert isinstance(asked(replace(shown, line=99), change="another", decisions=[approved]), Gate)
