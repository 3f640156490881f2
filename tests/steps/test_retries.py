"""A decision about several questions has each step look again that found one of them."""

import pytest

from run_milestone.model import Decision, Finding, Kind, Severity, Verb
from run_milestone.steps.inspect import Inspect


@pytest.mark.parametrize(
    ("verb", "kinds", "again"),
    [
        (Verb.ABORT, (Kind.LICENCE, Kind.TOOL), True),
        (Verb.ABORT, (Kind.TOOL,), True),
        (Verb.ABORT, (Kind.LICENCE, Kind.SIZE), False),
        (Verb.RETRY, (Kind.TOOL,), True),
        (Verb.RETRY, (Kind.TESTS,), False),
        (Verb.APPROVE, (Kind.LICENCE, Kind.TOOL), False),
    ],
)
def test_each_question_is_looked_at_again(verb, kinds, again):
    findings = tuple(Finding(kind, Severity.WARNING, "rule", "look at this") for kind in kinds)
    digests = ("a", "b") if len(kinds) > 1 else ()
    decision = Decision(1, "03", verb, "ada", "", "", kinds[0], "c", findings=findings, digests=digests)
    assert Inspect().is_retried_by(decision) is again
