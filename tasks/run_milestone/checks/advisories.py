"""Asks the operator's own tools whether a version that a change brings has an advisory: pip-audit, npm, osv-scanner.

They need the network, so they run on the operator's side, in a folder that holds names and versions alone, or what
npm reads. Names of packages from an index of one's own stay here. What is not looked up is said, and stops nothing.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..adapters.process import search_path
from ..core.fs import temporary_folder
from ..core.text import for_record
from ..model import Finding, Kind, Severity
from . import manifests
from .locked_packages import Locked, is_lock, read
from .manifests.package import PYPI, items, table
from .manifests.python import canonical
from .private_packages import comes_from_pypi, folders_of, has_other_index, private_to_npm, without
from .registries import of_npm
from .unavailable import last_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..adapters.process import Result
    from ..model.change import ChangedFile
    from .change import Change

_PLAIN = re.compile(r"[A-Za-z0-9][\w.-]*==\d[\w.+!-]*")
_ELSEWHERE = frozenset({"path", "editable", "git", "hg", "svn", "url"})
"""What pdm's lock file says of a package that comes from no index."""
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")


class Advisories(NamedTuple):
    """What the tools say of new versions, and why they were not asked about some."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


class NotAskedError(Exception):
    """Why a tool gave no answer, as a phrase."""


class Pins(NamedTuple):
    """Exact versions of packages from PyPI, and of packages from elsewhere."""

    public: frozenset[str] = frozenset()
    private: frozenset[str] = frozenset()


def look_up(change: Change) -> Advisories:
    """Look every new version up with the tools that are there."""
    findings, notes = list[Finding](), list[str]()
    for file in change.files:
        for ask in (_python, _npm, _osv_scanner):
            try:
                findings += ask(change, file)
            except NotAskedError as error:
                notes.append(f"Advisories of {file.path} not looked up: {for_record(str(error))}")
    return Advisories(tuple(dict.fromkeys(findings)), tuple(dict.fromkeys(notes)))


def _finding(path: str, package: str, names: Iterable[str], remedy: str) -> Finding:
    listed = [for_record(name) for name in names]
    shown = ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
    message = f"{package} has {len(listed)} known {'advisory' if len(listed) == 1 else 'advisories'}: {shown}"
    return Finding(Kind.DEPENDENCY, Severity.WARNING, "advisory", message, path, detail=remedy or None)


# ---- Python -------------------------------------------------------------------------------------------------------


def _python(change: Change, file: ChangedFile) -> Iterator[Finding]:
    program = shutil.which("pip-audit", path=f"{Path(sys.executable).parent}:{search_path()}")
    commits = zip((change.base, change.head), (file.before, file.after), strict=True)
    old, new = (_pins(change, commit, path) for commit, path in commits)
    pins, private = sorted(new.public - old.public), new.private - old.private
    if program is None:
        return
    answer = [one for part in _without_repeats(pins) for one in _pip_audit(change, program, part)]
    skipped = [one for one in answer if one.get("skip_reason")]
    for one in answer:
        if advisories := items(one.get("vulns")):
            fixed = sorted({str(version) for each in advisories for version in items(each.get("fix_versions"))})
            remedy = f"Fixed in {', '.join(fixed[:3])}" if fixed else ""
            names = (str(each.get("id")) for each in advisories)
            yield _finding(file.path, f"{one.get('name')} {one.get('version')}", names, remedy)
    if private:
        raise NotAskedError(_withheld(len(private), "PyPI"))
    if skipped:  # the others are told already
        raise NotAskedError(f"pip-audit: {str(skipped[0]['skip_reason'])[:200]}")


def _withheld(count: int, service: str) -> str:
    """Return a note on packages that come from an index of one's own."""
    what = "1 package comes" if count == 1 else f"{count} packages come"
    return (
        f"{what} from an index that is not public, and {service} was not told {'its' if count == 1 else 'their'} name"
    )


def _pip_audit(change: Change, program: str, pins: Iterable[str]) -> list[dict[str, Any]]:
    """Return what pip-audit tells of versions. It refuses a package of which it gets two."""
    with temporary_folder("run-milestone-") as folder:
        (folder / "requirements.txt").write_text("\n".join(pins), encoding="utf-8")
        words = (
            "--no-deps",
            "--disable-pip",
            "--format=json",
            "--progress-spinner=off",
            "--requirement=requirements.txt",
        )
        answer = _answer(change.tools.as_operator((program, *words), folder), "pip-audit", "dependencies")
    return [one for one in items(answer) if isinstance(one, dict)]


