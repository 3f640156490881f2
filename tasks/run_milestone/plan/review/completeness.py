"""Check that issues cover the epic, and that each issue may write the tests of its criteria."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...core.globs import matches
from .findings import critical, place, warning
from .ordering import before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding, Issue, Milestone

EPIC = "epic.md"
"""The epic's file, beside the plan."""
TASK = re.compile(r"(?m)^[ \t]*[-*+] \[ \] +(\S.*?)[ \t]*$")
"""An open item of a Markdown task list."""
MOST_URGENT = re.compile(r"\bP0\b")


def uncovered(milestone: Milestone, epic: str) -> Iterator[Finding]:
    """Yield the open items of an epic that no issue shares half its words with. A P0 item is critical."""
    issues = [_words(" ".join((issue.title, *(one.text for one in issue.criteria)))) for issue in milestone.issues]
    for item in TASK.findall(epic):
        asked = _words(item)
        if asked and not any(2 * len(asked & words) >= len(asked) for words in issues):
            say = critical if MOST_URGENT.search(item) else warning
            yield say("epic", f"No issue mentions what the epic asks for: {item}", EPIC)


def _words(text: str) -> set[str]:
    """Return the words of a text with four letters or more, plurals as their singular."""
    return {word.removesuffix("s") for word in re.findall(r"[^\W_]{4,}", text.lower())}


def _out_of_reach(issue: Issue, milestone: Milestone) -> Iterator[Finding]:
    """Yield criteria whose test neither the issue nor an earlier one may change: it can never be proven."""
    writers = (issue, *before(issue, milestone))
    for number, criterion in enumerate(issue.criteria, start=1):
        path = (criterion.test or "").partition("::")[0]
        places = _places(path, milestone) if "/" in path or path.endswith(_SOURCES) else ()
        if places and not any(_may_write(one, places) for one in writers):
            message = (
                f"Issue #{issue.number}, criterion {number}: its test is in {path}, which the issue may not change"
            )
            yield critical("out-of-reach", message, place(issue))


_SOURCES = (".py", ".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".go", ".rb", ".rs", ".java", ".kt")
"""Endings by which a name without a folder is a file; any other is a name as a report has it, which is nowhere."""


def _places(path: str, milestone: Milestone) -> tuple[str, ...]:
    """Return where a test can be: at its path, or below a folder in which the test command works (`make -C web`)."""
    tests = (milestone.commands.test, *(part.test or () for part in milestone.commands.parts))
    words = [word.strip("./") for test in tests for word in test if not word.startswith("{")]
    words += [part.name for part in milestone.commands.parts]
    folders = dict.fromkeys(word for word in words if re.fullmatch(r"[\w@.-]+(/[\w@.-]+)*", word))
    return (path, *(f"{folder}/{path}" for folder in folders))


def _may_write(issue: Issue, places: tuple[str, ...]) -> bool:
    """Return whether an issue may write a test: at its path, or below a folder that it is limited to."""
    return any(_may_change(issue, place) for place in (places if issue.paths.allow else places[:1]))


def _may_change(issue: Issue, path: str) -> bool:
    allow, forbid = issue.paths.allow, issue.paths.forbid
    return (not allow or matches(path, allow)) and not matches(path, forbid)


def _proven_before(issue: Issue, milestone: Milestone) -> Iterator[Finding]:
    """Yield tests that prove a criterion of an earlier issue as well, so they pass before this one begins."""
    earlier = {one.test: other.number for other in before(issue, milestone) for one in other.criteria if one.test}
    for number, criterion in enumerate(issue.criteria, start=1):
        if criterion.test in earlier:
            message = f"Issue #{issue.number}, criterion {number}: its test proves #{earlier[criterion.test]} already"
            yield warning("proven-before", message, place(issue))


RULES = (_out_of_reach, _proven_before)
