"""Read the operations of a Django migration's module, where nothing in it can change them or run beside them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Pass)
_REACHES_DATABASE = frozenset({"execute", "executemany", "executescript", "cursor", "schema_editor", "call_command"})
_NAME = "Migration"


def operations(tree: ast.Module) -> list[ast.expr]:
    """Return the operations that the migration lists. Errors: ValueError where it may do something else."""
    imported = names_of_django(tree)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == _NAME]
    if len(classes) != 1:
        raise ValueError("it has no class Migration, or several")
    (migration,) = classes
    bases = [ast.unparse(base) for base in migration.bases]
    if len(bases) != 1 or bases[0].partition(".")[0] not in imported or not bases[0].endswith(_NAME):
        raise ValueError(f"`class Migration({', '.join(bases)})` is not made from Django's")
    if migration.decorator_list or migration.keywords:
        raise ValueError("its class is changed by a decorator or another class")
    for statement in (*_unplain(tree.body), *_unplain(migration.body)):
        raise ValueError(f"`{ast.unparse(statement)[:60]}` runs when it is read")
    if method := next((one for one in migration.body if isinstance(one, ast.FunctionDef)), None):
        raise ValueError(f"`def {method.name}` changes what it does")
    return _listed(migration)


def names_of_django(tree: ast.Module) -> frozenset[str]:
    """Return the names that a module takes from Django, and gives no other meaning."""
    taken, others = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for one in node.names:
                module = node.module or "" if isinstance(node, ast.ImportFrom) else one.name
                is_django = module.partition(".")[0] == "django" and not getattr(node, "level", 0)
                (taken if is_django else others).add((one.asname or one.name).partition(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            others.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            others.add(node.id)
    return frozenset(taken - (others - {_NAME}))


def _listed(migration: ast.ClassDef) -> list[ast.expr]:
    values = [
        node.value
        for node in migration.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == "operations"
    ]
    if len(values) != 1 or not isinstance(values[0], (ast.List, ast.Tuple)):
        raise ValueError("its operations are no list")
    return values[0].elts


def _unplain(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that do more than import, define or name something."""
    for statement in body:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (is_text or isinstance(statement, _DEFINES) or (_names(statement) and not _reaches(statement))):
            yield statement


def _names(statement: ast.stmt) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    is_assignment = isinstance(statement, (ast.Assign, ast.AnnAssign))
    return is_assignment and all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets)


def _reaches(statement: ast.stmt) -> bool:
    called = (node.func for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(getattr(one, "attr", getattr(one, "id", "")) in _REACHES_DATABASE for one in called)
