"""Compares the tables of manifests that decide what tests, linters and reviewers do."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from ..core.presets import tables

_DESCRIBES = re.compile(
    r"metadata|options(?:\..+)?|(?:b|s)dist(?:_\w+)?|build(?:_\w+)?|wheel|egg_info|install|develop|upload(?:_\w+)?"
    r"|aliases|bumpversion(?::.+)?|zest\.releaser|pbr|entry_points|files|\w+_(?:catalog|messages)"
)
"""Sections of setup.cfg that say what the package is and how it is built: no tool looks there for what to check."""
_CHECKING = re.compile(
    r"test|lint|check|type|cov|spec|e2e|format|valid|verif|audit|(?:^|[:_-])(?:ci|tsc)(?:$|[:_-])", re.IGNORECASE
)
_AT_INSTALL = frozenset({"preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"})
_RUNS = re.compile(r"(?:npm|pnpm|yarn|bun)\s+(?:run(?:-script)?\s+)?(?:-\S+\s+)*([\w:.-]+)|\brun-[sp]\s+([\w:. -]+)")


def differing(name: str, before: str, after: str, words: frozenset[str]) -> list[str]:
    """Return the tables that differ, as people write them. A file that is not there holds none.

    `words` are those of the plan's commands, which can start a script by its name. Errors: ValueError where a text
    cannot be read.
    """
    read = READERS[name]
    old, new = read(before, words), read(after, words)
    return [table for table in dict.fromkeys((*old, *new)) if old.get(table) != new.get(table)]


def _pyproject(text: str, _: frozenset[str]) -> Mapping[str, Any]:
    tools = tomllib.loads(text).get("tool")
    if not isinstance(tools, dict):
        return {}
    return {f"[tool.{name}]": tools[name] for name in sorted(tables("pyproject.toml")["decides"]) if name in tools}


def _setup_cfg(text: str, _: frozenset[str]) -> Mapping[str, Any]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    return {f"[{name}]": dict(parser[name]) for name in parser.sections() if not _DESCRIBES.fullmatch(name)}


def _package_json(text: str, words: frozenset[str]) -> Mapping[str, Any]:
    value = json.loads(text or "{}")
    if not isinstance(value, dict):
        return {}
    decides = {f'"{name}"': value[name] for name in sorted(tables("package.json")["decides"]) if name in value}
    scripts = value.get("scripts")
    return {**decides, '"scripts"': _checking(scripts, words) if isinstance(scripts, dict) else scripts}


def _checking(scripts: Mapping[str, Any], words: frozenset[str]) -> Mapping[str, Any]:
    """Return the scripts that check something, that `words` name or that run at installation, and what they run."""
    wanted = [name for name in scripts if _CHECKING.search(name) or name in _AT_INSTALL or name in words]
    chosen: dict[str, Any] = {}
    while wanted:
        name = wanted.pop()
        if name in scripts and name not in chosen:
            chosen[name] = scripts[name]
            started = " ".join(match[1] or match[2] for match in _RUNS.finditer(str(scripts[name]))).split()
            wanted += [each for one in started for each in (one, f"pre{one}", f"post{one}")]
    return chosen


READERS: Mapping[str, Callable[[str, frozenset[str]], Mapping[str, Any]]] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "package.json": _package_json,
}
"""Files that hold other things too, each with what reads the tables that count."""
