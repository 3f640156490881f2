"""The forge on GitHub, reached through the gh program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .accounts import Accounts
from .auth_status import AuthStatus, auth_status
from .checks import Checks
from .comments import Comments
from .gh import Gh
from .issues import Issues
from .pulls import Pulls
from .repo_url import address_of
from .reviews import Reviews
from .rulesets import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ....model import Milestone
    from ...process import Processes


def open_github(
    milestone: Milestone,
    urls: tuple[str, ...],
    processes: Processes,
    folder: Path,
    say: Callable[[Iterable[str]], object],
) -> GitHubForge:
    """Return the forge of the repository that the plan or one of the remote's `urls` names; `folder` is gh's home."""
    address = address_of(urls, milestone.repository.github)
    return GitHubForge(Gh(address, processes, folder, say), milestone.target)


class GitHubForge(Pulls, Reviews, Issues, Comments, Checks, Rules, Accounts):
    """One repository on GitHub. Nothing is ever merged into its target branch."""

    def auth_status(self) -> AuthStatus:
        """Return what gh is here, who it is logged in as, and what that login may do."""
        return auth_status(self._gh)
