"""local: a forge in plain files beside a bare remote, for work that needs no server and for trying things out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .comments import Comments
from .files import Records
from .issues import Planning
from .labels import Labels
from .pulls import Pulls

if TYPE_CHECKING:
    from ...git import Git


class LocalForge:
    """Pull requests and issues as files in `folder`; `git` reaches the remote in whose branches it merges.

    Nothing is ever merged into `target`. Errors: OutsideError for what a forge would refuse, DamagedStateError for
    a file that cannot be used.
    """

    def __init__(self, folder: Path, git: Git, target: str) -> None:
        files = Records(folder)
        labels, comments = Labels(files), Comments(files)
        pulls, planning = Pulls(files, labels, git, target), Planning(files, labels, git)

        self.pulls, self.create, self.edit = pulls.pulls, pulls.create, pulls.edit
        self.retarget, self.label, self.unlabel = pulls.retarget, pulls.label, pulls.unlabel
        self.set_draft, self.close, self.reopen, self.merge = pulls.set_draft, pulls.close, pulls.reopen, pulls.merge
        self.checks = pulls.checks
        self.comments, self.comment = comments.of, comments.say

        self.issues, self.create_issue, self.edit_issue = planning.issues, planning.create_issue, planning.edit_issue
        self.ensure_milestone, self.close_milestone = planning.ensure_milestone, planning.close_milestone
        self.release, self.ensure_labels = planning.release, labels.ensure
