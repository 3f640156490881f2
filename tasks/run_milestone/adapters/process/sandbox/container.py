"""Start a command in a container of podman or docker: the image is its system, and it sees the files it was granted."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .container_calls import profile
from .grants import Box, Places
from .visible import places, system

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ....model import ProcessLimits
    from .grants import Grants

ENGINES = ("podman", "docker")
FAILED, _CANNOT_START = 125, (126, 127)
"""How an engine ends that could not make the container, or could not start its command."""
_REMOVE = {"podman": ("rm", "--force", "--time", "0"), "docker": ("rm", "--force")}
_TASKS = 32_768
"""Of the whole user: an engine's own default may be more than the user has."""
_HOLDS = (
    *("--rm", "--interactive", "--pull", "never", "--log-driver", "none", "--entrypoint", "", "--read-only"),
    *("--cap-drop", "all", "--security-opt", "no-new-privileges", "--security-opt", "label=disable"),
    *("--hostname", "box", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp"),  # noqa: S108 - folders in the container
)


def engine(path: str) -> str | None:
    """Return the program that runs containers, looked for in the folders of `path`."""
    return next((program for name in ENGINES if (program := shutil.which(name, path=path))), None)


def seen(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    grants: Grants,
    private: Iterable[Path],
    more: Iterable[Path],
) -> Places:
    """Return what the command sees of this machine; its program and the system are those of the image."""
    all_of_it = places((sys.executable, *argv), cwd, env, grants, private, more)
    folders = system()
    mine = (path for path in all_of_it.read if not any(path.is_relative_to(folder) for folder in folders))
    return Places(tuple(mine), all_of_it.write)


def box(
    program: str,
    image: str,
    seen: Places,
    cwd: Path,
    env: Mapping[str, str],
    limits: ProcessLimits,
    *,
    network: bool,
    home: Path | None = None,
) -> Box:
    """Return the box. The engine keeps the person's home, where its images are; values stay out of the words.

    `home` is the call's own folder, in which the refused system calls are written; a trial has none.
    """
    client, container = ("env", f"HOME={Path.home()}", program), f"run-milestone-{secrets.token_hex(8)}"
    words = [*client, "run", "--name", container, *_HOLDS, *_user(program), *_limits(limits)]
    words += () if network else ("--network", "none")
    if home:
        (home / "calls.json").write_text(profile(), encoding="utf-8")
        words += ("--security-opt", f"seccomp={home / 'calls.json'}")
    for path, mode in (*((path, "ro") for path in seen.read), *((path, "rw") for path in seen.write)):
        words += ("--volume", f"{path}:{path}:{mode}")
    for name, value in env.items():
        words += ("--env", f"HOME={value}" if name == "HOME" else name)
    return Box((*words, "--workdir", str(cwd), image), remove=(*client, *_REMOVE[Path(program).name], container))


def failure(image: str, code: int | None, err: str) -> str | None:
    """Return why a container or its command could not start, None where it did."""
    if not err.startswith(("Error: ", "docker: ")) or code not in {FAILED, *_CANNOT_START}:
        return None
    what = "the sandbox could not be made" if code == FAILED else f"the image {image} cannot start it"
    return f"{what}: {err.strip()}"


def _user(program: str) -> tuple[str, ...]:
    """Return how files of the command belong to the person: root's are root's, without any of its privileges."""
    if os.getuid() == 0:
        return ()
    is_podman = Path(program).name == "podman"
    return ("--userns", "keep-id") if is_podman else ("--user", f"{os.getuid()}:{os.getgid()}")


def _limits(limits: ProcessLimits) -> tuple[str, ...]:
    wanted = {
        "core": (0, resource.RLIMIT_CORE),
        "nofile": (limits.open_files, resource.RLIMIT_NOFILE),
        "fsize": (limits.file << 20, resource.RLIMIT_FSIZE),
        "cpu": (limits.cpu or resource.RLIM_INFINITY, resource.RLIMIT_CPU),
        "nproc": (_TASKS, resource.RLIMIT_NPROC),
    }
    words = ["--pids-limit", str(limits.processes)]
    for name, (value, kind) in wanted.items():
        known = [one for one in (value, resource.getrlimit(kind)[1]) if one != resource.RLIM_INFINITY]
        words += ("--ulimit", f"{name}={min(known)}:{min(known)}") if known else ()
    return (*words, *(("--memory", f"{limits.memory}m") if limits.memory else ()))
