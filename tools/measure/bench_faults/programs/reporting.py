"""What all programs of the bench share: they take their settings and report each call.

One line each on standard output: `ready`, `call NUMBER TIME`, `back NUMBER TIME ACCEPTED`, `done`,
`heard`; times in microseconds since the program began. What else is printed is only kept.
"""

import json
import sys
import time

_began = time.ticks_us()


def settings():
    """Return what standard input says in its first line: a dict, the token among it."""
    return json.loads(sys.stdin.readline())


def ready():
    """Report that the session is up; return when the bench says so."""
    print("ready")
    sys.stdin.readline()


def calls(number):
    """Report that a value is about to be given to the library."""
    print("call", number, time.ticks_diff(time.ticks_us(), _began))


def returned(number, accepted=True):
    """Report that the library has given control back, and whether it took the value."""
    print("back", number, time.ticks_diff(time.ticks_us(), _began), int(accepted))


def done():
    """Report that all values were given, and that the library has none left to deliver."""
    print("done")


def heard(*_):
    """Report a command; it can be registered as a callback as it is."""
    print("heard")
