"""model: WHAT the milestone, its stops and its records are; frozen values without powers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


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
    """How bad a finding is; only `critical` can never be approved away at review."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Tier(StrEnum):
    """What a stop does: wait for a person, put a label on the PR, or only be said."""

    HARD = "hard"
    LABEL = "label"
    NOTE = "note"


class Kind(StrEnum):
    """The rows of the stop table (policy.py holds what each means)."""

    PLAN_CRITICAL = "plan-critical"
    PLAN_WARNING = "plan-warning"
    SPEC_MISSING = "spec-missing"
    BASELINE = "baseline"
    SECRET = "secret"  # noqa: S105
    TAMPERING = "tampering"
    NOT_RED = "not-red"
    TESTS = "tests"
    MIGRATION_BREAKING = "migration-breaking"
    MIGRATION_ADDITIVE = "migration-additive"
    MIGRATION_HEADS = "migration-heads"
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
    FORGE = "forge"
    CONFLICT = "conflict"
    TARGET = "target"
    CHECKS = "checks"
    CHECKS_PENDING = "checks-pending"
    REVIEW = "review"
    REVIEW_PENDING = "review-pending"
    AGENT = "agent"
    HUMAN = "human"
    BLOCKED = "blocked"
    BUDGET = "budget"
    PHASE = "phase"


class Step(StrEnum):
    """The steps of an issue's chain, in order."""

    BRANCH = "branch"
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


STEPS: tuple[Step, ...] = tuple(Step)


# ---- the plan -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Criterion:
    """One acceptance criterion, optionally with the test (pytest node id) that proves it."""

    text: str
    test: str | None = None


@dataclass(frozen=True, slots=True)
class Expectations:
    """Which tests the issue is expected to bring."""

    unit: bool = True
    integration: bool = False
    red_first: bool = False


