"""Keep the names of packages that come from an index of one's own from the services that everybody can ask."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from . import manifests
from .manifests.package import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .change import Change

PYPI_HOSTS = frozenset(f"{name}.org" for name in ("pypi", "pypi.python", "files.pythonhosted"))
MAVEN_HOSTS = frozenset(
    {"repo.maven.apache.org", "repo1.maven.org", "plugins.gradle.org", "maven.google.com", "dl.google.com"}
)
NPM_HOSTS = frozenset(f"registry.{domain}" for domain in ("npmjs.org", "yarnpkg.com"))
_INDEX = re.compile(
    r"(?:-i|-f|--(?:extra-)?index-url|--find-links|--no-index|\[\[(?:tool\.\w+\.)?(?:source|index)\]\]|"
    r"\[tool\.uv\] [\w-]+|dependency_links)(?:[ =]|$)(.*)"
)
"""A line of a manifest that names where all its packages may come from."""
_REPOSITORY = re.compile(r"(?:repository|pluginRepository|url) ([^{]*)")
"""A line of Maven's or Gradle's manifest that names where packages may come from."""


def host(url: object) -> str:
    """Return the host of a URL, empty where it has none."""
    try:
        return urlsplit(str(url).strip()).hostname or ""
    except ValueError:
        return ""


# ---- Python -------------------------------------------------------------------------------------------------------


def comes_from_pypi(locked: dict[str, Any]) -> bool:
    """Return whether a package of a lock file that comes from an index comes from the public one."""
    source = table(locked.get("source"))
    url = source.get("registry") or (source.get("url") if source.get("type") == "legacy" else None)
    return url is None or host(url) in PYPI_HOSTS


def has_other_index(change: Change, commit: str, path: str) -> bool:
    """Return whether the manifests of a file's folder, or of one above it, name another index than the public one."""
    return _is_named_near(change, commit, path, _INDEX, PYPI_HOSTS)


def has_other_repository(change: Change, commit: str, path: str) -> bool:
    """Return whether a manifest near, of Maven or Gradle, names another repository than the public ones."""
    return _is_named_near(change, commit, path, _REPOSITORY, MAVEN_HOSTS)


def _is_named_near(change: Change, commit: str, path: str, line: re.Pattern[str], known: frozenset[str]) -> bool:
    folders, at = {posixpath.dirname(path)}, path
    while at := posixpath.dirname(at):
        folders.add(posixpath.dirname(at))
    listed = change.commits.listing(commit, ".")
    near = (one for one in listed if posixpath.dirname(one) in folders and manifests.is_manifest(one))
    named = (line.fullmatch(origin) for one in near for origin in _origins(one, change.text(commit, one)))
    return any(one is not None and host(one[1].strip("'\" ")) not in known for one in named)


def _origins(path: str, text: str) -> list[str]:
    try:
        return manifests.read(path, text).origins
    except (ValueError, TypeError, RecursionError):
        return []


# ---- npm ----------------------------------------------------------------------------------------------------------


def private_to_npm(lock: dict[str, Any], npmrc: str, registry: str) -> frozenset[str]:
    """Return the packages of a lock file that come neither from a public registry nor from the one that npm asks.

    One without an address comes from where the .npmrc beside it says.
    """
    known = NPM_HOSTS | ({host(registry)} - {""})
    rows = re.findall(r"^\s*(?:(@[\w.-]+):)?registry\s*=\s*(\S+)", npmrc, re.MULTILINE)
    other = {scope for scope, url in rows if host(url) not in known}
    return frozenset(
        name
        for name, entry in _locked(lock)
        if (host(entry["resolved"]) not in known if entry.get("resolved") else not other.isdisjoint({_scope(name), ""}))
    )


def folders_of(lock: dict[str, Any]) -> frozenset[str]:
    """Return the folders of a repository that its lock file names as packages, and how those are called."""
    entries = {path: table(entry) for path, entry in table(lock, "packages").items() if path}
    links = {path.rpartition("node_modules/")[2] for path, entry in entries.items() if entry.get("link")}
    return frozenset(links | {path for path in entries if "node_modules/" not in path})


def _scope(name: str) -> str:
    return name.partition("/")[0] if name.startswith("@") else "no scope"


def _locked(lock: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each package that a lock file fetches, of any version of its form."""
    for path, entry in table(lock, "packages").items():
        if "node_modules/" in path and not table(entry).get("link"):
            yield path.rpartition("node_modules/")[2], table(entry)
    waiting = [table(lock, "dependencies")]
    while waiting:
        for name, entry in waiting.pop().items():
            yield name, table(entry)
            waiting.append(table(entry, "dependencies"))


def without(document: dict[str, Any], names: Iterable[str]) -> Any:
    """Return a lock file or a package.json without these packages and without names of its own."""
    text = json.dumps({key: value for key, value in document.items() if key != "name"})
    return json.loads(text, object_hook=lambda one: _cut(one, frozenset(names)))


def _cut(one: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key.rpartition("node_modules/")[2] not in names}
