"""Know the folders of a project: the folder that holds `plans/`, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Milestone


@dataclass(frozen=True, slots=True)
class Project:
    """The folders of one project."""

    root: Path

    @property
    def plans(self) -> Path:
        """The folder of plans."""
        return self.root / "plans"

    def plan(self, milestone: str) -> Path:
        """Return the folder of one plan."""
        return self.plans / milestone

    def state(self, milestone: str) -> Path:
        """Return the folder of one milestone's state."""
        return self.root / "state" / milestone

    def repository(self, milestone: Milestone) -> Path:
        """Return where the milestone's repository is."""
        return (self.root / milestone.repository.path).resolve()

    def tree(self, milestone: Milestone, name: str) -> Path:
        """Return the folder for one issue's files, in the repository's sibling `<repository>.worktrees`.

        It lies outside the repository so that no tool finds the checkout's configuration above it, and outside
        the project so that nothing that runs there sees plans or state beside it.
        """
        repository = self.repository(milestone)
        return repository.with_name(f"{repository.name}.worktrees") / f"{milestone.id}-{name}"


def find_project(start: Path) -> Project:
    """Return the project that contains `start`: the nearest folder upwards that holds `plans/`.

    Errors: UsageError where there is none.
    """
    for folder in (start, *start.parents):
        if (folder / "plans").is_dir():
            return Project(folder)
    raise UsageError(
        f"There is no plans/ folder in {start} or above it.",
        "Make a project here with `run-milestone init`, or name one with `-C DIR`.",
    )
