"""What goes wrong on GitHub Actions, really run: killed jobs, lost machines, races, people without access."""

import re

import pytest
from support.actions import MEMBER, TWO, WAITS, heads, held, kill, until


def test_one_of_two_simultaneous_runs_proceeds(shop):
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
    print("figure: races won exactly once: 1 / 1")


@pytest.mark.torture
def test_the_next_run_repeats_a_killed_job(shop, gh):
    forge = shop("killed", "--matrix")
    let_go, hangs = held(forge, "02")
    act = forge.begins(GH_CONFIG_DIR=gh[0])
    until(hangs, act)
    kill(forge)
    ran = forge.ends(act)
    assert ran.red
    assert gh[1] == [], "a job that died is not started again by itself"
    let_go()
    again = forge.runs_it(GH_CONFIG_DIR=gh[0])
    assert not again.red, again.out
    assert again.notices[-1:] == WAITS
    assert heads(forge) == TWO
    print("figure: killed jobs that converged: 1 / 1")


@pytest.mark.torture
def test_a_person_removes_a_lost_machines_lock(shop):
    forge = shop("lost")
    let_go, hangs = held(forge, "01")
    act = forge.begins()
    until(hangs, act)
    act.kill()
    kill(forge)
    forge.ends(act)
    let_go()
    ran = forge.runs_it()
    assert ran.red
    command = re.search(r"`run-milestone (state unlock m1 --lock github-1)`", ran.out)
    assert forge.ada.types(*command[1].split()).out == "✓ m1 is unlocked\n"
    assert forge.runs_it().notices == WAITS
    assert heads(forge) == TWO


def test_outsiders_and_nonsense_start_nothing(shop):
    forge = shop("outsiders")
    before = forge.refs()
    outsider = {"body": "/approve `touch made`", "author_association": "NONE"}
    on = {"body": "Issue 01\n\n<!-- run-milestone: m1/01 -->\n"}
    ran = forge.runs_it("issue_comment", {"action": "created", "comment": outsider, "issue": on})
    assert (ran.red, ran.done) == (False, []), ran.out + "the job's own condition keeps it from starting"

    member = {"body": "/approve `touch made`", **MEMBER}
    on = {"body": "A fork's pull request", "pull_request": {"url": "https://example.com/pulls/7"}}
    ran = forge.runs_it("issue_comment", {"action": "created", "comment": member, "issue": on})
    assert (ran.red, ran.done) == (False, ["What is to be run"])
    assert "The comment is not on an issue or pull request of a milestone, so nothing runs." in ran.out

    ran = forge.runs_it(payload={"inputs": {"milestone": "m1$(touch made); touch made"}})
    assert (ran.red, ran.done) == (True, [])
    assert "'m1$(touch made); touch made' is not a milestone id. Write it like m4.1, m3 or spring-release." in ran.out

    ran = forge.runs_it("pull_request_target", {"pull_request": {"head": {"repo": {"fork": True}}}})
    assert ran.done == [], "no event of a fork starts the workflow"
    assert list(forge.folder.rglob("made")) == []
    assert forge.refs() == before
