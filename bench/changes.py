"""changes: what a run costs after one thing changed in a finished milestone, up to its first step and in all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .project import ID, git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from run_milestone.model import Issue

    from .finished import Recorded

METERED = Path(__file__).with_name("metered.py")


def change_one_title(session: Recorded, issue: Issue) -> None:
    """Give an issue another title, as a person edits the plan."""
    path = session.project.plan(ID) / "plan.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"title: {issue.title}\n", f"title: {issue.title}, and its tests\n"), encoding="utf-8")


def commit_once(session: Recorded, issue: Issue) -> None:
    """Commit to the branch of an issue, here and on the remote."""
    root, branch = session.project.root, session.ctx.branch(issue)
    author = {"GIT_AUTHOR_NAME": "Bo", "GIT_AUTHOR_EMAIL": "bo@example.com"}
    names = {**os.environ, **author, **{key.replace("AUTHOR", "COMMITTER"): name for key, name in author.items()}}
    made = ["git", "commit-tree", f"{branch}^{{tree}}", "-p", branch, "-m", "One more"]
    commit = subprocess.run(made, cwd=root, env=names, capture_output=True, text=True, check=True).stdout.strip()
    git(root, "update-ref", f"refs/heads/{branch}", commit)
    git(root, "push", "--quiet", ".git/run-milestone/remote.git", branch)


def touch_an_approval(session: Recorded, issue: Issue) -> None:
    """Skip an issue by a file."""
    folder = session.store.folder / "approvals"
    folder.mkdir(exist_ok=True)
    (folder / f"{issue.number}.skip").touch()


CHANGES: dict[str, Callable[[Recorded, Issue], None]] = {
    "one changed title": change_one_title,
    "one new commit": commit_once,
    "one touched approval": touch_an_approval,
}


def after_changes(session: Recorded, rounds: int) -> Iterator[tuple[str, float]]:
    """Yield the median CPU seconds of a run after each change, to its first step and in all, children included.

    Each round changes another issue of the last phase. The run in between takes over what the last one changed.
    """
    issues = list(session.milestone.phases[-1].issues)
    _run(session)
    for name, change in CHANGES.items():
        used = []
        for _ in range(rounds):
            change(session, issues.pop())
            used.append(_run(session))
        yield f"{name}, to the first step", statistics.median(one["first step"] for one in used)
        yield f"{name}, the whole run", statistics.median(one["own"] + one["children"] for one in used)


def _run(session: Recorded) -> dict[str, float]:
    """Run the milestone without its seal, which the first change broke; returns its CPU seconds."""
    (session.store.folder / "seal").unlink(missing_ok=True)
    left = session.project.root / "used.json"
    argv = [sys.executable, str(METERED), str(left), ID]
    subprocess.run(argv, cwd=session.project.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    used: dict[str, float] = json.loads(left.read_text(encoding="utf-8"))
    return used
