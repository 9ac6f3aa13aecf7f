"""Runs the measuring programs on one interpreter: the work behind tools/sizes.py.

Figures are a dict {name: bytes}. A name ends in the form it was measured in where there are three:
`ram connected, mpy`.
"""

import contextlib
import json
import os
import subprocess
import threading
import urllib.request

from tools.fault_proxy import Certificates, FaultProxy
from tools.local_platform import LocalPlatform
from tools.size_build import FORMS, Failed, build, run

__all__ = ("Failed", "Measures", "build")  # all that is needed to measure

STEP_BYTES = 512
LEAST_BYTES, MOST_BYTES = 8192, 262144
TIMES = 3  # in a row that a heap has to do, to count as large enough
ROOMY_BYTES = 1 << 20
# What MicroPython 1.20 leaves free on an ESP32, the least of the boards looked at (32 bits).
BOARD_BYTES = 110_000
RUN_TIMEOUT_S = 60
MANY = 500  # assets
STEADY = ("1000", "100")  # publishes, commands
HOUR = ("3600", "60")  # a value each second, a command each minute
# What `from allthingstalk import Client, Device, NumberAsset` loads.
NAMED = [
    "allthingstalk",
    *(f"allthingstalk.{module}" for module in ("assets", "devices", "clients")),
]
# Modules that import the others: loaded last, so that each is charged what it adds itself.
CORE = ("allthingstalk.devices", "allthingstalk.clients", "allthingstalk.session")


