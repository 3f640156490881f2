"""Tells which files are migrations, and of which tool, wherever a project keeps them."""

from __future__ import annotations

import configparser
import posixpath
import re
import tomllib
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ...core.globs import matches
from ..manifests.package import table

if TYPE_CHECKING:
    from ...model.change import ChangedFile
    from ..change import Change


class Tool(StrEnum):
    """What reads a migration."""

    ALEMBIC = "Alembic"
    DJANGO = "Django"
    SQL = "plain SQL"
    CODE = "code of a migration tool"
    SNAPSHOT = "a schema that a tool writes"
    UNKNOWN = "an unknown tool"


FOLDERS = frozenset(
    {
        "migrations",
        "migration",
        "migrate",
        "db-migrations",
        "db_migrations",
        "changelog",
        "changelogs",
        "drizzle",
        "evolutions",
    }
)
_BESIDE = frozenset(
    {"__init__.py", "env.py", "conftest.py", "mod.rs", "index.js", "index.ts", "knexfile.js", "main.go"}
)
_CODE = (
    ".rb",
    ".js",
    ".cjs",
    ".mjs",
    ".ts",
    ".php",
    ".exs",
    ".cs",
    ".go",
    ".java",
    ".kt",
    ".py",
    ".xml",
    ".yaml",
    ".yml",
)
_SNAPSHOTS = ("**/db/schema.rb", "**/db/structure.sql", "**/db/schema.sql", "**/schema.prisma")
_UNDO = ("**/*.down.sql", "**/down.sql", "**/*.undo.sql", "**/U[0-9]*__*.sql", "**/revert/**", "**/verify/**")
_BACK = re.compile(r"(.*)([-_.])(?:down|undo|rollback)(?=[-_.])")
"""The name of a file that undoes what the one beside it does: `x_down.sql` beside `x_up.sql` or `x.sql`."""
_SQL = ("**/V[0-9]*__*.sql", "**/R__*.sql", "**/*.up.sql", "**/prisma/migrations/**/*.sql", "**/sqitch/deploy/*.sql")
_MARKED = re.compile(
    r"^--\s*(?:migrate:up|\+goose\s+up|\+migrate\s+up|liquibase formatted sql|deploy \S+)", re.IGNORECASE | re.MULTILINE
)
_FORWARDS = re.compile(r"^--\s*(?:migrate:up|\+goose\s+up|\+migrate\s+up)", re.IGNORECASE | re.MULTILINE)
_REVISION = re.compile(r"^(?:down_revision|Revises)\b", re.MULTILINE)
_DJANGO = re.compile(r"^class Migration\([\w.]*Migration\)", re.MULTILINE)
_TOOLS = re.compile(
    r"ActiveRecord::Migration|queryInterface|queryRunner|knex|\bexports\.(?:up|down)|async up\(|Schema::|addSql"
    r"|Ecto\.Migration|[mM]igrationBuilder|databaseChangeLog|pgm\.|goose\.Add|BaseJavaMigration|extends Migration"
    r"|yoyo|step\(|async def upgrade|def up\b|def upgrade\b",
)


def migrations_of(change: Change) -> list[tuple[ChangedFile, Tool]]:
    """Return the migrations among the changed files, each with what reads it, after the change or before it."""
    files = [file for file in change.files if any(path and may_be(path) for path in (file.before, file.after))]
    folders = alembic_folders(change) if files else ()
    return [(file, tool) for file in files if (tool := _tool(change, file, folders))]


def _tool(change: Change, file: ChangedFile, folders: tuple[str, ...]) -> Tool | None:
    texts = zip((file.after, file.before), reversed(change.texts(file)), strict=True)
    return next((tool for path, text in texts if path and (tool := tool_of(change, path, text, folders))), None)


def may_be(path: str) -> bool:
    """Tell from its path alone whether a file may be a migration."""
    among = bool(FOLDERS & {part.lower() for part in PurePosixPath(path).parts[:-1]})
    return path.endswith((".py", ".sql")) or matches(path, _SNAPSHOTS) or (among and path.endswith(_CODE))


