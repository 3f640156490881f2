"""What is known about coding agents and package managers."""

import pytest

from run_milestone.core.presets import builds_on_install, compiles, keeping, without_own_sandbox
from run_milestone.plan import load

ALONE = "danger-full-access"
PLAN = """\
id: m1
title: First
agent: {use: codex, model: {host: api.example.com, key: AI_KEY, path: /v1}}
phases:
  - issues: [{number: 1, title: Colour, criteria: [There is a colour]}]
"""


@pytest.mark.parametrize(
    ("command", "becomes"),
    [
        (("codex", "exec", "--sandbox", "read-only", "-"), ("codex", "exec", "--sandbox", ALONE, "-")),
        (("/opt/bin/codex", "exec", "-"), ("/opt/bin/codex", "exec", "--sandbox", ALONE, "-")),
        (("claude", "-p"), ("claude", "-p")),
        (("./agent", "--sandbox", "x", "-"), ("./agent", "--sandbox", "x", "-")),
    ],
)
def test_an_agent_can_do_without_its_sandbox(command, becomes):
    assert without_own_sandbox(command) == becomes


def test_an_agent_without_its_key_has_no_login(tmp_path):
    (tmp_path / "m1").mkdir()
    (tmp_path / "m1/plan.yaml").write_text(PLAN)
    agent = load(tmp_path / "m1").agent
    assert (agent.pass_env, agent.login) == ((), ())
    assert agent.command[-1] == "-"
    assert 'base_url="{model}",env_key="{key}"' in agent.command[-2]


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        (("uv", "sync", "--locked"), {"UV_NO_SYNC": "1"}),
        (("env", "-C", "api", "uv", "sync"), {"UV_NO_SYNC": "1"}),
        (("uv", "pip", "install", "pytest"), {}),
        (("npm", "ci"), {}),
    ],
)
def test_what_uv_sync_made_is_kept(command, kept):
    assert keeping((("git", "lfs", "pull"), command)) == kept


@pytest.mark.parametrize(
    ("setup", "may"),
    [
        ((("cargo", "fetch", "--locked"),), False),
        ((("env", "-C", "api", "go", "mod", "download"), ("bundle", "install")), False),
        ((("go", "mod", "download"), ("make", "all")), True),
        ((("uv", "sync", "--frozen"),), True),
    ],
)
def test_a_setup_that_only_fetches_compiles_nothing(setup, may):
    assert compiles(setup) == may


@pytest.mark.parametrize(
    ("script", "builds"),
    [
        ('"prepare": "npm run build"', True),
        ('"postinstall" : "tsc -p ."', True),
        ('"install": "node-gyp rebuild"', True),
        ('"prepare": "husky"', False),
        ('"build": "tsc"', False),
        ('"pretest": "npm run build"', False),
    ],
)
def test_a_script_may_build_on_install(script, builds):
    assert builds_on_install(['{"name": "shop"}', f'{{"scripts": {{{script}}}}}']) == builds
