"""What the figures are called, their budgets, the tables they are shown in."""

FORM_NAMES = {"mpy": ".mpy", "romfs": "in place", "py": ".py"}
INTERPRETERS = {"mp32": "32 bits", "mp64": "64 bits"}
TOLERANCE = 0.02

# figure, measured in each form -> label
BY_FORM = {
    "ram connected": "RAM connected, with 5 assets, created on the way",
    "ram connected over TLS": "  the same over verified TLS",
    "ram steady": "RAM after 1,000 publishes and 100 commands",
    "peak connect": "peak of a first connect",
    "peak reconnect": "peak of a reconnect, the assets looked at again",
    "peak reconnect of MQTT": "  of MQTT alone",
    "peak job": "peak of the whole job",
    "heap job": "smallest heap for the whole job",
    "heap job with TLS": "  the same with verified TLS",
    "heap outages": "smallest heap in which three lost links lose nothing",
    "by hand: ram connected": "by hand: RAM connected, with 5 assets",
    "by hand: peak job": "by hand: peak of the whole job",
    "by hand: heap job": "by hand: smallest heap for the whole job",
    "largest free after an hour": "largest free block after an hour's traffic",
    "free after an hour": "  all that is free then",
    "ram named": "RAM after import of what a program names",
    "ram import": "RAM of all that stays loaded after connect",
    "files": "the whole library, as files",
    "files held": "  what stays loaded after connect, engines included",
    "files held of the library": "    of which the library",
    "files held of the engines": "    of which the engine, umqtt.simple",
}
# figure, measured once -> label
ONCE = {
    "peak connect, 5 assets on the platform": "peak of a later connect, 5 assets on the platform",
    "peak connect, 500 assets on the platform": "  the same with 500",
    "peak connect, growth": "  by how much the second is more",
    **{
        f"publish {kind}{suffix}, QoS {qos}": f"heap per publish of {kind}{named}, QoS {qos}"
        for kind in ("int", "float", "bool", "short text")
        for qos in (0, 1)
        for suffix, named in (("", ""), (" and poll", " and its poll"))
    },
    "poll": "heap per idle poll",
    "command": "heap per command, handler included",
}
# figure -> (budget, aim); of the design, for 32 bits.
BUDGETS = {
    "ram connected, mpy": (24576, 20480),
    "heap job, mpy": (34816, 28672),
    "heap job with TLS, mpy": (46080, 39936),
    "heap job, romfs": (22528, 18432),
    "heap job, py": (47104, 39936),
    **{
        figure: (48, 32) if figure.startswith("publish float") else (32, 16)
        for figure in ONCE
        if figure.startswith("publish ")
    },
    "poll": (0, 0),
    "peak connect, growth": (256, None),
}
# Bars of the picture.
PICTURED = {
    "heap job, mpy": "smallest heap for the whole job, .mpy",
    "heap job with TLS, mpy": "  the same with verified TLS",
    "heap outages, mpy": "  in which three lost links lose nothing",
    "by hand: heap job, mpy": "  by hand",
    "heap job, romfs": "  in place",
    "heap job, py": "  from .py",
    "ram connected, mpy": "RAM connected, with 5 assets, .mpy",
    "ram connected over TLS, mpy": "  the same over verified TLS",
    "ram steady, mpy": "  after 1,000 publishes, 100 commands",
    "by hand: ram connected, mpy": "  by hand",
    "ram connected, romfs": "  in place",
    "peak connect, mpy": "peak of a first connect, .mpy",
    "peak reconnect, mpy": "  of a reconnect",
    "ram import, mpy": "RAM of what stays loaded, .mpy",
    "ram import, romfs": "  in place",
    "files, mpy": "flash: the whole library, .mpy",
    "files held, mpy": "  what stays loaded after connect",
}
# What the gate looks at: the same in each run, and quick to get. Modules are named if one of these
# grew: alone they are no offence, code may move from one to another.
GATED = {
    *(
        f"{figure}, mpy"
        for figure in BY_FORM
        if not figure.startswith("by hand")
        and figure not in ("heap outages", "largest free after an hour", "free after an hour")
    ),
    "heap job, romfs",
    "heap job, py",
    "ram named, romfs",
    "ram import, romfs",
    *(figure for figure in ONCE if "assets" not in figure and "growth" not in figure),
}
# How exact a figure is, in bytes, where that is more than the tolerance: the steps of the search,
# and one block of the heap.
EXACTNESS_BYTES = {
    **{figure: 1024 for figure in GATED if figure.startswith("heap job")},
    **{figure: 16 for figure in ONCE},
}
NOTES = """\
bytes; budget and aim are the design's, for 32 bits
what a program names: Client, Device, NumberAsset; the rest is loaded by connect()
RAM of a module: what it adds to those imported before; of those after the line, which are let go
  after use or are optional: to all above it, with what it imports in turn
RAM after import: the least of four layouts of the heap; a number that looks like the address of
  garbage keeps it from being collected, up to 500 bytes
whole job: connect creates 5 assets over REST, 100 publishes at QoS 1, 1 command, plain sockets;
  each publish waits for its PUBACK, as it would between two readings of a sensor: what piles up in
  the outbox when they come at once depends on the broker, and moves the smallest heap by 7 KB
by hand: the same job in programs/by_hand.py over umqtt.simple and urequests, without the library
peak, the heap needed from its beginning: free memory is painted, garbage collected before each
  allocation, and what is still painted at the end was not needed; the same from run to run to a
  few blocks. A reconnect: the link is cut from outside, once right after a publish, after which
  the assets are looked at again, once without
smallest heap: found by halving, in steps of 512 bytes; it has to do three times in a row. Over the
  peak it has what the interpreter takes to keep the books of a heap, 1/42 of it on 32 bits
three lost links: each after a publish, so that the assets are looked at again; values are assigned
  meanwhile, and all arrive. In less memory the client says so and goes on trying
largest free block: in a heap of 110,000 bytes (twice that on 64 bits), after 3,600 publishes and
  60 commands
TLS: the unix port's mbedTLS has its buffers outside this heap, as an ESP32 has; on a Pico W they
  take up to 20 KiB of it more
per publish: the most of 20, garbage not being collected, of two turns the one with less; its poll
  is the one that takes its PUBACK
"""


