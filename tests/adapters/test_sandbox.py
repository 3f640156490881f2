"""Every untrusted command runs in a box that holds what it was granted, and nothing of the operator's."""

import ast
import json
import os
import shutil
import socket
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from run_milestone.adapters.process import Grants, Processes, allowance
from run_milestone.adapters.process.sandbox import candidates, etc, landlock
from run_milestone.core.errors import UsageError
from run_milestone.model import NetworkSpec, ProcessLimits, SandboxSpec


def kinds():
    """Name the kinds of box that this machine has."""
    return [sandbox.kind for sandbox in candidates(SandboxSpec(), ()) if sandbox.missing() is None]


@pytest.fixture(params=kinds())
def spec(request):
    return SandboxSpec(request.param)


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@pytest.fixture
def processes():
    opened = []

    def open_processes(spec, *private):
        opened.append(Processes())
        opened[-1].confine(spec, private)
        return opened[-1]

    yield open_processes
    for one in opened:
        one.stop()


@pytest.fixture
def run(processes, spec, tree):
    """Run a Python program in a box, and return what it prints."""

    def run(program, *words, grants=None, spec=spec, private=()):
        argv = (sys.executable, "-c", textwrap.dedent(program), *(f"@{word}" for word in words))
        result = processes(spec, *private).untrusted(argv, cwd=tree, timeout=60, grants=grants or Grants())
        assert result.code == 0, result.err
        return result.out.strip()

    return run


READ = """
    import os, sys
    for path in (word[1:] for word in sys.argv[1:]):  # a path that stands alone would be shown
        try:
            print(len(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(9)))
        except OSError:
            print("no")
"""
WRITE = """
    import sys
    for path in (word[1:] for word in sys.argv[1:]):  # a path that stands alone would be shown
        try:
            open(path, "w").close()
            print("written")
        except OSError:
            print("no")
"""


def test_the_tree_alone_is_writable(run, tree, tmp_path):
    places = (tree / "new.py", tmp_path / "beside", "/usr/x", "/etc/x", os.path.join(sys.prefix, "x"))
    run(WRITE, *places)
    assert [path for path in places if os.path.exists(path)] == [tree / "new.py"]


def test_a_state_folder_cannot_be_read(run, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "gate.json").write_text("{}")
    assert set(run(READ, state).split()) == {"no"}


def test_the_home_cannot_be_read(run, sealed_home):
    assert set(run(READ, sealed_home / ".gitconfig", "/etc/shadow").split()) == {"no"}


def test_a_granted_folder_is_writable(run, tmp_path):
    (tmp_path / "out").mkdir()
    run(WRITE, tmp_path / "out" / "junit.xml", grants=Grants(write=(tmp_path / "out",)))
    assert (tmp_path / "out" / "junit.xml").exists()


def test_a_command_cannot_name_a_state_file(processes, spec, tree, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "gate.json").write_text("{}")
    result = processes(spec, state).untrusted(("cat", str(state / "gate.json")), cwd=tree, timeout=60)
    assert (result.out, result.code) == ("", 1)


def test_files_a_command_names_are_readable(processes, spec, tree, tmp_path):
    program = tmp_path / "outside.py"
    program.write_text("print('ran')")
    result = processes(spec).untrusted((sys.executable, str(program)), cwd=tree, timeout=60)
    assert result.out == "ran\n"


CERTIFICATES = {"SSL_CERT_FILE": "corp/ca.pem", "NODE_EXTRA_CA_CERTS": "ca.pem", "SSL_CERT_DIR": "corp"}


@pytest.mark.parametrize("variable", CERTIFICATES)
def test_certificates_a_variable_names_are_readable(
    processes, spec, tree, tmp_path, sealed_home, monkeypatch, variable
):
    named = sealed_home / CERTIFICATES[variable]
    (sealed_home / "corp").mkdir(exist_ok=True)
    for path in (sealed_home / "corp/ca.pem", sealed_home / "ca.pem", sealed_home / "key.pem", tmp_path / "state.pem"):
        path.write_text("certificate")
    program = f"import os; print(open(os.environ[{variable!r}] + {'/ca.pem' if named.is_dir() else ''!r}).read())"
    hidden = f"open({str(sealed_home / 'key.pem')!r})"
    monkeypatch.setenv(variable, str(named))
    box = processes(spec, tmp_path / "state.pem")
    assert box.untrusted((sys.executable, "-c", program), cwd=tree, timeout=60).out == "certificate\n"
    assert box.untrusted((sys.executable, "-c", hidden), cwd=tree, timeout=60).code == 1
    monkeypatch.setenv(variable, str(tmp_path / "state.pem"))
    assert box.untrusted((sys.executable, "-c", program), cwd=tree, timeout=60).code == 1, "the state shows nothing"


