"""Make a tree ready for work: check it out, set it up, and give programs its interpreter and variables."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..adapters.git.tree_cache import TreeCache, copy_in
from ..adapters.git.tree_state import state
from ..adapters.process import Grants
from ..adapters.process.command_line import argument_list
from ..checks.unavailable import last_words
from ..core.presets import all_of, builds_on_install, compiles, keeping
from ..core.serialize import digest
from ..model import Finding, Kind, ServiceSpec, Severity
from .git_version import version_variables
from .import_origin import Sources, sources
from .test_report import last_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..adapters.git import Git
    from ..adapters.process import Result
    from ..model import Milestone, TreeSpec
    from ..store.test_results import UnfinishedRuns
    from .run_context import RunContext
    from .step_context import StepContext
    from .written_over import Watched

_ENVIRONMENTS = (".venv", "venv")
_ERROR = re.compile(r"(?:npm )?(?:err(?:or)?|fatal)\b[!:\[ ]|[\w.]+(?:Error|Exception): ", re.IGNORECASE)
"""A line by which a command says why it failed."""
_REASON = re.compile(
    r"(?i)\b(?:unable to|cannot|can't|could ?n[o']t|fail(?:ed|s|ure)|not found|no such|denied|refused)\b"
)
"""Words of a line that tells why, where none calls itself an error."""
_NONE = re.compile(r"(?i)\b(?:0|no|zero|without)(?: \w+)? (?:fail|err)\w*|\b(?:fail|err)\w*(?: \w+)?\s*[:=]\s*0\b")
"""Words that say that nothing failed."""
_WARNING = re.compile(r"(?i)(?:\w+ )?\W?warn")


@dataclass(frozen=True, slots=True)
class Workplace:
    """A tree that is ready: where it is, what {python} means in it, and which variables its programs get."""

    tree: Path
    python: str = sys.executable
    env: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    mine: Sources | None = None
    """The packages that it must be the source of."""
    lent: tuple[str, ...] = ()
    """Packages that its interpreter lacks for measuring coverage and gets from that of run-milestone."""
    key: str = ""
    made: tuple[str, ...] = ()
    reused: bool = False
    services: tuple[ServiceSpec, ...] = ()
    """What has to run while its tests run, with the marks filled in."""
    port: int | None = None
    """The tree's own port, where something of it uses one."""
    problem: str | None = None
    """Why it could not be set up."""
    output: str = ""
    """The last lines of the command that could not set it up."""
    unfinished: UnfinishedRuns | None = None
    """The test runs of this step that finished before it was broken off, and those that finish from now on."""
    watched: Watched | None = None
    """The files that tests may not write to: a run that did is made again."""
    kept: tuple[str, ...] = ()
    """The variables by which package managers leave alone what the setup made."""

    @property
    def agent_env(self) -> Mapping[str, str]:
        """The variables of an agent, whose package manager may change what the setup made."""
        return {name: value for name, value in self.env.items() if name not in self.kept}


def ready(ctx: StepContext, commit: str, name: str = "") -> Workplace:
    """Check `commit` out in the issue's tree, or in the one beside it called `name`, and set it up."""
    suffix = f"-{name}" if name else ""
    tree = ctx.tree.with_name(f"{ctx.tree.name}{suffix}")
    log = ctx.log_folder / "setup.log"
    unapproved = commit not in {ctx.start, ctx.base}
    return workplace(ctx.run, tree, commit, f"{ctx.index}{suffix}", ctx.issue.number, log, unapproved=unapproved)


def workplace(
    run: RunContext, tree: Path, commit: str, index: str, issue: str, log: Path, *, unapproved: bool = False
) -> Workplace:
    """Check `commit` out in `tree` and set it up as the plan says, unless it is already.

    What a setup makes of `unapproved` work is of use for no other content: an agent may have steered it.
    """
    spec, git = run.milestone.tree, run.git
    checkout = run.project.repository(run.milestone)
    versions = version_variables(git, commit)
    key = digest([setup_key(run, commit), versions])[:16] if spec.setup else ""
    keys = (key, *([digest([key, git.tree_of(commit)])[:16]] if unapproved else ()))
    cache = _cache(run.milestone, tree)
    made = cache.reserve(tree, *keys) if spec.setup else ()
    git.checkout(tree, commit, index, keep=made, submodules=spec.submodules)
    copied, absent = copy_in(checkout, tree, (*spec.copy, *_included(checkout)))
    git.set_aside(index, copied)
    commands = run.milestone.commands
    place = Workplace(tree, pass_env=commands.pass_env, key=key, made=made, **_filled(spec, tree, issue, versions))
    missing = [path for path in absent if path in spec.copy]
    if missing:
        return replace(place, problem=f"`tree.copy` names {', '.join(missing)}, which the checkout does not have")
    if spec.setup:
        place = _set_up(run, place, cache, index, copied, log, keys)
    return replace(_equipped(place, spec), mine=sources(git, checkout, commit))


