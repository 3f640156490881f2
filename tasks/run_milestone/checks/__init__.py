"""checks: WHAT IS RISKY; one file per check, one signature: Change → findings. No check decides anything."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from ..model import Finding
from . import dependencies, migrations, scope, secrets, size, tampering
from .tool import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    return tuple(finding for name, load in _checks() for finding in _findings(name, load, change))


def _checks() -> Iterator[tuple[str, Callable[[], Check]]]:
    for name, check in INSPECT:
        yield name, lambda check=check: check  # type: ignore[misc]
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        yield entry.name, cast("Callable[[], Check]", entry.load)


def _findings(name: str, load: Callable[[], Check], change: Change) -> tuple[Finding, ...]:
    try:
        findings = tuple(load()(change))
        if not all(isinstance(finding, Finding) for finding in findings):
            raise TypeError("it yields something that is not a Finding")  # noqa: TRY301
    except Exception as error:  # noqa: BLE001  (other people's code: whatever it raises, the change was not checked)
        first = (str(error).splitlines() or [""])[0]
        return (failed(name, f"The check `{name}` failed ({type(error).__name__}: {first}); mend or uninstall it"),)
    return findings
