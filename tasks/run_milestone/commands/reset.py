"""Take away what the runner made for a milestone or some of its issues, and say what stays and why."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.fs import remove_tree, shown
from ..core.user import whoami
from ..model import BranchMade, Step
from ..policy.graph import COMPLETE, phase_name, step_name
from ..store import State
from ..store.run_lock import held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.forge import Forge
    from ..adapters.git import Git
    from ..model import Issue, Milestone, PullRequest
    from ..plan.project import Project


@dataclass(frozen=True, slots=True)
class Made:
    """What there is of one issue. `stays` says why none of it is taken away; it is empty where all of it is."""

    issue: Issue
    branch: str
    local: str | None
    """The branch's commit in the repository, None where it is not there."""
    on_remote: str | None
    """The same on the remote."""
    pull: PullRequest | None
    stays: str = ""


def reset(project: Project, milestone: Milestone, numbers: tuple[str, ...], *, sure: bool) -> Iterator[str]:
    """Yield what goes and what stays, ask unless the person is `sure`, take away, and yield what was done.

    Errors: UsageError where the records are shared, the plan has lost issues with work, or the answer is no.
    """
    from ..adapters.process import Processes
    from ..runner.wiring import open_forge, open_git

    state = State(project.state(milestone.id))
    if not state.folder.exists():
        yield f"There is nothing of {milestone.id} to take away: it never ran here."
        return
    _refuse(milestone, state, numbers)
    with held(state.folder) as lock:
        processes = Processes(hold=(lock,))
        try:
            git = open_git(project, milestone, processes)
            forge = open_forge(milestone, git, processes)
            issues = [issue for issue in milestone.issues if issue.number in numbers or not numbers]
            made = [_look(milestone, state, git, forge, issue) for issue in issues]
            made = _kept_below(made, milestone, state)
            everything = not numbers and not any(one.stays for one in made)
            yield from _listed(project, milestone, made, everything=everything)
            if all(one.stays for one in made):
                return
            _confirm(milestone, sure=sure)
            for one in made:
                if not one.stays:
                    yield from _take_away(project, milestone, state, git, forge, one)
            if everything:
                for name in ("base", "setup", "land"):
                    remove_tree(project.tree(milestone, name))
                state.forget_all()
        finally:
            processes.stop()
    yield f"✓ `run-milestone {milestone.id}` begins anew with {'all of it' if everything else 'these'}."


def _refuse(milestone: Milestone, state: State, numbers: tuple[str, ...]) -> None:
    if state.is_shared:
        raise UsageError(
            f"The records of {milestone.id} are shared on the remote, where other machines go on with them.",
            f"Skip what is not wanted (`run-milestone gates {milestone.id}`), or delete "
            f"refs/run-milestone/{milestone.id}/* there and state/{milestone.id} on every machine.",
        )
    left_out = [known.title for known in state.registry.roll.issues if known.place]
    if left_out and not numbers:
        raise UsageError(
            f"The plan no longer has {', '.join(left_out)}, and the work on that is still there.",
            f"Put it back into the plan, or name issues: `run-milestone reset {milestone.id} 01`.",
        )


# ---- what there is ------------------------------------------------------------------------------------------------


def _recorded(state: State, number: str) -> BranchMade | None:
    return state.markers.evidence(step_name(number, Step.BRANCH), BranchMade)


def _look(milestone: Milestone, state: State, git: Git, forge: Forge, issue: Issue) -> Made:
    branch = state.registry.branch(milestone, issue)
    pulls = [pull for pull in forge.pulls(branch) if pull.head == branch]
    pull = next((one for one in reversed(pulls) if one.state != "closed"), None)
    local = git.head(branch)
    made = Made(issue, branch, local, git.remote_head(branch), pull)
    return replace(made, stays=_on_the_forge(forge, made) or _in_git(milestone, state, git, made))


def _on_the_forge(forge: Forge, made: Made) -> str:
    """Return why an issue stays for what the forge has of it; empty where it need not."""
    if made.pull is None:
        return ""
    if made.pull.state == "merged":
        return f"PR #{made.pull.number} is merged"
    reviews = forge.reviews(made.pull.number).get(made.pull.number)
    return f"people reviewed PR #{made.pull.number}" if reviews else ""


