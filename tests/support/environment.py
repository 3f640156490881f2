"""What every test runs in: a sealed home, and a Python without the pytest plugins that make every run slow."""

import os
import re
import signal
import sys
import venv
from pathlib import Path

import pytest

SLOW_PLUGINS = re.compile(r"_?hypothesis|(anyio|platformdirs|pytest_xdist)-")
"""What makes every pytest that can import it start slowly: hypothesis, and plugins that no product of a test uses."""


@pytest.fixture(scope="session", autouse=True)
def sealed_home(tmp_path_factory):
    """Keep the configuration, keys and name of the person who runs the tests away from them."""
    # a shell ignores ^C for what it starts in the background, and every child would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n")
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.startswith(("GIT_", "GH_", "GITHUB_", "SSH_", "XDG_")):
            patch.delenv(name)
    patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # to compile the program takes a second of every start
    patch.setenv("HOME", str(home))
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    yield home
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def usual_environment(tmp_path_factory):
    """Run what is tested in an environment with everything that this one holds but SLOW_PLUGINS."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    places = [Path(place) for place in sys.path if place.endswith(("site-packages", "dist-packages"))]
    for path in (path for place in places for path in place.iterdir() if not SLOW_PLUGINS.match(path.name)):
        _link(packages / path.name, path)
    for program in Path(sys.executable).parent.iterdir():
        _link(folder / "bin" / program.name, program)
    patch = pytest.MonkeyPatch()
    patch.setattr(sys, "executable", str(folder / "bin" / "python"))
    yield folder
    patch.undo()


def _link(path, target):
    if not path.exists():
        path.symlink_to(target)
