"""Makes the findings about migrations, with the rows at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import Finding, Kind, Severity
from .. import row_count
from ..sql import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..change import Change


def of_effects(change: Change, path: str, effects: Iterable[Effect]) -> Iterator[Finding]:
    """Yield a finding per effect."""
    for effect in effects:
        if effect.breaking:
            yield breaking(effect.rule, effect.text, path, _risk(change, effect))
        else:
            yield additive(effect.rule, effect.text, path)


def breaking(rule: str, message: str, path: str, detail: str | None = None) -> Finding:
    """Return a finding that stops."""
    return Finding(Kind.MIGRATION_BREAKING, Severity.CRITICAL, rule, message, path, detail=detail)


def additive(rule: str, message: str, path: str) -> Finding:
    """Return a finding that asks for a review of the database's owner."""
    return Finding(Kind.MIGRATION_ADDITIVE, Severity.INFO, rule, message, path)


def unreadable(path: str, why: str) -> Finding:
    """Return the finding for a migration whose effect cannot be told."""
    return breaking("UNREADABLE", f"The SQL of {path} cannot be shown: {why}", path)


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
