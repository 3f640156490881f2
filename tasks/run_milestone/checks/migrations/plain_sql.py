"""Finds what a migration does that is a file of SQL, in the dialect of its database."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from ...core.globs import matches
from ..sql import effects
from ..unavailable import missing
from .migration_findings import of_effects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding
    from ..change import Change

_UP = re.compile(r"^--\s*(?:migrate:up|\+goose\s+up|\+migrate\s+up)\b.*$", re.IGNORECASE | re.MULTILINE)
_DOWN = re.compile(r"^--\s*(?:migrate:down|\+goose\s+down|\+migrate\s+down)\b", re.IGNORECASE | re.MULTILINE)
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
    dialect = _dialect(change, text)
    before = _history(change, path) if re.search(r"\b(?:ALTER|MODIFY|CHANGE)\b", sql, re.IGNORECASE) else ""
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


def _dialect(change: Change, text: str) -> str:
    scheme = (change.milestone.database or "").partition(":")[0].partition("+")[0]
    guessed = next((dialect for sign, dialect in _SIGNS if sign.search(text)), "postgres")
    return _SCHEMES.get(scheme, guessed)


def _earlier(change: Change, path: str) -> list[str]:
    """Return the base's migrations beside a file, or beside its folder where each has a folder of its own."""
    folder = posixpath.dirname(path)
    if posixpath.basename(path) in {"migration.sql", "up.sql"}:
        folder = posixpath.dirname(folder)
    listed = change.commits.listing(change.base, folder or ".")
    return sorted(other for other in listed if other.endswith(".sql") and not other.endswith(("down.sql", "undo.sql")))


def _history(change: Change, path: str) -> str:
    texts = (_DOWN.split(change.text(change.base, other))[0] for other in _earlier(change, path)[-200:])
    return ";\n".join(texts)
