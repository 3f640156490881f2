"""Reads which exact packages the lock files of Go, Rust, Ruby, PHP, Maven and Gradle name, and which are public."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from . import manifests
from .manifests.package import GO, MAVEN, items, table
from .private_packages import has_other_repository, host
from .registries import private_to_go

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .change import Change

_CRATES = frozenset({"registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"})


class Locked(NamedTuple):
    """An exact version of a package of an ecosystem, as osv.dev calls that, and whether its index is public."""

    ecosystem: str
    name: str
    version: str
    is_public: bool


def is_lock(path: str) -> bool:
    """Return whether a file names exact packages in a form that is read here."""
    return posixpath.basename(path) in _READERS


def read(change: Change, commit: str, path: str) -> frozenset[Locked]:
    """Return the packages of a file that come from an index. Errors: ValueError where it cannot be read."""
    text = change.text(commit, path)
    try:
        packages = frozenset(_READERS[posixpath.basename(path)](path, text)) if text.strip() else frozenset[Locked]()
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None
    if any(one.ecosystem == "Go" for one in packages) and (patterns := private_to_go(change.tools)):
        return frozenset(one._replace(is_public=one.is_public and not _matches(one.name, patterns)) for one in packages)
    if any(one.ecosystem == "Maven" for one in packages) and has_other_repository(change, commit, path):
        return frozenset(one._replace(is_public=False) for one in packages)
    return packages


def _matches(module: str, patterns: Iterable[str]) -> bool:
    """Return whether the beginning of a module's path matches one of these patterns, as for GOPRIVATE."""
    parts = module.split("/")
    starts = ((one, "/".join(parts[: one.strip("/").count("/") + 1])) for one in patterns)
    return any(fnmatchcase(start, one.strip("/")) for one, start in starts)


def _go(path: str, text: str) -> Iterator[Locked]:
    """Yield the modules of go.mod. One that shares the owner of the file's own module may be as private as that."""
    manifest = manifests.read(path, text)
    replaced = {origin.split()[1] for origin in manifest.origins if origin.startswith("replace ")}
    module = re.search(r"^module\s+\"?([^\s\"]+)", text, re.MULTILINE)
    owner = "/".join(module[1].split("/")[:2]) if module else ""
    for one in manifest.packages:
        if one.ecosystem == GO and one.pinned and one.name not in replaced:
            yield Locked("Go", one.name, one.pinned.removeprefix("v"), not f"{one.name}/".startswith(f"{owner}/"))


def _cargo(_: str, text: str) -> Iterator[Locked]:
    for one in items(tomllib.loads(text).get("package")):
        if str(source := one.get("source") or "").startswith(("registry+", "sparse+")):
            yield Locked("crates.io", one["name"], one["version"], source in _CRATES)


def _gems(_: str, text: str) -> Iterator[Locked]:
    for section in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        if section.startswith("GEM\n"):
            hosts = {host(url) for url in re.findall(r"^  remote: (\S+)", section, re.MULTILINE)}
            for name, version in re.findall(r"^    (\S+) \(([^)-]+)[^)]*\)$", section, re.MULTILINE):
                yield Locked("RubyGems", name, version, hosts == {"rubygems.org"})


def _composer(_: str, text: str) -> Iterator[Locked]:
    document = table(json.loads(text))
    for one in (*items(document.get("packages")), *items(document.get("packages-dev"))):
        is_public = host(one.get("notification-url")) == "packagist.org"
        yield Locked("Packagist", one["name"], one["version"].removeprefix("v"), is_public)


def _maven(path: str, text: str) -> Iterator[Locked]:
    for one in manifests.read(path, text).packages:
        if one.ecosystem == MAVEN and one.pinned and not one.source:
            yield Locked("Maven", one.name, one.pinned, is_public=True)


def _gradle(_: str, text: str) -> Iterator[Locked]:
    for group, name, version in re.findall(r"^([\w.-]+):([\w.-]+):([^=\s]+)=", text, re.MULTILINE):
        yield Locked("Maven", f"{group}:{name}", version, is_public=True)


_READERS: dict[str, Callable[[str, str], Iterator[Locked]]] = {
    "go.mod": _go,
    "Cargo.lock": _cargo,
    "Gemfile.lock": _gems,
    "gems.locked": _gems,
    "composer.lock": _composer,
    "pom.xml": _maven,
    "gradle.lockfile": _gradle,
    "buildscript-gradle.lockfile": _gradle,
}
