"""Tells which assertions of a Python test can fail: those that are reached, and that do not compare constants."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .syntax import called_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ANY_ERROR = frozenset({"AssertionError", "Exception", "BaseException"})
_MEASURES = (ast.Call, ast.Attribute, ast.Subscript, ast.Await)
_SWALLOWS = frozenset({"suppress", "raises", "assertRaises"})


def live_children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children of a node that run, and whose failure is seen."""
    dead = set(map(id, _dead(node)))
    for child in ast.iter_child_nodes(node):
        if id(child) not in dead:
            yield child


def live_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it that run."""
    yield node
    for child in live_children(node):
        yield from live_nodes(child)


def _dead(node: ast.AST) -> Iterator[ast.AST]:
    for _, block in ast.iter_fields(node):
        statements = [one for one in block if isinstance(one, ast.stmt)] if isinstance(block, list) else []
        end = next((place for place, one in enumerate(statements) if isinstance(one, _ENDS)), len(statements))
        yield from statements[end + 1 :]
    match node:
        case ast.If(test=ast.Constant(value=value), body=body, orelse=orelse):
            yield from orelse if value else body
        case ast.While(test=ast.Constant(value=value), body=body) if not value:
            yield from body
        case ast.For(iter=ast.List(elts=[]) | ast.Tuple(elts=[]), body=body):
            yield from body
        case ast.Try(body=body, handlers=handlers) if any(map(_swallows, handlers)):
            yield from body
        case ast.With(items=items, body=body) if any(_is_swallowing(item.context_expr) for item in items):
            yield from body
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _unused(node)


def _unused(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Yield the functions inside a function that it never names."""
    named = {one.id for one in ast.walk(function) if isinstance(one, ast.Name)}
    inner = (one for one in function.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)))
    yield from (one for one in inner if one.name not in named and not one.decorator_list)


def _swallows(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler hides a failed assertion."""
    quiet = not any(isinstance(one, (ast.Raise, ast.Assert)) or _is_check(one) for one in ast.walk(handler))
    return quiet and (handler.type is None or bool(_names(handler.type) & _ANY_ERROR))


def _is_swallowing(context: ast.expr) -> bool:
    if not isinstance(context, ast.Call) or not context.args:
        return False
    name = called_name(context)
    matched = any(keyword.arg == "match" for keyword in context.keywords)
    return name in _SWALLOWS and not matched and bool(_names(*context.args) & _ANY_ERROR)


def _names(*nodes: ast.AST) -> set[str]:
    return {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}


def can_fail(node: ast.AST) -> bool:
    """Tell what can fail: `assert x`, `self.assertEqual(…)`, `pytest.raises(…)`, `mock.assert_called()`."""
    return not _is_constant(node.test) if isinstance(node, ast.Assert) else _is_check(node)


def _is_check(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = called_name(node)
    return name.startswith("assert") or name in {"raises", "warns", "fail"}


def _is_constant(test: ast.expr) -> bool:
    """Tell a condition that holds whatever the product does."""
    match test:
        case ast.Tuple(elts=[_, *_]) | ast.JoinedStr(values=[_, *_]) | ast.Constant():
            return True
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_is_constant, values))
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            same = ast.dump(left) == ast.dump(right) and not isinstance(left, ast.Name)
            return same or not any(isinstance(one, (*_MEASURES, ast.Name)) for one in ast.walk(test))
    return False