@dataclass(frozen=True, slots=True)
class Paths:
    """Glob patterns (`**` crosses directories) of what an issue may and may not change; empty `allow` allows all."""

    allow: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """An issue's Markdown specification: its path relative to the plan's folder, and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """Who implements: `kind` names the agent, the rest is that agent's own configuration."""

    kind: str = "human"
    command: tuple[str, ...] = ()
    changes: str | None = None
    timeout: int = 3600
    """Seconds one attempt may take."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of the plan. `number` is the two-digit plan number (`03`), `github` the number on the forge."""

    number: str
    title: str
    slug: str
    phase: int
    github: int | None = None
    short_title: str | None = None
    type: str = "feat"
    priority: Literal["P0", "P1", "P2", "P3"] = "P1"
    depends_on: tuple[str, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    tests: Expectations = field(default_factory=Expectations)
    external: bool = False
    labels: tuple[str, ...] = ()
    spec: Spec | None = None
    paths: Paths = field(default_factory=Paths)
    agent: AgentSpec | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase: its issues run, then a barrier waits for a person. `number` counts from 1."""

    number: int
    title: str
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class RepositorySpec:
    """Where the work happens: `path` relative to the project, `remote` a remote's name, a path or a URL.

    `github` is `owner/name` on GitHub, where the remote's URL does not say it.
    """

    path: str = "."
    remote: str | None = None
    github: str | None = None
    sample: str | None = None
    prepare: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Commands:
    """Argument lists, never run through a shell; `{python}` is the interpreter that runs run-milestone."""

    lint: tuple[str, ...] = ("{python}", "-m", "ruff", "check", "--fix", "--exit-zero", ".")
    test: tuple[str, ...] = ("{python}", "-m", "pytest")
    review: tuple[str, ...] = ("{python}", "-m", "ruff", "check", "--output-format", "json", "--exit-zero")
    timeout: int = 1800
    """Seconds one command may take."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Attempts per gate, what one person can still review, how well tests cover it, and the budget of all runs."""

    attempts: int = 2
    files: int = 8
    lines: int = 400
    coverage: int = 50
    """Percent of the changed lines that the tests should run."""
    time: float = 86_400.0
    """Seconds that the steps may take, over all runs."""
    money: float = 100.0
    """US dollars that the agents may cost, over all runs."""
    all_attempts: int | None = None
    """How often agents may work at issues, over all runs; None: three times for each issue, at least ten."""


@dataclass(frozen=True, slots=True)
class Checks:
    """The forge's checks (CI) on a pull request that count; where none is named, the forge says or all do."""

    wait: int = 1800
    """Seconds they may take."""
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A command that reviews a change: it reads the change as JSON and prints findings, as `format` says.

    `prompt` is for a coding agent: it reads what it is asked in words, and findings end what it says.
    """

    name: str
    command: tuple[str, ...]
    format: Literal["findings", "sarif", "prompt"] = "findings"
    stage: Literal["compliance", "quality"] = "quality"
    timeout: int = 600
    """Seconds; a reviewer that takes longer is told as pending and holds nobody up."""


@dataclass(frozen=True, slots=True)
class Licences:
    """Licence policy: SPDX ids allowed beside the permissive ones, and licences the team vouches for by package."""

    allow: tuple[str, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone plan, validated. `id` is normalised (`m4.1`), `branch` is what the issues' PRs target."""

    id: str
    title: str
    branch: str
    phases: tuple[Phase, ...]
    target: str = "main"
    scope: tuple[str, ...] = ()
    repository: RepositorySpec = field(default_factory=RepositorySpec)
    forge: str = "local"
    agent: AgentSpec = field(default_factory=AgentSpec)
    commands: Commands = field(default_factory=Commands)
    reviewers: tuple[Reviewer, ...] = ()
    checks: Checks = field(default_factory=Checks)
    limits: Limits = field(default_factory=Limits)
    sensitive: dict[str, tuple[str, ...]] = field(default_factory=dict)
    protected: tuple[str, ...] = (".github/**", ".gitlab-ci.yml", "deploy/**", "infra/**")
    migrations: str = "alembic/versions"
    database: str | None = None
    licences: Licences = field(default_factory=Licences)
    decisions: dict[str, tuple[Verb, ...]] = field(default_factory=dict)
    """Verbs this team offers, by kind of stop; narrows the stop table, never widens it."""

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues in plan order."""
        return tuple(issue for phase in self.phases for issue in phase.issues)


# ---- what checks say ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw. `kind` is the stop it belongs to, `rule` the tool's own name for it, `line` counts from 1."""

    kind: Kind
    severity: Severity
    rule: str
    message: str
    path: str | None = None
    line: int | None = None
    detail: str | None = None
    """What makes it matter, as measured (`Risk: data loss (column has 50k rows)`)."""
    change: str | None = None
    """Identity of its file's change; where it is set, an approval counts for as long as that stays the same."""


# ---- gates and decisions --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gate:
    """A question to a person. `digest` binds the answer to the findings and to the change that were shown."""

    gate: str
    kind: Kind
    attempt: int
    attempts: int
    verbs: tuple[Verb, ...]
    findings: tuple[Finding, ...]
    digest: str
    change: str
    """Identity of the change that was shown (a patch id: a clean rebase keeps it); empty where there is none."""
    opened: str = ""
    """When the question was put, UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A consumed approval. `id` counts from 1 over the milestone; `findings` are those that were answered."""

    id: int
    gate: str
    verb: Verb
    who: str
    when: str
    why: str
    kind: Kind | None = None
    digest: str | None = None
    attempt: int = 1
    findings: tuple[Finding, ...] = ()
    change: str = ""
    """Identity of the change that was shown."""
    source: str | None = None
    """Identity of the approval file it was made from, so that a crash cannot count that file twice."""


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval file as found. `verb` is text: nobody has checked it yet; `written` is its mtime in nanoseconds."""

    file: str
    gate: str
    verb: str
    written: int
    source: str
    why: str = ""
    who: str = ""
    digest: str | None = None
    when: str = ""
    """When it was given, as the file says: UTC, ISO 8601. Empty where it does not, as for a touched one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where on the forge a question was put: the pull request or issue `thread`, its `comment`, and `key`.

    `key` tells one question of a gate from the next: the beginning of its digest, and the attempt.
    """

    gate: str
    key: str
    thread: int
    comment: int


@dataclass(frozen=True, slots=True)
class Marker:
    """What a finished step leaves: digests of what it worked from, by name, and the facts it found."""

    task: str
    inputs: dict[str, str]
    evidence: dict[str, Any]
    at: str
    took: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """`bootstrap`: the milestone branch, the commit it was at, and the baseline tests on it."""

    branch: str
    head: str
    tests: Tested


@dataclass(frozen=True, slots=True)
class PlanReviewed:
    """`plan-review`: every finding about the plan."""

    findings: tuple[Finding, ...] = ()
    left_out_by: str | None = None
    """Who wanted no review; then there are no findings, and nothing is passed."""


@dataclass(frozen=True, slots=True)
class Completed:
    """`complete`: the issues that were done when the milestone ended."""

    done: tuple[str, ...] = ()


# ---- evidence, one shape per step -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BranchMade:
    """`branch`: the branch exists; `base` is the commit that its change is counted from."""

    branch: str
    base: str
    adopted: bool = False
    start: str = ""
    """The commit it was first made from; work that was begun there is not begun again when the base moves."""
    onto: str = ""
    """The branch it stands on: what its pull request goes against."""
    tip: str = ""
    """The commit that branch was at."""
    restacked: bool = False
    """Whether its base was merged into it, because that had moved."""
    conflict: str = ""
    """The commit of its base that could not be merged in."""
    work: str = ""
    """The commit in which its implementation ended, as far as that was known."""
    problem: Finding | None = None


@dataclass(frozen=True, slots=True)
class Restarted:
    """A branch's work that was thrown away: `kept` is the ref that still holds it, `people` others' commits in it."""

    kept: str
    commits: int
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Implemented:
    """`implement`: the commit the attempt ended in, measured against the commit before it."""

    head: str
    attempt: int
    files: int
    lines: int
    """Added plus deleted lines of this attempt."""
    report: tuple[str, ...] = ()
    adopted: bool = False
    cost: float | None = None
    """US dollars; None where nobody measured."""
    base: str = ""
    """The commit that the branch's change is counted from after this attempt."""
    problem: Finding | None = None
    restarted: Restarted | None = None


@dataclass(frozen=True, slots=True)
class Linted:
    """`lint`: the commit after auto-fixing and how many files that changed."""

    head: str
    fixed: int
    problem: Finding | None = None
    left: str | None = None
    """What the linter said of what it did not mend; None where it was content."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many changed lines can be run at all, how many the tests ran, and where the others are (`src/a.py: 3-5`)."""

    lines: int
    covered: int
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tested:
    """`test`: counts and the names of failing tests, from the test runner's own report."""

    head: str
    passed: int
    failed: tuple[str, ...] = ()
    skipped: int = 0
    known: tuple[str, ...] = ()
    """Failures that the baseline had too; they do not count."""
    problem: str | None = None
    """Set where the test command did not get as far as a verdict."""
    proven: tuple[str, ...] = ()
    """Those of the tests named by the issue's criteria that ran and passed, as the plan names them."""
    coverage: Coverage | None = None
    """Of the changed lines; None where it was not measured."""
    unmeasured: str | None = None
    """Why coverage was not measured."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """`inspect`: every finding about the change `base..head`, its identity and its paths."""

    head: str
    change: str
    files: int
    lines: int
    findings: tuple[Finding, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """A gate that lets the issue pass: labels for the PR, and the ids of the decisions it stands on."""

    labels: tuple[str, ...] = ()
    decisions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """`push`: the remote branch, read back."""

    head: str
    problem: Finding | None = None
    there: str | None = None
    """Where the remote branch was instead, where that is the problem."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """`pr`: the pull request, read back."""

    number: int
    url: str
    labels: tuple[str, ...] = ()
    state: str = "open"
    adopted: bool = False
    """Whether it was there already."""
    problem: Finding | None = None
    retries: int = 0
    """How many answers of `retry` to a closed pull request were there: each opens it again once."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """`review`: findings on the lines the issue changed; `pending` where no reviewer answered in time."""

    head: str
    change: str
    findings: tuple[Finding, ...] = ()
    pending: bool = False


# ---- landing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LandedIssue:
    """An issue's pull request that was merged: its commit, and a commit of the milestone branch that holds it."""

    issue: str
    pr: int
    head: str
    held: str
    at: str
    """When that was seen, UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Landed:
    """`landing.json`: what has landed on `branch`, and the milestone's own pull request into `target`."""

    milestone: str
    branch: str
    target: str
    issues: tuple[LandedIssue, ...] = ()
    pr: int | None = None
    url: str | None = None
    state: str | None = None
    """Of the milestone's pull request: open, closed or merged."""


# ---- the forge ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge tells it. `state` is open, closed or merged."""

    number: int
    head: str
    base: str
    title: str
    body: str
    state: str
    url: str
    draft: bool = False
    labels: tuple[str, ...] = ()
    head_sha: str | None = None
    """The commit that its head branch is at; the one that was merged, once it is. None where nobody can tell."""


class CheckState(StrEnum):
    """How a check on a pull request's commit stands."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """A check (CI) on a pull request's head. A failed one has the tail of its `log`, where the forge has one."""

    name: str
    state: CheckState
    url: str = ""
    required: bool = False
    log: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request or an issue. `at` is when it was last written, UTC, ISO 8601."""

    id: int
    author: str
    body: str
    at: str
    writer: bool
    """Whether its author may write to the repository."""


@dataclass(frozen=True, slots=True)
class ForgeIssue:
    """An issue as the forge tells it. `state` is open or closed."""

    number: int
    title: str
    body: str
    state: str
    url: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForgeMilestone:
    """A milestone as the forge tells it. `state` is open or closed."""

    title: str
    description: str
    state: str


@dataclass(frozen=True, slots=True)
class Release:
    """A tag with release notes; `commit` is what is tagged."""

    tag: str
    commit: str
    title: str
    notes: str
    url: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label as the forge has it. `colour` is six hexadecimal digits, in lower case."""

    name: str
    colour: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """What the remote and the forge said when they were asked: branches with their commits, and pull requests."""

    asked: str
    """UTC, ISO 8601."""
    heads: dict[str, str]
    pulls: tuple[PullRequest, ...]

    def pull(self, branch: str) -> PullRequest | None:
        """Return the pull request of a branch: an open one before a merged one before a closed one."""
        return pull_of(branch, self.pulls)


def pull_of(branch: str, pulls: tuple[PullRequest, ...]) -> PullRequest | None:
    """Return the pull request of a branch: an open one before a merged one before a closed one, the newest of each."""
    rank = {"open": 0, "merged": 1, "closed": 2}
    own = [pull for pull in pulls if pull.head == branch]
    return min(own, key=lambda pull: (rank[pull.state], -pull.number), default=None)
