"""Classifies SQL statements by what they do to tables that exist: add, break, or move data."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot.expressions import Expr


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


def effects(sql: str) -> tuple[Effect, ...]:
    """Classify PostgreSQL statements in order; whatever is not understood is breaking, nothing is dropped."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    # sqlglot warns on standard error of each statement it keeps as text; those become findings below.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        statements = [statement for statement in sqlglot.parse(sql, dialect="postgres") if statement is not None]
    except (SqlglotError, RecursionError) as error:
        return (_unknown(str(error).partition("\n")[0]),)
    made: set[str] = set()
    return tuple(effect for statement in statements for effect in _effects(statement, made))


def _effects(statement: Expr, made: set[str]) -> Iterator[Effect]:
    """Yield the effects of one statement; `made` names what this migration itself created, which nobody uses yet.

    A node's `key` is its class in lower case.
    """
    key = statement.key
    if key == "create":
        yield from _create(statement, made)
    elif key == "drop":
        yield from _drop(statement, made)
    elif key == "alter" and statement.args["kind"] == "TABLE":
        if _qualified(statement.this) not in made:
            yield from (_alter(statement.this.name, action) for action in statement.args["actions"])
    elif key == "truncatetable":
        yield from (_breaking("TRUNCATE", table.name, table.name) for table in statement.expressions)
    elif key in {"insert", "update", "delete", "select"}:
        yield from (_delete(part) for part in _parts(statement, "delete") if _qualified(part.this) not in made)
    elif key not in {"transaction", "commit", "set", "comment", "semicolon"}:
        yield _unknown(statement.sql(dialect="postgres"))


def _parts(statement: Expr, key: str) -> list[Expr]:
    return [node for node in statement.walk() if node.key == key]


def _create(statement: Expr, made: set[str]) -> Iterator[Effect]:
    kind, tables = str(statement.args["kind"]), _parts(statement, "table")
    if statement.args.get("replace") or kind not in {"TABLE", "INDEX", "VIEW", "SEQUENCE", "SCHEMA", "TYPE"}:
        yield _breaking(f"CREATE {kind}", statement.this.name)
    elif kind == "INDEX":
        if not made.intersection(map(_qualified, tables)):
            yield Effect(False, "CREATE INDEX", statement.this.name)
    elif tables:
        # `IF NOT EXISTS` may meet a table that is in use, so it makes nothing ours.
        if kind == "TABLE" and not statement.args.get("exists"):
            made.add(_qualified(tables[0]))
        yield Effect(False, f"CREATE {kind}", tables[0].name)


def _drop(statement: Expr, made: set[str]) -> Iterator[Effect]:
    kind = str(statement.args["kind"])
    for dropped in statement.args["tables"]:
        if kind == "TABLE" and _qualified(dropped) in made:
            made.discard(_qualified(dropped))
        else:
            yield _breaking(f"DROP {kind}", dropped.name, dropped.name if kind == "TABLE" else None)


def _alter(table: str, action: Expr) -> Effect:
    if action.key == "columndef":
        return _add_column(action)
    if action.key == "altercolumn":
        return _alter_column(table, action)
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
    fills = any(kind.key in _FILL for kind in kinds) or "SERIAL" in column.args["kind"].sql(dialect="postgres").upper()
    if refuses and not fills:
        return _breaking("ADD COLUMN NOT NULL", column.name)
    return Effect(False, "ADD COLUMN", column.name)


def _alter_column(table: str, action: Expr) -> Effect:
    """Tell what narrows a column from what loosens it."""
    name, facts = action.name, action.args
    if facts.get("dtype"):
        return _breaking("ALTER TYPE", name, table, name)
    if facts.get("allow_null") is False:
        return _breaking("SET NOT NULL", name)
    if facts.get("default") or facts.get("drop"):
        verb = "SET DEFAULT" if facts.get("default") else "DROP NOT NULL" if facts.get("allow_null") else "DROP DEFAULT"
        return Effect(False, verb, name)
    return _unknown(action.sql(dialect="postgres"))


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
