"""A command in a box reaches the hosts that the plan lists, and its model without ever holding the key."""

import gzip
import http.server
import io
import socket
import ssl
import sys
import textwrap
import threading

import pytest
from support.certificate import encrypted

from run_milestone.adapters.process import Grants, Processes, outbound, proxy
from run_milestone.adapters.process.model_key import kept_out
from run_milestone.adapters.process.sandbox import candidates
from run_milestone.adapters.process.server_name import server_name
from run_milestone.core.errors import UsageError
from run_milestone.model import ModelSpec, SandboxSpec

HOST = "api.example.com"
KEY = "sk-real-0123456789abcdef"
TUNNEL = """
    import socket, ssl
    def hello(name):
        asking = ssl.MemoryBIO()
        client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), asking, server_hostname=name)
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            return asking.read()
    def tunnel(place, opening):
        line = socket.create_connection(("127.0.0.1", 3128), 9)
        line.sendall(f"CONNECT {place} HTTP/1.1\\r\\n\\r\\n".encode())
        answer = line.recv(4096).decode()
        if " 200" not in answer:
            return answer.split()[1]
        line.sendall(opening)
        return line.recv(64).decode() or "closed"
"""
ASK = """
    import os, urllib.request
    assert "real" not in str(os.environ)
    address = os.environ["MODEL_BASE_URL"]
    request = urllib.request.Request(f"{address}/messages", b"hello", {"x-api-key": os.environ["MODEL_API_KEY"]})
    print(urllib.request.urlopen(request, timeout=9).read().decode())
"""


def kinds():
    return [sandbox.kind for sandbox in candidates(SandboxSpec(), ()) if sandbox.missing() is None]


