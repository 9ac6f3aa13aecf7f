"""flush() at QoS 0 on a link that takes nothing more: what it says has gone out has gone out."""

import signal
import socket
import threading

import pytest

from tools.simulate.local_platform import LocalPlatform

LIMIT_S = 20
VALUE_BYTES = 8000

# The first value that does not go out at once ends the program; the one before it went out in part.
DEVICE = """
from allthingstalk import Client, Device, Outbox, StringAsset

class Board(Device):
    text = StringAsset()

client = Client(TOKEN, http=HTTP, mqtt=MQTT, qos=0, outbox=Outbox(size=60000))
board = Board(client=client, id=DEVICE_ID)
number = 0
while True:
    board.text = "x" * VALUE_BYTES + "end%06d" % number
    if not client.flush(0):
        break
    number += 1
print("flushed", number - 1)
client.wait(30)
"""


class SilentBroker:
    """Lets one client in, then reads nothing until `rest`."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._admit, daemon=True).start()

    def _admit(self):
        self._client, _ = self._listening.accept()
        self._client.settimeout(LIMIT_S)
        self._client.recv(4096)
        self._client.sendall(b"\x20\x02\x00\x00")

    def rest(self):
        """Return all that the client has said; it has to have ended."""
        pieces = []
        while piece := self._client.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)

    def close(self):
        self._client.close()
        self._listening.close()


@pytest.fixture
def broker():
    silent = SilentBroker()
    yield silent
    silent.close()


@pytest.mark.parametrize("interpreter", ["mp64"], indirect=True)
def test_a_value_that_flush_says_is_out_is_out(interpreter, broker):
    with LocalPlatform() as platform:
        device = platform.create_device()
        values = {
            "TOKEN": device.token,
            "DEVICE_ID": device.id,
            "HTTP": platform.http,
            "MQTT": f"mqtt://127.0.0.1:{broker.port}",
            "VALUE_BYTES": VALUE_BYTES,
        }
        program = interpreter.start(DEVICE, values)
        flushed = int(program.wait_for("flushed"))
        program.kill(signal.SIGKILL)  # a board that goes to sleep, its values being out
        assert b"end%06d" % flushed in broker.rest()
