"""Everything that is run starts through one door, within bounds, and is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from run_milestone.adapters.process import KEEP, Processes, child, supervised
from run_milestone.core.errors import Interrupted, UsageError
from run_milestone.model import SandboxSpec

PYTHON = sys.executable
SOURCE = Path(__file__).parents[2] / "tasks"

DAEMON = textwrap.dedent(
    """
    import os, signal, sys, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            with open(sys.argv[1] + ".new", "w") as file:
                file.write(str(os.getpid()))
            os.rename(sys.argv[1] + ".new", sys.argv[1])
            time.sleep(60)
        os._exit(0)
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.01)
    """
)
"""Leaves a daemon in a session of its own that ignores SIGTERM, and its pid in the file it is given."""


@pytest.fixture
def processes(monkeypatch) -> Processes:
    monkeypatch.setattr(child, "GRACE", 0.5)
    return Processes()


def gone(pid: int, within: float = 5.0) -> bool:
    """Wait until a process has ended; one that was never there counts as gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within)[0])
    finally:
        os.close(descriptor)


def written(path: Path, within: float = 5.0) -> str:
    """Wait for a file that another process puts there."""
    until = time.monotonic() + within
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} never came"
        time.sleep(0.005)
    return path.read_text()


# ---- what comes back ------------------------------------------------------------------------------------------


@pytest.fixture(params=["trusted", "untrusted"])
def run(request, processes, tmp_path):
    """Both ways through the door keep the same promises."""

    def run(*argv: str, timeout: float = 20.0, **more):
        return getattr(processes, request.param)(argv, cwd=tmp_path, timeout=timeout, **more)

    return run


def test_exit_code_output_and_errors_come_back(run):
    result = run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (result.code, result.out, result.err) == (3, "out\n", "err\n")
    assert not result.timed_out
    assert not result.truncated
    assert result.argv[0] == "sh"


def test_a_signal_is_a_negative_code(run):
    assert run("sh", "-c", "kill -SEGV $$").code == -signal.SIGSEGV


def test_arguments_are_data(run):
    hostile = ["$(touch hacked)", "; touch hacked", "a\nb", "größe ✓", "", "-rf", "{python}"]
    assert run(PYTHON, "-c", "import sys; print(sys.argv[1:])", *hostile).out == f"{hostile}\n"


def test_a_missing_program_is_a_result(run):
    result = run("no-such-program", "--help")
    assert result.code is None
    assert result.err == "no-such-program: No such file or directory"


def test_an_impossible_argument_is_a_result(run):
    result = run("echo", "a\0b")
    assert result.code is None
    assert "null byte" in result.err


def test_a_folder_that_does_not_exist_is_named(processes, tmp_path):
    result = processes.untrusted(["true"], cwd=tmp_path / "nowhere", timeout=5)
    assert result.code is None
    assert "nowhere: No such file or directory" in result.err


def test_standard_input_arrives_whole_or_is_empty(run):
    much = "zeile ✓\n" * 100_000
    assert run("cat", stdin=much).out == much
    assert run("cat", stdin=b"\xff\x00").out == "\N{REPLACEMENT CHARACTER}\0"
    assert run("cat").out == ""


def test_a_program_may_ignore_its_input(run):
    assert run("true", stdin="x" * 1_000_000).code == 0


def test_a_hundred_megabytes_leave_head_and_tail(run):
    result = run("sh", "-c", "echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last")
    assert result.truncated
    assert result.out.startswith("first\n")
    assert result.out.endswith("\nlast\n")
    assert "bytes left out" in result.out
    assert len(result.out) <= 2 * KEEP + 100


def test_a_cut_leaves_no_half_of_a_secret(processes, tmp_path):
    flood = f"import sys; sys.stdout.write(' ' * ({KEEP} - 6) + 'ghp_secretsecretsecretsecret ' + 'x ' * {3 * KEEP})"
    assert "ghp" not in processes.trusted([PYTHON, "-c", flood], cwd=tmp_path).out


