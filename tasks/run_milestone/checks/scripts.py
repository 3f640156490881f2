"""Tells scripts of package.json that only start programs of packages which the manifest asks for."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from .manifests.javascript import asked_for
from .manifests.package import table

if TYPE_CHECKING:
    from ..model.change import ChangedFile
    from .change import Change

_SCRIPT = re.compile(r"script [\w:-]+: (.+)")
_STEPS = re.compile(r"\s*(?:&&|\|\|)\s*")
_ANOTHER = re.compile(r"(?:(?:npm|pnpm|yarn) run|yarn|pnpm) ([\w:-]+)(?: --silent| -s)?")
_WORD = re.compile(r"-{0,2}[\w:@-]+(?:=[\w:,-]+)?|[\w.-]+\.json")
"""An option or a plain word. A path, a name with a dot or a quoted text could be code, or lead to it."""
_RUNNERS = frozenset(
    {
        *("concurrently", "cross-env", "cross-env-shell", "dotenv", "env-cmd", "esbuild-runner", "execa", "jiti"),
        *("npm-run-all", "npx", "nx", "run-p", "run-s", "shx", "sucrase-node", "ts-node", "tsx", "zx"),
        *(
            "bash",
            "bun",
            "bunx",
            "busybox",
            "cmd",
            "csh",
            "dash",
            "deno",
            "env",
            "eval",
            "exec",
            "fish",
            "julia",
            "ksh",
        ),
        *("lua", "node", "perl", "php", "powershell", "pwsh", "python", "python3", "rscript", "ruby", "sh", "tclsh"),
        *(
            "apk",
            "apt",
            "apt-get",
            "brew",
            "bundle",
            "cargo",
            "cmake",
            "composer",
            "conda",
            "corepack",
            "dnf",
            "docker",
        ),
        *("dotnet", "gem", "go", "gradle", "hatch", "helm", "java", "kubectl", "make", "mvn", "ninja", "npm", "pdm"),
        *("pip", "pip3", "pipx", "pnpm", "podman", "poetry", "rake", "snap", "terraform", "uv", "uvx", "yarn", "yum"),
        *("aws", "az", "curl", "ftp", "gcloud", "gh", "git", "nc", "rsync", "scp", "sftp", "ssh", "telnet", "wget"),
        *("awk", "chmod", "chown", "command", "cp", "crontab", "dd", "find", "kill", "ln", "ls", "mv", "nice", "nohup"),
        *("pkill", "rm", "rmdir", "sed", "source", "su", "sudo", "tar", "tee", "time", "timeout", "truncate", "unzip"),
        *("watch", "xargs", "zsh"),
    }
)
"""Programs that run, fetch or remove what their words say. A package of such a name may come without a program."""


def is_plain_script(change: Change, file: ChangedFile, origin: str) -> bool:
    """Return whether a new script runs nothing but programs of packages, which are looked at as dependencies.

    Another script that it runs counts as well, unless it is as it was before. Which programs a package brings is taken
    from the lock file as it was: the change's own could call the shell's `ls` a program of any package.
    """
    script = _SCRIPT.fullmatch(origin)
    if script is None or posixpath.basename(file.path) != "package.json":
        return False
    before, after = (_document(text) for text in change.texts(file))
    lock = posixpath.join(posixpath.dirname(file.path), "package-lock.json")
    programs = _programs(asked_for(after), _document(change.text(change.base, lock)))
    was, scripts = table(before, "scripts"), table(after, "scripts")
    waiting, seen = [script[1]], set[str]()
    while waiting:
        for step in _STEPS.split(waiting.pop()):
            if other := _ANOTHER.fullmatch(step):
                name = other[1]
                if name not in scripts:
                    return False
                if was.get(name) != scripts[name] and name not in seen:
                    waiting += [str(scripts[name])]
                seen.add(name)
            elif not _is_program(step, programs):
                return False
    return True


def _document(text: str) -> dict[str, object]:
    try:
        return table(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return {}


def _programs(packages: frozenset[str], lock: dict[str, object]) -> frozenset[str]:
    """Return the programs of packages: those that a lock file names, and the names of packages themselves."""
    named = {name.rpartition("/")[2] for name in packages}
    for package in packages:
        named |= table(lock, "packages", f"node_modules/{package}", "bin").keys()
    return frozenset(name for name in named if name.lower() not in _RUNNERS)


def _is_program(step: str, programs: frozenset[str]) -> bool:
    first, *words = step.split(" ")
    return first in programs and all(map(_WORD.fullmatch, words))
