"""Finds what a Django migration does, by its operations, without running it."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING, Any

from ..sql import Effect, effects
from .django_module import names_of_django, operations
from .migration_findings import of_effects, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding
    from ..change import Change

_STATE_ONLY = frozenset(
    {"AlterModelOptions", "AlterModelManagers", "AlterOrderWithRespectTo", "AlterModelTableComment"}
)
_ADDITIVE = {
    "AddIndex": "CREATE INDEX",
    "AddIndexConcurrently": "CREATE INDEX",
    "CreateExtension": "CREATE EXTENSION",
    "CreateCollation": "CREATE COLLATION",
    "ValidateConstraint": "VALIDATE CONSTRAINT",
}
_BREAKING = {
    "RenameModel": "RENAME TABLE",
    "AlterModelTable": "RENAME TABLE",
    "RenameField": "RENAME COLUMN",
    "RemoveIndex": "DROP INDEX",
    "RenameIndex": "RENAME INDEX",
    "RemoveIndexConcurrently": "DROP INDEX",
    "AddConstraint": "ADD CONSTRAINT",
    "AddConstraintNotValid": "ADD CONSTRAINT",
    "RemoveConstraint": "DROP CONSTRAINT",
    "AlterConstraint": "ADD CONSTRAINT",
    "AlterUniqueTogether": "ADD CONSTRAINT",
    "AlterIndexTogether": "DROP INDEX",
    "RemoveCollation": "DROP COLLATION",
}
_EXTENSIONS = frozenset(
    {"TrigramExtension", "UnaccentExtension", "HStoreExtension", "CITextExtension", "CryptoExtension"}
)
_OUTSIDE_DATABASE = frozenset(
    {
        *(
            "verbose_name",
            "help_text",
            "choices",
            "validators",
            "default",
            "blank",
            "editable",
            "related_name",
            "error_messages",
        ),
        *("related_query_name", "limit_choices_to", "upload_to", "storage", "auto_now", "auto_now_add", "on_delete"),
        *("serialize", "db_comment"),
    }
)
"""Arguments of a field that its column does not depend on."""
_WIDER = (
    ("SmallIntegerField", "IntegerField", "BigIntegerField"),
    ("PositiveSmallIntegerField", "PositiveIntegerField", "PositiveBigIntegerField"),
    ("AutoField", "BigAutoField"),
    ("CharField", "TextField"),
    ("EmailField", "CharField", "TextField"),
    ("SlugField", "CharField", "TextField"),
    ("URLField", "CharField", "TextField"),
)

Fields = dict[tuple[str, str], ast.Call]


def check(change: Change, path: str, text: str) -> Iterator[Finding]:
    """Yield what the operations of a migration do."""
    try:
        tree = ast.parse(text)
        listed, known = operations(tree), names_of_django(tree)
    except (SyntaxError, ValueError, RecursionError) as error:
        yield unreadable(path, str(error))
        return
    fields = _history(change, path)
    app = posixpath.basename(posixpath.dirname(posixpath.dirname(path)))
    for operation in listed:
        if not isinstance(operation, ast.Call) or ast.unparse(operation.func).partition(".")[0] not in known:
            yield unreadable(path, f"`{ast.unparse(operation)[:60]}` is no plain operation of Django")
            continue
        yield from of_effects(change, path, _effects(operation, fields, app, path))
        _remember(fields, operation)


def _effects(operation: ast.Call, fields: Fields, app: str, path: str) -> Iterator[Effect]:
    kind, given = _name(operation.func), _arguments(operation)
    model, name = str(given.get("model_name") or given.get("name") or ""), str(given.get("name") or "")
    table = f"{app}_{model.lower()}"
    if kind in {"CreateModel", "DeleteModel"}:
        yield Effect(True, "DROP TABLE", name, table) if kind == "DeleteModel" else Effect(False, "CREATE TABLE", name)
    elif kind == "AddField":
        yield _added(name, given)
    elif kind == "RemoveField":
        yield Effect(True, "DROP COLUMN", name, table, name)
    elif kind == "AlterField":
        yield from _altered(fields.get((model.lower(), name.lower())), given, name, table)
    elif kind == "RunSQL":
        yield from _sql(operation)
    elif kind == "SeparateDatabaseAndState":
        yield from _separate(operation, fields, app, path)
    elif kind in _ADDITIVE or kind in _EXTENSIONS:
        yield Effect(False, _ADDITIVE.get(kind, "CREATE EXTENSION"), name or kind)
    elif kind in _BREAKING:
        yield Effect(True, _BREAKING[kind], name or model)
    elif kind not in _STATE_ONLY:  # RunPython too: what a function does to the data, nobody can tell without running it
        yield Effect(
            True, "DATA MIGRATION" if kind == "RunPython" else "SQL not understood", ast.unparse(operation)[:80]
        )


def _added(name: str, given: dict[str, Any]) -> Effect:
    """Tell a column that must not be empty and has no value for the rows that are there already."""
    field = given.get("field")
    options = _arguments(field) if isinstance(field, ast.Call) else {}
    fills = options.get("null") is True or "default" in options or "db_default" in options
    if fills or (isinstance(field, ast.Call) and _name(field.func) in {"ManyToManyField", "GeneratedField"}):
        return Effect(False, "ADD COLUMN", name)
    return Effect(True, "ADD COLUMN NOT NULL", name)


def _altered(old: ast.Call | None, given: dict[str, Any], name: str, table: str) -> Iterator[Effect]:
    """Compare a field with what earlier migrations made it: what the column does not depend on changes nothing."""
    new = given.get("field")
    if old is None or not isinstance(new, ast.Call):
        yield Effect(True, "ALTER TYPE", name, table, name)
        return
    before, after = _arguments(old), _arguments(new)
    keys = {key for key in before.keys() | after.keys() if _shown(before.get(key)) != _shown(after.get(key))}
    if before.get("null") is True and after.get("null") is not True:
        yield Effect(True, "SET NOT NULL", name)
        return
    if after.get("null") is True and before.get("null") is not True:
        yield Effect(False, "DROP NOT NULL", name)
    rest = keys - _OUTSIDE_DATABASE - {"null"}
    kinds = _name(old.func), _name(new.func)
    if kinds[0] == kinds[1] and not rest:
        if keys - {"null"}:
            yield Effect(False, "ALTER FIELD", name)
        return
    if rest <= {"max_length", "db_index"} and _is_wider(kinds, before.get("max_length"), after.get("max_length")):
        yield Effect(False, "WIDEN TYPE", name)
        return
    yield Effect(True, "ALTER TYPE", name, table, name)


def _is_wider(kinds: tuple[str, str], before: Any, after: Any) -> bool:
    row = next((row for row in _WIDER if set(kinds) <= set(row)), kinds[:1] if kinds[0] == kinds[1] else ())
    if not row or row.index(kinds[1]) < row.index(kinds[0]):
        return False
    default = {"EmailField": 254, "SlugField": 50, "URLField": 200}
    old, new = (
        default.get(kind, length) if length is None else length
        for kind, length in zip(kinds, (before, after), strict=True)
    )
    return new is None or (isinstance(old, int) and isinstance(new, int) and new >= old)


def _sql(operation: ast.Call) -> Iterator[Effect]:
    """Classify the statements of RunSQL: a text, or a list of texts and of (text, parameters)."""
    try:
        value = ast.literal_eval(operation.args[0] if operation.args else _arguments(operation)["sql"])
        texts = [value] if isinstance(value, str) else [one if isinstance(one, str) else str(one[0]) for one in value]
    except (ValueError, LookupError, TypeError):
        yield Effect(True, "SQL not understood", ast.unparse(operation)[:80])
        return
    yield from effects(";\n".join(texts))


def _separate(operation: ast.Call, fields: Fields, app: str, path: str) -> Iterator[Effect]:
    inner = _arguments(operation).get("database_operations") or (operation.args[0] if operation.args else None)
    if inner is not None and not isinstance(inner, (ast.List, ast.Tuple)):
        yield Effect(True, "SQL not understood", ast.unparse(operation)[:80])
        return
    for one in inner.elts if inner is not None else ():
        if isinstance(one, ast.Call):
            yield from _effects(one, fields, app, path)
        else:
            yield Effect(True, "SQL not understood", ast.unparse(one)[:80])


# ---- what earlier migrations made ---------------------------------------------------------------------------------


def _history(change: Change, path: str) -> Fields:
    """Return the last definition of every field, by model and name, from the base's migrations of the same app."""
    fields: Fields = {}
    for other in sorted(change.commits.listing(change.base, posixpath.dirname(path) or ".")):
        try:
            listed = operations(ast.parse(change.text(change.base, other))) if other.endswith(".py") else []
        except (SyntaxError, ValueError, RecursionError):
            continue
        for operation in listed:
            if isinstance(operation, ast.Call):
                _remember(fields, operation)
    return fields


