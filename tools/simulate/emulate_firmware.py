"""`make emulate-firmware`: builds a plain Pico image with the library frozen, and boots it.

Out of the sources that Debian (trixie or later) has as packages: MicroPython, mbed TLS, the Pico
SDK, TinyUSB. Debian has no driver for a Pico W's Wi-Fi chip, so that this image has no network: it
shows that the library freezes, imports, how much heap it leaves on the real chip's firmware, and
what the signature of an update takes there.
Nothing is downloaded. What is missing is named with its package, and the exit status is 2.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.build import debian_sources
from tools.build.debian_sources import BuildError, Source
from tools.image import uf2
from tools.simulate.emulator import EmulatedPico, EmulatorError

ROOT = Path(__file__).resolve().parents[2]

WORK = ROOT / "build" / "emulate-firmware"
IMAGE = WORK / "rpi_pico_allthingstalk.uf2"
RP2040 = 0xE48BFF56
ON_BOARD = ROOT / "tools" / "simulate" / "emulator" / "frozen_library.py"
MPREMOTE = str(Path(sys.executable).with_name("mpremote"))
BUILD_LIMIT_S = 1800
RUN_LIMIT_S = 300
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


def missing(folders):
    """Return a sentence for each thing that the build lacks."""
    lacking = debian_sources.missing(SOURCES, folders)
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
    """Put MicroPython's tree together with what Debian took out of it; return (tree, manifest).

    - `sources`: the folder of each Source, by name.
    """
    ports_own = 'freeze("$(PORT_DIR)/modules")\n'
    tree, manifest = debian_sources.copy(sources["micropython"], WORK, ports_own)
    for name in ("mbedtls", "tinyusb"):
        inside = tree / "lib" / name
        if inside.is_dir():
            shutil.rmtree(inside)
        inside.symlink_to(sources[name])
    return tree, manifest


def build(sources, jobs):
    """Build the image and return its path. Raises BuildError."""
    tree, manifest = prepare(sources)
    folder = WORK / "cmake"
    options = {
        "MICROPY_BOARD": "RPI_PICO",
        "MICROPY_FROZEN_MANIFEST": manifest,
        "PICO_SDK_PATH_OVERRIDE": sources["pico-sdk"],
        # The SDK would download picotool; the .uf2 is made here.
        "PICO_NO_PICOTOOL": 1,
        "FETCHCONTENT_FULLY_DISCONNECTED": "ON",
    }
    given = [f"-D{name}={value}" for name, value in options.items()]
    configure = ["cmake", "-S", str(tree / "ports/rp2"), "-B", str(folder), *given]
    debian_sources.run("configure", configure, 300, WORK)
    make = ["make", "-C", str(folder), f"-j{jobs}"]
    debian_sources.run("build", make, BUILD_LIMIT_S, WORK)
    blocks = uf2.blocks_of((folder / "firmware.bin").read_bytes(), uf2.FLASH, RP2040)
    IMAGE.write_bytes(uf2.write(blocks))
    return IMAGE


def measure(image):
    """Boot an image and import the frozen library in it.

    Returns (seconds of booting, version, [free bytes], milliseconds), as ON_BOARD prints them.
    Raises BuildError, EmulatorError, TimeoutError.
    """
    started = time.monotonic()
    with EmulatedPico(image) as board:
        boot_s = time.monotonic() - started
        try:
            done = subprocess.run(
                [MPREMOTE, "connect", board.port, "run", str(ON_BOARD)],
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
    folders = [folder.resolve() for folder in args.sources] + [debian_sources.INSTALLED]
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
    sources = {source.name: debian_sources.find(source, folders) for source in SOURCES}
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
