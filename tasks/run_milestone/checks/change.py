"""Holds what every check looks at: the change of an issue's branch, read from committed objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..adapters.process import NO_GRANTS, Grants
from ..model import Finding, Issue, Milestone
from ..model.change import ChangedFile
from .file_types import is_test

if TYPE_CHECKING:
    from ..adapters.process import Result


class Commits(Protocol):
    """Reads committed files."""

    @property
    def repository(self) -> Path:
        """The user's repository. A relative SQLite database URL is relative to it. It is never written to."""

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a committed file, None where the commit has no such file."""

    def size(self, commit: str, path: str) -> int:
        """Return a committed file's size in bytes, 0 where the commit has no such file."""

    def listing(self, commit: str, folder: str) -> tuple[str, ...]:
        """Return the paths of the committed files below a folder."""


class Tools(Protocol):
    """Runs programs that the change can steer."""

    @property
    def tree(self) -> Path:
        """A checkout of the head, made when it is first asked for."""

    def run(
        self,
        command: tuple[str, ...],
        stdin: str | None,
        timeout: int | None = None,
        pass_env: tuple[str, ...] = (),
        grants: Grants = NO_GRANTS,
    ) -> Result:
        """Run a program in the tree, in a clean environment and with a time limit (the plan's, where none is given)."""

    @property
    def open_to(self) -> str | None:
        """What else than the tree a program reaches here, as a sentence; None where it is in a box without network."""

    def on_scratch(self, program: str, folder: Path, timeout: int) -> Result:
        """Run a Python program by the tree's interpreter, with a folder that holds its `task.json`."""

    def as_operator(self, command: tuple[str, ...], folder: Path) -> Result:
        """Run a program of the operator's, which no file of a tree steers, in a folder, with the network."""


class Check(Protocol):
    """Looks at a change."""

    def __call__(self, change: Change, /) -> Iterable[Finding]:
        """Yield what is risky in the change."""


@dataclass(frozen=True, slots=True)
class Change:
    """What `base..head` changes. Texts come from commits, never from files that an agent could have swapped."""

    milestone: Milestone
    issue: Issue
    base: str
    head: str
    files: tuple[ChangedFile, ...]
    commits: Commits
    tools: Tools

    @property
    def tree(self) -> Path:
        """A checkout of `head`, for tools that need files. Most changes need none."""
        return self.tools.tree

    def is_test(self, path: str) -> bool:
        """Return whether a file belongs to the tests, by the plan's patterns or by custom."""
        return is_test(path, self.milestone.tests.paths)

    def texts(self, file: ChangedFile) -> tuple[str, str]:
        """Return the file's text at the base and at the head, empty where it is not."""
        return self.text(self.base, file.before), self.text(self.head, file.after)

    def size(self, file: ChangedFile) -> int:
        """Return the file's size in bytes at the head, 0 where it is gone."""
        return self.commits.size(self.head, file.after) if file.after else 0

    def text(self, commit: str, path: str | None) -> str:
        """Return a file's text in a commit, empty where the commit has no such file."""
        return (self.commits.read(commit, path) or b"").decode("utf-8", "replace") if path else ""
