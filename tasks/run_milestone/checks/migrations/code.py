"""Finds what a migration does that is code of another tool, by the verbs that such tools share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..sql import effects
from ..unavailable import missing
from .migration_findings import additive, breaking, of_effects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding
    from ..change import Change

_BACKWARDS = re.compile(
    r"^[ \t]*(?:def (?:self\.)?down\b|(?:module\.)?exports\.down\b"
    r"|(?:export\s+)?(?:const|(?:async )?function) down\b|(?:public\s+)?(?:async\s+)?(?:function\s+)?down\s*\("
    r"|protected override void Down|async def downgrade|def downgrade|<rollback|-?\s*rollback:)",
    re.MULTILINE,
)
_LOSSES = {
    "DROP TABLE": (
        *(r"drop_?table(?:_?if_?exists)?", "drop_join_table", r"drop\(?:?Schema", r"Schema::drop\w*", r"drop table\b"),
    ),
    "DROP COLUMN": (
        *(
            "(?:remove|drop)_?columns?",
            "remove_(?:reference|belongs_to|timestamps|attachment)",
            r"t\.remove",
            r"remove :\w+",
        ),
        *(r"dropForeign\w*", "dropMorphs", "dropSoftDeletes", "dropTimestamps"),
    ),
    "RENAME": (r"rename_?(?:table|column|to)", "Schema::rename", r"rename table\(", r"rename\("),
    "ALTER TYPE": (
        *(
            "change_?column(?:_type)?",
            "alter_?column",
            "modifyDataType",
            r"->change\(",
            r"\.alter\(",
            "modify :",
            r"t\.change\b",
        ),
    ),
    "SET NOT NULL": (r"change_column_null[^\n]*false", "addNotNullConstraint", "dropNullable", r"setNullable\(false"),
    "TRUNCATE": (r"truncate\w*",),
    "DELETE": (
        "delete_all",
        "destroy_all",
        "bulkDelete",
        "deleteData",
        r"->delete\(",
        r"\.del(?:ete)?\(",
        r"dropDatabase\(",
    ),
    "UPDATE": ("update_all", "bulkUpdate"),
}
"""The verbs that take something away, of Rails, knex, Sequelize, TypeORM, Laravel, Ecto, EF Core and Liquibase."""
_ADDITIONS = {
    "CREATE TABLE": ("create_?table", "create_join_table", "Schema::create", r"create table\b"),
    "ADD COLUMN": (
        *("add_?columns?", "add_(?:reference|belongs_to|timestamps|attachment)", r"add :\w+"),
        *(
            r"t\.(?:string|integer|text|bigint)",
            r"->(?:string|integer|text|boolean|timestamp\w*|foreignId|unsigned\w*|json)\(",
        ),
    ),
    "CREATE INDEX": ("add_?index", "create_?index", r"create index\b", r"->index\(", "create unique_index"),
    "ADD CONSTRAINT": (
        *("add_?foreign_?key", "addConstraint", r"addForeignKey\w*", r"->foreign\(", "add_check_constraint"),
    ),
}
_COMPUTED = re.compile(
    r"\b(?:raw|execute|statement|unprepared|sql|addSql|query|exec\w*)\s*\(?\s*[\"'`][^\"'`\n]+[\"'`]\s*(?:\+|\.(?!\w)|<>|[\"'`])"
    r"|\b(?:public_)?send\s*\(?\s*[:\"']|\[\s*[\"'][^\]\n]*[\"']\s*\+[^\]\n]*\]\s*\(|<customChange\b|\bfind_each\(&:destroy",
    re.IGNORECASE,
)
"""SQL or a verb that is put together: nobody reads there what it does."""
_NOT_NULL = re.compile(
    r"add_?column[^\n]*(?:null: false|allowNull: false|nullable: false|nullable=\"?false)(?![^\n]*default)",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"\"\"\"(.*?)\"\"\"|\'\'\'(.*?)\'\'\'|`([^`]*)`|<<[~-]?[\'\"]?(\w+)[\'\"]?\n(.*?)^\s*\4|\"((?:[^\"\\]|\\.)*)\"|\'((?:[^\'\\]|\\.)*)\'",
    re.DOTALL | re.MULTILINE,
)
_SQL = re.compile(
    r"\s*(?:create|alter|drop|truncate|delete\s+from|update\s+\S+\s+set|insert\s+into|grant|revoke|comment\s+on|do\s+\$|with)\s",
    re.IGNORECASE,
)
_FILE = re.compile(r"[\w./-]*\w\.sql\b")
_COMMENT = re.compile(r"^\s*(?:#|//|--(?!\s*changeset)).*$", re.MULTILINE)


def check(change: Change, path: str, text: str) -> Iterator[Finding]:
    """Yield the verbs in what runs forwards, and what SQL in its texts does. Without either it is not understood."""
    forwards = _COMMENT.sub("", _forwards(text))
    losses = [rule for rule, verbs in _LOSSES.items() if _any(verbs).search(forwards)]
    if _NOT_NULL.search(forwards):
        losses.append("ADD COLUMN NOT NULL")
    for rule in losses:
        yield breaking(rule, f"{rule} in {path}", path)
    for name in dict.fromkeys(_FILE.findall(forwards)):
        yield breaking("UNREADABLE", f"{path} runs what another file holds: {name}", path)
    if computed := _COMPUTED.search(forwards):
        what = computed[0].strip()[:40]
        losses.append("UNREADABLE")
        yield breaking("UNREADABLE", f"What `{what}` in {path} does is put together. Read it yourself", path)
    findings = tuple(_of_texts(change, path, forwards))
    yield from findings
    additions = [rule for rule, verbs in _ADDITIONS.items() if _any(verbs).search(forwards)]
    if not losses:
        yield from (additive(rule, f"{rule} in {path}", path) for rule in additions)
    if not (losses or findings or additions):
        yield breaking("UNREADABLE", f"What {path} does is not understood. Read it yourself", path)


def _any(verbs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(verbs)})", re.IGNORECASE)


def _forwards(text: str) -> str:
    """Return a file without the part that undoes it, which commonly stands at its end."""
    match = _BACKWARDS.search(text)
    if not match:
        return text
    up = re.search(r"\bup\b", text[match.end() :])
    return text if up else text[: match.start()]


def _of_texts(change: Change, path: str, text: str) -> Iterator[Finding]:
    texts = ("".join(part for part in match.groups() if part) for match in _TEXT.finditer(text))
    statements = [one.replace("\\n", "\n") for one in texts if _SQL.match(one)]
    if statements and (unmet := missing("migrations", f"{path} was not classified")):
        yield unmet
        return
    yield from of_effects(change, path, [effect for one in statements for effect in effects(one)])
