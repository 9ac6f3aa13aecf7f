"""What the figures of tools/sizes.py are called, their budgets, the tables they are shown in."""

FORM_NAMES = {"py": ".py", "mpy": ".mpy", "romfs": "in place"}
INTERPRETERS = {"mp32": "32 bits", "mp64": "64 bits"}
TOLERANCE = 0.02

# Hard bounds of the design for 32 bits; tests/packaging/test_held.py holds the library to them.
PUBLISH_MOST_BYTES = 64  # of a number, a bool or a short text at either QoS, PUBACK included
POLL_MOST_BYTES = 0  # of one at which nothing has come
LIST_MOST_BYTES = 256  # that 500 assets on the platform may add to the peak of connect with 5

# figure, measured in each form -> label
BY_FORM = {
    "files": "the whole library, as files",
    "files held": "  what stays loaded after connect, engines included",
    "files held of the library": "    of which the library",
    "files held of the engines": "    of which the engine, umqtt.simple",
    "ram named": "RAM after import of what a program names",
    "ram import": "RAM of all that stays loaded after connect",
    "ram connected": "RAM after connect with 5 assets, created on the way",
    "ram steady": "RAM after 1,000 publishes and 100 commands",
    "peak connect": "heap needed at the peak of connect",
    "peak job": "heap needed at the peak of the whole job",
    "heap job": "smallest heap for the whole job",
    "heap job with TLS": "  the same with TLS",
    "heap outages": "smallest heap in which three lost links lose nothing",
    "largest free after an hour": "largest free block after an hour's traffic",
    "free after an hour": "  all that is free then",
}
# figure, measured once -> label
ONCE = {
    "peak connect, 5 assets on the platform": "peak of a later connect, 5 assets on the platform",
    "peak connect, 500 assets on the platform": "  the same with 500",
    **{
        f"publish {kind}{suffix}, QoS {qos}": f"heap per publish of {kind}{named}, QoS {qos}"
        for kind in ("int", "float", "bool", "short text")
        for qos in (0, 1)
        for suffix, named in (("", ""), (" and poll", " and its poll"))
    },
    "poll": "heap per idle poll",
    "command": "heap per command, handler included",
}
# figure -> (budget, aim); of the design, for 32 bits. The aim is mostly what a script by hand over
# umqtt.simple and requests costs.
BUDGETS = {
    "files held, mpy": (12000, 8000),
    "ram named, mpy": (15000, 9872),
    "ram named, romfs": (6000, 4256),
    "ram import, mpy": (15000, 9872),
    "ram import, romfs": (6000, 4256),
    "heap job, mpy": (20480, 15360),
    "heap job, py": (36864, 30720),
    "poll": (POLL_MOST_BYTES, 0),
    **{figure: (PUBLISH_MOST_BYTES, 32) for figure in ONCE if figure.startswith("publish ")},
}
# Bars of the picture.
PICTURED = {
    "files, mpy": "flash: the whole library, .mpy",
    "files held, mpy": "  what stays loaded after connect",
    "ram named, mpy": "RAM after import, .mpy",
    "ram import, mpy": "  all that stays loaded after connect",
    "ram connected, mpy": "  after connect with 5 assets",
    "ram steady, mpy": "  after 1,000 publishes, 100 commands",
    "ram named, romfs": "RAM after import, in place",
    "ram import, romfs": "  all that stays loaded after connect",
    "ram connected, romfs": "  after connect with 5 assets",
    "ram steady, romfs": "  after 1,000 publishes, 100 commands",
    "heap job, romfs": "smallest heap for the whole job, in place",
    "heap job, mpy": "smallest heap for the whole job, .mpy",
    "heap job with TLS, mpy": "  the same with TLS",
    "heap outages, mpy": "  in which three lost links lose nothing",
    "heap job, py": "smallest heap for the whole job, .py",
}
SLOW = {"heap outages", "heap job with TLS", "largest free after an hour", "free after an hour"}
# What the gate looks at: the same in each run, and quick to get. Modules are named if one of these
# grew: alone they are no offence, code may move from one to another.
GATED = {
    *(f"{figure}, mpy" for figure in BY_FORM if figure not in SLOW),
    "ram named, romfs",
    "ram import, romfs",
    *(figure for figure in ONCE if "assets" not in figure),
}
# How exact a figure is, in bytes, where that is more than the tolerance: the steps of the search,
# and one block of the heap.
EXACTNESS_BYTES = {
    "heap job, mpy": 1024,
    **{figure: 16 for figure in ONCE},
}
NOTES = """\
bytes; budget and aim are the design's, for 32 bits, the aim mostly what a script by hand costs
what a program names: Asset and its kinds, Device, Client; the rest is loaded by connect()
RAM of a module: what it adds to those imported before; of those after the line, which are let go
  after use or are optional: to all above it, with what it imports in turn
RAM after import: the least of four layouts of the heap; a number that looks like the address of
  garbage keeps it from being collected, up to 500 bytes
whole job: connect creates 5 assets over REST, 100 publishes at QoS 1, 1 command, plain sockets;
  each publish waits for its PUBACK, as it would between two readings of a sensor: what piles up in
  the outbox when they come at once depends on the broker, and moves the smallest heap by 7 KB
heap needed at the peak: free memory is painted, garbage collected before each allocation, and what
  is still painted at the end was not needed; the same from run to run to a block or two
smallest heap: found by halving, in steps of 512 bytes; it has to do three times in a row. Over the
  peak it has what the interpreter takes to keep the books of a heap, 1/42 of it on 32 bits
three lost links: each after a publish, so that the assets are looked at again; values are assigned
  meanwhile, and all arrive. In less memory the client says so and goes on trying
largest free block: in a heap of 110,000 bytes (twice that on 64 bits), after 3,600 publishes and
  60 commands
TLS: the unix port's mbedTLS has its buffers outside this heap, as an ESP32 has; on a Pico W they
  take up to 20 KiB of it more
per publish: the most of 20, garbage not being collected; its poll is the one that takes its PUBACK
"""


