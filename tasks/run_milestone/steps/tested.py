"""Decide what counts of one run of the tests."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..model import Tested
from ..policy.quarantine import excused, notes
from ..policy.test_names import why_unproven

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Quarantined
    from .run_tests import SuiteResult

MOST_DETAILS = 20
"""Failing tests whose output is kept."""


def counted(
    result: SuiteResult,
    head: str,
    known: tuple[str, ...] = (),
    proofs: tuple[str, ...] = (),
    quarantine: tuple[Quarantined, ...] = (),
    empty: Mapping[str, str] = MappingProxyType({}),
) -> Tested:
    """Return what counts: failures that are `known` or in quarantine do not; the `proofs` that passed are named.

    Those of the `empty` prove nothing all the same, each for its reason.
    """
    out = excused(quarantine, result.cases)
    failing = tuple(name for name in result.failed if name not in known and name not in out)
    recurring = tuple(name for name in result.failed if name in known and name not in out)
    reasons = {test: why_unproven(test, result.cases) or empty.get(test) for test in proofs}
    unproven = {test: why for test, why in reasons.items() if why is not None}
    proven = tuple(test for test in proofs if test not in unproven)
    passed, skipped = len(result.passed), len(result.skipped)
    tested = Tested(head, passed, failing, skipped, recurring, result.problem, proven, imports=result.imports)
    tested = replace(tested, quarantined=notes(quarantine, result.cases))
    return replace(tested, details=_details(result, failing), unproven=unproven, set_up=result.set_up)


def _details(result: SuiteResult, failing: tuple[str, ...]) -> dict[str, str]:
    """Return why tests failed; where a command gave no result, its last lines."""
    outputs = {case.name: case.output for case in result.cases if case.output}
    shown = {name: outputs[name] for name in failing[:MOST_DETAILS] if name in outputs}
    return {"": result.output, **shown} if result.problem and result.output else shown