class Measures:
    """All figures of one interpreter; a context manager that holds the platform."""

    def __init__(self, command, built):
        self._command = command
        self._built = built
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

    # -- groups of figures --------------------------------------------------------------------

    def gated(self):
        """Return the figures that are the same in each run, and quick to get."""
        return {
            **self.files(),
            **self.memory("mpy"),
            **self.imported("romfs"),
            **self.peak("mpy"),
            **self.calls(),
            "heap job, mpy": self.smallest("mpy"),
        }

    def all(self):
        """Return every figure; that takes minutes."""
        figures = self.files()
        for form in FORMS:
            for group in (self.memory, self.optional, self.peak, self.hour):
                figures |= group(form)
            figures[f"heap job, {form}"] = self.smallest(form)
        figures |= self.list_peaks()
        figures |= self.calls()
        figures["heap job with TLS, mpy"] = self.smallest("mpy", tls=True)
        return figures

    def files(self):
        """Return the sizes of the modules and of the whole."""
        figures = {}
        for form, sizes in (("py", self._built.py_bytes), ("mpy", self._built.mpy_bytes)):
            figures |= {f"{form} of {module}": size for module, size in sizes.items()}
            own = {m: size for m, size in sizes.items() if m.startswith("allthingstalk")}
            held = sum(sizes[module] for module in self.held())
            library = sum(size for module, size in own.items() if module in self.held())
            figures[f"files, {form}"] = sum(own.values())
            figures[f"files held, {form}"] = held
            figures[f"files held of the library, {form}"] = library
            figures[f"files held of the engines, {form}"] = held - library
        return figures

    def held(self):
        """Return the modules that stay loaded after connect, library and engines."""
        if not hasattr(self, "_held"):
            modules = self.traffic("mpy", ("0", "0"))["modules"]
            self._held = [module for module in modules if module in self._built.mpy_bytes]
        return self._held

    def memory(self, form):
        """Return the RAM after import of what stays loaded, and after traffic."""
        steady = self.traffic(form, STEADY)
        return {
            **self.imported(form),
            f"ram connected, {form}": steady["connected_bytes"],
            f"ram steady, {form}": steady["steady_bytes"],
        }

    def imported(self, form):
        """Return the RAM that what stays loaded takes: each module what it adds, and in all."""
        # Engines first, as they import nothing, and last those that import all others.
        order = sorted(
            self.held(),
            key=lambda m: (m.startswith("allthingstalk"), m in CORE and CORE.index(m) + 1, m),
        )
        found = self._import(form, order)
        figures = {f"ram of {module}, {form}": taken for module, taken in found.items()}
        figures[f"ram named, {form}"] = sum(self._import(form, NAMED).values())
        figures[f"ram import, {form}"] = sum(found.values())
        return figures

    def optional(self, form):
        """Return the RAM that each other module adds to these, with what it imports in turn."""
        figures = {}
        for module in self._built.mpy_bytes:
            if module not in self.held():
                taken = self._import(form, [*self.held(), module])[module]
                if taken is not None:
                    figures[f"ram added by {module}, {form}"] = taken
        return figures

    def _import(self, form, modules):
        return dict(json.loads(self._run("import_memory", form, modules)))

    def traffic(self, form, counts, heap_bytes=ROOMY_BYTES):
        """Return what steady_memory says after so many publishes and commands."""
        return self._measured("steady_memory", form, counts, heap_bytes)

    def hour(self, form):
        """Return the largest free block, and all that is free, after an hour's worth of traffic.

        In a heap as a small board has it, twice as large on 64 bits.
        """
        heap_bytes = BOARD_BYTES * (2 if self._wide else 1)
        if form == "romfs":
            heap_bytes += self._image_bytes
        found = self.traffic(form, HOUR, heap_bytes)
        return {
            f"largest free after an hour, {form}": found["largest_free_bytes"],
            f"free after an hour, {form}": found["free_bytes"],
        }

    def peak(self, form):
        """Return the heap needed up to the end of connect, and of the whole job; see heap.py."""
        found = self._measured("peak_memory", form)
        image = self._image_bytes if form == "romfs" else 0
        return {
            f"peak connect, {form}": found["connect_bytes"] - image,
            f"peak job, {form}": found["job_bytes"] - image,
        }

    def list_peaks(self):
        """Return the peak of a later connect with the program's 5 assets, and with 500."""
        figures = {}
        for count in (5, MANY):
            device = self._platform.create_device()
            self._measured("peak_memory", "mpy", device=device)  # its own 5
            self._fill(device, count - 5)
            found = self._measured("peak_memory", "mpy", device=device)
            figures[f"peak connect, {count} assets on the platform"] = found["connect_bytes"]
        return figures

    def calls(self):
        """Return the heap that one publish, one command, one idle poll allocate."""
        figures = {}
        for qos in (0, 1):
            found = self._measured("call_memory", "mpy", [str(qos)])
            for kind, (alone, with_poll) in found["publish"].items():
                figures[f"publish {kind}, QoS {qos}"] = alone
                figures[f"publish {kind} and poll, QoS {qos}"] = with_poll
        figures["poll"] = found["poll_bytes"]
        figures["command"] = found["command_bytes"]
        return figures

    def smallest(self, form, tls=False):
        """Return the smallest heap in bytes at which the whole job runs three times in a row."""
        low, high = LEAST_BYTES // STEP_BYTES, MOST_BYTES // STEP_BYTES
        extra = self._image_bytes if form == "romfs" else 0
        with self.tls() if tls else contextlib.nullcontext({}) as options:
            if not self.job_runs(MOST_BYTES + extra, form, **options):
                raise Failed(f"the job does not even run in a heap of {MOST_BYTES} bytes")
            while low < high:
                middle = (low + high) // 2
                if all(
                    self.job_runs(middle * STEP_BYTES + extra, form, **options)
                    for _ in range(TIMES)
                ):
                    high = middle
                else:
                    low = middle + 1
        return high * STEP_BYTES

    def job_runs(self, heap_bytes, form="mpy", reach=None, ca=None):
        """Return whether the whole job runs in a heap of so many bytes."""
        device = self._platform.create_device()
        try:
            out = self._run("job", form, [], heap_bytes, device, reach, ca)
        except (Failed, subprocess.TimeoutExpired):
            return False
        arrived = [state["value"] for state in self._platform.states(device.id, "people")]
        return "done" in out and arrived == list(range(100))

    # -- running a program --------------------------------------------------------------------

    def _measured(self, name, form, arguments=(), heap_bytes=ROOMY_BYTES, device=None):
        """Run a program of the device and return the JSON in its last line."""
        device = device or self._platform.create_device()
        return json.loads(self._run(name, form, arguments, heap_bytes, device).splitlines()[-1])

    def _run(self, name, form, arguments, heap_bytes=ROOMY_BYTES, device=None, reach=None, ca=None):
        """Run a program; it gets the commands for which it prints `ready COUNT`.

        Raises Failed with what it printed if it fails, TimeoutExpired.
        """
        line = [*self._command, "-X", f"heapsize={heap_bytes}", "-m"]
        line += ["from_rom", str(self._built.image), name] if form == "romfs" else [name]
        # The names of files are kept in RAM: a short folder, as /lib is on a board, whatever the
        # clone lies in.
        folder = self._built.folders[form]
        environ = {**os.environ, "MICROPYPATH": f"{folder.name}:.frozen"}
        if device:
            environ |= {"ATT_TOKEN": device.token, "ATT_CA": ca or ""}
            line += [*(reach or (self._platform.http, self._platform.mqtt)), device.id]
        process = subprocess.Popen(
            [*line, *arguments],
            cwd=folder.parent,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        late = threading.Timer(RUN_TIMEOUT_S, process.kill)
        late.start()
        printed = []
        try:
            for text in process.stdout:
                printed.append(text)
                if text.startswith("ready "):
                    self._command_device(device, int(text.split()[1]))
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
    def tls(self):
        """Put TLS in front of the platform; yields what job_runs needs for it."""
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
            yield {"reach": reach, "ca": str(ca)}

    def _fill(self, device, count):
        """Give a device so many more assets."""
        for number in range(count):
            body = {"name": f"extra{number}", "is": "sensor", "profile": {"type": "number"}}
            request = urllib.request.Request(
                f"{self._platform.http}/device/{device.id}/assets",
                json.dumps(body).encode(),
                {
                    "Authorization": f"Bearer {device.token}",
                    "Content-Type": "application/json",
                },
            )
            urllib.request.urlopen(request, timeout=RUN_TIMEOUT_S).close()
