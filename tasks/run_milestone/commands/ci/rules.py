"""Find what keeps run-milestone from working in a workflow; zizmor finds everything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from ...core.errors import UsageError
from .lock import unhashed

if TYPE_CHECKING:
    from collections.abc import Iterator

    Broken = Iterator[tuple[str, yaml.Node]]

_STARTS_NOTHING = (
    "ci (?:publish|event|check|github)|state|decide|approve|fix|skip|continue|retry|panic|status|gates|why|graph|report"
    "|forecast|diff|verify|plan|init|schema|completion|help|-"
)
_WORKS = re.compile(rf"(?m)^\s*(?:exec\s+)?(?:\S+=\S+\s+)*(?:\S*/)?run-milestone\s+(?!(?:{_STARTS_NOTHING})\b)\S")
"""Starts agents, tests and tools: a milestone's id, `ci work` and whatever else may."""
_TOKEN = re.compile(r"github\.token|secrets\.(?:GITHUB_TOKEN|RUN_MILESTONE_TOKEN)")
_INSTALLS = re.compile(r"(?m)^.*\b(?:pip3?|pipx|uv|uvx)\b.*\brun[-_]milestone\b(?!/).*$")
_RUNS = re.compile(r"(?m)^\s*(?P<exec>exec\s+)?(?:\S+=\S+\s+)*(?:\S*/)?run-milestone\s+(?!-|doctor|schema)")
_TOKENS = frozenset({"GH_TOKEN", "GITHUB_TOKEN"})
_HIDES = re.compile(r"\|\|\s*(?:true|:|exit\s+0|echo)\b|^\s*set \+e", re.MULTILINE)

RULES = {
    "cancels-a-run": (
        "a run in progress is cancelled by the next one",
        "Set `cancel-in-progress: false`, so that the next one waits",
    ),
    "no-concurrency": (
        "two runs of a milestone can start at once, and the second fails",
        "Give the job `concurrency: {group: run-milestone-ID, cancel-in-progress: false}`",
    ),
    "hidden-failure": (
        "a failed run looks like a good one",
        "Remove it; `run-milestone ci run` succeeds where a milestone only waits for a decision",
    ),
    "unheard-cancel": (
        "a cancelled job tells only its shell, so the run is killed in the middle",
        "Begin the line with `exec`, as the last of its step",
    ),
    "wide-token": (
        "every step gets the token, also those that install and test",
        "Put it into the `env` of the step that runs run-milestone",
    ),
    "tree-with-token": (
        "a job that has a token or rights starts agents and tests",
        "Start them in a job with `permissions: {}` by `run-milestone ci work`, and push in another by `ci publish`",
    ),
    "unpinned-install": (
        "what is installed is whatever an index has under that name today",
        "Install from the lock that `run-milestone ci github` writes, with `pip install --require-hashes`",
    ),
}
"""What is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong in a workflow and what to do about it. Line and column count from 1."""

    file: str
    line: int
    column: int
    rule: str
    what: str
    do: str

    def __str__(self) -> str:
        """Return `FILE:LINE:COL: rule: what is wrong. What to do`."""
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.what}. {self.do}"


def broken_rules(file: str, text: str) -> Iterator[Problem]:
    """Yield the problems of one workflow.

    Errors: UsageError where it is not YAML.
    """
    try:
        workflow = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        what = f"{place}: this is not YAML: {getattr(error, 'problem', error)}."
        raise UsageError(what, "Correct it and run `run-milestone ci check` again.") from None
    for rule, node in (*_installs(workflow), *_broken(workflow)):
        mark = node.start_mark
        yield Problem(file, mark.line + 1, mark.column + 1, rule, *RULES[rule])


def broken_lock(file: str, text: str) -> Iterator[Problem]:
    """Yield the requirements of the lock that name no hash."""
    for line, _ in unhashed(text):
        yield Problem(file, line, 1, "unpinned-install", *RULES["unpinned-install"])


def _installs(workflow: yaml.Node | None) -> Broken:
    """Yield the steps, of a workflow or of an action, that install run-milestone by its name alone."""
    for place in (*_values(_at(workflow, "jobs")), *filter(None, (_at(workflow, "runs"),))):
        for step in _values(_at(place, "steps")):
            if any("--require-hashes" not in line for line in _INSTALLS.findall(_text(step, "run"))):
                yield "unpinned-install", step


def _works_with_token(workflow: yaml.Node | None, job: yaml.Node) -> Broken:
    """Yield a job that starts commands of a tree, where it holds a token or has rights."""
    steps = _values(_at(job, "steps"))
    if not any(_WORKS.search(_text(step, "run")) for step in steps):
        return
    rights = _at(job, "permissions") or _at(workflow, "permissions")
    has_none = isinstance(rights, yaml.MappingNode) and not rights.value
    named = any(name.value in _TOKENS for place in (workflow, job, *steps) for name in _keys(_at(place, "env")))
    if not has_none or named or any(_TOKEN.search(text) for text in _texts(job)):
        yield "tree-with-token", job


def _broken(workflow: yaml.Node | None) -> Broken:
    jobs = _values(_at(workflow, "jobs"))
    ours = [(job, steps) for job in jobs if (steps := list(filter(_script, _values(_at(job, "steps")))))]
    if not ours:
        return
    for place in (workflow, *(job for job, _ in ours)):
        yield from (("wide-token", name) for name in _keys(_at(place, "env")) if name.value in _TOKENS)
    for place in (workflow, *jobs):
        cancels = _at(place, "concurrency", "cancel-in-progress")
        if cancels and cancels.value != "false":
            yield "cancels-a-run", cancels
    waits = _at(workflow, "concurrency") or _at(workflow, "on", "workflow_call")
    for job, steps in ours:
        only_looks = all("run-milestone ci event" in _script(step) for step in steps)
        if not (waits or only_looks or _at(job, "concurrency")):
            yield "no-concurrency", job
        yield from _works_with_token(workflow, job)
        yield from _hidden(job, *steps)
        yield from (("unheard-cancel", step) for step in steps if not _hears_cancel(step))


def _hidden(*places: yaml.Node) -> Broken:
    for place in places:
        allowed = _at(place, "continue-on-error")
        if allowed and allowed.value != "false":
            yield "hidden-failure", allowed
        if _HIDES.search(_script(place)):
            yield "hidden-failure", place


def _hears_cancel(step: yaml.Node) -> bool:
    return all(match["exec"] for match in _RUNS.finditer(_script(step)))


def _script(step: yaml.Node) -> str:
    """Return the script of a step that runs run-milestone, empty for any other step."""
    script = _text(step, "run")
    return script if _RUNS.search(script) else ""


def _text(node: yaml.Node, key: str) -> str:
    """Return the text below a key, empty where there is none."""
    value = _at(node, key)
    return str(value.value) if isinstance(value, yaml.ScalarNode) else ""


def _texts(node: yaml.Node) -> Iterator[str]:
    """Yield every text in a part of a workflow."""
    if isinstance(node, yaml.ScalarNode):
        yield str(node.value)
    for value in _values(node):
        yield from _texts(value)


def _at(node: yaml.Node | None, *keys: str) -> yaml.Node | None:
    """Return what stands below these keys, None where nothing does."""
    for key in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        node = next((value for name, value in pairs if name.value == key), None)
    return node


def _keys(node: yaml.Node | None) -> list[yaml.Node]:
    return [name for name, _ in node.value] if isinstance(node, yaml.MappingNode) else []


def _values(node: yaml.Node | None) -> list[yaml.Node]:
    """Return the values of a mapping or the members of a list."""
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
