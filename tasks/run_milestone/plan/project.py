"""Know the folders of a project: where its plans and its state are, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.fs import shown
from .settings import SETTINGS, Folders, read_folders

if TYPE_CHECKING:
    from pathlib import Path

    from ..model import Milestone


@dataclass(frozen=True, slots=True)
class Project:
    """The folders of one project."""

    root: Path
    folders: Folders = field(default_factory=Folders)

    @property
    def plans(self) -> Path:
        """The folder of plans."""
        return self.root / self.folders.plans

    @property
    def states(self) -> Path:
        """The folder of every milestone's state."""
        return self.root / self.folders.state

    @property
    def settings(self) -> tuple[Path, ...]:
        """The files that can say where plans and state are."""
        return tuple(self.root / name for name in SETTINGS)

    def plan(self, milestone: str) -> Path:
        """Return the folder of one plan."""
        return self.plans / milestone

    def shown_plan(self, milestone: str) -> str:
        """Return the path of one plan's file as a person types it."""
        return shown(self.plan(milestone) / "plan.yaml")

    def state(self, milestone: str) -> Path:
        """Return the folder of one milestone's state."""
        return self.states / milestone

    def plan_cache(self, milestone: str) -> Path:
        """Return where the compiled form of a plan is kept.

        Errors: UsageError where the milestone's state would begin in a folder of the product.
        """
        folder = self.state(milestone)
        if not (folder / "journal.jsonl").exists():
            refuse_foreign_state(self, milestone)
        return folder / "cache" / "plan.json"

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
    """Return the project that contains `start`.

    Errors: UsageError where there is none, or where its settings cannot be used.
    """
    project = project_around(start)
    if project is None:
        raise UsageError(
            f"There is no plans/ folder in {start} or above it.",
            "Make a project here with `run-milestone init`, or name one with `-C DIR`.",
        )
    return project


def project_around(start: Path) -> Project | None:
    """Return the nearest folder upwards that has settings or a plan, else the nearest with `plans/`, else None."""
    projects = [Project(folder, read_folders(folder)) for folder in (start, *start.parents)]
    sure = (project for project in projects if project.folders.named or any(project.plans.glob("*/plan.yaml")))
    return next(sure, None) or next((project for project in projects if project.plans.is_dir()), None)


def refuse_foreign_state(project: Project, milestone: str) -> None:
    """Refuse to begin a milestone's state in a folder of the product, or apart from the records it has already.

    Errors: UsageError.
    """
    before = project.root / Folders().state / milestone
    if project.folders.named and (before / "journal.jsonl").exists() and before != project.state(milestone):
        raise UsageError(
            f"The records of {milestone} are in {shown(before)}, and the settings name {shown(project.states)}.",
            f"Move them: `mv {shown(before)} {shown(project.state(milestone))}`.",
        )
    if foreign := foreign_entry(project.states, _RECORDS_OF_STATE, milestone):
        place = shown(project.states)
        is_file = project.states.is_file()
        raise UsageError(
            f"{place} is a file, and what runs record needs a folder."
            if is_file
            else f"{place}/ belongs to your project: it holds {foreign}, which run-milestone did not write.",
            f'Name another folder for what runs record, such as `state = ".run-milestone"` in {SETTINGS[0]}.',
        )


def free_folders(root: Path) -> Folders:
    """Return the folders that a new project uses: the usual ones, or others where those are the product's."""
    plans = "milestones" if foreign_entry(root / "plans", _RECORDS_OF_PLANS) else "plans"
    state = ".run-milestone" if foreign_entry(root / "state", _RECORDS_OF_STATE) else "state"
    return Folders(plans, state, named=(plans, state) != ("plans", "state"))


_RECORDS_OF_PLANS = ("plan.yaml",)
_RECORDS_OF_STATE = ("journal.jsonl", "cache", "lock", "approvals", "summary.md")


def foreign_entry(folder: Path, records: tuple[str, ...], milestone: str = "") -> str | None:
    """Return something visible in a folder that is no milestone's: a file, or a folder that holds none of `records`.

    The folder of `milestone` itself counts as one, because people may write there before its first run. A file in the
    folder's place is the product's.
    """
    if folder.is_file():
        return folder.name
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        begun = entry.name == milestone or any((entry / name).exists() for name in records)
        is_known = entry.is_dir() and (begun or not any(entry.iterdir()))
        if not is_known and not entry.name.startswith((".", "__pycache__")):
            return entry.name
    return None
