"""Predict what will stop an issue, and what may break unseen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...core.globs import plain
from ...model import Tier
from ...policy.stops import STOPS
from .expected_stops import expected_stops
from .findings import place, remark, warning
from .ordering import before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Finding, Issue, Milestone, Phase

FALLBACK = re.compile(
    r"(?i)fall ?back|time ?-?out|time limit|retr(?:y|ies)|unavailable|unreachable|offline|degrad|circuit|outage"
    r"|\b(?:is|are|was|be) down\b|does not answer|no answer|\bfails?\b|failure|\berrors?\b|\b5(?:0\d|xx)\b"
)
"""Words of a text that says what happens when an outside service fails."""


def expected(issue: Issue, milestone: Milestone) -> Iterator[Finding]:
    """Yield remarks: an outage that is not specified, and the stops to expect."""
    texts = [*(criterion.text for criterion in issue.criteria), issue.spec.text if issue.spec else ""]
    if issue.external and not any(FALLBACK.search(text) for text in texts):
        message = f"Issue #{issue.number} does not say what happens when the outside does not answer"
        yield remark("fallback", message, place(issue))
    for finding in expected_stops(issue, milestone, implement=False):
        stop = STOPS[finding.kind]
        what = f"the label {stop.label}" if stop.tier is Tier.LABEL else f"the stop “{stop.title}”"
        yield remark("expected", f"Issue #{issue.number} will probably get {what}: {finding.message}")


def _integration(issue: Issue, _: Milestone) -> Iterator[Finding]:
    if issue.external and not issue.tests.integration:
        yield warning("integration-test", f"Missing integration test spec in #{issue.number}", place(issue))


def same_files(milestone: Milestone) -> Iterator[tuple[str, Finding]]:
    """Yield files that two issues of a phase may change where neither depends on the other, each with the later one."""
    for phase in milestone.phases:
        sharers: dict[str, list[int]] = {}
        for place_in_phase, issue in enumerate(phase.issues):
            for path in _files(issue):
                sharers.setdefault(path, []).append(place_in_phase)
        for issue in phase.issues:
            yield from ((issue.number, finding) for finding in _clashes(issue, phase, sharers, milestone))


def _files(issue: Issue) -> list[str]:
    return sorted({path for path in issue.paths.allow if plain(path) and "." in path})


def _clashes(issue: Issue, phase: Phase, sharers: dict[str, list[int]], milestone: Milestone) -> Iterator[Finding]:
    shared: dict[int, list[str]] = {}
    for path in _files(issue):
        for other_place in sharers[path]:
            shared.setdefault(other_place, []).append(path)
    for other, paths in ((phase.issues[at], shared[at]) for at in sorted(shared)):
        if other.number >= issue.number or other in before(issue, milestone) or issue in before(other, milestone):
            continue
        for path in paths:
            message = f"Issues #{other.number} and #{issue.number} both change {path}, and neither waits for the other"
            yield warning("same-file", message)


RULES = (_integration,)
