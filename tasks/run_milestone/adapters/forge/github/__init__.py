"""github: the forge on GitHub, reached by the gh program; each room asks for one kind of thing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .auth_status import standing
from .checks import Checks
from .comments import Comments
from .gh import Gh
from .issues import Planning
from .labels import Labels
from .pulls import Pulls
from .releases import Releases
from .repo_url import address_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ....model import Milestone
    from ...process import Processes


def open_github(
    milestone: Milestone, url: str, processes: Processes, folder: Path, say: Callable[[Iterable[str]], object]
) -> GitHubForge:
    """Return the forge of the repository that the plan or the remote's `url` names; `folder` is gh's home."""
    address = address_of(url, milestone.repository.github)
    return GitHubForge(Gh(address, processes, folder, say), milestone.target)


class GitHubForge:
    """One repository on GitHub: what every room does, under one roof. Nothing is ever merged into `target`."""

    def __init__(self, gh: Gh, target: str) -> None:
        labels = Labels(gh)
        pulls, planning, comments = Pulls(gh, labels, target), Planning(gh, labels), Comments(gh)

        self.pulls, self.create, self.edit = pulls.pulls, pulls.create, pulls.edit
        self.retarget, self.label, self.unlabel = pulls.retarget, pulls.label, pulls.unlabel
        self.set_draft, self.close, self.reopen, self.merge = pulls.set_draft, pulls.close, pulls.reopen, pulls.merge
        self.checks = Checks(gh).of
        self.comments, self.comment = comments.of, comments.say

        self.issues, self.create_issue, self.edit_issue = planning.issues, planning.create_issue, planning.edit_issue
        self.ensure_milestone, self.close_milestone = planning.ensure_milestone, planning.close_milestone
        self.release, self.ensure_labels = Releases(gh).publish, labels.ensure
        self.standing = partial(standing, gh)
