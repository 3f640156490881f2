"""Print what the replays showed, as tables for the docs: questions, faults, and every one that is not as wanted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .replay import Outcome, Question, Result

TARGET = 0.05
"""The share of good changes that may raise a question that a lead does not want."""


def as_text(results: list[Result], seed: int) -> str:
    """Return the tables."""
    ended = [result for result in results if result.outcomes and not result.stuck]
    good = [one for result in ended for one in result.good]
    bad = [one for one in good if _unwanted(one)]
    faults = [one for result in ended for one in result.faulty]
    missed = [one for one in faults if not one.caught]
    head = (
        f"{len(good)} good changes from {len(ended)} pairs of releases of {len({_project(one) for one in ended})} "
        f"projects, seed {seed}: {len(bad)} raised a question that no rule deserves "
        f"({len(bad) / max(1, len(good)):.0%}), {len(missed)} of {len(faults)} faults were let through."
    )
    return "\n\n".join(
        filter(None, (head, _by_project(results), _by_kind(ended), _by_fault(ended), _remaining(results)))
    )


def misses(results: list[Result]) -> list[Result]:
    """Return the cases that are not as wanted."""
    return [result for result in results if list(_lines(result))]


def _project(result: Result) -> str:
    return result.case.rpartition("-")[0]


def _unwanted(one: Outcome) -> list[Question]:
    return [question for question in one.questions if not question.deserved]


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _by_project(results: list[Result]) -> str:
    rows = []
    for name in dict.fromkeys(map(_project, results)):
        mine = [result for result in results if _project(result) == name]
        good = [one for result in mine if not result.stuck for one in result.good]
        faults = [one for result in mine if not result.stuck for one in result.faulty]
        asked, unwanted = sum(bool(one.questions) for one in good), sum(bool(_unwanted(one)) for one in good)
        caught = f"{sum(bool(one.caught) for one in faults)} of {len(faults)}"
        rows.append((name, mine[0].shape, len(good), asked, unwanted, caught))
    return _table(("project", "shape", "good changes", "asked about", "unwanted", "faults caught"), rows)


def _by_kind(results: list[Result]) -> str:
    kinds: Counter[tuple[str, str]] = Counter()
    unwanted: Counter[tuple[str, str]] = Counter()
    for one in (one for result in results for one in result.good):
        kinds.update({_kind(question) for question in one.questions})
        unwanted.update({_kind(question) for question in _unwanted(one)})
    rows = [(*kind, count, unwanted[kind]) for kind, count in kinds.most_common()]
    return _table(("kind", "rule", "good changes asked about", "unwanted"), rows) if rows else ""


def _kind(question: Question) -> tuple[str, str]:
    """Return the kind and rule of a question; where the rule is the name of a test, that it is one."""
    return question.kind, "a test" if "::" in question.rule else question.rule


def _by_fault(results: list[Result]) -> str:
    rows = []
    outcomes = [one for result in results for one in result.outcomes if one.planted]
    for name in dict.fromkeys(one.variant for one in outcomes):
        mine = [one for one in outcomes if one.variant == name]
        judged = [one for one in mine if not one.unseen and not one.is_masked]
        rows.append((name, len(judged), sum(bool(one.caught) for one in judged), len(mine) - len(judged)))
    return _table(("planted", "changes", "caught", "not judged"), rows)


def _remaining(results: list[Result]) -> str:
    return "\n".join(line for result in results for line in _lines(result))


def _lines(result: Result) -> Iterator[str]:
    if result.stuck:
        yield f"- {result.case}: came to no end: {result.stuck.splitlines()[0]}"
        return
    for one in result.before:
        if not one.deserved:
            yield f"- {result.case}: asked before any work ({one.kind}): {_line(one.message)}"
    for outcome in result.good:
        for one in _unwanted(outcome):
            yield f"- {result.case}, {outcome.variant}: asked ({one.kind}, {one.rule}): {_line(one.message)}"
    for outcome in result.faulty:
        if not outcome.caught:
            yield f"- {result.case}: let through ({outcome.variant}): {outcome.planted}"


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
