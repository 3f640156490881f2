"""Probe a run's sandbox once per boot, so that no run trusts a box that does not hold on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..adapters.git.repository import common_directory
from ..adapters.process.probe import Ground, Probe, probe
from ..core.errors import UsageError
from ..core.serialize import digest
from ..core.version import __version__
from ..store import probe_cache

if TYPE_CHECKING:
    from ..adapters.process import Processes
    from ..model import Milestone
    from ..plan.project import Project


def ground_of(project: Project, milestone: Milestone) -> Ground:
    """Return the places that the sandbox of a milestone keeps from its commands."""
    plan = project.plan(milestone.id) / "plan.yaml"
    return Ground(project.state(milestone.id), plan, common_directory(project.repository(milestone)))


def probed(project: Project, milestone: Milestone, processes: Processes) -> str:
    """Return the digest of what held since this machine was started; nothing where no box is used.

    Errors: UsageError where the box lets through what its kind should hold.
    """
    kind = processes.sandbox.kind
    if kind == "none":
        return ""
    box = [kind, processes.sandbox.network.tools, __version__]
    if (known := probe_cache.read(box)) is not None:
        return known
    probes = probe(processes, ground_of(project, milestone))
    if any(one.holds is False for one in probes):
        raise _broken(kind, probes)
    seen = digest(probes)[:16]
    probe_cache.write(box, seen)
    return seen


def _broken(kind: str, probes: tuple[Probe, ...]) -> UsageError:
    lines = "; ".join(f"{one.what} ({one.why})" if one.why else one.what for one in probes if one.holds is False)
    return UsageError(
        f"The sandbox {kind} does not work here as it should. Not true of it: {lines}.",
        "`run-milestone doctor` probes it; name another kind in the plan (`sandbox: {kind: …}`), "
        "or accept the risk with `--unsandboxed`.",
    )
