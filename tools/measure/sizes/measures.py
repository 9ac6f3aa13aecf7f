"""What is measured on one interpreter: the work behind `make size`.

Figures are a dict {name: bytes}. A name ends in the form it was measured in where there are three:
`ram connected, mpy`.
"""

import contextlib
import json

from tools.measure.sizes.build import FORMS, Failed, build
from tools.measure.sizes.runs import BY_HAND, OURS, ROOMY_BYTES, Programs

__all__ = ("GROUPS", "Failed", "Measures", "build")  # all that is needed to measure

STEP_BYTES = 512
MOST_BYTES = PAINTED_BYTES = 262144
TIMES = 3  # in a row that a heap has to do, to count as large enough
# What MicroPython 1.20 leaves free on an ESP32, the least of the boards looked at (32 bits).
BOARD_BYTES = 110_000
MANY = 500  # assets
# Bytes that shift a heap's layout. The collector takes what looks like an address for one, and
# where garbage lies decides whether it is kept: up to 500 bytes after an import.
PADS = (16, 64, 256, 1000)
STEADY = ("1000", "100")  # publishes, commands
HOUR = ("3600", "60")  # a value each second, a command each minute
# What a program of the README names.
NAMED = "allthingstalk:Client:Device:NumberAsset"
# Groups that the gate measures: the same in each run, and quick to get.
GATE = (
    "files",
    "imported",
    "steady",
    "peak",
    "heap",
    "calls",
    "reconnect",
    "tls",
    "heap-romfs",
    "heap-py",
    "heap-tls",
)


class Measures(Programs):
    """All figures of one interpreter; a context manager that holds the platform."""

    # -- groups of figures --------------------------------------------------------------------

    def of(self, names):
        """Return the figures of groups."""
        figures = {}
        for name in names:
            figures |= GROUPS[name](self)
        return figures

    def gated(self):
        """Return the figures that are the same in each run, and quick to get."""
        return self.of(GATE)

    def all(self):
        """Return every figure; that takes minutes. What failed is in `failed`, with the reason."""
        figures = {}
        for name in GROUPS:
            try:
                figures |= self.of([name])
            except Failed as e:
                self.failed[name] = str(e)
        return figures

    def other_forms(self):
        """Return the RAM and the peaks of the other forms."""
        figures = self.imported("py")
        for form in FORMS:
            if form != "mpy":
                figures |= {**self.steady(form), **self.peak(form)}
        return figures

    def each_form(self, group):
        """Return the figures of a group that takes a form, for each form."""
        figures = {}
        for form in FORMS:
            figures |= group(form)
        return figures

    # -- single measures ----------------------------------------------------------------------

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

    def _in_order(self):
        """Return these, engines first, each behind those that it imports.

        What a module brings along is asked of the interpreter: one that imports others brings more
        than each of them.
        """
        brought = {module: len(self._imports("mpy", 0, module)["loaded"]) for module in self.held()}
        return sorted(brought, key=lambda m: (m.startswith("allthingstalk"), brought[m], m))

    def connected(self, form):
        """Return the RAM of a connected device."""
        return {f"ram connected, {form}": self.traffic(form, ("0", "0"))["connected_bytes"]}

    def steady(self, form):
        """Return the RAM of a connected device, and after traffic."""
        found = self.traffic(form, STEADY)
        return {
            f"ram connected, {form}": found["connected_bytes"],
            f"ram steady, {form}": found["steady_bytes"],
        }

    def connected_over_tls(self):
        """Return the RAM of a device that is connected over verified TLS."""
        with self.tls() as way:
            found = self.traffic("mpy", ("0", "0"), **way)
        return {"ram connected over TLS, mpy": found["connected_bytes"]}

    def imported(self, form):
        """Return the RAM that what stays loaded takes: each module what it adds, and in all."""
        found = self._import(form, self._in_order())
        figures = {f"ram of {module}, {form}": taken for module, taken in found.items()}
        figures[f"ram named, {form}"] = self._import(form, [NAMED])[NAMED]
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
        runs = [dict(self._imports(form, pad, *modules)["taken"]) for pad in PADS]
        return min(runs, key=lambda run: sum(taken or 0 for taken in run.values()))

    def _imports(self, form, pad, *modules):
        return json.loads(self._run("import_memory", form, [str(pad), *modules]))

    def traffic(self, form, counts, heap_bytes=ROOMY_BYTES, maker=OURS, **way):
        """Return what steady_memory says after so many publishes and commands."""
        return self._measured("steady_memory", form, counts, heap_bytes, maker=maker, **way)

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

    def _painted(self, name, form, arguments=(), **options):
        """Run a program that collects garbage before each allocation: in no more heap than needed.

        The time that a collection takes depends on the size of the heap.
        """
        heap_bytes = PAINTED_BYTES + (self._image_bytes if form == "romfs" else 0)
        return self._measured(name, form, arguments, heap_bytes, **options)

    def peak(self, form, maker=OURS, **way):
        """Return the heap needed up to the end of connect, and of the whole job; see heap.py."""
        found = self._painted("peak_memory", form, maker=maker, **way)
        image = self._image_bytes if form == "romfs" else 0
        return {
            f"peak connect, {form}": found["connect_bytes"] - image,
            f"peak job, {form}": found["job_bytes"] - image,
        }

    def reconnect(self):
        """Return the heap needed while a lost link is made anew, with and without a publish."""
        figures = {}
        for count, name in ((1, "peak reconnect, mpy"), (0, "peak reconnect of MQTT, mpy")):
            with self.link() as way:
                found = self._painted("reconnect_memory", "mpy", [str(count)], **way)
            figures[name] = found["reconnect_bytes"]
        return figures

    def frozen(self, maker=OURS):
        """Return RAM, peak and smallest heap of a job whose modules are in the interpreter."""
        connected = self.traffic("mpy", ("0", "0"), maker=maker)["connected_bytes"]
        found = {**self.peak("mpy", maker), **self.smallest("mpy", maker)}
        return {"ram connected, mpy": connected, **found}

    def by_hand(self):
        """Return what the same job takes by hand, without the library."""
        figures = {}
        for form in ("mpy", "py"):
            found = self.traffic(form, ("0", "0"), maker=BY_HAND)
            figures[f"by hand: ram connected, {form}"] = found["connected_bytes"]
            peak = self.peak(form, BY_HAND)
            figures[f"by hand: peak job, {form}"] = peak[f"peak job, {form}"]
            heap = self.smallest(form, BY_HAND, times=1)  # it takes seconds, always the same way
            figures[f"by hand: heap job, {form}"] = heap[f"heap job, {form}"]
        return figures

    def outages(self):
        """Return the smallest heap in which three lost links lose nothing."""
        guess = self.reconnect()["peak reconnect, mpy"]
        return {"heap outages, mpy": _least(self.outages_survived, guess)}

    def list_peaks(self):
        """Return the peak of a later connect with the program's 5 assets, and with 500."""
        figures = {}
        for count in (5, MANY):
            device = self._platform.create_device()
            self._painted("peak_memory", "mpy", device=device, maker=OURS)  # its own 5
            for number in range(count - 5):
                self._platform.create_asset(device.id, f"extra{number}")
            found = self._painted("peak_memory", "mpy", device=device, maker=OURS)
            figures[f"peak connect, {count} assets on the platform"] = found["connect_bytes"]
        few, many = figures.values()
        return {**figures, "peak connect, growth": many - few}

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

    def costs(self):
        """Return what a function, a class, a module, a name take of the heap, each."""
        found = json.loads(self._run("costs", "mpy", []))
        return {f"cost of {thing}": round(taken) for thing, taken in found.items()}

    def smallest(self, form, maker=OURS, tls=False, times=TIMES):
        """Return the smallest heap in bytes at which the whole job runs so often in a row."""
        extra = self._image_bytes if form == "romfs" else 0
        with self.tls() if tls else contextlib.nullcontext({}) as way:
            peak = self.peak(form, maker, **way)[f"peak job, {form}"]
            least = _least(
                lambda size: self.job_runs(size + extra, form, maker, **way), peak, times
            )
        return {f"heap job{' with TLS' if tls else ''}, {form}": least}


