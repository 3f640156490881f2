"""Run tests again as a user without rights, who sees this Python and this project and nothing else of root's home."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

NOBODY = "65534"
ROOT = Path(__file__).parents[2]
SHOWN = """
set -e
closed=$1 python=$2 home=$3; shift 3
count=0
while [ "$1" != -- ]; do
    count=$((count + 1)); mkdir "$home/$count"; mount --bind "$1" "$home/$count"; set -- "$@" "$1"; shift
done
shift
[ -z "$closed" ] || mount -t tmpfs -o mode=755 none "$closed"
number=0
for place; do number=$((number + 1)); mkdir -p "$place"; mount --bind "$home/$number" "$place"; done
eval "set -- $TESTED"
exec setpriv --reuid USER --regid USER --clear-groups env HOME="$home" TMPDIR="$home" \
    "$python" -m pytest -q -n0 -s -p no:cacheprovider "$@"
""".replace("USER", NOBODY)
"""Bind needed folders below a closed one to a place beside it, cover the closed one, and put them back."""


def refusal():
    """Return why another user cannot be taken here, None where that works."""
    if os.getuid() != 0:
        return "only root can take another user"
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    return done.stderr.strip() or None


def run_as_another_user(*tests):
    """Run these tests of this folder as another user; returns the finished process."""
    needed = {Path(place).resolve() for place in (sys.base_prefix, sys.prefix, ROOT)}
    closed = {folder for place in needed for folder in place.parents if not folder.stat().st_mode & 1}
    outermost = min(closed, key=lambda folder: len(folder.parts), default=None)
    hidden = sorted(str(place) for place in needed if outermost and place.is_relative_to(outermost))
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as home:
        os.chown(home, int(NOBODY), int(NOBODY))
        words = ["sh", "-c", SHOWN, "sh", str(outermost or ""), f"{sys.prefix}/bin/python", home, *hidden, "--"]
        command = ["unshare", "--mount", "--propagation", "private", *words]
        env = {**os.environ, "TESTED": " ".join(tests), "PYTHONDONTWRITEBYTECODE": "1", "RUN_MILESTONE_IMAGE": ""}
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=120, check=False)
