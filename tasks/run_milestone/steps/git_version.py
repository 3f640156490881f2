"""Tell tools the version that they would take from git: a tree has none, and without one a package is not built."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..core.presets import languages
from ..policy.version_tag import newest_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..adapters.git import Git

_DEEPEST = 2
"""Folders below which no package of a repository is looked for."""


def version_variables(git: Git, commit: str) -> Mapping[str, str]:
    """Return the variables by which the tools that a commit's manifests name are told the newest version tag."""
    tools = [tool for language in languages() for tool in language.versions]
    manifests = {sign.file for tool in tools for sign in tool.when}
    texts = list(_texts(git, commit, manifests))
    used = {tool.variable for tool in tools if any(tool.is_named_in(name, text) for name, text in texts)}
    return dict.fromkeys(sorted(used), newest_version(git.tags())) if used else {}


def _texts(git: Git, commit: str, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield name and text of the files that are called so, near the top of the repository."""
    for path in git.listing(commit, "."):
        name = PurePosixPath(path).name
        if name in names and path.count("/") <= _DEEPEST:
            yield name, (git.read(commit, path) or b"").decode("utf-8", "replace")