def reopened(git: Git, milestone: Milestone, tree: Path, issue: str, commit: str | None) -> Workplace:
    """Return a tree as the last setup left it, for a person to look at. Nothing is checked out or started.

    What another tree took from it meanwhile is put back.
    """
    spec = milestone.tree
    made = _cache(milestone, tree).reopen(tree) if spec.setup else ()
    filled = _filled(spec, tree, issue, version_variables(git, commit) if commit else {})
    return _equipped(Workplace(tree, pass_env=milestone.commands.pass_env, made=made, **filled), spec)


def release(ctx: StepContext) -> None:
    """Let the next issue take what the setup made in the trees of this one, which are not in use for now."""
    release_trees(ctx.run, *(ctx.tree.with_name(f"{ctx.tree.name}{end}") for end in ("", "-contract", "-base")))


def release_trees(run: RunContext, *trees: Path) -> None:
    """Let other trees take what the setup made in these."""
    if run.milestone.tree.setup:
        _cache(run.milestone, trees[0]).release(*trees)


def setup_key(run: RunContext, commit: str) -> str:
    """Return what a setup depends on: commands, machine, lock files or what stands for them, and what it compiles."""
    spec, git = run.milestone.tree, run.git
    if not spec.setup:
        return ""
    paths = git.listing(commit, ".")
    pinned = [path for path in paths if PurePosixPath(path).name in all_of("locks")]
    manifests = [path for path in paths if PurePosixPath(path).name in all_of("manifests")]
    sources = _compiled(git, commit, paths, manifests) if compiles(spec.setup) else {}
    wanted = (*pinned, *(manifests if sources or not pinned else ()))
    texts = {path: digest((git.read(commit, path) or b"").hex()) for path in wanted}
    return digest([spec.setup, spec.env, platform.platform(), platform.python_version(), {**texts, **sources}])[:16]


def _compiled(git: Git, commit: str, paths: Iterable[str], manifests: Iterable[str]) -> dict[str, str | None]:
    """Return the object ids of what a setup may compile: some files, or all where a manifest's script builds."""
    if builds_on_install((git.read(commit, path) or b"").decode("utf-8", "replace") for path in manifests):
        return {".": git.tree_of(commit)}
    compiled = [path for path in paths if path.endswith(all_of("compiled"))]
    ids = git.object_ids(commit) if compiled else {}
    return {path: ids.get(path) for path in compiled}


def copied_files(run: RunContext) -> str:
    """Return a digest of the checkout's files that trees get a copy of: it changes where somebody edits one."""
    checkout = run.project.repository(run.milestone)
    paths = (os.path.realpath(checkout / path) for path in (*run.milestone.tree.copy, *_included(checkout)))
    return state(checkout, (path for path in paths if os.path.exists(path)))


def _included(checkout: Path) -> tuple[str, ...]:
    """Return the plain paths that a .worktreeinclude names."""
    try:
        lines = (checkout / ".worktreeinclude").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(line.strip().lstrip("/") for line in lines if line.strip() and not line.startswith("#"))


def _filled(spec: TreeSpec, tree: Path, issue: str, versions: Mapping[str, str]) -> dict[str, Any]:
    """Return the variables and services of a tree with its number, port and place filled in."""
    port = 20_000 + int(digest(str(tree))[:8], 16) % 20_000
    known = {"issue": issue, "port": str(port), "tree": str(tree)}
    planned = dict(zip(spec.env, argument_list(tuple(spec.env.values()), **known), strict=True))
    services = tuple(
        ServiceSpec(*(argument_list(command, **known) for command in (one.start, one.ready, one.stop)))
        for one in spec.services
    )
    uses_port = "{port}" in " ".join((*spec.env.values(), *(word for one in spec.services for word in one.start)))
    return {"env": {**versions, **planned}, "services": services, "port": port if uses_port else None}


