"""Write the files that a project begins with: a plan, `dodo.py`, what git ignores, or the whole founding example."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import UsageError
from ..core.fs import write_text
from ..plan import load
from ..plan.edit import quoted, save
from ..plan.project import Project, free_folders, refuse_foreign_state
from ..plan.settings import read_folders
from .look_around import look_around
from .plan_words import agents, commands, seen, tree

DODO = """from run_milestone.engine import DOIT_CONFIG, task_milestone
__all__ = ["DOIT_CONFIG", "task_milestone"]
"""

SETTINGS_FILE = """\
# Where run-milestone keeps plans (committed) and what runs record (not committed); plans/ or state/ is the product's.
plans = {plans}
state = {state}
"""

HEAD = """\
# {about}
{seen}# `run-milestone plan check {id}` says what is missing, `run-milestone schema plan` lists every key.
id: {id}
title: {title}
branch: milestone/{id}        # pull requests go here; made from `target` on the first run
target: {target}
{forge}
agent: {{kind: human}}           # you implement; or a coding agent does: {agents}
{tree}{commands}# limits: {{attempts: 2, files: 8, lines: 400}}

phases:
"""

ISSUE = """\
      - number: {number}
        title: Describe issue {number} here
        # github: 123                    # its number on the forge
        # spec: {number:02d}-what-it-is.md        # more about it, in a file beside this one
        # depends_on: [1]
        criteria:                        # what must be true when it is done; better with the test that proves it
          - Say what must be true when issue {number} is done
          # - text: Unknown users answer 404
          #   test: tests/test_users.py::test_unknown_user
        # paths: {{allow: ["src/**", "tests/**"]}}
"""

TITLE = "Say what this milestone brings"


def plan_head(root: Path, milestone: str, title: str, target: str, *, forge: str = "", about: str) -> str:
    """Return the text of a plan up to its phases, with what the files in `root` say about set-up and commands."""
    look = look_around(root)
    return HEAD.format(
        about=about,
        id=milestone,
        title=quoted(" ".join(title.split())),
        target=quoted(" ".join(target.split())),
        forge=f"forge: {forge}"
        if forge
        else "# forge: github                # pull requests on GitHub, not in files beside the remote",
        seen=seen(look),
        agents=agents(look),
        tree=tree(look),
        commands=commands(look),
    )


@dataclass(frozen=True, slots=True)
class FirstIssues:
    """The phases of a new plan as text, the specs beside it, and which forge they are from."""

    text: str = ""
    specs: dict[str, str] = field(default_factory=dict)
    forge: str = ""
    note: str = ""
    """What to say about the forge."""


def write_plan(
    project: Project, milestone: str, title: str, target: str, issues: int = 1, first: FirstIssues | None = None
) -> Path:
    """Write a new plan and return its path: with the `first` issues of the forge, else with `issues` to describe.

    Errors: UsageError where there is a plan already, or title and target make no valid plan.
    """
    first = first or FirstIssues()
    about = "A milestone: phases of issues, in order."
    head = plan_head(project.root, milestone, title, target, forge=first.forge, about=about)
    listed = "\n".join(ISSUE.format(number=number) for number in range(1, issues + 1))
    text = head + (first.text or f"  - title: Phase one\n    issues:\n{listed}")
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / milestone
        write_text(trial / "plan.yaml", text)
        load(trial)
    path = project.plan(milestone) / "plan.yaml"
    if path.exists():
        what = f"{project.shown_plan(milestone)} exists already."
        raise UsageError(what, "Edit it, or choose another id for the new plan.")
    save(path.parent, text, first.specs)
    return path


def default_target(folder: Path) -> str:
    """Return the remote's default branch, else the one that is checked out, `main` where there is no repository."""
    from ..adapters.git import current_branch, default_branch

    return default_branch(folder) or current_branch(folder) or "main"


_PLACES = (Path(__file__).parents[1] / "example", Path(__file__).parents[3] / "plans" / "m4.1")
"""Where the founding example lies: in the installed package, or in the checkout."""


def new_project(folder: Path, milestone: str) -> Project:
    """Return the project that a folder becomes.

    Errors: UsageError where the folder is not a git repository, or has no commit.
    """
    from ..adapters.git import current_branch, has_commit

    if current_branch(folder) is None:
        raise UsageError(
            f"{folder} is not a git repository.",
            "Run `run-milestone init` at the top of your repository; `git init` and a commit make one.",
        )
    if not has_commit(folder):
        raise UsageError(f"{folder} has no commit yet.", "Commit something, then run `run-milestone init` again.")
    folders = read_folders(folder)
    project = Project(folder, folders if folders.named else free_folders(folder))
    refuse_foreign_state(project, milestone)
    return project


def make_project(project: Project, milestone: str, first: FirstIssues) -> list[tuple[Path, bool]]:
    """Write what a project needs; returns each file, and whether it is new. An existing plan stays."""
    plan = project.plan(milestone) / "plan.yaml"
    new = not plan.exists()
    if new:
        write_plan(project, milestone, TITLE, default_target(project.root), first=first)
    is_new = not read_folders(project.root).named
    return [*_settings_file(project, is_new=is_new), (plan, new), *_project_files(project)]


def _settings_file(project: Project, *, is_new: bool) -> list[tuple[Path, bool]]:
    """Say in a file which folders are used, where the usual ones belong to the product."""
    if not (is_new and project.folders.named):
        return []
    path = project.settings[0]
    text = SETTINGS_FILE.format(plans=json.dumps(project.folders.plans), state=json.dumps(project.folders.state))
    return [(path, _write_new(path, text))]


def _project_files(project: Project) -> list[tuple[Path, bool]]:
    texts = {project.root / "dodo.py": DODO, project.states / ".gitignore": "*\n"}
    return [(path, _write_new(path, text)) for path, text in texts.items()]


def _write_new(path: Path, text: str) -> bool:
    """Write a file that does not exist yet; returns whether it did."""
    if path.exists():
        return False
    write_text(path, text)
    return True


def make_demo(folder: Path) -> Path:
    """Copy the founding example into `folder` as a project like any user's; an existing copy is kept."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "plans" / "m4.1").is_dir():
        raise UsageError(f"{folder} is not empty and holds no demo.", "Name a new folder with `--dir DIR`.")
    plan = folder / "plans" / "m4.1"
    if not plan.exists():
        plan.parent.mkdir(parents=True, exist_ok=True)
        example = next(place for place in _PLACES if place.is_dir())
        beside = plan.with_name(".m4.1.new")
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(example, beside)
        beside.rename(plan)
    _project_files(Project(folder))
    return folder.resolve()
