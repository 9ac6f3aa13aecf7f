"""The test bed: platform, brokers, links with delay and TLS, and the peers' running programs."""

import base64
import contextlib
import dataclasses
import json
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

from tools.build import board_folder
from tools.measure.bench_faults.brokers import MOSQUITTO, Mosquitto
from tools.measure.bench_faults.errors import NotRun, Trouble
from tools.measure.bench_faults.process import Program
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.local_platform.server import CreatedDevice

from .peers import Peer
from .tap import Tap, Traffic

ANSWER_S = 20
START_S = 15
LEAVE_S = 2
ASSETS = (("count", "sensor"), ("done", "sensor"), ("led", "actuator"))


@dataclasses.dataclass(frozen=True)
class Link:
    """What lies between a client and the servers.

    Args:
        delay_ms: how long a round trip takes at the least.
        tls: whether all is inside TLS.
    """

    delay_ms: int = 0
    tls: bool = False

    def __str__(self):
        return f"{'TLS' if self.tls else 'plain'}, {self.delay_ms} ms"


@dataclasses.dataclass(frozen=True)
class Way:
    """The ports to which a client connects, whether they speak TLS, and the taps there."""

    mqtt_port: int
    http_port: int
    tls: bool
    taps: list[Tap]

    def traffic(self) -> Traffic:
        """Return what has gone through the taps by now."""
        return sum((tap.traffic() for tap in self.taps), Traffic())


class Running(Program):
    """A peer's program that answers calls; see programs/driver.py."""

    def ask(self, do: str, **arguments) -> dict:
        """Have it do something; return its answer.

        Raises:
            NotRun: it ended, or gave no answer in time.
        """
        seen = len(self.lines)
        self.say(json.dumps({"do": do, **arguments}))
        return self.answer(seen)

    def answer(self, seen: int, timeout_s: float = ANSWER_S) -> dict:
        """Return the first answer behind so many lines."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            for _, line in self.lines[seen:]:
                if line.startswith("{"):
                    return json.loads(line)
                seen += 1
            if self.ended is not None and len(self.lines) == seen:
                raise NotRun(f"its program ended: {self.ended}")
            time.sleep(0.0005)
        raise NotRun(f"it gave no answer within {timeout_s} s")


class Bed:
    """All that measurements share; a context manager that ends what it started.

    Args:
        interpreter: the command line of the MicroPython on which the clients run.
    """

    def __init__(self, interpreter: list[str]):
        self.interpreter = interpreter
        self.certificates = Certificates()
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.platform = stack.enter_context(LocalPlatform())
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench_")))
            self.library = board_folder.build(self.folder / "board") / "lib"
            self.ports = {"local platform": self.platform.mqtt_port}
            if MOSQUITTO:
                broker = Mosquitto(self.folder)
                stack.callback(broker.close)
                broker.start()
                self.ports = {"mosquitto": broker.port, **self.ports}
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    @property
    def broker(self) -> str:
        """The broker for what is measured against one only: mosquitto where it is installed."""
        return next(iter(self.ports))

    def device(self, assets: bool = True) -> CreatedDevice:
        """Return a new device, with the assets that the programs use or with none."""
        device = self.platform.create_device("Bench")
        for name, kind in ASSETS if assets else ():
            self.platform.create_asset(device.id, name, kind, "integer")
        return device

    @contextlib.contextmanager
    def way(self, broker: str, link: Link | None = None, tapped: bool = False):
        """Make what lies in front of a broker and REST; a Way is yielded.

        Args:
            broker: one of `ports`.
            link: its delay and TLS are made by proxies; None for the servers themselves.
            tapped: whether traffic is counted.
        """
        with contextlib.ExitStack() as stack:
            ports = [self.ports[broker], self.platform.http_port]
            if link:
                ports = [self._proxy(stack, port, link) for port in ports]
            taps = [stack.enter_context(Tap(port)) for port in ports] if tapped else []
            yield Way(*[tap.port for tap in taps] or ports, bool(link and link.tls), taps)

    @contextlib.contextmanager
    def running(
        self,
        peer: Peer,
        way: Way,
        device: CreatedDevice,
        qos: int = 1,
        digest: str | None = None,
    ):
        """Start a peer's program, and end it; a Running is yielded.

        Raises:
            NotRun: it cannot be had, or does not start.
        """
        settings = self._settings(peer, way, device, qos, digest)
        program = Running(*peer.start(self.interpreter, self.library), settings)
        try:
            program.answer(0, START_S)
            yield program
            with contextlib.suppress(NotRun):
                seen = len(program.lines)
                program.say('{"do": "end"}')
                program.answer(seen, LEAVE_S)
        finally:
            program.close()

    def _proxy(self, stack, port, link):
        if link.tls:
            front = FaultProxy(port, tls="good", certificates=self.certificates)
            port = stack.enter_context(front).port
        if link.delay_ms:  # outside TLS, so that its handshake is delayed as well
            proxy = stack.enter_context(FaultProxy(port))
            proxy.delay(link.delay_ms // 2)
            port = proxy.port
        return port

    def _settings(self, peer, way, device, qos, digest):
        mqtt_port, http_port, tls = way.mqtt_port, way.http_port, way.tls
        root = ssl.PEM_cert_to_DER_cert(self.certificates.ca_pem.decode()) if tls else b""
        return {
            "peer": peer.program,
            "name": peer.name,
            "host": "127.0.0.1",
            "port": mqtt_port,
            "mqtt": f"mqtts://localhost:{mqtt_port}" if tls else f"mqtt://127.0.0.1:{mqtt_port}",
            "http": f"https://localhost:{http_port}" if tls else f"http://127.0.0.1:{http_port}",
            "ca": base64.b64encode(root).decode() or None,
            "device": device.id,
            "token": device.token,
            "qos": qos,
            "digest": digest,
            **peer.told,
        }

    def versions(self) -> dict[str, str]:
        """Return what ran: the interpreter and the brokers."""
        asked = "import sys; print(sys.version.split('; ')[-1])"
        command = [*self.interpreter, "-c", asked]
        try:
            done = subprocess.run(
                command, capture_output=True, encoding="utf-8", errors="replace", timeout=20
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Trouble(f"the interpreter does not run: {error}") from None
        found = {"interpreter": done.stdout.strip()}
        found["mosquitto"] = Mosquitto.version() if MOSQUITTO else "not installed: left out"
        return found
