"""hands: THE OUTSIDE; one door per outside program, each behind a small port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model import PullRequest
    from .forge import Forge
    from .git import Git
    from .process import Processes


@dataclass(frozen=True, slots=True)
class Hands:
    """Everything a run reaches outside with."""

    processes: Processes
    git: Git
    forge: Forge


@dataclass(frozen=True, slots=True)
class World:
    """What the remote and the forge said when they were last asked: branches with their commits, pull requests."""

    heads: dict[str, str]
    pulls: tuple[PullRequest, ...]

    def pull(self, branch: str) -> PullRequest | None:
        """Return the pull request of a branch: an open one before a merged one before a closed one."""
        rank = {"open": 0, "merged": 1, "closed": 2}
        own = sorted(
            (pull for pull in self.pulls if pull.head == branch), key=lambda pull: (rank[pull.state], -pull.number)
        )
        return own[0] if own else None
