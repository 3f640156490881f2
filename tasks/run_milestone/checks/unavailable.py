"""Makes the finding for a tool that gives no answer. That is a stop, never a pass."""

from __future__ import annotations

from importlib.util import find_spec

from ..model import Finding, Kind, Severity

EXTRAS = {
    "licences": ("license_expression", "packaging", "poetry.core"),
    "migrations": ("alembic", "sqlglot"),
    "secrets": ("detect_secrets",),
}
"""The optional dependencies that checks need, by the extra that installs them."""


def missing(extra: str, undone: str) -> Finding | None:
    """Return a finding where a module of the extra is not installed, with what was not done and how to install it."""
    for module in EXTRAS[extra]:
        if not _is_installed(module):
            tool = module.replace("_", "-").replace(".", "-")
            return failed(tool, f"{tool} is not installed, so {undone}: pip install 'run-milestone[{extra}]'")
    return None


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that the module is in
        return False


def last_words(err: str) -> str:
    """Return the last line a tool wrote to standard error, where most tools say what is wrong."""
    return next((line.strip()[:200] for line in reversed(err.splitlines()) if line.strip()), "it said nothing")


def failed(tool: str, message: str) -> Finding:
    """Return the finding for a tool that gave no answer."""
    return Finding(Kind.TOOL, Severity.WARNING, tool, message)
