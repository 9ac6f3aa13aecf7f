"""A small MicroPython source tree: what a board's build reads of it, and none of the rest.

Its manifests and settings do what upstream's do; micropython-lib holds the real engines.
"""

import shutil
from pathlib import Path

from tools.build import engines

VERSION = "1.29.0"
# What upstream's manifests freeze in this tree, besides the engines.
UPSTREAM = {"_boot.py", "asyncio/__init__.py", "requests/__init__.py"}
ENGINES = {"umqtt/simple.py", "urequests.py"}
SUBMODULES = (
    "lib/berkeley-db-1.xx",
    "lib/btstack",
    "lib/cyw43-driver",
    "lib/lwip",
    "lib/mbedtls",
    "lib/pico-sdk",
    "lib/pico-sdk/src",
    "lib/tinyusb",
)
ESP32 = {"ESP32_GENERIC": "esp32", "ESP32_GENERIC_S3": "esp32s3", "ESP32_GENERIC_C3": "esp32c3"}
RP2 = {"RPI_PICO_W": "pico_w", "RPI_PICO2_W": "pico2_w"}


def write(path, text="x = 1\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_version(tree, version=VERSION, prerelease=0):
    major, minor, micro = version.split(".")
    numbers = {"MAJOR": major, "MINOR": minor, "MICRO": micro, "PRERELEASE": prerelease}
    lines = [f"#define MICROPY_VERSION_{name} {number}" for name, number in numbers.items()]
    write(tree / "py" / "mpconfig.h", "\n".join(lines) + "\n")


def make_library(tree):
    """Put micropython-lib there: the packages that the manifests require."""
    library = tree / "lib" / "micropython-lib"
    simple = library / "micropython" / "umqtt.simple"
    write(simple / "manifest.py", 'metadata(version="1.0")\npackage("umqtt")\n')
    (simple / "umqtt").mkdir()
    shutil.copy(engines.folder(engines.UMQTT_NEW) / "umqtt" / "simple.py", simple / "umqtt")
    ecosys = library / "python-ecosys"
    write(ecosys / "requests" / "manifest.py", 'metadata()\npackage("requests")\n')
    write(ecosys / "requests" / "requests" / "__init__.py")
    write(ecosys / "urequests" / "manifest.py", 'require("requests")\nmodule("urequests.py")\n')
    write(ecosys / "urequests" / "urequests.py", "from requests import *\n")
    bundle = 'require("requests")\nrequire("urequests")\n'
    write(library / "micropython" / "bundles" / "bundle-networking" / "manifest.py", bundle)


def make_esp32(tree):
    port = tree / "ports" / "esp32"
    write(port / "modules" / "_boot.py")
    manifest = (
        'freeze("$(PORT_DIR)/modules")\ninclude("$(MPY_DIR)/extmod/asyncio")\n'
        'require("bundle-networking")\nrequire("umqtt.simple")\n'
    )
    write(port / "boards" / "manifest.py", manifest)
    write(port / "README.md", "Currently MicroPython supports v5.3, v5.4.2\nand v5.5.1.\n")
    write(port / "main" / "idf_component.yml", "dependencies:\n")
    write(port / "managed_components" / "mdns" / "mdns.c", "\n")
    for board, target in ESP32.items():
        text = f"set(IDF_TARGET {target})\nset(SDKCONFIG_DEFAULTS boards/sdkconfig.base)\n"
        write(port / "boards" / board / "mpconfigboard.cmake", text)
        header = (
            '#ifndef MICROPY_HW_BOARD_NAME\n#define MICROPY_HW_BOARD_NAME "Generic"\n#endif\n'
            f'#define MICROPY_HW_MCU_NAME "{target}"\n'
        )
        write(port / "boards" / board / "mpconfigboard.h", header)


def make_rp2(tree):
    port = tree / "ports" / "rp2"
    write(port / "modules" / "_boot.py")
    manifest = 'freeze("$(PORT_DIR)/modules")\ninclude("$(MPY_DIR)/extmod/asyncio")\n'
    write(port / "boards" / "manifest.py", manifest)
    for board, pico in RP2.items():
        folder = port / "boards" / board
        bundle = 'include("$(PORT_DIR)/boards/manifest.py")\nrequire("bundle-networking")\n'
        write(folder / "manifest.py", bundle)
        frozen = "set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)\n"
        write(folder / "mpconfigboard.cmake", f'set(PICO_BOARD "{pico}")\n{frozen}')
        header = '#define MICROPY_HW_BOARD_NAME "Raspberry Pi"\n#define MICROPY_HW_MCU_NAME "RP"\n'
        write(folder / "mpconfigboard.h", header)


def make(tree: Path):
    """Make the tree in a folder and return the folder."""
    make_version(tree)
    make_library(tree)
    asyncio = 'package("asyncio", ("__init__.py",), base_path="..")\n'
    write(tree / "extmod" / "asyncio" / "manifest.py", asyncio)
    write(tree / "extmod" / "asyncio" / "__init__.py")
    make_esp32(tree)
    make_rp2(tree)
    for submodule in SUBMODULES:
        write(tree / submodule / "README.md", "\n")
    write(tree / "mpy-cross" / "build" / "mpy-cross", "\n")
    return tree
