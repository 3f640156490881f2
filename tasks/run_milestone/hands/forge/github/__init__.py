"""github: pull requests on GitHub, reached by the gh program."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from ....errors import OutsideError
from ....model import CheckState, Comment, ForgeIssue, ForgeMilestone, Label, PullRequest, Release
from ....policy import LABELS
from . import answers, texts
from .address import address_of
from .failures import NotThereError
from .gh import Gh, number_in
from .queries import checks_of, pulls_of, viewer_of
from .standing import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pydantic import TypeAdapter

    from ....model import Check, Milestone
    from ...process import Processes

T = TypeVar("T")
MOST = "100000"
"""Pull requests that a list asks for: all there are."""


def open_github(
    milestone: Milestone, url: str, processes: Processes, folder: Path, say: Callable[[Iterable[str]], object]
) -> GitHubForge:
    """Return the forge of the repository that the plan or the remote's `url` names; `folder` is gh's home."""
    address = address_of(url, milestone.repository.github)
    return GitHubForge(Gh(address, processes, folder, say), milestone.target)


class GitHubForge:
    """One repository on GitHub; nothing is ever merged into `target`."""

    def __init__(self, gh: Gh, target: str) -> None:
        self._gh = gh
        self.standing = partial(standing, gh)
        self._target = target
        self._labels: dict[str, Label] = {}
        """Labels known to be there, by their names in lower case: GitHub does not tell cases apart."""

    # ---- pull requests ----------------------------------------------------------------------------------------

    def pulls(self, *heads: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of these head branches (of all, without any), oldest first, none from forks."""
        words = ("pr", "list", "--state", "all", "--limit", MOST, "--json", answers.PULL)
        found = pulls_of(self._gh, heads) if heads else self._gh.ask(answers.PULLS, *words)
        own = sorted((pull for pull in found if not pull.isCrossRepository), key=lambda pull: pull.number)
        return tuple(pull.told() for pull in own)

    def create(
        self, *, head: str, base: str, title: str, body: str, labels: tuple[str, ...] = (), draft: bool = False
    ) -> PullRequest:
        """Open a pull request; looks for an open one before, after any failure, and when no answer comes."""
        _refuse_same(head, base)
        found = self._open(head, base, body)
        if found is None:
            self.ensure_labels(*labels)
            found = self._create(head, base, texts.title(title), texts.body(body), draft=draft)
        return self._edit(found, title=title, body=body, base=base, labels=labels)

    def _create(self, head: str, base: str, title: str, body: str, *, draft: bool) -> PullRequest:
        words = ("pr", "create", "--head", head, "--base", base, "--title", title, "--body-file", "-")
        try:
            made = self._gh.do(
                *words, *(("--draft",) if draft else ()), stdin=body, lost=lambda: self._open(head, base, body)
            )
        except OutsideError:
            found = self._open(head, base, body)
            if found is None:
                raise
            return found
        return self._view(number_in(made, "pull")) if isinstance(made, str) else made

    def _open(self, head: str, base: str, body: str) -> PullRequest | None:
        """Return the branch's open pull request: of several the one with the same hidden mark, else the same base."""
        own = [pull for pull in self.pulls(head) if pull.state == "open"]
        mark = texts.mark(body)
        return min(own, key=lambda pull: (texts.mark(pull.body) != mark, pull.base != base), default=None)

    def _view(self, number: int) -> PullRequest:
        return self._gh.ask(answers.ONE_PULL, "pr", "view", str(number), "--json", answers.PULL).told()

    def edit(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
        labels: tuple[str, ...] = (),
    ) -> PullRequest:
        """Make what is given read so; what reads so already is not sent."""
        return self._edit(self._view(number), title=title, body=body, base=base, labels=labels)

    def _edit(
        self, now: PullRequest, *, title: str | None, body: str | None, base: str | None, labels: tuple[str, ...]
    ) -> PullRequest:
        _refuse_same(now.head, base)
        words: list[str] = []
        if title is not None and (fit := texts.title(title)) != now.title:
            words += ["--title", fit]
        if body is not None and texts.body(body).rstrip() != now.body.rstrip():
            words += ["--body-file", "-"]
        if base not in {None, now.base}:
            words += ["--base", str(base)]
        missing = [label for label in labels if label.lower() not in {known.lower() for known in now.labels}]
        if missing:
            self.ensure_labels(*missing)
            words += [word for label in missing for word in ("--add-label", label)]
        return self._change(now, "edit", *words, stdin=texts.body(body or "")) if words else now

    def _change(self, now: PullRequest, verb: str, *words: str, stdin: str = "") -> PullRequest:
        self._gh.do("pr", verb, str(now.number), *words, stdin=stdin)
        return self._view(now.number)

    def unlabel(self, number: int, *labels: str) -> PullRequest:
        """Take labels away."""
        now = self._view(number)
        words = [word for label in labels if label in now.labels for word in ("--remove-label", label)]
        return self._change(now, "edit", *words) if words else now

    def set_draft(self, number: int, *, draft: bool) -> PullRequest:
        """Turn a pull request into a draft, or mark it ready."""
        now = self._view(number)
        return now if now.draft is draft else self._change(now, "ready", *(("--undo",) if draft else ()))

    def close(self, number: int) -> PullRequest:
        """Close without merging."""
        now = self._view(number)
        return now if now.state == "closed" else self._change(now, "close")

    def reopen(self, number: int) -> PullRequest:
        """Open a closed pull request again."""
        now = self._view(number)
        return now if now.state == "open" else self._change(now, "reopen")

    def merge(self, number: int, *, head: str) -> PullRequest:
        """Merge with a merge commit; GitHub itself compares the head."""
        now = self._view(number)
        if now.state == "merged":
            return now
        if now.base == self._target:
            raise _unmerged(now, f"its base is {now.base}, which people merge into")
        if now.state != "open":
            raise _unmerged(now, f"it is {now.state}")
        merged = self._change(now, "merge", "--merge", "--match-head-commit", head)
        if merged.state != "merged":
            raise _unmerged(merged, f"GitHub took the request, but it is {merged.state} (is there a merge queue?)")
        return merged

    def checks(self, number: int) -> tuple[Check, ...]:
        """Return the checks on the head; a failed one of GitHub Actions with the end of its job's log."""
        runs = checks_of(self._gh, number)
        return tuple(run.told(self._log(run) if run.state is CheckState.FAILED else "") for run in runs)

    def _log(self, run: answers.Run) -> str:
        told = "\n".join(filter(None, (run.summary, run.text)))
        if run.job is None:
            return told
        try:
            return str(self._gh.do("api", self._gh.path(f"actions/jobs/{run.job}/logs")))
        except OutsideError as error:  # a log that is gone makes the check no less red
            return told or f"no log: {error.what}"

    # ---- comments ---------------------------------------------------------------------------------------------

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments of a pull request or an issue, oldest first."""
        said = self._pages(answers.COMMENTS, f"issues/{number}/comments?per_page=100")
        writers = {login: self._may_write(login) for login in {_author(one) for one in said}}
        return tuple(_comment(one, writer=writers[_author(one)]) for one in said)

    def comment(self, number: int, body: str, *, update: int | None = None) -> Comment:
        """Add a comment, or make the comment `update` read so."""
        fit = texts.body(body)
        if update is not None:
            made = self._gh.send(answers.COMMENT, "PATCH", f"issues/comments/{update}", {"body": fit})
        else:
            made = self._gh.send(
                answers.COMMENT, "POST", f"issues/{number}/comments", {"body": fit}, lambda: self._said(number, fit)
            )
        return _comment(made, writer=self._may_write(_author(made)))

    def _said(self, number: int, body: str) -> answers.Said | None:
        said = self._pages(answers.COMMENTS, f"issues/{number}/comments?per_page=100")
        return next((one for one in reversed(said) if one.body == body), None)

    def _may_write(self, login: str) -> bool:
        """Return whether somebody may write; an app (a job's token is one) is no collaborator and writes as itself."""
        if login.endswith("[bot]"):
            return login == self._me
        try:
            path = self._gh.path(f"collaborators/{login}/permission")
            return self._gh.ask(answers.PERMISSION, "api", path).permission in {"admin", "maintain", "write"}
        except NotThereError:
            return False

    @cached_property
    def _me(self) -> str:
        return viewer_of(self._gh)

    # ---- issues, milestones, releases, labels -----------------------------------------------------------------

    def issues(self, milestone: str) -> tuple[ForgeIssue, ...]:
        """Return a milestone's issues; from the plain index, the search one lags."""
        found = self._milestone(milestone)
        if found is None:
            return ()
        listed = self._pages(answers.ISSUES, f"issues?milestone={found.number}&state=all&per_page=100")
        own = sorted((one for one in listed if one.pull_request is None), key=lambda one: one.number)
        return tuple(one.told() for one in own)

    def create_issue(
        self, *, title: str, body: str, milestone: str | None = None, labels: tuple[str, ...] = ()
    ) -> ForgeIssue:
        """Open an issue; where no answer comes, the newest ones are looked through for it."""
        self.ensure_labels(*labels)
        fit, text = texts.title(title), texts.body(body)
        words = ("issue", "create", "--title", fit, "--body-file", "-")
        more = (*(("--milestone", milestone) if milestone else ()), *(("--label", label) for label in labels))
        flat = [word for part in more for word in ((part,) if isinstance(part, str) else part)]
        made = self._gh.do(*words, *flat, stdin=text, lost=lambda: self._recent(fit, text))
        return self._issue(number_in(made, "issues")) if isinstance(made, str) else made

    def _issue(self, number: int) -> ForgeIssue:
        return self._gh.ask(answers.ISSUE, "api", self._gh.path(f"issues/{number}")).told()

    def _recent(self, title: str, body: str) -> ForgeIssue | None:
        newest = self._gh.path("issues?state=open&sort=created&direction=desc&per_page=30")
        told = (one.told() for one in self._gh.ask(answers.RECENT, "api", newest))
        return next((one for one in told if (one.title, one.body) == (title, body)), None)

    def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, state: str | None = None
    ) -> ForgeIssue:
        """Make what is given read so."""
        given = {
            "title": None if title is None else texts.title(title),
            "body": None if body is None else texts.body(body),
            "state": state,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        return self._gh.send(answers.ISSUE, "PATCH", f"issues/{number}", wanted).told()

    def ensure_milestone(self, title: str, description: str = "") -> ForgeMilestone:
        """Return the milestone of this title, made where there is none."""
        found = self._milestone(title) or self._gh.send(
            answers.MILESTONE,
            "POST",
            "milestones",
            {"title": texts.title(title), "description": texts.body(description)},
            lambda: self._milestone(title),
        )
        return found.told()

    def close_milestone(self, title: str) -> ForgeMilestone:
        """Close a milestone."""
        found = self._milestone(title)
        if found is None:
            raise OutsideError(f"There is no milestone {title} on GitHub.", "Look for its title there.")
        return self._gh.send(answers.MILESTONE, "PATCH", f"milestones/{found.number}", {"state": "closed"}).told()

    def _milestone(self, title: str) -> answers.Milestone | None:
        known = self._pages(answers.MILESTONES, "milestones?state=all&per_page=100")
        return next((one for one in known if one.title == title), None)

    def release(self, tag: str, *, commit: str, title: str, notes: str) -> Release:
        """Tag a commit and publish notes, unless that is done."""
        self._refuse_other(tag, self._tagged(tag), commit)
        if (found := self._released(tag)) is None:
            words = ("release", "create", tag, "--target", commit, "--title", texts.title(title), "--notes-file", "-")
            self._gh.do(*words, stdin=texts.body(notes), lost=lambda: self._released(tag))
            found = self._released(tag)
        at = self._tagged(tag)
        self._refuse_other(tag, at, commit)
        if found is None or at is None:
            raise OutsideError(f"GitHub has no release {tag} after it was made.", "Run the same command again.")
        return Release(tag, at, found.name or "", found.body or "", found.html_url)

    def _refuse_other(self, tag: str, at: str | None, commit: str) -> None:
        if at not in {None, commit}:
            raise OutsideError(f"The tag {tag} is on {at} and not on {commit}.", "Choose another tag.")

    def _released(self, tag: str) -> answers.Published | None:
        try:
            return self._gh.ask(answers.RELEASE, "api", self._gh.path(f"releases/tags/{tag}"))
        except NotThereError:
            return None

    def _tagged(self, tag: str) -> str | None:
        try:
            return self._gh.ask(answers.TAGGED, "api", self._gh.path(f"commits/tags/{tag}")).sha
        except NotThereError:
            return None

    def ensure_labels(self, *names: str) -> tuple[Label, ...]:
        """Return these labels, those made that are missing; one that is known to be there is not asked for again."""
        if any(name.lower() not in self._labels for name in names):
            self._read_labels()
        missing = [name for name in dict.fromkeys(names) if name.lower() not in self._labels]
        for name in missing:
            self._make_label(LABELS.get(name, Label(name, "ededed")))
        if missing:
            self._read_labels()
        return tuple(self._labels[name.lower()] for name in names)

    def _read_labels(self) -> None:
        told = self._pages(answers.LABELS_SHAPE, "labels?per_page=100")  # `gh label list` prints no JSON for none
        self._labels = {label.name.lower(): label.told() for label in told}

    def _make_label(self, label: Label) -> None:
        words = ("label", "create", label.name, "--color", label.colour, "--description", label.description)
        try:
            self._gh.do(*words)
        except OutsideError as error:
            if "already exists" not in error.what:  # somebody else was faster
                raise

    def _pages(self, shape: TypeAdapter[list[list[T]]], path: str) -> list[T]:
        pages = self._gh.ask(shape, "api", self._gh.path(path), "--paginate", "--slurp")
        return [one for page in pages for one in page]


def _author(said: answers.Said) -> str:
    return said.user.login if said.user else "ghost"


def _comment(said: answers.Said, *, writer: bool) -> Comment:
    return Comment(said.id, _author(said), said.body or "", said.updated_at, writer)


def _refuse_same(head: str, base: str | None) -> None:
    if head == base:
        raise OutsideError(
            f"A pull request from {head} into itself is refused.", "Give the plan another branch than its target."
        )


def _unmerged(pull: PullRequest, why: str) -> OutsideError:
    return OutsideError(f"Pull request {pull.number} cannot be merged: {why}.", "Mend that and run again.")
