"""Classifies SQL statements by what they do to tables that exist: add, break, or move data."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import column_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot.expressions import Expr

    from .column_types import Types


@dataclass(frozen=True, slots=True)
class Effect:
    """What a statement does: `rule` is its verb (`DROP COLUMN`), `name` the object it names.

    `table`, and `column` where it is only one, tell what is lost.
    """

    breaking: bool
    rule: str
    name: str
    table: str | None = None
    column: str | None = None

    @property
    def text(self) -> str:
        """The statement in short: `DROP COLUMN "old_user_status"`."""
        return f'{self.rule} "{self.name}"' if self.name else self.rule


MOVES = frozenset({"INSERT", "UPDATE", "SELECT"})
"""Rules of statements that move data and lose none."""


@dataclass(slots=True)
class Schema:
    """What one migration made, which nobody uses yet, and the types of the columns before it."""

    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    types: Types = field(default_factory=dict)


def effects(sql: str, dialect: str = "postgres", before: str = "") -> tuple[Effect, ...]:
    """Classify statements in order. Whatever is not understood is breaking, nothing is dropped.

    `before` are the statements of earlier migrations, which tell the types that columns have.
    """
    if re.search(r"/\*[!M]", sql):
        return (_unknown("a comment that MySQL runs: /*! … */"),)
    try:
        statements = _parsed(sql, dialect)
    except ValueError as error:
        return (_unknown(str(error)),)
    schema = Schema(types=_types(before, dialect))
    return _without_lost_moves([effect for statement in statements for effect in _of_one(statement, schema)])


def _of_one(statement: Expr, schema: Schema) -> list[Effect]:
    """Return the effects of one statement. What lacks a part that such a statement has is not understood."""
    try:
        return list(_effects(statement, schema))
    except (LookupError, AttributeError, TypeError, RuntimeError):
        return [_unknown(statement.sql())]


def _parsed(sql: str, dialect: str) -> list[Expr]:
    import sqlglot
    from sqlglot.errors import SqlglotError

    # sqlglot warns on standard error of each statement it keeps as text; those become findings below.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        return [statement for statement in sqlglot.parse(sql, dialect=dialect) if statement is not None]
    except (SqlglotError, RecursionError) as error:
        raise ValueError(str(error).partition("\n")[0]) from None


def _types(sql: str, dialect: str) -> Types:
    """Return the types of columns after earlier migrations; a statement that is not understood is passed over."""
    try:
        return column_types.read(_parsed(sql, dialect)) if sql else {}
    except ValueError:
        return {}


def _without_lost_moves(effects: list[Effect]) -> tuple[Effect, ...]:
    """Leave out an overwritten column that is dropped too, and moves of data where a loss is asked about."""
    dropped = {(one.table, one.column) for one in effects if one.rule == "DROP COLUMN"}
    kept = [one for one in effects if one.rule != "UPDATE WITHOUT WHERE" or (one.table, one.column) not in dropped]
    if any(one.breaking for one in kept):
        kept = [one for one in kept if one.rule not in MOVES]
    return tuple(dict.fromkeys(kept))


def _effects(statement: Expr, schema: Schema) -> Iterator[Effect]:
    """Yield the effects of one statement. A node's `key` is its class in lower case."""
    key = statement.key
    if key == "create":
        yield from _create(statement, schema)
    elif key == "drop":
        yield from _drop(statement, schema)
    elif key == "alter" and statement.args["kind"] == "TABLE":
        if _qualified(statement.this) not in schema.tables:
            yield from (_alter(statement.this.name, action, schema) for action in statement.args["actions"])
        column_types.remember(schema.types, statement)
    elif key == "truncatetable":
        yield from (_breaking("TRUNCATE", table.name, table.name) for table in statement.expressions)
    elif key in {"insert", "update", "delete", "select"}:
        yield from _rows(statement, schema)
    elif key in {"grant", "revoke"}:
        yield Effect(
            key == "revoke", key.upper(), (statement.args.get("securable") or statement).sql(dialect="postgres")
        )
    elif key == "pragma" and "foreign_keys" in statement.sql():
        return
    elif key not in {"transaction", "commit", "set", "comment", "semicolon"}:
        yield _command(statement.sql(dialect="postgres"))


