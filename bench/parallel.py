"""parallel: what `--jobs 4` gains where agents take a second, against one job and against the critical path."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING

from run_milestone.commands.scaffold import DODO

from .project import ID, git
from .table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Needs = dict[int, list[int]]

JOBS = 4
INDEPENDENT: Needs = {number: [] for number in range(1, 25)}
DEPENDENT: Needs = {1: [], 2: [1], 3: [2], 4: [3], 5: [], 6: [5], 7: [], 8: [7], 9: [1], 10: [5, 7]}
"""Issues and what they depend on: one chain of four, and others that fit beside it."""

AGENT = 'import re, sys, time; part = re.search("Carry part ([0-9]+)", sys.stdin.read())[1]; time.sleep(1); '
PLAN = """\
id: {id}
title: Parts
agent: {agent}
commands: {{lint: ["true"], test: ["true"], review: [printf, "[]"]}}
phases:
  - issues: {issues}
"""


def against_one_job(folder: Path, rounds: int) -> Row:
    """Compare four jobs with one, on issues that need nothing of each other."""
    fours, ones = [], []
    for place in _places(folder / "independent", rounds):
        fours.append(_played(place / "four", INDEPENDENT, JOBS))
        ones.append(_played(place / "one", INDEPENDENT, 1))
    return _row(f"--jobs {JOBS}, {len(INDEPENDENT)} issues of 1 s", fours, "--jobs 1", ones, round(1 / 3.5, 4))


def against_critical_path(folder: Path, rounds: int) -> Row:
    """Compare four jobs with the longest chain of issues that need each other, as one job took for it."""
    fours, paths = [], []
    for place in _places(folder / "dependent", rounds):
        fours.append(_played(place / "four", DEPENDENT, JOBS))
        paths.append(_critical_path(place / "one", _played(place / "one", DEPENDENT, 1)))
    return _row(f"--jobs {JOBS}, {len(DEPENDENT)} issues with needs", fours, "critical path", paths, 1.15)


def _places(folder: Path, rounds: int) -> Iterator[Path]:
    """Yield a folder for each round, and tell how busy the machine is: it counts more here than anywhere else."""
    for number in range(rounds):
        print(f"  load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        yield folder / str(number)


def _row(what: str, ours: list[float], against: str, others: list[float], bar: float) -> Row:
    ratios = sorted(one / other for one, other in zip(ours, others, strict=True))
    print(f"  {what}: {ratios[0]:.3f} to {ratios[-1]:.3f} of {against}", file=sys.stderr, flush=True)
    return Row(what, statistics.median(ours), against, statistics.median(others), bar=bar)


def _played(root: Path, needs: Needs, jobs: int) -> float:
    """Return the seconds that a fresh milestone takes until it waits at its barrier."""
    _make(root, needs)
    command = [sys.executable, "-m", "run_milestone", ID, "--jobs", str(jobs)]
    began = time.perf_counter()
    ended = subprocess.run(command, cwd=root, stdout=subprocess.DEVNULL, env=os.environ, check=False).returncode
    took = time.perf_counter() - began
    done = len(list((root / "state" / ID / "issues").glob("*/review-gate.json")))
    if (ended, done) != (3, len(needs)):
        raise RuntimeError(f"--jobs {jobs} ended with {ended} and {done} of {len(needs)} issues in {root}")
    return took


def _make(root: Path, needs: Needs) -> None:
    plan = root / "plans" / ID
    plan.mkdir(parents=True)
    (root / "dodo.py").write_text(DODO, encoding="utf-8")
    agent = {
        "kind": "command",
        "command": [sys.executable, "-S", "-c", f'{AGENT}open(f"part_{{part}}.py", "w").write("PART = 1\\n")'],
    }
    issues = [
        {"number": number, "title": f"Carry part {number}", "criteria": ["It is there"], "depends_on": others}
        for number, others in needs.items()
    ]
    text = PLAN.format(id=ID, agent=json.dumps(agent), issues=json.dumps(issues))
    (plan / "plan.yaml").write_text(text, encoding="utf-8")
    git(root, "init", "--quiet", "--initial-branch=main", "--template=")
    git(
        root, "-c", "user.name=Bench", "-c", "user.email=b@example.com", "commit", "--quiet", "--allow-empty", "-mStart"
    )


def _critical_path(root: Path, seconds: float) -> float:
    """Return what a run of one job would have taken had only the longest chain of issues been in it."""
    took = _seconds_of_issues(root / "state" / ID / "journal.jsonl")
    chains: dict[int, float] = {}
    for number, others in DEPENDENT.items():
        chains[number] = took[number] + max((chains[other] for other in others), default=0.0)
    return seconds - sum(took.values()) + max(chains.values())


def _seconds_of_issues(journal: Path) -> dict[int, float]:
    """Return how long each issue took, one after the other: from the end of what came before to its own end."""
    ends: dict[str, float] = {}
    for line in journal.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["event"] == "done" and entry["task"].endswith(("plan-review", ":review-gate")):
            ends[entry["task"]] = datetime.fromisoformat(entry["at"]).timestamp()
    names, times = list(ends), list(ends.values())
    return {int(name.split(":")[0]): times[i] - times[i - 1] for i, name in enumerate(names) if i}