def _remember(fields: Fields, operation: ast.Call) -> None:
    kind, given = _name(operation.func), _arguments(operation)
    if kind == "CreateModel" and isinstance(given.get("fields"), (ast.List, ast.Tuple)):
        for pair in given["fields"].elts:
            if isinstance(pair, ast.Tuple) and len(pair.elts) == 2 and isinstance(pair.elts[1], ast.Call):
                fields[str(given.get("name")).lower(), str(_value(pair.elts[0])).lower()] = pair.elts[1]
    elif kind in {"AddField", "AlterField"} and isinstance(given.get("field"), ast.Call):
        fields[str(given.get("model_name")).lower(), str(given.get("name")).lower()] = given["field"]


_POSITIONS = {
    "CreateModel": ("name", "fields"),
    "DeleteModel": ("name",),
    "AddField": ("model_name", "name", "field"),
    "AlterField": ("model_name", "name", "field"),
    "RemoveField": ("model_name", "name"),
}


def _arguments(call: ast.Call) -> dict[str, Any]:
    """Return the arguments by name: literals as their values, anything else as its node."""
    named = dict(zip(_POSITIONS.get(_name(call.func), ()), call.args, strict=False))
    named |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return {name: _value(node) for name, node in named.items()}


def _value(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else node


def _shown(value: Any) -> str:
    return ast.unparse(value) if isinstance(value, ast.AST) else repr(value)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
