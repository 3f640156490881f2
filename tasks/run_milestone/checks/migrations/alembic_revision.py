"""Finds what a new Alembic revision does: its SQL is rendered, and its source read for what that does not show."""

from __future__ import annotations

import ast
import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..sql import effects
from ..unavailable import last_words, missing
from .alembic_history import in_order, revisions
from .migration_findings import breaking, of_effects, unreadable
from .straight_line import reason_against

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding
    from ..change import Change

RENDERER = Path(__file__).parent.with_name("render_alembic.py")
_TYPES = re.compile(r"\bALTER COLUMN \S+ TYPE\b")


def check(change: Change, path: str, folder: str) -> Iterator[Finding]:
    """Yield what upgrade() does, and what hides in it."""
    if unmet := missing("migrations", f"{path} was not classified"):
        yield unmet
        return
    sql, why = _rendered(change, path)
    if why:
        yield unreadable(path, why)
        return
    source = change.commits.read(change.head, path) or b""
    before = _history(change, folder) if _TYPES.search(sql) else ""
    done = effects(sql, before=before)
    yield from of_effects(change, path, done)
    yield from _unreached(source, path, sql, {effect.rule for effect in done})
    if why := reason_against(source):
        yield breaking("UNREADABLE", f"What {path} does on a database may differ from its SQL: {why}", path)


def _rendered(change: Change, *paths: str) -> tuple[str, str | None]:
    """Return the SQL of revisions, or why there is none. A nonce ends it, which the revision cannot know beforehand."""
    nonce = secrets.token_hex(16)
    program = RENDERER.read_text("utf-8").replace("END-OF-RENDERING", nonce)
    ran = change.tools.run((sys.executable, "-I", "-", *(f"./{path}" for path in paths)), program)
    whole, _, _ = ran.out.rpartition(f"\n-- {nonce}\n")
    if ran.timed_out:
        return "", "upgrade() did not end in time"
    if ran.code != 0 or ran.truncated or not ran.out.endswith(f"\n-- {nonce}\n"):
        return "", last_words(ran.err)
    return whole, None


def _history(change: Change, folder: str) -> str:
    """Return the SQL of the base's revisions, as far as it can be rendered: it tells which types columns have."""
    texts = (_rendered(change, one.path) for one in in_order(revisions(change, change.base, folder))[-200:])
    return "\n".join(sql for sql, why in texts if not why)


# ---- what the source names, but the rendering did not show --------------------------------------------------------

_LOSSES = {"drop_table": "DROP TABLE", "drop_column": "DROP COLUMN", "rename_table": "RENAME"}
_ELSEWHERE = frozenset({"is_offline_mode", "as_sql"})
_SQL = re.compile(r"\s*(?:drop|truncate|delete|update|alter|with|begin|do|revoke)\b", re.IGNORECASE)


def _unreached(source: bytes, path: str, sql: str, rules: set[str]) -> Iterator[Finding]:
    """Yield operations and SQL in the source of upgrade() that rendering did not reach: a branch hides them."""
    nodes = list(_outside_downgrade(ast.parse(source)))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    for name in sorted(names & _LOSSES.keys()):
        if _LOSSES[name] not in sql:
            yield breaking(_LOSSES[name], f"`{name}` is in the source of {path}, but not in its SQL", path)
    for name in sorted(names & _ELSEWHERE):
        yield breaking("UNREADABLE", f"{path} asks for `{name}`: it may do something else on a database", path)
    texts = dict.fromkeys(
        node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    shown = " ".join(sql.split())
    for text in (text for text in texts if _SQL.match(text) and " ".join(text.split()).rstrip(";") not in shown):
        for effect in effects(text):
            if effect.breaking and effect.rule not in rules | {"SQL not understood"}:
                yield breaking(effect.rule, f"{effect.text} is in a text of {path}, but not in its SQL", path)


def _outside_downgrade(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what is not in downgrade(), and neither documentation nor printed."""
    for node in tree.body:
        if not (isinstance(node, ast.FunctionDef) and node.name == "downgrade"):
            yield from _speaking(node)


def _speaking(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _speaking(child)
