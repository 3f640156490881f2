"""The stop table: what each kind of stop is, which verbs answer it, what `--autonomous` does."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..model import Kind, Label, Tier, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Stop:
    """One row: `title` is what the transcript calls it, `found_by` the step, `autonomous` the verbs tried in order.

    A row of tier LABEL names its `label`; a row of tier HARD names its `verbs`. `FIX`, `RETRY` and `RESTART`
    are offered while attempts remain, but for the `RETRY` of what is REPEATABLE.
    """

    kind: Kind
    title: str
    found_by: str
    tier: Tier
    verbs: tuple[Verb, ...] = ()
    label: str | None = None
    autonomous: tuple[Verb, ...] = ()


_A, _F, _S, _X = Verb.APPROVE, Verb.FIX, Verb.SKIP, Verb.ABORT
_R, _N = Verb.RETRY, Verb.RESTART


def _hard(kind: Kind, title: str, found_by: str, verbs: tuple[Verb, ...], autonomous: tuple[Verb, ...]) -> Stop:
    return Stop(kind, title, found_by, Tier.HARD, verbs, autonomous=autonomous)


def _label(kind: Kind, title: str, found_by: str, label: str) -> Stop:
    return Stop(kind, title, found_by, Tier.LABEL, label=label)


_TABLE = (
    _hard(Kind.PLAN_CRITICAL, "Plan review: critical findings", "plan-review", (_A, _X), (_X,)),
    Stop(Kind.PLAN_WARNING, "Plan review: warnings", "plan-review", Tier.NOTE),
    _hard(Kind.SPEC_MISSING, "Issue is not specified", "plan-review", (_S, _X), (_S,)),
    _hard(Kind.PREFLIGHT, "The work will be refused", "bootstrap", (_R, _A, _X), (_X,)),
    _hard(Kind.BASELINE, "Tests fail before any work", "bootstrap", (_R, _A, _X), (_X,)),
    _hard(Kind.SECRET, "Secret in the change", "inspect, push", (_F, _A, _X), (_X,)),
    _hard(Kind.SETUP, "A tree cannot be set up", "bootstrap, setup", (_R, _S, _X), (_R, _S)),
    _hard(Kind.TREE, "Tests of another tree", "bootstrap, test", (_R, _X), (_X,)),
    _hard(Kind.TESTS, "Tests failing", "test, land", (_F, _R, _S, _X), (_F, _S)),
    _label(Kind.FLAKY, "Flaky tests", "test", "flaky-test"),
    _hard(Kind.TAMPERING, "Tests or checks weakened", "inspect", (_A, _F, _S, _X), (_S,)),
    _hard(Kind.NOT_RED, "New tests pass without the change", "inspect", (_N, _A, _S, _X), (_N, _S)),
    _hard(Kind.MIGRATION_BREAKING, "Breaking schema", "inspect", (_A, _S, _X), (_S,)),
    _label(Kind.MIGRATION_ADDITIVE, "Additive schema change", "inspect", "needs-db-review"),
    _hard(Kind.MIGRATION_HEADS, "Two migration heads", "inspect, land", (_F, _S, _X), (_F, _S)),
    _hard(Kind.MIGRATION_FAILED, "A new migration fails", "inspect", (_F, _A, _S, _X), (_F, _S)),
    _label(Kind.DEPENDENCY, "Routine dependency addition", "inspect", "needs-dep-review"),
    _hard(Kind.LICENCE, "New dependency needs a licence decision", "inspect", (_A, _S, _X), (_S,)),
    _label(Kind.LOCKFILE, "Lock file update", "inspect", "lockfile-update"),
    _label(Kind.SENSITIVE, "Sensitive code", "inspect", "sensitive-review"),
    _hard(Kind.SCOPE, "Outside the issue's scope", "inspect", (_A, _S, _X), (_S,)),
    _label(Kind.PROTECTED, "Protected surface", "inspect", "needs-human"),
    _label(Kind.COVERAGE, "Changed lines poorly covered", "inspect", "needs-test-review"),
    _hard(Kind.SIZE, "Large change", "inspect", (_A, _S, _X), (_S,)),
    _hard(Kind.EMPTY, "Empty change", "inspect", (_F, _S, _X), (_F, _S)),
    _hard(Kind.TOOL, "A check could not run", "lint, inspect, review", (_R, _A, _S, _X), (_S,)),
    _hard(Kind.FAILED, "A step could not finish", "any", (_R, _S, _X), (_R, _S)),
    _hard(Kind.FORGE, "Push or pull request failed", "bootstrap, push, pr", (_R, _S, _X), (_R, _S)),
    _hard(Kind.CONFLICT, "Merge conflict with the base", "push", (_F, _S, _X), (_F, _S)),
    _hard(Kind.TARGET, "Would reach the target branch", "push, pr", (_X,), (_X,)),
    _hard(Kind.CHECKS, "Checks failing", "review", (_F, _S, _X), (_F, _S)),
    _hard(Kind.CHECKS_PENDING, "Checks not finished", "review", (_R, _S, _X), (_R, _S)),
    _hard(Kind.REVIEW, "Code review", "review", (_F, _A, _S, _X), (_F, _S)),
    _label(Kind.REVIEW_PENDING, "No review in time", "review", "review-pending"),
    _hard(Kind.PEOPLE_REVIEW, "A person asks for changes", "people", (_F, _A, _S, _X), (_F,)),
    _hard(Kind.PEOPLE_MISSING, "Approving reviews are missing", "people", (_S, _X), ()),
    _hard(Kind.AGENT, "Implementation failed", "implement", (_R, _S, _X), (_R, _S)),
    _hard(Kind.HUMAN, "Waiting for a person's commits", "implement", (_S, _X), ()),
    _hard(Kind.BLOCKED, "Blocked by an issue it depends on", "branch", (_S, _X), (_S,)),
    _hard(Kind.BUDGET, "Budget reached", "any", (_A, _X), (_X,)),
    _hard(Kind.BOUNDARY, "The operator's side changed", "any", (_A, _X), (_X,)),
    _hard(Kind.PHASE, "Phase complete", "barrier", (Verb.CONTINUE, Verb.SKIP_PHASE, _X), (Verb.CONTINUE,)),
)

STOPS: Mapping[Kind, Stop] = MappingProxyType({stop.kind: stop for stop in _TABLE})
"""The stop table, in the order in which the stops of an issue are asked."""

HIDDEN = "hidden"
"""The rule of a test that fails before any work and names a file that the sandbox hides."""

NOT_STARTED = "not-started"
"""The rule of a test command that cannot start before any work: no approval would let a later test run."""

AUTONOMOUS = "autonomous"
"""The author of decisions in an autonomous run."""

AGAIN = frozenset({Verb.FIX, Verb.RETRY, Verb.RESTART})
"""Verbs that use up an attempt."""

MEASURED_AGAIN = frozenset({Kind.TESTS, Kind.BASELINE})
"""Kinds whose `retry` only runs the tests again: nobody works, so no attempt is used."""

WITH_OUTPUT = frozenset({Kind.TESTS, Kind.BASELINE, Kind.SETUP})
"""Kinds whose findings have the end of a command's output as their detail."""

