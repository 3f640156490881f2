"""Markers and the evidence in them: one shape per step, per task of the milestone, and for landing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .gate import Finding
from .test_run import Coverage, Imports


@dataclass(frozen=True, slots=True)
class Marker:
    """What a finished step leaves: digests of its inputs by name, and its evidence."""

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
    absent_submodules: tuple[str, ...] = ()
    """Submodules that the person has not fetched, so that they are empty in every tree."""
    environment: str = field(default="", metadata={"later": True})
    """A digest of what the tests ran in; empty where the version before recorded it."""
    refused: Finding | None = field(default=None, metadata={"later": True})
    """Why the remote does not take the milestone branch."""
    policy: str = field(default="", metadata={"later": True})
    """The commit of the target branch whose CODEOWNERS and allowed signers held."""
    unowned: tuple[str, ...] = field(default=(), metadata={"later": True})
    """What is wrong with its CODEOWNERS, where the plan asks code owners."""
    preflight: tuple[Finding, ...] = field(default=(), metadata={"later": True})
    """What the forge will refuse later (critical), and what else a person should know of it."""


@dataclass(frozen=True, slots=True)
class PlanReviewed:
    """`plan-review`: every finding about the plan."""

    findings: tuple[Finding, ...] = ()
    left_out_by: str | None = None
    """The flag that skipped the review; then there are no findings."""


@dataclass(frozen=True, slots=True)
class Completed:
    """`complete`: the issues that were done when the milestone ended."""

    done: tuple[str, ...] = ()
    tag: str | None = field(default=None, metadata={"later": True})
    """The tag that is suggested, empty where versions are dates; None where the version before recorded it."""


# ---- evidence, one shape per step -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BranchMade:
    """`branch`: the branch exists; `base` is the commit that its change is counted from."""

    branch: str
    base: str
    adopted: bool = False
    start: str = ""
    """The commit it was first made from. A base that moves later does not restart its work."""
    onto: str = ""
    """The base branch of its pull request."""
    tip: str = ""
    """The commit that branch was at."""
    restacked: bool = False
    """Whether its base was merged into it, because that had moved."""
    conflict: str = ""
    """The commit of its base that could not be merged in."""
    work: str = ""
    """The commit in which its implementation ended, if known."""
    problem: Finding | None = None


@dataclass(frozen=True, slots=True)
class TreeSetUp:
    """`setup`: the tree is ready for work. `made` are the paths that its commands made."""

    key: str
    """What it depends on: the commands and the lock files."""
    made: tuple[str, ...] = ()
    reused: bool = False
    """Whether another tree's setup was taken over."""
    problem: Finding | None = None


@dataclass(frozen=True, slots=True)
class Restarted:
    """Work that `restart` removed from a branch: `kept` is the ref that holds it, `people` the other authors in it."""

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
    """US dollars; None where unknown."""
    base: str = ""
    """The commit that the branch's change is counted from after this attempt."""
    problem: Finding | None = None
    restarted: Restarted | None = None
    sandbox: str = field(default="", metadata={"later": True})
    """The kind of box that it ran in; empty where the version before recorded it."""
    in_submodules: tuple[str, ...] = field(default=(), metadata={"later": True})
    """Submodules that the agent changed; that is left out, because their commits belong to other repositories."""
    by_lfs: int = field(default=0, metadata={"later": True})
    """How many of the files Git LFS keeps, so that the commit holds pointers to them."""


@dataclass(frozen=True, slots=True)
class Linted:
    """`lint`: the commit after auto-fixing, and how many files it changed."""

    head: str
    fixed: int
    problem: Finding | None = None
    left: str | None = None
    """The linter's output about what it did not fix; None where nothing is left."""
    lines: int = 0
    """How many lines it added and deleted."""
    files: tuple[str, ...] = ()
    """The files it changed."""
    put_back: tuple[str, ...] = ()
    """Files outside the issue's that it changed as well; they were put back."""


