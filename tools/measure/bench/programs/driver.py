"""What the bench asks of each client's program, one call a line; see calls.py."""

import time
from binascii import a2b_base64

from calls import answer, now_us

STAMPS = 1000000000  # stamps are counted modulo this: a command's value has to fit into 30 bits


def pause_ms(milliseconds):
    time.sleep(milliseconds / 1000)


class Jobs:
    """The calls that the bench makes, for one client.

    `peer` has connect(), publish(count), mark(), poll() and ends(). publish returns when the broker
    has acknowledged all, at QoS 0 when all is written; mark publishes one to another asset.
    """

    def __init__(self, told):
        self.late_us = []
        if told["ca"]:
            told["ca"] = a2b_base64(told["ca"])
        self.peer = __import__(told["peer"]).Peer(told, self.heard)

    def heard(self, stamp):
        """Note a command, whose value is when it was sent."""
        self.late_us.append((now_us() - stamp) % STAMPS)

    def connect(self):
        """Connect and subscribe, or leave and do so again."""
        began_us = now_us()
        self.peer.connect()
        return {"us": now_us() - began_us}

    def publish(self, count, mark=False):
        """Publish so many values, and with `mark` one more that a listener waits for."""
        began_us = now_us()
        self.peer.publish(count)
        took_us = now_us() - began_us
        if mark:
            self.peer.mark()
        return {"us": took_us, "began_us": began_us}

    def boot(self):
        """Connect, and publish one value."""
        began_us = now_us()
        self.peer.connect()
        connected_us = now_us() - began_us
        self.peer.publish(1)
        return {"us": now_us() - began_us, "connect_us": connected_us}

    def listen(self, poll_ms, for_ms):
        """Poll at this pace for so long; return how late each command was heard."""
        pause = getattr(self.peer, "pause_ms", pause_ms)
        end_us = now_us() + for_ms * 1000
        while now_us() < end_us:
            self.peer.poll()
            pause(poll_ms)
        return {"late_us": self.late_us}

    def end(self):
        """Leave the broker."""
        self.peer.ends()
        return {}


if __name__ == "__main__":
    answer(Jobs)
