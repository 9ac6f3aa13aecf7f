"""What interrupts, other threads and Ctrl-C may do in the middle of the client's own work.

Interrupts (a timer's or a pin's handler, by way of `micropython.schedule`) run between any two
bytecodes. What they assign while the outbox is being changed waits in a list; what they call while
the client works (close, connect) is done right after it. Other threads may assign: they wait for
the lock, which is never held while the client waits for the network. What Ctrl-C leaves half done
is mended by Loop.cut_off().
"""

import sys

try:
    from _thread import allocate_lock, get_ident
except ImportError:  # a port without threads
    from .no_threads import allocate_lock, get_ident


class Reentry:
    """enter() and leave() stand around each change of the outbox and the session.

    A Client's `busy`: it is in its own work, of which waiting for the network may be a part;
    `in_handler`: in a function of the program that it called; `after`: what interrupts called, to
    be done when the work at hand is.
    """

    _holder = None  # the thread between enter() and leave(), 0 where it was not asked for

    def begin_reentry(self):
        self.lock = allocate_lock()
        self._locked = self.lock.locked
        self.own()
        # On 32-bit ports with large thread numbers each question allocates: only where two meet.
        self._asks = self.thread < 1 << 30 or sys.maxsize > 1 << 31

    def own(self):
        """Make this thread the one that polls; None in `thread`: the next that connects."""
        self.thread = get_ident()

    def check_thread(self, always=True):
        """Raise RuntimeError in a thread that may only assign."""
        if (always or self._asks) and self.thread not in (None, get_ident()):
            raise RuntimeError(
                "this thread may only assign: poll, wait, flush, close, connect and reading "
                "belong to the thread that connected"
            )

    def entered(self):
        """Return whether this thread is between enter() and leave(): then it is an interrupt."""
        if not self._locked():
            return False
        me = get_ident()
        return self._holder == me or not self._holder and me == self.thread

    def enter(self):
        """Begin to change the outbox; waits for another thread that does."""
        self.lock.acquire()
        self._holder = get_ident() if self._asks else 0

    def leave(self):
        self._holder = None
        self.lock.release()
