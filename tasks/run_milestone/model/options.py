"""What a run was asked for on its command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes, as its flags say."""

    only: tuple[str, ...] = ()
    """The issues to run; none means all of them."""
    no_issues: bool = False
    """Run only what is the milestone's own: bootstrap, plan review, barriers, end."""
    no_commands: bool = False
    """Start no command of the plan or of a tree, because this job may push."""
    results: str = ""
    """A folder with what jobs without rights hand back; it is taken up at the start."""
    mirror: str = ""
    """A copy of the remote. Nothing is pushed or asked of the forge, because this job has no rights."""
    jobs: int = 1
    autonomous: bool = False
    auto_fix: int = 0
    """How often findings go back to the agent before anybody is asked."""
    watch: bool = False
    verbose: bool = False
    """Say of every task why it runs or does not."""
    metrics: bool = False
    skip_code_review: bool = False
    skip_plan_review: bool = False
    unsandboxed: bool = False
    """Agents, tests and tools run as the user, whatever the plan says."""
    no_worktree: bool = False
    """All issues share one tree, and people work in their own checkout."""
    max_time: float | None = None
    """Seconds, None for the plan's limit."""
    max_cost: float | None = None
    """US dollars, None for the plan's limit."""
    shared: bool = False
    """Whether the state is kept on the remote."""
    lock: str | None = None
    """The id of the lock that the jobs of one run share."""
    interactive: bool = False
    """Whether the caller answers gates, so that no commands are listed."""
    standalone: bool = False
    """Whether the run begins and ends with doit's own."""
    activity: str = ""
    """What the command does instead of running (Landing), as its banner says."""

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The issues this run is limited to while other runs work on the rest; none where it has all to itself."""
        return self.only if self.shared else ()
