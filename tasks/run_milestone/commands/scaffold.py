"""Write the files that a project begins with: a plan, `dodo.py`, what git ignores, or the whole founding example."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from ..core.errors import UsageError
from ..core.fs import write_text
from ..plan import load
from ..plan.edit import quoted
from ..plan.project import Project, free_folders, refuse_foreign_state
from ..plan.settings import read_folders

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
# `run-milestone plan check {id}` tells what is missing, `run-milestone schema plan` lists every key.
id: {id}
title: {title}
branch: milestone/{id}        # pull requests go here; made from `target` on the first run
target: {target}
{forge}
agent: {{kind: human}}           # you implement; or a coding agent does:
# agent: {{kind: command, command: [claude, -p, --permission-mode, acceptEdits], pass_env: [ANTHROPIC_API_KEY]}}
{commands}# limits: {{attempts: 2, files: 8, lines: 400}}
# sensitive: {{auth: ["src/auth/**"]}}        # a change there gets a label; outside of `scope` it waits for you
# scope: [auth]
# licences: {{allow: [MPL-2.0]}}              # beside the permissive ones

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

PYTHON = """\
commands:
  lint: ["{python}", "-m", "ruff", "check", "--fix", "--exit-zero", "."]
  test: ["{python}", "-m", "pytest"]
"""

OTHERS = """\
commands:
  # lint: [a, command, that, fixes, files]   # what it cannot fix is shown at the review
  test: {test}   # any argument list; write `{{junit}}` where it takes a file for a JUnit report
"""

RUNNERS = {
    "go.mod": ["go", "test", "./..."],
    "Cargo.toml": ["cargo", "test"],
    "package.json": ["npm", "test"],
    "Makefile": ["make", "test"],
}
"""What runs the tests where a file of this name is at the top, and none of Python's."""

TITLE = "Say what this milestone brings"


def plan_head(root: Path, milestone: str, title: str, target: str, *, forge: str = "", about: str) -> str:
    """Return the text of a plan up to its phases; the commands suit the language of the files in `root`."""
    return HEAD.format(
        about=about,
        id=milestone,
        title=quoted(" ".join(title.split())),
        target=quoted(" ".join(target.split())),
        forge=f"forge: {forge}"
        if forge
        else "# forge: github                # pull requests on GitHub, not in files beside the remote",
        commands=_commands(root),
    )


def write_plan(project: Project, milestone: str, title: str, target: str, issues: int) -> Path:
    """Write the skeleton of a plan and return its path.

    Errors: UsageError where there is a plan already, or title and target make no valid plan.
    """
    about = "A milestone: phases of issues, in order."
    head = plan_head(project.root, milestone, title, target, about=about)
    numbers = range(1, issues + 1)
    text = f"{head}  - title: Phase one\n    issues:\n" + "\n".join(ISSUE.format(number=number) for number in numbers)
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / milestone
        write_text(trial / "plan.yaml", text)
        load(trial)
    path = project.plan(milestone) / "plan.yaml"
    if not _write_new(path, text):
        what = f"{project.shown_plan(milestone)} exists already."
        raise UsageError(what, "Edit it, or choose another id for the new plan.")
    return path


def _commands(folder: Path) -> str:
    """Return the commands to begin with: Python's, unless the files at the top belong to another language."""
    python = any((folder / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini"))
    test = next((command for name, command in RUNNERS.items() if (folder / name).is_file()), None)
    return PYTHON if python or test is None else OTHERS.format(test=json.dumps(test))


def default_target(folder: Path) -> str:
    """Return the branch that is checked out, `main` where there is no repository."""
    from ..adapters.git import current_branch

    return current_branch(folder) or "main"


_PLACES = (Path(__file__).parents[1] / "example", Path(__file__).parents[3] / "plans" / "m4.1")
"""Where the founding example lies: in the installed package, or in the checkout."""


def make_project(folder: Path, milestone: str) -> list[tuple[Path, bool]]:
    """Write what a project needs; returns each file, and whether it is new.

    Errors: UsageError where the folder is not a git repository.
    """
    from ..adapters.git import current_branch

    target = current_branch(folder)
    if target is None:
        raise UsageError(
            f"{folder} is not a git repository.",
            "Run `run-milestone init` at the top of your repository; `git init` and a commit make one.",
        )
    folders = read_folders(folder)
    project = Project(folder, folders if folders.named else free_folders(folder))
    refuse_foreign_state(project, milestone)
    plan = project.plan(milestone) / "plan.yaml"
    new = not plan.exists()
    if new:
        write_plan(project, milestone, TITLE, target, 1)
    return [*_settings_file(project, is_new=not folders.named), (plan, new), *_project_files(project)]


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
