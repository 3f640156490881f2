"""The replay agent does again what was recorded, and says so where it cannot."""

from __future__ import annotations

import os
import subprocess

import pytest

from run_milestone.adapters.agents import agent_of
from run_milestone.adapters.agents.base import Assignment
from run_milestone.adapters.process import Processes
from run_milestone.core.errors import UsageError
from run_milestone.model import AgentSpec, Issue, Milestone

PATCH = """\
- Added a greeting
- Kept the old one

Not said by the agent.

diff --git a/src/hello.py b/src/hello.py
--- a/src/hello.py
+++ b/src/hello.py
@@ -1,2 +1,3 @@
 first
+- between
 last
diff --git a/src/new/file.py b/src/new/file.py
new file mode 100644
--- /dev/null
+++ b/src/new/file.py
@@ -0,0 +1 @@
+new
"""


@pytest.fixture
def plan_folder(tmp_path):
    folder = tmp_path / "plans" / "m4.1"
    (folder / "changes").mkdir(parents=True)
    (folder / "changes" / "07-1.patch").write_text(PATCH)
    return folder


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "outer" / "tree"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "hello.py").write_text("first\nlast\n")
    return folder


@pytest.fixture
def work(plan_folder, tree, tmp_path):
    """Let the agent work on issue 07."""

    def work(attempt=1):
        spec = AgentSpec("replay", changes="changes")
        milestone = Milestone("m4.1", "Users", "milestone/m4.1", (), agent=spec)
        issue = Issue("07", "Greet", "greet", 1)
        assignment = Assignment(milestone, issue, tree, attempt, (), plan_folder, tmp_path / "log")
        return agent_of(spec, Processes()).work(assignment)

    return work


def files(tree):
    return {path.relative_to(tree).as_posix(): path.read_text() for path in sorted(tree.rglob("*.py"))}


DONE = {"src/hello.py": "first\n- between\nlast\n", "src/new/file.py": "new\n"}


def test_the_recorded_change_is_made_and_reported(work, tree):
    report = work()
    assert report.problem is None
    assert report.lines == ("Added a greeting", "Kept the old one")
    assert files(tree) == DONE


def test_an_applied_change_is_not_applied_again(work, tree):
    assert work() == work()
    assert files(tree) == DONE


@pytest.mark.parametrize("ignored", [False, True])
def test_it_works_below_another_repository(work, tree, ignored):
    outer = tree.parent
    subprocess.run(["git", "init", "--quiet", outer], check=True)
    (outer / ".gitignore").write_text("tree/\n" if ignored else "")
    assert work().problem is None
    assert files(tree) == DONE


def test_nothing_the_tree_holds_steers_git(work, tree):
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    hook = tree / ".git" / "evil"
    hook.write_text(f"#!/bin/sh\ntouch {tree}/hacked\ncat\n")
    hook.chmod(0o755)
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv"):
        subprocess.run(["git", "-C", tree, "config", key, str(hook)], check=True)
    (tree / ".gitattributes").write_text("* filter=evil diff=evil\n")
    assert work().problem is None
    assert not (tree / "hacked").exists()


def test_a_missing_attempt_is_named(work, tree):
    before = files(tree)
    assert work(3).problem == "no recorded change for issue #07, attempt 3 (changes/07-3.patch)"
    assert files(tree) == before


def test_a_change_that_does_not_apply_quotes_git(work, tree):
    (tree / "src" / "hello.py").write_text("something else\n")
    report = work()
    assert report.problem == (
        "changes/07-1.patch does not apply: patch failed: src/hello.py:1; src/hello.py: patch does not apply"
    )
    assert files(tree) == {"src/hello.py": "something else\n"}


@pytest.mark.parametrize("way", ["../escaped.py", "src/out/escaped.py"])
def test_a_change_cannot_leave_the_tree(work, plan_folder, tree, tmp_path, way):
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", tree / "src" / "out")
    new = f"diff --git a/{way} b/{way}\nnew file mode 100644\n--- /dev/null\n+++ b/{way}\n@@ -0,0 +1 @@\n+x\n"
    (plan_folder / "changes" / "07-1.patch").write_text(new)
    assert "does not apply" in work().problem
    assert not list(tmp_path.rglob("escaped.py"))


def test_a_recording_that_is_no_file_is_named(work, plan_folder):
    os.mkfifo(plan_folder / "changes" / "07-2.patch")
    assert "07-2.patch cannot be read: it is not a regular file" in work(2).problem


def test_an_agent_nobody_brought_is_refused():
    with pytest.raises(UsageError, match="no agent called 'wizard'"):
        agent_of(AgentSpec("wizard"), Processes())
