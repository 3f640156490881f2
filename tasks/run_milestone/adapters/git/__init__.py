"""Use git through a git directory of the runner's own, so that nothing in a tree can run code in the runner's calls.

The user's repository lends its object store and holds the branches. Its hooks, index and checkout are never used. Of
its configuration an allow-list is obeyed, as values that the operator's own git listed before anything else ran. What
an agent leaves in a tree is read as files and nothing else. Measured: of 26 ways to run code through git metadata none
is left.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from .bundles import Bundles
from .cat_file import CatFile
from .cmd import GitCmd
from .lfs import lfs_filter
from .objects import Commit
from .operator_config import OperatorConfig, read_config
from .persons import Persons
from .refs import Refs
from .remote import Remote
from .remote_urls import remote_urls
from .repository import current_branch, default_branch, has_commit, read_repository, version
from .state_refs import StateRefs

if TYPE_CHECKING:
    from ..process import Processes

__all__ = ["Commit", "Git", "current_branch", "default_branch", "has_commit", "version"]


class Git(Refs, Persons, Remote, Bundles):
    """What the runner does with git in one repository. Each base class has one subject."""

    def __init__(
        self, processes: Processes, repository: Path, remote: str | None, *, name: str, root: Path, make: bool = True
    ) -> None:
        """Look at `repository`, and at `remote` (a remote's name, a URL, or a path relative to `root`).

        `name` is that of the runner's git directory in the repository's common git directory. Without `make`
        it is not made, and only what reads the user's branches may be called.

        Errors: UsageError where there is no git, no repository, no such remote, or pushes to it are switched off.
        """
        facts = read_repository(repository)
        config = read_config(processes, facts.git_dir)
        if config.value("extensions.objectformat") not in {None, "sha1"}:
            raise UsageError(
                f"{repository} names its objects by SHA-256, which is not supported.",
                "Name a repository that uses SHA-1 in the plan (`repository: {path: …}`).",
            )
        self.repository, self.common = repository, facts.common
        self.urls = remote_urls(config, remote, repository, facts.common / "run-milestone" / "remote.git", root)
        self.url, self.mirrors = self.urls.push, self.urls.mirrors
        self.local_remote = Path(self.url) if self.url.startswith("/") else None
        self._git = GitCmd(processes, facts.common, name, make=make, config=config.reaching(self.urls.name))
        self._git.fetch_missing_from({name: self._promisor(config, name, root) for name in config.promisors})
        self._git.filters = lfs_filter(config, facts.common)
        self._identity, self._config = config.identity, config
        self.signs = config.is_on("commit.gpgsign")
        self.dir = self._git.dir
        self._own, self._common, self._remote = (
            CatFile(self._git, directory) for directory in (self.dir, self.common, Path(self.url))
        )
        self._fresh, self._links, self._aside, self._modules = {}, {}, {}, {}
        self.shared = StateRefs(self._git, self.url, name, self._identity)

    def _promisor(self, config: OperatorConfig, name: str, root: Path) -> str:
        return remote_urls(config, name, self.repository, self.common, root).fetch

    def close(self) -> None:
        """End every process that keeps running to read. A later question starts it again."""
        for reader in (self._own, self._common, self._remote):
            reader.close()

    @property
    def is_alone(self) -> bool:
        """Whether the remote lies inside the repository itself, where no other machine reaches it."""
        return self.url == str(self.common / "run-milestone" / "remote.git")
