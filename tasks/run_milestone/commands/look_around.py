"""Look around in a repository: its languages, package managers, test commands, migrations, and who could implement."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.presets import coding_agents, languages, text_of
from .monorepo import Part, monorepo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..core.presets import CodingAgent, Command, Language

_TEST_EXTRAS = ("test", "tests", "testing", "dev", "develop", "development")
_REQUIREMENTS = (
    ("requirements.txt",),
    (
        *("requirements-test.txt", "requirements_test.txt", "test-requirements.txt", "requirements/test.txt"),
        *("requirements/tests.txt", "requirements-tests.txt", "tests/requirements.txt"),
        *("requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt", "requirements/dev.txt"),
        "requirements/local.txt",
    ),
)
"""Of each line the first file that is there: what is for developers repeats what is for tests, with other pins."""
_NOT_PROJECTS = {"node_modules", "vendor", "target", "build", "dist", "plans", "state", "docs", "examples"}
_ASIDE = {"test", "tests", "fixtures", "benchmarks", "bench", "website", "scripts", "tools"}
"""Folders of a project that is no workspace where what looks like another one is a part of its own making."""
_PLAIN = re.compile(r"[\w@+][\w@+., -]*(?:/[\w@+][\w@+., -]*)?")
"""Names that a plan can hold as a path and as a pattern. A template's folder (`{{name}}`) is no project."""
MOST_PARTS = 20
"""Folders of a monorepo that are looked into and named."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen in a repository and on this machine. `parts` has the main project first."""

    parts: tuple[Part, ...] = ()
    agents: tuple[CodingAgent, ...] = ()
    """The coding agents that are installed."""


def look_around(root: Path) -> Look:
    """Look at the files of a repository, and for programs on this machine. Nothing is run."""
    top = [part for language in languages() if (part := _part(root, ".", language))]
    below = list(_below(root))
    if top and not _is_workspace(root, top):
        below = [part for part in below if _is_apart(part, top)]
    parts = sorted((*top, *below), key=lambda part: (not part.at_top, part.manager is None))
    from ..adapters.process import search_path

    agents = tuple(agent for agent in coding_agents() if shutil.which(agent.command[0], path=search_path()))
    return Look(tuple(monorepo(root, parts) if below else parts)[:MOST_PARTS], agents)


def has_login(agent: CodingAgent) -> str:
    """Return by what a coding agent is logged in: the name of a variable or of a file, empty where by nothing."""
    key = next((name for name in agent.keys if os.environ.get(name)), "")
    return key or next((f"~/{name}" for name in agent.login if (Path.home() / name).is_file()), "")


def _is_workspace(root: Path, parts: Iterable[Part]) -> bool:
    return any(sign.is_in(root) for part in parts for sign in part.language.workspaces)


def _is_apart(part: Part, top: Iterable[Part]) -> bool:
    """Return whether a folder of a project that is no workspace holds another product: its own language and lock."""
    is_foreign = all(part.language is not one.language for one in top)
    return is_foreign and part.manager_sign in part.language.locks and not _ASIDE & set(part.folder.split("/"))


def _below(root: Path) -> Iterator[Part]:
    """Yield the projects in the folders of a repository, at most two levels down."""
    for pattern in ("*", "*/*"):
        for folder in sorted(path for path in root.glob(pattern) if path.is_dir() and not path.is_symlink()):
            name = folder.relative_to(root).as_posix()
            is_open = os.access(folder, os.R_OK | os.X_OK)  # a container's data often belongs to somebody else
            if is_open and _PLAIN.fullmatch(name) and not _NOT_PROJECTS & set(name.split("/")):
                yield from (part for language in languages() if (part := _part(root, name, language)))


