"""The same figures with the library frozen into MicroPython, as a board's firmware may have it.

No package has such an interpreter: the 32-bit unix port is built for it, from Debian's sources, and
the engines are frozen beside the library. Of code that is frozen neither bytecode nor names are in
RAM.
"""

import shutil
import subprocess

from tools.build import debian_sources
from tools.build.debian_sources import BuildError, Source
from tools.measure.sizes.figures import BY_FORM, columns, shown
from tools.measure.sizes.measures import BY_HAND, Measures

SOURCES = (
    Source("micropython", "ports/unix/Makefile", "apt-get source micropython"),
    Source("mbedtls", "library/ssl_tls.c", "apt-get source mbedtls"),
)
_LIMIT_S = 600
_FIGURES = ("ram connected", "peak connect", "peak job", "heap job", "heap job with TLS")


def missing(folders):
    """Return a sentence for each thing that the build lacks."""
    lacking = debian_sources.missing(SOURCES, folders)
    if shutil.which("make") is None:
        lacking.append("there is no make: apt-get install make")
    try:
        compiler = ["gcc", "-m32", "-x", "c", "-", "-o", "/dev/null"]
        program = "#include <stdio.h>\nint main(void) { return 0; }\n"
        subprocess.run(compiler, input=program.encode(), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        lacking.append("there is no C compiler for 32 bits: apt-get install gcc-multilib")
    return lacking


def interpreter(folders, work):
    """Build the interpreter in the folder `work`; return its command. Raises BuildError.

    - `folders`: where the sources are looked for.
    """
    if lacking := missing(folders):
        raise BuildError("\n- ".join([f"{len(lacking)} missing", *lacking]))
    micropython, mbedtls = (debian_sources.find(source, folders) for source in SOURCES)
    tree, manifest = debian_sources.copy(micropython, work)
    # What Debian took out of MicroPython's tree, for 32 bits.
    tls = work / "mbedtls"
    shutil.copytree(mbedtls, tls, symlinks=True)
    make = ["make", "-C", str(tls / "library"), "-j2", "static", "CFLAGS=-m32 -Os"]
    debian_sources.run("mbedtls", make, _LIMIT_S, work)
    built = work / "unix"
    options = {
        "BUILD": built,
        "FROZEN_MANIFEST": manifest,
        "MICROPY_FORCE_32BIT": 1,
        "MICROPY_PY_FFI": 0,
        "MICROPY_PY_BTREE": 0,
        "CFLAGS_EXTRA": f"-I{tls}/include",
        "LDFLAGS_EXTRA": f"-L{tls}/library",
    }
    given = [f"{name}={value}" for name, value in options.items()]
    make = ["make", "-C", str(tree / "ports" / "unix"), "-j2", *given]
    debian_sources.run("unix", make, _LIMIT_S, work)
    return [str(built / "micropython")]


def lines(command, built):
    """Return the lines of a table: this library, and the same job by hand, both frozen.

    - `built`: what build.build() returned; the modules in its folder for .mpy are removed.
    """
    for name in built.mpy_bytes:
        path = built.folders["mpy"] / name.partition(".")[0]
        shutil.rmtree(path, ignore_errors=True)
        path.with_suffix(".mpy").unlink(missing_ok=True)
    with Measures(command, built) as measures:
        ours = {**measures.frozen(), **measures.smallest("mpy", tls=True)}
        by_hand = measures.frozen(BY_HAND)
        version = measures.version()
    rows = [["frozen, 32 bits, bytes", "this library", "by hand"]]
    for figure in _FIGURES:
        pair = (each.get(f"{figure}, mpy") for each in (ours, by_hand))
        rows.append([BY_FORM[figure], *map(shown, pair)])
    return [*columns(rows), "", version]
