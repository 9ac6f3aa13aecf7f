"""What the tests of the outbox on flash share: a board that is reset, and its one file."""

import json
import os
import random
import time

from allthingstalk import Outbox, timestamps
from contract import ContractTest

T0_MS = 1800000000000  # 2027-01-15T08:00:00Z


class FileTest(ContractTest):
    """Clients of a board that is reset: each `restart()` has the same file and nothing else."""

    always = True
    size = 8192

    def setUp(self):
        self.size = FileTest.size  # one instance runs all tests of a class on MicroPython
        self.path = "/tmp/allthingstalk-outbox-%d-%d" % (time.time_ns(), random.getrandbits(16))
        self.options = {"outbox": self.outbox()}
        self.now_ms = timestamps.now_ms
        super().setUp()
        self.net.getrandbits = lambda n: random.getrandbits(n)  # a boot is told by one

    def tearDown(self):
        timestamps.now_ms = self.now_ms
        for name in (self.path, self.path + ".new"):
            try:
                os.remove(name)
            except OSError:
                pass

    def make(self, *args, **kwargs):
        client = super().make(*args, **kwargs)
        client.before_exit = False  # a thousand of them are too many for what is done at exit
        return client

    def outbox(self):
        return Outbox(self.path, self.size, self.always)

    def restart(self):
        self.client = self.make(outbox=self.outbox())
        return self.client

    def clock(self, set_at_s=0):
        """Set the board's clock to T0_MS plus virtual time; None: it is not set."""
        start = self.net.now_ms
        timestamps.now_ms = lambda: (
            None if set_at_s is None else T0_MS + set_at_s * 1000 + self.net.now_ms - start
        )

    def offline_board(self):
        self.away()
        return self.board()

    def read(self, name=None):
        try:
            with open(name or self.path, "rb") as f:
                return f.read()
        except OSError:
            return b""

    def write(self, data, name=None):
        with open(name or self.path, "wb") as f:
            f.write(data)

    def deliver(self):
        """Let the network come back and everything be acknowledged; return the messages."""
        self.away(False)
        self.net.broker.log.clear()
        self.assertTrue(self.client.flush(120))
        return [json.loads(p[1]) for p in self.net.broker.publishes()]

    def waiting(self):
        """Return the values that wait, as their text."""
        o = self.client.outbox
        o.rewind()
        found = []
        while o.next():
            found.append(str(bytes(o.buffer[o.text : o.text + o.text_size]), "utf-8"))
            o.sent(1)
        o.rewind()
        return found
