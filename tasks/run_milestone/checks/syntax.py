"""Read names out of Python's syntax trees."""

from __future__ import annotations

import ast


def called_name(call: ast.Call) -> str:
    """Return the last word of what is called: `skip` of `pytest.mark.skip(…)`; empty for what has no name."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
