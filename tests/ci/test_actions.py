"""A milestone on GitHub Actions, really run: one job or many, decisions in between, kills, races, strangers."""

import json
import os
import re
import signal
import time

import pytest

PLAN = """\
id: m1
title: Three pages and an index
agent: {kind: command, command: [sh, agent.sh]}
commands:
  lint: ["true"]
  test: [sh, test.sh, "{junit}"]
phases:
  - title: Pages
    issues:
      - {number: 1, title: The first page, criteria: [It is there]}
      - {number: 2, title: The second page, criteria: [It is there]}
      - {number: 3, title: The third page, criteria: [It is there], paths: {allow: [other/**]}}
  - title: Index
    issues:
      - {number: 4, title: The index, criteria: [It is there]}
"""
AGENT = """\
number=$(sed -n 's/.*issue \\([0-9]*\\) of milestone.*/\\1/p' | head -n 1)
while [ -e "HOLD/$number" ]; do touch "HOLD/$number.begun"; sleep 0.02; done
mkdir -p pages && echo "<p>page $number</p>" > "pages/$number.html"
"""
REPORT = '<testsuite name="pages"><testcase classname="pages" name="there"/></testsuite>'
MEMBER = {"author_association": "MEMBER"}


def files(hold):
    agent = AGENT.replace("HOLD", str(hold))
    return {"plans/m1/plan.yaml": PLAN, "agent.sh": agent, "test.sh": f"echo '{REPORT}' > \"$1\"\n"}


@pytest.fixture(scope="session")
def shop(actions, tmp_path_factory):
    """Make a shop whose milestone runs on Actions; an agent hangs while a file of its issue's number lies in `hold`."""

    def make(name, *form):
        folder = tmp_path_factory.mktemp(name)
        (folder / "hold").mkdir()
        return actions(folder, files(folder / "hold"), *form)

    return make


def decides(forge, gate, verb, why=""):
    """Somebody answers at their own machine."""
    told = forge.ada.types("decide", "m1", gate, verb, "--reason", why, "--state-ref")
    assert told.code == 0, told.err


def summary(forge):
    """What everybody can read of a milestone's end, without what differs from run to run."""
    assert forge.ada.types("state", "pull", "m1").code == 0
    facts = json.loads((forge.ada.folder / "state/m1/summary.json").read_text())
    told = {name: facts[name] for name in ("status", "issues", "prs", "labels", "commands")}
    return {**told, "per_issue": [(story["number"], story["status"]) for story in facts["per_issue"]]}


END = {
    "status": "complete",
    "issues": {"total": 4, "completed": 4, "skipped": 0},
    "prs": {"created": 4, "clean": 3, "fixed": 0, "approved": 1},
    "labels": {},
    "commands": {"continue": 2, "approve": 1},
    "per_issue": [("01", "done"), ("02", "done"), ("03", "done"), ("04", "done")],
}


def comment(forge, body, **how):
    """The event of a comment on the milestone's first pull request."""
    return {
        "action": "created",
        "comment": {"body": body, **MEMBER, **how},
        "issue": {"body": forge.pulls()[0]["body"]},
    }


def test_one_job_carries_a_milestone_from_question_to_question(shop):
    forge, began = shop("one"), time.monotonic()
    ran = forge.runs_it()
    assert not ran.red, ran.out
    assert ran.notices == ["m1 waits for decisions: 03 (approve | skip | abort)"]
    assert len(forge.pulls()) == 2

    decides(forge, "03", "approve", "The page lies where pages lie")
    ran = forge.runs_it("issue_comment", comment(forge, "/approve"))
    assert ran.notices == ["m1 waits for decisions: phase-1 (continue | skip-phase | abort)"], ran.out
    decides(forge, "phase-1", "continue")
    ran = forge.runs_it("schedule", {"schedule": "17 5 * * *"})
    assert ran.notices == ["m1 waits for decisions: phase-2 (continue | skip-phase | abort)"], ran.out
    decides(forge, "phase-2", "continue")
    ran = forge.runs_it()
    assert (ran.red, ran.notices) == (False, []), ran.out
    assert "✓ Milestone M1 Complete" in ran.out
    assert summary(forge) == END
    print(f"one job: {forge.runs} runs, {forge.runs} jobs beside the event's, {time.monotonic() - began:.1f} s")


def plays_waves(forge, gh, *, said=None):
    """Start the workflow, and again as long as its last job asks GitHub to."""
    folder, started = gh
    ran = [forge.runs_it(said=said, GH_CONFIG_DIR=folder)]
    while started:
        assert started == [{"inputs": {"milestone": "m1"}, "ref": "main", "return_run_details": True}]
        started.clear()
        ran.append(forge.runs_it(GH_CONFIG_DIR=folder))
    return ran


