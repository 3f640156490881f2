"""equal: the same graph for other engines, ninja over real files and a bare dodo.py, each in a finished state."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .finished import Recorded

_DODO = '''\
"""As many tasks, with the same names and the same order, that are all up to date."""

DOIT_CONFIG = {{"backend": "sqlite3", "dep_file": ":memory:", "continue": True, "reporter": "zero"}}
NODES = {nodes!r}


def task_milestone():
    yield {{"basename": "m1", "name": None, "doc": "all of it"}}
    for name, after in NODES:
        yield {{
            "basename": "m1",
            "name": name,
            "task_dep": [f"m1:{{one}}" for one in after],
            "actions": ["true"],
            "uptodate": [True],
        }}
'''


def make_ninja(folder: Path, session: Recorded, ninja: str) -> None:
    """Build the milestone's graph once with ninja: one file per task, from the plan and the issues' specifications."""
    folder.mkdir()
    rules = ["rule record", "  command = touch $out", *_edges(folder, session)]
    (folder / "build.ninja").write_text("\n".join(rules) + "\n", encoding="utf-8")
    subprocess.run([ninja, "--quiet"], cwd=folder, check=True)


def make_makefile(folder: Path, session: Recorded, make: str) -> None:
    """Build the milestone's graph once with make, as `make_ninja` does."""
    folder.mkdir()
    rules = [edge.removeprefix("build ") for edge in _edges(folder, session)]
    parts = [rule.partition(": ") for rule in rules]
    text = [f"all: {' '.join(target for target, _, _ in parts)}", ".PHONY: all"]
    for target, _, needs in parts:
        text += [f"{target}: {needs.partition(' ')[2]}", "\t@mkdir -p $(@D) && touch $@"]
    (folder / "Makefile").write_text("\n".join([*text, ""]), encoding="utf-8")
    subprocess.run([make, "--quiet"], cwd=folder, check=True)


def _edges(folder: Path, session: Recorded) -> list[str]:
    plan = os.path.relpath(session.project.plan(session.milestone.id), folder)
    specs = {issue.number: issue.spec.path for issue in session.milestone.issues if issue.spec}
    edges = []
    for node in session.nodes.values():
        first = node.step == "branch"
        written = [f"{plan}/plan.yaml", f"{plan}/{specs[node.issue or '']}"] if first else []
        needs = [*written, *(_file(name) for name in node.after)]
        edges.append(f"build {_file(node.name)}: {'phony' if node.group else 'record'} {' '.join(needs)}")
    return edges


def _file(task: str) -> str:
    """Return a task's file, in a folder per issue as markers are."""
    return f"{task.replace(':', '/')}.json"


def make_bare_dodo(folder: Path, session: Recorded) -> None:
    """Write a dodo.py of the same tasks that knows nothing of milestones; it prints as little as ours."""
    folder.mkdir()
    nodes = [(node.name, node.after) for node in session.nodes.values()]
    (folder / "dodo.py").write_text(_DODO.format(nodes=nodes), encoding="utf-8")
