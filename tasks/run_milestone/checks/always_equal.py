"""Finds Python objects that are equal to everything: whatever a test compares them with, it passes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "__eq__"


def always_equal(source: str) -> Iterator[range]:
    """Yield the lines of each `__eq__` that can only return something true; none where nothing parses."""
    if _NAME not in source:
        return
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    constant = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef) and _returns_only_true(node)}
    for made in [made for node in nodes if (made := _made(node))]:
        is_true = _is_true(made.body) if isinstance(made, ast.Lambda) else _named(made, constant)
        if is_true:
            yield range(made.lineno, (made.end_lineno or made.lineno) + 1)


def _named(made: ast.expr | ast.FunctionDef, constant: dict[str, ast.FunctionDef]) -> bool:
    """Tell whether that is one of the functions that only return true, or a name of one."""
    return made in constant.values() or (isinstance(made, ast.Name) and made.id in constant)


def _made(node: ast.AST) -> ast.expr | ast.FunctionDef | None:
    """Return what a node makes the `__eq__` of something, None where it makes none."""
    match node:
        case ast.FunctionDef(name=name) if name == _NAME:
            return node
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value) if name == _NAME:
            return value
        case ast.Dict(keys=keys, values=values):
            return next((value for key, value in zip(keys, values, strict=True) if _is_name(key)), None)
        case ast.Call(args=[_, key, value]) if _is_name(key):
            return value
        case ast.keyword(arg=name, value=value) if name == _NAME:
            return value
    return None


def _is_name(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == _NAME


def _returns_only_true(function: ast.FunctionDef) -> bool:
    """Tell whether a function has no other end than a true value."""
    inside = [node for statement in function.body for node in ast.walk(statement)]
    returns = [node for node in inside if isinstance(node, ast.Return)]
    others = any(isinstance(node, (ast.Raise, ast.Yield)) for node in inside)
    return bool(returns) and not others and all(node.value is not None and _is_true(node.value) for node in returns)


def _is_true(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=constant):
            return bool(constant)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=constant)):
            return not constant
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_is_true, values))
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            return ast.dump(left) == ast.dump(right)
        case ast.Call(func=ast.Name(id="bool"), args=[argument]):
            return _is_true(argument)
    return False
