"""Read the event of a GitHub Actions job, and write its outputs, notices and summary."""

from __future__ import annotations

import html
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import UsageError
from ...core.text import for_html, for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable


def event() -> tuple[str, dict[str, Any]]:
    """Return the kind and the payload of the event that started this job.

    Errors: UsageError outside a job, or where the event cannot be read.
    """
    kind, place = os.environ.get("GITHUB_EVENT_NAME", ""), os.environ.get("GITHUB_EVENT_PATH", "")
    if not kind or not place:
        raise UsageError(
            "This is not a job of GitHub Actions: GITHUB_EVENT_NAME and GITHUB_EVENT_PATH are not set.",
            "Run a milestone here with `run-milestone ID`.",
        )
    try:
        payload = json.loads(Path(place).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"The event in {place} cannot be read: {error}.", "Start the workflow again.") from None
    return kind, payload if isinstance(payload, dict) else {}


def output(name: str, value: Any) -> None:
    """Output a value to later jobs, as JSON on one line. Outside a job this does nothing."""
    _append("GITHUB_OUTPUT", f"{name}={json.dumps(value)}\n")


def notice(text: str) -> None:
    """Show a line on the page of the run."""
    line = for_terminal(" ".join(text.split())).replace("%", "%25")
    say(f"::notice title=run-milestone::{line}")


def say(line: str) -> None:
    """Print a line into the log of the job."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def sum_up(title: str, texts: Iterable[str]) -> None:
    """Add texts, each as it is, to the summary page of the job."""
    blocks = "".join(f"<pre>{for_html(text.strip())}</pre>\n\n" for text in texts)
    _append("GITHUB_STEP_SUMMARY", f"### {html.escape(title)}\n\n{blocks}")


def _append(variable: str, text: str) -> None:
    if place := os.environ.get(variable):
        with open(place, "a", encoding="utf-8") as file:
            file.write(text)
