"""checks: WHAT IS RISKY; one file per check, one signature: Change → findings. No check decides anything."""

from __future__ import annotations

from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from ..core.errors import Interrupted
from ..model import Finding
from . import dependencies, migrations, scope, secrets, size, tampering
from .unavailable import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .change import Change, Check

GROUP = "run_milestone.checks"
"""The entry-point group by which other packages add checks."""

INSPECT: tuple[tuple[str, Check], ...] = (
    ("secrets", secrets.check),
    ("tampering", tampering.check),
    ("migrations", migrations.check),
    ("dependencies", dependencies.check),
    ("scope", scope.check),
    ("size", size.check),
)
"""The built-in checks by name, in the order in which their findings are told."""


def inspect(change: Change) -> tuple[Finding, ...]:
    """Run the built-in checks, then the installed ones by name; a check that fails is a finding, never a pass."""
    built_in = [(name, partial(check, change)) for name, check in INSPECT]
    added = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    installed = [(entry.name, partial(_installed, entry, change)) for entry in added]
    return tuple(finding for name, run in (*built_in, *installed) for finding in _findings(name, run))


def _installed(entry: EntryPoint, change: Change) -> Iterable[Any]:
    found: Iterable[Any] = entry.load()(change)
    return found


def _findings(name: str, run: Callable[[], Iterable[Any]]) -> tuple[Finding, ...]:
    try:
        return tuple(_told(run()))
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever other people's code raises, the change was not checked
        first = (str(error).splitlines() or [""])[0]
        return (failed(name, f"The check `{name}` failed ({type(error).__name__}: {first}); mend or uninstall it"),)


def _told(found: Iterable[Any]) -> Iterator[Finding]:
    for finding in found:
        if not isinstance(finding, Finding):
            raise TypeError("it yields something that is not a Finding")
        yield finding
