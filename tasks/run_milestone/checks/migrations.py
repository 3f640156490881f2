"""Finds what new Alembic revisions do to the schema, and whether they still form one line."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..model import Finding, Kind, Severity
from . import row_count
from .sql import Effect, effects
from .unavailable import last_words, missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model.change import ChangedFile
    from .change import Change

RENDERER = Path(__file__).with_name("render_alembic.py")


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revision file says of itself; `id` is None where that cannot be read without running the file."""

    path: str
    id: str | None
    parents: tuple[str, ...] = ()


def check(change: Change) -> Iterator[Finding]:
    """Yield what every new revision does, every change to an old one, and branches of the revision graph."""
    files = [file for file in change.files if _is_revision(change, file)]
    for file in files:
        if file.status == "A":
            yield from _new(change, file.path)
        elif file.lines or file.binary or file.status != "M":
            yield _rewritten(file)
    if files:
        yield from _graph(change)


def _is_revision(change: Change, file: ChangedFile) -> bool:
    return any(_is_revision_path(change.milestone.migrations, path) for path in (file.before, file.after) if path)


def _is_revision_path(folder: str, path: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder) and path.endswith(".py") and not path.endswith("/__init__.py")


def _rewritten(file: ChangedFile) -> Finding:
    done = {"D": "deleted", "R": "renamed"}.get(file.status, "changed")
    message = f"Existing revision {done}: {file.before}"
    detail = "Risk: databases that ran it will not run it again"
    return _breaking(f"REVISION {done.upper()}", message, file.path, detail)


def _new(change: Change, path: str) -> Iterator[Finding]:
    if unmet := missing("migrations", f"{path} was not classified"):
        yield unmet
        return
    ran = change.tools.run((sys.executable, "-I", "-", f"./{path}"), RENDERER.read_text("utf-8"))
    if ran.code != 0 or ran.timed_out or ran.truncated or not ran.out.endswith("\n-- rendered\n"):
        why = "upgrade() did not end in time" if ran.timed_out else last_words(ran.err)
        yield _breaking("UNREADABLE", f"The SQL of {path} cannot be shown: {why}", path)
        return
    yield from (_finding(change, path, effect) for effect in effects(ran.out))
    yield from _hidden(change, path, ran.out)


def _finding(change: Change, path: str, effect: Effect) -> Finding:
    if effect.breaking:
        return _breaking(effect.rule, effect.text, path, _risk(change, effect))
    return Finding(Kind.MIGRATION_ADDITIVE, Severity.INFO, effect.rule, effect.text, path)


def _risk(change: Change, effect: Effect) -> str | None:
    """Say what is lost, counted in the plan's database."""
    if effect.table is None:
        return None
    what, risk = ("column", "Data loss") if effect.column else ("table", "Data loss")
    if effect.rule == "ALTER TYPE":
        risk = "Values may not convert"
    try:
        number = row_count.count(change.milestone.database, change.commits.repository, effect.table, effect.column)
    except row_count.NotCountedError as error:
        return f"Risk: {risk} (rows not counted: {error})"
    return f"Risk: {risk} ({what} has {row_count.shown(number)} {'row' if number == 1 else 'rows'})"


def _breaking(rule: str, message: str, path: str, detail: str | None = None) -> Finding:
    return Finding(Kind.MIGRATION_BREAKING, Severity.CRITICAL, rule, message, path, detail=detail)


# ---- what the source names, but the rendering did not show --------------------------------------------------------

_LOSSES = {"drop_table": "DROP TABLE", "drop_column": "DROP COLUMN", "rename_table": "RENAME"}
_ELSEWHERE = frozenset({"is_offline_mode", "as_sql"})


def _hidden(change: Change, path: str, sql: str) -> Iterator[Finding]:
    """Yield operations that upgrade() names but that offline rendering did not reach: a branch hides them."""
    tree = ast.parse(change.commits.read(change.head, path) or b"")
    names = {node.attr for node in _outside_downgrade(tree) if isinstance(node, ast.Attribute)}
    for name in sorted(names & _LOSSES.keys()):
        if _LOSSES[name] not in sql:
            yield _breaking(_LOSSES[name], f"`{name}` is in the source of {path}, but not in its SQL", path)
    for name in sorted(names & _ELSEWHERE):
        yield _breaking("UNREADABLE", f"{path} asks for `{name}`: it may do something else on a database", path)


def _outside_downgrade(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        if not (isinstance(node, ast.FunctionDef) and node.name == "downgrade"):
            yield from ast.walk(node)


# ---- the graph of revisions ---------------------------------------------------------------------------------------


def _graph(change: Change) -> Iterator[Finding]:
    """Compare the revision graphs of base and head; more heads than before and than one is a finding."""
    before, after = _revisions(change, change.base), _revisions(change, change.head)
    for revision in after:
        if revision.id is None and revision not in before:
            yield _fork("unreadable", f"The revision id of {revision.path} is not a plain string", revision.path)
    ids = Counter(revision.id for revision in after if revision.id)
    for id_, count in sorted(ids.items()):
        if count > 1:
            paths = [revision.path for revision in after if revision.id == id_]
            yield _fork("duplicate", f'Revision "{id_}" is in {count} files: {", ".join(paths)}', paths[-1])
    heads = _heads(after)
    if len(heads) > max(1, len(_heads(before))):
        names = ", ".join(f'"{head.id}"' for head in heads)
        yield _fork("heads", f"{len(heads)} migration heads: {names}", heads[-1].path)


def _fork(rule: str, message: str, path: str) -> Finding:
    return Finding(Kind.MIGRATION_HEADS, Severity.CRITICAL, rule, message, path)


def _heads(revisions: Iterable[Revision]) -> list[Revision]:
    """Return the revisions that no other builds on, by id."""
    known = [revision for revision in revisions if revision.id]
    parents = {parent for revision in known for parent in revision.parents}
    return sorted(
        (revision for revision in known if revision.id not in parents), key=lambda one: (one.id or "", one.path)
    )


def _revisions(change: Change, commit: str) -> list[Revision]:
    folder = change.milestone.migrations
    paths = sorted(path for path in change.commits.listing(commit, folder) if _is_revision_path(folder, path))
    return [_revision(path, change.commits.read(commit, path) or b"") for path in paths]


def _revision(path: str, source: bytes) -> Revision:
    """Read `revision` and `down_revision` from the source, without running it."""
    try:
        assigned = dict(_assignments(ast.parse(source)))
        parents = assigned.get("down_revision")
        below = (parents,) if isinstance(parents, str) else tuple(parents or ())
        return Revision(path, str(assigned["revision"]), below)
    except (SyntaxError, ValueError, KeyError, TypeError, RecursionError):
        return Revision(path, None)


def _assignments(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else (node.target,):
                if isinstance(target, ast.Name) and target.id in {"revision", "down_revision"}:
                    yield target.id, ast.literal_eval(node.value)