def test_a_matrix_carries_the_same_milestone_in_waves_to_the_same_end(shop, gh):
    forge, began = shop("matrix", "--matrix"), time.monotonic()
    (first,) = plays_waves(forge, gh)
    assert not first.red, first.out
    assert first.issues == ["01", "02", "03"], first.out
    assert len(forge.pulls()) == 2
    assert "m1 waits for decisions: 03 (approve | skip | abort)" in first.notices
    decides(forge, "03", "approve", "The page lies where pages lie")
    (second,) = plays_waves(forge, gh)
    assert second.issues == ["03"], second.out
    decides(forge, "phase-1", "continue")
    (third,) = plays_waves(forge, gh)
    assert third.issues == ["04"], third.out
    decides(forge, "phase-2", "continue")
    (last,) = plays_waves(forge, gh)
    assert last.issues == []
    assert "✓ Milestone M1 Complete" in last.out
    assert summary(forge) == END
    waves = [first, second, third, last]
    assert not any(ran.red for ran in waves)
    jobs = sum(len(ran.done) for ran in waves)
    print(f"a matrix: {forge.runs} runs, {jobs} jobs, {time.monotonic() - began:.1f} s")


# ---- what goes wrong ------------------------------------------------------------------------------------------

WAITS = ["m1 waits for decisions: 03 (approve | skip | abort)"]
"""How the first run ends where nothing goes wrong."""
TWO = ["feat/m1-01-the-first-page", "feat/m1-02-the-second-page"]


def until(happens, *acts):
    """Wait until something happens while these runs go on."""
    while not happens():
        assert all(act.poll() is None for act in acts), acts[0].stdout.read()
        time.sleep(0.02)


def held(forge, number):
    """Let the agent of this issue hang; returns what lets it go, and what tells that it hangs."""
    hold = forge.folder / "hold" / number
    hold.touch()
    return hold.unlink, hold.with_suffix(".begun").exists


def heads(forge):
    return sorted(pull["head"] for pull in forge.pulls())


def test_of_two_runs_started_at_once_exactly_one_proceeds(shop):
    forge = shop("race")
    let_go, _ = held(forge, "01")
    acts = [forge.begins(), forge.begins()]
    until(lambda: any(act.poll() is not None for act in acts))
    let_go()
    ran = [forge.ends(act) for act in acts]
    winner, loser = sorted(ran, key=lambda one: one.red)
    assert (winner.red, loser.red) == (False, True)
    assert winner.notices == WAITS
    assert re.search(r"Milestone m1 is being run by \S+ on \S+ since \S+ \(lock github-[12]\)", loser.out)
    assert heads(forge) == TWO
    assert "locked" not in forge.ada.types("state", "show", "m1").out
    print("races won exactly once: 1 / 1")


@pytest.mark.parametrize("form", [(), ("--matrix",)], ids=["one", "matrix"])
def test_a_job_killed_in_the_middle_is_done_again_by_the_next_run(shop, gh, form):
    forge = shop("killed", *form)
    let_go, hangs = held(forge, "02")
    act = forge.begins(GH_CONFIG_DIR=gh[0])
    until(hangs, act)
    for pid in forge.jobs_alive():
        os.kill(pid, signal.SIGKILL)
    ran = forge.ends(act)
    assert ran.red
    assert gh[1] == [], "a job that died is not started again by itself"
    let_go()
    again = forge.runs_it(GH_CONFIG_DIR=gh[0])
    assert not again.red, again.out
    assert again.notices[-1:] == WAITS
    assert heads(forge) == TWO
    print("killed jobs that converged: 1 / 1")


def test_a_machine_that_is_lost_leaves_its_lock_and_a_person_takes_it_away(shop):
    forge = shop("lost")
    let_go, hangs = held(forge, "01")
    act = forge.begins()
    until(hangs, act)
    for pid in (act.pid, *forge.jobs_alive()):
        os.kill(pid, signal.SIGKILL)
    forge.ends(act)
    let_go()
    ran = forge.runs_it()
    assert ran.red
    command = re.search(r"`run-milestone (state unlock m1 --lock github-1)`", ran.out)
    assert forge.ada.types(*command[1].split()).out == "✓ m1 is unlocked\n"
    assert forge.runs_it().notices == WAITS
    assert heads(forge) == TWO


def test_strangers_and_nonsense_start_nothing(shop):
    forge = shop("strangers")
    before = forge.refs()
    stranger = {"body": "/approve `touch made`", "author_association": "NONE"}
    on = {"body": "Issue 01\n\n<!-- run-milestone: m1/01 -->\n"}
    ran = forge.runs_it("issue_comment", {"action": "created", "comment": stranger, "issue": on})
    assert (ran.red, ran.done) == (False, []), ran.out + "the job's own condition keeps it from starting"

    member = {"body": "/approve `touch made`", **MEMBER}
    on = {"body": "A fork's pull request", "pull_request": {"url": "https://example.com/pulls/7"}}
    ran = forge.runs_it("issue_comment", {"action": "created", "comment": member, "issue": on})
    assert (ran.red, ran.done) == (False, ["What is to be run"])
    assert "The comment is on nothing that belongs to a milestone, so nothing is run." in ran.out

    ran = forge.runs_it(said={"inputs": {"milestone": "m1$(touch made); touch made"}})
    assert (ran.red, ran.done) == (True, [])
    assert "'m1$(touch made); touch made' is not a milestone id. Write it like m4.1 or m3." in ran.out

    ran = forge.runs_it("pull_request_target", {"pull_request": {"head": {"repo": {"fork": True}}}})
    assert ran.done == [], "no event of a fork starts the workflow"
    assert list(forge.folder.rglob("made")) == []
    assert forge.refs() == before