def test_what_hangs_is_ended_at_its_limit(run):
    result = run("sh", "-c", "echo before; trap '' TERM HUP INT; sleep 60", timeout=0.3)
    assert result.timed_out
    assert result.out == "before\n"
    assert result.code == -signal.SIGKILL
    assert result.seconds < 5


CLEANING = "trap 'echo cleaned >> log; exit 1' TERM; touch ready; while :; do sleep 0.05; done"
"""A command that takes away what it made when it is asked to end."""


@pytest.mark.parametrize("words", [(), ("setsid", "-w"), ("sh", "-c", '"$@"; true', "sh")])
def test_a_command_cleans_up_at_its_limit(processes, tmp_path, words):
    result = processes.untrusted([*words, "sh", "-c", CLEANING], cwd=tmp_path, timeout=0.5)
    assert result.timed_out
    assert (tmp_path / "log").read_text() == "cleaned\n"


@pytest.mark.parametrize("kind", ["none", "landlock", "bubblewrap"])
def test_a_command_cleans_up_when_stopped(processes, tmp_path, kind):
    if kind != "none":
        try:
            processes.confine(SandboxSpec(kind=kind))
        except UsageError as error:
            pytest.skip(str(error))
    thread = threading.Thread(target=_until_stopped, args=(processes, tmp_path))
    thread.start()
    written(tmp_path / "ready")
    processes.stop()
    thread.join(5)
    assert (tmp_path / "log").read_text() == "cleaned\n"


def _until_stopped(processes, folder):
    with contextlib.suppress(Interrupted):
        processes.untrusted(["sh", "-c", CLEANING], cwd=folder, timeout=60)


def test_a_daemon_that_holds_output_delays_nothing(run, tmp_path):
    result = run("sh", "-c", "setsid sleep 60 & echo $!")
    assert result.code == 0
    assert result.seconds < 5
    if not gone(int(result.out), within=0):  # the direct way does not hunt daemons
        os.kill(int(result.out), signal.SIGKILL)


# ---- what a child may know ------------------------------------------------------------------------------------


def test_a_child_starts_from_an_empty_environment(run, monkeypatch):
    monkeypatch.setenv("GH_TOKEN", "canary-canary")
    monkeypatch.setenv("CANARY", "canary-canary")
    monkeypatch.setenv("LC_TIME", "C")
    names = {line.partition("=")[0] for line in run("env", env={"GIVEN": "1"}).out.splitlines()}
    assert {"PATH", "LC_TIME", "TERM", "GIVEN"} <= names
    assert not names & {"GH_TOKEN", "CANARY", "SSH_AUTH_SOCK", "PYTEST_CURRENT_TEST"}


def test_only_the_trusted_see_the_real_home(processes, tmp_path):
    show = [PYTHON, "-c", "import os; home = os.path.expanduser('~'); print(home, os.listdir(home)[:1])"]
    assert processes.trusted(show, cwd=tmp_path).out.startswith(os.path.expanduser("~"))
    home, _, holds = processes.untrusted(show, cwd=tmp_path, timeout=20).out.rpartition(" ")
    assert holds == "[]\n"
    assert not Path(home).exists()


def test_temporary_files_of_untrusted_programs_are_removed(processes, tmp_path):
    keep = "import os, tempfile; print(os.environ['HOME'], tempfile.mkstemp()[1])"
    home, file = map(Path, processes.untrusted([PYTHON, "-c", keep], cwd=tmp_path, timeout=20).out.split())
    assert file.parent == home.with_name("tmp")
    assert not file.parent.parent.exists()


def test_untrusted_python_leaves_no_bytecode(processes, tmp_path):
    (tmp_path / "part.py").write_text("")
    assert processes.untrusted([PYTHON, "-c", "import part"], cwd=tmp_path, timeout=20).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part.py"]


