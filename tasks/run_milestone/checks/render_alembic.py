"""Prints the SQL of one Alembic revision's upgrade(), as a program of its own.

It runs the repository's code, so it never runs in our process. Its text goes to a fresh interpreter in the sandbox,
which cannot import run_milestone. It renders for PostgreSQL, without env.py and without a database.
"""

import contextlib
import importlib.util
import io
import sys
from pathlib import Path
from typing import Any


def load(path: str) -> Any:
    """Import the revision file. Installed packages come before what it imports from its project."""
    sys.path += [str(Path.cwd()), str(Path.cwd() / "src")]
    spec = importlib.util.spec_from_file_location("revision", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def render(path: str) -> str:
    """Return the statements of upgrade(), each ended by a semicolon."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    sql = io.StringIO()
    options = {"as_sql": True, "output_buffer": sql, "literal_binds": True}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        load(path).upgrade()
    return sql.getvalue()


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        statements = render(sys.argv[1])
    # The last line tells a revision that ran to its end from one that left early with exit code 0. Who starts this
    # program puts a nonce in its place.
    sys.stdout.write(f"{statements}\n-- END-OF-RENDERING\n")
