"""Reviews added lines: the plan's review command, and hardcoded credentials."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from ..model import Commands, Finding, Kind, Severity
from ..policy.parts import by_path
from .file_types import is_lock_file, is_prose, is_python
from .ruff import ruff_use
from .secrets import pieces
from .suppressions import is_suppressed
from .unavailable import failed, last_words, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..adapters.process import Result
    from ..model.change import ChangedFile
    from .change import Change

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def review(change: Change) -> tuple[Finding, ...]:
    """Return the findings on added lines, the worst first, then by rule, path and line."""
    credentials = tuple(_credentials(change))
    findings = {finding: None for finding in (*credentials, *_command(change)) if not _repeats(finding, credentials)}
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, str, str, int, str]:
    return _RANK[finding.severity], finding.rule, finding.path or "", finding.line or 0, finding.message


# ---- the plan's review command ------------------------------------------------------------------------------------


def _command(change: Change) -> Iterator[Finding]:
    commands, files = change.milestone.commands, {file.path: file for file in change.files if file.after}
    for command, paths in by_path(commands, "review", tuple(files)):
        relevant = {path: files[path] for path in paths if command != commands.review or is_python(path)}
        if relevant and command:
            yield from _findings(change, command, relevant)


def _findings(change: Change, command: tuple[str, ...], files: dict[str, ChangedFile]) -> Iterator[Finding]:
    argv = tuple(part.replace("{python}", sys.executable) for part in _argv(change, command))
    if "ruff" in argv and "check" in argv:
        argv = (*argv, "--ignore-noqa")  # what a line switches off is shown too
    ran = change.tools.run((*argv, *(f"./{path}" for path in files)), None)
    items = _items(ran)
    if items is None:
        yield failed(
            "review", f"The review command gave no findings as JSON ({_why(ran)}). Repair commands.review in the plan"
        )
        return
    for item in items:
        yield from _on_added_lines(change, files, item)


def _argv(change: Change, argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the review command; ruff gets the options that keep to the project's own configuration."""
    if argv == Commands().review:
        return (*argv, *ruff_use(change.commits, change.head).options)
    is_ruff = "check" in argv and any(PurePath(word).name == "ruff" for word in argv)
    return (*argv, "--force-exclude") if is_ruff and "--force-exclude" not in argv else argv


def _items(ran: Result) -> list[dict[str, Any]] | None:
    """Return the findings in ruff's JSON, None where it is not that. The return code only says that there are some."""
    if ran.code not in (0, 1) or ran.timed_out or ran.truncated:
        return None
    try:
        items = json.loads(ran.out)
    except (ValueError, RecursionError):
        return None
    return items if isinstance(items, list) and all(map(_is_finding, items)) else None


def _is_finding(item: Any) -> bool:
    texts = isinstance(item, dict) and isinstance(item.get("filename"), str) and isinstance(item.get("message"), str)
    return texts and isinstance(item.get("location"), dict) and isinstance(item["location"].get("row"), int)


def _why(ran: Result) -> str:
    if ran.timed_out:
        return "it did not end in time"
    words = last_words(ran.err)
    return f"it could not start: {words}" if ran.code is None else f"exit {ran.code}: {words}"


_ASKS = "find_spec"
"""In what ruff says of an import that only asks whether a package is there, which is no mistake."""


def _on_added_lines(change: Change, files: dict[str, ChangedFile], item: dict[str, Any]) -> Iterator[Finding]:
    """Keep what is on a line that the change adds, and every syntax error, because it hides all else in that file."""
    file, line = files.get(_relative(change, item["filename"])), item["location"]["row"]
    code = item.get("code") or "invalid-syntax"
    if file is None or (code != "invalid-syntax" and line not in dict(file.added)):
        return
    if code == "F401" and _ASKS in item["message"] and not ruff_use(change.commits, change.head).configured:
        return
    hidden = is_suppressed(dict(file.added).get(line, ""))
    critical = re.fullmatch(r"S\d+|invalid-syntax|E999", code) and not hidden
    message = f"{item['message']} (switched off on this line)" if hidden else item["message"]
    yield Finding(Kind.REVIEW, Severity.CRITICAL if critical else Severity.WARNING, code, message, file.path, line)


def _relative(change: Change, filename: str) -> str:
    """Return the path as the diff names it. The tool may know the tree by another name."""
    path = Path(filename)
    return str(path.relative_to(change.tree.resolve())) if path.is_relative_to(change.tree.resolve()) else str(path)


# ---- hardcoded credentials ----------------------------------------------------------------------------------------

_LABELS = (("token", "token"), ("pass|pwd|contrase", "password"), ("api_?key", "API key"), ("secret", "secret"))
_NOT_A_VALUE = re.compile(
    r"(name|field|type|url|uri|path|file|dir|header|param|env|var|variable|id|label|prompt|message|error|regex|pattern"
    r"|hint|format|algorithm|policy|length|version|role|prefix|suffix|column|scheme)s?$",
    re.IGNORECASE,
)
"""Endings of names that speak about a secret and do not hold it (`PASSWORD_RESET_URL`, `api_key_header`)."""

_REFERENCE = re.compile(r"[${<%].*|[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|.*\s.*|[/\W]*|/.*", re.DOTALL)
"""Values that are a template, the name of an environment variable, a sentence, a path or nothing."""


def _credentials(change: Change) -> Iterator[Finding]:
    """Go by variable names. Tests and prose are left out, because they hold made-up passwords."""
    files = [file for file in change.files if file.added and not _is_exempt(change, file.path)]
    if not files:
        return
    if unmet := missing("secrets", "added lines were not searched for hardcoded credentials"):
        yield unmet
        return
    for file in files:
        for number, text in file.added:
            for label in sorted({label for piece in pieces(text) for label in _labels(file.path, piece)}):
                hidden = is_suppressed(text)
                message = f"Hardcoded {label}{' (switched off on this line)' if hidden else ''}"
                severity = Severity.WARNING if hidden else Severity.CRITICAL
                yield Finding(Kind.REVIEW, severity, "hardcoded-credential", message, file.path, number)


def _is_exempt(change: Change, path: str) -> bool:
    return change.is_test(path) or is_prose(path) or is_lock_file(path)


def _labels(path: str, line: str) -> Iterator[str]:
    """Yield what each credential in a line is, by the name it is given to."""
    from detect_secrets.plugins.keyword import DENYLIST_REGEX_WITH_PREFIX, KeywordDetector

    for secret in KeywordDetector().analyze_line(path, line):
        value = str(secret.secret_value)
        names = [match[0] for match in re.finditer(rf"({DENYLIST_REGEX_WITH_PREFIX})", line, re.IGNORECASE)]
        name = next((name for name in names if name != value), "secret")
        if not (_REFERENCE.fullmatch(value) or _NOT_A_VALUE.search(name) or value.lower() == name.lower()):
            yield next((label for part, label in _LABELS if re.search(part, name, re.IGNORECASE)), "key")


def _repeats(finding: Finding, credentials: tuple[Finding, ...]) -> bool:
    """Tell whether ruff reports (as S105 to S107) a credential that is reported already."""
    lines = {(credential.path, credential.line) for credential in credentials}
    return finding.rule in {"S105", "S106", "S107"} and (finding.path, finding.line) in lines
