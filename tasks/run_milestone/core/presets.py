"""Read the presets: what run-milestone knows about a language or a coding agent, one TOML file each."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .globs import Patterns

if TYPE_CHECKING:
    from collections.abc import Iterable

if TYPE_CHECKING:
    from collections.abc import Iterable

_FOLDER = Path(__file__).parents[1] / "presets"
_LARGEST = 1_000_000
"""Bytes of a manifest that is looked into."""

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """A file that says something about a project, where a line of it matches `holds`."""

    file: str
    holds: str = ""

    def is_in(self, folder: Path) -> bool:
        """Return whether the folder has that file."""
        return self.words_in(folder) is not None

    def words_in(self, folder: Path) -> dict[str, str] | None:
        """Return what the named groups of `holds` match in that file, None where the folder has no such file."""
        path = folder / self.file
        if not path.exists() or not self.holds:
            return {} if path.exists() else None
        seen = re.search(self.holds, text_of(path), re.MULTILINE)
        return seen and seen.groupdict()


@dataclass(frozen=True, slots=True)
class Tool:
    """A package manager, a test runner or a linter: how to recognise it, and its commands."""

    name: str
    when: tuple[Sign, ...]
    needs: tuple[Sign, ...] = ()
    """One of these must be there as well."""
    setup: tuple[Command, ...] = ()
    cache: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    test: Command = ()
    report: str = ""
    """Where the tests leave their report, if they cannot be told."""
    tells: bool = False
    """Whether its output names every test."""
    collect: Command = ()
    """Finds out whether the tests can start, without running one."""
    lint: Command = ()
    keep: dict[str, str] = field(default_factory=dict)
    """Variables by which its other commands leave alone what its setup made."""

    def sign_in(self, folder: Path) -> str | None:
        """Return the file by which this tool is recognised, None where it is not used."""
        needed = not self.needs or any(sign.is_in(folder) for sign in self.needs)
        return next((sign.file for sign in self.when if needed and sign.is_in(folder)), None)

    def of(self, folder: Path) -> Tool:
        """Return this tool with the variables that the folder's files name, such as Django's settings."""
        words = next((words for sign in self.when if (words := sign.words_in(folder)) is not None), {})
        return replace(
            self, env={name: value.format(**words) for name, value in self.env.items()} if words else self.env
        )


@dataclass(frozen=True, slots=True)
class VersionTool:
    """What takes the version of a package from git, which a tree does not have, and how it is told one."""

    variable: str
    when: tuple[Sign, ...]

    def is_named_in(self, manifest: str, text: str) -> bool:
        """Return whether a manifest with this name and text uses it."""
        return any(sign.file == manifest and re.search(sign.holds, text, re.MULTILINE) for sign in self.when)


@dataclass(frozen=True, slots=True)
class Language:
    """What is known about a language. `when` is empty where no project is recognised by it."""

    name: str
    when: tuple[Sign, ...] = ()
    locks: tuple[str, ...] = ()
    """Names of files that pin what a setup installs."""
    manifests: tuple[str, ...] = ()
    homes: dict[str, str] = field(default_factory=dict)
    """Folders of its tools in a person's home, by the variable that names them."""
    test_files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Expressions that match a declared test; their group `name` is what it is called."""
    skips: tuple[str, ...] = ()
    assertions: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    """Expressions for code that learns from its surroundings that a test runner runs it."""
    looks: tuple[str, ...] = ()
    """Expressions for code that could: it looks at its callers, its process or the modules that are loaded."""
    workspaces: tuple[Sign, ...] = ()
    migrations: tuple[Sign, ...] = ()
    versions: tuple[VersionTool, ...] = ()
    builds: tuple[Sign, ...] = ()
    """Say that what the tests load is built before each run of them."""
    build: Command = ()
    """Starts the command behind it when it has built."""
    fetches: bool = False
    """Whether its setup only fetches packages, and tests build what they load."""
    compiled: tuple[str, ...] = ()
    """Ends of the paths from which other setups compile what tests load."""
    on_install: str = ""
    """Matches a manifest with a script that builds from any source when packages are installed."""
    managers: tuple[Tool, ...] = ()
    runners: tuple[Tool, ...] = ()
    linters: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True)
class CodingAgent:
    """A coding agent that runs without a person."""

    name: str
    command: Command
    model: dict[str, str]
    """Where its model is, and the variable of the key: what a plan says so that the key stays outside the sandbox."""
    keys: tuple[str, ...]
    """Variables of which one may hold its key."""
    login: tuple[str, ...]
    """Files in a person's home that hold its login."""
    asking: Command = ()
    """Arguments before the last one that let it ask its model at `{model}`; none where a variable does."""
    alone: Command = ()
    """The option, with its value, by which it takes no sandbox of its own."""


@functools.cache
def languages() -> tuple[Language, ...]:
    """Return every language, in the order in which a project is asked about them."""
    order = ["python", "node", "go", "rust", "java", "ruby", "cmake", "make", "other"]
    return tuple(_language(tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))) for name in order)


