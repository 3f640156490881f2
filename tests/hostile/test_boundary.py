"""A hostile agent tries everything it can think of in each kind of box; each attempt is judged from outside."""

import contextlib
import ctypes
import json
import os
import resource
import select
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import attempts
from hostile.another_user import refusal, run_as_another_user
from hostile.attempts import ATTEMPTS
from support.plans import issue, parts

import run_milestone
from run_milestone.adapters.process import Grants, Processes
from run_milestone.adapters.process.sandbox import candidates
from run_milestone.model import NetworkSpec, SandboxSpec

CANARY = "canary-5f1c"
WHO = "as root" if os.getuid() == 0 else "as another user"
APART = ("end every process", "leave a daemon")
"""Attempts that end what runs beside them."""
LONG = "86123"
OPEN = ("reach a local service", "reach a service over IPv6", "send a datagram", "reach the address of clouds")
"""Attempts that come to something where agents reach the whole network, as they may unless the plan says more."""
KEYS = Path("/etc/ssl/private")
HOME_FILES = (
    *(".ssh/id_ed25519", ".netrc", ".config/gh/hosts.yml", ".aws/credentials", ".git-credentials", ".npmrc"),
    *(".pypirc", ".claude/.credentials.json", ".kube/config", ".bash_history", ".cargo/credentials.toml"),
)
PROJECT_FILES = (
    *("state/m1/gates/02.json", "state/m1/journal.jsonl", "state/m1/lock", "plans/m1/plan.yaml", "dodo.py", ".env"),
    *(".git/config", ".git/refs/heads/main", ".git/run-milestone/m1.git/config", "widgets.py"),
)
CANNOT_HOLD = {
    "landlock": {
        "change the state's mode": "shop/state/m1/gates",
        "change the state's times": "shop/state/m1/journal.jsonl",
        "write to the shared memory": "/dev/shm",
    }
}
"""What a kind does not hold, said beforehand (docs/explanation/safety.md), and where that is seen."""


IMAGE = os.environ.get("RUN_MILESTONE_IMAGE", "")
"""An image of podman's or docker's in which the attempts are made as well."""


def kinds():
    found_here = [sandbox.kind for sandbox in candidates(SandboxSpec(), ()) if sandbox.missing() is None]
    return [*found_here, *(["container"] if IMAGE else [])]


def boxed(kind, **more):
    return SandboxSpec(kind, image=IMAGE if kind == "container" else "", **more)


