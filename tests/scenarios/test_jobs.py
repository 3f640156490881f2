"""Several issues at a time: how many agents and tests run at once, which is next, and what stays apart."""

import contextlib
import json
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from support.plans import command, issue, parts

from run_milestone.runner.concurrency import PrioritySemaphore

BUSY = """
import contextlib, os, pathlib, sys, time

@contextlib.contextmanager
def busy(place, kind, name):
    "Write down how many of a kind run at once."
    mine = pathlib.Path(place, f"{kind}-{name}-{os.getpid()}")
    mine.touch()
    with open(pathlib.Path(place, f"{kind}.log"), "a") as log:
        log.write(f"{name} {sum(1 for _ in pathlib.Path(place).glob(kind + '-*'))}\\n")
    try:
        yield
    finally:
        mine.unlink()

def wait_for(path):
    until = time.monotonic() + 30
    while not pathlib.Path(path).exists():
        if time.monotonic() > until:
            sys.exit(f"{path} never came")
        time.sleep(0.02)
"""
"""What agents and tests begin with; `place` is a folder that they share."""

AGENT = """
import re
number = re.search("Make part ([0-9]+)", sys.stdin.read()).group(1)
with busy(place, "agent", number):
    {work}
docstring = '"' * 3 + f"Part {{number}}." + '"' * 3
pathlib.Path(f"part_{{number}}.py").write_text(f"{{docstring}}\\n\\nPART = {{number}}\\n")
"""

TEST = """
name = next(iter(pathlib.Path().glob("part_*.py")), pathlib.Path("base")).stem
with busy(place, "test", name):
    {work}
"""


@pytest.fixture
def ada(ada, tmp_path):
    ada.place = tmp_path / "shared"
    ada.place.mkdir()
    return ada


def plans(person, *issues, agent="pass", test="pass"):
    """Write a plan whose agents and tests do this work besides, each counted while it does."""
    commands = {"lint": ["true"], "test": [sys.executable, "-c", script(person, TEST, test)]}
    box = {"kind": "none"}  # they meet in a folder outside their trees
    person.plans(parts(issues, agent=command(script(person, AGENT, agent)), commands=commands, sandbox=box))


def script(person, code, work):
    indented = textwrap.indent(work, "    ").strip()
    return f"{BUSY}\nplace = {str(person.place)!r}\n{code.format(work=indented)}"


def logged(person, kind):
    """Who began, in that order, and how many of that kind ran then."""
    rows = [line.split() for line in (person.place / f"{kind}.log").read_text().splitlines()]
    return [name for name, _ in rows], [int(count) for _, count in rows]


# ---- how many at once ---------------------------------------------------------------------------------------------


def test_agents_work_while_tests_run(ada):
    others_began = "wait_for(pathlib.Path(place, 'begun-3')); wait_for(pathlib.Path(place, 'begun-4'))"
    plans(
        ada,
        *(issue(number) for number in range(1, 5)),
        agent="pathlib.Path(place, f'begun-{number}').touch()",
        test=f"if name in {{'part_1', 'part_2'}}: {others_began}",
    )
    result = ada.types("m1", "--jobs", "2")
    assert result.code == 3
    assert result.out.count("✓ PR #") == 4
    assert "failing" not in result.out


def test_jobs_limits_the_agents_at_work(ada):
    plans(ada, *(issue(number) for number in range(1, 8)), agent="time.sleep(0.2)", test="time.sleep(0.2)")
    assert ada.types("m1", "--jobs", "2").code == 3
    for kind in ("agent", "test"):
        names, counts = logged(ada, kind)
        assert len(names) == 7 + (kind == "test"), "each issue once, and the tests once on the base"
        assert max(counts) == 2


def test_one_job_does_one_thing_at_a_time(ada):
    plans(ada, issue(1), issue(2), issue(3))
    result = ada.types("m1")
    assert result.code == 3
    assert result.out.count("✓ Tests: passed, none counted") == 3, "the command writes no report"
    assert logged(ada, "agent") == (["1", "2", "3"], [1, 1, 1])
    lines = (ada.folder / "state/m1/journal.jsonl").read_text().splitlines()
    done = [entry["task"] for entry in map(json.loads, lines) if entry["event"] == "done"]
    assert done.index("01:review-gate") < done.index("02:branch")


