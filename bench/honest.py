"""honest: what is measured is what users get; the quick answer is given, and is not given once anything changed."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from run_milestone.policy.naming import branch_of

from .finished import make_finished
from .project import ID, git

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = (str(Path(sysconfig.get_path("scripts")) / "run-milestone"), ID)


def see_that_seals_are_honest(root: Path) -> None:
    """Finish a small milestone, and change what it rests on; its seal has to answer before, and never after."""
    session = make_finished(root, (2, 1))
    issue, heads = session.milestone.issues[-1], session.milestone.target
    changes: dict[str, Callable[[], object]] = {
        "a marker was touched": session.store.markers.path(f"{issue.number}:test").touch,
        "a branch moved": lambda: git(root, "branch", "--force", branch_of(session.milestone, issue), heads),
        "the plan was saved": (session.project.plan(ID) / "plan.yaml").touch,
        "a person answered": lambda: session.store.approvals.leave(issue.number, "skip"),
    }
    for what, change in changes.items():
        session.write_results("complete")
        _see("nothing to do" in _told(root), "a finished milestone is not answered for by its seal")
        change()
        _see(not session.store.sealed(), f"the seal still answers although {what}")


def _told(root: Path) -> str:
    return subprocess.run(COMMAND, cwd=root, capture_output=True, text=True, check=True).stdout


def _see(so: bool, otherwise: str) -> None:  # noqa: FBT001
    if not so:
        raise RuntimeError(otherwise)