def test_a_box_has_the_systems_settings(run):
    if run("import os; print(os.getpid() < 100)") == "False":
        pytest.skip("Landlock shows /etc itself")
    printed = run("""
        import os, pwd, ssl
        who = pwd.getpwuid(os.getuid())
        print(who.pw_name, os.access(who.pw_dir, os.W_OK), len(os.listdir("/etc")) > 5, ssl.create_default_context())
        try:
            open("/etc/planted", "w")
        except OSError as error:
            print(error.strerror)
    """)
    assert printed.startswith("user True True ")
    assert printed.endswith("Read-only file system")


@pytest.mark.parametrize("folder", ["/etc/alternatives", "/etc/ssl/certs"])
def test_large_folders_of_settings_are_shown(run, folder):
    listed = ast.literal_eval(run(f"import os; print(sorted(os.listdir({folder!r})))"))
    assert listed == sorted(os.listdir(folder))


@pytest.mark.parametrize(
    ("place", "mode", "shown"), [("open", 0o644, True), ("open", 0o600, False), ("closed", 0o644, False)]
)
def test_settings_for_everybody_alone_are_shown(place, mode, shown):
    """A box of root has its number, so a link into its home would show a login."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        file, link = Path(folder, place, "pip.conf"), Path(folder, "etc", "pip.conf")
        for inside, closed in ((file.parent, place == "closed"), (link.parent, False), (Path(folder), False)):
            inside.mkdir(exist_ok=True)
            inside.chmod(0o700 if closed else 0o755)
        file.touch(mode)
        link.symlink_to(file)
        assert etc.is_for_everybody(link) == shown


def test_a_command_has_terminals(run):
    assert run("import os; os.write(os.openpty()[1], b'x'); print(*sorted(os.listdir('/dev/pts')))") == "0 ptmx"


def test_no_new_program_sets_its_group(run):
    printed = run("""
        import os
        for make in (lambda: os.open("a", os.O_CREAT | os.O_WRONLY, 0o2755), lambda: os.mknod("b", 0o102755)):
            try:
                make()
                print("made")
            except PermissionError:
                print("refused")
        os.mkdir("shared")
        os.chmod("shared", 0o2775)
    """)
    assert printed == "refused\nrefused"


def test_a_script_of_another_folder_starts(processes, spec, tree, tmp_path):
    program = tmp_path / "agent"
    program.write_text(f"#!{sys.executable}\nimport pytest\nprint('ran')\n")
    program.chmod(0o755)
    assert processes(spec).untrusted((str(program),), cwd=tree, timeout=60).out == "ran\n"


@pytest.mark.parametrize("manager", [".nvm/versions/node/v20", ".pyenv/versions/3.12", ".local/share/pipx/venvs/tool"])
def test_a_toolchain_in_the_home_works(processes, spec, tree, tmp_path, monkeypatch, manager):
    home = tmp_path / "ada"
    prefix = home / manager
    (prefix / "bin").mkdir(parents=True)
    (prefix / "lib").mkdir()
    (prefix / "lib" / "part.sh").write_text("echo works")
    tool = prefix / "bin" / "tool"
    tool.write_text('#!/bin/sh\n. "$(dirname "$(readlink -f "$0")")/../lib/part.sh"\n')
    tool.chmod(0o755)
    (home / "bin").mkdir()
    (home / "bin" / "tool").symlink_to(tool)
    (home / "secret").write_text("key")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{home / 'bin'}:{os.environ['PATH']}")
    result = processes(spec).untrusted(("tool",), cwd=tree, timeout=60)
    assert result.out == "works\n", result.err
    assert processes(spec).untrusted(("cat", f"{home}/./secret/."), cwd=tree, timeout=60).code != 0


def test_logins_of_a_toolchain_are_left_out(processes, spec, tree, tmp_path, monkeypatch):
    cargo = tmp_path / ".cargo"
    cargo.mkdir()
    (cargo / "credentials.toml").write_text("token")
    (cargo / "env").write_text("x")
    monkeypatch.setenv("CARGO_HOME", str(cargo))
    script = 'cat "$CARGO_HOME/env" && cat "$CARGO_HOME/credentials.toml"'
    result = processes(spec).untrusted(("sh", "-c", script), cwd=tree, timeout=60)
    assert result.out == "x"
    assert result.code != 0


def test_a_private_folder_below_a_shown_is_hidden(processes, tree, tmp_path, spec):
    shown = tmp_path / "shown"
    (shown / "state").mkdir(parents=True)
    (shown / "data").mkdir()
    box = SandboxSpec(spec.kind, (str(shown),))
    script = f"ls {shown}/data && ls {shown}/state"
    result = processes(box, shown / "state").untrusted(("sh", "-c", script), cwd=tree, timeout=60)
    assert result.code != 0
    assert "data" not in result.err


CONNECT = """
    import socket, sys
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1][1:])), 5).close()
        print("reached")
    except OSError:
        print("no")
