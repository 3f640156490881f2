"""Compare acceptance criteria with the evidence of tests, changed paths and reviewers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Issue, Tested

_PATH = re.compile(
    r"(?<![\w.@-])(?=\.*[\w@-])[\w.@-]++(?:/[\w.@-]+)+"
    r"|(?<!\w)\w[\w-]*+\.[A-Za-z]\w*"
)
"""A path in a sentence: something with a slash, or a file name with its extension.

The possessive quantifiers keep a long word from taking minutes.
"""


def check(issue: Issue, tested: Tested) -> Iterator[Finding]:
    """Yield the criteria whose named test did not prove them."""
    for criterion in issue.criteria:
        if criterion.test and criterion.test not in tested.proven:
            why = tested.unproven.get(criterion.test, "did not run, or did not pass")
            detail = f"{criterion.test}: {why}" if criterion.test in tested.unproven else f"{criterion.test} {why}"
            yield Finding(Kind.REVIEW, Severity.WARNING, "criterion", f"Not proven: {criterion.text}", detail=detail)


def named(criterion: str, changed: Iterable[str]) -> tuple[str, ...]:
    """Return the changed paths that a criterion names: `docs/api.md`, `api.md`, or a folder that holds it."""
    words = [word.strip(".") for word in _PATH.findall(criterion)]
    return tuple(path for path in changed if any(_means(word, path) for word in words))


def _means(word: str, path: str) -> bool:
    return path == word or path.endswith(f"/{word}") or path.startswith(f"{word.rstrip('/')}/")


def about(number: int, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of reviewers about criterion `number`, counted from 1: their rule is `criterion-2`."""
    return tuple(finding for finding in findings if finding.rule == f"criterion-{number}")
