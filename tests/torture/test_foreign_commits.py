"""Somebody commits between any two steps of an issue, here or on the remote: the commit is never lost.

A few moments in every run; `pytest -m torture tests/torture/test_foreign_commits.py` tries each.
"""

import os
import random
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.faulty_milestone import FaultyMilestone

SEED = int(os.environ.get("TORTURE_SEED", "41"))
WAYS = ("here", "remote", "over")
BETWEEN = """
import subprocess
from run_milestone.runner.session import Session
_execute, _done = Session.execute, []
def git(*words, where):
    return subprocess.run(["git", *words], cwd=where, capture_output=True, text=True, check=True).stdout.strip()
def commit(where, onto):
    tree = git("rev-parse", onto + "^{{tree}}", where=where)
    person = ["-c", "user.name=Grace", "-c", "user.email=grace@example.com"]
    return git(*person, "commit-tree", tree, "-p", onto, "-m", "By Grace", where=where)
def execute(self, node, verdict):
    _execute(self, node, verdict)
    _done.append(node.name)
    if len(_done) == {moment} and node.issue:
        branch = "refs/heads/" + self.ctx.branch(self.ctx.issues[node.issue])
        where = {here!r} if {way!r} == "here" else {remote!r}
        onto = branch if {way!r} != "over" else "refs/heads/milestone/m1"
        try:
            made = commit(where, onto)
        except subprocess.CalledProcessError:
            return  # it is not there yet
        git("update-ref", branch, made, where=where)
        open({struck!r}, "w").write(made + " " + node.name)
Session.execute = execute
"""


def comes_between(start, moment, way):
    """Let Grace commit after so many tasks; returns the task and what is wrong, or None where nothing was there yet."""
    milestone = start.copy(start.folder.with_name(f"{way}-{moment}"))
    struck = milestone.folder / "struck"
    how = {"here": str(milestone.project), "remote": str(milestone.remote), "struck": str(struck)}
    milestone.injected = BETWEEN.format(moment=moment, way=way, **how)
    milestone.runs()
    if not struck.exists():
        return None
    commit, task = struck.read_text().split()
    milestone.good()
    milestone.goes_on()
    wrong = None if is_kept(milestone, commit) else f"{way} after {task}: {commit} is lost\n{milestone.outputs[-1]}"
    if any("Traceback" in output for output in milestone.outputs):
        wrong = next(output for output in milestone.outputs if "Traceback" in output)
    if not wrong:
        shutil.rmtree(milestone.folder)
    return task, wrong


def is_kept(milestone, commit):
    """Return whether a branch or kept ref holds a commit, here or on the remote."""
    for where in (milestone.project, milestone.remote):
        try:
            if milestone.git("for-each-ref", "--contains", commit, where=where):
                return True
        except Exception:  # noqa: BLE001  # this repository has no such commit
            continue
    return False


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return FaultyMilestone(tmp_path_factory.mktemp("start") / "home").make()


def sweep(start, moments):
    with ThreadPoolExecutor(2) as several:
        came = [one for one in several.map(lambda moment: comes_between(start, *moment), moments) if one]
    wrong = [why for _, why in came if why]
    print(f"figure: row 6: commits between two steps: {len(came) - len(wrong)} / {len(came)}")
    assert not wrong, "\n\n".join(wrong)
    return came


@pytest.mark.torture
def test_no_commit_between_steps_is_lost(start):
    came = sweep(start, [(moment, way) for moment in range(1, 32) for way in WAYS])
    assert {"01:branch", "01:push", "01:pr", "02:implement", "02:review-gate"} <= {task for task, _ in came}


def test_a_commit_between_steps_is_kept(start):
    moment = random.randint(4, 9)  # while the first issue has its branch here and has not pushed it yet
    print(f"moment {moment}")
    assert sweep(start, [(moment, "here")])
