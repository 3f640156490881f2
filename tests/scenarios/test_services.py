"""The services of a tree run while its tests run, in their sandbox, and end with them."""

import json
import os
import socket
import sys

import pytest

from run_milestone.adapters.process import service_runner

SERVER = """\
# A service on the tree's port: it writes its process id, and answers until it is ended.
import os, signal, socket, sys
from pathlib import Path
Path("server.pid").write_text(str(os.getpid()))
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""
ASK = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2)"
TEST = """\
import os, pathlib, socket


def test_it_answers():
    socket.create_connection(("127.0.0.1", int(os.environ["PORT"])), 5)
    pathlib.Path(os.environ["RECORD"], "pid").write_text(pathlib.Path("server.pid").read_text())
"""
START = [sys.executable, "server.py", "{port}"]
READY = [sys.executable, "-c", ASK, "{port}"]


@pytest.fixture
def make_served(make_milestone, tmp_path):
    """Make a milestone whose tests need a service; returns the person."""

    def make(service, test=TEST, sandbox="none"):
        (tmp_path / "record").mkdir()
        env = {"PORT": "{port}", "RECORD": str(tmp_path / "record")}
        settings = {"tree": {"services": [service], "env": env}, "sandbox": {"kind": sandbox}}
        plan = "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items())
        ada = make_milestone({"01-1": {"b.py": "b = 1\n"}}, plan=plan)
        for name, text in {"server.py": SERVER, "test_served.py": test, ".gitignore": "server.pid\n"}.items():
            (ada.folder / name).write_text(text)
        ada.git("add", "server.py", "test_served.py", ".gitignore", where=".")
        ada.git("commit", "--quiet", "--message=Add a service", where=".")
        return ada

    return make


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_tests_reach_their_service(make_served, tmp_path):
    ada = make_served({"start": START, "ready": READY})
    result = ada.types("m1")
    assert "✓ PR #1 created" in result.out, result.out
    assert not is_alive(int((tmp_path / "record/pid").read_text()))
    assert not list(ada.folder.parent.glob("*.worktrees/*.services"))


def test_a_sandbox_holds_the_service(make_served):
    test = TEST[: TEST.index("    pathlib")]
    assert "✓ PR #1 created" in make_served({"start": START, "ready": READY}, test, "bubblewrap").types("m1").out


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ({"start": ["no-such-server"]}, "`no-such-server` could not start: No such file or directory"),
        (
            {"start": ["sh", "-c", "echo address in use >&2; exit 3"], "ready": ["false"]},
            "ended with exit code 3: address in use",
        ),
    ],
)
def test_a_service_that_fails_is_asked_once(make_served, service, why):
    result = make_served(service).types("m1")
    assert result.code == 3
    assert "🛑 A tree cannot be set up" in result.out
    assert why in result.out


def test_a_service_that_dies_is_no_verdict(make_served):
    dying = {"start": ["sh", "-c", "while [ ! -e now ]; do sleep 0.05; done; echo out of memory; exit 9"]}
    test = "import pathlib, time\n\n\ndef test_it():\n    pathlib.Path('now').touch()\n    time.sleep(0.3)\n"
    result = make_served(dying, test).types("m1")
    assert result.code == 3
    assert "died while the tests ran (exit code 9): out of memory" in result.out


def test_a_killed_run_stops_what_is_left(make_served, tmp_path):
    stop = ["sh", "-c", f"echo stopped >> {tmp_path}/record/stops"]
    ada = make_served({"start": START, "ready": READY, "stop": stop})
    trees = ada.folder.parent / f"{ada.folder.name}.worktrees"
    trees.mkdir(exist_ok=True)
    (trees / "m1-base.services").touch()
    ada.types("m1")
    assert (tmp_path / "record/stops").read_text().count("stopped") >= 3


@pytest.mark.parametrize("busy", [True, False])
def test_a_port_in_use_is_named(tmp_path, busy):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1] if busy else None
        settings = tmp_path / "settings.json"
        settings.write_text(json.dumps({"services": [], "port": port, "left_over": False}))
        assert service_runner.main(str(settings), "true") == int(busy)
    problem = f"before\nport {port} of this tree cannot be used: Address already in use" if busy else ""
    assert (tmp_path / "problem.txt").read_text() == problem


def test_a_service_that_never_gets_ready(tmp_path, monkeypatch):
    monkeypatch.setattr(service_runner, "PATIENCE", 0.5)
    settings = tmp_path / "settings.json"
    service = {"start": ["sh", "-c", "echo still loading; sleep 60"], "ready": ["false"], "stop": []}
    settings.write_text(json.dumps({"services": [service], "port": None, "left_over": False}))
    assert service_runner.main(str(settings), "true") == 1
    assert "did not get ready within 0 s: still loading" in (tmp_path / "problem.txt").read_text()
