"""The closed sets: verbs, severities, tiers, kinds of stops, steps."""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    """What a person can answer at a gate."""

    FIX = "fix"
    APPROVE = "approve"
    RETRY = "retry"
    RESTART = "restart"
    CONTINUE = "continue"
    SKIP = "skip"
    SKIP_PHASE = "skip-phase"
    UNSKIP = "unskip"
    ABORT = "abort"


class Severity(StrEnum):
    """How bad a finding is. A critical one cannot be approved at review."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Tier(StrEnum):
    """What a stop does: wait for a person, label the pull request, or only be shown."""

    HARD = "hard"
    LABEL = "label"
    NOTE = "note"


class Kind(StrEnum):
    """The rows of the stop table, which `policy/stops` explains."""

    PLAN_CRITICAL = "plan-critical"
    PLAN_WARNING = "plan-warning"
    SPEC_MISSING = "spec-missing"
    BASELINE = "baseline"
    PREFLIGHT = "preflight"
    SECRET = "secret"  # noqa: S105
    TAMPERING = "tampering"
    NOT_RED = "not-red"
    SETUP = "setup"
    TREE = "tree"
    TESTS = "tests"
    FLAKY = "flaky"
    MIGRATION_BREAKING = "migration-breaking"
    MIGRATION_ADDITIVE = "migration-additive"
    MIGRATION_HEADS = "migration-heads"
    MIGRATION_FAILED = "migration-failed"
    DEPENDENCY = "dependency"
    LICENCE = "licence"
    LOCKFILE = "lockfile"
    SENSITIVE = "sensitive"
    SCOPE = "scope"
    PROTECTED = "protected"
    COVERAGE = "coverage"
    SIZE = "size"
    EMPTY = "empty"
    TOOL = "tool"
    FAILED = "failed"
    FORGE = "forge"
    CONFLICT = "conflict"
    TARGET = "target"
    CHECKS = "checks"
    CHECKS_PENDING = "checks-pending"
    REVIEW = "review"
    REVIEW_PENDING = "review-pending"
    PEOPLE_REVIEW = "people-review"
    PEOPLE_MISSING = "people-missing"
    AGENT = "agent"
    HUMAN = "human"
    BLOCKED = "blocked"
    BUDGET = "budget"
    BOUNDARY = "boundary"
    PHASE = "phase"


class Step(StrEnum):
    """The steps of an issue's chain, in order."""

    BRANCH = "branch"
    SETUP = "setup"
    IMPLEMENT = "implement"
    LINT = "lint"
    TEST = "test"
    TEST_GATE = "test-gate"
    INSPECT = "inspect"
    INSPECT_GATE = "inspect-gate"
    PUSH = "push"
    PR = "pr"
    REVIEW = "review"
    REVIEW_GATE = "review-gate"
    PEOPLE = "people"
    PEOPLE_GATE = "people-gate"


STEPS: tuple[Step, ...] = tuple(Step)
