"""A box is probed: a program in it tries what it must not, and that is judged from outside."""

import socket
import time
from pathlib import Path

import pytest

from run_milestone.adapters.process import Processes, outbound
from run_milestone.adapters.process.probe import NAMES, Ground, Probe, probe, probe_hosts
from run_milestone.adapters.process.sandbox import candidates
from run_milestone.core.errors import UsageError
from run_milestone.model import NetworkSpec, SandboxSpec
from run_milestone.plan import load
from run_milestone.plan.project import Project
from run_milestone.runner import sandbox_probe

KINDS = [sandbox.kind for sandbox in candidates(SandboxSpec(), ()) if sandbox.missing() is None]


@pytest.fixture
def ground(tmp_path):
    """The places of a project with a state, a plan and a git directory."""
    for name in ("state", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "state/journal.jsonl").write_text("{}")
    (tmp_path / "plan.yaml").write_text("id: m1")
    return Ground(tmp_path / "state", tmp_path / "plan.yaml", tmp_path / ".git")


@pytest.fixture
def opened():
    """Return processes in a box of a kind."""
    processes = Processes()

    def confined(kind, ground, tools="none"):
        spec = SandboxSpec(kind, network=NetworkSpec(tools=tools))
        processes.confine(spec, (ground.state, ground.plan, ground.repository))
        return processes

    yield confined
    processes.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_a_box_holds_what_it_should(opened, ground, kind):
    processes, began = opened(kind, ground), time.monotonic()
    probes = probe(processes, ground)
    assert probes == tuple(Probe(what, holds=True) for what in NAMES.values())
    print(f"figure: probes, {kind}: {len(probes)} in {time.monotonic() - began:.2f} s")
    assert not list(Path.home().glob(".canary-*"))


def test_without_a_box_everything_is_broken(opened, ground):
    """The probes prove themselves: a daemon alone is ended without a box too."""
    broken = {one.what for one in probe(opened("none", ground), ground) if one.holds is False}
    assert set(NAMES.values()) - broken <= {NAMES["daemon"], NAMES["namespaces"], NAMES["mount"]}
    assert sorted(path.name for path in (*ground.state.iterdir(), *ground.repository.iterdir())) == ["journal.jsonl"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_that_tools_have_is_named(opened, ground, kind):
    seen = {one.what: one for one in probe(opened(kind, ground, tools="all"), ground)}
    assert seen[NAMES["tcp"]] == Probe(NAMES["tcp"], None, "`sandbox.network.tools` is `all`")
    assert seen[NAMES["read home"]].holds


@pytest.mark.parametrize("kind", KINDS)
def test_listed_hosts_are_asked_for(opened, ground, kind, monkeypatch):
    real = socket.getaddrinfo
    here = {"api.example.com": "127.0.0.1"}
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **rest: real(here.get(host, host), *more, **rest))
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"api.example.com:{server.getsockname()[1]}"
        probes = probe_hosts(opened(kind, ground), (place, "nowhere.invalid"))
    assert [one.holds for one in probes] == [True, False, True]
    assert "nowhere.invalid:443: refused, its name leads to no address" in probes[1].why


def test_a_box_without_python_says_so(opened, ground, monkeypatch):
    monkeypatch.setattr("run_milestone.adapters.process.probe._PROGRAM", Path("/nowhere/probe.py"))
    (only,) = probe(opened(KINDS[0], ground), ground)
    assert (only.what, only.holds) == ("Python starts in it", False)
    assert "/nowhere/probe.py" in only.why


def test_a_box_that_lets_through_is_refused(ada, opened, ground, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    project, processes = Project(ada.folder), opened(KINDS[0], ground)
    milestone = load(project.plan("m1"))
    monkeypatch.setattr(sandbox_probe, "probe", lambda *_: (Probe(NAMES["read home"], holds=False),))
    with pytest.raises(UsageError, match="Not true of it: your home is not read"):
        sandbox_probe.probed(project, milestone, processes)
    monkeypatch.setattr(sandbox_probe, "probe", lambda *_: (Probe(NAMES["read home"], holds=True),))
    digest = sandbox_probe.probed(project, milestone, processes)
    monkeypatch.setattr(sandbox_probe, "probe", None)  # it is not probed a second time
    assert sandbox_probe.probed(project, milestone, processes) == digest
