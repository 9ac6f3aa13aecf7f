"""MicroPython's `micropython` on CPython, and what else is built in there."""

import builtins
import sys
import traceback


def const(value):
    return value


def schedule(function, argument):
    """Run a function soon; here at once, since signal handlers run between two bytecodes."""
    function(argument)


def execfile(path, variables):
    """Run a file; MicroPython's `builtins` has it."""
    with open(path, encoding="utf-8") as f:
        exec(compile(f.read(), path, "exec"), variables)


def print_exception(e, file=None):
    """Print an exception with its traceback; MicroPython's `sys` has it."""
    traceback.print_exception(type(e), e, e.__traceback__, file=file)


builtins.execfile = execfile
sys.print_exception = print_exception