_COMMANDS = (
    (re.compile(r"CREATE EXTENSION (?:IF NOT EXISTS )?\W?([\w-]+).*", re.IGNORECASE), "CREATE EXTENSION"),
    (re.compile(r"ALTER TYPE ([\w.\"]+) ADD VALUE .*", re.IGNORECASE), "ALTER TYPE ADD VALUE"),
)
"""Statements that sqlglot keeps as text, and that break nothing."""


def _command(text: str) -> Effect:
    for pattern, rule in _COMMANDS:
        if match := pattern.fullmatch(" ".join(text.split())):
            return Effect(False, rule, match[1].strip('"'))
    return _unknown(text)


def _rows(statement: Expr, schema: Schema) -> Iterator[Effect]:
    """Yield what a statement does to rows of tables that exist, in its subqueries too."""
    for part in _parts(statement, "delete"):
        if _qualified(part.this) not in schema.tables:
            yield _delete(part)
    for part in _parts(statement, "update"):
        if _qualified(part.this) not in schema.tables:
            yield from _update(part, schema)
    if statement.key == "insert":
        table = next(node for node in statement.this.walk() if node.key == "table")
        if _qualified(table) not in schema.tables:
            yield Effect(False, "INSERT", table.name)
    elif statement.key == "select" and _parts(statement, "anonymous"):
        yield Effect(False, "SELECT", _parts(statement, "anonymous")[0].name)


def _update(statement: Expr, schema: Schema) -> Iterator[Effect]:
    """Tell an update of some rows from one that overwrites a column in all of them. A new column holds nothing yet."""
    where, table = statement.args.get("where"), statement.this.name
    if where is not None and _parts(where, "column"):
        yield Effect(False, "UPDATE", table)
        return
    for assignment in statement.expressions:
        column = assignment.this.name
        if (table, column) in schema.columns:
            yield Effect(False, "UPDATE", table)
        else:
            yield _breaking("UPDATE WITHOUT WHERE", f"{table}.{column}", table, column)


def _parts(statement: Expr, key: str) -> list[Expr]:
    return [node for node in statement.walk() if node.key == key]


def _create(statement: Expr, schema: Schema) -> Iterator[Effect]:
    kind, tables = str(statement.args["kind"]), _parts(statement, "table")
    if statement.args.get("replace") or kind not in {"TABLE", "INDEX", "VIEW", "SEQUENCE", "SCHEMA", "TYPE"}:
        yield _breaking(f"CREATE {kind}", statement.this.name)
    elif kind == "INDEX":
        if not schema.tables.intersection(map(_qualified, tables)):
            yield Effect(False, "CREATE INDEX", statement.this.name)
    elif tables:
        # `IF NOT EXISTS` may meet a table that is in use, so it makes nothing ours.
        if kind == "TABLE" and not statement.args.get("exists"):
            schema.tables.add(_qualified(tables[0]))
        yield Effect(False, f"CREATE {kind}", tables[0].name)


def _drop(statement: Expr, schema: Schema) -> Iterator[Effect]:
    kind = str(statement.args["kind"])
    for dropped in statement.args["tables"]:
        if kind == "TABLE" and _qualified(dropped) in schema.tables:
            schema.tables.discard(_qualified(dropped))
        else:
            yield _breaking(f"DROP {kind}", dropped.name, dropped.name if kind == "TABLE" else None)


def _alter(table: str, action: Expr, schema: Schema) -> Effect:
    if action.key == "columndef":
        schema.columns.add((table, action.name))
        return _add_column(action)
    if action.key == "altercolumn":
        return _alter_column(table, action, schema)
    if action.key == "modifycolumn":
        return _modify_column(table, action, schema)
    if action.key == "drop":
        kind, name = str(action.args["kind"]), action.args["tables"][0].name
        return _breaking(f"DROP {kind}", name, *((table, name) if kind == "COLUMN" else ()))
    named = {
        "alterrename": _renamed(table, action),
        "renamecolumn": ("RENAME COLUMN", action.name),
        "addconstraint": ("ADD CONSTRAINT", action.expressions[0].name if action.expressions else ""),
    }
    if action.key in named:
        return _breaking(*named[action.key])
    return _unknown(f"ALTER TABLE {table} {action.sql(dialect='postgres')}")


