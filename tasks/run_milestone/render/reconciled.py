"""Say what a run took over from the remote and the forge, and what it left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import person_reviews
from .phrases import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Issue, PersonReview, PullRequest
    from ..policy.issue_identity import Known


def draft_left(pull: PullRequest) -> str:
    """Say that a skipped issue's pull request became a draft."""
    return f"✓ PR #{pull.number} is left as a draft: its issue is skipped"


def begun_on(issue: Issue, branches: Sequence[str]) -> str:
    """Say on which branch an issue was begun, where no records tell of it."""
    if len(branches) == 1:
        return f"✓ Issue #{issue.number} was begun on {branches[0]}: its work is taken up there"
    return f"⚠️ Issue #{issue.number} may have been begun on {' or '.join(branches)}; none is taken up"


def left_behind(pull: PullRequest, known: Known) -> str:
    """Say that a pull request is open whose issue is no longer in the plan."""
    what = f"its issue ({one_line(known.title)}) is no longer in the plan"
    return f"⚠️ PR #{pull.number} is open, but {what}: close it, or put the issue back"


def merged(issue: Issue, pull: PullRequest, base: str) -> str:
    """Say that a pull request was merged; `base` is where the plan wants it."""
    where = "" if pull.base == base else f" into {pull.base} (the plan says {base})"
    return f"✓ PR #{pull.number} was merged{where}: issue #{issue.number} is done"


def retargeted(pull: PullRequest, base: str, *, followed: bool) -> str:
    """Say where a pull request goes instead; `followed` where its base moved on, else somebody changed it."""
    if followed:
        return f"· PR #{pull.number} goes to {base} from now on, no longer to {pull.base}"
    return f"⚠️ PR #{pull.number} goes to {pull.base}; it is set back to {base}"


def labelled(pull: PullRequest, added: Sequence[str], removed: Sequence[str]) -> str:
    """Say which labels a pull request has got and lost since the last run."""
    parts = [(what, ", ".join(map(one_line, names))) for what, names in (("got", added), ("lost", removed)) if names]
    return f"· PR #{pull.number} {' and '.join(f'{what} the label {names}' for what, names in parts)}"


def changes_requested(number: int, review: PersonReview) -> str:
    """Say that a person asks for changes on a pull request."""
    return f"⚠️ {person_reviews.changes_requested(number, review)}"


def put_back(branch: str, commit: str, source: str = "") -> str:
    """Say that a local branch was restored, and from where."""
    return f"✓ {branch} was gone here: put back at {commit[:10]}" + (f", from {source}" if source else "")


def pushed_again(branch: str, commit: str) -> str:
    """Say that a branch was restored on the remote."""
    return f"✓ {branch} was gone from the remote: pushed again at {commit[:10]}"


def commits_gone(branch: str, issue: Issue) -> str:
    """Say that nothing is left of an issue's work."""
    return f"⚠️ {branch} is gone and so are its commits: issue #{issue.number} starts again"


def branch_gone(branch: str) -> str:
    """Say that a branch will be pushed again."""
    return f"⚠️ {branch} is gone from the remote; it is pushed again, nothing of it is lost"


def set_back(branch: str, commit: str) -> str:
    """Say that somebody set a branch back."""
    return f"⚠️ {branch} was set back on the remote to {commit[:10]}; it is pushed again"


def newer_commits(branch: str, commit: str, checkout: object) -> str:
    """Say that a person has to pull, because the branch is checked out."""
    return f"⚠️ {branch} has newer commits on the remote ({commit[:10]}): pull them in {checkout}, then run again"


def took_over(branch: str, commit: str) -> str:
    """Say that a branch followed the remote."""
    return f"✓ Took over what was pushed to {branch} ({commit[:10]})"
