"""The stops of a milestone as a whole: its plan, its baseline, its budget, its phases, and the way out by each verb."""

import venv
from dataclasses import dataclass, field

import pytest

from run_milestone.model import Kind, Verb
from run_milestone.policy.stops import AUTONOMOUS, STOPS

WORK = {f"{number}-1": {f"{number}.js": "a = 1\n"} for number in ("01", "02", "03")}
UNBOXED = "sandbox: {kind: none}\n"
"""A box does not show the other checkout, so that nothing can be imported from it."""
UNREACHABLE = [{"text": "It answers", "test": "tests/test_new.py::test_it"}]


@dataclass(frozen=True)
class Case:
    """A milestone that leads into a stop of its own: the gate's name, what it says, and what makes it so."""

    gate: str
    kind: Kind
    shown: str
    issue: dict = field(default_factory=dict)
    plan: str = ""
    broken: bool = False
    why: str = ""
    editable: bool = False


CASES = (
    Case(
        "plan-review",
        Kind.PLAN_CRITICAL,
        "1. Issue #01, criterion 1: its test is in tests/test_new.py, which the issue may not change",
        issue={"criteria": UNREACHABLE, "paths": {"allow": ["*.js"]}},
    ),
    Case("bootstrap", Kind.TREE, "1. The tests import shop (", plan=UNBOXED, editable=True),
    Case("bootstrap", Kind.BASELINE, "1. the test command ended with exit code 1", broken=True),
    Case(
        "budget",
        Kind.BUDGET,
        "1. The time of its steps is used up (time 1s)",
        plan="limits: {time: 1s}\nreviewers: [{name: slow, command: [sleep, '60'], timeout: 1}]\n",
        why="time 2h",
    ),
    Case(
        "boundary",
        Kind.BOUNDARY,
        "1. dodo.py was changed while bootstrap ran",
        plan=UNBOXED
        + "tree: {setup: [[sh, -c, 'grep -q late $1 || echo \"# late\" >> $1', sh, ../../product/dodo.py]]}\n",
        why="I edited it",
    ),
)


ISOLATED = ("../../env/bin/python", "-I", "-c", "import importlib.util; importlib.util.find_spec('shop')")
"""A test command whose Python takes nothing from outside its environment."""


def proves(answer):
    """The cases as parameters, each marked with the stop and the answer that its test shows."""
    answers, offered = [answer] if answer else [], (None, AUTONOMOUS)
    cases = [case for case in CASES if answer in (*offered, *STOPS[case.kind].verbs)]
    return [pytest.param(case.kind, id=str(case.kind), marks=pytest.mark.stop(case.kind, *answers)) for case in cases]


def made(product, home, case):
    how = {"test": ISOLATED} if case.editable else {}
    ada = product(home, [{"number": 1, **case.issue}, {"number": 2}], work=WORK, plan=case.plan, **how)
    if case.editable:
        venv.create(home / "env", symlinks=True)
        packages = next((home / "env").glob("lib/python*/site-packages"))
        (packages / "__editable__.shop.pth").write_text(str(ada.folder / "src"))
        (ada.folder / "src").mkdir()
        (ada.folder / "src/shop.py").write_text("SIZE = 3\n")
        ada.git("add", "src", where=".")
        ada.git("commit", "--quiet", "--message=Add the shop", where=".")
    if case.broken:
        (ada.folder / "broken.js").touch()
        ada.git("add", ".", where=".")
        ada.git("commit", "--quiet", "--message=Break it", where=".")
    return ada


@pytest.fixture(scope="module")
def stopped(make_product, run_m1, tmp_path_factory):
    """Each of these milestones, after the run that stopped."""
    homes = {case.kind: tmp_path_factory.mktemp(case.gate) / "home" for case in CASES}
    return {case.kind: (case, run_m1(made(make_product, homes[case.kind], case))) for case in CASES}


