"""Killed at random moments and run again, a milestone always ends in the same refs, PRs and summary.

It is the founding example, and one whose agents work two at a time. Every normal run tries a few moments of the second;
`pytest -m torture tests/torture` tries fifty of each.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from support import loopback
from support.founding_example import DEMO, NUMBERS, SUMMARY, github_pulls, prepare_on_github, read_summary
from support.on_github import github_for, killed_when_asked
from support.person import Person

SHOWN = ("number", "title", "head", "base", "state", "draft", "labels")
LONGEST = 8.0
"""Seconds a run is left alone before it is killed; a whole run takes several times as long."""
TWO_JOBS = ("m1", "--autonomous", "--jobs", "2")
AGENT = "n=$(sed -n 's/.*issue \\([0-9]*\\) of milestone.*/\\1/p' | head -1); sleep 0.1; echo part $n > part-$n"
PARTS = {
    "id": "m1",
    "title": "Parts",
    "agent": {"kind": "command", "command": ["sh", "-c", AGENT]},
    "commands": {"lint": ["true"], "test": ["sh", "-c", "sleep 0.1"], "review": ["sh", "-c", "echo '[]'"]},
    "limits": {"coverage": 0, "all_attempts": 1000},  # every kill ends up to two of them
    "phases": [
        {
            "issues": [
                {"number": number, "title": f"Make part {number}", "criteria": ["It is there"], "depends_on": needed}
                for number, needed in ((1, []), (2, []), (3, [1]), (4, []), (5, [2]), (6, []), (7, [4]), (8, []))
            ]
        },
        {"issues": [{"number": 9, "title": "Make part 9", "criteria": ["It is there"], "depends_on": [3]}]},
    ],
}
"""Chains and single issues; JSON is YAML."""


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


def end_of_parts(ada):
    """The same of the milestone whose agents work side by side; its PRs are opened in another order each time."""
    remote = ada.folder / ".git/run-milestone/remote.git"
    rows = ada.git("for-each-ref", "--format=%(refname) %(tree)", "refs/heads", where=remote).splitlines()
    pulls = [json.loads(path.read_text()) for path in sorted(remote.with_suffix(".forge").glob("pulls/*.json"))]
    facts = json.loads((ada.folder / "state/m1/summary.json").read_text())
    return {
        "trees": sorted(rows),
        "pulls": sorted([pull[key] for key in SHOWN if key != "number"] for pull in pulls),
        "summary": {key: facts[key] for key in ("status", "issues", "prs", "labels", "commands")},
    }


def start(ada, words):
    command = [sys.executable, "-m", "run_milestone", *words]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=ada.folder, start_new_session=True, **quiet)


def killed(ada, seconds, words):
    """Start a run and kill it after `seconds`; returns whether it was still running."""
    run = start(ada, words)
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


def kill_and_rerun(ada, moments, undisturbed, words=DEMO, end=end_state):
    """Kill a run at each moment in turn; then let it end. Returns how many kills it took."""
    kills = 0
    for seconds in moments:
        if not killed(ada, seconds, words):
            break
        kills += 1
        assert survivors(ada) == []
    result = ada.types(*words)
    assert result.code == 0, result.out + result.err
    assert end(ada) == undisturbed
    return kills


@pytest.mark.torture
def test_a_milestone_survives_fifty_kills(tmp_path, undisturbed):
    rng, kills, runs = random.Random(41), 0, 0
    while kills < 50:
        ada = Person(tmp_path / f"run-{runs}")
        ada.folder.mkdir()
        kills += kill_and_rerun(ada, [rng.uniform(0.05, LONGEST) for _ in range(15)], undisturbed)
        runs += 1
    print(f"figure: converged after {kills} / {kills} kills in {runs} milestones")


@pytest.fixture
def parts(tmp_path):
    """Make a project with the milestone whose agents work side by side."""

    def make(name):
        ada = Person(tmp_path / name / "parts")
        (ada.folder / "plans/m1").mkdir(parents=True)
        (ada.folder / "plans/m1/plan.yaml").write_text(json.dumps(PARTS, indent=1))
        ada.git("init", "--quiet", "--initial-branch=main", where=".")
        ada.git("commit", "--quiet", "--allow-empty", "--message=Start", where=".")
        return ada

    return make


def run_undisturbed(ada):
    """Run the milestone of parts; returns the seconds that a run is left alone before a kill, and the end state."""
    began = time.monotonic()
    assert ada.types(*TWO_JOBS).code == 0
    return (time.monotonic() - began) / 3, end_of_parts(ada)


def test_a_milestone_survives_a_few_kills(parts):
    longest, undisturbed = run_undisturbed(parts("undisturbed"))
    seed = random.randrange(1 << 32)
    moments = [random.Random(seed).uniform(0.1, longest) for _ in range(3)]
    print(f"seed {seed}")
    assert kill_and_rerun(parts("killed"), moments, undisturbed, TWO_JOBS, end_of_parts) > 0


@pytest.mark.torture
def test_two_jobs_survive_fifty_kills(parts):
    longest, undisturbed = run_undisturbed(parts("undisturbed"))
    rng, kills, runs = random.Random(43), 0, 0
    while kills < 50:
        moments = [rng.uniform(0.05, longest) for _ in range(5)]  # many beginnings: a first run makes the most
        kills += kill_and_rerun(parts(f"run-{runs}"), moments, undisturbed, TWO_JOBS, end_of_parts)
        runs += 1
    print(f"figure: with two jobs converged after {kills} / {kills} kills in {runs} milestones")


@pytest.mark.torture
@pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))
def test_a_milestone_on_github_survives_twenty_kills(person, tmp_path, monkeypatch):
    rng, kills = random.Random(41), 0
    with github_for(tmp_path, monkeypatch) as github:
        prepare_on_github(person, github)
        while kills < 20 and killed_when_asked(person, github, DEMO, "", rng.randrange(1, 10)):
            kills += 1
        result = person.types(*DEMO)
        assert result.code == 0, result.out + result.err
        facts = read_summary(person)
        assert {name: facts[name] for name in SUMMARY} == SUMMARY
        pulls = github_pulls(github)
        assert [pull["state"] for pull in pulls] == ["open"] * len(NUMBERS)
        assert len({pull["head"] for pull in pulls}) == len(NUMBERS)
    print(f"figure: on GitHub converged after {kills} / {kills} kills")
