"""Fetching the engines: from the index that pip is set to, over TLS as pip trusts it, in a line."""

import hashlib
import http.server
import io
import os
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest
import trustme

ROOT = Path(__file__).resolve().parents[2]
FETCH = """
import sys
from pathlib import Path
from tools.build import engines
engines.ENGINES = Path(sys.argv[1])
engines.fetch([("demo", "1.0")])
"""
TIME_LIMIT_S = 60


class Index:
    """A package index over TLS with one package, `demo`."""

    status = 200
    damaged = False

    def __init__(self, folder):
        authority = trustme.CA()
        self.root = folder / "root.pem"
        authority.cert_pem.write_to_path(self.root)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            member = tarfile.TarInfo("demo-1.0/demo.py")
            member.size = len(b"x = 1\n")
            tar.addfile(member, io.BytesIO(b"x = 1\n"))
        data = archive.getvalue()
        digest = hashlib.sha256(data).hexdigest()
        page = f'<a href="demo-1.0.tar.gz#sha256={digest}">demo-1.0.tar.gz</a>'.encode()
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                found = {"/simple/demo/": page, "/simple/demo/demo-1.0.tar.gz": data}
                body = found.get(self.path, b"")
                if index.damaged and self.path.endswith("gz"):
                    body = body[:-1] + b"?"
                self.send_response(index.status if body else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}/simple"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def index(tmp_path):
    made = Index(tmp_path)
    yield made
    made.close()


def fetch(tmp_path, config=os.devnull, **variables):
    """Fetch `demo` with these settings of pip alone; return (exit status, what was printed)."""
    own = ("PIP_", "REQUESTS_", "CURL_", "HTTP", "http")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(own)}
    environment |= {"PIP_CONFIG_FILE": str(config), "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, str(tmp_path / "engines")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT_S,
        env=environment,
    )
    return done.returncode, done.stdout


def fetched(tmp_path):
    return [path.name for path in (tmp_path / "engines").rglob("*") if path.is_file()]


def test_index_and_certificate_are_those_of_pips_environment(tmp_path, index):
    status, said = fetch(tmp_path, PIP_INDEX_URL=index.url, PIP_CERT=str(index.root))
    assert (status, said) == (0, "") and fetched(tmp_path) == ["demo.py"]


def test_index_and_certificate_are_those_of_pips_file(tmp_path, index):
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nindex-url = {index.url}\ncert = {index.root}\n")
    status, said = fetch(tmp_path, config)
    assert (status, said) == (0, "") and fetched(tmp_path) == ["demo.py"]


def test_a_further_index_of_pips_is_asked_as_well(tmp_path, index):
    first = index.url.replace("/simple", "/nothing")
    status, said = fetch(
        tmp_path, PIP_INDEX_URL=first, PIP_EXTRA_INDEX_URL=index.url, PIP_CERT=str(index.root)
    )
    assert (status, said) == (0, "") and fetched(tmp_path) == ["demo.py"]


def test_an_index_that_cannot_be_used_is_one_line(tmp_path, index):
    def line(words, **variables):
        status, said = fetch(tmp_path, **variables)
        assert status == 1 and words in said and said.count("\n") == 1, said
        assert said.startswith("engines: demo-1.0.tar.gz is not here yet") and "pip config" in said
        assert "secret" not in said and fetched(tmp_path) == []

    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    line("cannot be reached", PIP_INDEX_URL=f"http://user:secret@127.0.0.1:{port}/simple")
    line("not trusted", PIP_INDEX_URL=index.url)
    trusted = {"PIP_INDEX_URL": index.url, "PIP_CERT": str(index.root)}
    index.damaged = True
    line("damaged", **trusted)
    index.status = 503
    line("answers 503", **trusted)
    index.status = 404
    line("has no demo-1.0.tar.gz", **trusted)
