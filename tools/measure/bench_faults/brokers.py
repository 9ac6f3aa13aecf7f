"""The brokers that the clients meet, mosquitto or the local platform's, and the listener."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho

from tools.simulate.local_platform import LocalPlatform

from .clients import number_of
from .errors import Trouble

LIMIT_S = 10
# Debian puts it where only administrators have their path.
MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
RECONNECT_S = 0.02


def wait_for(predicate: Callable[[], object], timeout_s: float = LIMIT_S) -> object:
    """Call predicate until it returns something true or the time is up; return its result."""
    end = time.monotonic() + timeout_s
    while not (result := predicate()) and time.monotonic() < end:
        time.sleep(0.01)
    return result


class Mosquitto:
    """mosquitto on a free port; killed and started again it has the sessions that were saved.

    Args:
        folder: where it keeps its configuration and sessions.
    """

    def __init__(self, folder: Path):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.login = None
        self._kept = folder / "mosquitto.db"
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\n"
            "allow_anonymous true\n"
            "user root\n"  # only read where root runs it: it would change to a user of its own
            # Everything goes to the listener at once, so that a kill takes nothing with it.
            "max_inflight_messages 0\n"
            "max_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\n",
            encoding="utf-8",
        )
        self._process = None

    @staticmethod
    def version() -> str:
        """Return its name and version."""
        said = subprocess.run(
            [MOSQUITTO, "-h"], capture_output=True, encoding="utf-8", errors="replace"
        ).stdout
        return said.split("\n")[0].replace(" version", "")

    def start(self) -> None:
        """Start it, and wait until it takes connections. Raises Trouble."""
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if not wait_for(lambda: self._process.poll() is not None or self._answers()):
            raise Trouble(f"mosquitto did not answer on its port in {LIMIT_S} s")
        if self._process.poll() is not None:
            raise Trouble("mosquitto ended at once: start it by hand to see why, or --broker own")

    def _answers(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def save(self) -> None:
        """Have it write its sessions to disk, so that they outlive a kill. Raises Trouble."""
        self._process.send_signal(signal.SIGUSR1)
        if not wait_for(lambda: self._kept.exists() and self._kept.stat().st_size):
            raise Trouble("mosquitto did not save its sessions")

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it."""
        if self._process:
            self.kill()


class OwnBroker:
    """The local platform's broker, for where mosquitto is not installed.

    It stays up: what an outage looks like to the clients is made by the proxy in front of it.
    """

    def __init__(self, platform: LocalPlatform):
        self.port = platform.mqtt_port
        self.login = platform.ground_token

    @staticmethod
    def version() -> str:
        """Return its name."""
        return "the local platform's broker, whose outages the proxy makes"

    def start(self) -> None:
        """It runs."""

    def save(self) -> None:
        """It forgets no session, because it goes on running."""

    def kill(self) -> None:
        """It goes on running; see above."""

    def close(self) -> None:
        """It ends with the platform."""


class Listener:
    """Counts, in a paho client whose session lasts, what gets through to a broker.

    Args:
        broker: the broker.
        topics: what to listen to.
    """

    def __init__(self, broker: Mosquitto | OwnBroker, topics: list[str]):
        self.deliveries: list[tuple[float, int]] = []
        self._subscribed = False
        self._topics = topics
        self._paho = paho.Client(paho.CallbackAPIVersion.VERSION2, "listener", clean_session=False)
        if broker.login:
            self._paho.username_pw_set(broker.login, "-")
        self._paho.on_connect = self._on_connect
        self._paho.on_subscribe = self._on_subscribe
        self._paho.on_message = self._on_message
        # At once: how fast the listener is back must not count as the client's time.
        self._paho.reconnect_delay_set(RECONNECT_S, RECONNECT_S)
        self._paho.connect("127.0.0.1", broker.port)
        self._paho.loop_start()
        if not wait_for(lambda: self._subscribed):
            self.close()
            raise Trouble("the listener could not subscribe to the broker")

    def _on_connect(self, *_):
        self._paho.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(self, _client, _data, _number, codes, _properties):
        self._subscribed = not any(code.is_failure for code in codes)

    def _on_message(self, _client, _data, message):
        self.deliveries.append((time.monotonic(), number_of(message.payload)))

    def send(self, topic: str, payload: str) -> None:
        """Publish at QoS 1: a command."""
        self._paho.publish(topic, payload, 1)

    def close(self) -> None:
        """Leave."""
        self._paho.disconnect()
        self._paho.loop_stop()
