"""A month of faults in virtual time: does the client keep its promises, and its heap?

    soak.py SEED DAYS [POLL_MS]

Runs unchanged on CPython and MicroPython; run.py finds the interpreters. Prints one line on the
run, which is the same on every interpreter, and one on the heap. POLL_MS: how often the program
polls; 0, as it needs. Leaves with 1 at the first promise that is not kept.
"""

import gc
import sys
from array import array

from dice import Dice
from faults import ALL, PASSING_MS, slow
from faulty_net import FaultyNet
from ledger import Broken
from program import POWER_ON_MS, Program
from tries import Tries

_DAY_MS = 86400000
_MINUTE_MS = 60000
_TIMEOUT_MS = 10000
_WAYS = 6  # in which a command comes, half of them as usual
# On day 12 the milliseconds since power-on outgrow 30 bits, and the one such number that the
# library keeps, when the last session was lost, becomes two blocks of a 32-bit heap.
_OUTGROWN_DAY = 12
_OUTGROWN_BYTES = 32
# A dead link is noticed after half the keepalive (30 s) and a ping that is not answered, or a value
# (one each 75 s) that is not acknowledged; polls are up to 5 s apart.
_NOTICE_MS = 75000 + _TIMEOUT_MS + 10000
# A try that began before the fault ended may still wait for REST and for CONNACK.
_STEPS_MS = 2 * _TIMEOUT_MS + 10000


