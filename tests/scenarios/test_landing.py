"""A stack lands: in order, every commit kept, no pull request closed by accident, and the milestone's own is opened."""

import json
import shutil
import signal
import subprocess
import sys

import pytest
from support.person import Person
from support.projects import copy_of_kept
from support.stacks import LARGE, Stack, branch, land_amended_stack, lands, open_stack, stack_of, states

WORK = {**LARGE, "02-2": {"w02.js": "const both = [2, 22];\n"}}


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Keep a finished stack for the whole module; each test goes on in a copy of it."""
    return tmp_path_factory.mktemp("ready") / "home"


@pytest.fixture
def stack(ready, make_milestone, tmp_path):
    home = copy_of_kept(ready, tmp_path, lambda: open_stack(stack_of(make_milestone, WORK)))
    return Stack(Person(home / "widgets"))


def test_it_lands_in_order_and_proposes_the_milestone(stack):
    heads, main = {name: stack.on_remote("rev-parse", name) for name in stack.bases()}, stack.git("rev-parse", "main")
    foretold = lands(stack, "--dry-run")
    assert foretold.code == 0
    assert states(stack) == dict.fromkeys(heads, "open"), "foretelling changes nothing"

    result = lands(stack)
    assert result.code == 0, result.out + result.err
    order = [line.split("(#")[1][:2] for line in result.lines if " landed on milestone/m1 (#" in line]
    assert order == ["01", "02", "03", "04", "05"]
    assert [line.split("(#")[1][:2] for line in foretold.lines if " lands (#" in line] == order
    assert result.out.index("✓ Retargeted PR #2 from ") < result.out.index("✓ PR #1 landed")
    for name, head in heads.items():
        assert stack.on_remote("merge-base", "--is-ancestor", head, "milestone/m1") == "", f"{name} is all there"
        assert stack.on_remote("rev-parse", name) == head, "no branch is deleted or moved"
    merges = stack.on_remote("log", "--first-parent", "--format=%p", f"{main}..milestone/m1").splitlines()
    assert [len(parents.split()) for parents in merges] == [2] * 5, "merge commits"
    assert stack.on_remote("for-each-ref", "refs/heads/main") == "", "the target is for people"

    pulls = stack.pulls()
    mine = pulls.pop("milestone/m1")
    assert {pull["state"] for pull in pulls.values()} == {"merged"}
    assert {pull["base"] for pull in pulls.values()} == {"milestone/m1"}
    assert (mine["state"], mine["base"], mine["title"]) == ("open", "main", "Milestone m1: First")
    assert "- #5 Issue 05" in mine["body"]
    assert "**approve** at gate 04 (large change) by" in mine["body"]
    assert mine["body"].endswith("<!-- run-milestone: m1 -->\n")
    assert result.out.rstrip().endswith("1. Review and merge Milestone PR #6 → main\n2. Tag: v0.1.0"), (
        "and nothing twice"
    )

    record = (stack.person.folder / "state/m1/landing.json").read_text()
    result = lands(stack)
    assert result.code == 0
    assert " landed on " not in result.out
    assert (stack.person.folder / "state/m1/landing.json").read_text() == record
    assert len(stack.pulls()) == 6, "landing again makes nothing twice"
    assert stack.person.types("m1").out.startswith("✓ Milestone m1 is complete; nothing to do.")
    verified = stack.person.types("verify", "m1")
    assert verified.code == 0, verified.out
    assert "#04 Issue 04 — PR #4 · approved · landed" in stack.person.types("status", "m1").out
    facts = json.loads((stack.person.folder / "state/m1/summary.json").read_text())
    assert facts["landing"] == {"merged": 5, "pr": {"number": 6, "url": mine_url(stack), "state": "open"}}


def mine_url(stack):
    return json.loads((stack.person.folder / "state/m1/landing.json").read_text())["url"]


def test_an_amended_pull_request_is_checked_before_landing(stack):
    land_amended_stack(stack)


def test_a_conflict_is_fixed_and_landing_resumes(stack):
    place = stack.person.folder.parent / "theirs"
    stack.git("worktree", "add", "--quiet", "--detach", str(place), "milestone/m1")
    (place / "w02.js").write_text("const other = 22;\n")
    stack.git("add", ".", where=place)
    stack.git("commit", "--quiet", "--message=Be quicker", where=place)
    remote = stack.person.folder / stack.remote
    stack.git("push", "--quiet", str(remote), "HEAD:milestone/m1", where=place)
    theirs = stack.git("rev-parse", "HEAD", where=place)
    stack.git("worktree", "remove", str(place))

    result = lands(stack)
    assert result.code == 3
    assert " landed on milestone/m1 (#01" in result.out
    assert "🛑 Merge conflict with the base (attempt 1/2)" in result.out
    assert "change the same lines in w02.js" in result.out
    assert "fix | skip | abort" in result.out
    assert states(stack)[branch("02")] == "open"
    before = stack.on_remote("rev-parse", branch("02"))

    stack.person.touches("02.fix", milestone="m1")
    fixed = lands(stack)
    assert fixed.code == 3, "what the fix changed was not approved yet"
    assert "#02: " in fixed.out
    assert "🔧 Fixing..." in fixed.out
    assert "🛑" not in fixed.out, "what was approved for #04 still is"
    stack.person.touches("phase-1.continue", milestone="m1")
    result = lands(stack)
    assert result.code == 0, result.out + result.err
    head = stack.on_remote("rev-parse", branch("02"))
    parents = stack.on_remote("log", "-1", "--format=%P", head).split()
    assert parents[0] == before
    assert stack.on_remote("merge-base", "--is-ancestor", theirs, parents[1]) == ""
    assert stack.on_remote("show", "milestone/m1:w02.js") == "const both = [2, 22];"
    assert states(stack) == {**dict.fromkeys(stack.pulls(), "merged"), "milestone/m1": "open"}
    assert stack.person.types("verify", "m1").code == 0


def test_only_green_checks_land(stack):
    checks = stack.person.folder / ".git/run-milestone/remote.forge/checks"
    checks.mkdir()
    checks_file = checks / f"{stack.on_remote('rev-parse', branch('02'))}.json"
    checks_file.write_text(json.dumps({"checks": [{"name": "ci", "state": "failed", "log": "it broke"}]}))
    result = lands(stack)
    assert result.code == 3
    assert "🛑 Checks failing (attempt 1/2)\n\n✗ ci failed\n  it broke\n" in result.out
    assert states(stack)[branch("02")] == "open"
    assert "gate 02" not in lands(stack, "--dry-run").out

    checks_file.write_text(json.dumps({"checks": [{"name": "ci", "state": "passed"}]}))
    result = lands(stack)
    assert result.code == 0, result.out
    assert not list((stack.person.folder / "state/m1/gates").iterdir())


def test_nothing_lands_over_a_persons_changes_requested(stack):
    threads = [{"path": "w03.js", "line": 1, "body": "Why three?", "resolved": True}]
    review = {"author": "grace", "state": "changes_requested", "body": "Not yet", "threads": threads}
    number = stack.pulls()[branch("03")]["number"]
    stack.person.changes_pull(number, reviews=[review])
    result = lands(stack)
    assert result.code == 3
    words = f"grace asks for changes on PR #{number} (“Not yet”); it lands when they approve it, or their review is dis"
    assert f"  - #03: {words}" in result.out, "a resolved thread answers nothing"
    assert f"⚠️ {words}" in stack.runs("--verbose").out
    assert f"#03: {words}" in lands(stack, "--dry-run").out
    assert set(states(stack).values()) == {"open"}

    stack.person.changes_pull(number, reviews=[review, {"author": "Grace", "state": "approved"}])
    assert lands(stack).code == 0


def test_a_review_of_the_wrong_shape_is_named(stack):
    stack.person.changes_pull(3, reviews=[{"author": "grace", "state": "rejected"}])
    result = lands(stack)
    assert result.code == 1
    assert "`state` of the review by grace is none of approved, changes_requested" in result.err + result.out


def test_dependents_of_a_skipped_issue_do_not_land(stack):
    assert stack.answers("02.skip").code == 3, "not complete with what stands on a skipped issue"
    result = lands(stack)
    assert result.code == 3
    assert "04: Blocked by an issue it depends on — skip | abort" in result.out
    assert set(states(stack).values()) == {"open"}
    result = stack.answers("02.unskip")
    assert "· Gate 04 is withdrawn" in result.out
    assert "#04" not in result.issues(), "nothing of it was done again"


KILLER = """
import os, sys
import run_milestone.adapters.forge.local.pulls as local, run_milestone.store as state

