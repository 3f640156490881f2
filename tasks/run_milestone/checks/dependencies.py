"""Finds packages that a change adds, their licences and sources, changed versions, and lock files."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.presets import configuration
from ..model import Finding, Kind, Severity
from . import manifests
from .file_types import is_code, is_lock_file
from .manifests import by_name
from .new_packages import New, judged
from .scripts import is_plain_script
from .similar_names import resembled
from .unavailable import failed, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.change import ChangedFile
    from .change import Change
    from .manifests import Dependency, Manifest


@dataclass(frozen=True, slots=True)
class Compared:
    """A changed manifest at the base and at the head."""

    file: ChangedFile
    before: Manifest
    after: Manifest


@dataclass(slots=True)
class Known:
    """What the manifests asked for at the base, and the packages that were told already."""

    packages: dict[tuple[str, str], Dependency]
    seen: set[tuple[str, str]] = field(default_factory=set)

    def names(self, ecosystem: str) -> tuple[str, ...]:
        """Return the names of an ecosystem's packages."""
        return tuple(name for other, name in self.packages if other == ecosystem)


def check(change: Change) -> Iterator[Finding]:
    """Yield new packages, changed versions and sources, manifests that are not read, and lock files on their own."""
    files = [file for file in change.files if _is_listed(file)]
    files += [file for file in _included(change) if file not in files]
    findings = tuple(_manifests(change, files))
    yield from findings
    folders = {posixpath.dirname(file.path) for file in files} if findings else set()
    for file in change.files:
        yield from _other(change, file, folders)


def _is_listed(file: ChangedFile) -> bool:
    return any(manifests.is_manifest(path) for path in (file.before, file.after) if path)


_SCRIPT = re.compile(r"# /// script\s*$")
"""How a Python file begins to list the packages that it is run with."""


def _other(change: Change, file: ChangedFile, explained: set[str]) -> Iterator[Finding]:
    if is_lock_file(file.path):
        yield from _locked_elsewhere(change, file)
        if not any(_is_above(folder, file.path) for folder in explained):
            yield Finding(Kind.LOCKFILE, Severity.INFO, "lock-file", f"Lock file changed: {file.path}", file.path)
    elif configuration("installs").match(file.path.lower()):
        message = f"Package installation configured: {file.path} {_done(file)}"
        yield Finding(Kind.LICENCE, Severity.CRITICAL, "package-source", message, file.path)
    elif configuration("unread").match(file.path.lower()):
        yield _not_read(file.path, f"Dependencies not looked at: {file.path} {_done(file)}, and this kind is not read")
    elif file.path.endswith(".py") and any(_SCRIPT.match(text) for _, text in file.added):
        yield _not_read(
            file.path, f"Dependencies not looked at: {file.path} asks for packages of its own (`# /// script`)"
        )


_LOCKED = re.compile(
    r"(?:\bresolved\"?:?\s*\"|tarball:\s*[\"']?|(?:url|registry|git) = \"|\"url\": \""
    r"|source = \"(?:registry|git|sparse)\+)"
    r"(?:git\+)?(?:https?|ssh)://(?:[^/\s\"'@]*@)?([^/\s\"':]+)"
)
"""The host that a lock file takes a package from."""


_WAY = r'\{\s*(?:"(?:type|url)":\s*"[^"]*",?\s*)*\}'
_FUNDING = re.compile(rf'"funding":\s*(?:{_WAY}|\[\s*(?:(?:{_WAY}|"[^"]*"),?\s*)*\])')
"""Where npm and Composer say how to pay for a package: nothing is taken from there."""


def _locked_elsewhere(change: Change, file: ChangedFile) -> Iterator[Finding]:
    """Yield hosts that the lock file did not know at the base: a package may be swapped there unseen."""
    if file.binary or not file.before:
        return
    before, after = (set(_LOCKED.findall(_FUNDING.sub("", text))) for text in change.texts(file))
    for host in sorted(after - before) if before else ():
        message = f"The lock file takes packages from another host: {host}"
        yield Finding(Kind.LICENCE, Severity.CRITICAL, "package-source", message, file.path)


