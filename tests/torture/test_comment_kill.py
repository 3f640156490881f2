"""A run that is killed at any of its lines while it asks or hears: each question once, each answer once, one reply."""

import io
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import run_milestone
from run_milestone.adapters.forge.local import LocalForge
from run_milestone.model import Finding, Issue, Kind, Milestone, Phase, Severity
from run_milestone.policy import gating
from run_milestone.render.console import Console
from run_milestone.runner.decide import take_approvals
from run_milestone.runner.gate_comments import GateComments
from run_milestone.store import State

HOME = str(Path(run_milestone.__file__).parent)
MILESTONE = Milestone("m1", "First", "milestone/m1", (Phase(1, "One", (Issue("03", "Cache", "cache", 1, github=7),)),))
FAILS = (Finding(Kind.TESTS, Severity.CRITICAL, "tests.test_cache::test_ttl", "test_ttl"),)
COMMENTS = [("mallory", "/skip", False), ("grace", "/fix\n/skip", True), ("ada", "/fix mind the TTL", True)]


def prepare(folder):
    """A gate that is open, and an issue on which nothing was asked yet."""
    State(folder / "state").gates.open(gating.ask("03", FAILS, "c" * 64, (), MILESTONE))
    save(folder, {"number": 7, "title": "Cache", "body": "", "state": "open", "comments": []})


def save(folder, record):
    path = folder / "forge" / "issues" / "7.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def issue(folder):
    return json.loads((folder / "forge/issues/7.json").read_text())


def comments_of(folder, state):
    return GateComments(MILESTONE, state, LocalForge(folder / "forge", None, "main"), Console(io.StringIO()))


def ask(folder):
    """A run comes to its end."""
    state = State(folder / "state")
    comments_of(folder, state).post(state.gates.all())


def people_answer(folder):
    record = issue(folder)
    record["comments"] += [{"author": who, "body": body, "writer": writer} for who, body, writer in COMMENTS]
    save(folder, record)


def hear(folder):
    """The next run begins."""
    state = State(folder / "state")
    comments = comments_of(folder, state)
    comments.reply(take_approvals(MILESTONE, state, {"03": "c" * 64}, comments.collect())[1])
    comments.close()


def killed(work, folder, line):
    """Kill a child that does this work at its `line`th line; returns whether it got there."""
    child = os.fork()
    if child == 0:
        left = line

        def trace(frame, event, _):
            nonlocal left
            if not frame.f_code.co_filename.startswith(HOME):
                return None
            left -= event == "line"
            if left == 0:
                os._exit(9)
            return trace

        sys.settrace(trace)
        work(folder)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def end_state(folder):
    """What everybody sees in the end."""
    comments = [(comment["author"], comment["body"].split(" by ")[0]) for comment in issue(folder)["comments"]]
    decisions, *left = (names(folder / "state" / room) for room in ("decisions", "approvals", "gates", "asked"))
    return comments, decisions, [name for room in left for name in room]


def names(folder):
    """The files of a folder, without what a kill left half-written beside them."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def sweep(tmp_path, lines):
    """Kill at each line in turn, first while it asks, then while it hears; returns how many kills there were."""
    kills = 0
    prepare(tmp_path / "start")
    shutil.copytree(tmp_path / "start", tmp_path / "asked")
    ask(tmp_path / "asked")
    people_answer(tmp_path / "asked")
    shutil.copytree(tmp_path / "asked", tmp_path / "undisturbed")
    hear(tmp_path / "undisturbed")
    expected = end_state(tmp_path / "undisturbed")
    assert expected[1] == ["0001-03-fix.json"]
    assert expected[2] == []
    assert len(expected[0]) == 1 + len(COMMENTS) + 2, "one question, and a reply to mallory and to grace"
    for start, work in (("start", ask), ("asked", hear)):
        for line in lines:
            place = tmp_path / f"{start}-{line}"
            shutil.copytree(tmp_path / start, place)
            if not killed(work, place, line):
                break
            kills += 1
            work(place)
            if work is ask:
                people_answer(place)
                hear(place)
            assert end_state(place) == expected, f"killed at line {line} of {work.__name__}"
            shutil.rmtree(place)
    return kills


def test_comments_survive_some_kills(tmp_path):
    assert sweep(tmp_path, range(3, 100_000, 61)) > 20


@pytest.mark.torture
def test_comments_survive_a_kill_at_every_line(tmp_path):
    print(f"figure: converged after {sweep(tmp_path, range(1, 100_000))} kills")
