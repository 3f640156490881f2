"""The remote of a sample product: made once, however many runs begin at the same moment."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from run_milestone.adapters.process import Processes
from run_milestone.core.errors import OutsideError
from run_milestone.runner.sample_repo import make_bare


def test_runs_that_begin_at_once_share_one_remote(tmp_path):
    remote, processes = tmp_path / "shared" / "product.git", Processes()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: make_bare(processes, remote, "main"), range(24)))
    processes.stop()
    head = subprocess.run(["git", "-C", remote, "symbolic-ref", "HEAD"], capture_output=True, text=True, check=True)
    assert head.stdout == "refs/heads/main\n"
    assert [path.name for path in remote.parent.iterdir()] == ["product.git"]


def test_an_existing_remote_stays(tmp_path):
    remote, processes = tmp_path / "product.git", Processes()
    make_bare(processes, remote, "main")
    (remote / "config").write_text("[core]\n\tbare = true\n# mine\n")
    make_bare(processes, remote, "trunk")
    processes.stop()
    assert "# mine" in (remote / "config").read_text()


def test_what_stands_in_its_place_is_named(tmp_path):
    remote, processes = tmp_path / "product.git", Processes()
    remote.mkdir()
    (remote / "notes.txt").write_text("mine")
    with pytest.raises(OutsideError, match=r"product\.git cannot be made: Directory not empty"):
        make_bare(processes, remote, "main")
    processes.stop()
    assert (remote / "notes.txt").read_text() == "mine"