def _is_above(folder: str, path: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _done(file: ChangedFile) -> str:
    return {"A": "was added", "D": "was deleted"}.get(file.status, "changed")


def _not_read(path: str, message: str) -> Finding:
    return Finding(Kind.DEPENDENCY, Severity.WARNING, "not-looked-at", message, path)


_PAGES = (".md", ".rst", ".css", ".html")
"""What, beside code, no list of packages is called."""


def _is_text_apart(path: str) -> bool:
    """Return whether a text is called as no list of packages is."""
    return is_code(path) or path.endswith(_PAGES)


def _included(change: Change) -> Iterator[ChangedFile]:
    """Yield changed text files that a list of packages includes, whatever they are called."""
    texts = [
        file for file in change.files if not file.binary and not _is_text_apart(file.path) and not _is_listed(file)
    ]
    if not texts:
        return
    names = {
        name
        for commit in (change.base, change.head)
        for path in change.commits.listing(commit, ".")
        if manifests.is_manifest(path)
        for name in _includes(change, commit, path)
    }
    yield from (file for file in texts if {file.before, file.after} & names)


def _includes(change: Change, commit: str, path: str) -> list[str]:
    """Return the paths that a manifest includes, and those that these include."""
    paths, waiting = list[str](), [path]
    while waiting and len(paths) < 100:
        path = waiting.pop()
        try:
            included = manifests.read(path, change.text(commit, path)).includes
        except (ValueError, TypeError, RecursionError):
            continue
        below = [posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in included]
        waiting += [one for one in below if one not in paths]
        paths += below
    return paths


# ---- manifests ----------------------------------------------------------------------------------------------------


def _manifests(change: Change, files: list[ChangedFile]) -> Iterator[Finding]:
    """Compare all changed manifests together, because a package that moved between two of them is not new."""
    if not files:
        return
    if unmet := missing("licences", "new dependencies were not looked at"):
        yield unmet
        return
    compared: list[Compared] = []
    for file in files:
        try:
            old, new = (_read(path, text) for path, text in _texts(change, file))
        except (ValueError, TypeError, RecursionError) as error:
            why = (str(error).splitlines() or ["not understood"])[0]
            yield failed("dependencies", f"{file.path} cannot be read: {why}. Repair it")
            continue
        compared.append(Compared(file, old, new))
    known = Known(by_name(package for one in compared for package in one.before.packages))
    results = [each for one in compared for each in (*_packages(one, known), *_origins(change, one))]
    yield from judged(change, results, asks=not any(_LEADS_AWAY.match(text) for text in _all_origins(compared)))


def _is_read(change: Change, path: str, name: str) -> bool:
    """Return whether an included file is one of the commit, and its packages are looked at where it changes."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if place.startswith(("../", "/")):
        return False
    is_changed = any(file.after == place and not file.binary for file in change.files) and not _is_text_apart(place)
    return (is_changed or manifests.is_manifest(place)) and change.commits.read(change.head, place) is not None


def _texts(change: Change, file: ChangedFile) -> Iterator[tuple[str | None, str]]:
    return zip((file.before, file.after), change.texts(file), strict=True)


def _read(path: str | None, text: str) -> Manifest:
    return manifests.read(path, text) if path else manifests.Manifest()


def _packages(one: Compared, known: Known) -> Iterator[Finding | New]:
    for key, package in sorted(by_name(one.after.packages).items()):
        if key not in known.seen:
            yield from _compared(one.file, package, known)
        known.seen.add(key)


_LEADS_AWAY = re.compile(r"-f\b|.*\b(?:index|find-links|source|repository|no-index|registry)\b", re.IGNORECASE)
"""Origins by which a package may be another one than that of the same name in the index that the operator asks."""


def _all_origins(compared: list[Compared]) -> Iterator[str]:
    return (origin for one in compared for side in (one.before, one.after) for origin in side.origins)


def _origins(change: Change, one: Compared) -> Iterator[Finding]:
    """Yield what decides anew where packages come from or what runs, and what was not understood."""
    path = one.file.path
    unknown = [f"-r {name}" for name in one.after.includes if not _is_read(change, path, name)]
    known = {*one.before.origins, *(f"-r {name}" for name in one.before.includes)}
    for origin in dict.fromkeys((*one.after.origins, *unknown)):
        if origin not in known and not is_plain_script(change, one.file, origin):
            message = f"Package source or install step: {origin[:160]}"
            yield Finding(Kind.LICENCE, Severity.CRITICAL, "package-source", message, path)
    for phrase in dict.fromkeys(one.after.unread):
        if phrase not in one.before.unread:
            yield _not_read(path, f"Dependencies not looked at: `{phrase[:120]}` is not understood")


def _compared(file: ChangedFile, package: Dependency, known: Known) -> Iterator[Finding | New]:
    before = known.packages.get((package.ecosystem, package.name))
    line = next((number for number, text in file.added if package.name in text.lower().replace("_", "-")), None)
    if before is None or (package.source and package.source != before.source):
        yield New(package, file.path, line, "New dependency" if before is None else "Other source")
    elif before.shown != package.shown:
        message = f"{package.name} {before.shown} → {package.shown}"
        yield Finding(Kind.DEPENDENCY, Severity.INFO, "version-change", message, file.path, line)
    other = resembled(package.ecosystem, package.name, known.names(package.ecosystem)) if before is None else None
    if other:
        message = f"The name of {package.name} is nearly that of {other}: is it the package that was meant?"
        yield Finding(Kind.LICENCE, Severity.CRITICAL, "similar-name", message, file.path, line)
