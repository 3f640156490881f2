"""Counts the rows that a breaking migration puts at risk, in the plan's SQLite database."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

LONGEST = 10.0
"""Seconds one count may take."""


class NotCountedError(Exception):
    """Why the rows could not be counted, as a phrase."""


def count(database: str | None, repository: Path, table: str, column: str | None = None) -> int:
    """Return the rows of a table, or its values in a column. Errors: NotCountedError."""
    path = _file(database, repository)
    what = f"{_quoted(table)}.{_quoted(column)}" if column else "*"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            until = time.monotonic() + LONGEST
            connection.set_progress_handler(lambda: time.monotonic() > until, 100_000)
            query = f"SELECT count({what}) FROM {_quoted(table)}"  # noqa: S608 - identifiers cannot be parameters
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.Error as error:
        raise NotCountedError(str(error)) from None


def _file(database: str | None, repository: Path) -> Path:
    """Return the file of an SQLAlchemy URL: `sqlite:///relative.db`, `sqlite:////absolute.db`."""
    if database is None:
        raise NotCountedError("the plan names no database")
    scheme, _, rest = database.partition("://")
    if scheme.partition("+")[0] != "sqlite":
        raise NotCountedError("only SQLite databases are read")
    path = (repository / unquote(rest.removeprefix("/").partition("?")[0])).resolve()
    if not path.is_file():
        raise NotCountedError(f"{path.name} is not there")
    return path


def _quoted(name: str) -> str:
    """Quote an identifier; qualified by its table, SQLite cannot take an unknown column for a string."""
    return '"' + name.replace('"', '""') + '"'


def shown(number: int) -> str:
    """Print a count as people say it: `50k`, `1,234`, `2M`."""
    if number and number % 1_000_000 == 0:
        return f"{number // 1_000_000:,}M"
    return f"{number // 1_000:,}k" if number and number % 1_000 == 0 else f"{number:,}"