@dataclass(frozen=True, slots=True)
class Tested:
    """`test`: counts and the names of failing tests, from the report of the test runner."""

    head: str
    passed: int
    failed: tuple[str, ...] = ()
    skipped: int = 0
    known: tuple[str, ...] = ()
    """Failures that the baseline had too; they do not count."""
    problem: str | None = None
    """Why the test command gave no result."""
    proven: tuple[str, ...] = ()
    """The tests of the issue's criteria that ran and passed, as the plan names them."""
    coverage: Coverage | None = None
    """Of the changed lines; None where it was not measured."""
    unmeasured: str | None = None
    """Why coverage was not measured."""
    imports: Imports | None = field(default=None, metadata={"later": True})
    """From where the code under test came; None where nobody looked."""
    details: dict[str, str] = field(default_factory=dict, metadata={"later": True})
    """Why the failing tests failed, by name; under "" the last lines of a command that gave no result. Bounded."""
    unproven: dict[str, str] = field(default_factory=dict, metadata={"later": True})
    """Why the other tests of the criteria prove nothing."""
    missing: tuple[str, ...] = field(default=(), metadata={"later": True})
    """Tests of the base that did not run, though the change does not take them out where one can read it."""
    removed: tuple[str, ...] = field(default=(), metadata={"later": True})
    """Tests of the base that the change takes out where one can read it."""
    disabled: tuple[str, ...] = field(default=(), metadata={"later": True})
    """Tests that passed on the base and are skipped on the change."""
    parts: tuple[str, ...] = field(default=(), metadata={"later": True})
    """The parts of the repository whose tests ran; none where the plan has no commands by path."""
    outside: tuple[str, ...] = field(default=(), metadata={"later": True})
    """What the issue changes outside of every part."""
    set_up: str | None = field(default=None, metadata={"later": True})
    """Why the tree could not be set up, so that no test ran."""
    flaky: dict[str, str] = field(default_factory=dict, metadata={"later": True})
    """Tests that failed and passed on one commit, each with how often; they do not count."""
    quarantined: dict[str, str] = field(default_factory=dict, metadata={"later": True})
    """What became of the tests in the plan's quarantine; their failures do not count."""
    sandbox: str = field(default="", metadata={"later": True})
    """The kind of box that it ran in; empty where the version before recorded it."""
    rewritten: dict[str, str] = field(default_factory=dict, metadata={"later": True})
    """Tracked files that the tests wrote to, with what they left of each; those of the base's own tests are not among
    them, but for the baseline's."""

    @property
    def counted(self) -> bool:
        """Whether any test was reported: a command without a report only passes or fails."""
        return bool(self.passed or self.failed or self.skipped or self.known)


@dataclass(frozen=True, slots=True)
class Inspected:
    """`inspect`: every finding about the change `base..head`, its identity and its paths."""

    head: str
    change: str
    files: int
    lines: int
    findings: tuple[Finding, ...] = ()
    paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), metadata={"later": True})
    """What is said and asks nothing."""
    migrated: tuple[str, ...] = field(default=(), metadata={"later": True})
    """What became of its new migrations on a scratch database."""
    compared_with: str = field(default="", metadata={"later": True})
    """The commit that the change was compared with, where the branch took commits of others; else empty."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A passed gate: labels for the pull request, and the ids of the decisions it rests on."""

    labels: tuple[str, ...] = ()
    decisions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """`push`: the remote branch, read back."""

    head: str
    problem: Finding | None = None
    there: str | None = None
    """The commit of the remote branch, where it is not the expected one."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """`pr`: the pull request, read back."""

    number: int
    url: str
    labels: tuple[str, ...] = ()
    state: str = "open"
    adopted: bool = False
    """Whether it existed already."""
    problem: Finding | None = None
    retries: int = 0
    """How many answers of `retry` a closed pull request had: each reopens it once."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """`review`: findings on the lines the issue changed; `pending` where no reviewer answered in time.

    `costs` are those of the agents among the reviewers, in US dollars; None where unknown.
    """

    head: str
    change: str
    findings: tuple[Finding, ...] = ()
    pending: bool = False
    costs: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class PeopleHeard:
    """`people`: what people ask for in their reviews of the change, and who approved it."""

    head: str
    change: str
    findings: tuple[Finding, ...] = ()
    approved_by: tuple[str, ...] = ()
