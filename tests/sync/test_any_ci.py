"""The page's plain commands in a bare shell: `CI=true`, no terminal, fresh clones; and what is refused there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.lost_machine import ATTEMPT, check_end, ended_at, summary
from support.pages import block

from run_milestone.commands import main

RUN, DECIDE, MANY, STEPS = (block("docs/guides/ci.md", name) for name in ("run", "decide", "many", "steps"))


def in_a_bare_shell(where, script, **more):
    """Run the page's commands as a CI system's shell would, which stops at the first that fails."""
    bare = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": os.environ["HOME"], "CI": "true"}
    done = subprocess.run(
        ["sh", "-eu", "-c", script], cwd=where.folder, env={**bare, **more}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_run_and_decision_go_on_between_clones(project):
    clone = project("shop")
    code, output = in_a_bare_shell(clone("first"), RUN)
    assert code == 0, output
    assert "run-milestone decide m1 02 skip --state-ref" in output
    code, output = in_a_bare_shell(clone("laptop"), DECIDE)
    assert code == 0, output
    assert "02: Tests failing" in output
    third = clone("third")
    code, output = in_a_bare_shell(third, RUN)
    assert code == 0, output
    assert 'Recorded: "not now"' in output
    assert summary(third)["waiting"] == ["phase-1"]


def test_the_documented_jobs_and_steps_work(project):
    clone = project("shop")
    code, output = in_a_bare_shell(clone("jobs"), MANY, RUN="17")
    assert code == 0, output
    assert "\n01\n02\n03\n" in output
    steps = clone("steps")
    code, output = in_a_bare_shell(steps, STEPS)
    assert code == 0, output
    assert "✓ State of m1 pushed" in output
    assert (summary(steps)["waiting"], summary(steps)["issues"]["completed"]) == (["02"], 2)
    code, output = in_a_bare_shell(clone("looks"), "run-milestone state show m1")
    assert "Lock: free" in output
    assert "1 open question" in output


# ---- killed and cancelled -----------------------------------------------------------------------------------------


def killed_and_gone_on(clone, hook, turn):
    """Kill a run, then go on in a fresh clone; returns False where the run had ended before its push came."""
    result = ended_at(clone, hook, turn, "KILL")
    if result.code == 0:
        return False
    assert result.code == -9, result.out + result.err
    after = clone("after")
    result = goes_on(after, "m1", "--autonomous", "--state-ref")
    assert result.code == 0, result.out + result.err
    check_end(after)
    return True


def goes_on(person, *words):
    """Run after a machine was lost, whose lock is let go; killed before its first push, a run leaves none."""
    result = person.types(*words)
    if result.code != 5:
        return result
    lock = re.search(r"--lock (\w+)`", result.err)[1]
    assert person.types("state", "unlock", "m1", "--lock", lock).code == 0
    return person.types(*words)


def test_the_attempt_of_a_lost_machine_counts(project):
    clone = project("shop")
    assert ended_at(clone, "post-receive", ATTEMPT, "KILL").code == -9
    after = clone("after")
    result = goes_on(after, "m1", "--only", "01", "--state-ref")
    assert result.code == 0, result.out + result.err
    assert "⚠️ An attempt at #01 ended with its run: it counts" in result.out
    assert summary(after)["used"]["attempts"] == 2


@pytest.mark.torture
@pytest.mark.parametrize("hook", ["pre-receive", "post-receive"])
def test_killed_at_every_push(project, hook):
    tried = 0
    while killed_and_gone_on(project(f"shop-{tried}"), hook, tried + 1):
        tried += 1
    print(f"figure: kills converged: {tried} / {tried}")
    assert tried > 10


def test_a_cancelled_run_pushes_and_unlocks(project):
    clone = project("shop")
    result = ended_at(clone, "post-receive", 6, "TERM")
    assert result.code == 130, result.out + result.err
    after = clone("after")
    result = after.types("m1", "--autonomous", "--state-ref")
    assert result.code == 0, result.err
    check_end(after)


UNLOCK = """\
#!/bin/sh
echo >> "$GIT_DIR/pushes"
if [ "$(wc -l < "$GIT_DIR/pushes")" = 8 ]; then git update-ref -d refs/run-milestone/m1/lock; fi
"""


def test_a_run_without_its_lock_ends(project):
    victim = project("shop")("victim")
    hook = victim.folder.parents[1] / "hub.git" / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(UNLOCK)
    hook.chmod(0o755)
    result = victim.types("m1", "--state-ref")
    assert result.code == 5, result.out + result.err
    assert "The lock of this run of m1 was taken away" in result.err
    assert result.issues() == ["01", "02"], "the third would have been next"


# ---- refused ------------------------------------------------------------------------------------------------------


def test_without_a_remote_nothing_is_run(project):
    alone = project("shop")("alone")
    alone.git("remote", "remove", "origin", where=".")
    result = alone.types("m1", "--state-ref")
    assert result.code == 2
    assert "has no remote, so there is nowhere to share the state of m1" in result.err
    assert result.out == ""
    assert alone.git("branch", "--format=%(refname:short)", where=".") == "main"


@pytest.mark.parametrize(
    "word", ["m1;touch x", "$(touch x)", "`touch x`", "../m1", "m1\n", "m1 ", "-m1", "refs/heads/m1"]
)
def test_an_unsafe_milestone_id_is_refused(project, monkeypatch, capsys, tmp_path, word):
    (tmp_path / "plans").mkdir()
    monkeypatch.chdir(tmp_path)
    calls = [
        ["run", "--state-ref", "--", word],
        *(["state", name, "--", word] for name in ("pull", "push", "show", "lock")),
    ]
    assert [main(call) for call in calls] == [2] * len(calls)
    assert capsys.readouterr().err.count("is not a milestone id") == len(calls)
    assert not (tmp_path / "x").exists()


def test_a_lock_without_a_shared_state_is_refused(ada, monkeypatch, capsys):
    monkeypatch.chdir(ada.folder)
    assert main(["run", "m1", "--lock", "x"]) == 2
    assert "Give --state-ref with it." in capsys.readouterr().err


def test_two_answers_to_one_gate_count_once(project):
    clone = project("shop")
    assert clone("job").types("m1", "--only", "02", "--state-ref").code == 3
    ada, bob = clone("ada"), clone("bob")
    assert ada.types("decide", "m1", "02", "skip", "--state-ref").code == 0
    result = bob.types("decide", "m1", "02", "fix", "--state-ref")
    assert result.code == 2
    assert "answered gate 02 with skip, and no run has taken that up yet" in result.err
    assert not list((bob.folder / "state/m1/approvals").glob("02.fix"))
