"""git: a git directory of the runner's own, so that nothing in a tree can run code in the runner's calls.

The user's repository lends its object store and holds the branches; its configuration, hooks, index and checkout
are never used. Whatever an agent leaves in a tree is read as files and nothing else (measured: of 26 ways to run
code through git metadata this leaves none).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from .checkout import Trees
from .cmd import Calls
from .objects import Commit, Objects
from .refs import Refs
from .remote import Remote
from .repository import current_branch, read_repository, url_of, version
from .state_refs import Shared
from .user_worktrees import Checkouts

if TYPE_CHECKING:
    from ..process import Processes

__all__ = ["Commit", "Git", "current_branch", "version"]


_once = functools.lru_cache(maxsize=8)
"""What is asked again of the same commits while an issue goes on: the answer cannot change, but may be large."""


class Git:
    """What the runner does with git in one repository: the calls of every room under one roof."""

    def __init__(
        self, processes: Processes, repository: Path, remote: str | None, *, own: str, root: Path, make: bool = True
    ) -> None:
        """Look at `repository`, and at `remote` (a remote's name, a URL, or a path relative to `root`).

        `own` names the runner's git directory, which lies in the repository's common git directory; without `make`
        it is not made, and only what reads the user's branches can be asked.

        Errors: UsageError where there is no git, no repository, or no such remote.
        """
        facts = read_repository(repository)
        self.repository = repository
        self.common = facts.common
        self.url = url_of(remote, facts, root)
        calls = Calls(processes, facts.common, own, make=make)
        self.dir = calls.dir
        objects, checkouts = Objects(calls), Checkouts(calls, repository)
        refs, trees = Refs(calls, objects, checkouts), Trees(calls, objects, facts.identity)
        remote_end = Remote(calls, self.url)
        self._staying = (objects, refs, remote_end)

        self.has, self.is_ancestor, self.merge_base = objects.has, _once(objects.is_ancestor), _once(objects.merge_base)
        self.merge_bases, self.size = objects.merge_bases, objects.size
        self.commits, self.read, self.listing = objects.commits, objects.read, objects.listing
        self.diff, self.measure, self.patch_id = _once(objects.diff), objects.measure, _once(objects.patch_id)

        self.head, self.heads, self.set_branch = refs.head, refs.heads, refs.set_branch
        self.keep, self.kept, self.kept_refs = refs.keep, refs.kept, refs.kept_refs
        self.is_thrown_away = refs.is_thrown_away

        self.uncommitted, self.checked_out = checkouts.uncommitted, checkouts.checked_out
        self.worktree = checkouts.worktree

        self.lay_out, self.commit = trees.lay_out, trees.commit
        self.merged = trees.merged
        self.join, self.graft = trees.join, trees.graft

        self.remote_head, self.remote_heads = remote_end.head, remote_end.heads
        self.fetch, self.push, self.lands_on = remote_end.fetch, remote_end.push, remote_end.lands_on
        self.push_tag = remote_end.push_tag
        self.shared = Shared(calls, self.url, own, facts.identity)

    def close(self) -> None:
        """End every process that stays to read; a later question starts it again."""
        for room in self._staying:
            room.close()

    @property
    def is_alone(self) -> bool:
        """Whether the remote lies inside the repository itself, where nobody else reaches it."""
        return self.url == str(self.common / "run-milestone" / "remote.git")

    @property
    def local_remote(self) -> Path | None:
        """Where the remote is a folder on this machine, that folder."""
        return Path(self.url) if self.url.startswith("/") else None
