"""Tells whether `upgrade()` of an Alembic revision does the same offline as on a database: a row of plain calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SURROUNDINGS = frozenset(
    {
        *(
            "os",
            "sys",
            "platform",
            "socket",
            "subprocess",
            "importlib",
            "pathlib",
            "getpass",
            "builtins",
            "random",
            "time",
        ),
        *("inspect", "gc", "ctypes", "threading", "signal", "io", "shutil", "requests", "httpx", "urllib"),
    }
)
"""Modules whose answers differ from one machine to the next."""
_PURE = frozenset(
    {"sqlalchemy", "alembic", "datetime", "uuid", "enum", "decimal", "json", "textwrap", "typing", "__future__"}
)
"""Modules whose functions may make the SQL that is executed."""
_ASKING = frozenset({"get_bind", "get_context", "invoke", "run_async"})
_BUILT_IN = frozenset({"dict", "list", "tuple", "str", "int", "bool", "float", "set", "range", "len", "sorted"})


def reason_against(source: bytes) -> str | None:
    """Return why the SQL of a revision may not be what it does on a database, None where it is."""
    reader = _Reader()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return "it does not parse"
    return reader.module(tree)


class _Reader:
    """Reads one revision, and remembers which names stand for what."""

    def __init__(self) -> None:
        self.modules: dict[str, str] = {"op": "alembic"}
        self.values: set[str] = set()

    def module(self, tree: ast.Module) -> str | None:
        upgrades = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
        if len(upgrades) != 1 or upgrades[0].decorator_list:
            return "it has not one plain upgrade()"
        for node in tree.body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) and (why := self.statement(node)):
                return why
        return self.block(upgrades[0].body)

    def block(self, statements: Iterable[ast.stmt]) -> str | None:
        return next((why for statement in statements if (why := self.statement(statement))), None)

    def statement(self, node: ast.stmt) -> str | None:
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return None
            case ast.Import() | ast.ImportFrom():
                self._import(node)
                return None
            case ast.Assign(targets=targets, value=value) if all(isinstance(one, ast.Name) for one in targets):
                return self._assign([one.id for one in targets if isinstance(one, ast.Name)], value)
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                return self._assign([name], value) if value else None
            case ast.With(items=[ast.withitem(context_expr=ast.Call() as call, optional_vars=alias)], body=body):
                if isinstance(alias, ast.Name):
                    self.modules[alias.id] = "alembic"
                return self.call(call) or self.block(body)
            case ast.Expr(value=ast.Call() as call):
                return self.call(call)
        return f"line {node.lineno}: `{ast.unparse(node).splitlines()[0][:60]}` is no plain call"

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            module = node.module if isinstance(node, ast.ImportFrom) else alias.name
            self.modules[(alias.asname or alias.name).partition(".")[0]] = (module or ".").partition(".")[0] or "."

    def _assign(self, names: list[str], value: ast.expr) -> str | None:
        if taken := {"upgrade", *self.modules}.intersection(names):
            return f"it assigns to `{min(taken)}`"
        self.values.update(names)
        return self.expression(value)

    def call(self, node: ast.Call) -> str | None:
        """Judge a statement that calls something: an operation, or `print`."""
        root, last = _root(node.func), node.func.attr if isinstance(node.func, ast.Attribute) else ""
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        if root == "print":
            return None
        if self.modules.get(root) != "alembic" or last in _ASKING or not _is_chain(node.func):
            return f"line {node.lineno}: `{ast.unparse(node)[:60]}` is no plain operation"
        executes = last in {"execute", "bulk_insert"}
        return next((why for part in parts if (why := self.expression(part, executes=executes))), None)

    def expression(self, node: ast.expr, *, executes: bool = False) -> str | None:
        """Judge a value: literals, and calls that build types, columns and statements of them."""
        for part in ast.walk(node):
            if isinstance(part, (ast.Lambda, ast.IfExp, ast.NamedExpr, ast.Await, ast.Yield, ast.comprehension)):
                return f"line {node.lineno}: `{ast.unparse(part)[:60]}` is no literal"
            root = _root(part.func) if isinstance(part, ast.Call) else part.id if isinstance(part, ast.Name) else ""
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in _ASKING:
                return f"line {part.lineno}: `{ast.unparse(part)[:60]}` asks the database"
            module = self.modules.get(root)
            if module in _SURROUNDINGS or (executes and module and module not in _PURE):
                return f"line {node.lineno}: `{root}` decides what is executed"
            if isinstance(part, ast.Call) and root and not (module or root in self.values or root in _BUILT_IN):
                return f"line {node.lineno}: `{root}()` decides what is done"
        return None


def _root(node: ast.expr) -> str:
    """Return the name that a chain of attributes and calls begins with, empty for a literal's method."""
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_chain(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
