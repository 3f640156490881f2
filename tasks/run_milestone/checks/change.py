"""The one thing every check looks at: what an issue's branch changes, read from committed objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..model import Finding, Issue, Milestone
from ..model.change import ChangedFile

if TYPE_CHECKING:
    from ..adapters.process import Result


class Run(Protocol):
    """(argument list, standard input, seconds: by default those of the plan's commands, variables) → result."""

    def __call__(
        self,
        command: tuple[str, ...],
        stdin: str | None,
        timeout: int | None = None,
        pass_env: tuple[str, ...] = (),
        /,
    ) -> Result:
        """Run a tool to its end."""


@dataclass(frozen=True, slots=True)
class Change:
    """What `base..head` does. Blobs come from the commit, never from files an agent could have swapped."""

    milestone: Milestone
    issue: Issue
    base: str
    head: str
    files: tuple[ChangedFile, ...]
    laid_out: Callable[[], Path]
    """Makes a checkout of `head` when it is first called, and returns where."""
    repository: Path
    """The user's own repository; a relative SQLite database URL is relative to it. Never written to."""
    read: Callable[[str, str], bytes | None]
    """(commit, path) → the committed blob, None where there is none."""
    listing: Callable[[str, str], tuple[str, ...]]
    """(commit, folder) → paths of the committed files below the folder."""
    run: Run
    """Runs an untrusted tool in `tree`, in a clean environment and with a time limit."""

    @property
    def tree(self) -> Path:
        """A checkout of `head`, for tools that need files; most changes need none."""
        return self.laid_out()

    def texts(self, file: ChangedFile) -> tuple[str, str]:
        """Return the file's text at the base and at the head, empty where it is not."""
        return self._text(self.base, file.before), self._text(self.head, file.after)

    def _text(self, commit: str, path: str | None) -> str:
        return (self.read(commit, path) or b"").decode("utf-8", "replace") if path else ""


Check = Callable[[Change], Iterable[Finding]]
