"""Killed at random moments and run again, the founding example always ends in the same refs, PRs and summary.

Every normal run tries a few moments; `pytest -m torture tests/torture` tries fifty.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

SHOWN = ("number", "title", "head", "base", "state", "draft", "labels")
LONGEST = 8.0
"""Seconds a run is left alone before it is killed; a whole run takes several times as long."""


def end_state(ada):
    """What must be the same however often the run was killed."""
    trees = ada.git("for-each-ref", "--format=%(refname)", where="remote/product.git").split()
    pulls = [json.loads(path.read_text()) for path in sorted((ada.folder / "remote/product.forge/pulls").iterdir())]
    facts = json.loads((ada.folder / "state/m4.1/summary.json").read_text())
    return {
        "refs": {ref: ada.git("rev-parse", f"{ref}^{{tree}}", where="remote/product.git") for ref in trees},
        "commits": {ref: ada.git("log", "--format=%s", ref, where="remote/product.git") for ref in trees},
        "pulls": [{key: pull[key] for key in SHOWN} for pull in pulls],
        "summary": {key: facts[key] for key in ("status", "issues", "prs", "labels", "commands")},
        "decisions": [(decision["gate"], decision["verb"], decision["why"]) for decision in facts["decisions"]],
    }


def start(ada):
    command = [sys.executable, "-m", "run_milestone", "demo", "--dir", "."]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=ada.folder, start_new_session=True, **quiet)


def killed(ada, seconds):
    """Start a run and kill it after `seconds`; returns whether it was still running."""
    run = start(ada)
    try:
        run.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        return True
    return False


def survivors(ada):
    """Processes that still work in the project; they get a moment to end, as the kernel does not hurry."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        alive = [pid for pid in os.listdir("/proc") if pid.isdigit() and _works_in(pid, str(ada.folder))]
        if not alive:
            return []
        time.sleep(0.05)
    return alive


def _works_in(pid, folder):
    try:
        return os.readlink(f"/proc/{pid}/cwd").startswith(folder)
    except OSError:
        return False


@pytest.fixture(scope="module")
def undisturbed(founding_example, tmp_path_factory):
    return end_state(founding_example[0].copy(tmp_path_factory.mktemp("undisturbed") / "copy"))


def kill_and_rerun(ada, moments, undisturbed):
    """Kill a run at each moment in turn; then let it end. Returns how many kills it took."""
    kills = 0
    for seconds in moments:
        if not killed(ada, seconds):
            break
        kills += 1
        assert survivors(ada) == []
    told = ada.types("demo", "--dir", ".")
    assert told.code == 0, told.out + told.err
    assert end_state(ada) == undisturbed
    return kills


def test_a_few_kills(person, undisturbed):
    seed = random.randrange(1 << 32)
    moments = [random.Random(seed).uniform(0.1, LONGEST) for _ in range(4)]
    print(f"seed {seed}")
    assert kill_and_rerun(person, moments, undisturbed) > 0


@pytest.mark.torture
def test_fifty_kills(tmp_path, somebody, undisturbed):
    rng, kills, runs = random.Random(41), 0, 0
    while kills < 50:
        ada = somebody(tmp_path / f"run-{runs}")
        ada.folder.mkdir()
        kills += kill_and_rerun(ada, [rng.uniform(0.05, LONGEST) for _ in range(15)], undisturbed)
        runs += 1
    print(f"figure: converged after {kills} / {kills} kills in {runs} milestones")
