"""Between two runs people change the plan, branches, pull requests and their minds: nothing is lost, all is said."""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys

import pytest
from support.person import Person
from support.plans import command, issue, parts

from run_milestone.model import Proposed
from run_milestone.plan import load
from run_milestone.runner.plan_changes import take_up
from run_milestone.store import State

AGENT = """
import pathlib, re, sys
part = re.search("Make part ([a-z]+)", sys.stdin.read())[1]
pathlib.Path(f"part_{part}.py").write_text(f"PART = {part!r}\\n")
print("made part", part)
"""
SETTINGS = {
    "agent": command(AGENT),
    "commands": {"lint": ["true"], "test": ["true"], "review": [sys.executable, "-c", "print('[]')"]},
}


A, B, C = issue(1, "a"), issue(2, "b"), issue(3, "c", depends_on=[2])


def plan(person, *phases, **settings):
    person.plans(parts(*phases, **{**SETTINGS, **settings}))


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A project whose first phase waits for a person; its two issues are done."""
    folder = tmp_path_factory.mktemp("start") / "home" / "widgets"
    folder.mkdir(parents=True)
    ada = Person(folder)
    ada.git("init", "--quiet", "--initial-branch=main", where=".")
    ada.git("commit", "--quiet", "--allow-empty", "--message=Start", where=".")
    ada.types("init")
    plan(ada, [A, B], [C])
    result = ada.types("m1")
    assert result.code == 3, result.out + result.err
    assert "✓ Phase 1 complete — 2 PRs ready" in result.out, result.out
    return ada


@pytest.fixture
def ada(start, copy_project):
    return copy_project(start, "ada")


@pytest.fixture
def later(start, copy_project):
    """The same after the second phase: the whole milestone waits for its last barrier."""
    ada = copy_project(start, "later")
    ada.answers("phase-1.continue")
    return ada


def pulls(person):
    """The pull requests: number, state and whether it is a draft."""
    return [(pull["number"], pull["state"], pull["draft"]) for pull in person.pulls()]


def asked(person):
    return [gate["gate"] for gate in json.loads(person.types("gates", "m1", "--json").out)]


def remote(person):
    return person.folder / ".git/run-milestone/remote.git"


def head(person, branch, where="."):
    return person.git("rev-parse", "--verify", f"refs/heads/{branch}", where=where)


def branches(person, where="."):
    return person.git("for-each-ref", "--format=%(refname:short)", "refs/heads/feat", where=where).split()


def commit(person, branch, name, *, onto=None):
    """Let somebody commit a file to a branch without touching any checkout; returns the commit."""
    onto = onto or head(person, branch)
    blob = person.git("hash-object", "-w", "dodo.py", where=".")
    rows = [row for row in person.git("ls-tree", onto, where=".").splitlines() if row]
    text = "\n".join([*rows, f"100644 blob {blob}\t{name}"]) + "\n"
    how = {"cwd": person.folder, "input": text, "text": True, "capture_output": True}
    tree = subprocess.run(["git", "mktree"], check=True, **how).stdout.strip()
    return person.git("commit-tree", tree, "-p", onto, "-m", f"Add {name}", where=".")


def moves(person, branch, sha):
    person.git("update-ref", f"refs/heads/{branch}", sha, where=".")


def pushes(person, branch, sha):
    """Somebody pushes to a remote branch, over whatever is there."""
    person.git("push", "--quiet", "--force", str(remote(person)), f"{sha}:refs/heads/{branch}", where=".")


FIRST = "feat/m1-01-make-part-a"

# ---- pull requests ------------------------------------------------------------------------------------------------


def test_a_merged_pull_request_finishes_its_issue(ada):
    ada.changes_pull(1, state="closed")
    ada.types("m1")
    assert asked(ada) == ["01"], "its phase has work left"
    ada.changes_pull(1, state="merged", base="release")
    for where in (".", remote(ada)):
        ada.git("update-ref", "-d", f"refs/heads/{FIRST}", where=where)
    result = ada.types("m1")
    assert "✓ PR #1 was merged into release (the plan says milestone/m1): issue #01 is done" in result.out
    assert "· Gate 01 is withdrawn: its pull request is merged" in result.out
    assert asked(ada) == ["phase-1"]
    assert "was merged" not in ada.types("m1").out, "said once"
    assert FIRST not in [*branches(ada), *branches(ada, remote(ada))]
    assert pulls(ada) == [(1, "merged", False), (2, "open", False)]


def test_a_closed_pull_request_is_reopened_when_asked(ada):
    ada.changes_pull(1, state="closed")
    ada.git("update-ref", "-d", f"refs/heads/{FIRST}", where=remote(ada))
    result = ada.types("m1")
    assert "PR #1 was closed; `retry` opens it again" in result.out
    assert FIRST not in branches(ada, remote(ada)), "nothing is pushed before somebody says so"
    result = ada.answers("01.retry")
    assert pulls(ada)[0] == (1, "open", False)
    assert FIRST in branches(ada, remote(ada))

    ada.changes_pull(1, state="closed")
    result = ada.types("m1")
    assert "PR #1 was closed; `retry` opens it again" in result.out, "an answer counts once"
    assert pulls(ada)[0] == (1, "closed", False)
    assert pulls(ada) == [(1, "closed", False), (2, "open", False)]
    ada.changes_pull(1, state="open")
    assert ada.types("m1").code == 3
    assert asked(ada) == ["phase-1"], "as it says"

    ada.changes_pull(1, state="closed")
    ada.types("m1")
    result = ada.answers("01.skip")
    assert "1 PR ready, 1 skipped" in result.out


def test_a_retargeted_pull_request_is_set_back(ada):
    ada.changes_pull(1, base="main")
    result = ada.types("m1")
    assert "⚠️ PR #1 goes to main; it is set back to milestone/m1" in result.out
    assert ada.pulls()[0]["base"] == "milestone/m1"
    assert "Tests:" not in result.out
    assert "goes to" not in ada.types("m1").out


# ---- branches -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locally", "on_remote", "shown"),
    [
        (False, True, f"⚠️ {FIRST} is gone from the remote; it is pushed again"),
        (True, False, "was gone here: put back at"),
        (True, True, "was gone here: put back at"),
    ],
)
def test_a_deleted_branch_comes_back_with_its_commits(ada, locally, on_remote, shown):
    before = head(ada, FIRST)
    if locally:
        ada.git("update-ref", "-d", f"refs/heads/{FIRST}", where=".")
    if on_remote:
        ada.git("update-ref", "-d", f"refs/heads/{FIRST}", where=remote(ada))
    result = ada.types("m1")
    assert shown in result.out
    assert (head(ada, FIRST), head(ada, FIRST, remote(ada))) == (before, before)
    assert "Implemented" not in result.out
    assert pulls(ada) == [(1, "open", False), (2, "open", False)]


def test_the_milestone_branch_comes_back_too(ada):
    name = "milestone/m1"
    for where in (".", remote(ada)):
        ada.git("update-ref", "-d", f"refs/heads/{name}", where=where)
    result = ada.types("m1")
    assert f"✓ {name} was gone here: put back at" in result.out
    assert f"✓ {name} was gone from the remote: pushed again at" in result.out
    assert head(ada, name) == head(ada, name, remote(ada)) == head(ada, "main")
    assert result.issues() == []


def test_a_branch_lost_with_its_commits_is_reimplemented(ada):
    for where in (".", remote(ada)):
        ada.git("update-ref", "-d", f"refs/heads/{FIRST}", where=where)
        ada.git("gc", "--quiet", "--prune=now", where=where)
    result = ada.types("m1")
    assert f"⚠️ {FIRST} is gone and so are its commits: issue #01 starts again" in result.out, result.out
    assert result.issues() == ["01"]
    assert "✓ Implemented" in result.out
    assert pulls(ada) == [(1, "open", False), (2, "open", False)], "in the same pull request"
    assert asked(ada) == ["phase-1"]


def test_a_local_commit_is_checked_and_pushed(ada):
    more = commit(ada, FIRST, "more.py")
    moves(ada, FIRST, more)
    result = ada.types("m1")
    assert result.issues() == ["01"]
    assert "Tests:" in result.out
    assert "Implemented" not in result.out
    assert head(ada, FIRST, remote(ada)) == more


def test_others_pushes_are_taken_over_and_checked(ada):
    more = commit(ada, FIRST, "more.py")
    pushes(ada, FIRST, more)
    result = ada.types("m1")
    assert f"✓ Took over what was pushed to {FIRST} ({more[:10]})" in result.out
    assert head(ada, FIRST) == more
    assert result.issues() == ["01"]


def test_a_reset_remote_branch_is_pushed_again(ada):
    before = head(ada, FIRST)
    pushes(ada, FIRST, head(ada, "main"))
    result = ada.types("m1")
    assert f"⚠️ {FIRST} was set back on the remote to" in result.out
    assert head(ada, FIRST, remote(ada)) == before


def test_others_force_pushes_are_not_overwritten(ada):
    theirs = commit(ada, FIRST, "theirs.py", onto=head(ada, "main"))
    pushes(ada, FIRST, theirs)
    result = ada.types("m1")
    assert "🛑 Others pushed to its branch" in result.out
    assert f"{FIRST} has commits on the remote that are not here ({theirs[:10]})" in result.out
    assert head(ada, FIRST, remote(ada)) == theirs
    assert "has commits on the remote" in ada.types("gates", "m1").out
    moves(ada, FIRST, theirs)
    result = ada.types("m1")
    assert head(ada, FIRST, remote(ada)) == theirs
    assert asked(ada) == ["phase-1"], "what was repaired by hand is not asked about again"


def test_a_branch_that_aliases_main_never_moves_main(ada):
    """One that was pushed on, and one that an agent is to begin on; main is checked out here, as it mostly is."""
    main, work, fourth = head(ada, "main"), head(ada, FIRST), "feat/m1-04-make-part-d"
    for name in (FIRST, fourth):
        ada.git("symbolic-ref", f"refs/heads/{name}", "refs/heads/main", where=".")
    plan(ada, [A, B, issue(4, "d")], [C])
    result = ada.types("m1")
    assert f"✓ Took over what was pushed to {FIRST} ({work[:10]})" in result.out
    assert "✓ PR #3 created" in result.out
    assert head(ada, "main") == main
    assert ada.git("for-each-ref", "refs/heads/main", where=remote(ada)) == "", "and nobody pushed it"
    assert head(ada, FIRST) == work
    assert ada.git("log", "--format=%s", f"main..{fourth}", where=".") == "feat(m1): Make part d (04)"
    assert ada.git("status", "--porcelain", "--untracked-files=no", where=".") == ""


def test_a_person_may_rewrite_the_agents_commit(ada):
    before, rewritten = head(ada, FIRST), commit(ada, FIRST, "better.py", onto=head(ada, "main"))
    moves(ada, FIRST, rewritten)
    ada.types("m1")
    assert head(ada, FIRST, remote(ada)) == rewritten
    kept = ada.git("for-each-ref", "--format=%(objectname)", "refs/run-milestone/m1/01", where=".")
    assert kept.split() == [before]


def test_a_persons_pushed_commit_is_not_overwritten(ada):
    theirs = commit(ada, FIRST, "theirs.py")
    moves(ada, FIRST, theirs)
    ada.types("m1")
    moves(ada, FIRST, commit(ada, FIRST, "other.py", onto=head(ada, "main")))
    result = ada.types("m1")
    assert "has commits on the remote that are not here" in result.out
    assert head(ada, FIRST, remote(ada)) == theirs


# ---- another plan -------------------------------------------------------------------------------------------------


def decided(person):
    return sorted(path.name for path in (person.folder / "state/m1/decisions").iterdir())


def title(person, number):
    return person.pulls()[number - 1]["title"]


def test_a_renumbered_issue_keeps_its_records(ada):
    """Issue 2 becomes 4, 1 and 3 change places, and another issue is number 2 from now on."""
    ada.answers("02.skip")
    ada.touches("02.abort", milestone="m1")
    plan(ada, [issue(3, "a"), issue(2, "x"), issue(4, "b")], [issue(1, "c", depends_on=[4])])
    ahead = ada.types("status", "m1").out
    assert "#02 Make part b is #04 now" in ahead
    result = ada.types("m1")
    assert "· Issue #01 Make part a is #03 now" in result.out
    assert "· Issue #02 Make part b is #04 now" in result.out
    assert "· Issue #02 Make part x is new in phase 1" in result.out
    assert "Approval 02.abort was not taken: 02 means another issue now" in result.out
    assert "✓ Implemented" in result.out.split("Issue #02: Make part x")[1], "the new one inherits nothing"
    assert result.out.count("✓ Implemented") == 1, "and nothing that was done is done again"
    assert "⏭ #04 Make part b" in ada.types("status", "m1").out, "a decision goes with its issue"
    assert [number for number, _, _ in pulls(ada)] == [1, 2, 3]
    assert branches(ada) == [FIRST, "feat/m1-02-make-part-b", "feat/m1-02-make-part-x"]
    assert decided(ada) == ["0001-02-skip.json"], "what is written is not rewritten"

    ada.types("m1", "--metrics")
    facts = json.loads((ada.folder / "state/m1/metrics.json").read_text())
    assert {number: row["ran"] for number, row in facts["issues"].items()} == {"03": 12, "02": 11, "04": 11, "01": 0}

    result = ada.answers("04.unskip")
    assert pulls(ada)[1] == (2, "open", False)
    assert ada.types("verify", "m1").code == 0, ada.types("verify", "m1").out
    assert ada.answers("phase-1.continue").out.count("✓ Implemented") == 1
    assert "nothing to do" in ada.answers("phase-2.continue").out or ada.types("m1").code == 0


def test_forge_number_and_title_identify_an_issue(ada):
    plan(ada, [issue(1, "a", type="fix"), {**B, "title": "Make part b, and well"}], [C])
    result = ada.types("m1")
    assert "· Issue #02 Make part b, and well has another title; its branch stays feat/m1-02-make-part-b" in result.out
    assert (title(ada, 1), title(ada, 2)) == ("fix(m1): Make part a", "feat(m1): Make part b, and well")
    assert "Tests:" not in result.out
    plan(ada, [issue(1, "a", type="fix", github=70), {**B, "title": "Make part b, and well", "github": 71}], [C])
    assert "Tests:" not in ada.types("m1").out
    plan(ada, [issue(1, "z", type="fix", github=70), issue(2, "y", github=71)], [C])
    result = ada.types("m1")
    assert "no longer in the plan" not in result.out
    assert branches(ada) == [FIRST, "feat/m1-02-make-part-b"]


def test_a_removed_issue_can_come_back(ada):
    ada.answers("02.skip")
    ada.answers("02.unskip")
    plan(ada, [A], [issue(3, "c")])
    result = ada.types("m1")
    assert "⚠️ Issue #02 Make part b is no longer in the plan." in result.out
    assert "state/m1/removed/02-make-part-b; its branch feat/m1-02-make-part-b stays" in result.out
    assert "⚠️ PR #2 is open, but its issue (Make part b) is no longer in the plan" in result.out
    assert "is open, but" in ada.types("m1").out, "until somebody does something about it"
    assert pulls(ada) == [(1, "open", False), (2, "open", False)]
    assert asked(ada) == ["phase-1"]

    plan(ada, [A, B], [C])
    result = ada.types("m1")
    assert "✓ Issue #02 Make part b is back in the plan, with its records" in result.out
    assert "✓ Implemented" not in result.out
    assert "Tests:" not in result.out
    assert ada.types("verify", "m1").code == 0


def test_a_number_that_another_issue_got_inherits_nothing(ada):
    ada.answers("02.skip", "03.skip")
    plan(ada, [A, issue(2, "other")], [issue(3, "c")])
    result = ada.types("m1")
    assert "Where #02 is the same issue with another title, give it `slug: make-part-b`." in result.out
    assert "✓ PR #3 created" in result.out
    assert "skipped" not in ada.types("status", "m1").out.split("#02 Make part other")[1].splitlines()[0]
    plan(ada, [A, {**issue(2, "other"), "slug": "make-part-b"}], [issue(3, "c")])
    ada.types("m1")
    assert "⏭ #02" in ada.types("status", "m1").out


def test_reordered_phases_ask_only_for_changed_lists(later):
    assert asked(later) == ["phase-2"]
    plan(later, [B, A], [C])
    result = later.types("m1")
    assert asked(later) == ["phase-2"], "another order is no other list"
    assert result.issues() == []

    plan(later, [A, B, issue(4, "d")], [C])
    result = later.types("m1")
    assert "· Issue #04 Make part d is new in phase 1" in result.out
    assert "· Phase 1 was approved with another list, so it is asked again" in result.out
    assert result.issues() == ["04"]
    assert asked(later) == ["phase-1", "phase-2"]
    assert "Asked again: the list has changed since decision 1 (new: PR #4 of issue #04)" in result.out

    plan(later, [A, B], [C, issue(4, "d")])
    result = later.types("m1")
    assert "· Issue #04 Make part d moved from phase 1 to phase 2" in result.out
    assert result.issues() == []
    assert asked(later) == ["phase-2"], "the first phase is what was approved again"


def test_renumbering_keeps_a_phase_approved(later):
    """Two that change places, and one that moves up: the list is the one that was approved, but for its numbers."""
    plan(later, [issue(2, "a"), issue(1, "b")], [issue(5, "c", depends_on=[1])])
    result = later.types("m1")
    assert "· Issue #01 Make part a is #02 now" in result.out
    assert "asked again" not in result.out.lower()
    assert "Tests:" not in result.out
    assert asked(later) == ["phase-2"], "whose list nobody approved yet"
    assert "✓ Milestone M1 Complete" in later.answers("phase-2.continue").out
    assert later.types("verify", "m1").code == 0

    plan(later, [issue(2, "a"), issue(1, "b"), issue(3, "d")], [issue(5, "c", depends_on=[1])])
    result = later.types("m1")
    assert "· Phase 1 was approved with another list, so it is asked again" in result.out
    again = "Asked again: the list has changed since decision 1 (new: PR #4 of issue #03)\n"
    assert again in result.out, "and nothing else is new"


def test_a_fresh_checkout_finds_renumbered_work(ada):
    shutil.rmtree(ada.folder / "state/m1")
    plan(ada, [issue(5, "a"), issue(6, "b")], [issue(7, "c", depends_on=[6])])
    refs = ada.git("for-each-ref", where=remote(ada))
    result = ada.types("m1")
    assert ada.git("for-each-ref", where=remote(ada)) == refs
    assert f"✓ Issue #05 was begun on {FIRST}: its work is taken up there" in result.out
    assert result.out.count("adopted from the branch") == 2
    assert pulls(ada) == [(1, "open", False), (2, "open", False)]
    assert branches(ada) == [FIRST, "feat/m1-02-make-part-b"]
    assert asked(ada) == ["phase-1"], "an approval does not outlive the record of it"
    ada.answers("phase-1.continue")
    ada.answers("phase-2.continue")
    assert ada.reads("summary.json")["issues"] == {"total": 3, "completed": 3, "skipped": 0}


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.torture)])
def test_a_kill_while_renumbering_is_resumed(ada, tmp_path, step):
    """Every file renamed or written is two moments: before it and after it; a normal run tries every fifth."""
    plan(ada, [issue(2, "a"), issue(1, "b"), issue(3, "d")], [issue(4, "c", depends_on=[1])])
    milestone = load(ada.folder / "plans/m1")
    for moment in itertools.count(1, step):
        folder = shutil.copytree(ada.folder / "state/m1", tmp_path / str(moment))
        with killed_at(moment) as left:
            take_up(milestone, State(folder))
        if left[0] > 0:
            break
        take_up(milestone, State(folder))
        state = State(folder)
        assert [state.markers.evidence(f"{number}:pr", Proposed).number for number in ("01", "02")] == [2, 1]
        assert not (folder / "issues/03").exists()
        assert not (folder / "moving").exists()
        assert state.registry.roll.moves == ()
    assert moment > 20


@contextlib.contextmanager
def killed_at(moment):
    """End what runs before or after a rename, by turns; yields how many moments were left."""
    left, patch = [moment], pytest.MonkeyPatch()

    class Killed(BaseException):
        pass

    def moments(do):
        def done(*words, **how):
            for act in (lambda: None, lambda: do(*words, **how)):
                act()
                left[0] -= 1
                if left[0] == 0:
                    raise Killed

        return done

    for name in ("rename", "replace"):
        patch.setattr(os, name, moments(getattr(os, name)))
    with contextlib.suppress(Killed):
        yield left
    patch.undo()


# ---- a skip taken back --------------------------------------------------------------------------------------------


def test_unskip_takes_back_what_followed(ada):
    ada.answers("02.skip")
    assert pulls(ada)[1] == (2, "open", True)
    result = ada.answers("phase-1.continue")
    assert "it depends on issue #02, which was skipped" in result.out

    result = ada.types("decide", "m1", "2", "unskip", "--reason", "the customer wants it")
    assert result.code == 0, result.err
    result = ada.types("m1")
    assert '↩ Issue #02 is taken up again\n\nRecorded: "the customer wants it"' in result.out
    assert pulls(ada) == [(1, "open", False), (2, "open", False)], "its pull request is ready again"
    assert "✓ Phase 1 complete — 2 PRs ready" in result.out, "its phase is asked again"
    assert asked(ada) == ["phase-1"]

    result = ada.answers("phase-1.continue")
    assert "✓ PR #3 created" in result.out, "what depends on it goes on"
    assert ada.types("decide", "m1", "2", "unskip").code == 2, "once"


def test_a_skipped_phase_can_be_resumed(ada):
    ada.answers("phase-1.continue", "phase-2.skip-phase")
    assert "⏭ #03" in ada.types("status", "m1").out
    result = ada.answers("phase-2.unskip")
    assert "↩ Phase 2 is taken up again" in result.out
    assert "✓ PR #3 created" in result.out
    assert asked(ada) == ["phase-2"]


def test_unskip_needs_a_skip(ada):
    refused = ada.types("decide", "m1", "1", "unskip")
    assert refused.code == 2
    assert "01 is not skipped, so there is no skip to take back" in refused.err
    result = ada.answers("01.unskip")
    assert "Approval 01.unskip was not taken: 01 is not skipped" in result.out