@functools.cache
def coding_agents() -> tuple[CodingAgent, ...]:
    """Return every coding agent."""
    return tuple(
        CodingAgent(path.stem, **{key: _frozen(value) for key, value in tomllib.loads(path.read_text("utf-8")).items()})
        for path in sorted((_FOLDER / "agents").glob("*.toml"))
    )


def without_own_sandbox(command: Command) -> Command:
    """Return the command of a coding agent so that it takes no sandbox of its own, any other as it is."""
    agent = next((one for one in coding_agents() if one.command[0] == Path(command[0]).name), None)
    if agent is None or not agent.alone:
        return command
    option, value = agent.alone
    if option not in command[:-1]:
        return (*command[:-1], option, value, command[-1])
    place = command.index(option) + 1
    return (*command[:place], value, *command[place + 1 :])


def runner_of(command: Command) -> Tool | None:
    """Return the test runner that a command starts, the one with most words in common; None where none is known."""
    words = _in_folder(command)
    runners = [runner for language in languages() for runner in language.runners]
    fits = [one for one in runners if one.test[0] == words[0] and _plain(one.test) <= set(words)]
    return max(fits, key=lambda one: (len(_plain(one.test)), _options_in_common(one.test, words)), default=None)


def keeping(setup: tuple[Command, ...]) -> dict[str, str]:
    """Return the variables by which package managers leave alone what the commands of a setup made."""
    managers = [manager for language in languages() for manager in language.managers if manager.keep]
    return {
        name: value
        for command in map(_in_folder, setup)
        for manager in managers
        if command[:2] == manager.setup[0][:2]
        for name, value in manager.keep.items()
    }


def compiles(setup: tuple[Command, ...]) -> bool:
    """Return whether a setup may compile sources of the repository, and does not only fetch packages."""
    managers = [manager for language in languages() if language.fetches for manager in language.managers]
    fetching = {step[:2] for manager in managers for step in manager.setup}
    return any(_in_folder(command)[:2] not in fetching for command in setup)


def builds_on_install(manifests: Iterable[str]) -> bool:
    """Return whether a script in one of these texts builds the repository's sources when packages are installed."""
    patterns = [language.on_install for language in languages() if language.on_install]
    return any(re.search(pattern, text) for text in manifests for pattern in patterns)


def _in_folder(command: Command) -> Command:
    """Return the command that is started in a folder of the tree by `env -C`, any other as it is."""
    return command[3:] if command[:2] == ("env", "-C") else command


def _options_in_common(known: Command, words: Command) -> int:
    """Return how many options of a known command another one has, less those that it lacks."""
    options = {word for word in known if word.startswith("-") and "{" not in word}
    return len(options & set(words)) - len(options - set(words))


def _plain(command: Command) -> set[str]:
    return {word for word in command if not word.startswith(("-", "{"))}


def all_of(field_name: str) -> tuple[str, ...]:
    """Return what all languages list under one key, such as `locks` or `test_files`."""
    return tuple(value for language in languages() for value in getattr(language, field_name))


@functools.cache
def any_of(field_name: str) -> re.Pattern[str]:
    """Return one expression that matches what any language lists under a key, such as `skips` or `assertions`."""
    return re.compile("|".join(all_of(field_name)))


@functools.cache
def configuration(kind: str) -> Patterns:
    """Return the patterns, in small letters, of files that one table of `configuration.toml` lists."""
    groups = _listed("configuration")[kind]
    return Patterns(_pattern(name.lower()) for names in groups.values() for name in names)


def tables(file: str) -> dict[str, frozenset[str]]:
    """Return the tables of a file that decide something, or list packages, by those words; nothing for other files."""
    return {kind: frozenset(names) for kind, names in _listed("configuration")["tables"].get(file, {}).items()}


def _pattern(name: str) -> str:
    """Return the pattern that a name stands for: any folder, unless it begins with a slash."""
    return name.removeprefix("/") if name.startswith("/") else f"**/{name}"


@functools.cache
def directives(kind: str) -> tuple[str, ...]:
    """Return the expressions for comments that switch checks off: for a `line`, for a `whole_file`."""
    return tuple(_listed("directives")[kind])


@functools.cache
def _listed(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def text_of(path: Path) -> str:
    """Return the text of a manifest, nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size < _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _language(data: dict[str, Any]) -> Language:
    return Language(**{key: _value(key, value) for key, value in data.items()})


def _value(key: str, value: Any) -> Any:
    """Return a value of a preset, frozen."""
    if key in {"managers", "runners", "linters"}:
        return tuple(Tool(**{name: _value(name, each) for name, each in tool.items()}) for tool in value)
    if key in {"when", "needs", "workspaces", "migrations", "builds"}:
        return tuple(Sign(**sign) for sign in value)
    if key == "versions":
        return tuple(VersionTool(one["variable"], _value("when", one["when"])) for one in value)
    return _frozen(value)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
