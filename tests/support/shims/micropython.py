"""MicroPython's `micropython` on CPython, and what else is built in there."""

import builtins


def const(value):
    return value


def schedule(function, argument):
    """Run a function soon; here at once, since signal handlers run between two bytecodes."""
    function(argument)


def execfile(path, variables):
    """Run a file; MicroPython's `builtins` has it."""
    with open(path, encoding="utf-8") as f:
        exec(compile(f.read(), path, "exec"), variables)


builtins.execfile = execfile
