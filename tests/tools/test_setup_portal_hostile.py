"""A thousand hostile requests to the set-up page: no crash, no growth, no secret in any answer."""

import json
import random
import re
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.tools.test_setup_portal import (  # noqa: F401  - fixtures
    MAIN,
    NETWORKS,
    SLOW_S,
    flash,
    library,
)
from tools.simulate.virtual_board import VirtualBoard

REQUESTS = 1000
AT_ONCE = 12
SETTINGS = {
    "device": "meter-1",
    "token": "maker:S3cretT0ken",
    "api": "http://127.0.0.1:9",
    "wifi": [["home", "s3cret pass"]],
}
TYPED = "typ3d s3cret"
SECRETS = (b"S3cretT0ken", b"s3cret pass", b"typ3d", b"abcde23456")
# What is in use, once a second; a file is on the way of nothing else.
HEAP = """
import gc
from machine import Timer

def say(_):
    gc.collect()
    print("IN USE", gc.mem_alloc())

Timer(-1).init(period=1000, callback=say)
"""
FORM = b"ssid=home&other=&key=&device=evil&token=evil&api=http%3A%2F%2F10.0.0.9&mqtt=&do=check"


@pytest.fixture
def board(flash):  # noqa: F811
    (flash / "settings.json").write_text(json.dumps(SETTINGS))
    (flash / "held").write_text("")
    (flash / "main.py").write_text(HEAP + MAIN)
    with VirtualBoard(flash, like="pico-w") as running:
        running.networks(*NETWORKS)
        running.power_cut()
        running.wait_for("and open http://127.0.0.1/", SLOW_S)
        yield running


