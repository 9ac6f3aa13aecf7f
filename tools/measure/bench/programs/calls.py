"""How the bench calls its programs: settings come first, then one call a line.

Runs on MicroPython and on CPython. Each line on standard input is JSON: `do`, the name of a method,
and its arguments; what that returns is answered as a line of JSON that begins with `{`. Times are
in microseconds.
"""

import json
import sys
import time


def now_us():
    """Return the wall clock, the one that the bench's own process stamps commands with."""
    return time.time_ns() // 1000


def answer(jobs):
    """Answer the calls of the bench with the methods of `jobs(settings)`, until they end."""
    called = jobs(json.loads(sys.stdin.readline()))
    print("{}")
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        call = json.loads(line)
        name = call.pop("do")
        print(json.dumps(getattr(called, name)(**call)))