def _renamed(table: str, action: Expr) -> tuple[str, str]:
    """Tell `RENAME TO b` from `RENAME a TO b`, which sqlglot reads as a rename to `a` with an option."""
    column = action.parent is not None and action.parent.args.get("options")
    return ("RENAME COLUMN", action.this.name) if column else ("RENAME TABLE", table)


_REFUSE_NOTHING = {"notnullcolumnconstraint", "primarykeycolumnconstraint"}
_FILL = {"defaultcolumnconstraint", "computedcolumnconstraint", "generatedasidentitycolumnconstraint"}


def _add_column(column: Expr) -> Effect:
    """Tell a column that must not be empty and has no value for the rows that are there already."""
    kinds = [constraint.args["kind"] for constraint in column.args.get("constraints") or ()]
    refuses = any(kind.key in _REFUSE_NOTHING and not kind.args.get("allow_null") for kind in kinds)
    type_ = column.args.get("kind")  # SQLite needs none
    serial = type_ is not None and "SERIAL" in type_.sql(dialect="postgres").upper()
    fills = serial or any(kind.key in _FILL for kind in kinds)
    if refuses and not fills:
        return _breaking("ADD COLUMN NOT NULL", column.name)
    return Effect(False, "ADD COLUMN", column.name)


def _alter_column(table: str, action: Expr, schema: Schema) -> Effect:
    """Tell what narrows a column from what loosens it."""
    name, facts = action.name, action.args
    if facts.get("dtype"):
        return _retype(table, name, facts["dtype"], schema)
    if facts.get("allow_null") is False:
        return _breaking("SET NOT NULL", name)
    if facts.get("default") or facts.get("drop"):
        verb = "SET DEFAULT" if facts.get("default") else "DROP NOT NULL" if facts.get("allow_null") else "DROP DEFAULT"
        return Effect(False, verb, name)
    return _unknown(action.sql(dialect="postgres"))


def _retype(table: str, column: str, type_: Expr, schema: Schema) -> Effect:
    """Tell a type that holds every value there can be from one that may not."""
    if column_types.is_wider(schema.types.get((table.lower(), column.lower())), type_):
        return Effect(False, "WIDEN TYPE", column)
    return _breaking("ALTER TYPE", column, table, column)


def _modify_column(table: str, action: Expr, schema: Schema) -> Effect:
    """Tell what MySQL's MODIFY and CHANGE do: the whole definition of the column is new."""
    definition, before = action.this, action.args.get("rename_from")
    if before is not None and before.name != definition.name:
        return _breaking("RENAME COLUMN", before.name)
    kinds = [constraint.args["kind"] for constraint in definition.args.get("constraints") or ()]
    if any(kind.key in _REFUSE_NOTHING and not kind.args.get("allow_null") for kind in kinds):
        return _breaking("SET NOT NULL", definition.name)
    return _retype(table, definition.name, definition.args["kind"], schema)


def _delete(statement: Expr) -> Effect:
    """Tell a deletion of some rows from one of all; a WHERE that looks at no column (`WHERE true`) is none."""
    where, table = statement.args.get("where"), statement.this.name
    if where is not None and _parts(where, "column"):
        return Effect(False, "DELETE", table)
    return _breaking("DELETE WITHOUT WHERE", table, table)


def _breaking(rule: str, name: str, table: str | None = None, column: str | None = None) -> Effect:
    return Effect(True, rule, name, table, column)


def _unknown(text: str) -> Effect:
    short = " ".join(text.split())
    return Effect(True, "SQL not understood", short if len(short) <= 80 else f"{short[:79]}…")


def _qualified(table: Expr) -> str:
    """Name a table with its schema."""
    return f"{table.args.get('db') or ''}.{table.name}"
