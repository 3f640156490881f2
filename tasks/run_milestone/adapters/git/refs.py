"""Read and move the branches of the user's repository, and keep commits in refs of the runner's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import UsageError
from .cmd import NOTHING, lying, named
from .objects import Objects
from .user_worktrees import UserWorktrees

if TYPE_CHECKING:
    from .cat_file import CatFile
    from .cmd import GitCmd

_FORM = "--format=%(objectname) %(refname)"


class Refs(Objects, UserWorktrees):
    """The user's branches and `refs/run-milestone/`."""

    _git: GitCmd
    _common: CatFile
    """Reads in the user's repository."""

    def head(self, branch: str) -> str | None:
        """Return the commit of a branch of the user's repository, None where there is no such branch."""
        return self._common.resolve(f"refs/heads/{branch}^{{commit}}")

    def heads(self) -> dict[str, str]:
        """Return every branch of the user's repository and its commit."""
        refs = self._below("refs/heads") or self._below("refs/heads")  # a git that fails may print nothing too
        return {name.removeprefix("refs/heads/"): sha for name, sha in refs.items()}

    def tags(self) -> tuple[str, ...]:
        """Return the names of the tags of the user's repository."""
        return tuple(name.removeprefix("refs/tags/") for name in self._below("refs/tags"))

    def _below(self, pattern: str) -> dict[str, str]:
        rows = self._git.rows("for-each-ref", _FORM, pattern, directory=self._git.common)
        return named(rows, " ")

    def set_branch(self, branch: str, new: str, old: str | None) -> None:
        """Move a branch of the user's repository from `old` (None: it must not exist) to `new`."""
        where = self.checked_out(branch) if old else None
        if where is not None:
            raise UsageError(
                f"Branch {branch} is checked out in {where}, and no run touches a checkout.",
                f"Switch {where} to another branch (`git -C {where} switch --detach`) and run the same command again.",
            )
        self._move(f"refs/heads/{branch}", new, old or NOTHING)

    def delete_branch(self, branch: str, old: str) -> None:
        """Delete a branch of the user's repository that must still be at `old`."""
        with self._git.lock:
            self._git.run("update-ref", "--no-deref", "-d", f"refs/heads/{branch}", old, directory=self._git.common)

    def keep(self, place: str, commit: str) -> str:
        """Keep a commit in a ref below `refs/run-milestone/`, so that it is not lost. Returns the name of the ref.

        A ref that holds another commit stays as it is, and the next free name is used.
        """
        held = self.kept_refs(place)
        names = (f"refs/run-milestone/{place}{suffix}" for suffix in ("", *(f".{number}" for number in range(2, 1000))))
        name = next(name for name in names if held.get(name, commit) == commit)
        self._move(name, commit)
        return name

    def _move(self, name: str, *commits: str) -> None:
        """Move a ref to the first of `commits`, from the second if given. A symbolic ref moves no other branch."""
        with self._git.lock:
            self._git.run("update-ref", "--no-deref", name, *commits, directory=self._git.common)
        if self._common.resolve(name) != commits[0]:
            raise lying(f"moved {name}")

    def kept(self, place: str) -> tuple[str, ...]:
        """Return the commits that are kept below `refs/run-milestone/<place>`."""
        return tuple(self.kept_refs(place).values())

    def kept_refs(self, place: str) -> dict[str, str]:
        """Return the refs below `refs/run-milestone/<place>` and their commits."""
        return self._below(f"refs/run-milestone/{place}*")

    def is_thrown_away(self, commit: str, head: str, place: str) -> bool:
        """Return whether a commit is based on work that was kept below `place` and is no longer part of `head`."""
        shared = (self._git.answer("merge-base", commit, kept) for kept in self.kept(place))
        return any(common is not None and not self.is_ancestor(common.strip(), head) for common in shared)