"""


def test_tests_reach_no_network(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert run(CONNECT, server.getsockname()[1]) == "no"


def test_agents_reach_the_network(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert run(CONNECT, server.getsockname()[1], grants=Grants(agent=True)) == "reached"


def test_a_plan_takes_the_network_from_agents(run, spec):
    closed = SandboxSpec(spec.kind, network=NetworkSpec(agents="none"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert run(CONNECT, server.getsockname()[1], grants=Grants(agent=True), spec=closed) == "no"


def test_a_box_has_a_loopback(run):
    program = """
        import socket
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), 5).close()
        print("reached")
    """
    assert run(program) == "reached"


def test_keyring_and_runner_are_out_of_reach(run):
    program = """
        import ctypes, errno, os, sys
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.syscall(250 if os.uname().machine == "x86_64" else 219, 0, -3, 0, 0), ctypes.get_errno())
        try:
            os.kill(int(sys.argv[1][1:]), 0)
            print("signalled")
        except OSError:
            print("no")
    """
    assert run(program, os.getpid()) == "-1 1\nno"


def test_a_missing_program_is_named(processes, spec, tree):
    result = processes(spec).untrusted(("no-such-tool", "x"), cwd=tree, timeout=9)
    assert (result.code, result.err) == (None, "no-such-tool: No such file or directory")


def test_without_a_kind_the_run_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda *args, **more: None)
    with pytest.raises(UsageError, match=r"bubblewrap: it is not installed.*--unsandboxed"):
        Processes().confine(SandboxSpec("bubblewrap"))


@pytest.mark.parametrize(
    ("kind", "says", "advice"),
    [
        ("bubblewrap", "bwrap: No permissions to create new namespace.", "Allow user namespaces"),
        ("bubblewrap", "bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "Install bubblewrap"),
        ("landlock", "the kernel has version 3, 6 is needed", "Install bubblewrap"),
        ("landlock", "the kernel has version 0, 6 is needed", "Install bubblewrap"),
    ],
)
def test_a_kind_that_does_not_work_says_why(tmp_path, monkeypatch, kind, says, advice):
    program = tmp_path / "bwrap"
    program.write_text(f'#!/bin/sh\necho "{says}" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(landlock, "abi", lambda: int(says.split()[4].strip(",")) if kind == "landlock" else 7)
    with pytest.raises(UsageError) as raised:
        Processes().confine(SandboxSpec(kind))
    text = str(raised.value)
    assert f"(the plan says `sandbox: {{kind: {kind}}}`): {kind}: {says.rstrip('.')}. {advice}" in text
    assert text.endswith("or accept the risk with `--unsandboxed`.")


@pytest.mark.parametrize("name", ["podman", "docker"])
def test_a_container_gets_what_was_granted(tree, tmp_path, monkeypatch, name):
    program = tmp_path / "bin" / name
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    state, data = tmp_path / "state", tmp_path / "data"
    state.mkdir()
    data.mkdir()
    spec = SandboxSpec("container", image="example/tests:1", read=(str(data),), limits=ProcessLimits(processes=99))
    (sandbox,) = candidates(spec, (state,), str(program.parent))
    box = sandbox.wrap(("make", "test"), tree, {"TOKEN": "x", "HOME": "/h"}, Grants(write=(tmp_path,)), tree)
    words = " ".join(box.prefix)
    assert words.endswith(f"--workdir {tree} example/tests:1")
    for held in ("--network none", "--read-only", "--cap-drop all", "--pids-limit 99", f"{data}:{data}:ro", "nproc="):
        assert held in words
    assert f"{tree}:{tree}:rw" in words
    assert "no-new-privileges" in words
    assert "--env TOKEN" in words
    assert "TOKEN=x" not in words
    assert not [word for word in box.prefix if word.startswith(("/usr:", "/etc", f"{state}:"))]
    assert (box.remove[2:4], box.remove[-1]) == ((str(program), "rm"), box.prefix[box.prefix.index("--name") + 1])
    calls = json.loads((tree / "calls.json").read_text())["syscalls"]
    assert "keyctl" in calls[0]["names"]


def test_an_image_without_a_command_is_named(processes, tree, tmp_path, monkeypatch):
    program = tmp_path / "podman"
    says = "Error: crun: executable file `make` not found in $PATH: No such file or directory"
    program.write_text(f"#!/bin/sh\ncase $* in *-I*pass*) exit 0;; esac\necho '{says}' >&2\nexit 127\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    result = processes(SandboxSpec("container", image="example/tests:1")).untrusted(("make",), cwd=tree, timeout=20)
    assert (result.code, result.err) == (None, f"the image example/tests:1 cannot start it: {says}")


def test_an_image_that_is_missing_is_named(tmp_path, monkeypatch):
    program = tmp_path / "podman"
    program.write_text("#!/bin/sh\necho 'Error: example/tests:1: image not known' >&2\nexit 125\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UsageError, match=r"image not known\. Install podman, and fetch the image"):
        Processes().confine(SandboxSpec("container", image="example/tests:1"))


@pytest.mark.parametrize("folders", ["bin:.::", "../tree/bin:", "{tree}/bin:", "{link}/bin:"])
def test_programs_of_a_tree_are_not_on_path(processes, spec, tree, tmp_path, monkeypatch, folders):
    (tmp_path / "link").symlink_to(tree)
    monkeypatch.chdir(tree)
    monkeypatch.setenv("PATH", folders.format(tree=tree, link=tmp_path / "link") + os.environ["PATH"])
    (tree / "bin").mkdir()
    for program in ("true", "bwrap"):
        (tree / "bin" / program).write_text("#!/bin/sh\necho planted\n")
        (tree / "bin" / program).chmod(0o755)
    opened = processes(spec)
    opened.confine(spec, trees=tmp_path / "tr")
    assert opened.untrusted(("true",), cwd=tree, timeout=9).out == ""
    assert opened.trusted(("true",), cwd=tree, timeout=9).out == ""
    assert str(tree) not in opened.search_path


# ---- limits ---------------------------------------------------------------------------------------------------

GREEDY = {
    "file": (ProcessLimits(file=1), "open('big', 'wb').write(bytes(2 << 20))"),
    "memory": (ProcessLimits(memory=512), "bytearray(1 << 30)"),
    "open_files": (ProcessLimits(open_files=64), "kept = [open('/dev/null') for _ in range(100)]"),
    "cpu": (ProcessLimits(cpu=1), "while True: pass"),
    "processes": (
        ProcessLimits(processes=40),
        "import os, time\n[os.fork() or time.sleep(9) for _ in range(60)] + [time.sleep(9)]",
    ),
    "disk": (
        ProcessLimits(disk=8),
        "import time\nfor n in range(9): open(f'f{n}', 'wb').write(bytes(1 << 20))\ntime.sleep(9)",
    ),
    "output": (ProcessLimits(output=3), "while True: print('x' * 999)"),
    "idle": (ProcessLimits(idle=1), "import time\nprint('begun', flush=True)\ntime.sleep(30)"),
}


@pytest.mark.parametrize("name", GREEDY)
@pytest.mark.parametrize("kind", [*kinds(), "none"])
def test_a_limit_holds_and_is_named(processes, tree, kind, name):
    limits, program = GREEDY[name]
    opened = processes(SandboxSpec(kind, limits=limits))
    result = opened.untrusted((sys.executable, "-c", program), cwd=tree, timeout=60)
    assert result.code not in {0, None}
    assert f"[a limit of the plan was reached: {getattr(limits, name)} " in result.err
    assert result.err.endswith(f"(`sandbox.limits.{name}`)]\n")
    assert bool(result.limit) == (name not in {"file", "memory", "open_files"})


HIDDEN_FILES = {
    "without a name": "file.write(more)\n    os.unlink(file.name)",
    "mapped": "file.truncate(len(more))\n    kept.append(mmap.mmap(file.fileno(), 0))\n    os.unlink(file.name)\n"
    "    file.close()\n    kept[-1].write(more)",
    "in a closed folder": "os.chmod('d', 0)\n    file.write(more)\n    os.chmod('d', 0o700)",
}


@pytest.mark.parametrize("how", HIDDEN_FILES)
def test_files_that_are_hidden_count(processes, spec, tree, how):
    program = f"""import mmap, os, time
