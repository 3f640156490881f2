"""What fails inside a step is a question: it waits for an answer, costs one attempt, and nobody is asked twice."""

import pytest
from support.plans import QUICK

PART = {"01-1": {"part.py": '"""Part."""\n\nPART = 1\n'}}
BRANCH = "feat/m1-01-issue-01"


def block_branch(person):
    """Lock the issue's branch, as another git that crashed would leave it."""
    lock = person.folder / f".git/refs/heads/{BRANCH}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    return lock


def test_a_locked_branch_waits_and_is_retried(make_milestone):
    person = make_milestone(PART, plan=QUICK)
    lock = block_branch(person)
    result = person.types("m1")
    assert result.code == 3
    assert "🛑 A step could not finish" in result.out
    assert "retry | skip | abort" in result.out
    assert "01: A step could not finish" in person.types("gates", "m1").out
    lock.unlink()
    assert "✓ PR #1 created" in person.answers("01.retry").out


def test_alone_it_ends_as_manual_work(make_milestone):
    person = make_milestone(PART, plan=QUICK)
    block_branch(person)
    result = person.types("m1", "--autonomous")
    assert "Auto-skipped: 1" in result.out
    assert "1. Look at skipped issue #01" in result.out


def test_the_agents_work_is_not_paid_again(make_milestone, tmp_path):
    """The agent, which no sandbox holds here, leaves the branch locked, so its work cannot be taken."""
    person = make_milestone(PART, plan=QUICK)
    lock, counter = person.folder / f".git/refs/heads/{BRANCH}.lock", tmp_path / "paid"
    source = f"open({str(counter)!r}, 'a').write('x')\npathlib.Path({str(lock)!r}).touch()\n"
    with (tmp_path / "agent.py").open("a") as file:
        file.write(source)
    for _ in range(2):
        assert "🛑 A step could not finish" in person.types("m1", "--unsandboxed").out
    assert counter.read_text() == "x"
    lock.unlink()
    person.touches("01.retry", milestone="m1")
    person.types("m1", "--unsandboxed")
    assert counter.read_text() == "xx", "only a retry asks the agent again"


@pytest.mark.parametrize("name", ["feat", "feat/m1-01-issue-01/mine"])
def test_a_branch_in_the_way_is_told_before(make_milestone, name):
    person = make_milestone(PART, plan=QUICK)
    person.git("branch", name, where=".")
    assert f"{name} is in the way of {BRANCH}" in person.types("doctor", "m1").out
    assert f"The branch {name} is in the way of {BRANCH}" in person.types("m1").out
    person.git("branch", "-m", name, "mine", where=".")
    assert "✓ PR #1 created" in person.types("m1").out