class Model(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        repeated = body.replace("{headers}", str(self.headers))
        text = f"{self.path} {self.headers['x-api-key'] == KEY} {repeated}".encode()
        is_compressed = "gzip" in self.headers.get("Accept-Encoding", "") or "gzip" in self.path
        self.send_response(200, f"Seen {self.headers.get('x-api-key', '')}")
        self.send_header("X-Repeated", self.headers.get("x-api-key", ""))
        if is_compressed:
            self.send_header("Transfer-Encoding" if "transfer" in self.path else "Content-Encoding", "gzip")
        self.end_headers()
        whole = gzip.compress(text) if is_compressed else text
        for at in range(0, len(whole), 5):
            self.wfile.write(whole[at : at + 5])

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def echo():
    """The port of a server that takes a first message and answers `pong`."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line:
                line.sendall(b"pong" if line.recv(4096) else b"")

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The port of a model on this machine that shows a certificate, and the place of that."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.handle_error = lambda *_: None
    certificate = encrypted(server, HOST, tmp_path)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MODEL_API_KEY", KEY)
    yield server.server_address[1], certificate
    server.shutdown()
    server.server_close()


@pytest.fixture(params=kinds())
def processes(request):
    opened = Processes()
    opened.confine(SandboxSpec(request.param))
    yield opened
    opened.stop()


@pytest.fixture
def names(monkeypatch):
    """Addresses by name: this machine counts as public."""
    asked, real = {HOST: ["127.0.0.1"]}, socket.getaddrinfo

    def addresses(host, port, *rest, **more):
        if host not in asked:
            return real(host, port, *rest, **more)
        turns = asked[host]
        return [entry for each in turns[0].split() for entry in real(each, port, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", addresses)
    monkeypatch.setattr(outbound, "is_public", lambda address: address == "127.0.0.1")
    return asked


def ran(processes, tree, program, **granted):
    argv = (sys.executable, "-c", textwrap.dedent(program))
    result = processes.untrusted(argv, cwd=tree, timeout=60, grants=Grants(agent=True, **granted))
    assert result.code == 0, result.err
    return result


def test_a_listed_host_alone_is_reached(processes, tmp_path, echo, names):
    place = f"{HOST}:{echo}"
    program = (
        f"{TUNNEL}    print(tunnel('{place}', hello('{HOST}')), socket.socket().connect_ex(('127.0.0.1', {echo})))"
    )
    result = ran(processes, tmp_path, program, hosts=(place.title(),))
    assert result.out == "pong 111\n"  # beside the proxy, nothing listens there
    assert result.connections == (place,)


REFUSED = [
    (f"{HOST}:1", HOST, "403", "`network` in the plan does not list it"),
    ("127.0.0.1:PORT", HOST, "403", "`network` in the plan does not list it"),
    ("evil.example.com:PORT", HOST, "403", "`network` in the plan does not list it"),
    (f"{HOST}:port", HOST, "403", "it cannot be reached"),
    (f"{HOST}:PORT", "evil.example.com", "closed", "in TLS it asks for evil.example.com"),
    (f"{HOST}:PORT", "127.0.0.1", "closed", "in TLS it asks for no host"),
    (f"{HOST}:PORT", None, "closed", "in TLS it asks for no host"),
]


def test_anything_else_is_refused(processes, tmp_path, echo, names):
    program = TUNNEL
    for asked, name, *_ in REFUSED:
        opening = f"hello({name!r})" if name else "b'GET / HTTP/1.1\\r\\n\\r\\n'"
        program += f"    print(tunnel('{asked.replace('PORT', str(echo))}', {opening}))\n"
    result = ran(processes, tmp_path, program, hosts=(f"{HOST}:{echo}",))
    assert result.out.split() == [seen for _, _, seen, _ in REFUSED]
    noted = "\n".join(result.connections)
    for asked, _, _, why in REFUSED:
        assert f"{asked.replace('PORT', str(echo))}: refused, {why}" in noted


CHANGES = {
    "10.0.0.1": "its address 10.0.0.1 is not public",
    "127.0.0.1 169.254.169.254": "its address 169.254.169.254 is not public",
    "nowhere.invalid": "its name leads to no address",
}


def test_a_host_that_changes_is_refused(processes, tmp_path, echo, names):
    class Turns(list):
        def __getitem__(self, _):
            return self.pop(0)

    place, names[HOST] = f"{HOST}:{echo}", Turns(("127.0.0.1", *CHANGES))
    program = (
        f"{TUNNEL}    for _ in range(4):\n        print(tunnel('{place}', hello('{HOST}')))\n    raise SystemExit(9)"
    )
    argv = (sys.executable, "-c", textwrap.dedent(program))
    result = processes.untrusted(argv, cwd=tmp_path, timeout=60, grants=Grants(agent=True, hosts=(place,)))
    assert result.out.split() == ["pong", "403", "403", "403"]
    for why in CHANGES.values():
        assert f"{place}: refused, {why}" in result.err  # said where a command failed


def test_a_proxy_that_dies_is_noticed_at_once(processes, tmp_path, echo, names, monkeypatch):
    taken, take = [], proxy.Proxy.get_request

    def only_one(self):
        if taken:
            raise MemoryError
        taken.append(1)
        return take(self)

    monkeypatch.setattr(proxy.Proxy, "get_request", only_one)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    call = f"tunnel('{HOST}:{echo}', hello('{HOST}'))"
    program = f"""{TUNNEL}
    print({call})
    for _ in range(2):
        try:
            {call}
        except (OSError, IndexError) as error:
            print("broken off")
    """
    result = ran(processes, tmp_path, program, hosts=(f"{HOST}:{echo}",))
    assert result.out == "pong\nbroken off\nbroken off\n"
    assert result.seconds < 5


def test_the_key_is_added_outside(processes, tmp_path, model, names, monkeypatch):
    port, certificate = model
    spec = ModelSpec(f"{HOST}:{port}", "MODEL_API_KEY", path="/v1")
    refused = processes.untrusted(
        (sys.executable, "-c", textwrap.dedent(ASK)), cwd=tmp_path, timeout=60, grants=Grants(model=spec)
    )
    assert f"{HOST}:{port}: refused, it cannot be reached (" in refused.err  # its certificate is not trusted
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    result = ran(processes, tmp_path, ASK, model=spec)
    assert result.out == "/v1/messages True hello\n"
    assert result.connections == (f"{HOST}:{port}, with the key of MODEL_API_KEY",)


def test_a_host_that_repeats_hands_no_key_over(processes, tmp_path, model, names, monkeypatch):
    port, certificate = model
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    program = """
        import gzip, os, urllib.request
        key = os.environ["MODEL_API_KEY"]
        headers = {"x-api-key": key, "Authorization": "Bearer " + key, "x-beta": key, "User-Agent": key}
        for more in ({}, {"Accept-Encoding": "gzip"}):
            request = urllib.request.Request(os.environ["MODEL_BASE_URL"] + "/m", b"{headers}", {**headers, **more})
            answer = urllib.request.urlopen(request, timeout=9)
            text = answer.read()
            text = gzip.decompress(text) if answer.headers["Content-Encoding"] else text
            assert answer.reason == "Seen " + "*" * 24, answer.reason
            print(answer.headers["X-Repeated"], text.decode().replace(key, "STAND-IN"))
    """
    result = ran(processes, tmp_path, program, model=ModelSpec(f"{HOST}:{port}", "MODEL_API_KEY"))
    assert KEY not in result.out
    stars = "*" * len(KEY)
    assert [result.out.count(text) for text in (f"{stars} /m True ", f"Bearer {stars}", "STAND-IN")] == [2, 2, 4]


@pytest.mark.parametrize("path", ["/gzip", "/gzip/transfer"])
def test_no_answer_hides_the_key(processes, tmp_path, model, names, monkeypatch, path):
    """A host compresses unasked, which would hold the key where nobody sees it."""
    port, certificate = model
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    program = f"""
        import http.client, os
        line = http.client.HTTPConnection("127.0.0.1", 3128, timeout=9)
        line.request("POST", {path!r}, b"{{headers}}", {{"x-api-key": os.environ["MODEL_API_KEY"]}})
        answer = line.getresponse()
        print(answer.status, answer.read().decode())
    """
    result = ran(processes, tmp_path, program, model=ModelSpec(f"{HOST}:{port}", "MODEL_API_KEY"))
    why = "its answer is compressed, so that the key could be hidden in it"
    assert result.out == f"403 run-milestone refused {HOST}:{port}: {why}.\n\n"


@pytest.mark.parametrize("pieces", [[KEY], list(KEY), ["sk-", KEY[3:]], [f"sk-re{KEY[:9]}", KEY[9:]]])
def test_a_key_goes_where_it_is_cut(pieces):
    answer = b"".join(kept_out((piece.encode() for piece in ("data: sk", *pieces, "sk-", "end")), KEY))
    assert answer.decode() == f"data: sk{''.join(pieces)}sk-end".replace(KEY, "*" * len(KEY))


def test_an_answer_is_not_held_up():
    assert list(kept_out([b"data: 1\n\n", b"data: 2\n\n"], KEY)) == [b"data: 1\n\n", b"data: 2\n\n", b""]


def test_without_a_box_the_model_is_asked_directly(tmp_path, monkeypatch):
    monkeypatch.setenv("MODEL_API_KEY", KEY)
    program = "import os, sys; print(sys.argv[1], os.environ['MODEL_API_KEY'], os.environ['MODEL_BASE_URL'])"
    argv, spec = (sys.executable, "-c", program, "{model}"), ModelSpec(HOST, "MODEL_API_KEY", path="/v1")
    processes = Processes()
    result = processes.untrusted(argv, cwd=tmp_path, timeout=60, grants=Grants(model=spec))
    processes.stop()
    assert result.out.split() == [f"https://{HOST}/v1", KEY, f"https://{HOST}/v1"]


def test_a_key_that_is_missing_is_named(processes, tmp_path, monkeypatch):
    monkeypatch.delenv("MODEL_API_KEY", raising=False)
    with pytest.raises(UsageError, match="MODEL_API_KEY is empty"):
        ran(processes, tmp_path, ASK, model=ModelSpec(HOST, "MODEL_API_KEY"))


def test_a_kernel_without_namespaces_is_named(tmp_path):
    opened = Processes()
    opened.confine(SandboxSpec("landlock"))
    failure = opened.sandbox.failure(None, "the sandbox: Operation not permitted", Grants(hosts=(HOST,)))
    opened.stop()
    assert "`network` and `model` need bubblewrap here" in failure


@pytest.mark.parametrize("place", [0, 1])
def test_a_host_that_is_hidden_is_named(place):
    name, hidden = b"\0\x12\0\0\x0f" + HOST.encode(), bytes(9)
    known = [b"\0\0" + len(name).to_bytes(2) + name]
    known.insert(place, b"\xfe\x0d" + len(hidden).to_bytes(2) + hidden)
    body = bytes(38) + b"\0" + b"\0\2\x13\1" + b"\1\0" + len(b"".join(known)).to_bytes(2) + b"".join(known)
    message = b"\1" + body[1:]
    opening = b"\x16\3\1" + len(message).to_bytes(2) + message
    assert server_name(io.BytesIO(opening)) == (opening, "a host that it hides (ECH)")


@pytest.mark.parametrize("asked", [HOST, "evil.example.com", "EVIL.example.com"])
@pytest.mark.parametrize("cut", [None, 300, 90, 40, 6, 3])
def test_the_name_in_tls_is_read(asked, cut):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=asked)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    opening, name = server_name(io.BytesIO(hello[:cut]))
    assert (opening, name) in {(hello, asked.lower()), (hello[:cut], None), (hello[:cut], asked.lower())}
    assert name == asked.lower() or cut is not None


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *(
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:10.0.0.1",
            "fd00::1",
            "fe80::1%eth0",
            "2002:a00:1::",
            "64:ff9b:1::a00:1",
            "64:ff9b::10.0.0.1",
            "::10.0.0.1",
        ),
    ],
)
def test_addresses_that_are_not_public(address):
    assert not outbound.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::1.1.1.1"])
def test_addresses_that_are_public(address):
    assert outbound.is_public(address)
