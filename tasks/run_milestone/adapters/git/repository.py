"""Look at the user's repository before a run does anything there, through GitPython."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from ..process.environment import search_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from ..process import Processes


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository: its common git directory, and that of its checkout."""

    common: Path
    git_dir: Path


def require_git() -> None:
    """Check that git is there before anything is tried that only works with it. Errors: UsageError."""
    if shutil.which("git", path=search_path()) is None:
        raise UsageError("git is not installed or not on PATH.", "Install git (2.38 or newer) and run again.")


def read_repository(repository: Path) -> Repository:
    """Find the git directories of a repository.

    Errors: UsageError where there is no git or no repository.
    """
    require_git()
    git = _library()
    try:
        with git.Repo(repository) as repo:
            return Repository(Path(repo.common_dir).resolve(), Path(repo.git_dir).resolve())
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        raise _no_repository(repository) from None


def common_directory(repository: Path) -> Path:
    """Return the git directory of a checkout without asking git; all worktrees of a repository share it."""
    place = repository / ".git"
    if place.is_file():
        place = repository / place.read_text(encoding="utf-8").partition("gitdir: ")[2].strip()
        common = place / "commondir"
        place = place / common.read_text(encoding="utf-8").strip() if common.exists() else place
    return place.resolve()


def _no_repository(folder: Path) -> UsageError:
    above = next((parent for parent in folder.parents if (parent / ".git").exists()), None)
    if above is None or not folder.is_dir():
        return UsageError(
            f"{folder} is not a git repository.",
            "Name the repository in the plan (`repository: {path: …}`), or make it one with `git init`.",
        )
    inside = folder.relative_to(above)
    return UsageError(
        f"{folder} is a folder of the repository {above}, and a milestone works on a whole one.",
        f"Keep plans/ in {above} and leave `repository.path` out; commands start there (`[make, -C, {inside}, test]`), "
        f'and `paths: {{allow: ["{inside}/**"]}}` keeps an issue to its folder.',
    )


def git_dir(repository: Path) -> Path:
    """Return the git directory of a repository's checkout, which holds its index."""
    with _library().Repo(repository) as repo:
        return Path(repo.git_dir)


def current_branch(folder: Path) -> str | None:
    """Return the branch that is checked out in `folder` (main where none is), None where there is no repository."""
    git = _library()
    try:
        with git.Repo(folder) as repo:
            return "main" if repo.head.is_detached else str(repo.head.reference.name)
    except git.InvalidGitRepositoryError:
        return None


def has_commit(folder: Path) -> bool:
    """Return whether the branch that is checked out in a repository has a commit."""
    with _library().Repo(folder) as repo:
        return bool(repo.head.is_valid())


def default_branch(folder: Path) -> str | None:
    """Return the branch that the remote `origin` calls its default, None where it is not known."""
    git = _library()
    try:
        with git.Repo(folder) as repo:
            name: str = git.SymbolicReference(repo, "refs/remotes/origin/HEAD").reference.name
    except (git.InvalidGitRepositoryError, TypeError, ValueError, OSError):
        return None
    return name.removeprefix("origin/")


def _library() -> ModuleType:
    """Import GitPython without letting it start a git, which would have no timeout. Nothing used here needs one.

    For that it finds, while it is imported, a program that cannot be started.
    """
    with _instead(GIT_PYTHON_REFRESH="quiet", GIT_PYTHON_GIT_EXECUTABLE=os.devnull):
        import git
    return git


@contextmanager
def _instead(**variables: str) -> Iterator[None]:
    """Set variables of this process's environment for the length of a block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def version(processes: Processes) -> tuple[int, ...]:
    """Return git's version, empty where git cannot be started or does not print it."""
    match = re.search(r"\d+(?:\.\d+)+", processes.trusted(("git", "--version"), cwd="/", timeout=10).out)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
