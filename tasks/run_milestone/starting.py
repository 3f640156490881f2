"""starting: a folder becomes a project, by `init` with a first plan, by `demo` with the founding example."""

from __future__ import annotations

import shutil
from pathlib import Path

from .errors import UsageError

DODO = """from run_milestone.engine import DOIT_CONFIG, task_milestone
__all__ = ["DOIT_CONFIG", "task_milestone"]
"""

PLAN = """\
# A milestone: phases of issues, in order. `run-milestone plan check {id}` tells what is missing.
id: {id}
title: First milestone
branch: milestone/{id}        # pull requests go here; made from `target` on the first run
target: {target}
agent: {{kind: human}}         # you implement; or {{kind: command, command: [claude, -p]}}
commands:
  test: ["{{python}}", "-m", "pytest"]
phases:
  - title: Phase one
    issues:
      - number: 1
        title: Describe the first issue here
        criteria:
          - Say what must be true when it is done
"""

_PLACES = (Path(__file__).parent / "example", Path(__file__).parents[2] / "plans" / "m4.1")
"""Where the founding example lies: in the installed package, or in the checkout."""


def make_project(folder: Path, milestone: str) -> str:
    """Write what a project needs and is not there yet; returns what was done, for people."""
    plan = folder / "plans" / milestone / "plan.yaml"
    made = [
        _write(plan, PLAN.format(id=milestone, target=_current_branch(folder))),
        _write(folder / "dodo.py", DODO),
        _write(folder / "state" / ".gitignore", "*\n"),
    ]
    told = "".join(f"{'✓ made' if new else '· kept'} {path.relative_to(folder)}\n" for path, new in made)
    edit = f"Now describe your issues in {plan.relative_to(folder)}, then run `run-milestone {milestone}`."
    return f"{told}{edit}\n"


def _write(path: Path, text: str) -> tuple[Path, bool]:
    if path.exists():
        return path, False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path, True


def _current_branch(folder: Path) -> str:
    from .hands.git import current_branch

    name = current_branch(folder)
    if name is None:
        raise UsageError(
            f"{folder} is not a git repository.",
            "Run `git init` and commit something first, then `run-milestone init`.",
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
