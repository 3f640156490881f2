"""Judges the packages that a change brings by their licences, those that nobody knows in one finding."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import DamagedStateError
from ..core.fs import read_text
from ..model import Finding, Kind, Severity
from . import manifests, registries
from .licences import Answer, look_up
from .licences import judged as judged_licence
from .manifests.package import CARGO, NPM, PYPI, items, table
from .private_packages import has_other_index, private_to_npm
from .registries import ASKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .change import Change
    from .manifests import Dependency


@dataclass(frozen=True, slots=True)
class New:
    """A package that a manifest did not ask for before, or takes from elsewhere now."""

    package: Dependency
    path: str
    line: int | None
    what: str


def judged(change: Change, results: Sequence[Finding | New], *, asks: bool) -> Iterator[Finding]:
    """Yield the findings in their order, each new package as one. `asks` lets the registries be asked."""
    new = [one for one in results if isinstance(one, New)]
    answers = {one: _licence(change, one.path, one.package) for one in new}
    unknown = [one for one in new if not answers[one].licence and not one.package.source]
    asked = [one for one in unknown if not _is_private(change, one)] if asks and not _names_registry(change) else []
    kept = frozenset(one for one in unknown if one.package.ecosystem in ASKED and one not in asked)
    answers.update(_of_registries(change, asked))
    unknown = [one for one in unknown if not answers[one].licence]
    for one in results:
        if isinstance(one, Finding):
            yield one
        elif len(unknown) > 1 and one in unknown:
            yield from [_all_unknown(unknown, answers, len(kept))] if one == unknown[0] else []
        else:
            yield _finding(one, answers[one], int(one in kept))


def _finding(one: New, answer: Answer, kept: int) -> Finding:
    licence = "unknown licence" if not answer.licence else answer.licence
    if answer.licence and not answer.known:
        licence = f"unclear licence: {licence}"
    kind, severity = (Kind.DEPENDENCY, Severity.INFO) if answer.permissive else (Kind.LICENCE, Severity.CRITICAL)
    detail = f"Licence from {answer.source}" if answer.licence else f"{answer.source.capitalize()}{_withheld(kept)}"
    message = f"{one.what}: {_named(one, answer)} ({licence})"
    return Finding(kind, severity, "new-dependency", message, one.path, one.line, detail)


def _all_unknown(unknown: Sequence[New], answers: Mapping[New, Answer], kept: int) -> Finding:
    """Return one finding for all packages whose licence nobody knows, so that one answer is enough."""
    names = ", ".join(_named(one, answers[one]) for one in unknown)
    paths = ", ".join(dict.fromkeys(one.path for one in unknown))
    message, first = f"New dependencies: {names} (unknown licences)", unknown[0]
    detail = f"No source knows these licences. Asked for by {paths}{_withheld(kept)}"
    return Finding(Kind.LICENCE, Severity.CRITICAL, "new-dependency", message, first.path, first.line, detail)


def _named(one: New, answer: Answer) -> str:
    package = one.package
    version = None if package.source else package.pinned or answer.version
    shown = f"v{version.removeprefix('v')}" if version else package.shown
    return package.name if shown == package.name else f"{package.name} {shown}"


# ---- who knows a licence ------------------------------------------------------------------------------------------


def _licence(change: Change, path: str, package: Dependency) -> Answer:
    """Look a licence up where this program is installed, then where the setup installed the package for the tests."""
    policy, locked = change.milestone.licences, _locked(change, path)
    answer = look_up(package, policy, locked)
    if answer.licence or package.source or not change.milestone.tree.setup:
        return answer
    if package.ecosystem == PYPI:
        places = (
            place for name in (".venv", "venv") for place in change.tree.glob(f"{name}/lib/python*/site-packages")
        )
        return look_up(package, policy, locked, tuple(map(str, places)))
    installed = {NPM: _in_node_modules, CARGO: _in_cargo}.get(package.ecosystem)
    if installed is None or (known := installed(change, path, package)) is None:
        return answer
    version, licence = known
    return judged_licence(licence, f"installed metadata of {package.name} {version}", version, policy)


def _in_node_modules(change: Change, path: str, package: Dependency) -> tuple[str, str] | None:
    """Return (version, licence) of what the setup installed. A file of the commit is the change's own word."""
    tree = change.tree.resolve()
    for folder in _upwards(posixpath.dirname(path)):
        place = (tree / folder / "node_modules" / package.name / "package.json").resolve()
        if not place.is_file() or not place.is_relative_to(tree):
            continue
        try:
            manifest = table(json.loads(read_text(place) or "{}"))
        except (DamagedStateError, ValueError, RecursionError):
            return None
        version, licence = manifest.get("version"), manifest.get("license")
        is_ours = change.commits.read(change.head, str(place.relative_to(tree))) is not None
        is_told = isinstance(licence, str) and package.pinned in {None, version}
        return (str(version), str(licence)) if is_told and not is_ours else None
    return None


