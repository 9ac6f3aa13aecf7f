"""Looks at what is on a board: which firmware, which of our files, told by their SHA-256.

Used by deploy, which sends only what differs. It is one command, whatever the number of files, and
prints as it goes: a board that is silent for 10 s would be taken for one that is gone.
"""

import ast

from tools.board import program_list, serial_link, wanted_files
from tools.board.program_files import LIST, NEW

OLD = ".old"  # the library that another takes the place of, until it is removed
FOLDER = wanted_files.PACKAGE.rstrip("/")
# Python finds it while there is no such folder: between the two renames that swap libraries.
STUB = FOLDER + ".py"

# Runs on the board. What is in the firmware (frozen, or in ROMFS) comes before /lib: a copy there
# would never be used, so the search is limited to it. Prints (name, value) lines.
_FIRMWARE = """
import sys
i = sys.implementation
print(("mpy", getattr(i, "_mpy", 0) & 255))
print(("build", getattr(i, "_build", "")))
print(("version", i.version[:3]))
path = sys.path[:]
sys.path[:] = [p for p in path if p[:7] == ".frozen" or p[:4] == "/rom"]
for names in {modules}:
    for n in list(sys.modules):
        if n.split(".")[0] in [m.split(".")[0] for m in names]:
            del sys.modules[n]
    for n in names:
        try:
            m = __import__(n)
            print(("has", (names[0], getattr(m, "__version__", ""))))
            break
        except ImportError:
            pass
sys.path[:] = path
"""
_LOOK = """
import gc, hashlib, os
gc.collect()
def has(f):
    try:
        os.stat(f)
        return True
    except OSError:
        return False
def look(f):
    try:
        h = hashlib.sha256()
        size = 0
        b = memoryview(bytearray(512))
        with open(f, "rb") as s:
            while True:
                n = s.readinto(b)
                if not n:
                    break
                h.update(b[:n])
                size += n
        print(("file", (f, h.digest(), size)))
    except OSError:
        pass
def walk(d):
    print(("folder", d))
    for e in list(os.ilistdir(d)):
        f = d + "/" + e[0]
        if e[1] & 0x4000:
            walk(f)
        else:
            look(f)
if has({stub!r}) and has({package!r} + {new!r}) and not has({package!r}):
    os.rename({package!r} + {new!r}, {package!r})
for d in {folders}:
    if has(d):
        walk(d)
files = {files}
for f in files:
    look(f)
for f in {names}:
    try:
        print(("kind", (f, os.stat(f)[0] & 0x4000)))
    except OSError:
        pass
try:
    import json
    with open({list!r}) as s:
        listed = json.load(s)
    print(("listed", {{f: listed[f] + "" for f in listed}}))
    for f in listed:
        if f not in files:
            look(f)
            look(f + {new!r})
except Exception:  # there is none, or it was damaged
    pass
print(("shadow", has("/allthingstalk")))
s = os.statvfs("/")
print(("free", s[1] * s[4]))
"""


class Seen:
    """What a look at the board found."""

    def __init__(self, lines):
        self.firmware = {}  # module in the firmware -> its version
        self.files = {}  # path -> SHA-256
        self.sizes = {}  # path -> bytes
        self.folders = set()  # of the library
        self.kinds = {}  # path that program_list.names asks for -> whether it is a folder
        self.listed = {}  # path of a program's file that was sent before -> program_list.digest
        for line in lines:
            name, value = ast.literal_eval(line)
            if name == "has":
                self.firmware[value[0]] = value[1]
            elif name == "file":
                self.files[value[0]], self.sizes[value[0]] = value[1:]
            elif name == "kind":
                self.kinds[value[0]] = bool(value[1])
            elif name == "folder":
                self.folders.add(value)
            else:
                setattr(self, name, value)


def look(transport, files, tell, program=()):
    """Return what is on the board: firmware, free bytes, the files of the library and `files`.

    - `program`: those of `files` that are a program's.
    - `tell(text)`: hears of each step.
    """
    lines = []

    def take(line):
        lines.append(line)
        tell(f"looking at what is on the board, {len(lines)} things so far")

    serial_link.run(transport, firmware_code(), take)
    folders = (FOLDER, FOLDER + NEW, FOLDER + OLD)
    files = [*files, STUB]
    names = program_list.names(program)
    values = {"stub": STUB, "package": FOLDER, "new": NEW, "list": LIST}
    code = _LOOK.format(folders=folders, files=files, names=names, **values)
    serial_link.run(transport, code, take)
    return Seen(lines)


def firmware_code():
    """Return a program for a board that prints what Seen wants to know of its firmware."""
    engines = [names for names, _ in wanted_files.ENGINES.values()]
    return _FIRMWARE.format(modules=[("allthingstalk",), *engines])


def in_firmware(lines):
    """Return {module in the firmware: its version} of what `firmware_code` printed."""
    return Seen(lines).firmware


def twin(path):
    """Return the source that MicroPython would load in place of a .mpy file beside it."""
    return path[: -len("mpy")] + "py"


def may_be_there(wanted, program=()):
    """Return the files outside the library's folder that a look has to tell of.

    - `program`: those of `wanted` that are a program's.
    """
    outside = [path for path in wanted if not path.startswith(wanted_files.PACKAGE)]
    sources = [twin(path) for path in outside if path.endswith(".mpy") and path not in program]
    return outside + sources + [path + NEW for path in [*outside, LIST]]
