"""A forge in plain files beside a bare remote, for work without a server and for trying things out."""

from __future__ import annotations

from ....model.branch_rules import BranchRules, ForgeRights
from .comments import Comments
from .issues import Issues
from .pulls import Pulls
from .reviews import Reviews


class LocalForge(Pulls, Reviews, Issues, Comments):
    """Pull requests and issues as files in a folder. Nothing is ever merged into the target branch.

    Errors: OutsideError for what a forge would refuse, DamagedStateError for a file that cannot be used.
    """

    def rights(self) -> ForgeRights:
        """Return that everything is allowed."""
        return ForgeRights()

    def branch_rules(self, *branches: str) -> dict[str, BranchRules]:
        """Return no rules."""
        _ = branches
        return {}

    def makers(self, number: int) -> dict[str, tuple[str, ...]]:
        """Return nobody: files know no accounts."""
        _ = number
        return {}

    def members(self, *teams: str) -> dict[str, tuple[str, ...]]:
        """Return no team: those of a plan are all there are."""
        _ = teams
        return {}

    def is_queued(self, number: int) -> bool:
        """Return that there is no merge queue."""
        _ = number
        return False
