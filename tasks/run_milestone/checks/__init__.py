"""Runs the checks: each is one module and one function, Change → findings. A check decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.errors import Interrupted, PutOffError
from ..model import Finding
from .unavailable import failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import EntryPoint

    from .change import Change, Check

GROUP = "run_milestone.checks"
"""The entry-point group by which other packages add checks."""
TEXTUAL = ("secrets", "tampering", "scope", "size", "git-filters")
"""Checks that look at the change's text alone."""


def built_in() -> tuple[tuple[str, Check], ...]:
    """Return the built-in checks by name, in the order in which their findings are told."""
    from . import dependencies, git_filters, migrations, scope, secrets, size, tampering

    return (
        ("secrets", secrets.check),
        ("tampering", tampering.check),
        ("migrations", migrations.check),
        ("dependencies", dependencies.check),
        ("scope", scope.check),
        ("size", size.check),
        ("git-filters", git_filters.check),
    )


def inspect(change: Change) -> tuple[Finding, ...]:
    """Run the built-in checks, then the installed ones by name. A check that fails is a finding, never a pass."""
    from importlib.metadata import entry_points

    installed = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    checks: list[tuple[str, Check | EntryPoint]] = [*built_in(), *((entry.name, entry) for entry in installed)]
    return tuple(finding for name, check in checks for finding in _findings(name, check, change))


def inspect_text(change: Change) -> tuple[Finding, ...]:
    """Run the checks that need no more than the change's text, so that they say the same on every machine."""
    checks = dict(built_in())
    return tuple(finding for name in TEXTUAL for finding in _findings(name, checks[name], change))


def _findings(name: str, check: Check | EntryPoint, change: Change) -> tuple[Finding, ...]:
    try:
        loaded: Check = check if callable(check) else check.load()
        return tuple(_validated(loaded(change)))
    except (Interrupted, PutOffError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever other people's code raises, the change was not checked
        first = (str(error).splitlines() or [""])[0]
        return (failed(name, f"The check `{name}` failed ({type(error).__name__}: {first}). Repair or uninstall it"),)


def _validated(results: Iterable[Any]) -> Iterator[Finding]:
    for result in results:
        if not isinstance(result, Finding):
            raise TypeError("it yields something that is not a Finding")
        yield result
