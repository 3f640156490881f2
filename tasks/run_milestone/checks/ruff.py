"""Tells how ruff is run in a repository: on given files, by the repository's own configuration."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .change import Commits

_OTHERS = frozenset({".flake8", ".pylintrc", "pylintrc", "pylintrc.toml"})
"""Configuration files of other linters for Python."""

_ERRORS = ("--select", "E9,F63,F7,F82")
"""Only what cannot work: syntax errors, undefined names, comparisons that are always the same."""

_USUAL = ("--select", "E9,F")
"""Where no linter is configured: what is wrong or unused, and no rule of style, which nobody there chose."""


@dataclass(frozen=True, slots=True)
class RuffUse:
    """What a repository says about ruff."""

    configured: bool
    """Whether it has a configuration of ruff."""
    formats: bool
    """Whether it formats with ruff."""
    lints_otherwise: bool
    """Whether it is configured for another linter, and not for ruff."""

    @property
    def options(self) -> tuple[str, ...]:
        """The options of `ruff check`: its exclusions hold for named files, and rules nobody chose are left out."""
        chosen = () if self.configured else _ERRORS if self.lints_otherwise else _USUAL
        return ("--force-exclude", *chosen)


def ruff_use(commits: Commits, commit: str) -> RuffUse:
    """Return what the configuration files of a commit say about ruff."""
    tables, formats, others = list[object](), False, False
    for path in commits.listing(commit, "."):
        name = PurePosixPath(path).name
        if name == ".pre-commit-config.yaml":
            formats |= b"ruff-format" in (commits.read(commit, path) or b"")
        elif name in {"ruff.toml", ".ruff.toml"}:
            tables.append(_toml(commits.read(commit, path)))
        elif name == "pyproject.toml":
            tools = _toml(commits.read(commit, path)).get("tool")
            tools = tools if isinstance(tools, dict) else {}
            tables += [tools["ruff"]] if "ruff" in tools else []
            others |= not tools.keys().isdisjoint({"flake8", "pylint"})
        elif name in {"setup.cfg", "tox.ini"}:
            others |= any(word in (commits.read(commit, path) or b"") for word in (b"[flake8", b"[pylint"))
        others |= name in _OTHERS
    formats |= any(isinstance(table, dict) and "format" in table for table in tables)
    return RuffUse(bool(tables), formats, others and not tables)


def _toml(text: bytes | None) -> dict[str, object]:
    """Return a TOML file's content, empty where it cannot be read: ruff itself will say so."""
    try:
        return tomllib.loads((text or b"").decode())
    except (ValueError, RecursionError):
        return {}
