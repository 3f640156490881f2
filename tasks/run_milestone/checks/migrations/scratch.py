"""Tries the new migrations of a change on a scratch database: up, down and up again, in the sandbox."""

from __future__ import annotations

import ast
import json
import posixpath
import re
import secrets
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ...core.fs import temporary_folder
from ...core.text import for_record
from ...model import Finding, Kind, Severity
from . import plain_sql
from .locate import Tool, alembic_folders, migrations_of, revisions_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...adapters.process import Result
    from ..change import Change

PROGRAM = Path(__file__).parent.with_name("apply_migrations.py")
LONGEST = 300
"""Seconds that a trial may take at most."""
_SQLITE, _POSTGRESQL = "SQLite", "PostgreSQL"
_STAGE = {"up": "upgrade", "down": "downgrade", "again": "upgrade after a downgrade"}
_ANYWHERE = re.compile(
    r"no such table: (?!pg_|information_schema)[\w\"]+(?! *\.)|no such column|no such index|has no column named"
    r"|(?:table|index|view) \S+ already exists|duplicate column name|constraint failed",
    re.IGNORECASE,
)
"""Errors on SQLite that another database would raise too."""
_ABSENT = re.compile(r"extension .* is not available|could not open extension control file", re.IGNORECASE)
_OF_CODE = frozenset({"NameError"})
_OF_A_DATABASE = frozenset({"DatabaseError"})
"""The exceptions that count, by a class above theirs. Any other may come of settings, or of what env.py registers."""
_IRREVERSIBLE = frozenset({"NotImplementedError", "IrreversibleError", "Exception", "RuntimeError"})
"""What a downgrade raises to say that there is none."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the new migrations: the stops, and a sentence for each folder of them."""

    findings: tuple[Finding, ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    """The new migrations of one folder, what their program needs to know, and the database that they are for."""

    tool: Tool
    paths: tuple[str, ...]
    task: dict[str, Any]
    named: str = ""
    """The scheme of the project's database, empty where nothing names it."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How far a trial came: the last stage that began, and what went wrong in it."""

    stage: str
    types: frozenset[str] = field(default_factory=frozenset)
    words: str = ""
    asked: bool = False
    """Whether the migrations raised it, and did not end the program or run on for ever."""


def tried(change: Change) -> Trial:
    """Try the new migrations of each folder. What cannot be tried is said with the reason, and stops nothing."""
    works = [*_works(change)]
    if works and (open_to := change.tools.open_to):
        return Trial((), tuple(_untried(work, open_to) for work in works))
    trials = [_tried(change, work) for work in works]
    return Trial(
        tuple(finding for one in trials for finding in one.findings),
        tuple(sentence for one in trials for sentence in one.sentences),
    )


def _tried(change: Change, work: _Work | str) -> Trial:
    """Try on one database after the other, until one of them gives an answer."""
    if isinstance(work, str):
        return Trial((), (work,))
    first: Trial | None = None
    for database in _databases(work):
        trial, is_answer = _judged(change, work, database, _run(change, work, database))
        if is_answer:
            return trial
        first = first or trial
    return first or Trial()


def _untried(work: _Work | str, why: str) -> str:
    return work if isinstance(work, str) else f"{_names(work)} not tried on a scratch database: {why}"


def _names(work: _Work) -> str:
    more = f" and {len(work.paths) - 3} more" if len(work.paths) > 3 else ""
    return ", ".join(posixpath.basename(path) for path in work.paths[:3]) + more


def _databases(work: _Work) -> tuple[str, ...]:
    postgres = (_POSTGRESQL,) if find_spec("pgserver") and work.tool is not Tool.SQL else ()
    if work.named == "sqlite":
        return (_SQLITE,)
    return (*postgres, _SQLITE) if work.named.startswith("postgres") else (_SQLITE, *postgres)


# ---- what there is to try -----------------------------------------------------------------------------------------


def _works(change: Change) -> Iterator[_Work | str]:
    """Yield what can be tried by folder, or the sentence that says why it cannot."""
    new = [(file.path, tool) for file, tool in migrations_of(change) if file.status == "A"]
    alembic, listing = alembic_folders(change), change.commits.listing(change.head, ".")
    keyed = sorted((tool.value, _home(path, tool, alembic, listing), path) for path, tool in new)
    for (name, home), group in groupby(keyed, key=lambda one: one[:2]):
        yield from _work(change, Tool(name), home, tuple(path for *_, path in group))


def _home(path: str, tool: Tool, alembic: tuple[str, ...], listing: tuple[str, ...]) -> str:
    """Return the folder that a migration is run from."""
    if tool is Tool.ALEMBIC:
        return revisions_folder(path, alembic)
    if tool is Tool.DJANGO:
        above = [str(parent) for parent in PurePosixPath(path).parents]
        return next((parent for parent in above if posixpath.normpath(f"{parent}/manage.py") in listing), ".")
    return plain_sql.folder_of(path)


def _work(change: Change, tool: Tool, home: str, paths: tuple[str, ...]) -> Iterator[_Work | str]:
    named, task = _scheme(change), {"tool": tool.value, "folder": home, "new": paths}
    if tool is Tool.ALEMBIC:
        yield _Work(tool, paths, task, named)
    elif tool is Tool.DJANGO:
        settings = _settings(change, home)
        work = _Work(tool, paths, {**task, "settings": settings}, named)
        yield work if settings else _untried(work, "nothing names its settings (DJANGO_SETTINGS_MODULE)")
    elif tool is Tool.SQL:
        work = _Work(
            tool,
            paths,
            {**task, **_texts(change, paths)},
            plain_sql.dialect_of(change, change.text(change.head, paths[0])),
        )
        yield work if work.named == "sqlite" else _untried(work, f"plain SQL for {work.named}, not for SQLite")
    elif tool is Tool.CODE:
        yield _untried(_Work(tool, paths, {}), "only Alembic, Django and plain SQL for SQLite are")


def _texts(change: Change, paths: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the statements of plain SQL: what was there before, and the new ones in both directions."""
    ways = [plain_sql.both_ways(change, path) for path in paths]
    return {
        "before": [plain_sql.history(change, paths[0])],
        "up": [up for up, _ in ways],
        "down": [down for _, down in ways],
    }


def _scheme(change: Change) -> str:
    """Return the scheme of the database that the plan, its variables or alembic.ini name."""
    listed = [change.text(change.head, path) for path in ("alembic.ini", "migrations/alembic.ini")]
    written = [match[1] for text in listed if (match := re.search(r"^sqlalchemy\.url\s*=\s*(\S+)", text, re.MULTILINE))]
    urls = (change.milestone.database or "", *change.milestone.tree.env.values(), *written)
    schemes = (url.partition("://")[0].partition("+")[0] for url in urls if "://" in url)
    return next((one for one in schemes if re.match(r"sqlite|postgres|mysql|mariadb|mssql|oracle", one)), "")


_SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"']?\s*[,=]\s*[\"']?([\w.]+)")
_NAMING = ("manage.py", "pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini")


def _settings(change: Change, home: str) -> str:
    if given := change.milestone.tree.env.get("DJANGO_SETTINGS_MODULE"):
        return given
    texts = (change.text(change.head, posixpath.normpath(f"{home}/{name}")) for name in _NAMING)
    return next((match[1] for text in texts if (match := _SETTINGS.search(text))), "")


# ---- one trial ----------------------------------------------------------------------------------------------------


def _run(change: Change, work: _Work, database: str) -> _Ended:
    """Run the program, and read how far it came. A nonce marks its lines, which no migration knows beforehand."""
    nonce = secrets.token_hex(16)
    program = PROGRAM.read_text("utf-8").replace("STAGE-OF-TRIAL", nonce)
    with temporary_folder("run-milestone-") as folder:
        packages = [path for path in sys.path if path.endswith("site-packages")]
        task = {"scratch": str(folder), "database": database, "lent": packages, "version": sys.version_info[:2]}
        (folder / "task.json").write_text(json.dumps({**work.task, **task}), encoding="utf-8")
        result = change.tools.on_scratch(program, folder, min(change.milestone.commands.timeout, LONGEST))
        return _ended(result, f"-- {nonce} ", str(folder))


def _ended(result: Result, mark: str, folder: str) -> _Ended:
    lines = [line.removeprefix(mark) for line in result.out.splitlines() if line.startswith(mark)]
    try:
        return _from_reports(result, [[str(word) for word in json.loads(line)] for line in lines], folder)
    except (ValueError, TypeError, IndexError, RecursionError):
        return _Ended("", words="its report cannot be read")


def _from_reports(result: Result, reports: list[list[str]], folder: str) -> _Ended:
    """Return what the reports say. Code of the tree may have written them, so any can be anything."""
    stage = next((one[0] for one in reversed(reports) if one[0] != "failed"), "")
    if stage == "done":
        return _Ended(stage)
    if result.code is None or result.limit:
        return _Ended("", words=result.limit or result.err.strip())
    if reports and reports[-1][0] == "failed":
        words = for_record(" ".join(reports[-1][2].replace(folder, "…").partition(" DETAIL:")[0].split()))
        return _Ended(stage, frozenset(reports[-1][1].split()), words, asked=True)
    ended = "it did not end in time" if result.timed_out else f"it ended the program (exit code {result.code})"
    return _Ended(stage, words=ended)


def _judged(change: Change, work: _Work, database: str, ended: _Ended) -> tuple[Trial, bool]:
    """Return what a trial says, and whether that is an answer or a reason to try another database."""
    on = f"on a scratch {database} database"
    if ended.stage in {"", "before"}:
        what = "what they stand on did not run" if ended.stage else "they could not be started"
        return Trial((), (_untried(work, f"{what} on {database}: {ended.words}"),)), False
    if ended.stage == "done":
        ways = "up, down and up again" if all(work.task.get("down", ["-"])) else "up (it has no way down)"
        return Trial((), (f"{_names(work)} went {ways} {on}",)), True
    if ended.stage == "down" and ended.types and not ended.types.isdisjoint(_IRREVERSIBLE) and _raised(ended):
        return Trial((), (f"{_names(work)} went up {on}, and cannot be undone: {ended.words}",)), True
    if ended.stage in {"down", "again"} and ended.asked and _has_no_way_back(change, work):
        return Trial((), (f"{_names(work)} went up {on}; its downgrade does nothing",)), True
    if ended.asked and not _counts(work, database, ended):
        return Trial((), (_untried(work, f"on {database} they fail as they may not elsewhere: {ended.words}"),)), False
    message = f"{_names(work)}: the {_STAGE[ended.stage]} fails {on}: {ended.words}"
    return Trial((Finding(Kind.MIGRATION_FAILED, Severity.CRITICAL, ended.stage, message, work.paths[0]),)), True


def _raised(ended: _Ended) -> bool:
    """Return whether an exception of a general kind was raised by hand: those of a database have kinds of their own."""
    return ended.words.partition(":")[0] in _IRREVERSIBLE


def _counts(work: _Work, database: str, ended: _Ended) -> bool:
    """Return whether the migrations would fail like this on the project's own database, and with its settings."""
    if not ended.types.isdisjoint(_OF_CODE):
        return True
    if ended.types.isdisjoint(_OF_A_DATABASE):
        return False
    if database == _POSTGRESQL:
        return not _ABSENT.search(ended.words)
    return work.named == "sqlite" or bool(_ANYWHERE.search(ended.words))


def _has_no_way_back(change: Change, work: _Work) -> bool:
    """Return whether a revision has no downgrade, or an empty one. It may be written for a newer Python than ours."""
    if work.tool is not Tool.ALEMBIC:
        return False
    try:
        trees = [ast.parse(change.text(change.head, path)) for path in work.paths]
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(all(map(_is_empty, _downgrades(tree))) for tree in trees)


def _downgrades(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "downgrade"]


def _is_empty(node: ast.FunctionDef) -> bool:
    return all(isinstance(one, ast.Pass) or isinstance(getattr(one, "value", 0), ast.Constant) for one in node.body)
