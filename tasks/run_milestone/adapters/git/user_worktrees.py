"""Look at the user's own checkout and worktrees, which no run touches, and add a worktree for a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .operator_config import own_git
from .repository import git_dir

if TYPE_CHECKING:
    from .cmd import GitCmd


class UserWorktrees:
    """The folders in which people work on `repository`."""

    _git: GitCmd
    repository: Path

    def uncommitted(self) -> int:
        """Return the number of changed paths in the user's checkout."""
        words = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        result = self._git.call(*words, tree=self.repository, directory=git_dir(self.repository))
        return len(result.out.splitlines())

    def checked_out(self, branch: str) -> Path | None:
        """Return the folder that has a branch checked out, None where none has."""
        listed = self._git.run("worktree", "list", "--porcelain", directory=self._git.common)
        for place, *facts in (block.split("\n") for block in listed.split("\n\n")):
            folder = Path(place.removeprefix("worktree "))
            if f"branch refs/heads/{branch}" in facts and folder.exists():
                return folder
        return None

    def worktree(self, place: Path, branch: str) -> Path:
        """Return the folder in which a person works on a branch: one that has it checked out, else a new worktree.

        That is made at `place`, or beside it where `place` is taken, with the repository's own configuration.
        """
        if (folder := self.checked_out(branch)) is not None:
            return folder
        places = (place, *(place.with_name(f"{place.name}-{number}") for number in range(2, 1000)))
        free = next(path for path in places if not path.exists())
        free.parent.mkdir(parents=True, exist_ok=True)  # without it git takes a deleted worktree for another one
        words = ("worktree", "add", "--quiet", "--force", str(free), branch)  # forced: a folder may have been deleted
        self._git.run(*words, directory=self._git.common, env=own_git())
        return free