def dies_after(owner, name, times):
    act, left = getattr(owner, name), [times]
    def then_dies(*given, **named):
        outcome = act(*given, **named)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), 9)
        return outcome
    setattr(owner, name, then_dies)

owner = {"Pulls": local.Pulls, "State": state.State}[sys.argv[1]]
dies_after(owner, sys.argv[2], int(sys.argv[3]))
from run_milestone.commands import main
raise SystemExit(main(["land", "m1"]))
"""

EFFECTS = [("retarget", 1), ("retarget", 1), ("merge", 1), ("merge", 2), ("write_landed", 1), ("create", 1)]


def test_landing_resumes_after_a_kill_anywhere(stack):
    for name, times in EFFECTS:
        owner = "State" if name == "write_landed" else "Pulls"
        command = [sys.executable, "-c", KILLER, owner, name, str(times)]
        ended = subprocess.run(command, cwd=stack.person.folder, capture_output=True, text=True, check=False)
        assert ended.returncode == -signal.SIGKILL, f"{name} {times}: {ended.stdout}{ended.stderr}"
    result = lands(stack)
    assert result.code == 0, result.out
    assert states(stack) == {**dict.fromkeys(stack.pulls(), "merged"), "milestone/m1": "open"}
    assert len(stack.pulls()) == 6
    record = json.loads((stack.person.folder / "state/m1/landing.json").read_text())
    assert [one["issue"] for one in record["issues"]] == ["01", "02", "03", "04", "05"]
    main = stack.git("rev-parse", "main")
    assert len(stack.on_remote("rev-list", "--first-parent", f"{main}..milestone/m1").split()) == 5
    assert stack.person.types("verify", "m1").code == 0


def test_landing_after_people_merged_says_what_remains(stack):
    forge = stack.person.folder / ".git/run-milestone/remote.forge"
    (forge / "issues").mkdir(exist_ok=True)
    issue = {"number": 90, "title": "Issue 01", "body": "", "state": "open", "milestone": "First", "labels": []}
    (forge / "issues/90.json").write_text(json.dumps(issue))
    assert lands(stack).code == 0
    pull = forge / "pulls/91.json"
    pull.write_text(json.dumps({**json.loads(pull.read_text()), "state": "closed"}))
    result = lands(stack)
    assert result.code == 1
    assert "was closed without merging: open it again where it lives, then land again." in result.out
    assert len(stack.pulls()) == 6, "never a second"

    pull.write_text(json.dumps({**json.loads(pull.read_text()), "state": "merged"}))
    verified = stack.person.types("verify", "m1")
    assert "✗ landing: milestone PR #91 is recorded as closed, into main; it is merged, into main" in verified.out
    result = lands(stack)
    assert result.code == 0
    assert "✓ Milestone PR #91 is merged into main" in result.out
    assert "✓ The milestone “First” is closed on the forge" in result.out
    assert result.out.rstrip().endswith("1. Tag: v0.1.0")
    assert stack.person.types("verify", "m1").code == 0


def test_it_lands_from_another_machine(stack):
    shared = stack.person.folder.parent / "shared.git"
    (stack.person.folder / stack.remote).rename(shared)
    (stack.person.folder / stack.remote).with_suffix(".forge").rename(shared.with_suffix(".forge"))
    stack.git("remote", "add", "origin", str(shared))
    result = stack.person.types("state", "push", "m1")
    assert result.code == 0, result.err
    shutil.rmtree(stack.person.folder / "state/m1")
    result = lands(stack, "--state-ref")
    assert result.code == 0, result.out + result.err
    assert result.out.count(" landed on milestone/m1 (#") == 5
    record = json.loads(stack.git("show", "refs/run-milestone/m1/state:landing.json", where=shared))
    assert [one["issue"] for one in record["issues"]] == ["01", "02", "03", "04", "05"]