os.mkdir("d")
kept, more = [], os.urandom(1 << 20)
for number in range(32):
    file = open(f"d/{{number}}", "w+b", buffering=0)
    kept.append(file)
    {HIDDEN_FILES[how]}
os.chmod("d", 0)
time.sleep(9)
"""
    opened = processes(SandboxSpec(spec.kind, limits=ProcessLimits(disk=16)))
    result = opened.untrusted((sys.executable, "-c", program), cwd=tree, timeout=60)
    (tree / "d").chmod(0o700)
    assert "(`sandbox.limits.disk`)" in result.limit


def test_what_others_free_hides_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(allowance, "SELDOM", 0)
    monkeypatch.setattr(allowance, "APART", 0)
    monkeypatch.setattr(allowance, "_free", lambda place: 1 << 30)
    watch = allowance.Limits({"processes": 99, "disk": 1 << 20, "places": [os.fsencode(tmp_path)]})
    assert watch.reached() is None
    (tmp_path / "big").write_bytes(os.urandom(2 << 20))
    assert watch.reached() == "disk"


def test_files_of_others_are_not_counted(processes, tree, tmp_path):
    writes = f"open({str(tmp_path / 'big')!r}, 'wb').write(bytes(16 << 20)); import time; time.sleep(1)"
    opened = processes(SandboxSpec("none", limits=ProcessLimits(disk=8)))
    result = opened.untrusted((sys.executable, "-c", writes), cwd=tree, timeout=60)
    assert (result.code, result.limit) == (0, "")


@pytest.mark.parametrize("does", ["for _ in range(1200):", "os.chmod(folder, 0)\nfor _ in ():"])
def test_what_is_nested_deeply_is_removed(processes, spec, tree, monkeypatch, does):
    homes = tree.parent / "homes"
    homes.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(homes))
    program = f"""import os
folder = os.path.join(os.environ["HOME"], "d")
os.mkdir(folder)
at = os.open(folder, os.O_RDONLY)
{does}
    os.mkdir("d", dir_fd=at)
    at, before = os.open("d", os.O_RDONLY, dir_fd=at), at
    os.close(before)
"""
    result = processes(spec).untrusted((sys.executable, "-c", program), cwd=tree, timeout=60)
    assert (result.code, result.err) == (0, "")
    assert list(homes.iterdir()) == []


@pytest.mark.parametrize("kind", [*kinds(), "none"])
def test_no_process_leaves_its_memory_behind(processes, tree, kind):
    program = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    result = processes(SandboxSpec(kind)).untrusted((sys.executable, "-c", program), cwd=tree, timeout=60)
    assert (result.code, result.out.strip()) == (0, "(0, 0)")


def test_a_failure_within_limits_names_none(processes, tree):
    result = processes(SandboxSpec("none")).untrusted(
        (sys.executable, "-c", "raise SystemExit(3)"), cwd=tree, timeout=60
    )
    assert (result.code, "limit of the plan" in result.err) == (3, False)
