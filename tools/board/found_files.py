"""Looks at what is on a board: which firmware, which of our files, told by their SHA-256.

Used by deploy, which sends only what differs. It is one command, whatever the number of files.
"""

import ast

from tools.board import wanted_files

NEW = ".new"  # a file or folder that is being sent is called so, until all are there

# Runs on the board. What is in the firmware (frozen, or in ROMFS) comes before /lib: a copy there
# would never be used, so the search is limited to it. Prints (name, value) lines.
_LOOK = """
import gc, hashlib, os, sys
gc.collect()
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
def has(f):
    try:
        os.stat(f)
        return True
    except OSError:
        return False
def look(f):
    try:
        h = hashlib.sha256()
        b = memoryview(bytearray(512))
        with open(f, "rb") as s:
            while True:
                n = s.readinto(b)
                if not n:
                    break
                h.update(b[:n])
        print(("file", (f, h.digest())))
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
for d in {folders}:
    if has(d):
        walk(d)
for f in {files}:
    look(f)
print(("shadow", has("/allthingstalk")))
s = os.statvfs("/")
print(("free", s[1] * s[4]))
"""


class Seen:
    """What a look at the board found."""

    def __init__(self, lines):
        self.firmware = {}  # module in the firmware -> its version
        self.files = {}  # path -> SHA-256
        self.folders = set()  # of the library
        for line in lines:
            name, value = ast.literal_eval(line)
            if name == "has":
                self.firmware[value[0]] = value[1]
            elif name == "file":
                self.files[value[0]] = value[1]
            elif name == "folder":
                self.folders.add(value)
            else:
                setattr(self, name, value)


def look(transport, files):
    """Return what is on the board: firmware, free bytes, the files of the library and `files`."""
    modules = [("allthingstalk",), *(names for names, _ in wanted_files.ENGINES.values())]
    package = wanted_files.PACKAGE.rstrip("/")
    code = _LOOK.format(modules=modules, folders=(package, package + NEW), files=files)
    return Seen(transport.exec(code).decode().splitlines())


def twin(path):
    """Return the source that MicroPython would load in place of a .mpy file beside it."""
    return path[: -len("mpy")] + "py"


def may_be_there(wanted):
    """Return the files outside the library's folder that a look has to tell of."""
    outside = [path for path in wanted if not path.startswith(wanted_files.PACKAGE)]
    sources = [twin(path) for path in outside if path.endswith(".mpy")]
    return outside + sources + [path + NEW for path in outside]
