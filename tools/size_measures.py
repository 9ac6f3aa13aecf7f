"""What is measured on one interpreter: the work behind tools/sizes.py.

Figures are a dict {name: bytes}. A name ends in the form it was measured in where there are three:
`ram connected, mpy`.
"""

import contextlib
import json

from tools.size_build import FORMS, Failed, build
from tools.size_runs import ROOMY_BYTES, Programs

__all__ = ("Failed", "Measures", "build")  # all that is needed to measure

STEP_BYTES = 512
LEAST_BYTES, MOST_BYTES = 8192, 262144
TIMES = 3  # in a row that a heap has to do, to count as large enough
# What MicroPython 1.20 leaves free on an ESP32, the least of the boards looked at (32 bits).
BOARD_BYTES = 110_000
MANY = 500  # assets
# Bytes that shift a heap's layout. The collector takes what looks like an address for one, and
# where garbage lies decides whether it is kept: up to 500 bytes after an import.
PADS = (16, 64, 256, 1000)
STEADY = ("1000", "100")  # publishes, commands
HOUR = ("3600", "60")  # a value each second, a command each minute
# What `from allthingstalk import Client, Device, NumberAsset` loads.
NAMED = [
    "allthingstalk",
    *(f"allthingstalk.{module}" for module in ("assets", "devices", "clients")),
]
# Modules that import the others: loaded last, so that each is charged what it adds itself.
CORE = ("allthingstalk.devices", "allthingstalk.clients", "allthingstalk.session")


class Measures(Programs):
    """All figures of one interpreter; a context manager that holds the platform."""

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
        figures["heap outages, mpy"] = _least(self.outages_survived)
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
        """Return the RAM that modules add, one after the other: the least of some layouts."""
        runs = [
            dict(json.loads(self._run("import_memory", form, [str(pad), *modules]))) for pad in PADS
        ]
        return min(runs, key=lambda run: sum(taken or 0 for taken in run.values()))

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
            for number in range(count - 5):
                self._platform.create_asset(device.id, f"extra{number}")
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
        extra = self._image_bytes if form == "romfs" else 0
        with self.tls() if tls else contextlib.nullcontext({}) as options:
            return _least(lambda heap_bytes: self.job_runs(heap_bytes + extra, form, **options))


def _least(runs):
    """Return the smallest heap in bytes, found by halving, for which `runs(bytes)` is true."""
    low, high = LEAST_BYTES // STEP_BYTES, MOST_BYTES // STEP_BYTES
    if not runs(MOST_BYTES):
        raise Failed(f"the job does not even run in a heap of {MOST_BYTES} bytes")
    while low < high:
        middle = (low + high) // 2
        if all(runs(middle * STEP_BYTES) for _ in range(TIMES)):
            high = middle
        else:
            low = middle + 1
    return high * STEP_BYTES