def tool_of(change: Change, path: str, text: str, alembic: tuple[str, ...]) -> Tool | None:
    """Return what reads the file as a migration, None where it is none, or undoes one.

    `alembic` are the folders of Alembic's revisions.
    """
    parts, name = PurePosixPath(path).parts, posixpath.basename(path)
    if matches(path, _SNAPSHOTS):
        return Tool.SNAPSHOT
    if name.endswith(".py"):
        return _python(path, text, alembic)
    if name.endswith(".sql"):
        return Tool.SQL if not undoes(change, path, text) and _is_sql(parts, path, text) else None
    if not (FOLDERS & {part.lower() for part in parts[:-1]}) or name in _BESIDE or not name.endswith(_CODE):
        return None
    if name.endswith((".Designer.cs", "ModelSnapshot.cs", ".d.ts", ".test.ts", ".test.js", ".spec.ts")):
        return None
    if _TOOLS.search(text):
        return Tool.CODE
    return None if name.endswith((".xml", ".yaml", ".yml")) else Tool.UNKNOWN


def undoes(change: Change, path: str, text: str = "") -> bool:
    """Tell whether a file of SQL takes a migration back: by a name of known tools, or that of one beside it."""
    if matches(path, _UNDO):
        return not _FORWARDS.search(text)
    folder, name = posixpath.split(path)
    others = {_BACK.sub(rf"\1{way}", name) for way in ("", r"\2up", r"\2do")} - {name}
    beside = [posixpath.join(folder, other) for other in others]
    return any(change.text(commit, other) for other in beside for commit in (change.head, change.base))


def _python(path: str, text: str, alembic: tuple[str, ...]) -> Tool | None:
    name = posixpath.basename(path)
    if name in _BESIDE:
        return None
    if folder_of(path, alembic) or (_REVISION.search(text) and re.search(r"^revision\b", text, re.MULTILINE)):
        return Tool.ALEMBIC
    parts = PurePosixPath(path).parts[:-1]
    if not FOLDERS & {part.lower() for part in parts[-2:]}:
        return None
    if _DJANGO.search(text):
        return Tool.DJANGO
    return Tool.CODE if _TOOLS.search(text) or re.match(r"\d{3,}", name) else Tool.UNKNOWN


def _is_sql(parts: tuple[str, ...], path: str, text: str) -> bool:
    named = matches(path, _SQL) or bool(FOLDERS & {part.lower() for part in parts[:-1]})
    return named or bool(_MARKED.search(text))


# ---- Alembic's folders --------------------------------------------------------------------------------------------


def folder_of(path: str, folders: tuple[str, ...]) -> str | None:
    """Return the folder among `folders` that a file is in."""
    return next((folder for folder in folders if PurePosixPath(path).is_relative_to(folder)), None)


def revisions_folder(path: str, folders: tuple[str, ...]) -> str:
    """Return the folder of revisions that a file is in: a configured one, else its own."""
    return folder_of(path, folders) or posixpath.dirname(path)


def alembic_folders(change: Change) -> tuple[str, ...]:
    """Return the folders of revisions: the plan's, and those that configuration names at the base or at the head."""
    return tuple(sorted({change.milestone.migrations}.union(*alembic_histories(change))))


def alembic_histories(change: Change) -> set[frozenset[str]]:
    """Return the folders of revisions of each configuration: revisions of all of them follow one another."""
    commits = (change.base, change.head)
    listed = {path for commit in commits for path in change.commits.listing(commit, ".") if _CONFIGURATION.search(path)}
    return {frozenset(_configured(path, change.text(commit, path))) for path in listed for commit in commits}


_CONFIGURATION = re.compile(r"^pyproject\.toml$|(?:^|/)alembic\.ini$")


def _configured(path: str, text: str) -> set[str]:
    """Return the folders that a configuration names. Flask-Migrate's lies in the folder itself and names none."""
    if not text:
        return set()
    place, locations = _settings(path, text)
    here = posixpath.dirname(path)
    place = place.replace("%(here)s", here or ".").replace("%%", "%")
    script = posixpath.normpath(posixpath.join("" if place.startswith(here or ".") else here, place)) if place else here
    named = [one.replace("%(here)s", here or ".") for one in re.split(r"[\s,;]+", locations) if one]
    return {posixpath.normpath(one) for one in named} or (
        {posixpath.join(script, "versions")} if script or place else set()
    )


def _settings(path: str, text: str) -> tuple[str, str]:
    try:
        if path.endswith(".toml"):
            section = table(tomllib.loads(text), "tool", "alembic")
            locations = section.get("version_locations", [])
            listed = " ".join(map(str, locations)) if isinstance(locations, list) else str(locations)
            return str(section.get("script_location", "")), listed
        config = configparser.RawConfigParser(strict=False)
        config.read_string(text)
        return config.get("alembic", "script_location", fallback=""), config.get(
            "alembic", "version_locations", fallback=""
        )
    except (configparser.Error, ValueError):
        return "", ""