def _least(runs, guess_bytes, times=TIMES):
    """Return the smallest heap in bytes for which `runs(bytes)` is true so often in a row.

    Looked for on either side of a guess, then by halving. Raises Failed if there is none.
    """

    def enough(steps):
        return all(runs(steps * STEP_BYTES) for _ in range(times))

    width = max(guess_bytes // 20 // STEP_BYTES, 1)
    low = high = max(guess_bytes // STEP_BYTES, 1)  # to be: too small, large enough
    if enough(high):
        while low == high or (low and enough(low)):
            low, high, width = max(low - width, 0), low, width * 2
    else:
        while low == high or not enough(high):
            low, high, width = high, high + width, width * 2
            if low * STEP_BYTES > MOST_BYTES:
                raise Failed(f"it does not even run in a heap of {MOST_BYTES} bytes")
    while low + 1 < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high * STEP_BYTES


# Groups of figures, each a function of Measures.
GROUPS = {
    "connected": lambda measures: measures.connected("mpy"),
    "peak": lambda measures: measures.peak("mpy"),
    "heap": lambda measures: measures.smallest("mpy"),
    "reconnect": Measures.reconnect,
    "calls": Measures.calls,
    "files": Measures.files,
    "imported": lambda measures: {**measures.imported("mpy"), **measures.imported("romfs")},
    "steady": lambda measures: measures.steady("mpy"),
    "tls": Measures.connected_over_tls,
    "heap-romfs": lambda measures: measures.smallest("romfs"),
    "heap-py": lambda measures: measures.smallest("py"),
    "heap-tls": lambda measures: measures.smallest("mpy", tls=True),
    "by-hand": Measures.by_hand,
    "other-forms": Measures.other_forms,
    "optional": lambda measures: measures.each_form(measures.optional),
    "list": Measures.list_peaks,
    "hour": lambda measures: measures.each_form(measures.hour),
    "outages": Measures.outages,
    "costs": Measures.costs,
}
