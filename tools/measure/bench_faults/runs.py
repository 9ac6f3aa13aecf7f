"""One run: one client in one scenario, with a broker, a proxy and a listener of its own."""

import contextlib
import os
import tempfile
import time
from pathlib import Path

from tools.simulate.fault_proxy import FaultProxy
from tools.simulate.local_platform import LocalPlatform

from .brokers import Listener, Mosquitto, OwnBroker, wait_for
from .clients import HERE, Client
from .counting import Outcome, count
from .errors import NotRun
from .process import Program
from .scenarios import Scenario

PAUSE_MS = 20
READY_S = 10
LIMIT_S = 30
SETTLE_S = 1
HEAR_S = 5
ASSETS = (("counter", "sensor", "integer"), ("led", "actuator", "boolean"))


class Bench:
    """All that the runs share: the interpreter, the platform, which broker.

    Args:
        interpreter: the command line of a MicroPython.
        platform: a running local platform; REST is its, whichever broker is used.
        mosquitto: whether each run has a mosquitto of its own, instead of the platform's broker.
    """

    def __init__(self, interpreter: list[str], platform: LocalPlatform, mosquitto: bool):
        self._interpreter = interpreter
        self._platform = platform
        self._mosquitto = mosquitto

    def run(self, client: Client, scenario: Scenario) -> Outcome:
        """Run a client through a scenario; NotRun: it cannot, Trouble: nothing can."""
        if client.thingsboard and not self._mosquitto:
            raise NotRun("the platform's broker refuses ThingsBoard's topics")
        device = self._device()
        with contextlib.ExitStack() as stack:
            broker = self._broker(stack)
            proxy = stack.enter_context(FaultProxy(broker.port))
            proxy.delay(scenario.late_ms, "client")
            topics = [f"device/{device.id}/asset/counter/state"]
            if client.thingsboard:
                topics = ["v1/devices/me/telemetry"]
            listener = Listener(broker, topics)
            stack.callback(listener.close)
            settings = {
                "host": "127.0.0.1",
                "port": proxy.port,
                "http": self._platform.http,
                "device": device.id,
                "token": device.token,
                "count": scenario.count,
                "pause_ms": PAUSE_MS,
                "keepalive_s": scenario.keepalive_s,
            }
            program = Program(
                [*self._interpreter, str(HERE / "programs" / f"{client.program}.py")],
                {**os.environ, "MICROPYPATH": client.path()},
                settings,
            )
            stack.callback(program.close)
            if not wait_for(lambda: program.ended or program.has_said("ready"), READY_S):
                raise NotRun(f"its session was not up within {READY_S} s")
            if not program.has_said("ready"):
                raise NotRun(program.ended)
            broker.save()
            program.say("go")
            return self._watch(client, scenario, device, broker, proxy, listener, program)

    def _watch(self, client, scenario, device, broker, proxy, listener, program):
        began_s = time.monotonic()
        fault_end_s = None
        if scenario.fault:
            wait_for(lambda: program.ended or program.has_said(f"call {scenario.at} "), LIMIT_S)
            if not program.ended:
                scenario.fault(proxy, broker, scenario.seconds)
                fault_end_s = time.monotonic()
        left_s = began_s + LIMIT_S - time.monotonic()
        wait_for(lambda: program.ended or program.has_said("done"), left_s)
        end_s = time.monotonic()
        wanted = set(range(scenario.count))
        wait_for(lambda: wanted <= {number for _, number in listener.deliveries}, SETTLE_S)
        if self._mosquitto:
            listener.send(*client.command(device.id))
        else:
            self._platform.send_command(device.id, "led", True)
        wait_for(lambda: program.ended or program.has_said("heard"), HEAR_S)
        return count(
            scenario.count,
            list(program.lines),
            list(listener.deliveries),
            fault_end_s,
            end_s,
            PAUSE_MS,
            program.ended,
        )

    def _broker(self, stack):
        if not self._mosquitto:
            return OwnBroker(self._platform)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench_faults_"))
        broker = Mosquitto(Path(folder))
        stack.callback(broker.close)
        broker.start()
        return broker

    def _device(self):
        """Return a new device with the assets that the programs use."""
        device = self._platform.create_device("Bench")
        for name, kind, profile in ASSETS:
            self._platform.create_asset(device.id, name, kind, profile)
        return device