def test_a_command_inherits_no_lock_or_lifeline(tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        show = [PYTHON, "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))"]
        result = Processes(hold=(lock.fileno(),)).untrusted(show, cwd=tmp_path, timeout=20)
    assert result.out == "['0', '1', '2', '3']\n"  # 3 is the listing's own


def test_the_log_names_commands_and_no_secret(processes, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPLOY_TOKEN", "canary-canary")
    log = tmp_path / "logs" / "03" / "agent.log"
    program = "print('my canary-canary', chr(27) + '[2J'); print('oh', file=__import__('sys').stderr)"
    for _ in range(2):
        processes.untrusted([PYTHON, "-c", program], cwd=tmp_path, timeout=20, log=log)
    text = log.read_text()
    assert text.count("$ ") == 2
    assert text.count("my [redacted] \\x1b[2J\noh\n[exit 0 after") == 2


def test_progress_is_heard_while_something_runs(tmp_path):
    heard: list[tuple[str, float]] = []
    Processes(progress=lambda what, seconds: heard.append((what, seconds))).trusted(["sleep", "1.2"], cwd=tmp_path)
    assert [what for what, _ in heard] == ["sleep 1.2"]
    assert 1 <= heard[0][1] < 1.3


# ---- nothing stays behind -------------------------------------------------------------------------------------


def test_a_daemon_dies_with_its_command(processes, tmp_path):
    result = processes.untrusted([PYTHON, "-c", DAEMON, str(tmp_path / "pid")], cwd=tmp_path, timeout=20)
    assert result.code == 0
    assert gone(int((tmp_path / "pid").read_text()), within=0)


def test_a_daemon_dies_when_the_time_is_up(processes, tmp_path):
    hang = DAEMON + "\ntime.sleep(60)"
    result = processes.untrusted([PYTHON, "-c", hang, str(tmp_path / "pid")], cwd=tmp_path, timeout=1)
    assert result.timed_out
    assert gone(int((tmp_path / "pid").read_text()), within=0)


def test_a_brood_of_daemons_dies(processes, tmp_path):
    brood = "for i in $(seq 40); do (setsid sh -c 'echo $$ >> pids; sh -c \"sleep 60 & sleep 60\"' &) ; done; sleep 0.2"
    processes.untrusted(["sh", "-c", brood], cwd=tmp_path, timeout=20)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert pids
    assert [pid for pid in pids if not gone(pid, within=0)] == []


@pytest.mark.parametrize("blow", ["KILL", "STOP", "TERM"])
def test_an_attack_on_the_warden_frees_nobody(processes, tmp_path, blow):
    attack = DAEMON + f"\nos.kill(os.getppid(), signal.SIG{blow}); time.sleep(60)"
    result = processes.untrusted([PYTHON, "-c", attack, str(tmp_path / "pid")], cwd=tmp_path, timeout=1)
    assert result.code != 0
    assert result.seconds < 10
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("blow", ["KILL", "STOP"])
def test_killing_the_supervisors_parent_frees_no_process(processes, tmp_path, monkeypatch, blow):
    monkeypatch.setattr(supervised, "PATIENCE", 3.0)
    parent = "int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])"
    attack = DAEMON + f"\nos.kill({parent}, signal.SIG{blow}); time.sleep(60)"
    attacked = processes.untrusted([PYTHON, "-c", attack, str(tmp_path / "pid")], cwd=tmp_path, timeout=1)
    assert attacked.code != 0
    assert gone(int((tmp_path / "pid").read_text()))
    assert processes.untrusted(["echo", "well"], cwd=tmp_path, timeout=20).out == "well\n"


def test_a_process_door_that_nobody_closes_leaves_nothing(tmp_path):
    """What starts the wardens ends with the runner, however that ends."""
    body = "processes.untrusted(['true'], cwd='/', timeout=20); print(open('/proc/thread-self/children').read())"
    with runner(body, stdout=subprocess.PIPE) as ended:
        server = int(ended.communicate(timeout=20)[0])
    assert gone(server, within=0)


def runner(body: str, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
    """Start a runner of our own, which a test can kill."""
    start = "import sys, threading; from run_milestone.adapters.process import Processes; processes = Processes()\n"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.Popen([PYTHON, "-c", start + body, *arguments], env=environment, stdout=stdout)


@pytest.mark.parametrize("where", ["main thread", "worker thread"])
def test_kill_9_of_the_runner_ends_everything(tmp_path, where):
    run = "lambda: processes.untrusted([sys.executable, '-c', *sys.argv[1:]], cwd='/', timeout=60)"
    body = f"({run})()" if where == "main thread" else f"t = threading.Thread(target={run}); t.start(); t.join()"
    me = "me = sys.argv[1] + '.me'; open(me + '.new', 'w').write(str(os.getpid())); os.rename(me + '.new', me)"
    with runner(body, f"{DAEMON}\n{me}; time.sleep(60)", str(tmp_path / "pid")) as killed:
        daemon, command = int(written(tmp_path / "pid")), int(written(tmp_path / "pid.me"))
        killed.kill()
    assert gone(daemon)
    assert gone(command)


def test_threads_may_end_while_others_run(processes, tmp_path):
    """A parent-death signal fires at the end of the thread that forked; it must be the one that waits."""
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(processes.untrusted(["sleep", "0.2"], cwd=tmp_path, timeout=20)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.code for result in results] == [0, 0, 0, 0]


@pytest.mark.parametrize("way", ["trusted", "untrusted"])
def test_stop_ends_what_runs_and_refuses_what_comes(processes, tmp_path, way):
    raised: list[BaseException] = []

    def work():
        try:
            getattr(processes, way)(
                ["sh", "-c", "echo $$ > pid.new; mv pid.new pid; sleep 60"], cwd=tmp_path, timeout=60
            )
        except Interrupted as interrupted:
            raised.append(interrupted)

    thread = threading.Thread(target=work)
    thread.start()
    pid = int(written(tmp_path / "pid"))
    processes.stop()
    assert gone(pid, within=0)
    thread.join(5)
    assert len(raised) == 1
    with pytest.raises(Interrupted, match="asked to stop"):
        processes.trusted(["true"], cwd=tmp_path)


def test_a_signal_handler_can_stop_processes(tmp_path):
    body = (
        "import signal; signal.signal(signal.SIGTERM, lambda *_: processes.stop())\n"
        "try: processes.untrusted([sys.executable, '-c', *sys.argv[1:]], cwd='/', timeout=60)\n"
        "except Exception as error: sys.exit(type(error).__name__ == 'Interrupted' and 130)\n"
    )
    with runner(body, DAEMON + "\ntime.sleep(60)", str(tmp_path / "pid")) as asked:
        daemon = int(written(tmp_path / "pid"))
        began = time.monotonic()
        asked.terminate()
        assert asked.wait(10) == 130
    assert time.monotonic() - began < 3.9, "the daemon's grace, and less than the supervisor's own"
    assert gone(daemon, within=0)


def test_an_orphan_keeps_the_lock(tmp_path):
    body = (
        "import fcntl, os\n"
        "lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT); fcntl.flock(lock, fcntl.LOCK_EX)\n"
        'say = \'echo $$ > "$0.new"; mv "$0.new" "$0.pid"; exec sleep 60\'\n'
        "Processes(hold=(lock,)).trusted(['sh', '-c', say, sys.argv[1]], cwd='/')\n"
    )
    with runner(body, str(tmp_path / "lock")) as killed:
        orphan = int(written(tmp_path / "lock.pid"))
        killed.kill()
    free = ["flock", "--nonblock", str(tmp_path / "lock"), "true"]
    assert subprocess.run(free, check=False).returncode == 1
    os.kill(orphan, signal.SIGKILL)
    assert gone(orphan)
    assert subprocess.run(free, check=False).returncode == 0


def children():
    """The processes that this one started and has not waited for, whichever test started them."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def test_no_descriptor_and_no_zombie_is_left(processes, tmp_path):
    others = children()
    processes.untrusted(["true"], cwd=tmp_path, timeout=20)
    before = len(os.listdir("/proc/self/fd"))
    for way in ("true", "no-such-program"):
        processes.trusted([way], cwd=tmp_path, stdin="x")
        processes.untrusted([way], cwd=tmp_path, stdin="x", timeout=20)
    assert len(os.listdir("/proc/self/fd")) == before
    processes.stop()
    assert children() <= others
