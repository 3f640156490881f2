"""Finds what a migration does that is a file of SQL, in the dialect of its database."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from ...core.globs import matches
from ..sql import effects
from ..unavailable import missing
from .locate import undoes
from .migration_findings import of_effects
from .numbered_files import version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding
    from ..change import Change

_UP = re.compile(r"^(?:--|# ---)\s*(?:migrate:up|\+goose\s+up|\+migrate\s+up|!ups)\b.*$", re.IGNORECASE | re.MULTILINE)
_DOWN = re.compile(
    r"^(?:--|# ---)\s*(?:migrate:down|\+goose\s+down|\+migrate\s+down|!downs)\b", re.IGNORECASE | re.MULTILINE
)
_WHOLE = ("**/V[0-9]*__*.sql", "**/R__*.sql", "**/*.up.sql", "**/prisma/**")
"""Files of tools that run all of what they hold."""
_SCHEMES = {"mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite", "mssql": "tsql", "oracle": "oracle"}
_SIGNS = (
    (re.compile(r"`\w+`|AUTO_INCREMENT|ENGINE\s*=|\bMODIFY COLUMN\b|\bCHANGE COLUMN\b", re.IGNORECASE), "mysql"),
    (re.compile(r"\[dbo\]|^GO$|\bNVARCHAR\b|IDENTITY\s*\(1", re.IGNORECASE | re.MULTILINE), "tsql"),
    (re.compile(r"\bAUTOINCREMENT\b|\bPRAGMA\b|WITHOUT ROWID", re.IGNORECASE), "sqlite"),
)


def check(change: Change, path: str, text: str) -> Iterator[Finding]:
    """Yield what the statements of a file do."""
    if unmet := missing("migrations", f"{path} was not classified"):
        yield unmet
        return
    sql = _upwards(change, path, text)
    dialect = dialect_of(change, text)
    before = history(change, path) if re.search(r"\b(?:ALTER|MODIFY|CHANGE)\b", sql, re.IGNORECASE) else ""
    yield from of_effects(change, path, effects(sql, dialect, before))


def _upwards(change: Change, path: str, text: str) -> str:
    """Return the part that runs forwards. Without a mark in earlier files, nobody says that the tool knows marks."""
    up, down = _UP.search(text), _DOWN.search(text)
    if not up or not down or matches(path, _WHOLE):
        return text
    earlier = [change.text(change.base, other) for other in _earlier(change, path)[-5:]]
    if earlier and not any(_UP.search(one) for one in earlier):
        return text
    return text[up.end() : down.start()] if up.start() < down.start() else text[up.end() :]


def dialect_of(change: Change, text: str) -> str:
    """Return the dialect of a file: that of the plan's database, else what its words hint at."""
    scheme = (change.milestone.database or "").partition(":")[0].partition("+")[0]
    guessed = next((dialect for sign, dialect in _SIGNS if sign.search(text)), "postgres")
    return _SCHEMES.get(scheme, guessed)


def _earlier(change: Change, path: str) -> list[str]:
    """Return the base's migrations beside a file, or beside its folder where each has a folder of its own.

    They are in the order in which they run: by version, `V2` before `V10`, and those that run again and again last.
    """
    listed = change.commits.listing(change.base, folder_of(path) or ".")
    names = {other: posixpath.basename(other) for other in listed if other.endswith(".sql")}
    forwards = (other for other in names if not undoes(change, other))
    return sorted(forwards, key=lambda other: (names[other].startswith("R__"), version(names[other]), other))


def folder_of(path: str) -> str:
    """Return the folder of a migration: its own, or the one around where each has a folder of its own."""
    folder = posixpath.dirname(path)
    return posixpath.dirname(folder) if posixpath.basename(path) in {"migration.sql", "up.sql"} else folder


def both_ways(change: Change, path: str) -> tuple[str, str]:
    """Return what a file runs forwards and what undoes that, empty where nothing does."""
    text = change.text(change.head, path)
    down = _DOWN.search(text)
    up = _upwards(change, path, text)
    if down and up != text:
        return up, text[down.end() :]
    name = posixpath.basename(path)
    undone = re.sub(r"(^|[-_.])up\.sql$", r"\1down.sql", name)
    other = f"U{name[1:]}" if re.match(r"V\d", name) else undone
    return up, "" if other == name else change.text(change.head, posixpath.join(posixpath.dirname(path), other))


def history(change: Change, path: str) -> str:
    """Return what the base's migrations run, as one text."""
    texts = (_DOWN.split(change.text(change.base, other))[0] for other in _earlier(change, path)[-200:])
    return ";\n".join(texts)
