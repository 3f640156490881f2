"""Runs on a GitHub on this machine, as several scenarios share them: the founding example, and kills at its door."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from support import loopback

EXAMPLE = Path(__file__).parents[2] / "plans" / "m4.1"
MILESTONE = "milestone/m4.1-user-management"


@contextmanager
def github_for(folder, monkeypatch):
    """A GitHub on this machine, and somebody who is logged in there."""
    github = loopback.GitHub(folder / "hub")
    for name, value in github.environment(folder / "operator").items():
        monkeypatch.setenv(name, value)
    try:
        yield github
    finally:
        github.close()


def founding_example(person, github):
    """Give somebody the example's plan and product; its remote, issues and old pull requests are on GitHub."""
    _seed(github.world)
    plan = person.folder / "plans/m4.1"
    plan.parent.mkdir()
    subprocess.run(["cp", "-r", str(EXAMPLE), str(plan)], check=True)
    text = (plan / "plan.yaml").read_text()
    text = text.replace("forge: local", "forge: github").replace("  sample: sample\n", "")
    text = text.replace("remote: remote/product.git", "remote: git@github.com:acme/widgets.git")
    (plan / "plan.yaml").write_text(text.split("  prepare:")[0] + text.split('seed_database.py"]\n')[1])
    _make_product(person, github.world.bare)


def _seed(world):
    for path in sorted((EXAMPLE / "sample/forge").glob("*/*.json")):
        record = json.loads(path.read_text())
        world.next_number = record["number"]
        thing = world.add(title=record["title"], body=record["body"], author="grace", state=record["state"].upper())
        thing.head, thing.base, thing.last_head = record.get("head"), record.get("base"), "0" * 40


def _make_product(person, bare):
    product = person.folder / "product"
    person.git("init", "--quiet", "--initial-branch=main", str(product), where=".")
    person.git("am", "--quiet", *map(str, sorted((EXAMPLE / "sample/history").glob("*.patch"))))
    subprocess.run([sys.executable, "scripts/seed_database.py"], cwd=product, check=True, capture_output=True)
    person.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare), where=".")
    person.git("push", "--quiet", str(bare), "main")


def is_the_founding_example(person, github):
    """Hold what GitHub has, and the summary, against the example."""
    facts = json.loads((person.folder / "state/m4.1/summary.json").read_text())
    assert facts["status"] == "complete"
    assert facts["issues"] == {"total": 13, "completed": 12, "skipped": 1}
    assert facts["prs"] == {"created": 12, "clean": 9, "fixed": 2, "approved": 1}
    assert facts["labels"] == {"needs-db-review": 1, "needs-dep-review": 1}
    assert facts["commands"] == {"continue": 3, "fix": 3, "skip": 1, "approve": 1}
    made = [pull for pull in github.world.pulls() if pull.base == MILESTONE]
    assert [pull.state for pull in made] == ["OPEN"] * 12
    assert len({pull.head for pull in made}) == 12
    assert [story["pr"] for story in facts["per_issue"] if story["pr"]] == [pull.number for pull in made]
    return [pull.number for pull in made]


def killed_when_asked(person, github, command, what, skipped):
    """Kill a run once GitHub is asked for `what`, after `skipped` times of it; tell whether it came so far."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    seen, killed = [], []

    def kill():
        seen.extend(name for name in github.asked[-1:] if what in name)
        if len(seen) > skipped and not killed:
            killed.append(os.kill(run.pid, signal.SIGKILL))

    words = [sys.executable, "-m", "run_milestone", *command]
    run = subprocess.Popen(words, cwd=person.folder, start_new_session=True, **quiet)
    github.overhear = kill
    run.wait(timeout=600)
    github.overhear = lambda: None
    return bool(killed)
