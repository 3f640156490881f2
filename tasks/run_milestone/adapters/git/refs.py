"""refs: the branches of the user's repository, and what is kept beside them so that nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import UsageError
from .cat_file import Names
from .cmd import NOTHING, Calls, lying, named

if TYPE_CHECKING:
    from .objects import Objects
    from .user_worktrees import Checkouts

_FORM = "--format=%(objectname) %(refname)"


class Refs:
    """Reads and moves the user's branches and `refs/run-milestone/`."""

    def __init__(self, calls: Calls, objects: Objects, checkouts: Checkouts) -> None:
        self._git = calls
        self._names = Names(calls, calls.common)
        self._objects = objects
        self._checkouts = checkouts

    def head(self, branch: str) -> str | None:
        """Return the commit of a branch of the user's repository, None where there is no such branch."""
        return self._names.resolve(f"refs/heads/{branch}^{{commit}}")

    def heads(self) -> dict[str, str]:
        """Return every branch of the user's repository and its commit."""
        found = self._below("refs/heads") or self._below("refs/heads")  # nothing is also what a git says that fails
        return {name.removeprefix("refs/heads/"): sha for name, sha in found.items()}

    def _below(self, pattern: str) -> dict[str, str]:
        rows = self._git.rows("for-each-ref", _FORM, pattern, directory=self._git.common)
        return named(rows, " ")

    def close(self) -> None:
        """End what reads the branches."""
        self._names.close()

    def set_branch(self, branch: str, new: str, old: str | None) -> None:
        """Move a branch of the user's repository from `old` (None: it must not exist) to `new`."""
        where = self._checkouts.checked_out(branch) if old else None
        if where is not None:
            raise UsageError(
                f"Branch {branch} is checked out in {where}, and no run touches a checkout.",
                f"Switch {where} to another branch (`git -C {where} switch --detach`) and run the same command again.",
            )
        self._move(f"refs/heads/{branch}", new, old or NOTHING)

    def keep(self, place: str, commit: str) -> str:
        """Make a ref below `refs/run-milestone/` hold a commit, so that nothing of it is lost; returns its name.

        One that holds other work already is left alone, and the next free name is taken.
        """
        held = self.kept_refs(place)
        names = (f"refs/run-milestone/{place}{suffix}" for suffix in ("", *(f".{number}" for number in range(2, 1000))))
        name = next(name for name in names if held.get(name, commit) == commit)
        self._move(name, commit)
        return name

    def _move(self, name: str, *commits: str) -> None:
        """Let a ref be at the first of `commits`, from the second where one is given; a link moves no other branch."""
        with self._git.turn:
            self._git.run("update-ref", "--no-deref", name, *commits, directory=self._git.common)
        if self._names.resolve(name) != commits[0]:
            raise lying(f"moved {name}")

    def kept(self, place: str) -> tuple[str, ...]:
        """Return the commits that were kept below `refs/run-milestone/<place>`."""
        return tuple(self.kept_refs(place).values())

    def kept_refs(self, place: str) -> dict[str, str]:
        """Return the refs below `refs/run-milestone/<place>` and the commits they keep."""
        return self._below(f"refs/run-milestone/{place}*")

    def is_thrown_away(self, commit: str, head: str, place: str) -> bool:
        """Return whether a commit rests on work that was kept below `place` and is no longer part of `head`."""
        shared = (self._git.answer("merge-base", commit, kept) for kept in self.kept(place))
        return any(common is not None and not self._objects.is_ancestor(common.strip(), head) for common in shared)