class Operator:
    """Everything on the operator's side: a project with its state, a remote, a home, services, and a process."""

    def __init__(self, folder):
        self.folder = folder
        self.project, self.home, self.remote = folder / "shop", folder / "home", folder / "shop.git"
        self.tree = folder / "shop.worktrees/m1-01"
        self.tree.mkdir(parents=True)
        for base, names in ((self.project, PROJECT_FILES), (self.home, HOME_FILES)):
            for name in names:
                self._file(base / name)
        for place in (self.remote / "refs/heads/main", self.remote / "hooks/update.sample"):
            self._file(place)
        self._file(folder / "shop.forge/pulls/1.json")
        self._file(folder / "shop.worktrees/m1-02/secret.py")
        self._file(folder / "temporary/session")
        (self.project / "state/m1/approvals").mkdir()
        self.shared = Path("/dev/shm", f"{CANARY}-{os.getpid()}")
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.path = socket.socket(socket.AF_UNIX)
        self.path.bind(str(folder / "s"))
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0{CANARY}-{os.getpid()}")
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.bind(str(folder / "l"))
        for server in (self.path, self.abstract):
            server.listen()
        self.victim = subprocess.Popen(["sleep", "600"], env={"TOKEN": CANARY})
        self.limits = resource.prlimit(self.victim.pid, resource.RLIMIT_NOFILE)
        self.screen, self.terminal = os.openpty()
        self.memory = Memory(CANARY)
        self.key = KEYS / f"{CANARY}-{os.getpid()}"
        if os.getuid() == 0 and KEYS.is_dir():
            self.key.touch(0o600)
            self.key.write_text(CANARY)

    def _file(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY)

    def places(self, only="", **others):
        """Write what the agent is told, and return the file."""
        places = {
            **{name: str(getattr(self, name)) for name in ("project", "home", "remote", "shared")},
            "state": f"{self.project}/state/m1",
            "forge": f"{self.folder}/shop.forge",
            "canary": CANARY,
            "neighbour": f"{self.folder}/shop.worktrees/m1-02",
            "temporary": f"{self.folder}/temporary/session",
            "package": str(Path(run_milestone.__file__).parent),
            "packages": str(Path(pytest.__file__).parents[1]),
            "runner": os.getpid(),
            "victim": self.victim.pid,
            "port": self.tcp.getsockname()[1],
            "long": LONG,
            "shadow": attempts.shadow() if os.getuid() == 0 else "",
            "datagrams": self.udp.getsockname()[1],
            "socket": f"{self.folder}/s",
            "log": f"{self.folder}/l",
            "terminal": os.ttyname(self.terminal),
            "memory": self.memory.name,
            "key": str(self.key),
            "apart": APART,
            "only": only,
            "abstract": f"\0{CANARY}-{os.getpid()}",
            **others,
        }
        file = self.folder / "places.json"
        file.write_text(json.dumps(places))
        return file

    def seen(self):
        """Return every file of the operator's side, with its content, its mode and where it leads."""
        watched = (self.project, self.home, self.remote, self.folder / "shop.forge", self.folder / "temporary")
        paths = [path for base in watched for path in (base, *base.rglob("*"))]
        paths += [self.folder / "shop.worktrees", *(self.folder / "shop.worktrees/m1-02").rglob("*"), self.shared]
        package = Path(run_milestone.__file__).parent
        paths += [package / "policy/stops.py", Path(pytest.__file__).parents[1] / "planted.pth"]
        paths += [Path(sys.prefix, "bin/python-planted"), Path("/usr/local/bin/planted"), Path("/etc/planted")]
        paths += [Path(place, "git-planted") for place in os.environ["PATH"].split(":")]
        return {path: _look(path) for path in paths}

    def alive(self):
        if resource.prlimit(self.victim.pid, resource.RLIMIT_NOFILE) != self.limits:
            return False
        with open(f"/proc/{self.victim.pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZTX"

    def reached(self):
        """Return whether anything came to a service or to the terminal."""
        hit = bool(select.select([self.screen], [], [], 0)[0])
        for server in (self.tcp, self.path, self.abstract, self.udp, self.log):
            server.settimeout(0)
            try:
                if server.type == socket.SOCK_DGRAM:
                    server.recv(64)
                else:
                    server.accept()[0].close()
                hit = True
            except BlockingIOError:
                continue
        return hit

    def close(self):
        self.victim.kill()
        self.victim.wait()
        self.memory.remove()
        for path in (self.shared, self.key):
            with contextlib.suppress(PermissionError):
                path.unlink(missing_ok=True)
        for server in (self.tcp, self.udp, self.path, self.abstract, self.log):
            server.close()
        for end in (self.screen, self.terminal):
            os.close(end)


class Memory:
    """Shared memory with a text in it, which no file system holds."""

    def __init__(self, text):
        self.name, libc = 0x5F1C0000 + os.getpid(), attempts.LIBC
        libc.shmat.restype = ctypes.c_void_p
        self._number = libc.shmget(self.name, 4096, 0o1600)
        ctypes.memmove(libc.shmat(self._number, None, 0), text.encode(), len(text))

    def remove(self):
        attempts.LIBC.shmctl(self._number, 0, None)


def _look(path):
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_mode, status.st_mtime_ns, path.read_bytes() if path.is_file() else None


@pytest.fixture
def operator(tmp_path, monkeypatch):
    operator = Operator(tmp_path)
    monkeypatch.setenv("HOME", str(operator.home))
    monkeypatch.setenv("CARGO_HOME", str(operator.home / ".cargo"))
    monkeypatch.setenv("GITHUB_TOKEN", CANARY)
    yield operator
    operator.close()


def sleeps():
    """Return the processes that an attempt left behind."""
    listed = subprocess.run(["pgrep", "-f", f"sleep {LONG}"], capture_output=True, text=True, check=False).stdout
    return listed.split()


@pytest.fixture(params=["none", "all"])
def reach(request):
    """How much of the network an agent reaches."""
    return request.param


@pytest.fixture(params=kinds())
def box(request, operator, reach):
    """Processes that run in a kind of box, and its name."""
    processes = Processes()
    private = (operator.project / "state", operator.project / "plans", operator.project / ".git", operator.remote)
    processes.confine(boxed(request.param, network=NetworkSpec(agents=reach)), private)
    yield processes, request.param
    processes.stop()


def tried(processes, operator, only="", apart=APART):
    """Let the agent try; returns what each attempt printed, by group and name."""
    grants = Grants(read=(operator.places(only, apart=apart),), agent=True)
    program = Path(__file__).with_name("attempts.py")
    argv = (sys.executable, str(program), str(operator.folder / "places.json"))
    result = processes.untrusted(argv, cwd=operator.tree, timeout=90, grants=grants)
    lines = [json.loads(line) for line in result.out.splitlines() if line.startswith("[")]
    return {(group, name): out for group, name, out in lines}


def test_nothing_escapes_from_a_box(box, operator, reach):
    processes, kind = box
    before = operator.seen()
    left_out = (*APART, *(OPEN if reach == "all" else ()))
    outputs = tried(processes, operator, apart=left_out)
    escapes = {name for (_, name), out in outputs.items() if CANARY in out}
    changed = {path for path, was in before.items() if _look(path) != was} | (operator.seen().keys() - before.keys())
    named = CANNOT_HOLD.get(kind, {})
    for name in APART:
        before_it = operator.seen()
        tried(processes, operator, name)
        escapes |= {name} if sleeps() or operator.seen() != before_it else set()
    total = len(outputs) + len(APART)
    assert total == sum(map(len, ATTEMPTS.values())) - len(left_out) + len(APART), "every attempt came to its end"
    assert not [name for (_, name), out in outputs.items() if "broken attempt" in out]
    assert operator.alive(), "the runner was stopped or ended"
    assert not operator.reached(), "a service was reached"
    excused = {name: path for name, place in named.items() for path in changed if place in str(path)}
    assert changed == set(excused.values())
    assert not escapes
    seen = f", named beforehand and seen: {len(excused)}" if excused else ""
    network = ", with the network" if reach == "all" else ""
    print(f"figure: hostile, {kind}, {WHO}{network}: escapes: {len(escapes)} / {total}{seen}")
    assert total >= 80


def test_without_a_box_the_attempts_succeed(operator):
    """The harness proves itself: the same attempts do harm where nothing holds them."""
    processes = Processes()
    outputs = tried(processes, operator, "leave a program that sets its user")
    outputs |= tried(processes, operator, "read an ssh key") | tried(processes, operator, "read all of the state")
    tried(processes, operator, "touch a neighbour's approval")
    tried(processes, operator, "reach a local service")
    processes.stop()
    assert all(CANARY in out for out in outputs.values())
    assert (operator.project / "state/m1/approvals/02.approve").exists()
    assert operator.reached()


@pytest.mark.parametrize("reach", ["none"])
def test_a_box_is_left_as_it_was_made(box, operator):
    processes, _ = box
    for program in ("ln -s /etc/passwd a; ln -s / b; mkfifo c; mkdir d", "ls a b c d"):
        processes.untrusted(("sh", "-c", program), cwd=operator.tree, timeout=20)
    assert sorted(path.name for path in operator.tree.iterdir()) == ["a", "b", "c", "d"]
    shutil.rmtree(operator.tree)


@pytest.fixture
def run(ada, operator, box_kind, sealed_home):
    """A person whose agents, linter and tests are all hostile, in boxes of a kind; and a function that runs m1."""

    def run(only=""):
        state, remote = ada.folder / "state/m1", ada.folder / ".git/run-milestone/remote.git"
        (ada.folder / ".env").write_text(CANARY)
        named = {"project": str(ada.folder), "state": str(state), "remote": str(remote), "forge": str(ada.forge)}
        named["home"] = str(sealed_home)
        apart = (*APART[:1], *CANNOT_HOLD.get(box_kind, {}))
        tries = [
            sys.executable,
            str(Path(__file__).with_name("attempts.py")),
            str(operator.places(only, **named, apart=apart)),
        ]
        box = {"kind": box_kind, "network": {"agents": "none"}, **({"image": IMAGE} if box_kind == "container" else {})}
        agent = {"kind": "command", "command": [*tries, "part.py"]}
        commands = {"lint": tries, "test": tries}
        ada.plans(parts([issue(1), issue(2)], agent=agent, commands=commands, sandbox=box))
        return ada.types("m1")

    return ada, run


@pytest.fixture(params=kinds())
def box_kind(request):
    return request.param


def test_nothing_escapes_from_a_whole_run(run, operator, box_kind, sealed_home):
    ada, start = run
    (sealed_home / ".netrc").write_text(CANARY)
    watched = (sealed_home, ada.folder / "plans", ada.folder / "dodo.py", ada.folder / ".git/hooks")
    before = {
        path: _look(path) for place in watched for path in (place, *place.rglob("*")) if "plan.yaml" not in str(path)
    }
    result = start()
    assert [pull["state"] for pull in ada.pulls()] == ["open", "open"], result.out
    logs = [path for path in (ada.folder / "state/m1/logs").rglob("*") if path.is_file()]
    tried = sum(path.read_text().count('["approvals", "approve through a link"') for path in logs)
    assert not [path for path in logs if CANARY in path.read_text()], "something was read"
    assert {path: _look(path) for path in before} == before
    assert not list((ada.folder / "state/m1/approvals").iterdir())
    assert not sleeps()
    assert operator.alive()
    assert not operator.reached()
    verified = ada.types("verify", "m1")
    assert verified.code == 0, verified.out
    total = sum(map(len, ATTEMPTS.values())) - len(CANNOT_HOLD.get(box_kind, ())) - 1
    print(f"figure: hostile, {box_kind}, {WHO}, a whole run of {tried} commands: escapes: 0 / {tried * total}")
    assert tried >= 7


def test_what_landlock_does_not_hold_stops_the_run(run, box_kind):
    _, start = run
    result = start("change the state's times")
    assert ("The operator's side changed" in result.out) == (box_kind == "landlock"), result.out


@pytest.mark.skipif(refusal() is not None, reason=f"as another user: {refusal()}")
@pytest.mark.parametrize(
    ("chosen", "expected"), [("nothing_escapes_from_a_box", 2 * len(kinds())), (f"whole_run and {kinds()[-1]}", 1)]
)
def test_nothing_escapes_from_another_users_box(chosen, expected):
    done = run_as_another_user("tests/hostile/test_boundary.py", "-k", f"'{chosen}'")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = [line[line.index("figure: ") :] for line in done.stdout.splitlines() if "figure: " in line]
    print(*figures, sep="\n")
    assert len(figures) == expected
