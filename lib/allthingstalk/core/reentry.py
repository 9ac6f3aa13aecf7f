"""What interrupts, other threads and Ctrl-C may do in the middle of the client's own work.

Interrupts (a timer's or a pin's handler, by way of `micropython.schedule`) run between any two
bytecodes. What they assign while the outbox is being changed waits in the publisher; what they
call while the client works (close, connect) is done right after it. Other threads may assign: they
wait for the lock, which is never held while the client waits for the network.
"""

import sys

try:
    from _thread import allocate_lock, get_ident
except ImportError:  # a port without threads

    class allocate_lock:  # noqa: N801
        _taken = False

        def locked(self):
            return self._taken

        def acquire(self):
            self._taken = True

        def release(self):
            self._taken = False

    def get_ident():
        return 1


class Reentry:
    """The guard of a client. `enter()` and `leave()` stand around each change of the outbox.

    `busy`: the client is in its own work, of which waiting for the network may be a part.
    `in_handler`: a function of the program runs, called by the client.
    """

    busy = in_handler = False
    _holder = None  # the thread that changes the outbox, 0 where nobody asked

    def __init__(self):
        self._lock = allocate_lock()
        self.locked = self._lock.locked
        self._after = []
        self.own()
        # On 32-bit ports with large thread numbers each question allocates: only where two meet.
        self._asks = self._owner < 1 << 30 or sys.maxsize > 1 << 31

    def own(self, anybody=False):
        """Make this thread the one that polls; or let the next that connects be it."""
        self._owner = get_ident()
        self._anybody = anybody

    def check_thread(self, always=True):
        """Raise RuntimeError in a thread that may only assign."""
        if (always or self._asks) and not self.owns():
            raise RuntimeError(
                "this thread may only assign: poll, wait, flush, close, connect and reading "
                "belong to the thread that connected"
            )

    def owns(self):
        """Return whether this thread is the one that polls."""
        return self._anybody or get_ident() == self._owner

    def entered(self):
        """Return whether this thread is changing the outbox: an interrupt in the midst of it."""
        if not self.locked():
            return False
        me = get_ident()
        return self._holder == me or not self._holder and me == self._owner

    def enter(self):
        """Begin to change the outbox; waits for another thread that does."""
        self._lock.acquire()
        self._holder = get_ident() if self._asks else 0

    def leave(self):
        self._holder = None
        self._lock.release()

    def reset(self):
        """Leave whatever this thread had entered when an exception cut it off."""
        self.busy = self.in_handler = False
        if self.entered():
            self.leave()

    def work(self, on):
        self.busy = on

    def handle(self, on):
        self.in_handler = on

    def after(self, call):
        """Have a call made when the work at hand is done."""
        self._after.append(call)

    def done(self):
        """Make the calls that were put off."""
        while self._after and not self.busy:
            self._after.pop(0)()