class Visitor:
    """Says things to the page that no browser says."""

    def __init__(self, board, seed):
        self.address = ("127.0.0.1", int(board.portal_address.rpartition(":")[2]))
        self.dns = ("127.0.0.1", board.portal_dns)
        self.own = board.portal_address.encode()
        self.random = random.Random(seed)

    def send(self, data, pause_s=0.0, cut=False):
        """Return the answer, as far as there is one."""
        try:
            with socket.create_connection(self.address, timeout=20) as s:
                for piece in data if isinstance(data, list) else [data]:
                    s.sendall(piece)
                    time.sleep(pause_s)
                if cut:
                    return b""
                s.shutdown(socket.SHUT_WR)
                answer = b""
                while piece := s.recv(4096):
                    answer += piece
                return answer
        except OSError:
            return b""

    def bytes(self, n):
        return bytes(self.random.getrandbits(8) for _ in range(n))

    def oversized_head(self):
        return self.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000)

    def many_fields(self):
        return self.send(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3000 + b"\r\n")

    def oversized_form(self):
        n = self.random.choice((4097, 9000, 70000, 10**8))
        head = b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" % (self.own, n)
        return self.send(head + b"ssid=" + b"x" * min(n, 90000))

    def cut_off(self):
        whole = b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 90\r\n\r\n%s" % (self.own, FORM)
        return self.send(whole[: self.random.randrange(len(whole) - 1)], cut=True)

    def slow(self):
        whole = b"GET / HTTP/1.1\r\nHost: " + self.own
        return self.send([whole[i : i + 9] for i in range(0, 36, 9)], pause_s=0.3, cut=True)

    def many_at_once(self):
        held = []
        try:
            for _ in range(6):
                held.append(socket.create_connection(self.address, timeout=20))
            held[0].sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            return held[0].recv(4096)
        except OSError:
            return b""
        finally:
            for s in held:
                s.close()

    def foreign(self):
        host, origin = self.random.choice(
            (
                (b"evil.example", None),
                (b"evil.example", b"http://evil.example"),
                (self.own, b"http://evil.example"),
                (self.own, b"null"),
                (self.own, b"https://" + self.own),
                (b"127.0.0.1.evil.example", None),
                (b"", None),
            )
        )
        more = b"Origin: %s\r\n" % origin if origin is not None else b""
        head = b"POST / HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n"
        answer = self.send(head % (host, more, len(FORM)) + FORM)
        assert answer[:12] in (b"HTTP/1.1 403", b""), answer
        return answer

    def damaged_form(self):
        body = self.random.choice((b"a=%", b"a=%zz", b"=" * 900, b"&" * 900, self.bytes(400)))
        head = b"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" % (self.own, len(body))
        return self.send(head + body)

    def wrong_length(self):
        more = self.random.choice(
            (
                b"Content-Length: -1",
                b"Content-Length: 1\r\nContent-Length: 2",
                b"Transfer-Encoding: chunked",
                b"Content-Length: 99999999999999999999",
            )
        )
        return self.send(b"POST / HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n5\r\n" % (self.own, more))

    def garbage(self):
        return self.send(self.bytes(self.random.randrange(3000)))

    def tls(self):
        return self.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + self.bytes(500))

    def other_methods(self):
        method = self.random.choice((b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"HEAD"))
        return self.send(method + b" / HTTP/1.1\r\nHost: " + self.own + b"\r\n\r\n")

    def other_paths(self):
        path = self.random.choice(
            (
                b"/settings.json",
                b"/../settings.json",
                b"//",
                b"/%00",
                b"http://x/",
                b"/setup_password",
            )
        )
        return self.send(b"GET " + path + b" HTTP/1.1\r\nHost: " + self.own + b"\r\n\r\n")

    def dns_garbage(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for n in (0, 5, 12, 17, 40, 511, 700):
                s.sendto(self.bytes(n), self.dns)
                s.sendto(struct.pack(">6H", 1, 256, 1, 0, 0, 0) + self.bytes(n), self.dns)
        return b""

    KINDS = (
        *(oversized_head, many_fields, oversized_form, cut_off, slow, foreign, many_at_once),
        *(damaged_form, wrong_length, garbage, tls, other_methods, other_paths, dns_garbage),
    )


SILENT = Visitor.KINDS.index(Visitor.many_at_once)


def served(board):
    """Return the page; asked for as often as a browser would."""
    visitor = Visitor(board, 0)
    for _ in range(20):
        page = visitor.send(b"GET / HTTP/1.1\r\nHost: " + visitor.own + b"\r\n\r\n")
        if page.endswith(b"</form>"):
            return page
        time.sleep(0.5)
    raise AssertionError("the page is not served any more")


def in_use(board):
    """Return the bytes in use when nothing is under way."""
    time.sleep(12)  # each connection has ended
    at = len(board.output)
    board.wait_for("IN USE", SLOW_S, at)
    board.wait_for("IN USE", SLOW_S, board.wait_for("IN USE", SLOW_S, at))
    return min(int(n) for n in re.findall(r"IN USE (\d+)\s", board.output[at:]))


def names_are_answered(board):
    question = struct.pack(">6H", 7, 256, 1, 0, 0, 0) + b"\5apple\3com\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.sendto(question, ("127.0.0.1", board.portal_dns))
        answer = s.recv(512)
    return answer[:2] == question[:2] and answer[-4:] == bytes((127, 0, 0, 1))


def test_a_thousand_hostile_requests(board, flash):  # noqa: F811
    served(board)
    before = in_use(board)
    starts = len(board.starts)

    def visit(n):
        visitor = Visitor(board, n)
        turn, kind = divmod(n, len(visitor.KINDS))
        if kind == SILENT and turn % 4:  # each of these keeps all others waiting for two seconds
            kind -= 1
        return visitor.KINDS[kind](visitor)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(visit, range(REQUESTS)))
    assert len([answer for answer in answers if answer]) > REQUESTS // 4
    page = served(board)
    assert names_are_answered(board)
    after = in_use(board)
    print(f"in use: {before} bytes before, {after} after")
    assert after < before + 2048
    for secret in SECRETS:
        assert not [answer for answer in (*answers, page) if secret in answer]
    assert json.loads((flash / "settings.json").read_text()) == SETTINGS
    assert len(board.starts) == starts and "Traceback" not in board.output


def test_what_is_typed_is_in_no_answer_and_probes_lead_to_the_page(board):
    visitor = Visitor(board, 1)
    typed = TYPED.encode()
    form = b"ssid=home&key=%s&device=&token=%s&do=check" % (typed.replace(b" ", b"+"), typed[:5])
    head = b"POST / HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nContent-Length: %d\r\n\r\n"
    sent = visitor.send(head % (visitor.own, visitor.own, len(form)) + form)
    assert sent.startswith(b"HTTP/1.1 303") and b"\r\nLocation: /\r\n" in sent
    page = served(board)
    assert b"Kept" in page and not [secret for secret in SECRETS if secret in page]
    for path in (
        *("/generate_204", "/gen_204", "/hotspot-detect.html", "/library/test/success.html"),
        *("/connecttest.txt", "/ncsi.txt", "/redirect", "/canonical.html", "/success.txt"),
    ):
        asked = f"GET {path} HTTP/1.1\r\nHost: captive.example\r\n\r\n".encode()
        answer = visitor.send(asked)
        assert answer.startswith(b"HTTP/1.1 302"), path
        assert b"\r\nLocation: http://127.0.0.1/\r\n" in answer