def _part(root: Path, name: str, language: Language) -> Part | None:
    """Return the project of this language in a folder, None where there is none."""
    folder = root / name
    if not any(sign.is_in(folder) for sign in language.when):
        return None
    manager = next((tool for tool in language.managers if tool.sign_in(folder)), None)
    runner = next((tool.of(folder) for tool in language.runners if tool.sign_in(folder)), None)
    if runner and any(sign.is_in(folder) for sign in language.builds):
        runner = replace(runner, test=_built(language, runner.test))
    linter = next((tool for tool in language.linters if tool.sign_in(folder)), None)
    migrations = next((sign.file for sign in language.migrations if sign.is_in(folder)), "")
    part = Part(name, language, manager, "", runner, linter, migrations)
    if manager is None:
        return part
    setup = tuple(part.here(_filled(folder, command)) for command in manager.setup)
    env = {**manager.env, **(runner.env if runner else {})}
    return replace(part, manager_sign=manager.sign_in(folder) or "", setup=setup, env=env)


def _built(language: Language, test: Command) -> Command:
    """Return a test command that builds first, so that the tests never load what was built from older code."""
    if test[:2] == ("npm", "test"):
        return tuple(word for word in test if word != "--ignore-scripts")
    return (*language.build, *test)


# ---- what pip has to install ----------------------------------------------------------------------------------------


def _filled(folder: Path, command: Command) -> Command:
    """Return a command with the extras and dependencies of the project's tests filled in."""
    extras = [name for name in _TEST_EXTRAS if name in _table(folder, "project", "optional-dependencies")]
    filled = tuple(word.replace("{extras}", f"[{','.join(extras)}]" if extras else "") for word in command)
    return tuple(each for word in filled for each in (_dependencies(folder, extras) if word == "{deps}" else (word,)))


def _dependencies(folder: Path, extras: list[str]) -> Command:
    """Return what tests need beside the project: requirements files, groups, what hatch or tox would install."""
    by_tool = list(dict.fromkeys(_pairs([*_of_hatch(folder), *_of_tox(folder)])))
    listed = [next((name for name in names if (folder / name).is_file()), "") for names in _REQUIREMENTS]
    files = [name for name in listed if name and not any(words[0] == "-r" for words in by_tool)]
    groups = _table(folder, "dependency-groups")
    named = [one for name in _TEST_EXTRAS for one in _texts(groups.get(name))]
    words = [*(word for name in files for word in ("-r", name)), *named, *(word for pair in by_tool for word in pair)]
    files += [words[-1] for words in by_tool if words[0] == "-r"]
    optional = _table(folder, "project", "optional-dependencies")
    known = " ".join((*words, *(str(optional[name]) for name in extras), *(text_of(folder / name) for name in files)))
    return tuple(words if "pytest" in known else (*words, "pytest"))


def _pairs(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield each requirement, an option together with its value."""
    rest = iter(words)
    for word in rest:
        yield (word, next(rest, "")) if word.startswith("-") else (word,)


def _of_hatch(folder: Path) -> list[str]:
    documents = (_table(folder, "tool", "hatch"), _toml(folder / "hatch.toml"))
    settings = [_at(one, "envs", name) for one in documents for name in ("default", "test", "hatch-test")]
    return [one for each in settings for key in ("dependencies", "extra-dependencies") for one in _texts(each.get(key))]


def _of_tox(folder: Path) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text_of(folder / "tox.ini"))
    except configparser.Error:
        return []
    lines = [line.strip() for line in parser.get("testenv", "deps", fallback="").splitlines()]
    plain = [line for line in lines if line and not set(line) & set("{}:#")]
    return [word for line in plain for word in _words(line)]


def _words(line: str) -> list[str]:
    """Return the words of a line that tox would give to pip: `-rdev.txt` is an option and its value."""
    if not line.startswith("-"):
        return [line.replace(" ", "")]
    return re.sub(r"^(-[rc])(?=\S)", r"\1 ", line).split()


def _table(folder: Path, *keys: str) -> dict[str, Any]:
    """Return a table of pyproject.toml, an empty one where there is none."""
    return _at(_toml(folder / "pyproject.toml"), *keys)


def _at(table: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, dict) else {}


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(file))
    except tomllib.TOMLDecodeError:
        return {}
