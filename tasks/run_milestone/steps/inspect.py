"""Look at the change with every check."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..adapters.process import NO_GRANTS, Grants, Result
from ..checks import advisories, coverage
from ..checks import inspect as inspect_change
from ..checks.change import Change
from ..checks.diff import changed_files
from ..checks.migrations import scratch
from ..model import Inspected, KnownTests, Limits, Step, Tested
from . import written_over
from .fail_to_pass import contract, lost_tests
from .task import IssueStep
from .workplace import ready, release

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .step_context import StepContext
    from .workplace import Workplace


_SERVICE = re.compile(
    r"HOME$|(?:https?|all|no)_proxy$|SSL_CERT_|REQUESTS_CA_BUNDLE$|PIP_|npm_config_|CARGO_"
    r"|GOPRIVATE$|GONOPROXY$|GOENV$",
    re.IGNORECASE,
)
"""Variables by which tools that ask about advisories and licences reach their service."""


class Inspect(IssueStep[Inspected]):
    """Collect what the checks find in the change; the gate behind this step asks about it."""

    name = Step.INSPECT
    shape = Inspected
    fields = ("paths", "type", "tests")
    settings = (
        *("limits.files", "limits.lines", "limits.coverage", "commands.test", "sensitive", "protected", "scope"),
        *("migrations", "database", "licences"),
    )
    later_settings: Mapping[str, Any] = {"limits.bytes": Limits().bytes, "commands.parts": (), "tests": KnownTests()}

    def earlier(self, ctx: StepContext) -> Mapping[str, Any]:
        """Return the change, and the coverage that the tests measured."""
        tested = ctx.evidence(Step.TEST, Tested)
        lost = [*tested.removed, *tested.disabled]
        later = {"lost tests": lost, "rewritten": tested.rewritten}
        return {**change_inputs(ctx), "coverage": tested.coverage, **{key: one for key, one in later.items() if one}}

    def run(self, ctx: StepContext) -> Inspected:
        """Look at the change with every check there is."""
        change = change_of(ctx)
        limit, tested = ctx.milestone.limits.coverage, ctx.evidence(Step.TEST, Tested)
        trial, advised = scratch.tried(change), advisories.look_up(change)
        findings = (*inspect_change(change), *contract(ctx, change), *trial.findings, *advised.findings)
        findings = (*findings, *coverage.findings(tested.coverage, limit))
        untested = coverage.unmeasured(change, tested.coverage)
        findings = (*findings, *lost_tests(tested, findings), *written_over.findings(tested.rewritten))
        lines = sum(file.lines for file in change.files)
        paths = tuple(file.path for file in change.files)
        release(ctx)
        return Inspected(
            change.head,
            identity(ctx, change),
            len(change.files),
            lines,
            findings,
            paths,
            (*((untested,) if untested else ()), *advised.notes),
            trial.sentences,
            change.base if change.base != ctx.start else "",
        )

    def drift(self, ctx: StepContext, evidence: Inspected) -> str | None:
        """Return that what the branch took from others counts as its own again, as where they reverted it."""
        if not evidence.compared_with or ctx.run.adapters is None or ctx.head != evidence.head:
            return None
        return None if ctx.base == evidence.compared_with else "what it took from another branch moved there"


def change_inputs(ctx: StepContext) -> dict[str, Any]:
    """Return the inputs of a step that looks at the change: the branch's commit, and where it left its base."""
    return {"commit": ctx.head, "base": ctx.start}


def inspected_inputs(ctx: StepContext) -> dict[str, Any]:
    """Return the inputs of a step that looks at the inspected change, with what that was compared with."""
    inspected = ctx.recorded(Step.INSPECT, Inspected)
    compared = inspected.compared_with if inspected else ""
    return {**change_inputs(ctx), **({"compared with": compared} if compared else {})}


def identity(ctx: StepContext, change: Change) -> str:
    """Return the identity of a change, which a clean rebase keeps."""
    return ctx.git.patch_id(change.base, change.head)


def change_of(ctx: StepContext) -> Change:
    """Return the issue's change as the checks see it."""
    base, head = ctx.base, ctx.head or ""
    files = changed_files(ctx.git.diff(base, head, "--unified=0"))
    return Change(ctx.milestone, ctx.issue, base, head, files, ctx.git, TreeTools(ctx, head))


class TreeTools:
    """Runs tools in a checkout of the head, which is made when it is first needed."""

    def __init__(self, ctx: StepContext, head: str) -> None:
        """Prepare to check out `head` in the issue's tree."""
        self._ctx = ctx
        self._head = head

    @cached_property
    def tree(self) -> Path:
        """The checkout of the head."""
        return self._place.tree

    @cached_property
    def _place(self) -> Workplace:
        return ready(self._ctx, self._head)

    def run(
        self,
        command: tuple[str, ...],
        stdin: str | None,
        timeout: int | None = None,
        pass_env: tuple[str, ...] = (),
        grants: Grants = NO_GRANTS,
    ) -> Result:
        """Run a tool to its end, in the tree, with the log of the issue's tools."""
        log = self._ctx.log_folder / "tools.log"
        limit = timeout or self._ctx.milestone.commands.timeout
        result = self._ctx.processes.untrusted(
            command,
            cwd=self.tree,
            env=self._place.env,
            stdin=stdin,
            timeout=limit,
            log=log,
            pass_env=(*self._place.pass_env, *pass_env),
            grants=grants,
        )
        self._ctx.store.note_connections(self.tree, command, result.connections)
        return result

    @property
    def open_to(self) -> str | None:
        """What else than the tree a program reaches here."""
        if self._ctx.processes.sandbox.kind == "none":
            return "nothing here holds them to it (`sandbox: {kind: none}`)"
        opened = self._ctx.milestone.sandbox.network.tools != "none"
        return "commands reach the network (`network: {tools: all}`)" if opened else None

    def as_operator(self, command: tuple[str, ...], folder: Path) -> Result:
        """Run a program of the operator's, with the variables by which it reaches its service."""
        passed = {name: value for name, value in os.environ.items() if _SERVICE.match(name)}
        if index := os.environ.get("UV_DEFAULT_INDEX"):
            passed.setdefault("PIP_INDEX_URL", index)
        return self._ctx.processes.trusted(command, cwd=folder, env=passed, timeout=60)

    def on_scratch(self, program: str, folder: Path, timeout: int) -> Result:
        """Run a Python program in the tree, with a folder that it may write into."""
        if problem := self._place.problem:
            return Result((), None, "", f"the tree could not be set up: {problem}", 0.0)
        command = (self._place.python, "-I", "-", str(folder / "task.json"))
        return self.run(command, program, timeout, grants=Grants(write=(folder,)))