LOOKED_AT_AGAIN = frozenset({Kind.TESTS, Kind.TREE, Kind.SETUP, Kind.TOOL})
"""Kinds about which a run takes a fresh look after `abort`: what was in the way may be gone."""


def uses_attempt(kind: Kind, verb: Verb) -> bool:
    """Return whether a verb uses up an attempt: all that have work done again, not those that only measure again."""
    return verb in AGAIN and not (verb is Verb.RETRY and kind in MEASURED_AGAIN)


REPEATABLE = frozenset({Kind.TOOL, Kind.FAILED, Kind.FORGE, Kind.CHECKS_PENDING, Kind.PREFLIGHT})
"""Stops whose `retry` asks no agent: a person may retry as often as it takes, `--autonomous` while attempts remain."""

_LABELS = (
    Label("needs-db-review", "1d76db", "Changes the database schema without breaking it"),
    Label("needs-dep-review", "0e8a16", "Brings a new dependency with a permissive licence"),
    Label("lockfile-update", "c5def5", "Changes a lock file only"),
    Label("sensitive-review", "b60205", "Touches sensitive code that the milestone may touch"),
    Label("needs-human", "d93f0b", "Touches CI, deployment or infrastructure"),
    Label("needs-test-review", "fbca04", "Few of its changed lines are run by the tests"),
    Label("flaky-test", "fef2c0", "A test fails at times, on the base as well as with this change"),
    Label("review-pending", "bfd4f2", "No reviewer answered in time"),
)
LABELS: Mapping[str, Label] = MappingProxyType({label.name: label for label in _LABELS})
"""How the labels of the stop table look on a forge."""

HISTORY = "history"
"""The rule of a finding about a secret that only earlier commits of a branch hold; nobody can approve it."""
LEFT_OUT = "left-out"
"""The rule of the finding that a review was skipped by a flag."""