# ---- which is next ------------------------------------------------------------------------------------------------


def test_the_longest_chain_begins_first(ada):
    plans(ada, issue(1), issue(2), issue(3), issue(4, depends_on=[3]), agent="time.sleep(0.3)")
    assert ada.types("m1", "--jobs", "2").code == 3
    begun = logged(ada, "agent")[0]
    assert set(begun[:2]) == {"3", "1"}


def test_the_first_in_plan_order_is_next():
    lane, order = PrioritySemaphore(1), []

    def pass_through(rank):
        with lane.slot(rank):
            order.append(rank)

    waiting = [threading.Thread(target=pass_through, args=(rank,)) for rank in (3, 1, 2)]
    with lane.slot(0):
        for count, thread in enumerate(waiting, 1):
            thread.start()
            until(lambda count=count: len(lane.waiting) == count)
    for thread in waiting:
        thread.join(10)
    assert order == [1, 2, 3]


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# ---- what stays apart, and how it ends ----------------------------------------------------------------------------


def test_issues_side_by_side_are_never_mixed(ada):
    plans(ada, *(issue(number) for number in range(1, 7)), agent="time.sleep(0.3)")
    result = ada.types("m1", "--jobs", "3", "--verbose")
    assert result.code == 3
    assert sorted(result.issues()) == ["01", "02", "03", "04", "05", "06"]
    blocks = result.out.split("Issue #")[1:7]
    for block in blocks:
        number = block[:2]
        branches = [line for line in block.splitlines() if line.startswith("✓ Branch:")]
        assert branches == [f"✓ Branch: feat/m1-{number}-make-part-{int(number)}"]
        runs = [line.split()[1] for line in block.splitlines() if line.startswith("· ") and " runs: " in line]
        assert runs[-1] == f"{number}:review-gate" or runs[-2] == f"{number}:review-gate"
        assert block.count("✓ PR #") == 1


def test_after_an_interrupt_the_same_command_resumes(ada):
    plans(ada, *(issue(number) for number in range(1, 7)), agent="wait_for(pathlib.Path(place, 'go on'))")
    with running(ada, "m1", "--jobs", "2") as run:
        until(lambda: len(list(ada.place.glob("agent-*"))) == 2)
        run.send_signal(signal.SIGINT)
        output, complaint = run.communicate(timeout=20)
    assert run.returncode == 130
    assert "interrupted. Progress is saved" in complaint
    assert "Traceback" not in output + complaint
    assert len(logged(ada, "agent")[0]) == 2

    (ada.place / "go on").touch()
    for left in ada.place.glob("agent-*"):
        left.unlink()  # of those that were killed
    result = ada.types("m1", "--jobs", "2")
    assert result.code == 3
    assert result.out.count("✓ PR #") == 6


def test_with_jobs_prompts_come_at_the_end(ada):
    plans(ada, issue(1), issue(2), issue(3), test="sys.exit(name in {'part_1', 'part_3'})")
    code, shown = ada.answers_at_a_terminal("m1", "--jobs", "2", types="skip\nskip Not now\ncontinue\n")
    assert code == 0, shown
    asked = [line.split(":")[0] for line in shown.splitlines() if line.startswith("🛑 Gate")]
    assert asked == ["🛑 Gate 01", "🛑 Gate 03"]
    assert shown.count("continue | skip-phase | abort") == 1, "the barrier's question is the last thing said"
    assert shown.index("✓ PR #1 created") < shown.index("🛑 Gate 01"), "everything that can run does before"
    assert "Failed:\n- the test command ended with exit code 1\n\nfix | retry | skip | abort" in shown
    assert "✓ Milestone M1 Complete" in shown


@contextlib.contextmanager
def running(person, *words):
    command = [sys.executable, "-m", "run_milestone", *words]
    run = subprocess.Popen(command, cwd=person.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield run
    finally:
        run.kill()
        run.wait()
