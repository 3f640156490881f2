"""Sign texts with ssh keys, and tell whose a signature is, by ssh-keygen."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import UsageError
from ...core.fs import temporary_folder

if TYPE_CHECKING:
    from .execute import Processes

_AGENT = ("SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "WAYLAND_DISPLAY")
_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
_LITERAL = re.compile(r"(?:key::)?((?:ssh|ecdsa|sk)-\S+ \S+.*)")


def sign(processes: Processes, text: str, namespace: str, key: str = "") -> str:
    """Return the signature of a text. `key` is a file or a public key as git's `user.signingKey` has it.

    Errors: UsageError where there is no key, or it cannot sign.
    """
    env = {name: os.environ[name] for name in _AGENT if name in os.environ}
    with temporary_folder("sign-") as folder:
        words = ("ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", str(_key_file(key, Path(folder))))
        result = processes.trusted(words, cwd=folder, env=env, stdin=text, timeout=120)
    if result.code != 0 or "BEGIN SSH SIGNATURE" not in result.out:
        raise UsageError(
            f"The answer could not be signed: {result.err.strip() or 'ssh-keygen gave no signature'}.",
            "Load the key into ssh-agent, or name another by `git config user.signingKey`.",
        )
    return result.out


def _key_file(key: str, folder: Path) -> Path:
    """Return the file of a key; that of the person's home where none is named."""
    if literal := _LITERAL.fullmatch(key):
        (folder / "key.pub").write_text(f"{literal[1]}\n", encoding="utf-8")
        return folder / "key.pub"
    homes = (Path.home() / ".ssh" / name for name in _KEYS)
    file = Path(os.path.expanduser(key)) if key else next((path for path in homes if path.is_file()), None)
    if file is None or not file.is_file():
        raise UsageError(
            f"There is no ssh key to sign with{f' at {key}' if key else ''}.",
            "Make one with `ssh-keygen -t ed25519`, or name one by `git config user.signingKey`.",
        )
    return file


def signers_of(
    processes: Processes, text: str, signature: str, *, namespace: str, allowed: bytes, when: datetime
) -> tuple[str, ...] | str:
    """Return the names under which `allowed`, a file of allowed signers, has the key; else why it does not count.

    `when` is the time at which the key has to be valid.
    """
    at = f"-Overify-time={when.astimezone(UTC):%Y%m%d%H%M%S}"
    with temporary_folder("verify-") as folder:
        files = Path(folder, "signature"), Path(folder, "allowed")
        files[0].write_text(signature, encoding="utf-8")
        files[1].write_bytes(allowed)
        how = (at, "-s", str(files[0]), "-f", str(files[1]))
        env = {"TZ": "UTC"}
        known = processes.trusted(("ssh-keygen", "-Y", "find-principals", *how), cwd=folder, env=env, timeout=60)
        names = tuple(filter(None, known.out.splitlines())) if known.code == 0 else ()
        if known.code is None:
            return f"ssh-keygen could not be started ({known.err.strip()})"
        if not names:
            return "nobody is known by its key, or the key was not valid then"
        words = ("ssh-keygen", "-Y", "verify", *how, "-n", namespace, "-I", names[0])
        verified = processes.trusted(words, cwd=folder, env=env, stdin=text, timeout=60)
    return names if verified.code == 0 else "its signature does not belong to what it says"
