"""Tells whether another type holds every value that a column has: a wider one loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Expr = Any
"""A node that sqlglot parsed. Only `sql` imports it, because its tree changes with its versions."""
Types = dict[tuple[str, str], Expr]
"""The type of each column, by table and column."""

_ROWS = (
    ("TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"),
    ("FLOAT", "DOUBLE"),
    ("CHAR", "VARCHAR", "TEXT", "MEDIUMTEXT", "LONGTEXT"),
    ("NCHAR", "NVARCHAR", "TEXT"),
    ("BINARY", "VARBINARY", "BLOB"),
)
"""Types of which each holds all values of those before it."""


def remember(types: Types, statement: Expr) -> None:
    """Note the types of the columns that a statement makes or changes."""
    table = next((node.name.lower() for node in statement.walk() if node.key == "table"), "")
    for column in statement.walk():
        type_ = column.args.get({"columndef": "kind", "altercolumn": "dtype"}.get(column.key, ""))
        if type_ is not None:
            types[table, column.name.lower()] = type_


def read(statements: Iterable[Expr]) -> Types:
    """Return the types of all columns after a row of statements."""
    types: Types = {}
    for statement in statements:
        if statement.key in {"create", "alter"}:
            remember(types, statement)
    return types


def is_wider(old: Expr | None, new: Expr) -> bool:
    """Tell whether `new` holds every value of `old`. What is not known is not wider."""
    if old is None:
        return False
    before, after = _name(old), _name(new)
    if before in {"DECIMAL", "NUMERIC"} and after in {"DECIMAL", "NUMERIC"}:
        return _holds_decimals(_sizes(old), _sizes(new))
    row = next((row for row in _ROWS if before in row and after in row), ())
    if not row or row.index(after) < row.index(before):
        return False
    old_sizes, new_sizes = _sizes(old), _sizes(new)
    return not new_sizes or (bool(old_sizes) and new_sizes[0] >= old_sizes[0])


def _holds_decimals(old: list[int], new: list[int]) -> bool:
    if not new:
        return True
    if not old:
        return False
    (digits, scale), (more, finer) = ((*sizes, 0)[:2] for sizes in (old, new))
    return finer >= scale and more - finer >= digits - scale


def _name(type_: Expr) -> str:
    name = getattr(type_.this, "value", None) or str(type_.this)
    return {"INTEGER": "INT", "REAL": "FLOAT", "STRING": "TEXT"}.get(str(name).upper(), str(name).upper())


def _sizes(type_: Expr) -> list[int]:
    texts = [part.sql() for part in type_.expressions]
    return [int(text) for text in texts if text.isdigit()]
