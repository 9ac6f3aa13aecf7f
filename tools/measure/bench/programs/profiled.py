"""The bench's program under CPython's profiler: what driver.py answers, and profile()."""

import cProfile
from types import CodeType

from calls import answer
from driver import Jobs

SOCKET = "socket"
# What the names of built-in functions have in them that talk to the kernel, or wait.
KERNEL = ("socket", "select", "sleep")


class Profiled(Jobs):
    def profile(self, count):
        """Publish so many values; return the microseconds spent in each file, and in sockets.

        A built-in function counts for the file that calls it.
        """
        profiler = cProfile.Profile()
        profiler.enable()
        self.peer.publish(count)
        profiler.disable()
        by_file = {SOCKET: 0}
        for entry in profiler.getstats():
            if not isinstance(entry.code, CodeType):
                continue
            name = entry.code.co_filename
            by_file[name] = by_file.get(name, 0) + entry.inlinetime * 1e6
            for called in entry.calls or ():
                if not isinstance(called.code, CodeType):
                    kernel = any(word in called.code for word in KERNEL)
                    by_file[SOCKET if kernel else name] += called.inlinetime * 1e6
        return {"by_file": by_file}


answer(Profiled)
