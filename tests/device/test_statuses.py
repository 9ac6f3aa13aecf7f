"""States over REST (`mqtt=False`) and statuses over real sockets, as front servers give them."""

import json

import pytest

from tests.support.scripted_server import ScriptedServer, http_head

LIST = b'[{"name":"temp","is":"sensor","profile":{"type":"number"}}]'
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\nContent-Length: 7\r\n\r\n"

PROGRAM = """
from allthingstalk import Client, Device, NumberAsset

class Weather(Device):
    temp = NumberAsset()

client = Client("maker:abc", api=HTTP, mqtt=False, timeout=2)
print("connected", Weather(client=client, id="dev1", connect=False).connect())
weather = next(iter(client.devices))
for value in (1, 2, 3):
    weather.temp = value
client.flush(SECONDS)
print("end", client.status, client.pending, client.dropped)
client.devices.clear()  # it would flush for a second
client.close()
"""


class Front(ScriptedServer):
    """Answers GETs, and the first PUT with `first`; `taken` is the values it took after that."""

    def __init__(self, first, before=()):
        super().__init__(self._answer)
        self._first, self._before = first, before
        self.taken = []

    def _answer(self, connection):
        connection.read_request()
        connection.send(*self._before)
        if not connection.received.startswith(b"P"):
            head = http_head(200, f"Content-Length: {len(LIST)}")
            return connection.send(head + b"\r\n" + LIST)
        if self._first:
            status, self._first = self._first, None
            connection.send(http_head(status, "Content-Length: 2") + b"\r\nno")
        else:
            self.taken.append(json.loads(connection.received.partition(b"\r\n\r\n")[2])["value"])
            connection.send(http_head(200, "Content-Length: 0") + b"\r\n")


@pytest.mark.parametrize("status", [408, 421, 425, 429, 511])
def test_what_passes_makes_a_value_wait(interpreter, status):
    with Front(status) as server:
        program = interpreter.run(PROGRAM, {"HTTP": server.http, "SECONDS": 6})
    assert program.all("end") == ["online 0 0"]
    assert server.taken == [1, 2, 3]


@pytest.mark.parametrize("status", [302, 403, 407, 431])
def test_what_is_not_about_the_value_drops_none(interpreter, status):
    with Front(status) as server:
        program = interpreter.run(PROGRAM, {"HTTP": server.http, "SECONDS": 1})
    assert program.all("end") == ["refused 3 0"]


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_is_about_the_value_drops_that_one(interpreter, status):
    with Front(status) as server:
        program = interpreter.run(PROGRAM, {"HTTP": server.http, "SECONDS": 2})
    assert program.all("end") == ["online 0 1"]
    assert server.taken == [2, 3]


@pytest.mark.parametrize(
    "before",
    [
        (HINTS,),
        (b"HTTP/1.1 100 Continue\r\n\r\n", HINTS, b"HTTP/1.1 102 X\r\n\r\n"),
        [step for n in range(0, len(HINTS), 5) for step in (HINTS[n : n + 5], 0.005)],
    ],
)
def test_interim_answers_are_skipped_in_pieces_of_any_size(interpreter, before):
    with Front(None, before) as server:
        program = interpreter.run(PROGRAM, {"HTTP": server.http, "SECONDS": 6})
    assert program.all("connected") == ["True"]
    assert program.all("end") == ["online 0 0"]
    assert server.taken == [1, 2, 3]