@pytest.mark.parametrize("kind", proves(None))
def test_the_run_stops_at_a_wrong_milestone(stopped, kind):
    case, outcome = stopped[kind]
    assert outcome.result.code == (4 if kind is Kind.BUDGET else 3)
    assert outcome.gate(case.gate)["kind"] == kind
    assert f"🛑 {STOPS[kind].title}" in outcome.result.out
    assert case.shown in outcome.result.out
    assert " | ".join(STOPS[kind].verbs) in outcome.result.out
    assert outcome.result.issues() == (["01"] if kind is Kind.BUDGET else [])


@pytest.mark.parametrize("kind", proves(Verb.APPROVE))
def test_approve_accepts_it_and_the_milestone_goes_on(stopped, answer_in_copy, kind):
    case, outcome = stopped[kind]
    approved = answer_in_copy(outcome, f"{case.gate}.approve", why=case.why)
    assert [verb for verb, _ in approved.decided(case.gate)] == ["approve"]
    assert approved.gate(case.gate) is None
    assert approved.result.issues()[-1] == "02"


@pytest.mark.stop(Kind.TREE, Verb.RETRY)
def test_retry_looks_at_the_imports_again(stopped, answer_in_copy):
    _, outcome = stopped[Kind.TREE]
    unchanged = answer_in_copy(outcome, "bootstrap.retry")
    assert unchanged.gate("bootstrap")["kind"] == Kind.TREE

    def uninstall(home):
        next((home / "env").glob("lib/python*/site-packages/*.pth")).unlink()

    repaired = answer_in_copy(outcome, "bootstrap.retry", before=uninstall)
    assert repaired.gate("bootstrap") is None
    assert repaired.result.issues()[-1] == "02"


@pytest.mark.parametrize("kind", proves(Verb.ABORT))
def test_abort_ends_the_run_and_keeps_the_gate(stopped, answer_in_copy, kind):
    case, outcome = stopped[kind]
    aborted = answer_in_copy(outcome, f"{case.gate}.abort")
    assert aborted.result.code == (4 if kind is Kind.BUDGET else 1)
    assert aborted.result.issues() == []
    assert "Aborted. `run-milestone m1` resumes it." in aborted.result.out
    resumed = answer_in_copy(aborted)
    assert resumed.gate(case.gate)["kind"] == kind
    assert case.shown in resumed.result.out


@pytest.mark.parametrize("kind", proves(AUTONOMOUS))
def test_an_autonomous_run_aborts_at_a_wrong_milestone(make_product, run_m1, tmp_path_factory, kind):
    case = next(case for case in CASES if case.kind is kind)
    outcome = run_m1(made(make_product, tmp_path_factory.mktemp(case.gate) / "home", case), "--autonomous")
    assert outcome.result.code == (4 if kind is Kind.BUDGET else 1)
    assert outcome.decided(case.gate) == [("abort", "autonomous")]
    assert f"Gate {case.gate} ended the run ({STOPS[kind].title.lower()}" in outcome.result.out


def test_a_corrected_plan_is_reviewed_again(stopped, answer_in_copy):
    _, outcome = stopped[Kind.PLAN_CRITICAL]
    assert "plans/m1/plan.yaml and run the same command again: then it is reviewed again." in outcome.result.out

    def repair(home):
        plan = home / "product/plans/m1/plan.yaml"
        plan.write_text(plan.read_text().replace('["*.js"]', '["*.js", "tests/**"]'))

    corrected = answer_in_copy(outcome, before=repair)
    assert "Invoking plan-review..." in corrected.result.out
    assert "(0 critical, 1 warning)" in corrected.result.out
    assert corrected.gate("plan-review") is None
    assert corrected.result.issues()[0] == "01"
    assert "Invoking plan-review..." not in answer_in_copy(corrected).result.out, (
        "and not again while it stays the same"
    )


# ---- warnings -----------------------------------------------------------------------------------------------------


