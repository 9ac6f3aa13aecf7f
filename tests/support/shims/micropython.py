"""MicroPython's `micropython` on CPython."""


def const(value):
    return value


def schedule(function, argument):
    """Run a function soon; here at once, since signal handlers run between two bytecodes."""
    function(argument)
