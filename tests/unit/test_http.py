"""Answers of HTTP as servers and networks give them: in drops, cut, too large, interim."""

import unittest

from allthingstalk import (
    AccessForbiddenException,
    NotFoundException,
    PlatformException,
    PlatformUnavailableException,
)
from contract import ContractTest
from fake_net import FakeSocket
from own_client import raised

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"value":5}'


class Server:
    """Answers each request with the same bytes."""

    def __init__(self, answer, ended=True):
        self.answer = answer
        self.ended = ended

    def received(self, sock, data):
        sock.inbound.extend(self.answer)
        sock.ended = self.ended


class Dripping(FakeSocket):
    """Bytes come one at a time, each so many milliseconds after the last."""

    each_ms = 300

    def __init__(self, net, server):
        super().__init__(net, server)
        self._net = net
        self._next_ms = 0

    def readinto(self, buf):
        if self._net.now_ms < self._next_ms:
            return None
        self._next_ms = self._net.now_ms + self.each_ms
        return super().readinto(memoryview(buf)[:1])


class AnswerTest(ContractTest):
    def answer(self, data, ended=True, socket=FakeSocket, timeout=10):
        """Return the state in an answer, or raise what it leads to."""
        self.client = self.make(timeout=timeout)
        self.sockets = []

        def dial(endpoint, timeout_s, ca=None):
            self.sockets.append(socket(self.net, Server(data, ended)))
            return self.sockets[-1]

        self.net.dial = dial
        try:
            return self.client.get_asset_state("D", "temp")
        finally:
            self.assertTrue(self.sockets[0].closed)

    def passes(self, *args, **kwargs):
        return raised(PlatformUnavailableException, self.answer, *args, **kwargs)


class TestTime(AnswerTest):
    def test_an_answer_in_drops_is_bounded_as_well(self):
        began_ms = self.net.now_ms
        self.passes(OK, socket=Dripping, timeout=1)
        self.assertTrue(1000 <= self.net.now_ms - began_ms <= 2000, self.net.now_ms - began_ms)

    def test_a_body_in_drops_is_bounded_as_well(self):
        data = b"HTTP/1.1 200 OK\r\n\r\n"
        Dripping.each_ms = 20  # the head takes half a second
        try:
            began_ms = self.net.now_ms
            self.passes(data + b" " * 4000, socket=Dripping, timeout=1)
            self.assertTrue(1000 <= self.net.now_ms - began_ms <= 2000, self.net.now_ms - began_ms)
        finally:
            Dripping.each_ms = 300

    def test_one_that_never_comes_is_waited_for_no_longer_than_the_timeout(self):
        began_ms = self.net.now_ms
        self.assertEqual(self.passes(b"", ended=False, timeout=3).errno, 110)
        self.assertTrue(3000 <= self.net.now_ms - began_ms <= 3100, self.net.now_ms - began_ms)

    def test_one_in_drops_that_comes_in_time_is_read(self):
        Dripping.each_ms = 5
        try:
            self.assertEqual(self.answer(OK, socket=Dripping, timeout=1).value, 5)
        finally:
            Dripping.each_ms = 300


