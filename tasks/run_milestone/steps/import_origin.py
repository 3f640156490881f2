"""Have the tests import the tree's packages from the tree, and read back from where they did."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..adapters.process import Grants, import_guard
from ..checks.python_packages import joined, own_packages
from ..core.errors import DamagedStateError
from ..core.fs import read_text
from ..model import Finding, Imports, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..adapters.git import Git
    from ..adapters.process import Processes

_PROBE = """\
import importlib.util, json, os, sys
settings = json.loads(sys.argv[1])
lines = [{"python": sys.executable, "prefix": sys.prefix}]
for name in settings["packages"]:
    spec = importlib.util.find_spec(name)
    inner = list(spec.submodule_search_locations or ()) if spec else []
    if spec:
        lines.append({"name": name, "origin": os.path.realpath(inner[0] if inner else spec.origin or "")})
with open(settings["record"], "a") as file:
    file.write("".join(json.dumps(line) + chr(10) for line in lines))
"""
"""Says from where an interpreter would import the packages, where it does not take the guard."""
_PATIENCE = 60
"""Seconds for an interpreter to answer that."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a tree's own packages are, and the checkout from which they must not be imported."""

    checkout: Path
    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Places in the tree, by the name that is imported."""


def sources(git: Git, checkout: Path, *commits: str) -> Sources:
    """Return the packages that these commits hold."""
    packages: dict[str, tuple[str, ...]] = {}
    for commit in dict.fromkeys(commits):
        paths = git.listing(commit, ".")
        packages = joined(packages, own_packages(paths, partial(git.read, commit)))
    return Sources(checkout, packages)


def guarded(folder: Path, tree: Path, mine: Sources, env: Mapping[str, str]) -> dict[str, str]:
    """Write the guard into `folder`; returns the variables by which every Python that is started takes it."""
    if not mine.packages:
        return dict(env)
    (folder / "sitecustomize.py").write_bytes(Path(import_guard.__file__).read_bytes())
    settings = {"tree": str(tree), "checkout": str(mine.checkout), "packages": mine.packages}
    text = json.dumps({**settings, "record": str(_record(folder))})
    (folder / import_guard.SETTINGS).write_text(text, encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(folder), env.get("PYTHONPATH"))))
    return {**env, "PYTHONPATH": path}


def imported(processes: Processes, command: tuple[str, ...], folder: Path, tree: Path, mine: Sources) -> Imports:
    """Return from where the tests imported the packages, once they ran; else what their interpreter says."""
    lines = _lines(_record(folder))
    if mine.packages and not lines and (probe := _probe(command)):
        settings = json.dumps({"packages": list(mine.packages), "record": str(_record(folder))})
        processes.untrusted((*probe, _PROBE, settings), cwd=tree, timeout=_PATIENCE, grants=Grants(write=(folder,)))
        lines = _lines(_record(folder))
    pythons = [str(line["python"]) for line in lines if "python" in line]
    origins = dict.fromkeys((str(line["name"]), str(line["origin"])) for line in lines if "origin" in line)
    inside = {name: _relative(place, tree) for name, place in origins}
    elsewhere = tuple(f"{name} ({place})" for name, place in origins if not _is_source(place, tree))
    places = tuple(f"{name} ({place})" for name, place in sorted(inside.items()) if place)
    return Imports(pythons[0] if pythons else "", places, elsewhere, bool(mine.packages) and not lines)


def imported_elsewhere(imports: Imports) -> tuple[Finding, ...]:
    """Return a finding for each package that the tests took from another place than the tree."""
    why = f"{imports.python} offers it before the tree: let `commands.test` start Python without -I and -E"
    return tuple(
        Finding(Kind.TREE, Severity.CRITICAL, "imports", f"The tests import {what}, not the tree's", detail=why)
        for what in imports.elsewhere
    )


def _probe(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return how the command starts its interpreter, up to the program that this runs; nothing where it is none."""
    if not Path(command[0]).name.startswith(("python", "pypy")):
        return ()
    options = [word for word in command[1 : _first_program(command)] if word.startswith("-")]
    return (command[0], *options, "-c")


def _first_program(command: tuple[str, ...]) -> int:
    for place, word in enumerate(command[1:], start=1):
        if word in {"-m", "-c"} or not word.startswith("-"):
            return place
    return len(command)


def _record(folder: Path) -> Path:
    return folder / "imports.jsonl"


def _lines(record: Path) -> list[dict[str, Any]]:
    """Return what was recorded. The tests can write there, so nothing is taken for granted."""
    try:
        lines = dict.fromkeys((read_text(record) or "").splitlines())
    except DamagedStateError:
        return []
    return [line for line in map(_parsed, lines) if isinstance(line, dict)]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _relative(place: str, tree: Path) -> str:
    root = os.path.realpath(tree)
    return os.path.relpath(place, root) if place.startswith(root + os.sep) else ""


def _is_source(place: str, tree: Path) -> bool:
    """Return whether a place is in the tree, and no copy that was installed there."""
    inside = _relative(place, tree)
    return bool(inside) and not {"site-packages", "dist-packages"} & set(inside.split(os.sep))
