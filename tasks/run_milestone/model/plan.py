"""The plan: a milestone, its phases and issues, and their settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .approvers import ApproverSpec
from .enums import Verb
from .network import ModelSpec, NetworkSpec
from .required_reviews import PeopleSpec
from .verdicts import FlakySpec, KnownTests, Quarantined
from .workspace import Commands, TreeSpec

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    """Who implements: `kind` names the agent, the rest configures it."""

    kind: str = "human"
    command: tuple[str, ...] = ()
    changes: str | None = None
    timeout: int = 3600
    """Seconds one attempt may take."""
    pass_env: tuple[str, ...] = ()
    """Names of environment variables that are passed on to it."""
    login: tuple[str, ...] = field(default=(), metadata={"later": True})
    """Files of a person's home that it gets copies of, because they hold its login."""
    network: tuple[str, ...] = field(default=(), metadata={"aside": True})
    """The only hosts that it reaches, with a port where that is not the one of HTTPS; empty: as the sandbox says."""
    model: ModelSpec | None = field(default=None, metadata={"aside": True})


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
    people: PeopleSpec | None = field(default=None, metadata={"later": True})


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
class Limits:
    """Attempts per gate, size of a change, coverage, and the budget of all runs."""

    attempts: int = 2
    files: int = 8
    lines: int = 400
    bytes: int = 1_000_000
    """Bytes of binary files, and of texts too large to compare by line."""
    coverage: int = 50
    """Percent of the changed lines that the tests should run."""
    time: float = 86_400.0
    """Seconds that the steps may take, over all runs."""
    money: float = 100.0
    """US dollars that the agents may cost, over all runs."""
    all_attempts: int | None = None
    """Attempts of agents over all runs; None: three for each issue, at least ten."""


@dataclass(frozen=True, slots=True)
class Checks:
    """Which checks (CI) on a pull request count: the `required` ones, else those the forge requires, else all."""

    wait: int = 1800
    """Seconds they may take."""
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A command that reviews a change: it reads the change as JSON and prints findings in `format`.

    `prompt` is for a coding agent: it reads a prompt, and its answer ends with findings.
    """

    name: str
    command: tuple[str, ...]
    format: Literal["findings", "sarif", "prompt"] = "findings"
    stage: Literal["compliance", "quality"] = "quality"
    timeout: int = 600
    """Seconds; a reviewer that takes longer is pending and blocks nothing."""
    pass_env: tuple[str, ...] = ()
    """Names of environment variables that are passed on to it."""
    network: tuple[str, ...] = field(default=(), metadata={"aside": True})
    """The only hosts that it reaches, with a port where that is not the one of HTTPS; empty: as the sandbox says."""
    model: ModelSpec | None = field(default=None, metadata={"aside": True})


@dataclass(frozen=True, slots=True)
class Licences:
    """Licence policy: SPDX ids allowed beside the permissive ones, and known licences by package."""

    allow: tuple[str, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What an agent, a test or a tool may use; None is no limit. Sizes are in MiB, times in seconds."""

    memory: int | None = None
    file: int = 4096
    """The size of a file that a process of it writes."""
    cpu: int | None = None
    open_files: int = 65_536
    disk: int = 20_480
    """What it adds to its tree and its home, all files together."""
    processes: int = 4096
    """Processes and threads that it has at once."""
    output: int = 1024
    """What it prints."""
    idle: int | None = None
    """How long it may print nothing. Many agents print only at their end, so none is set by default."""


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """The box that agents, tests and tools run in. No marker depends on it."""

    kind: Literal["auto", "bubblewrap", "landlock", "container", "none"] = "auto"
    read: tuple[str, ...] = ()
    """Absolute paths that they may read as well."""
    network: NetworkSpec = field(default_factory=NetworkSpec)
    limits: ProcessLimits = field(default_factory=ProcessLimits)
    image: str = ""
    """What a container is made of."""


class _Derived:
    """Room for what a milestone derives of itself when it is first asked for."""

    __slots__ = ("_by_number", "_issues")
    _issues: tuple[Issue, ...]
    _by_number: dict[str, Issue]


@dataclass(frozen=True, slots=True)
class CiSpec:
    """How the jobs of the workflow get this program."""

    wheel: str | None = None
    """A wheel in the project, relative to it; None for the index that has this version."""


@dataclass(frozen=True, slots=True)
class Milestone(_Derived):
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
    tree: TreeSpec = field(default_factory=TreeSpec)
    reviewers: tuple[Reviewer, ...] = ()
    checks: Checks = field(default_factory=Checks)
    limits: Limits = field(default_factory=Limits)
    sensitive: dict[str, tuple[str, ...]] = field(default_factory=dict)
    protected: tuple[str, ...] = (".github/**", ".gitlab-ci.yml", "deploy/**", "infra/**")
    migrations: str = "alembic/versions"
    database: str | None = None
    licences: Licences = field(default_factory=Licences)
    sandbox: SandboxSpec = field(default_factory=SandboxSpec)
    tests: KnownTests = field(default_factory=KnownTests, metadata={"later": True})
    flaky: FlakySpec = field(default_factory=FlakySpec, metadata={"later": True})
    ci: CiSpec = field(default_factory=CiSpec, metadata={"later": True})
    quarantine: tuple[Quarantined, ...] = field(default=(), metadata={"later": True})
    people: PeopleSpec = field(default_factory=PeopleSpec, metadata={"later": True})
    teams: dict[str, tuple[str, ...]] = field(default_factory=dict, metadata={"later": True})
    """Logins by the name of their team."""
    approvers: dict[str, ApproverSpec] = field(default_factory=dict, metadata={"later": True})
    """Whose answers count, by kind of stop, by pattern of paths, and under `*` everywhere else."""
    local: bool | None = field(default=None, metadata={"later": True})
    """Whether answers count that only a file here says; None: where nobody is named."""
    auto_fix: dict[str, int] = field(default_factory=dict, metadata={"later": True})
    """How often findings go back to the agent before anybody is asked, by kind of stop."""
    decisions: dict[str, tuple[Verb, ...]] = field(default_factory=dict)
    """Verbs offered by kind of stop; this narrows the stop table, never widens it."""

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues in plan order."""
        if not hasattr(self, "_issues"):
            object.__setattr__(self, "_issues", tuple(issue for phase in self.phases for issue in phase.issues))
        return self._issues

    @property
    def by_number(self) -> Mapping[str, Issue]:
        """The issues by their numbers, in plan order."""
        if not hasattr(self, "_by_number"):
            object.__setattr__(self, "_by_number", {issue.number: issue for issue in self.issues})
        return self._by_number

    @property
    def agents(self) -> tuple[AgentSpec, ...]:
        """Its agent and those of its issues, each once."""
        return tuple(dict.fromkeys((self.agent, *(issue.agent for issue in self.issues if issue.agent))))
