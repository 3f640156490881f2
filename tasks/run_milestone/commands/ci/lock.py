"""Write down what the jobs install: the version that wrote the workflow and all it needs, by the hash of each file."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import OutsideError, UsageError
from ...core.version import __version__

if TYPE_CHECKING:
    from ...adapters.process import Processes

_PASSED = re.compile(r"(?:UV|SSL_CERT)_|(?:https?|all|no)_proxy$", re.IGNORECASE)
"""Variables by which uv finds its index."""
_PLAIN = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")
SECONDS = 120.0


def unhashed(text: str) -> list[tuple[int, str]]:
    """Return the requirements of a lock that name no hash, each with its line: pip would take whatever it is served."""
    bare, begun = list[tuple[int, str]](), 0
    for number, line in enumerate(text.splitlines(), start=1):
        begun = begun or number
        if line.rstrip().endswith("\\"):
            continue
        whole = " ".join(text.splitlines()[begun - 1 : number]).strip()
        if whole and not whole.startswith("#") and "--hash=sha256:" not in whole:
            bare.append((begun, whole))
        begun = 0
    return bare


def is_current(root: Path, text: str | None, wheel: str | None) -> bool:
    """Return whether a lock names this version, or the plan's wheel as it is now, and a hash for all it names."""
    if text is None or unhashed(text):
        return False
    if wheel is None:
        return bool(re.search(rf"(?m)^run-milestone=={re.escape(__version__)}[ \[;]", text))
    digest = hashlib.sha256((root / _checked(root, wheel)).read_bytes()).hexdigest()
    return f"./{wheel} " in text and f"--hash=sha256:{digest}" in text


def lock(root: Path, wheel: str | None, processes: Processes) -> str:
    """Return the lock of this version, from a wheel in the project or from the index that uv uses.

    Errors: UsageError without uv or the wheel, OutsideError where the index has not what is wanted.
    """
    wanted = f"./{_checked(root, wheel)}[all]" if wheel else f"run-milestone[all]=={__version__}"
    options = ("--generate-hashes", "--universal", "--no-build", "--python-version=3.11", *_PLAIN)
    passed = {name: value for name, value in os.environ.items() if _PASSED.match(name)}
    command = (_uv(), "pip", "compile", "--quiet", *options, "-")
    result = processes.trusted(command, cwd=root, env=passed, stdin=f"{wanted}\n", timeout=SECONDS)
    if result.code != 0 or unhashed(result.out) or not is_current(root, result.out, wheel):
        why = (result.err.strip() or "a hash is missing").splitlines()
        raise OutsideError(
            f"uv could not lock {wanted}: {' '.join(why)[:300]}.",
            "Where no index has this version, put its wheel into the project and name it in the plan: "
            "`ci: {wheel: tools/run_milestone-….whl}`. Nothing was written.",
        )
    return result.out


def _checked(root: Path, wheel: str) -> str:
    """Return the wheel's path where it lies in the project and is of this version."""
    path = root / wheel
    if not (path.is_file() and path.resolve().is_relative_to(root.resolve())):
        raise UsageError(f"There is no {wheel} in the project.", "Correct `ci: {wheel: …}` in the plan.")
    if not path.name.startswith(f"run_milestone-{__version__}-"):
        raise UsageError(
            f"{wheel} is no wheel of run-milestone {__version__}, which writes the workflow.",
            "Name that one in the plan (`ci: {wheel: …}`), or run the command of the version that the wheel has.",
        )
    return wheel


def _uv() -> str:
    from ...adapters.process import search_path

    program = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{search_path()}")
    if program is None:
        raise UsageError(
            "uv is not installed, which finds the hashes of what the jobs install.",
            "Install it with `pip install 'run-milestone[ci]'`. Nothing was written.",
        )
    return program
