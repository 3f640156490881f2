"""equal: the same graph for other engines, ninja over real files and a bare dodo.py, each in a finished state."""

from __future__ import annotations

import json
import os
import subprocess
import time
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


_SNAKEFILE = """\
NEEDS = {needs!r}


rule all:
    input: "complete.json"


rule record:
    input: lambda one: NEEDS[one.task]
    output: "{{task}}.json"
    shell: "touch {{output}}"
"""


def make_snakefile(folder: Path, session: Recorded, snakemake: str) -> None:
    """Write the graph for Snakemake, one job per task, with every file there already."""
    _ = snakemake
    needs = dict(_recorded(folder, session))
    named = {name.removesuffix(".json"): before for name, before in needs.items()}
    (folder / "Snakefile").write_text(_SNAKEFILE.format(needs=named), encoding="utf-8")


def make_taskfile(folder: Path, session: Recorded, task: str) -> None:
    """Write the graph for go-task, one task per task, with every file there already."""
    _ = task
    tasks = {
        name: {
            "deps": [one for one in before if not one.startswith("..")],
            "sources": before,
            "generates": [name],
            "cmds": [f"touch {name}"],
        }
        for name, before in _recorded(folder, session)
    }
    text = json.dumps({"version": "3", "run": "once", "method": "timestamp", "silent": True, "tasks": tasks}, indent=1)
    (folder / "Taskfile.yml").write_text(text, encoding="utf-8")


def _recorded(folder: Path, session: Recorded) -> list[tuple[str, list[str]]]:
    """Write the file of every task, each later than those it needs; returns these, by file."""
    groups = {_file(name) for name, node in session.nodes.items() if node.group}
    rows = [edge.removeprefix("build ").replace(" record", "", 1).partition(":") for edge in _edges(folder, session)]
    files = [(name, needs.split()) for name, _, needs in rows if name not in groups]
    began = time.time_ns()
    folder.mkdir()
    for place, (name, _) in enumerate(files):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, ns=(began, began + place * 1_000_000))
    return files


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
