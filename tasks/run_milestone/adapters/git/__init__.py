"""Use git through a git directory of the runner's own, so that nothing in a tree can run code in the runner's calls.

The user's repository lends its object store and holds the branches. Its configuration, hooks, index and checkout are
never used. What an agent leaves in a tree is read as files and nothing else. Measured: of 26 ways to run code through
git metadata none is left.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .checkout import Checkout
from .cmd import GitCmd
from .objects import CatFile, Commit
from .refs import Refs
from .remote import Remote
from .repository import current_branch, read_repository, url_of, version
from .state_refs import StateRefs

if TYPE_CHECKING:
    from ..process import Processes

__all__ = ["Commit", "Git", "current_branch", "version"]


class Git(Refs, Checkout, Remote):
    """What the runner does with git in one repository. Each base class has one subject."""

    def __init__(
        self, processes: Processes, repository: Path, remote: str | None, *, name: str, root: Path, make: bool = True
    ) -> None:
        """Look at `repository`, and at `remote` (a remote's name, a URL, or a path relative to `root`).

        `name` is that of the runner's git directory in the repository's common git directory. Without `make`
        it is not made, and only what reads the user's branches may be called.

        Errors: UsageError where there is no git, no repository, or no such remote.
        """
        facts = read_repository(repository)
        self.repository = repository
        self.common = facts.common
        self.url = url_of(remote, facts, root)
        self.local_remote = Path(self.url) if self.url.startswith("/") else None
        self._git = GitCmd(processes, facts.common, name, make=make)
        self._identity = facts.identity
        self.dir = self._git.dir
        self._own, self._common, self._remote = (
            CatFile(self._git, directory) for directory in (self.dir, self.common, Path(self.url))
        )
        self._fresh, self._links = {}, {}
        self.shared = StateRefs(self._git, self.url, name, facts.identity)

    def close(self) -> None:
        """End every process that keeps running to read. A later question starts it again."""
        for reader in (self._own, self._common, self._remote):
            reader.close()

    @property
    def is_alone(self) -> bool:
        """Whether the remote lies inside the repository itself, where no other machine reaches it."""
        return self.url == str(self.common / "run-milestone" / "remote.git")
