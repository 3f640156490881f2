"""refs: the branches of the user's repository, and what is kept beside them so that nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UsageError
from .calls import NOTHING, Calls, object_id
from .names import Names

if TYPE_CHECKING:
    from .checkouts import Checkouts
    from .objects import Objects


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
        told = self._git.rows(
            "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", directory=self._git.common
        )
        rows = [line.split(" ", 1) for line in told]
        return {name.removeprefix("refs/heads/"): object_id(sha, name) for sha, name in rows}

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
        with self._git.turn:
            words = (
                "update-ref",
                "--no-deref",
                f"refs/heads/{branch}",
            )  # a link to another branch moves no other branch
            self._git.run(*words, new, old or NOTHING, directory=self._git.common)

    def keep(self, place: str, commit: str) -> str:
        """Make a ref below `refs/run-milestone/` hold a commit, so that nothing of it is lost; returns its name.

        One that holds other work already is left alone, and the next free name is taken.
        """
        held = self.kept_refs(place)
        names = (f"refs/run-milestone/{place}{suffix}" for suffix in ("", *(f".{number}" for number in range(2, 1000))))
        name = next(name for name in names if held.get(name, commit) == commit)
        with self._git.turn:
            self._git.run("update-ref", name, commit, directory=self._git.common)
        return name

    def kept(self, place: str) -> tuple[str, ...]:
        """Return the commits that were kept below `refs/run-milestone/<place>`."""
        return tuple(self.kept_refs(place).values())

    def kept_refs(self, place: str) -> dict[str, str]:
        """Return the refs below `refs/run-milestone/<place>` and the commits they keep."""
        form, pattern = "--format=%(objectname) %(refname)", f"refs/run-milestone/{place}*"
        rows = [row.split(" ", 1) for row in self._git.rows("for-each-ref", form, pattern, directory=self._git.common)]
        return {name: object_id(sha, name) for sha, name in rows}

    def is_thrown_away(self, commit: str, head: str, place: str) -> bool:
        """Return whether a commit rests on work that was kept below `place` and is no longer part of `head`."""
        shared = (self._git.answer("merge-base", commit, kept) for kept in self.kept(place))
        return any(common is not None and not self._objects.is_ancestor(common.strip(), head) for common in shared)
