"""Finds packages that a change adds, their licences, changed versions, and lock files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity
from .file_types import is_lock_file
from .licences import look_up
from .manifests import Dependency, by_name, dependencies, is_manifest
from .unavailable import failed, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model.change import ChangedFile
    from .change import Change


def check(change: Change) -> Iterator[Finding]:
    """Yield new packages and changed versions, and a changed lock file where no manifest explains it."""
    findings = tuple(_manifests(change, [file for file in change.files if _asks(file)]))
    yield from findings
    if not findings:
        for file in change.files:
            if is_lock_file(file.path):
                message = f"Lock file changed: {file.path}"
                yield Finding(Kind.LOCKFILE, Severity.INFO, "lock-file", message, file.path)


def _asks(file: ChangedFile) -> bool:
    return any(is_manifest(path) for path in (file.before, file.after) if path)


def _manifests(change: Change, files: Sequence[ChangedFile]) -> Iterator[Finding]:
    """Compare all changed manifests together, because a package that moved between two of them is not new."""
    if not files:
        return
    if unmet := missing("licences", "new dependencies were not looked at"):
        yield unmet
        return
    before: list[Dependency] = []
    after: dict[str, list[Dependency]] = {}
    for file in files:
        try:
            old, new = (
                _read(path, text) for path, text in zip((file.before, file.after), change.texts(file), strict=True)
            )
        except (ValueError, TypeError, RecursionError) as error:
            yield failed("dependencies", f"{file.path} cannot be read: {str(error).splitlines()[0]}. Repair it")
            continue
        before += old
        after[file.path] = new
    known, seen = by_name(before), set[tuple[str, str]]()
    for file in files:
        for key, package in sorted(by_name(after.get(file.path, ())).items()):
            if key not in seen:
                yield from _compared(change, file, package, known.get(key))
            seen.add(key)


def _read(path: str | None, text: str) -> list[Dependency]:
    return list(dependencies(path, text)) if path and is_manifest(path) else []


def _compared(change: Change, file: ChangedFile, package: Dependency, known: Dependency | None) -> Iterator[Finding]:
    line = next((number for number, text in file.added if package.name in text.lower().replace("_", "-")), None)
    if known is None:
        yield _new(change, file.path, line, package)
    elif known.shown != package.shown:
        message = f"{package.name} {known.shown} → {package.shown}"
        yield Finding(Kind.DEPENDENCY, Severity.INFO, "version-change", message, file.path, line)


def _new(change: Change, path: str, line: int | None, package: Dependency) -> Finding:
    answer = look_up(package, change.milestone.licences)
    version = package.pinned or answer.version
    named = f"{package.name} v{version}" if version else f"{package.name} {package.shown}"
    licence = (
        answer.licence
        if answer.known
        else f"unclear licence: {answer.licence}"
        if answer.licence
        else "unknown licence"
    )
    kind, severity = (Kind.DEPENDENCY, Severity.INFO) if answer.permissive else (Kind.LICENCE, Severity.CRITICAL)
    detail = f"Licence from {answer.source}" if answer.licence else answer.source.capitalize()
    return Finding(kind, severity, "new-dependency", f"New dependency: {named} ({licence})", path, line, detail)
