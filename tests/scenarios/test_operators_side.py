"""What changes on the operator's side while commands run without a sandbox is a question to a person."""

import json
import os

import pytest
from support.plans import command, issue, parts

AGENT = """
import hashlib, json, os, pathlib, subprocess, sys
sys.stdin.read()
pathlib.Path("part.py").write_text("PART = 1\\n")
project = pathlib.Path({project!r})
state, git = project / "state/m1", project / ".git"
remote = git / "run-milestone/remote.git"
def edit(path, **what):
    path.write_text(json.dumps({{**json.loads(path.read_text()), **what}}))
def moved(folder, branch):
    author = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    commit = ["git", *author, "commit-tree", "milestone/m1^{{tree}}", "-m", "x"]
    made = subprocess.run(commit, cwd=folder, capture_output=True, text=True, check=True)
    subprocess.run(["git", "update-ref", "refs/heads/" + branch, made.stdout.strip()], cwd=folder, check=True)
if not (project / "tried").exists():
    (project / "tried").touch()
    {trick}
"""
FORGED = {"id": 7, "gate": "02", "verb": "skip", "who": "alice", "when": "", "why": "", "source": "x"}
ASKED = {"gate": "02", "kind": "size", "attempt": 1, "attempts": 2, "verbs": ["approve"], "findings": [], "digest": "d"}
ASKED |= {"change": "", "opened": ""}
CHAINED = (
    "line = (state / 'journal.jsonl').read_bytes().splitlines(True)[-1]; "
    "number, prev = json.loads(line)['n'], hashlib.sha256(line).hexdigest(); "
    "new = json.dumps({'n': number + 1, 'at': 'x', 'event': 'x', 'prev': prev}); "
    "(state / 'journal.jsonl').open('a').write(new + chr(10))"
)
TRICKS = {
    "state/m1/decisions/0007-02-skip.json is not in the journal": (
        "(state / 'decisions').mkdir(exist_ok=True); "
        f"(state / 'decisions/0007-02-skip.json').write_text({json.dumps(FORGED)!r})"
    ),
    "state/m1/bootstrap.json is not what the run recorded": "edit(state / 'bootstrap.json', inputs={})",
    "state/m1/gates/02.json is not in the journal": (
        f"(state / 'gates').mkdir(exist_ok=True); (state / 'gates/02.json').write_text({json.dumps(ASKED)!r})"
    ),
    "journal.jsonl was written by somebody else": CHAINED,
    "plans/m1/plan.yaml was changed": "(project / 'plans/m1/plan.yaml').open('a').write('# more' + chr(10))",
    "dodo.py was changed": "(project / 'dodo.py').write_text('import os')",
    ".git/config was changed": "(git / 'config').open('a').write('[alias] x = !id')",
    ".git/hooks/pre-push was changed": "(git / 'hooks').mkdir(exist_ok=True); (git / 'hooks/pre-push').touch()",
    ".git/run-milestone/remote.git/config was changed": "os.utime(remote / 'config')",
    "branch main here was moved": "moved(project, 'main')",
    "branch main on the remote was moved": "moved(remote, 'main')",
    "branch planted here was moved": "moved(project, 'planted')",
}


@pytest.fixture
def ada(ada):
    def plan(trick, **settings):
        code = AGENT.format(project=str(ada.folder), trick=trick)
        ada.plans(parts([issue(1), issue(2)], agent=command(code), sandbox={"kind": "none"}, **settings))
        return ada

    return plan


@pytest.mark.parametrize("shown", TRICKS)
def test_each_change_of_an_agent_stops_the_run(ada, shown):
    person = ada(TRICKS[shown])
    result = person.types("m1")
    assert (result.code, "🛑 The operator's side changed" in result.out) == (3, True), result.out
    assert f"{shown}{'; somebody else wrote it,' if 'recorded' in shown else ''}" in result.out
    assert "while 01:implement ran" in result.out
    assert person.reads("gates/boundary.json")["verbs"] == ["approve", "abort"]
    assert not (person.folder / "state/m1/issues/01/implement.json").exists()


def test_an_honest_agent_changes_nothing(ada):
    person = ada("pass")
    result = person.types("m1", "--jobs", "2")
    assert "operator's side" not in result.out
    assert not (person.folder / "state/m1/gates/boundary.json").exists()


def test_an_approval_needs_a_reason(ada):
    person = ada(TRICKS["dodo.py was changed"])
    person.types("m1")
    assert "it has no reason; say who made these changes" in person.answers("boundary.approve").out
    result = person.types("decide", "m1", "boundary", "approve", "--reason", "I wrote it")
    assert result.code == 0, result.out
    assert "operator's side changed" not in person.types("m1").out
    assert (person.folder / "state/m1/issues/01/implement.json").exists()


def test_the_next_run_asks_again(ada):
    person = ada(TRICKS["dodo.py was changed"])
    person.types("m1")
    (person.folder / "state/m1/gates/boundary.json").unlink()
    assert "dodo.py was changed while 01:implement ran" in person.types("m1").out


@pytest.mark.parametrize("folder", ["./bin", "bin", "."])
def test_the_runner_starts_no_program_of_the_tree(ada, folder):
    person = ada("pass")
    plan = (person.folder / "plans/m1/plan.yaml").read_text()
    person.plans(plan.replace("kind: none", "kind: auto"))
    place = person.folder / folder
    place.mkdir(exist_ok=True)
    for name in ("git", "gh", "ssh", "bwrap", "ruff", "pytest"):
        (place / name).write_text(f"#!/bin/sh\ntouch {person.folder}/ran-{name}\nexit 1\n")
        (place / name).chmod(0o755)
    result = person.types("m1", env={"PATH": f"{folder}:{os.environ['PATH']}"})
    assert not list(person.folder.glob("ran-*")), result.out
    assert person.pulls(), result.out