class Soak(Program):
    def __init__(self, seed, poll_ms):
        self.tries = Tries(POWER_ON_MS)
        net = FaultyNet(Dice(seed, 1), self.tries)
        super().__init__(net, Dice(seed), poll_ms)
        self.names = ["boot"]
        self.happened = dict([(fault.__name__, 0) for fault in ALL])

    def on_connect(self, client):
        super().on_connect(client)
        self.tries.session(self.net.now_ms)

    def well(self):
        """Return whether all is delivered both ways, over a link that is not secretly dead."""
        client = self.client
        if not client.connected or client.pending or self.unheard:
            return False
        return self.net.socket.sound()

    def start(self):
        """Boot before the router: connect() returns False, and the client goes on by itself.

        Then each fault and each kind of command once, for what they load and what grows by them.
        """
        self.net.refuses = 113
        if self.board.connect():
            raise Broken("connect() without a network returned True")
        self.live(5 * _MINUTE_MS)
        self.recover(5 * _MINUTE_MS, PASSING_MS)
        self.suffer((router_away_for_hours,))  # the outbox takes its largest size
        for i in range(len(ALL)):
            if ALL[i] not in ALL[:i]:
                self.suffer((ALL[i],))
        for way in range(_WAYS):
            self.command(way)

    def suffer(self, faults):
        """Let faults follow each other, then see the client come back as promised."""
        began_ms = self.net.now_ms
        sessions = self.net.broker.sessions
        longest_ms = 0
        self.names = [fault.__name__ for fault in faults]
        for fault in faults:
            self.happened[fault.__name__] = self.happened.get(fault.__name__, 0) + 1
            ms, pause_ms = fault(self)
            self.live(ms)
            self.net.heal()
            longest_ms = max(longest_ms, pause_ms)
        self.recover(self.net.now_ms - began_ms, longest_ms)
        if faults == (slow,) and self.net.broker.sessions != sessions:
            raise Broken("a slow broker was taken for a dead one")

    def recover(self, outage_ms, longest_ms):
        """Wait until all is well again, which may take what the API says and no more."""
        self.net.heal()
        wait_ms = longest_ms
        if longest_ms == PASSING_MS:
            wait_ms = min(wait_ms, (outage_ms + _STEPS_MS) // 2 + 500)
        unnoticed = self.net.socket and not self.net.socket.sound()
        allowed_ms = wait_ms + _STEPS_MS + (_NOTICE_MS if unnoticed else 0)
        if not self.live(allowed_ms, self.well):
            raise Broken(
                "not well %d s after an outage of %d s: %s, %d pending, commands not heard %s"
                % (
                    allowed_ms // 1000,
                    outage_ms // 1000,
                    self.client.last_error,
                    self.client.pending,
                    self.unheard,
                )
            )
        self.command()

    def command(self, way=-1):
        """Send a command in one of the ways commands come; it has to be heard once."""
        if not self.live(5 * _MINUTE_MS, self.well):
            raise Broken("not well on a good network: %s" % self.client.last_error)
        confirmed, messages = self.net.broker.confirmed, 1
        raised, reports = self.raised, self.reports
        if way < 0:
            way = self.dice.below(_WAYS)
        if way == 0:  # over the limit of 4,096 bytes, then a good one
            self.send(0, padding=self.dice.between(4100, 6000))
            messages, reports = 2, reports + 1
        self.send_command(in_pieces=way == 1)
        if way == 2:  # sent again, as after a lost PUBACK of ours
            self.send(self.serial, dup=True)
            messages = 2
        self.live(20000, lambda: self.well() and self.net.broker.confirmed >= confirmed + messages)
        if self.unheard:
            raise Broken("command %d was not heard" % self.serial)
        if self.net.broker.confirmed != confirmed + messages:
            raise Broken("a command was not acknowledged once")
        if self.reports != reports + self.raised - raised:
            raise Broken("a handler that raised, or a message over the limit, was not reported")
        if not 0 <= self.ups - self.downs <= 1:
            raise Broken("%d on_connect, %d on_disconnect" % (self.ups, self.downs))

    def day(self, end_ms):
        """Live through calm and faults until the end of the day."""
        dice = self.dice
        while self.net.now_ms < end_ms:
            for _ in range(dice.between(1, 4)):
                self.live(dice.between(10000, 60 * _MINUTE_MS))
                self.command()
            faults = [dice.pick(ALL)]
            while dice.chance(20):
                faults.append(dice.pick(ALL))
            self.suffer(tuple(faults))

    def settle(self):
        """Come to one and the same state, that of the end of each day."""
        self.live(10 * _MINUTE_MS)
        self.publish_at_ms = self.net.now_ms + 2 * _MINUTE_MS
        self.live(10000)
        self.net.socket.ended = True  # the last report and the last session are alike each time
        self.live(10000)
        self.serial = (self.serial // 8 + 1) * 8  # neither publishes nor raises
        self.send_command()
        self.live(10000)
        if not self.well():
            raise Broken("not well at the end of a day: %s" % self.client.last_error)
        self.unheard = []
        self.names = None
        self.live(10000)

    def line(self, seed, days):
        """Return the figures of the run, the same on every interpreter."""
        ledger, tries, client = self.ledger, self.tries, self.client
        return (
            "seed %d, %d days: %d faults, %d sessions, %d values assigned, %d arrived, %d twice, "
            "%d dropped of which %d never arrived, %d of %d commands heard, %d errors reported, "
            "%d tries over MQTT and %d over REST, at most %d in an hour (%d sessions, bound %d), "
            "digest %06x"
            % (
                seed,
                days,
                sum(self.happened.values()),
                self.net.broker.sessions,
                ledger.assigned_count,
                ledger.arrived_count,
                ledger.duplicates,
                ledger.dropped,
                ledger.lost,
                self.heard,
                self.heard + len(self.unheard),
                client.errors,
                tries.mqtt,
                tries.rest,
                tries.most,
                tries.most_sessions,
                tries.bound(tries.most_sessions),
                ledger.digest,
            )
        )


def router_away_for_hours(soak):
    """Longer than the outbox holds, for certain."""
    soak.net.socket.silent = True
    soak.net.refuses = 113
    return 12 * 60 * _MINUTE_MS, PASSING_MS


def wash(depth):
    """Write over what earlier calls left on the C stack: the collector takes it for references."""
    return depth and wash(depth - 1)


def in_use():
    """Return the bytes in use on MicroPython's heap; CPython has no such figure, so 0."""
    wash(60)
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0


def check_heap(day, now, first):
    """Raise Broken unless the heap is as it was after the first day, which is the warm-up."""
    if day >= _OUTGROWN_DAY and first and sys.maxsize < 1 << 32:
        first += _OUTGROWN_BYTES
    if now != first:
        raise Broken("%d in use on the heap in place of %d" % (now, first))


def main(seed, days, poll_ms=0):
    soak = Soak(seed, poll_ms)
    if hasattr(gc, "freeze"):  # CPython: the library collects often, and need not look at all that
        gc.freeze()
    heaps = array("L", [0] * days)
    end_ms = POWER_ON_MS
    try:
        soak.start()
        for day in range(days):
            end_ms += _DAY_MS
            soak.day(end_ms)
            soak.settle()
            heaps[day] = in_use()
            check_heap(day, heaps[day], heaps[0])
        if soak.ledger.assigned_count != soak.ledger.arrived_count + soak.ledger.lost:
            raise Broken("a value is neither delivered nor counted as dropped")
    except Broken as e:
        soak.client.status = "closed"  # the library's exit hook need not try
        up_ms = soak.net.now_ms - POWER_ON_MS
        after = "" if soak.names is None else " after " + " ".join(soak.names)
        print("broken on day %d, %d ms,%s: %s" % (up_ms // _DAY_MS, up_ms, after, e))
        sys.exit(1)
    print(soak.line(seed, days))
    if heaps[0]:
        print("heap in use at the end of each day:", " ".join([str(n) for n in heaps]))


if __name__ == "__main__":
    main(*[int(argument) for argument in sys.argv[1:]])
