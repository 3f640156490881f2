"""Runs new migrations up, down and up again on a scratch database, as a program of its own.

It runs the repository's code, so it never runs in our process. Its text goes to an interpreter in the sandbox, which
cannot import run_milestone and may be older. Alembic's `env.py` is not run and Django's `DATABASES` are replaced, so
that nothing but the scratch database is reached. Each stage is told before it begins.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Stage = tuple[str, Callable[[], object]]
_URL = re.compile(r"^(?:postgres\w*|mysql|mariadb|sqlite|mssql|oracle|cockroachdb)(?:\+\w+)?://")


def main(file: str) -> None:
    """Go through the stages of a task. What the migrations print goes to standard error."""
    task = json.loads(Path(file).read_text(encoding="utf-8"))
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(*what: str) -> None:
        channel.write(f"-- STAGE-OF-TRIAL {json.dumps(what)}\n")
        channel.flush()

    try:
        _lend(task)
        for name, act in TOOLS[task["tool"]](task, _database(task)):
            tell(name)
            act()
        tell("done")
    except BaseException as error:
        tell("failed", " ".join(one.__name__ for one in type(error).__mro__), _words(error))
        raise


def _words(error: BaseException) -> str:
    """Return what an error says, with the statement that failed and without a link to its explanation."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and "Background on this" not in line]
    return "{}: {}".format(type(error).__name__, " ".join(lines)[:300])


def _lend(task: dict[str, Any]) -> None:
    """Let the tree's packages come first, then its own modules, then what the runner has and the tree lacks."""
    sys.path += [str(Path.cwd()), str(Path.cwd() / "src"), *filter(None, os.environ.get("PYTHONPATH", "").split(":"))]
    if task["version"] == list(sys.version_info[:2]):
        sys.path += task["lent"]


def _database(task: dict[str, Any]) -> str:
    """Make the database, and return its URL. Variables that name another one name it instead."""
    folder = Path(task["scratch"])
    url = "sqlite:///{}".format(folder / "scratch.db")
    if task["database"] == "PostgreSQL":
        server = importlib.import_module("pgserver").get_server(folder / "postgres", cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", f"postgresql+{_driver()}://")
    for name, value in os.environ.items():
        if _URL.match(value):
            os.environ[name] = url
    os.environ.setdefault("DATABASE_URL", url)
    return url


def _driver() -> str:
    for name in ("psycopg", "psycopg2"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        return name
    raise ImportError("neither psycopg nor psycopg2 is installed")


# ---- Alembic ------------------------------------------------------------------------------------------------------


def _alembic(task: dict[str, Any], url: str) -> Iterator[Stage]:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    folder = Path(task["folder"]).resolve()
    script = ScriptDirectory(str(folder.parent), version_locations=[str(folder)])
    engine = create_engine(url, poolclass=NullPool)

    def go(move: Any, targets: list[str]) -> None:
        for target in targets:
            context = EnvironmentContext(config, script, fn=lambda at, _, to=target: move(to, at))
            with engine.connect() as connection, context:
                context.configure(connection=connection, transaction_per_migration=True)
                with context.begin_transaction():
                    context.run_migrations()

    up, down = script._upgrade_revs, script._downgrade_revs  # noqa: SLF001 - the commands take theirs from env.py
    before, below = _revisions(script, {str(Path(path).resolve()) for path in task["new"]})
    yield "before", lambda: go(up, before)
    yield "up", lambda: go(up, ["heads"])
    yield "down", lambda: go(down, below)
    yield "again", lambda: go(up, ["heads"])


def _revisions(script: Any, new_files: set[str]) -> tuple[list[str], list[str]]:
    """Return the revisions that all older ones end in, and those that the new ones stand on."""
    every = list(script.walk_revisions())
    new = {one.revision for one in every if str(Path(one.path).resolve()) in new_files}
    held = set(new)
    for one in reversed(every):
        if held.intersection(_below(one)):
            held.add(one.revision)
    old = [one for one in every if one.revision not in held]
    tips = [one.revision for one in old if not set(one.nextrev) - held]
    below = {parent for one in every if one.revision in held for parent in _below(one)} - held
    return tips, sorted(below) or ["base"]


def _below(revision: Any) -> tuple[str, ...]:
    parents = revision.down_revision
    return (parents,) if isinstance(parents, str) else tuple(parents or ())


# ---- Django -------------------------------------------------------------------------------------------------------


def _django(task: dict[str, Any], url: str) -> Iterator[Stage]:
    new = {str(Path(path).resolve()) for path in task["new"]}
    os.chdir(task["folder"])
    sys.path.insert(0, str(Path.cwd()))
    os.environ["DJANGO_SETTINGS_MODULE"] = task["settings"]
    settings = importlib.import_module("django.conf").settings
    settings.DATABASES = {alias: _backend(task, url, alias) for alias in {"default", *settings.DATABASES}}
    importlib.import_module("django").setup()
    connection = importlib.import_module("django.db").connection
    executors = importlib.import_module("django.db.migrations.executor")
    signals = importlib.import_module("django.core.management.sql")

    def migrate(targets: Any) -> None:
        executors.MigrationExecutor(connection).migrate(targets)

    loader = executors.MigrationExecutor(connection).loader
    held = {key for key, one in loader.disk_migrations.items() if _file(one) in new}
    nodes = loader.graph.node_map
    waiting = list(held)
    while waiting:
        later = [child.key for child in nodes[waiting.pop()].children if child.key not in held]
        held.update(later)
        waiting += later
    tips = [key for key in nodes if key not in held and not [c for c in nodes[key].children if c.key not in held]]
    below = {_under(nodes[key], held) for key in held}

    def before() -> None:
        migrate(tips)
        signals.emit_post_migrate_signal(0, False, "default")

    yield "before", before
    yield "up", lambda: migrate(loader.graph.leaf_nodes())
    yield "down", lambda: migrate([key for key in below if key])
    yield "again", lambda: migrate(loader.graph.leaf_nodes())


def _file(migration: Any) -> str:
    return str(Path(sys.modules[type(migration).__module__].__file__ or "").resolve())


def _under(node: Any, held: set[Any]) -> Any:
    """Return what to go back to below a new migration: that of its app, None where another new one is below it."""
    mine = [parent.key for parent in node.parents if parent.key[0] == node.key[0]]
    return None if held.intersection(mine) else mine[0] if mine else (node.key[0], None)


def _backend(task: dict[str, Any], url: str, alias: str) -> dict[str, Any]:
    if task["database"] == "PostgreSQL":
        at = re.match(r"[^:]+://([^:@]*):?@?/(\w+)\?host=(.*)", url)
        user, name, host = at.groups() if at else ("", "", "")
        return {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": user, "HOST": host}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(task["scratch"]) / f"{alias}.db")}


# ---- plain SQL ----------------------------------------------------------------------------------------------------


def _sql(task: dict[str, Any], url: str) -> Iterator[Stage]:
    def run(texts: list[str]) -> None:
        connection = sqlite3.connect(url[len("sqlite:///") :])
        for text in texts:
            connection.executescript(text)
        connection.close()

    yield "before", lambda: run(task["before"])
    yield "up", lambda: run(task["up"])
    if all(task["down"]):
        yield "down", lambda: run(task["down"][::-1])
        yield "again", lambda: run(task["up"])


TOOLS = {"Alembic": _alembic, "Django": _django, "plain SQL": _sql}

if __name__ == "__main__":
    main(sys.argv[1])