class TestInterim(AnswerTest):
    def test_interim_answers_are_passed_over(self):
        for before in (
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 99\r\n\r\n",
            b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\nA: b\r\n\r\n",
        ):
            self.assertEqual(self.answer(before + OK).value, 5)

    def test_the_status_after_an_interim_answer_counts(self):
        data = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
        self.assertEqual(raised(Exception, self.answer, data).status, 503)

    def test_interim_answers_that_do_not_end(self):
        self.passes(b"HTTP/1.1 100 Continue\r\n\r\n" * 200)

    def test_an_interim_answer_alone_is_cut_off(self):
        self.passes(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.passes(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x81\x05hello")

    def test_those_that_do_not_end_are_bounded_in_time(self):
        for data in (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 X\r\nLink: </x>\r\n"):
            for each_ms in (1, 300):
                Dripping.each_ms = each_ms
                try:
                    began_ms = self.net.now_ms
                    self.passes(data * 5000, socket=Dripping, timeout=1)
                    took_ms = self.net.now_ms - began_ms
                    self.assertTrue(took_ms <= 10000, took_ms)
                finally:
                    Dripping.each_ms = 300

    def test_their_headers_say_nothing_of_the_final_answer(self):
        for lines in (
            b"Content-Length: 3\r\n",
            b"Content-Length: x\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: gzip\r\n",
            b"Location: http://elsewhere/\r\n",
            b"Content-Type: text/html\r\n",
        ):
            for status in (b"100", b"102", b"103", b"199"):
                before = b"HTTP/1.1 " + status + b" X\r\n" + lines + b"\r\n"
                self.assertEqual(self.answer(before + OK).value, 5)
        before = b"HTTP/1.1 103 X\r\nRetry-After: 99\r\n\r\n"
        e = raised(Exception, self.answer, before + b"HTTP/1.1 503 X\r\n\r\n")
        self.assertEqual((e.status, e.retry_after_s), (503, None))

    def test_they_may_come_byte_by_byte(self):
        Dripping.each_ms = 2
        try:
            before = b"HTTP/1.1 103 X\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
            self.assertEqual(self.answer(before + OK, socket=Dripping, timeout=2).value, 5)
        finally:
            Dripping.each_ms = 300

    def test_long_heads_before_a_long_head(self):
        hints = b"HTTP/1.1 103 X\r\n" + b"Link: </x>\r\n" * 25 + b"\r\n"
        data = hints * 2 + OK.replace(b"\r\n", b"\r\n" + b"X: y\r\n" * 30, 1)
        self.assertEqual(self.answer(data).value, 5)

    def test_lines_of_any_length_and_any_number_of_them_are_passed_over(self):
        for lines in (
            b"Content-Security-Policy: " + b"x" * 9000 + b"\r\n",
            b"Set-Cookie: " + b"y" * 1023 + b"\r\n",
            b"X: y\r\n" * 200,
        ):
            self.assertEqual(self.answer(OK.replace(b"\r\n", b"\r\n" + lines, 1)).value, 5)


class TestBodies(AnswerTest):
    def test_every_way_to_say_where_it_ends(self):
        for data in (
            OK,
            OK + b"rubbish behind it",
            b'HTTP/1.0 200\r\n\r\n{"value":5}',
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'3;x=y\r\n{"v\r\n8\r\nalue":5}\r\n0\r\nTrailer: x\r\n\r\n',
        ):
            self.assertEqual(self.answer(data).value, 5)

    def test_what_is_cut_off_or_no_http_passes(self):
        for data in (
            b"",
            OK[:-1],
            OK[:20],
            b"\x15\x03\x01\x00\x02\x02\x16",
            b"SSH-2.0-OpenSSH\r\n",
            b"HTTP/1.1 OK\r\n\r\n",
            b"HTTP/1.1 099 X\r\n\r\n" + OK,
            b"HTTP/1.1 20 X\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 2000 X\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 000 X\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n5",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n5",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n5\r\n",
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"v',
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40000 + b"\r\n\r\n5",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 6000 + b"\r\n5",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 40000,
            b"HTTP/1.1 200 OK\r\n\r\n" + b"[" + b"1," * 4000 + b"1]",
            b"HTTP/1.1 200 OK\r\n\r\n<html>",
        ):
            self.passes(data)

    def test_statuses_without_a_body_have_none_whatever_the_head_says(self):
        for status in (b"204", b"205", b"304"):
            for lines in (b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"):
                data = b"HTTP/1.1 " + status + b" X\r\n" + lines + b"\r\n"
                began_ms = self.net.now_ms
                if status == b"304":
                    e = raised(Exception, self.answer, data, ended=False)
                    self.assertEqual(e.status, 304)
                else:
                    self.assertIsNone(self.answer(data, ended=False))
                self.assertTrue(self.net.now_ms - began_ms < 100)

    def test_every_2xx_is_an_answer(self):
        for status in (b"200", b"201", b"202", b"203", b"206", b"207", b"226", b"299"):
            self.assertEqual(self.answer(OK.replace(b"200", status)).value, 5)


class TestStatuses(ContractTest):
    def of(self, status):
        self.rest.status = status
        return raised(Exception, self.client.get_assets, "D")

    def test_each_has_its_class(self):
        for cls, statuses in (
            (AccessForbiddenException, (401, 403)),
            (NotFoundException, (404,)),
            (PlatformException, (400, 402, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415)),
            (PlatformException, (416, 417, 418, 422, 423, 424, 426, 428, 431, 451, 499)),
            (PlatformException, (300, 301, 302, 303, 304, 305, 307, 308, 399)),
            (PlatformUnavailableException, (408, 421, 425, 429, 500, 501, 502, 503, 504, 505)),
            (PlatformUnavailableException, (511, 599)),
        ):
            for status in statuses:
                e = self.of(status)
                self.assertIs(type(e), cls, status)
                self.assertEqual(e.status, status)

    def test_a_device_waits_for_those_that_pass(self):
        for status in (408, 421, 425, 429, 503):
            self.client = self.make()
            self.rest.status = status
            device = self.board(connect=False)
            self.assertFalse(device.connect())
            device.temp = status
            self.rest.status = None
            self.run_for(10)
            self.assertEqual((self.client.status, self.client.pending), ("online", 0))
            self.client.close()
        self.assertEqual(self.values(), [408, 421, 425, 429, 503])


if __name__ == "__main__":
    unittest.main()