def _without_repeats(pins: Iterable[str]) -> list[list[str]]:
    """Return the versions in parts, none of which has a package twice."""
    parts = list[dict[str, str]]()
    for pin in pins:
        name = canonical(pin.partition("==")[0])
        part = next((one for one in parts if name not in one), None)
        if part is None:
            parts.append(part := {})
        part[name] = pin
    return [list(part.values()) for part in parts]


def _pins(change: Change, commit: str, path: str | None) -> Pins:
    """Return the exact versions that a manifest or a lock file of Python names."""
    if path is None:
        return Pins()
    try:
        if posixpath.basename(path) in _LOCKS:
            return _locked(change, commit, path)
        if not manifests.is_manifest(path):
            return Pins()
        read = (one for one in manifests.read(path, change.text(commit, path)).packages if one.ecosystem == PYPI)
        pins = _plain(f"{one.name}=={one.pinned}" for one in read if one.pinned and not one.source)
        return Pins(private=pins) if pins and has_other_index(change, commit, path) else Pins(pins)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Pins()  # the check of dependencies says that it cannot be read


def _locked(change: Change, commit: str, path: str) -> Pins:
    """Return the versions in a lock file. That of pdm does not say of which index a package is."""
    locked = [*filter(_is_of_an_index, items(tomllib.loads(change.text(commit, path)).get("package")))]
    is_open = posixpath.basename(path) != "pdm.lock" or not has_other_index(change, commit, path)
    parts = ([one for one in locked if (is_open and comes_from_pypi(one)) is wanted] for wanted in (True, False))
    return Pins(*(_plain(f"{one.get('name')}=={one.get('version')}" for one in part) for part in parts))


def _plain(pins: Iterable[str]) -> frozenset[str]:
    return frozenset(pin for pin in pins if _PLAIN.fullmatch(pin))


def _is_of_an_index(locked: dict[str, Any]) -> bool:
    """Tell whether a locked package comes from an index: one from a folder or a repository has a name of its own."""
    source = locked.get("source") or {"registry": ""}
    return ("registry" in source or source.get("type") == "legacy") and _ELSEWHERE.isdisjoint(locked)


# ---- npm ----------------------------------------------------------------------------------------------------------


def _npm(change: Change, file: ChangedFile) -> Iterator[Finding]:
    is_lock = file.after and posixpath.basename(file.after) in _NPM_LOCKS
    if not is_lock or shutil.which("npm", path=search_path()) is None:
        return
    new = _audited(change, change.head, file.after or "")
    old = _audited(change, change.base, file.before) if file.before and new else {}
    for package, advisories in sorted(new.items()):
        if names := sorted(advisories.keys() - old.get(package, {}).keys()):
            yield _finding(file.path, package, names, "; ".join(dict.fromkeys(advisories[name] for name in names)))
    private = _private(change, change.head, file.after or "")[0]
    if private and file.before:
        private -= _private(change, change.base, file.before)[0]
    if private:
        raise NotAskedError(_withheld(len(private), "npm's registry"))


def _private(change: Change, commit: str, path: str) -> tuple[frozenset[str], dict[str, Any]]:
    """Return the packages of a lock file that are not of a registry which may know them, and the file's content.

    Errors: NotAskedError where it cannot be read.
    """
    lock = _object(change.text(commit, path), path)
    npmrc = change.text(commit, posixpath.join(posixpath.dirname(path), ".npmrc"))
    return private_to_npm(lock, npmrc, of_npm(change.tools)), lock


