"""Set up and test a commit without the product: what the project itself says about it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml

from .fetch import call

if TYPE_CHECKING:
    from pathlib import Path


class ByHand:
    """A checkout beside the replayed repository, set up once and tested by the commands of its plan."""

    def __init__(self, root: Path, limit: int, seen: dict[str, bool]) -> None:
        """Prepare for the repository in `root`, with `limit` seconds for each command; `seen` keeps what came out."""
        self._root = root
        self._limit = limit
        self._seen = seen

    def passes(self, commit: str) -> bool:
        """Return whether the tests of a commit pass in a fresh checkout."""
        if commit not in self._seen:
            self._seen[commit] = self._run(commit)
        return self._seen[commit]

    def _run(self, commit: str) -> bool:
        folder = self._root.with_name(f"{self._root.name}.by-hand")
        plan = yaml.safe_load((self._root / "plans/m1/plan.yaml").read_text(encoding="utf-8"))
        tree = plan.get("tree", {})
        env = {**os.environ, **{key: str(value) for key, value in tree.get("env", {}).items()}}
        test = plan.get("commands", {}).get("test") or ["{python}", "-m", "pytest"]
        is_new = not folder.is_dir()
        if is_new:
            call(["git", "clone", "--quiet", "--no-checkout", str(self._root), str(folder)], self._root)
        call(["git", "fetch", "--quiet", "--tags", "origin"], folder)
        call(["git", "checkout", "--quiet", "--force", commit], folder)
        steps = [*tree.get("setup", []), test] if is_new else [test]
        return all(self._call(words, folder, env) for words in steps)

    def _call(self, words: list[Any], folder: Path, env: dict[str, str]) -> bool:
        own = folder / ".venv/bin/python"
        python = str(own) if own.exists() else sys.executable
        command = [str(word).replace("{python}", python) for word in words]
        try:
            done = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=self._limit, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0
