"""Read where a project keeps its plans and its state, from `run-milestone.toml` or `pyproject.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageError
from ..core.spelling import nearest

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = ("run-milestone.toml", "pyproject.toml")
"""The first that has settings counts; in `pyproject.toml` they are the table `[tool.run-milestone]`."""
_KEYS = ("plans", "state")
_EXAMPLE = 'Write it like `state = ".run-milestone"`.'


@dataclass(frozen=True, slots=True)
class Folders:
    """Where plans and state are, relative to the project, and whether a file says so."""

    plans: str = "plans"
    state: str = "state"
    named: bool = False


def read_folders(root: Path) -> Folders:
    """Return the folders that the settings in `root` name, and the usual ones where there are no settings.

    Errors: UsageError where the settings cannot be used.
    """
    for name in SETTINGS:
        table = _table(root / name)
        if table is not None:
            return _folders(name, table)
    return Folders()


def _table(file: Path) -> dict[str, Any] | None:
    """Return a file's settings, None where it has none. A broken pyproject.toml without a word of us is not ours."""
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}.", "Correct the file, or remove it.") from None
    is_ours = file.name == SETTINGS[0]
    if not is_ours and "run-milestone" not in text:
        return None
    import tomllib

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is no valid TOML: {error}.", "Correct the file.") from None
    return document if is_ours else document.get("tool", {}).get("run-milestone")


def _folders(name: str, table: Any) -> Folders:
    if not isinstance(table, dict):
        raise UsageError(f"{name}: tool.run-milestone is no table.", _EXAMPLE)
    for key in table:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            hint = f"Did you mean {near!r}?" if near else f"The keys are {' and '.join(_KEYS)}."
            raise UsageError(f"{name} has the unknown key {key!r}.", hint)
    plans, state = (_folder(name, key, table.get(key, key)) for key in _KEYS)
    if plans.is_relative_to(state) or state.is_relative_to(plans):
        raise UsageError(f"{name}: plans and state are in one another ({plans}, {state}).", "Name two folders.")
    return Folders(str(plans), str(state), named=True)


def _folder(name: str, key: str, value: Any) -> PurePosixPath:
    """Return a folder below the project, as it is written."""
    path = PurePosixPath(value) if isinstance(value, str) and value.isprintable() else PurePosixPath()
    if path.is_absolute() or not path.parts or ".." in path.parts or path.parts[0] == ".git":
        raise UsageError(f"{name}: {key} is {value!r}, expected a folder below the project.", _EXAMPLE)
    return path
