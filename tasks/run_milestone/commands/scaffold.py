"""starting: a folder becomes a project, by `init` with a first plan, by `demo` with the founding example."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..plan import load

if TYPE_CHECKING:
    from ..plan.project import Project

DODO = """from run_milestone.engine import DOIT_CONFIG, task_milestone
__all__ = ["DOIT_CONFIG", "task_milestone"]
"""

PLAN = """\
# A milestone: phases of issues, in order. `run-milestone plan check {id}` tells what is missing.
id: {id}
title: First milestone
branch: milestone/{id}        # pull requests go here; made from `target` on the first run
target: {target}
agent: {{kind: human}}         # you implement; or a coding agent does, README, "Coding agents":
# agent: {{kind: command, command: [claude, -p, --permission-mode, acceptEdits], pass_env: [ANTHROPIC_API_KEY]}}
{commands}phases:
  - title: Phase one
    issues:
      - number: 1
        title: Describe the first issue here
        criteria:
          - Say what must be true when it is done
"""

NEW = """\
# A milestone: phases of issues, in order. `run-milestone plan check {id}` tells what is missing,
# `run-milestone plan review {id}` what a careful colleague would say. README, "The plan", lists every key.
id: {id}
title: {title}
branch: milestone/{id}        # pull requests go here; made from `target` on the first run
target: {target}
scope: []                      # topics of `sensitive` that this milestone may touch: [auth]
agent: {{kind: human}}           # you implement; or a coding agent does, README, "Coding agents":
# agent: {{kind: command, command: [claude, -p, --permission-mode, acceptEdits], pass_env: [ANTHROPIC_API_KEY]}}
{commands}limits: {{attempts: 2, files: 8, lines: 400}}
# sensitive: {{auth: ["src/auth/**"]}}        # a change there gets a label, outside of `scope` it waits for you
# licences: {{allow: [MPL-2.0]}}              # beside the permissive ones

phases:
  - title: Phase one
    issues:
"""

PYTHON = """\
commands:
  lint: ["{python}", "-m", "ruff", "check", "--fix", "--exit-zero", "."]
  test: ["{python}", "-m", "pytest"]
"""

OTHERS = """\
commands:
  # lint: [what, mends, files]   # what it cannot mend is told at the review
  test: {test}   # any argument list; write `{{junit}}` where it takes a file for a JUnit report
"""

RUNNERS = {
    "go.mod": ["go", "test", "./..."],
    "Cargo.toml": ["cargo", "test"],
    "package.json": ["npm", "test"],
    "Makefile": ["make", "test"],
}
"""What runs the tests where a file of this name is at the top, and none of Python's."""

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


@dataclass(frozen=True, slots=True)
class Sketch:
    """What a new plan begins with."""

    title: str = "Say what this milestone brings"
    target: str = "main"
    issues: int = 2


def sketch_plan(project: Project, milestone: str, sketch: Sketch) -> Path:
    """Write the skeleton of a plan and return where it is; one that is there stays as it is.

    Errors: UsageError where there is a plan already, or the sketch makes no plan.
    """
    path = project.plan(milestone) / "plan.yaml"
    head = NEW.format(
        id=milestone, title=_quoted(sketch.title), target=_quoted(sketch.target), commands=commands_of(project.root)
    )
    text = head + "\n".join(ISSUE.format(number=number) for number in range(1, sketch.issues + 1))
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "plans" / milestone
        _write(trial / "plan.yaml", text)
        load(trial)
    if not _write(path, text)[1]:
        raise UsageError(
            f"plans/{milestone}/plan.yaml is there already.", "Edit it, or choose another id for the new plan."
        )
    return path


def _quoted(text: str) -> str:
    """Return a text as a YAML scalar that stands for itself: JSON's strings are YAML's."""
    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def commands_of(folder: Path) -> str:
    """Return the commands to begin with: Python's, unless the files at the top tell of another language."""
    python = any((folder / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini"))
    test = next((command for name, command in RUNNERS.items() if (folder / name).is_file()), None)
    return PYTHON if python or test is None else OTHERS.format(test=json.dumps(test))


def default_target(folder: Path) -> str:
    """Return the branch that is checked out, `main` where there is no repository to ask."""
    from ..adapters.git import current_branch

    return current_branch(folder) or "main"


_PLACES = (Path(__file__).parents[1] / "example", Path(__file__).parents[3] / "plans" / "m4.1")
"""Where the founding example lies: in the installed package, or in the checkout."""


def make_project(folder: Path, milestone: str) -> str:
    """Write what a project needs and is not there yet; returns what was done, for people."""
    plan = folder / "plans" / milestone / "plan.yaml"
    made = [
        _write(plan, PLAN.format(id=milestone, target=_current_branch(folder), commands=commands_of(folder))),
        _write(folder / "dodo.py", DODO),
        _write(folder / "state" / ".gitignore", "*\n"),
    ]
    told = "".join(f"{'✓ made' if new else '· kept'} {path.relative_to(folder)}\n" for path, new in made)
    edit = f"Now describe your issues in {plan.relative_to(folder)}, then run `run-milestone {milestone}`."
    return f"{told}{edit}\n"


def _write(path: Path, text: str) -> tuple[Path, bool]:
    """Write a file that is not there yet, beside and renamed: what is there is kept, so it has to be whole."""
    if path.exists():
        return path, False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.rename(path)
    return path, True


def _current_branch(folder: Path) -> str:
    from ..adapters.git import current_branch

    name = current_branch(folder)
    if name is None:
        raise UsageError(
            f"{folder} is not a git repository.",
            "Run `run-milestone init` at the top of your repository; `git init` and a commit make one.",
        )
    return name


def make_demo(folder: Path) -> Path:
    """Copy the founding example into `folder`, as a project like any user's; one that is there is gone on with."""
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
    _write(folder / "dodo.py", DODO)
    _write(folder / "state" / ".gitignore", "*\n")
    return folder.resolve()
