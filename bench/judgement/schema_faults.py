"""Plant faults into a schema: a column that goes, and a second migration beside the last one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from .projects import Project

_ALEMBIC = '''"""{title}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down!r}


def upgrade():
    {up}


def downgrade():
    pass
'''
_DJANGO = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("{app}", "{after}")]
    operations = [{operation}]
"""


def dropped_column(project: Project, root: Path, chance: Random) -> str | None:
    """Add a migration that drops a column."""
    folder = _folder(project, root)
    return (
        None
        if folder is None
        else {"alembic": _alembic_drop, "django": _django_drop, "sql": _sql_drop}[project.migrations](
            folder, root, chance
        )
    )


def two_heads(project: Project, root: Path, chance: Random) -> str | None:
    """Add a migration that comes after the same one as the last does."""
    folder = _folder(project, root)
    if folder is None or project.migrations == "sql":
        return None
    if project.migrations == "alembic":
        parents = _revisions(folder)
        head = _head(parents)
        up = "op.create_index('ix_added', 'bill', ['date'])"
        return _revision(folder, root, chance, parents[head] or None, up, f"beside {head}")
    names = sorted(path.stem for path in folder.glob("[0-9]*.py"))
    if len(names) < 2:
        return None
    path = folder / f"{names[-1][:4]}_beside.py"
    path.write_text(_DJANGO.format(app=folder.parent.name, after=names[-2], operation=""), encoding="utf-8")
    return f"{path.relative_to(root)} beside {names[-1]}"


def _folder(project: Project, root: Path) -> Path | None:
    pattern = {"alembic": "**/versions", "django": f"{project.source}/migrations", "sql": "**/sql/migrations"}
    return next((path for path in sorted(root.glob(pattern[project.migrations])) if path.is_dir()), None)


def _revisions(folder: Path) -> dict[str, str]:
    """Return each revision and the one before it."""
    parents = {}
    for path in sorted(folder.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        revision = re.search(r"^revision\s*=\s*['\"](\w+)", text, re.MULTILINE)
        down = re.search(r"^down_revision\s*=\s*['\"](\w+)", text, re.MULTILINE)
        if revision:
            parents[revision[1]] = down[1] if down else ""
    return parents


def _head(parents: dict[str, str]) -> str:
    return next(name for name in parents if name not in parents.values())


def _revision(folder: Path, root: Path, chance: Random, down: str | None, up: str, title: str) -> str:
    revision = "".join(chance.choices("0123456789abcdef", k=12))
    path = folder / f"{revision}_added.py"
    path.write_text(_ALEMBIC.format(title=title, revision=revision, down=down, up=up), encoding="utf-8")
    return f"{path.relative_to(root)}: {title}"


def _alembic_drop(folder: Path, root: Path, chance: Random) -> str | None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    found = re.findall(r"op\.create_table\(\s*['\"](\w+)['\"],((?:\s*sa\.Column\(['\"]\w+['\"].*\n)+)", text)
    columns = [(table, name) for table, body in found for name in re.findall(r"Column\(['\"](\w+)", body)[1:]]
    if not columns:
        return None
    table, column = chance.choice(columns)
    up = f'op.drop_column("{table}", "{column}")'
    return _revision(folder, root, chance, _head(_revisions(folder)), up, f"drop {table}.{column}")


def _django_drop(folder: Path, root: Path, chance: Random) -> str | None:
    names = sorted(path.stem for path in folder.glob("[0-9]*.py"))
    text = "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in names)
    added = re.findall(r"AddField\(\s*(?:model_name=)?['\"](\w+)['\"],\s*(?:name=)?['\"](\w+)['\"]", text)
    created = re.findall(r"CreateModel\(\s*(?:name=)?['\"](\w+)['\"],\s*fields=\[(.*?)\n\s*\],", text, re.DOTALL)
    fields = added + [(model.lower(), name) for model, body in created for name in re.findall(r"\(\s*['\"](\w+)", body)]
    fields = [(model, name) for model, name in fields if name != "id"]
    if not fields:
        return None
    model, field = chance.choice(sorted(set(fields)))
    operation = f'migrations.RemoveField(model_name="{model}", name="{field}")'
    path = folder / f"{int(names[-1][:4]) + 1:04}_removed.py"
    path.write_text(_DJANGO.format(app=folder.parent.name, after=names[-1], operation=operation), encoding="utf-8")
    return f"{path.relative_to(root)}: remove {model}.{field}"


def _sql_drop(folder: Path, root: Path, chance: Random) -> str | None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql")))
    found = re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*?)\n\);", text, re.DOTALL)
    columns = [(table, name) for table, body in found for name in re.findall(r"^\s+([a-z_]+) ", body, re.MULTILINE)]
    if not columns:
        return None
    table, column = chance.choice(columns)
    path = folder / "99.00.00_01_drop_column.sql"
    path.write_text(f"ALTER TABLE {table} DROP COLUMN {column};\n", encoding="utf-8")
    return f"{path.relative_to(root)}: drop {table}.{column}"
