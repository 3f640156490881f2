"""compliance: is it what was asked for? Each acceptance criterion against the evidence that the runner made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Issue

_PATH = re.compile(
    r"(?<![\w.@-])(?=\.*[\w@-])[\w.@-]++(?:/[\w.@-]+)+"
    r"|(?<!\w)\w[\w-]*+\.[A-Za-z]\w*"
)
"""What looks like a path in a sentence: something with a slash, or a file's name with its ending.

It is looked for where a word begins, and a word is not given back: else a long one would take minutes.
"""


def check(issue: Issue, proven: tuple[str, ...]) -> Iterator[Finding]:
    """Yield criteria whose named test did not prove them; of one that names no test only the evidence is told."""
    for criterion in issue.criteria:
        if criterion.test and criterion.test not in proven:
            detail = f"{criterion.test} did not run, or did not pass"
            yield Finding(Kind.REVIEW, Severity.WARNING, "criterion", f"Not proven: {criterion.text}", detail=detail)


def named(criterion: str, changed: Iterable[str]) -> tuple[str, ...]:
    """Return the changed paths that a criterion speaks of: `docs/api.md`, `api.md`, or a folder that holds it."""
    words = [word.strip(".") for word in _PATH.findall(criterion)]
    return tuple(path for path in changed if any(_means(word, path) for word in words))


def _means(word: str, path: str) -> bool:
    return path == word or path.endswith(f"/{word}") or path.startswith(f"{word.rstrip('/')}/")


def about(number: int, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what reviewers said of the criterion of that number, counted from 1: their rule is `criterion-2`."""
    return tuple(finding for finding in findings if finding.rule == f"criterion-{number}")
