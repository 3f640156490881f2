"""Renders the report: one HTML page without scripts or network, from the records alone."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from ...core.text import for_html
from ...core.units import count
from ...policy.topics import answers_to
from ..phrases import headlines, migrated, reference, short_title

if TYPE_CHECKING:
    import jinja2

    from ...model import Milestone
    from ...store import State

NEEDED = "The report needs the package jinja2."
INSTALL = "Install it with `pip install 'run-milestone[report]'`."


def is_available() -> bool:
    """Return whether a report can be made: its templates need jinja2, which is an extra."""
    return find_spec("jinja2") is not None


def page(milestone: Milestone, state: State) -> str:
    """Return the report of a milestone. The same records make the same page.

    Errors: UsageError where jinja2 is not installed.
    """
    if not is_available():
        raise UsageError(NEEDED, INSTALL)
    from .data import gather

    with state.steady.block():
        return _environment().get_template("page.html").render(report=gather(milestone, state))


def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        bytecode_cache=_compiled(),
        autoescape=True,
        finalize=_clean,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        count=count,
        duration=duration,
        headlines=headlines,
        migrated=migrated,
        answers_to=answers_to,
        reference=reference,
        short_title=short_title,
        time_of=datetime.fromisoformat,
    )
    return environment


def _compiled() -> jinja2.BytecodeCache | None:
    """Keep compiled templates where Python keeps compiled modules, and only where it may."""
    import jinja2

    folder = Path(__file__).parent / "__pycache__"
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return None
    return jinja2.FileSystemBytecodeCache(str(folder))


def _clean(value: object) -> object:
    """Return a value as it is put out: one line of HTML text. What a macro made is HTML already."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) else Markup(for_html(" ".join(str(value).split())))  # noqa: S704


def duration(seconds: float) -> str:
    """Return a length of time by its two largest units: `1 h 5 min`."""
    if seconds < 1:
        return "under 1 s"
    parts, left = list[str](), round(seconds)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        number, left = divmod(left, size)
        parts += [f"{number} {unit}"] if number else []
    return " ".join(parts[:2])