def _in_git(milestone: Milestone, state: State, git: Git, made: Made) -> str:
    """Return why an issue stays for whose its branch and commits are; empty where it need not."""
    recorded, heads = _recorded(state, made.issue.number), [head for head in (made.local, made.on_remote) if head]
    if not heads:
        return ""
    if recorded is None or recorded.adopted:
        return f"{made.branch} was there before the run"
    if made.on_remote and not git.has(made.on_remote):
        git.fetch(made.branch)
    marks = state.registry.marks(milestone, made.issue)
    ours = all(commit.ours for head in heads for commit in git.commits(recorded.base, head, *marks))
    if not ours:
        return f"people committed to {made.branch}"
    folder = git.checked_out(made.branch) if made.local else None
    return f"{made.branch} is checked out in {shown(folder)}; `git worktree remove` takes that away" if folder else ""


def _kept_below(made: list[Made], milestone: Milestone, state: State) -> list[Made]:
    """Return the same, where an issue stays that another one stands on which stays or was not named."""
    goes = {one.issue.number for one in made if not one.stays}
    begun = {issue.number for issue in milestone.issues if _recorded(state, issue.number) is not None}
    needed: dict[str, str] = {}
    for above in reversed(milestone.issues):
        if above.number in begun - goes:
            goes -= set(above.depends_on)
            needed |= dict.fromkeys(above.depends_on, above.number)
    named = {one.issue.number for one in made}

    def why(number: str) -> str:
        above = needed[number]
        return f"#{above} stands on it" if above in named else f"#{above} stands on it; name #{above} too"

    return [one if one.stays or one.issue.number in goes else replace(one, stays=why(one.issue.number)) for one in made]


def _listed(project: Project, milestone: Milestone, made: list[Made], *, everything: bool) -> Iterator[str]:
    goes = [one for one in made if not one.stays]
    yield f"Of {milestone.id} this is taken away:" if goes else f"Of {milestone.id} nothing is taken away."
    for one in goes:
        branch = f", {one.branch}" if one.local or one.on_remote else ""
        pull = f", PR #{one.pull.number} (closed; the next run asks whether to open it again)" if one.pull else ""
        yield f"  #{one.issue.number} its records and tree{branch}{pull}"
    if everything:
        yield f"  {shown(project.state(milestone.id))}/ with every decision"
    yield "This stays:"
    yield from (f"  #{one.issue.number} {one.stays}" for one in made if one.stays)
    kept = f"refs/run-milestone/{milestone.id}/reset/"
    yield f"  the plan, {milestone.branch}, and the commits of each branch below {kept}"


def _confirm(milestone: Milestone, *, sure: bool) -> None:
    if sure:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("Nothing was taken away.", "Say that you want it with `--yes`.")
    try:
        typed = input(f"Type {milestone.id} to go on: ").strip()
    except EOFError:
        typed = ""
    if typed != milestone.id:
        raise UsageError("Nothing was taken away.", f"Type {milestone.id} next time, or give `--yes`.")


# ---- taking it away -----------------------------------------------------------------------------------------------


def _take_away(
    project: Project, milestone: Milestone, state: State, git: Git, forge: Forge, made: Made
) -> Iterator[str]:
    """Close, delete and remove what there is of an issue. Each effect can be repeated after a kill."""
    number = made.issue.number
    gone = [*state.decisions.forgotten(), *(one.id for one in state.decisions.answers() if one.gate == number)]
    state.journal.add("reset", issue=number, who=whoami(), decisions=gone)
    for head in {made.local, made.on_remote} - {None}:
        git.keep(f"{milestone.id}/reset/{number}", str(head))
    if made.pull is not None and made.pull.state == "open":
        forge.close(made.pull.number)
    if made.on_remote:
        git.delete_remote(made.branch, made.on_remote)
    if made.local:
        git.delete_branch(made.branch, made.local)
    for name in (number, f"{number}-contract", f"{number}-base"):
        remove_tree(project.tree(milestone, name))
    for name in (COMPLETE, *(phase_name(phase.number) for phase in milestone.phases if made.issue in phase.issues)):
        state.markers.forget(name)
    state.forget_issue(number)
    yield f"✓ #{number} taken away"
