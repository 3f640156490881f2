"""Every stop of an issue, found in one run of a real repository, and the way out by each verb that it offers.

Issues of a phase are independent: one run opens all these gates, and one more takes all the answers by a verb.
"""

import json
import subprocess

import pytest
from support.stop_cases import GATES, LABELS, REVIEWER, again, led_into, proves

from run_milestone.model import Kind, Verb
from run_milestone.policy.stops import AGAIN, STOPS


@pytest.fixture(scope="module")
def opened(make_product, run_m1, tmp_path_factory):
    """The run that opens every gate."""
    return run_m1(led_into(make_product, tmp_path_factory.mktemp("stops") / "home", (*LABELS, *GATES)))


def answering(verb):
    """A fixture: the gates that offer a verb are answered by it, all at once, and the milestone runs on."""

    @pytest.fixture(scope="module")
    def answered(opened, answer_in_copy):
        taking = (case for case in GATES if verb in STOPS[case.kind].verbs)
        return answer_in_copy(opened, *(f"{case.number}.{verb}" for case in taking), why="a sample")

    return answered


skipped, approved, aborted = answering(Verb.SKIP), answering(Verb.APPROVE), answering(Verb.ABORT)


@pytest.fixture(scope="module")
def reworked(opened, answer_in_copy):
    """Fix, retry or restart, whichever a gate offers; what was in the way outside is out of it."""

    def repair(home):
        (home / "reviewer").write_text(REVIEWER.replace("Looks good to me!", '{"findings": []}'))
        (home / "remote.git/open").touch()
        subprocess.run(["git", "branch", "-D", "feat/m1-31-do-31/mine"], cwd=home / "product", check=True)
        (pending,) = (path for path in (home / "remote.forge/checks").iterdir() if "pending" in path.read_text())
        pending.write_text('{"checks": [{"name": "ci", "state": "passed"}]}')

    return answer_in_copy(
        opened, *(f"{case.number}.{verb}" for case in GATES for verb in again(case.kind)), before=repair
    )


# ---- found --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", proves(None, among=LABELS))
def test_a_small_risk_is_a_label(opened, case):
    assert case.shown in opened.output_of(case.number)
    label = STOPS[case.kind].label
    assert f"✓ Label: {label}" in opened.output_of(case.number)
    assert label in opened.pull(case.number)["labels"]
    assert opened.story(case.number)["status"] == "done"


@pytest.mark.parametrize("case", proves(None))
def test_a_large_risk_waits_with_its_commands(opened, case):
    assert opened.result.code == 3
    gate, output = opened.gate(case.number), opened.output_of(case.number)
    assert gate["kind"] == case.kind
    assert case.shown in output
    title = "Others pushed to its branch" if case.name == "others-commits" else STOPS[case.kind].title
    assert f"🛑 {title}" in output
    assert " | ".join(STOPS[case.kind].verbs) in output
    for verb in STOPS[case.kind].verbs:
        how = 'echo "why this is no secret" >' if (case.kind, verb) == (Kind.SECRET, Verb.APPROVE) else "touch"
        assert f"  {how} state/m1/approvals/{case.number}.{verb} " in output
    early = STOPS[case.kind].found_by != "review" and case.kind is not Kind.TOOL
    assert (opened.pull(case.number) is None) is early, "nothing is proposed before it is allowed"


# ---- answered -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", proves(Verb.APPROVE))
def test_approve_accepts_what_was_shown(approved, case):
    assert [verb for verb, _ in approved.decided(case.number)] == ["approve"]
    assert "✓ Approved (recorded)" in approved.output_of(case.number)
    assert approved.pull(case.number)["state"] == "open"
    assert approved.story(case.number)["status"] == "done"


@pytest.mark.parametrize("case", proves(*AGAIN))
def test_another_attempt_repairs_and_checks_again(opened, reworked, case):
    assert [verb for verb, _ in reworked.decided(case.number)] == again(case.kind)
    assert reworked.gate(case.number) is None, reworked.output_of(case.number)
    before = opened.pull(case.number)
    assert (f"✓ PR #{reworked.pull(case.number)['number']} created" in reworked.output_of(case.number)) is (
        before is None
    )
    assert reworked.pull(case.number)["state"] == "open"
    assert reworked.story(case.number)["status"] == "done"


def test_others_work_is_merged_and_not_the_change(reworked):
    for number, theirs in (("24", "colleague"), ("25", "other-colleague")):
        branch = f"feat/m1-{number}-do-{number}"
        assert reworked.remote(theirs) in reworked.log(branch), "nobody's commit is lost"
        assert reworked.log(branch)[-1] == reworked.remote("main")
        assert reworked.remote(branch) == reworked.log(branch)[0]
    assert "colours = ['blue', 'green']" in reworked.person.git("show", "feat/m1-24-do-24:shared.js", where=".")
    assert reworked.evidence("24", "inspect")["files"] == 1


def test_a_retry_asks_for_what_was_asked_before(reworked):
    assert "🔧 Starting over...\n✓ Implemented (1 file, 1 line)" in reworked.output_of("10")
    assert "🤖 Code review..." in reworked.output_of("10"), "nothing was reviewed before"
    assert reworked.story("10")["attempts"] == 2
    assert reworked.person.git("log", "-1", "--format=%s", "feat/m1-10-do-10", where=".") == "feat(m1): Do 10 (10)"


def test_no_answer_moves_the_target_branch(opened, approved, reworked, skipped):
    assert {outcome.remote("main") for outcome in (opened, approved, reworked, skipped)} == {opened.remote("main")}
    assert opened.remote("main") == opened.person.git("rev-parse", "main", where=".")


@pytest.mark.parametrize("case", proves(Verb.SKIP))
def test_skip_leaves_the_pull_request_a_draft(skipped, case):
    assert [verb for verb, _ in skipped.decided(case.number)] == ["skip"]
    assert f"⏭️ Skipped Issue #{case.number}" in skipped.result.out
    assert skipped.story(case.number)["status"] == "skipped"
    assert (skipped.pull(case.number) or {"draft": True})["draft"]


@pytest.mark.parametrize("case", proves(Verb.ABORT))
def test_abort_ends_the_run_and_keeps_the_gate(aborted, resumed, case):
    assert aborted.result.code == 1
    assert [verb for verb, _ in aborted.decided(case.number)] == ["abort"]
    assert aborted.result.issues() == []
    assert "Aborted. `run-milestone m1` resumes it." in aborted.result.out
    assert resumed.result.code == 3
    assert resumed.gate(case.number)["kind"] == case.kind
    assert case.shown in resumed.result.out


def test_status_shows_an_aborted_run_with_open_gates(opened, answer_in_copy):
    aborted = answer_in_copy(opened, f"{GATES[0].number}.abort")
    assert aborted.result.code == 1
    status = json.loads(aborted.person.types("status", "m1", "--json").out)
    assert (status["status"], len(status["waiting"])) == ("aborted", len(GATES) - 1)


@pytest.fixture(scope="module")
def resumed(aborted, answer_in_copy):
    return answer_in_copy(aborted)