def tables(found):
    """Return the lines of all tables, for {interpreter: {figure: bytes}}."""
    return [
        *_columns(_form_rows(found)),
        "",
        *_columns(_once_rows(found)),
        "",
        *_columns(_module_rows(found)),
    ]


def _form_rows(found):
    head, forms = ["figure"], []
    for interpreter, bits in INTERPRETERS.items():
        if interpreter in found:
            head += [f"{bits} {name}" for name in FORM_NAMES.values()]
            forms += [(interpreter, form) for form in FORM_NAMES]
    rows = [[*head, "budget", "aim"]]
    for figure, label in BY_FORM.items():
        row = [shown(found[name].get(f"{figure}, {form}")) for name, form in forms]
        budgets = [BUDGETS.get(f"{figure}, {form}", (None, None)) for form in ("mpy", "py")]
        if any(each != "–" for each in row):
            rows.append([label, *row, *map(shown, budgets[0])])
    return rows


def _once_rows(found):
    names = [name for name in INTERPRETERS if name in found]
    rows = [["figure", *(INTERPRETERS[name] for name in names), "budget", "aim"]]
    for figure, label in ONCE.items():
        row = [shown(found[name].get(figure)) for name in names]
        rows.append([label, *row, *map(shown, BUDGETS.get(figure, (None, None)))])
    return rows


def _module_rows(found):
    """Sizes of each module, and the RAM it adds; those that stay loaded come first."""
    figures = found["mp32" if "mp32" in found else "mp64"]
    rows = [["module", ".py", ".mpy", *(f"RAM {form}" for form in FORM_NAMES.values())]]
    modules = {key[7:]: size for key, size in figures.items() if key.startswith("mpy of ")}
    held = {module for module in modules if f"ram of {module}, mpy" in figures}
    for some, kind in ((held, "of"), (modules.keys() - held, "added by")):
        for module in sorted(some, key=lambda module: (-modules[module], module)):
            sizes = [figures.get(f"{form} of {module}") for form in ("py", "mpy")]
            ram = [figures.get(f"ram {kind} {module}, {form}") for form in FORM_NAMES]
            rows.append([module, *map(shown, sizes + ram)])
        if kind == "of":
            rows.append(["-- let go after use, or optional --", *[""] * 5])
    return rows


def _columns(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in range(1, len(row)))])
        for row in rows
    ]


def shown(number):
    """Return a figure as text, a dash where it was not measured."""
    return "–" if number is None else f"{number:,.0f}"


def bar_rows(figures):
    """Return the rows of the picture: (label, bytes, budget or None), of one interpreter."""
    return [
        (label, figures.get(figure), BUDGETS.get(figure, (None,))[0])
        for figure, label in PICTURED.items()
    ]


def grown(figures, best):
    """Return a line for each gated figure that is more than 2 % over its best value.

    The modules that grew are named behind. A figure that has no best value yet is taken as it is,
    a module that is new counts from 0.
    """
    lines, modules = [], []
    for figure, now in figures.items():
        gated = figure in GATED
        if not gated and not figure.startswith(("mpy of ", "ram of ")):
            continue
        least = best.get(figure, now if gated else 0)
        if now > least * (1 + TOLERANCE) + EXACTNESS_BYTES.get(figure, 0):
            line = f"{figure}: {now:,.0f} bytes, was {least:,.0f}"
            (lines if gated else modules).append(line)
    return [*lines, "modules that grew:", *modules] if lines and modules else lines
