"""What the tests of CI run on: a forge with Actions on this machine, and GitHub as far as gh starts workflows there."""

import os
import socketserver
import subprocess
import tempfile
import threading

import pytest
from support.actions import BIN, Actions, Starts, files
from support.person import Person
from support.split_run import SplitRun


@pytest.fixture(scope="session")
def actions():
    """Make a forge that runs the workflow; skipped by name where the runner is missing."""
    if not (BIN / "act").exists():
        pytest.skip("act is not installed: pip install 'run-milestone[test]'")
    return lambda folder, files, *form: Actions(folder, Person, files, *form)


@pytest.fixture(scope="session")
def gh():
    """What the job that starts the next wave needs of GitHub: gh itself, and somebody who notes what it starts."""
    if not (BIN / "gh").exists():
        pytest.skip("gh is not installed: pip install 'run-milestone[test]'")
    with (
        tempfile.TemporaryDirectory(prefix="gh-") as folder,
        socketserver.ThreadingUnixStreamServer(f"{folder}/s", Starts) as server,
    ):
        server.started = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        environment = {**os.environ, "GH_CONFIG_DIR": folder}
        setting = ("config", "set", "http_unix_socket", f"{folder}/s")
        subprocess.run([BIN / "gh", *setting], env=environment, check=True)
        yield folder, server.started
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def shop(actions, tmp_path_factory):
    """Make a shop whose milestone runs on Actions; an agent hangs while a file of its issue's number lies in `hold`."""

    def make(name, *form):
        folder = tmp_path_factory.mktemp(name)
        (folder / "hold").mkdir()
        forge = actions(folder, files(folder / "hold"), *form)
        forge.ada.types("m1", "--no-issues", "--state-ref")  # the baseline, which else takes a wave of its own
        return forge

    return make


@pytest.fixture(scope="module")
def handed_back(tmp_path_factory):
    """A run in which a job without rights worked on the issues, and nobody took that up yet."""
    run = SplitRun(tmp_path_factory.mktemp("split"))
    run.measures_its_baseline()
    result, left = run.looks()
    assert (result.code, left) == (0, ["01", "02", "03"]), result.err
    worked = run.works("01,02,03")
    assert worked.code == 0, worked.out + worked.err
    return run
