"""Spell the ids of milestones, the numbers of issues and the names of branches in one way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Issue, Milestone

_ID = re.compile(r"[mM]?((?:0|[1-9][0-9]{0,3})(?:\.(?:0|[1-9][0-9]{0,3}))?)")

_WORDS = re.compile(r"(?=.{1,40}\Z)(?!.*\.lock\Z)(?!m[0-9.])[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
"""Any other id: it names folders, branches and refs as it is."""


def normalise(text: str) -> str:
    """Return the normalised id of a milestone: `M4.1` and `4.1` are `m4.1`, `3` is `m3`, `Spring` is `spring`."""
    if match := _ID.fullmatch(text):
        return f"m{match.group(1)}"
    if _WORDS.fullmatch(text.lower()):
        return text.lower()
    raise UsageError(f"{text[:60]!r} is not a milestone id.", "Write it like m4.1, m3 or spring-release.")


def is_id(text: str) -> bool:
    """Return whether `text` is a normalised id, as folders below `plans/` are named."""
    return bool(_WORDS.fullmatch(text)) or (text.startswith("m") and _ID.fullmatch(text) is not None)


def order(identity: str) -> tuple[str, tuple[int, ...]]:
    """Return the sort key of a normalised id: m4.2 comes before m4.10, numbers before words."""
    if _ID.fullmatch(identity):
        return "", tuple(int(part) for part in identity.removeprefix("m").split("."))
    return identity, ()


def share_branches(one: str, other: str) -> bool:
    """Return whether branches of two milestones can look alike: `feat/spring-2-…` is issue 2 of `spring`."""
    shorter, longer = sorted((one, other), key=len)
    return bool(re.match(rf"{re.escape(shorter)}-[0-9]", longer))


def number(value: int) -> str:
    """Return the plan number of an issue as text: 3 is `03`."""
    return f"{value:02d}"


def slug_of(title: str) -> str:
    """Return a slug from the words of a title: 40 characters at most, never empty."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-") or "issue"


def branch_of(milestone: Milestone, issue: Issue) -> str:
    """Return an issue's branch: `feat/m4.1-295-user-profile`, with the plan number where GitHub has none."""
    return branch_name(milestone.id, issue.type, str(issue.github or issue.number), issue.slug)


def is_branch_of(milestone: Milestone, issue: Issue, branch: str) -> bool:
    """Return whether this issue could have had a branch under another number, title or type."""
    match = re.fullmatch(rf"[^/]+/{re.escape(milestone.id)}-([0-9]+)-(.+)", branch)
    if match is None:
        return False
    return match[1] == str(issue.github) if issue.github else match[2] == issue.slug


def in_the_way(branch: str, heads: Iterable[str]) -> str | None:
    """Return a branch that git cannot keep beside `branch`: one is the other's folder. None where there is none."""
    return next((head for head in heads if branch.startswith(f"{head}/") or head.startswith(f"{branch}/")), None)


def branch_name(identity: str, kind: str, number: str, slug: str) -> str:
    """Return the branch name made of these parts."""
    return f"{kind}/{identity}-{number}-{slug}"
