"""Tell tools the version that they would take from git: a tree has none, and without one a package is not built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.presets import languages
from ..policy.version_tag import newest_version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..adapters.git import Git

_PLACES = (".", "*", "*/*")
"""Where packages of a repository lie."""


def version_variables(git: Git, tree: Path) -> Mapping[str, str]:
    """Return the variables by which the tools that a tree's manifests name are told the newest version tag."""
    tools = [tool for language in languages() for tool in language.versions]
    manifests = {sign.file for tool in tools for sign in tool.when}
    folders = {path.parent for place in _PLACES for name in manifests for path in tree.glob(f"{place}/{name}")}
    used = {tool.variable for tool in tools for folder in folders if any(sign.is_in(folder) for sign in tool.when)}
    return dict.fromkeys(sorted(used), newest_version(git.tags())) if used else {}
