"""checkouts: the user's own checkout and worktrees, which no run touches."""

from __future__ import annotations

from pathlib import Path

from .cmd import Calls
from .credentials import persons
from .repository import git_dir


class Checkouts:
    """Looks at the folders where people work in `repository`, and makes one for who has none."""

    def __init__(self, calls: Calls, repository: Path) -> None:
        self._git = calls
        self._repository = repository

    def uncommitted(self) -> int:
        """Return how many paths of the user's checkout differ from its last commit."""
        words = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        result = self._git.call(*words, tree=self._repository, directory=git_dir(self._repository))
        return len(result.out.splitlines())

    def checked_out(self, branch: str) -> Path | None:
        """Return the folder that has a branch checked out, None where none has."""
        told = self._git.run("worktree", "list", "--porcelain", directory=self._git.common)
        for place, *facts in (block.split("\n") for block in told.split("\n\n")):
            folder = Path(place.removeprefix("worktree "))
            if f"branch refs/heads/{branch}" in facts and folder.exists():
                return folder
        return None

    def worktree(self, place: Path, branch: str) -> Path:
        """Return where a person works on a branch: a folder that has it checked out, else a new worktree of it.

        That is made at `place`, or beside it where another branch's is; with the repository's own configuration.
        """
        there = self.checked_out(branch)
        if there is not None:
            return there
        places = (place, *(place.with_name(f"{place.name}-{number}") for number in range(2, 1000)))
        free = next(folder for folder in places if not folder.exists())
        free.parent.mkdir(parents=True, exist_ok=True)  # without it git takes a deleted worktree for another one
        words = ("worktree", "add", "--quiet", "--force", str(free), branch)  # forced: a folder may have been deleted
        self._git.run(*words, directory=self._git.common, env=persons())
        return free