def tables(found):
    """Return the lines of all tables, for {interpreter: {figure: bytes}}."""
    parts = [_form_rows(found), _once_rows(found), _module_rows(found)]
    if "mp32" in found:
        parts.insert(0, budget_rows(found["mp32"]))
    return [line for part in parts for line in [*columns(part), ""]][:-1]


def label(figure):
    """Return what a figure is called where it stands alone."""
    if figure in ONCE:
        return {"peak connect, growth": "peak of connect, 500 assets over 5"}.get(
            figure, ONCE[figure].strip()
        )
    name, _, form = figure.rpartition(", ")
    if name not in BY_FORM:
        return figure
    text = BY_FORM[name].strip()
    if text.startswith("the same"):
        text = BY_FORM[name.partition(" over ")[0].partition(" with ")[0]] + text[8:]
    return f"{text}, {FORM_NAMES[form]}"


def budget_rows(figures):
    """Return the rows of those that have a budget: what is measured, budget, aim, verdict."""
    rows = [["32 bits, bytes", "now", "budget", "aim", ""]]
    for figure, (budget, aim) in BUDGETS.items():
        if figure in figures:
            now = figures[figure]
            verdict = "over the budget" if now > budget else "over the aim"
            if now <= (budget if aim is None else aim):
                verdict = "held"
            rows.append([label(figure), shown(now), shown(budget), shown(aim), verdict])
    return rows


def over_budget(figures, best=None):
    """Return a line for each figure that is more than its budget.

    With `best`, those that were over it at their best are left out: a debt that is known, and which
    may not grow.
    """
    return [
        f"{label(figure)}: {figures[figure]:,.0f} bytes, budget {budget:,}"
        for figure, (budget, _) in BUDGETS.items()
        if figures.get(figure, 0) > budget and (best or {}).get(figure, 0) <= budget
    ]


def _form_rows(found):
    head, forms = ["figure"], []
    for interpreter, bits in INTERPRETERS.items():
        if interpreter in found:
            head += [f"{bits} {name}" for name in FORM_NAMES.values()]
            forms += [(interpreter, form) for form in FORM_NAMES]
    rows = [head]
    for figure, text in BY_FORM.items():
        row = [shown(found[name].get(f"{figure}, {form}")) for name, form in forms]
        if any(each != "–" for each in row):
            rows.append([text, *row])
    return rows


def _once_rows(found):
    names = [name for name in INTERPRETERS if name in found]
    rows = [["figure", *(INTERPRETERS[name] for name in names)]]
    for figure, text in ONCE.items():
        rows.append([text, *(shown(found[name].get(figure)) for name in names)])
    return rows


def _module_rows(found):
    """Sizes of each module, and the RAM it adds; those that stay loaded come first."""
    figures = found["mp32" if "mp32" in found else "mp64"]
    rows = [["module", ".mpy", ".py", *(f"RAM {form}" for form in FORM_NAMES.values())]]
    modules = {key[7:]: size for key, size in figures.items() if key.startswith("mpy of ")}
    held = {module for module in modules if f"ram of {module}, mpy" in figures}
    for some, kind in ((held, "of"), (modules.keys() - held, "added by")):
        for module in sorted(some, key=lambda module: (-modules[module], module)):
            sizes = [figures.get(f"{form} of {module}") for form in ("mpy", "py")]
            ram = [figures.get(f"ram {kind} {module}, {form}") for form in FORM_NAMES]
            rows.append([module, *map(shown, sizes + ram)])
        if kind == "of":
            rows.append(["-- let go after use, or optional --", *[""] * 5])
    return rows


def columns(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in range(1, len(row)))]
        ).rstrip()
        for row in rows
    ]


def shown(number):
    """Return a figure as text, a dash where it was not measured."""
    return "–" if number is None else f"{number:,.0f}"


def bar_rows(figures):
    """Return the rows of the picture: (label, bytes, budget or None), of one interpreter."""
    return [
        (text, figures.get(figure), BUDGETS.get(figure, (None,))[0])
        for figure, text in PICTURED.items()
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