def _cache(milestone: Milestone, tree: Path) -> TreeCache:
    return TreeCache(tree.with_name(f"{milestone.id}-setup"))


# ---- the setup ----------------------------------------------------------------------------------------------------


def _set_up(
    run: RunContext,
    place: Workplace,
    cache: TreeCache,
    index: str,
    copied: tuple[str, ...],
    log: Path,
    keys: tuple[str, ...],
) -> Workplace:
    """Run the commands, or take over what they made for a tree of one of these keys."""
    git, tree = run.git, place.tree
    if place.made and any(cache.is_intact(tree, key) for key in keys):
        git.set_aside(index, place.made)
        return replace(place, reused=True)
    if taken := next(filter(None, (cache.take(tree, key) for key in keys)), ()):
        git.set_aside(index, taken)
        return replace(place, made=taken, reused=True)
    before = frozenset(git.untracked(tree, index))
    for command in run.milestone.tree.setup:
        result = _run(run, command, place, log)
        if result.code != 0:
            shown = last_output(f"{result.out}\n{result.err}")
            return replace(place, problem=_failure(command, result, log), output=shown)
    git.restore(tree, index)
    new = [path for path in git.untracked(tree, index) if path not in before and path not in copied]
    wanted = set(run.milestone.tree.cache)
    kept = tuple(path for path in new if not wanted or path in wanted)
    cache.keep(tree, keys[-1], kept, complete=not wanted - set(new))
    git.set_aside(index, new)
    return replace(place, made=tuple(new))


def _run(run: RunContext, command: tuple[str, ...], place: Workplace, log: Path) -> Result:
    argv = argument_list(command, python=place.python)
    result = run.outside.processes.untrusted(
        argv,
        cwd=place.tree,
        env=place.env,
        timeout=run.milestone.commands.timeout,
        log=log,
        pass_env=place.pass_env,
        grants=Grants(agent=True, hosts=run.milestone.tree.network),
    )
    run.store.note_connections(place.tree, argv, result.connections)
    return result


def _failure(command: tuple[str, ...], result: Result, log: Path) -> str:
    name = " ".join(command)
    if result.timed_out:
        return f"`{name}` did not end within {result.seconds:.0f} s; it gets no terminal to ask on (log: {log})"
    if result.code is None:
        return f"`{name}` could not start: {result.err.strip()}"
    words = said(result)
    return f"`{name}` ended with exit code {result.code}: {words} (log: {log})"


def said(result: Result) -> str:
    """Return why a command failed: the last line that calls itself an error with its cause, else one that sounds so."""
    lines = [line.strip(" \t|") for line in f"{result.out}\n{result.err}".splitlines()]
    causes = {line: after for line, after in pairwise(lines) if after.lower().startswith("cause")}
    lines = [line for line in lines if not _WARNING.match(line)]
    errors = [line for line in lines if _ERROR.match(_NONE.sub("", line))]
    telling = [line for line in errors if not re.search(r"complete log|/_logs/|:$", line)]
    if not telling:
        reason = next((line for line in lines if _REASON.search(_NONE.sub("", line))), "")
        return reason[:200] or last_words(result.err if result.err.strip() else result.out)
    return " ".join(filter(None, (telling[-1], causes.get(telling[-1]))))[:200]


def _equipped(place: Workplace, spec: TreeSpec) -> Workplace:
    """Return the place as commands find it after the setup, which made what they use."""
    kept = {name: value for name, value in keeping(spec.setup).items() if name not in place.env}
    return _with_python(replace(place, env={**place.env, **kept}, kept=tuple(kept)), spec)


def _with_python(place: Workplace, spec: TreeSpec) -> Workplace:
    """Return the place with the interpreter and programs of the tree's own environment, where it has one."""
    tree, path = place.tree, os.environ.get("PATH", os.defpath)
    if spec.python:
        return replace(place, python=str(tree / spec.python))
    home = next((tree / name for name in _ENVIRONMENTS if name in place.made), None)
    if home is None or not (home / "bin" / "python").exists():
        return place
    env = {"VIRTUAL_ENV": str(home), "PATH": f"{home / 'bin'}{os.pathsep}{path}", **place.env}
    return replace(place, python=str(home / "bin" / "python"), env=env)


def not_set_up(problem: str, output: str) -> Finding:
    """Return the finding for a tree that could not be set up, with what the command said last."""
    return Finding(Kind.SETUP, Severity.CRITICAL, "setup", problem, detail=output if "\n" in output else None)
