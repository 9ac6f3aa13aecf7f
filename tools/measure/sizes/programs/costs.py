"""Prints, as JSON, what a function, a class, a name and so on take of the heap, in bytes each.

Each is made many times under names that are there before; what one takes is the difference.
"""

import gc
import json
import os
import sys

COUNT = 64
sys.path.insert(0, "")


def held():
    gc.collect()
    return gc.mem_alloc()


def cost(make):
    """Return what one of COUNT things takes, of which `make(number)` returns one."""
    kept = [None] * COUNT
    make(0)
    before = held()
    for number in range(COUNT):
        kept[number] = make(number)
    return (held() - before) / COUNT


def made(source):
    """Return what is called `x` in a source."""
    space = {"x": None}
    exec(source, space)
    return space["x"]


class Empty:
    pass


def attributes(count):
    thing = Empty()
    for name in ("a", "b", "c", "d", "e", "f", "g", "h")[:count]:
        setattr(thing, name, 1)
    return thing


def module(number, functions):
    """Return a module that is imported from a file of its own."""
    name = "costs%d_%04d" % (functions, number)
    with open(name + ".py", "w") as f:
        f.write("".join(["def %s(x):\n return x\n\n\n" % c for c in "abcdefgh"[:functions]]))
    try:
        return __import__(name)
    finally:
        os.remove(name + ".py")


def classes(methods):
    source = "class x:" + "".join(["\n def %s(x): return x" % c for c in "abcdefgh"[:methods]])
    return cost(lambda n: made(source))


for letter in "abcdefgh":  # names are there before they are measured
    setattr(Empty(), letter, 0)
few, many = cost(lambda n: module(n, 1)), cost(lambda n: module(n, 8))
one, eight = classes(1), classes(8)
plain = cost(lambda n: made("def x(a, b, c, d): return a"))
defaults = cost(lambda n: made("def x(*, a=1, b=2, c=3, d=4): return a"))
function, method = (many - few) / 7, (eight - one) / 7
found = {
    "a function of one statement": function,
    "a method of one statement": method,
    "a keyword argument with a default": (defaults - plain) / 4,
    "a class, beside its methods": one - method - cost(lambda n: made("x = 1")),
    "a module of one file, beside its functions, with its names": few - function,
    "an instance with one attribute": cost(lambda n: attributes(1)),
    "an attribute more": (cost(lambda n: attributes(8)) - cost(lambda n: attributes(1))) / 7,
    "a name of eight letters": cost(lambda n: setattr(Empty(), "name%04d" % n, 1)),
}
print(json.dumps(found))
