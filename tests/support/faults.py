"""Programs that go wrong at one call, in one way: git, a git that stays, an agent, and the forge."""

import shutil
import sys
from dataclasses import dataclass

BEFORE, AFTER, LATE = "before", "after", "late"
MODES = {
    BEFORE: 'echo "fatal: it is planted" >&2; exit 128',
    AFTER: '{real} "$@"; echo "fatal: it is planted" >&2; exit 128',
    "killed": "kill -9 $$",
    "hangs": "exec sleep 20",
    LATE: "trap '{real} \"$@\"; exit' TERM; sleep 20",
    "silent": '{real} "$@" >/dev/null; exit 0',
    "nothing": "exit 0",
    "garbage": r"printf '\377\000\033[31m not what was asked for \n\n'; exit 0",
}
"""What a call does instead: it fails before or after its effect, never answers, has its effect as it is ended, ..."""

LINES = {
    BEFORE: "sys.exit(128)",
    AFTER: "ask(line); sys.exit(128)",
    "hangs": "time.sleep(20)",
    "nothing": "say(b'\\n')",
    "garbage": "say(b'\\xff\\x00 not what was asked for\\n')",
    "half": "say(ask(line)[:20]); sys.exit(0)",
    "unended": "say(ask(line)[:20]); time.sleep(20)",
}
"""The same for one line of a git that stays and answers each line with one."""

FORGE = {
    BEFORE: "raise planted",
    AFTER: "does(self, *words, **how); raise planted",
    "nothing": "return () if does.__name__ == 'pulls' else does(self, *words, **how)",
}
"""The same for a call of the forge; it may also say that there are no pull requests."""

_SHIM = """\
#!/bin/sh
export GIT_AUTHOR_DATE='2026-01-02T03:04:05Z' GIT_COMMITTER_DATE='2026-01-02T03:04:05Z'
read -r calls <{place}/{name}.calls; calls=$((calls + 1)); echo $calls >{place}/{name}.calls
echo "$*" >>{place}/{name}.log
{stays}
case "$calls $*" in {call}) ;; *) exec {real} "$@" ;; esac
echo "$*" >{place}/struck
{instead}
"""
_STAYS = 'case "$*" in *"cat-file --batch-check" | *"cat-file --batch") exec {python} -S {place}/stays.py "$@" ;; esac'
_STAYING = """\
import subprocess, sys, time

def ask(line):
    real.stdin.write(line)
    real.stdin.flush()
    said = real.stdout.readline()
    size = said.split()[2:] if sys.argv[-1] == "--batch" else []
    return said + (real.stdout.read(int(size[0]) + 1) if size else b"")

def say(line):
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()

real = subprocess.Popen([{real!r}, *sys.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for line in sys.stdin.buffer:
    with open({place!r} + "/stays.log", "a+") as file:
        file.write(line.decode())
        file.seek(0)
        lines = len(file.readlines())
    if lines == {call!r}:
        open({place!r} + "/struck", "w").write(line.decode())
        {instead}
    else:
        say(ask(line))
"""
_OVERTAKES = """\
#!/bin/sh
case "$*" in *" push "*:refs/heads/feat/*) if mkdir {once}; then
    for last in "$@"; do :; done
    branch=${{last##*:}}
    base=$({real} --git-dir {remote} rev-parse --verify --quiet "$branch" || {real} --git-dir {common} rev-parse main)
    made=$({real} -c user.name=Grace -c user.email=grace@example.com commit-tree -p "$base" -m {name} "$base^{{tree}}")
    {real} push --quiet --force {remote} "$made:$branch" "$made:refs/tags/{name}"
fi ;; esac
exec {real} "$@"
"""
_FORGE = """
from run_milestone.core.errors import OutsideError
from run_milestone.adapters.forge.local.pulls import Pulls
planted = OutsideError("It is planted.", "Run again.")
def noted(does):
    def call(self, *words, **how):
        with open({place!r} + "/forge.log", "a+") as file:
            file.write(does.__name__ + "\\n")
            file.seek(0)
            number = len(file.readlines())
        if number == {call!r}:
            open({place!r} + "/struck", "w").write(does.__name__)
            {instead}
        return does(self, *words, **how)
    return call
for name in ("pulls", "create", "edit"):
    setattr(Pulls, name, noted(getattr(Pulls, name)))
"""


@dataclass(frozen=True)
class Fault:
    """What goes wrong: of which program (`stays` is a git that stays, whose calls are lines), which call, and how.

    A call is a number from 1 (0: none), or words that it holds; then every such call goes wrong.
    """

    program: str = "git"
    call: int | str = 0
    mode: str = BEFORE

    def is_among(self, calls):
        """Return whether one of these calls should have gone wrong."""
        return len(calls) >= self.call if isinstance(self.call, int) else any(self.call in call for call in calls)

    @property
    def pattern(self):
        """The call, as a shell finds it in its number and words."""
        return f'"{self.call} "*' if isinstance(self.call, int) else f'*"{self.call}"*'

    def __str__(self):
        return f"{self.program} call {self.call}: {self.mode}"


def plant(fault, place, agent):
    """Make the programs in `place`, one of which goes wrong at one call; returns the code that a run needs for it."""
    for name, real in (("git", shutil.which("git")), ("agent", str(agent))):
        how = {"place": place, "name": name, "real": real, "python": sys.executable}
        is_struck = fault.program == name
        instead = MODES.get(fault.mode, "").format(**how) if is_struck else ""
        stays = _STAYS.format(**how) if fault.program == "stays" and name == "git" else ""
        program(
            place / name, _SHIM.format(**how, call=fault.pattern if is_struck else "0", instead=instead, stays=stays)
        )
        (place / f"{name}.calls").write_text("0\n")
    for name in ("git", "agent", "stays", "forge"):
        (place / f"{name}.log").write_text("")
    (place / "struck").unlink(missing_ok=True)
    how = {"real": shutil.which("git"), "place": str(place), "call": fault.call}
    (place / "stays.py").write_text(_STAYING.format(**how, instead=LINES.get(fault.mode, "pass")))
    return _FORGE.format(**how, instead=FORGE.get(fault.mode, "pass") if fault.program == "forge" else "pass")


def overtake(name, place, remote, common):
    """Make a git in `place` that lets somebody push first; `common` is the git directory of the run's repository."""
    how = {"real": shutil.which("git"), "once": place / name, "remote": remote, "common": common}
    program(place / "git", _OVERTAKES.format(**how, name=name))


def program(path, text):
    """Write what can be run."""
    path.write_text(text)
    path.chmod(0o755)