def _in_cargo(change: Change, path: str, package: Dependency) -> tuple[str, str] | None:
    """Return (version, licence) of the crate that cargo took from its registry for the tests."""
    words = ("cargo", "metadata", "--offline", "--format-version=1", f"--manifest-path={path}")
    try:
        crates = items(table(json.loads(change.tools.run(words, None).out)).get("packages"))
    except (ValueError, RecursionError):
        return None
    for crate in (table(one) for one in crates):
        is_ours = Path(str(crate.get("manifest_path"))).is_relative_to(change.tree)
        is_taken = not is_ours and str(crate.get("source") or "").startswith(("registry+", "sparse+"))
        version, licence = str(crate.get("version")), crate.get("license")
        is_asked = crate.get("name") == package.name and package.pinned in {None, version}
        if is_asked and is_taken and isinstance(licence, str):
            return version, licence.replace("/", " OR ")
    return None


_SETTINGS = re.compile(
    r"(?:.*/)?(?:\.npmrc|\.yarnrc(?:\.yml)?|bunfig\.toml|pip\.conf|uv\.toml|pyproject\.toml|\.cargo/config(?:\.toml)?)"
)
_REGISTRY = re.compile(
    r"^\s*(?:\S*registr\w*|npmRegistryServer|(?:extra-)?index(?:-url)?|find-links)\s*[=:]"
    r"|^\s*\[+(?:tool\.(?:uv\.index|poetry\.source|pdm\.source)|index|source\b|registries\b)",
    re.MULTILINE | re.IGNORECASE,
)


def _names_registry(change: Change) -> bool:
    """Return whether the project names a registry of its own, which the operator's tools would not ask."""
    paths = (path for path in change.commits.listing(change.head, ".") if _SETTINGS.fullmatch(path))
    return any(_REGISTRY.search(change.text(change.head, path)) for path in paths)


def _is_private(change: Change, one: New) -> bool:
    """Return whether a manifest or a lock file near has the package from an index that is not the public one."""
    if one.package.ecosystem == PYPI:
        return has_other_index(change, change.head, one.path)
    return one.package.ecosystem == NPM and one.package.name in _private_to_npm(change, one.path)


def _private_to_npm(change: Change, path: str) -> frozenset[str]:
    """Return the packages that the lock file beside a package.json, or above it, has from another registry."""
    texts = (
        change.text(change.head, posixpath.join(folder, "package-lock.json"))
        for folder in _upwards(posixpath.dirname(path))
    )
    try:
        lock = table(json.loads(next(filter(None, texts), "{}")))
    except (ValueError, RecursionError):
        return frozenset()
    return private_to_npm(lock, "", registries.of_npm(change.tools)) if lock else frozenset()


def _withheld(many: int) -> str:
    """Return how many names no registry was told, empty where none was kept from them."""
    names = "its name" if many == 1 else f"{many} names"
    return f". No registry was told {names}, because the project has an index of its own" if many else ""


def _of_registries(change: Change, unknown: Iterable[New]) -> Iterator[tuple[New, Answer]]:
    answers = registries.ask(change.tools, tuple({one.package: None for one in unknown}))
    for one in unknown:
        if (answer := answers.get(one.package)) and answer.licence:
            yield one, judged_licence(answer.licence, answer.source, answer.version, change.milestone.licences)


def _upwards(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, the top of the repository last."""
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _locked(change: Change, path: str) -> dict[str, tuple[str, str]]:
    """Return what the lock file beside a manifest, or above it in a workspace, says of licences."""
    locks = {"package.json": "package-lock.json", "composer.json": "composer.lock"}
    lock = locks.get(posixpath.basename(path))
    texts = (
        change.text(change.head, posixpath.join(folder, lock)) for folder in _upwards(posixpath.dirname(path)) if lock
    )
    text = next(filter(None, texts), "")
    try:
        return manifests.licences(lock, text) if lock and text else {}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
