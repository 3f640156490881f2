"""Finds what the new migrations of a change do to the schema and its rows, and whether they still form one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...core.globs import matches
from . import alembic_revision, code, django_operations, lines, plain_sql
from .locate import Tool, alembic_folders, migrations_of, revisions_folder, undoes
from .migration_findings import additive, breaking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding
    from ...model.change import ChangedFile
    from ..change import Change

_TABLES = re.compile(r"\b(?:drop|alter|truncate|rename)\s+(?:table|view|type|schema|database|column)\b", re.IGNORECASE)
_REPEATED = ("**/R__*.sql",)
"""Migrations that run again whenever they change."""


def check(change: Change) -> Iterator[Finding]:
    """Yield what every new migration does, every change to an old one, and where they no longer form one line."""
    located = migrations_of(change)
    folders = alembic_folders(change) if located else ()
    for file, tool in located:
        if tool is Tool.SNAPSHOT:
            yield from _snapshot(file, {other for _, other in located})
        elif tool is Tool.UNKNOWN:
            yield additive(
                "not-looked-at", f"{file.path} lies among migrations and is not read. Look at it yourself", file.path
            )
        elif file.status == "A" or (file.after and matches(file.path, _REPEATED)):
            yield from _new(change, file.path, tool, folders)
        elif file.lines or file.binary or file.status != "M":
            yield _rewritten(file)
    yield from _elsewhere(change, frozenset(file.path for file, _ in located))
    for line in lines.lines(change, ((file.path, tool) for file, tool in located)):
        yield from lines.check(change, line)


def _elsewhere(change: Change, located: frozenset[str]) -> Iterator[Finding]:
    """Yield files of SQL that change tables or take them away, and that no tool is known to run."""
    for file in change.files:
        if not file.path.endswith(".sql") or file.path in located or not file.added or change.is_test(file.path):
            continue
        statements = _TABLES.findall("\n".join(text.partition("--")[0] for _, text in file.added))
        if statements and not undoes(change, file.path):
            message = f"{file.path} holds {statements[0].upper()} and is not among the migrations. Look who runs it"
            yield additive("elsewhere", message, file.path)


def _new(change: Change, path: str, tool: Tool, folders: tuple[str, ...]) -> Iterator[Finding]:
    text = change.text(change.head, path)
    if tool is Tool.ALEMBIC:
        yield from alembic_revision.check(change, path, revisions_folder(path, folders))
    elif tool is Tool.DJANGO:
        yield from django_operations.check(change, path, text)
    elif tool is Tool.SQL:
        yield from plain_sql.check(change, path, text)
    else:
        yield from code.check(change, path, text)


def _rewritten(file: ChangedFile) -> Finding:
    done = {"D": "deleted", "R": "renamed"}.get(file.status, "changed")
    message = f"Existing revision {done}: {file.before}"
    detail = "Risk: databases that ran it will not run it again"
    return breaking(f"REVISION {done.upper()}", message, file.path, detail)


def _snapshot(file: ChangedFile, tools: set[Tool]) -> Iterator[Finding]:
    """Yield that a written-out schema changed where no migration explains it."""
    if not tools - {Tool.SNAPSHOT}:
        yield additive("SCHEMA", f"{file.path} changed without a migration", file.path)
