"""Runs the measuring programs against a platform of their own, on one interpreter."""

import contextlib
import json
import os
import subprocess
import threading

from tools.measure.sizes.build import Failed, run
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform

ROOMY_BYTES = 1 << 20
RUN_TIMEOUT_S = 60
# The modules of `programs` that do the job.
OURS, BY_HAND = "thermostat", "by_hand"


class Programs:
    """Runs them in a heap of any size; a context manager that holds the platform."""

    def __init__(self, command, built):
        self._command = command
        self._built = built
        self.failed = {}  # group of figures -> why there are none
        self._platform = LocalPlatform()
        self._wide = self._asked("sys.maxsize > 0x7fffffff") == "True"
        block_bytes = 32 if self._wide else 16
        self._image_bytes = -(-built.image.stat().st_size // block_bytes) * block_bytes

    def __enter__(self):
        self._platform.__enter__()
        return self

    def __exit__(self, *_):
        self._platform.close()

    def version(self):
        return self._asked("sys.version.split('; ')[-1]")

    def _asked(self, expression):
        command = [*self._command, "-c", f"import sys; print({expression})"]
        return run(command, timeout=RUN_TIMEOUT_S).strip()

    # -- jobs --------------------------------------------------------------------------------

    def job_runs(self, heap_bytes, form="mpy", maker=OURS, **way):
        """Return whether the whole job runs in a heap of so many bytes."""
        device = self._platform.create_device()
        try:
            out = self._run("job", form, [], heap_bytes, device, maker=maker, **way)
        except (Failed, subprocess.TimeoutExpired):
            return False
        arrived = [state["value"] for state in self._platform.states(device.id, "people")]
        return "done" in out and arrived == list(range(100))

    def outages_survived(self, heap_bytes):
        """Return whether the job runs, and no value is lost, with three lost links in it."""
        device = self._platform.create_device()
        with self.link() as way:
            try:
                out = self._run("outages", "mpy", [], heap_bytes, device, **way)
            except (Failed, subprocess.TimeoutExpired):
                return False
        arrived = {state["value"] for state in self._platform.states(device.id, "people")}
        return arrived == set(range(int(out.split()[-1])))

    # -- running a program --------------------------------------------------------------------

    def _measured(
        self, name, form, arguments=(), heap_bytes=ROOMY_BYTES, device=None, maker=None, **way
    ):
        """Run a program of the device and return the JSON in its last line."""
        device = device or self._platform.create_device()
        out = self._run(name, form, arguments, heap_bytes, device, maker=maker, **way)
        return json.loads(out.splitlines()[-1])

    def _run(
        self,
        name,
        form,
        arguments,
        heap_bytes=ROOMY_BYTES,
        device=None,
        reach=None,
        ca=None,
        cut=None,
        maker=None,
    ):
        """Run a program; it gets the commands for which it prints `ready COUNT`.

        Where it prints `cut`, `cut()` is called. `maker` is the module that does the job, for
        programs that take one; `reach`, `ca` and `cut` are what link() or tls() yield.

        Raises Failed with what it printed if it fails, TimeoutExpired.
        """
        line = [*self._command, "-X", f"heapsize={heap_bytes}", "-m"]
        line += ["from_rom", self._built.image.name, name] if form == "romfs" else [name]
        # The names of files are kept in RAM: short ones, as on a board, whatever the clone lies in.
        folder = self._built.folders[form]
        environ = {**os.environ, "MICROPYPATH": f"{folder.name}:.frozen"}
        if maker:
            line.append(maker)
        if device:
            environ |= {"ATT_TOKEN": device.token, "ATT_CA": ca or ""}
            line += [*(reach or (self._platform.http, self._platform.mqtt)), device.id]
        process = subprocess.Popen(
            [*line, *arguments],
            cwd=folder.parent,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        late = threading.Timer(RUN_TIMEOUT_S, process.kill)
        late.start()
        printed = []
        try:
            for text in process.stdout:
                printed.append(text)
                if text.startswith("ready "):
                    self._command_device(device, int(text.split()[1]))
                elif text == "cut\n":
                    cut()
            process.wait()
        finally:
            late.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
        out = "".join(printed)
        if process.returncode:
            raise Failed(f"{name}, {form}: {out.strip() or process.returncode}")
        return out

    def _command_device(self, device, count):
        for number in range(count):
            self._platform.send_command(device.id, "heating", number % 2 == 0)

    @contextlib.contextmanager
    def link(self):
        """Put a link that can be cut in front of the broker; yields what a run needs for it."""
        with FaultProxy(self._platform.mqtt_port) as link:
            reach = (self._platform.http, f"mqtt://localhost:{link.port}")
            yield {"reach": reach, "cut": link.cut}

    @contextlib.contextmanager
    def tls(self):
        """Put TLS in front of the platform; yields what a run needs for it."""
        certificates = Certificates()
        ca = self._built.image.with_name("ca.pem")
        ca.write_bytes(certificates.ca_pem)
        ports = (self._platform.http_port, self._platform.mqtt_port)
        with contextlib.ExitStack() as stack:
            rest, mqtt = (
                stack.enter_context(FaultProxy(port, tls="good", certificates=certificates))
                for port in ports
            )
            reach = (f"https://localhost:{rest.port}", f"mqtts://localhost:{mqtt.port}")
            yield {"reach": reach, "ca": ca.name}
