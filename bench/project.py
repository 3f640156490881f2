"""project: a plan as people write them, and a real repository with a branch for every issue."""

from __future__ import annotations

import io
import os
import subprocess
from itertools import accumulate
from typing import TYPE_CHECKING

from run_milestone.commands.scaffold import DODO
from run_milestone.plan import load
from run_milestone.plan.project import Project
from run_milestone.policy.naming import branch_of

if TYPE_CHECKING:
    from pathlib import Path

    from run_milestone.model import Milestone

ID = "m1"

_HEAD = f"""\
id: {ID}
title: Move the product from the old service to the new one
agent: {{kind: replay, changes: changes}}
sensitive: {{auth: ["src/auth/**"], billing: ["src/billing/**"]}}
protected: [".github/**", "deploy/**"]
phases:
"""

_ISSUE = """\
      - number: {number}
        github: {github}
        title: Carry part {number} of the product from the old service to the new one
        slug: part-{number}
        priority: P1
        criteria:
          - text: GET /parts/{number} answers 200 with everything that part {number} is made of
            test: tests/test_part_{number}.py::test_a_part_is_shown_with_what_it_is_made_of
          - text: An unknown part answers 404, and says which number was asked for
            test: tests/test_part_{number}.py::test_an_unknown_part_is_named
          - text: No field is shown that only the people of the warehouse may see
            test: tests/test_part_{number}.py::test_a_part_tells_nothing_that_it_should_not
        tests: {{unit: true, integration: false}}
        paths: {{allow: ["src/**", "tests/**"]}}
"""


def make_project(root: Path, phases: tuple[int, ...]) -> tuple[Project, Milestone]:
    """Make a project in `root` whose plan m1 has that many issues in each phase, and its repository."""
    project = Project(root)
    _write_plan(project.plan(ID), phases)
    (root / "dodo.py").write_text(DODO, encoding="utf-8")
    milestone = load(project.plan(ID), cache=project.state(ID) / "cache" / "plan.json")
    _make_repository(root, milestone)
    return project, milestone


def _write_plan(folder: Path, phases: tuple[int, ...]) -> None:
    """Write the plan, and a specification beside it for each issue."""
    folder.mkdir(parents=True)
    lines = [_HEAD]
    for count, end in zip(phases, accumulate(phases), strict=True):
        lines.append("  - issues:\n")
        for number in range(end - count + 1, end + 1):
            lines.append(_ISSUE.format(number=number, github=1000 + number))
            spec = folder / f"{number:02}-part-{number}.md"
            spec.write_text(f"# Part {number}\n\nMove it, and its tests with it.\n", encoding="utf-8")
    (folder / "plan.yaml").write_text("".join(lines), encoding="utf-8")


def _make_repository(root: Path, milestone: Milestone) -> None:
    stream = io.StringIO()
    _commit(stream, milestone.target, None, "README.md")
    _commit(stream, milestone.branch, milestone.target, "MILESTONE.md")
    for issue in milestone.issues:
        _commit(stream, branch_of(milestone, issue), milestone.branch, f"src/{issue.slug}.py")
    git(root, "init", "--quiet", f"--initial-branch={milestone.target}", "--template=")
    git(root, "fast-import", "--quiet", stdin=stream.getvalue())
    git(root, "reset", "--quiet", "--hard")
    git(root, "clone", "--quiet", "--bare", "--template=", "--local", ".", ".git/run-milestone/remote.git")


def _commit(stream: io.StringIO, branch: str, base: str | None, file: str) -> None:
    """Write a commit that adds one file, in the language of `git fast-import`."""
    stream.write(f"commit refs/heads/{branch}\ncommitter Bench <bench@example.com> 1700000000 +0000\n")
    stream.write(f"data <<END\nAdd {file}\nEND\n")
    stream.write(f"from refs/heads/{base}\n" if base else "")
    stream.write(f"M 100644 inline {file}\ndata <<END\n# {branch}\nEND\n\n")


def git(folder: Path, *words: str, stdin: str = "") -> None:
    """Run git in `folder`, without anybody's configuration."""
    sealed = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *words], cwd=folder, input=stdin.encode(), env=sealed, check=True)
