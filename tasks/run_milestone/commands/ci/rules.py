"""What is unsafe in a workflow for run-milestone in particular; a linter of workflows knows the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import yaml

from ...core.errors import UsageError
from .finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUNS = re.compile(r"(?m)^\s*(?P<exec>exec\s+)?(?:\S+=\S+\s+)*(?:\S*/)?run-milestone\s+(?!-|doctor|schema)")
_HIDES = re.compile(r"\|\|\s*(?:true|:|exit\s+0|echo)\b|^\s*set \+e", re.MULTILINE)
_HEAD = re.compile(r"pull_request\.head|github\.head_ref|refs/pull/|gh pr checkout|workflow_run\.head")
_FOREIGN = frozenset({"issue_comment", "pull_request_target", "workflow_run", "discussion_comment"})
"""Events that strangers cause and that run with the repository's own rights."""
_TOKENS = frozenset({"GH_TOKEN", "GITHUB_TOKEN"})


class Rule(NamedTuple):
    """What is wrong, and what to do about it."""

    what: str
    do: str


RULES = {
    "cancels-a-run": Rule(
        "a run in progress is cancelled by the next one", "Set `cancel-in-progress: false`, so that the next one waits"
    ),
    "no-concurrency": Rule(
        "two runs of a milestone can start at once, and the second fails",
        "Give the job `concurrency: {group: run-milestone-ID, cancel-in-progress: false}`",
    ),
    "hidden-failure": Rule(
        "a failed run looks like a good one",
        "Take it away; `run-milestone ci run` ends well where a milestone only waits for a decision",
    ),
    "unheard-cancel": Rule(
        "a cancelled job tells only its shell, so the run is killed in the middle",
        "Begin the line with `exec`, as the last of its step",
    ),
    "runs-the-head": Rule(
        "code of a pull request is checked out with the repository's own rights",
        "Check out the default branch; run-milestone fetches the branches it needs by itself",
    ),
    "wide-token": Rule(
        "every step gets the token, also those that install and test",
        "Put it into the `env` of the step that runs run-milestone",
    ),
    "unguarded-comment": Rule(
        "a comment by anybody starts the job",
        "Look at `github.event.comment.author_association` in the job's `if`, and run `run-milestone ci event` first",
    ),
}


@dataclass(frozen=True, slots=True)
class At:
    """A value of a YAML document that knows its place; what is not there is an empty one."""

    node: yaml.Node | None

    def __getitem__(self, name: str) -> At:
        """Return the value of a key, case as written."""
        return next((value for key, value in self.items() if key.text == name), At(None))

    def items(self) -> Iterator[tuple[At, At]]:
        """Yield the keys of a mapping with their values."""
        if isinstance(self.node, yaml.MappingNode):
            yield from ((At(key), At(value)) for key, value in self.node.value)

    def all(self) -> Iterator[At]:
        """Yield the members of a list."""
        if isinstance(self.node, yaml.SequenceNode):
            yield from map(At, self.node.value)

    @property
    def text(self) -> str:
        """A scalar as written, else an empty text."""
        return str(self.node.value) if isinstance(self.node, yaml.ScalarNode) else ""

    def names(self) -> set[str]:
        """Return the words of a scalar, a list, or a mapping's keys: the three ways to write `on:`."""
        words = {member.text for member in self.all()} | {key.text for key, _ in self.items()}
        return words | ({self.text} if self.text else set())

    def __bool__(self) -> bool:
        return self.node is not None


def broken_rules(file: str, text: str) -> Iterator[Problem]:
    """Yield what is unsafe in one workflow.

    Errors: UsageError where it is no YAML.
    """
    try:
        workflow = At(yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        place = f"{file}:{where.line + 1}:{where.column + 1}" if where else file
        raise UsageError(f"{place}: this is no YAML: {getattr(error, 'problem', error)}.", "Mend it.") from None
    for rule, at in _broken(workflow):
        mark = at.node.start_mark if at.node else None
        yield Problem(file, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, rule, *RULES[rule])


def _broken(workflow: At) -> Iterator[tuple[str, At]]:
    """Yield the name of each broken rule, and where."""
    triggers = workflow["on"]
    jobs = [job for _, job in workflow["jobs"].items()]
    ours = [job for job in jobs if any(map(_runs, job["steps"].all()))]
    if triggers.names() & _FOREIGN:
        yield from (("runs-the-head", step) for job in jobs for step in job["steps"].all() if _is_head(step))
    if not ours:
        return
    guarded = any("author_association" in job["if"].text for job in jobs)
    if "issue_comment" in triggers.names() and not guarded:
        yield "unguarded-comment", triggers
    yield from (("wide-token", at) for at in _tokens(workflow, *ours))
    yield from _cancelling(workflow, *jobs)
    for job in ours:
        alone = workflow["concurrency"] or job["concurrency"] or "workflow_call" in triggers.names() or _looks_only(job)
        if not alone:
            yield "no-concurrency", job
        yield from _steps(job)


def _runs(step: At) -> bool:
    return _RUNS.search(step["run"].text) is not None


def _looks_only(job: At) -> bool:
    """Return whether all that the job does with run-milestone is to look."""
    return all("run-milestone ci event" in step["run"].text for step in job["steps"].all() if _runs(step))


def _is_head(step: At) -> bool:
    said = [step["run"].text, *(value.text for _, value in step["with"].items())]
    return any(_HEAD.search(text) for text in said)


def _tokens(*places: At) -> Iterator[At]:
    yield from (name for place in places for name, _ in place["env"].items() if name.text in _TOKENS)


def _cancelling(*places: At) -> Iterator[tuple[str, At]]:
    for place in places:
        cancels = place["concurrency"]["cancel-in-progress"]
        if cancels and cancels.text != "false":
            yield "cancels-a-run", cancels


def _steps(job: At) -> Iterator[tuple[str, At]]:
    for place in (job, *job["steps"].all()):
        if place["continue-on-error"].text not in {"", "false"} and (place is job or _runs(place)):
            yield "hidden-failure", place["continue-on-error"]
    for step in filter(_runs, job["steps"].all()):
        script = step["run"]
        if _HIDES.search(script.text):
            yield "hidden-failure", script
        if not all(match["exec"] for match in _RUNS.finditer(script.text)):
            yield "unheard-cancel", script