@pytest.mark.stop(Kind.PLAN_WARNING)
def test_a_warning_is_recorded_and_stops_nothing(stopped):
    _, outcome = stopped[Kind.BUDGET]
    assert (
        "✓ Passed (0 critical, 2 warnings)\n  ⚠️ Issue #01, criterion 1: “It is done” does not say" in outcome.result.out
    )
    assert "2 warnings:" in (outcome.person.folder / "state/m1/plan-review.md").read_text()
    assert outcome.result.issues() == ["01"]


# ---- phases -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unfinished(make_product, run_m1, tmp_path_factory):
    """A first phase in which a person's issue waits, and a second one."""
    person = {"number": 2, "agent": {"kind": "human"}}
    return run_m1(
        make_product(tmp_path_factory.mktemp("phases") / "home", [{"number": 1}, person], [{"number": 3}], work=WORK)
    )


@pytest.fixture(scope="module")
def second(unfinished, answer_in_copy):
    """The end of the second phase; what was unfinished in the first is left out."""
    return answer_in_copy(unfinished, "phase-1.skip-phase")


@pytest.mark.stop(Kind.PHASE, Verb.SKIP_PHASE)
def test_skip_phase_skips_unfinished_issues(unfinished, second):
    assert unfinished.gate("02")["kind"] == "human"
    assert unfinished.gate("phase-1") is None, "the barrier asks when all is done or skipped"
    assert second.gate("02") is None
    assert [second.story(number)["status"] for number in ("01", "02", "03")] == ["done", "skipped", "done"]


@pytest.mark.stop(Kind.PHASE)
def test_a_complete_phase_shows_its_pull_requests(second):
    assert second.result.code == 3
    assert "✓ Phase 2 complete — 1 PR ready" in second.result.out
    assert "continue | skip-phase | abort" in second.result.out


@pytest.mark.stop(Kind.PHASE, Verb.CONTINUE)
def test_continue_goes_on_to_the_end(second, answer_in_copy):
    done = answer_in_copy(second, "phase-2.continue")
    assert done.result.code == 0
    assert "✓ Milestone M1 Complete" in done.result.out


@pytest.mark.stop(Kind.PHASE, Verb.ABORT)
def test_after_an_abort_the_phase_asks_again(second, answer_in_copy):
    aborted = answer_in_copy(second, "phase-2.abort")
    assert aborted.result.code == 1
    assert "✓ Phase 2 complete — 1 PR ready" in answer_in_copy(aborted).result.out


@pytest.mark.stop(Kind.PHASE, AUTONOMOUS)
@pytest.mark.stop(Kind.PLAN_WARNING, AUTONOMOUS)
def test_an_autonomous_run_passes_warnings_and_barriers(make_product, run_m1, tmp_path_factory):
    ada = make_product(tmp_path_factory.mktemp("on") / "home", [{"number": 1}], [{"number": 3}], work=WORK)
    outcome = run_m1(ada, "--autonomous")
    assert "✓ Passed (0 critical, 2 warnings)" in outcome.result.out
    assert outcome.decided("phase-1") == [("continue", "autonomous")]
    assert outcome.result.code == 0


# ---- the target branch --------------------------------------------------------------------------------------------


@pytest.mark.stop(Kind.TARGET)
def test_no_pull_request_reaches_an_alias_of_main(make_product, run_m1, tmp_path_factory):
    home = tmp_path_factory.mktemp("target") / "home"
    ada = make_product(home, [{"number": 1}], work=WORK)
    ada.git("symbolic-ref", "refs/heads/milestone/m1", "refs/heads/main", where=home / "remote.git")
    before = ada.git("rev-parse", "main", where=home / "remote.git")
    outcome = run_m1(ada)
    assert outcome.gate("01")["kind"] == Kind.TARGET
    assert "1. The pull request is refused: on the remote milestone/m1 is another name for main" in outcome.result.out
    assert outcome.pull("01") is None
    assert outcome.remote("main") == before
