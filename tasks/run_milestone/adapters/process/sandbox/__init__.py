"""Put untrusted commands into a box. It holds only the files they were granted: no state, no plan, no home."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ....core.errors import UsageError
from ....model import NetworkSpec, ProcessLimits, SandboxSpec
from ..environment import search_path
from . import bubblewrap, container, landlock, limits, seccomp
from .grants import Box, Grants, Places
from .visible import places, system, toolchain_variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Box", "Grants", "Sandbox", "candidates", "refusal", "unsandboxed"]

Kind = Literal["bubblewrap", "landlock", "container", "none"]
_INSTALL = "Install bubblewrap (`apt install bubblewrap`, or `pip install 'run-milestone[sandbox]'`)"
_FETCH = "Install podman, and fetch the image (`podman pull`)"
_ALLOW = (
    "Allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0`,"
    " of which a system knows one or none)"
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The kind of box that a run uses. `private` folders are never shown, `read` ones always."""

    kind: Kind
    private: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    network: NetworkSpec = field(default_factory=NetworkSpec)
    limits: ProcessLimits = field(default_factory=ProcessLimits)
    program: str | None = None
    """bubblewrap, or the engine that runs containers, looked for once."""
    image: str = ""
    """What a container is made of."""

    @property
    def nests(self) -> bool:
        """Whether a coding agent can make a sandbox of its own inside."""
        return self.kind in {"bubblewrap", "none"}

    def variables(self) -> dict[str, str]:
        """Return the variables that a command needs because its home is an empty folder."""
        return {} if self.kind == "none" else {"GIT_CONFIG_NOSYSTEM": "1", **toolchain_variables()}

    def wrap(
        self,
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        grants: Grants,
        home: Path,
        proxy: str | None = None,
    ) -> Box:
        """Return how a command starts in its box; `home` is the folder made for this call.

        With `proxy`, a socket, a network of its own has nothing but the relay that leads there.

        Errors: OSError where its program is not there.
        """
        granted = Grants(grants.read, (*grants.write, home))
        watch = limits.watched(self.limits, (cwd, *granted.write))
        kernel = {"limits": limits.kernel_limits(self.limits), "watch": watch}
        if self.kind == "none":
            return Box(confinement=kernel)
        if self.kind == "container":
            if proxy:
                raise OSError(errno.ENOTSUP, "`network` and `model` need bubblewrap or Landlock")
            seen = container.seen(argv, cwd, env, granted, self.private, self.read)
            box = self._container(seen, cwd, env, home, network=self._reaches(agent=grants.agent))
            return replace(box, confinement={"watch": watch})
        seen = places(argv, cwd, env, granted, self.private, self.read)
        box = self._box(seen, cwd, proxy, agent=grants.agent)
        return replace(box, confinement={**(box.confinement or {}), **kernel})

    def _box(self, seen: Places, cwd: Path, proxy: str | None = None, *, agent: bool) -> Box:
        network = proxy or self._reaches(agent=agent)
        if self.kind == "landlock":
            return landlock.box(seen, network=network)
        return bubblewrap.box(self.program or "bwrap", seen, cwd, network=network, nested=agent)

    def _reaches(self, *, agent: bool) -> bool:
        return (self.network.agents if agent else self.network.tools) == "all"

    def _container(self, seen: Places, cwd: Path, env: Mapping[str, str], home: Path | None, *, network: bool) -> Box:
        engine, limits = self.program or "podman", self.limits
        return container.box(engine, self.image, seen, cwd, env, limits, network=network, home=home)

    def hides(self, path: Path, tree: Path) -> bool:
        """Return whether a command in `tree` does not see a path that is there, and could be shown it."""
        if self.kind == "none" or not path.is_absolute() or not os.path.lexists(path):
            return False
        seen = places((sys.executable,), tree, {}, Grants(), self.private, self.read)
        never = ("/proc", "/dev", "/sys", str(Path.home()), *map(str, self.private))
        shown = (*never, *map(str, (tree, *seen.read, *seen.write)))
        return not any(path.is_relative_to(place) or Path(place).is_relative_to(path) for place in shown)

    def missing(self) -> str | None:
        """Return why this machine does not have this kind, None where it can be tried."""
        if self.kind == "container":
            return None if self.program else "neither podman nor docker is installed"
        if not seccomp.supported():
            return f"its filter is not known for {os.uname().machine}"
        if self.kind == "bubblewrap":
            return None if self.program else "it is not installed"
        version = landlock.abi()
        return None if version >= landlock.OLDEST else f"the kernel has version {version}, {landlock.OLDEST} is needed"

    def limit_reached(self, code: int | None, output: str) -> str:
        """Return which limits a failed command seems to have reached, a line for each."""
        return limits.reached(self.limits, code, output)

    def reached(self, name: str, code: int | None) -> str:
        """Return what is said of the limit at which a command was ended: that of this name, or the kernel's signal."""
        name = name or limits.ended_by(self.limits, code)
        return limits.sentence(self.limits, name) if name else ""

    def trial(self) -> Box:
        """Return a box in which `true` must start, if this kind works here."""
        if self.kind == "container":
            seen = container.seen((), Path("/"), {}, Grants(), self.private, self.read)
            box = self._container(Places(seen.read, ()), Path("/"), {}, None, network=False)
            return replace(box, prefix=(*box.prefix, sys.executable, "-I", "-c", "pass"))
        return self._box(Places(system(), ()), Path("/"), agent=False)

    def failure(self, code: int | None, err: str, grants: Grants) -> str | None:
        """Return why the box itself could not be made, None where the command started."""
        if self.kind == "bubblewrap" and code == 1 and err.startswith(bubblewrap.FAILED):
            return f"the sandbox could not be made: {err.strip()}"
        if self.kind == "container":
            return container.failure(self.image, code, err)
        if self.kind == "landlock" and code is None and grants.names_hosts and err.startswith("the sandbox: "):
            return f"{err}; `network` and `model` need bubblewrap here: install it, or leave both out of the plan"
        return None


def unsandboxed(spec: SandboxSpec | None = None) -> Sandbox:
    """Return the kind that holds nothing: the command runs as the user, within the limits of `spec`."""
    return Sandbox("none", limits=spec.limits if spec else ProcessLimits())


def candidates(spec: SandboxSpec, private: tuple[Path, ...], path: str | None = None) -> tuple[Sandbox, ...]:
    """Return the kinds to try, the strongest first: all of them for `auto`, else the one of that name.

    bubblewrap is looked for in the folders of `path`, by default those that no tree can reach.
    """
    if spec.kind == "container":
        engine = container.engine(path or search_path())
        return (
            Sandbox("container", private, tuple(map(Path, spec.read)), spec.network, spec.limits, engine, spec.image),
        )
    kinds: tuple[Kind, ...] = ("bubblewrap", "landlock")
    read, bwrap = tuple(map(Path, spec.read)), bubblewrap.program(path or search_path())
    return tuple(
        Sandbox(kind, private, read, spec.network, spec.limits, bwrap) for kind in kinds if spec.kind in {"auto", kind}
    )


def refusal(wanted: str, reasons: Sequence[str]) -> UsageError:
    """Return the error where no kind works."""
    named = "" if wanted == "auto" else f" (the plan says `sandbox: {{kind: {wanted}}}`)"
    why = "; ".join(reason.rstrip(".") for reason in reasons)
    advice = _FETCH if wanted == "container" else _ALLOW if "namespace" in why else _INSTALL
    return UsageError(f"No sandbox works here{named}: {why}.", f"{advice}, or accept the risk with `--unsandboxed`.")