def _audited(change: Change, commit: str, path: str) -> dict[str, dict[str, str]]:
    """Return the advisories by package that npm tells of a lock file, each with its title."""
    private, lock = _private(change, commit, path)
    hidden = private | folders_of(lock)
    with temporary_folder("run-milestone-") as folder:
        beside = posixpath.join(posixpath.dirname(path), "package.json")
        manifest = without(_packages_alone(_object(change.text(commit, beside), beside)), hidden)
        (folder / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
        (folder / posixpath.basename(path)).write_text(json.dumps(without(lock, hidden)), encoding="utf-8")
        words = ("npm", "audit", "--json", "--package-lock-only", "--ignore-scripts", "--fetch-retries=0")
        answer = _answer(change.tools.as_operator(words, folder), "npm audit", "vulnerabilities")
    return {
        name: {str(via.get("url", "")).rpartition("/")[2]: str(via.get("title", "")) for via in vias}
        for name, one in table(answer).items()
        if (vias := [via for via in items(table(one).get("via")) if isinstance(via, dict)])
    }


def _packages_alone(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest with what it asks for and nothing else: `packageManager` may name another npm to fetch."""
    wanted = (key for key in manifest if key in {"version", "overrides"} or key.endswith("ependencies"))
    return {key: manifest[key] for key in wanted}


# ---- osv-scanner --------------------------------------------------------------------------------------------------


def _osv_scanner(change: Change, file: ChangedFile) -> Iterator[Finding]:
    if not (file.after and is_lock(file.after)) or shutil.which("osv-scanner", path=search_path()) is None:
        return
    try:
        new, old = (read(change, *side) if side[1] else frozenset() for side in _sides(change, file))
    except ValueError:
        raise NotAskedError(f"{file.after} cannot be read") from None
    brought = new - old
    public = sorted(one for one in brought if one.is_public)
    for one in _scanned(change, public) if public else []:
        package, groups = table(one, "package"), [table(group).get("ids") for group in items(one.get("groups"))]
        if names := [str(ids[0]) for ids in map(items, groups) if ids]:
            fixed = f"Fixed in {', '.join(sorted(_fixes(one))[:3])}" if _fixes(one) else ""
            yield _finding(file.path, f"{package.get('name')} {package.get('version')}", names, fixed)
    if len(public) < len(brought):
        raise NotAskedError(_withheld(len(brought) - len(public), "osv.dev"))


def _fixes(package: dict[str, Any]) -> set[str]:
    """Return the versions in which the advisories of a package are fixed."""
    affected = [
        table(each) for one in items(package.get("vulnerabilities")) for each in items(table(one).get("affected"))
    ]
    ranges = [table(one) for each in affected for one in items(each.get("ranges")) if table(one).get("type") != "GIT"]
    return {str(event["fixed"]) for one in ranges for event in items(one.get("events")) if "fixed" in table(event)}


def _sides(change: Change, file: ChangedFile) -> tuple[tuple[str, str], tuple[str, str]]:
    return (change.head, file.after or ""), (change.base, file.before or "")


def _scanned(change: Change, packages: Iterable[Locked]) -> list[dict[str, Any]]:
    """Return what osv-scanner tells of packages, in the form that it takes for lock files it does not know."""
    named = [{"package": {"name": one.name, "version": one.version, "ecosystem": one.ecosystem}} for one in packages]
    with temporary_folder("run-milestone-") as folder:
        document = {"results": [{"source": {}, "packages": named}]}
        (folder / "packages.json").write_text(json.dumps(document), encoding="utf-8")
        words = ("osv-scanner", "scan", "--format=json", "--lockfile=osv-scanner:packages.json")
        results = items(_answer(change.tools.as_operator(words, folder), "osv-scanner", "results"))
    return [table(one) for result in results for one in items(table(result).get("packages"))]


def _object(text: str, path: str) -> dict[str, Any]:
    try:
        return table(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        raise NotAskedError(f"{path} cannot be read") from None


def _answer(result: Result, tool: str, key: str) -> Any:
    """Return what a tool printed under a key. Errors: NotAskedError where it printed no such thing."""
    try:
        document = json.loads(result.out)
        return document[key]
    except (ValueError, KeyError, TypeError, RecursionError):
        document = {}
    if result.timed_out:
        raise NotAskedError(f"{tool} did not answer in {result.seconds:.0f} s")
    raise NotAskedError(f"{tool}: {_first_error(result)}")


def _first_error(result: Result) -> str:
    """Return what npm says of an error in its JSON, else the last words of a tool."""
    try:
        document = json.loads(result.out)
    except (ValueError, RecursionError):
        document = None
    summary = table(document, "error").get("summary") or table(document).get("message")
    return str(summary or last_words(result.err or result.out))[:200]
