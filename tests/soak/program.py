"""The device of the soak and what its program does: a value a minute, bursts, commands."""

from allthingstalk import Client, Device, IntegerAsset, Outbox, StringAsset, timestamps
from fake_net import message
from ledger import Broken, Ledger

TOKEN = "maker:soak0secret"
_OUTBOX_BYTES = 8192  # the default
# Virtual time at power-on. Numbers beyond 30 bits take heap on 32-bit MicroPython: from the start,
# so that the heap does not grow with the clock.
POWER_ON_MS = 1 << 30
_STARTED_MS = 1790000000000  # 2026-09-21: the wall clock at power-on
_CLOCK_SET_MS = 3600000  # after power-on; before that the board does not know the time
_FIRST_STEP_MS = 50


class Board(Device):
    count = IntegerAsset()
    note = StringAsset()
    led = IntegerAsset(kind="actuator")


class Program:
    """One Client and Device on a faulty network, in virtual time.

    `poll_ms` 0: polls each 50 ms after something happened and each 5 s at the least; else the
    program polls at that pace, whatever happens.
    """

    def __init__(self, net, dice, poll_ms):
        net.now_ms = POWER_ON_MS
        self.net = net
        self.dice = dice
        self.poll_ms = poll_ms
        self.ledger = net.ledger = Ledger(net, _OUTBOX_BYTES, self.clock)
        timestamps.now_ms = self.clock  # the library's clock is the interpreter's; ours is virtual
        self.publish_at_ms = 0
        self.unheard = []  # serial numbers of commands
        self.serial = self.heard = self.raised = 0
        self.ups = self.downs = 0
        self.reports = 0  # of handlers that raise and messages over the limit
        cls = type("VirtualClient", (Client,), {"net": net})
        self.client = cls(
            TOKEN,
            api="http://h",
            client_id="soak",
            outbox=Outbox(size=_OUTBOX_BYTES),
            log=self.log,
            on_connect=self.on_connect,
            on_disconnect=self.on_disconnect,
        )
        self.client.link_up = lambda: net.up
        self.board = Board(client=self.client, id="D", connect=False)
        self.board.command.led(self.on_led)

    def clock(self):
        """Return ms since 1970, None while the clock is not set."""
        up_ms = self.net.now_ms - POWER_ON_MS
        return _STARTED_MS + up_ms if up_ms >= _CLOCK_SET_MS else None

    # -- what the client tells -------------------------------------------------------------------

    def log(self, text):
        if TOKEN in text:
            raise Broken("the token was told: " + text)
        if not text.startswith("allthingstalk: "):
            return  # a line of a traceback
        if "raised" in text or "over the limit" in text or "is too large" in text:
            self.reports += 1
        elif "next try in" not in text and "outbox is full" not in text:
            raise Broken("reported: " + text)

    def on_connect(self, client):
        self.ups += 1

    def on_disconnect(self, client, reason):
        self.downs += 1

    def on_led(self, device, value, at):
        if value not in self.unheard:
            raise Broken("command %d was heard twice" % value)
        self.unheard.remove(value)
        self.heard += 1
        self.ledger.note(value)
        if value % 8 == 3:
            self.publish()
        if value % 8 == 5:
            self.raised += 1
            raise ValueError("a handler's own")

    # -- what the program does -------------------------------------------------------------------

    def publish(self, count=1):
        """Assign so many values; an assignment takes no time."""
        dice, net = self.dice, self.net
        for _ in range(count):
            number = self.ledger.assigned_count
            before_ms = net.now_ms
            if dice.chance(30):
                length = dice.between(0, 400 if dice.chance(10) else 40)
                text = "%d %s" % (number, "x" * length)
                self.ledger.assign(len(text) + 2)
                self.board.note = text
            else:
                self.ledger.assign(len(str(number)))
                self.board.count = number
            if net.now_ms != before_ms:
                raise Broken("an assignment took %d ms" % (net.now_ms - before_ms))
        self.compare()

    def compare(self):
        """Raise Broken if the client's account of the outbox is not ours."""
        client, ledger = self.client, self.ledger
        if client.dropped != ledger.dropped:
            raise Broken("dropped %d values, not %d" % (client.dropped, ledger.dropped))
        if client.pending != ledger.pending:
            raise Broken("%d values are pending, not %d" % (client.pending, ledger.pending))

    def send_command(self, in_pieces=False):
        """Let the platform send the next command, at QoS 1."""
        self.serial += 1
        self.unheard.append(self.serial)
        self.send(self.serial, in_pieces=in_pieces)

    def send(self, serial, dup=False, padding=0, in_pieces=False):
        """Send the command of a serial number, with blanks as `padding`; pieces come 3 s apart."""
        sock = self.net.socket
        if not sock.subscribed:
            return  # and so it is not heard
        at = timestamps.iso(_STARTED_MS + serial * 1000 + 123)
        payload = '{"at":"%s","value":%d%s}' % (at, serial, " " * padding)
        packet = message("device/D/asset/led/command", payload.encode(), 1, 1, dup)
        cut = 30 if in_pieces else len(packet)
        sock.say(packet[:cut])
        if in_pieces:
            sock.say(packet[cut:], delay_ms=3000)

    def step(self, left_ms, quiet):
        """Do one round of the program's loop; return whether something happened.

        `quiet` counts the rounds before it in which nothing did.
        """
        net, client = self.net, self.client
        now_ms = net.now_ms
        before = (self.ups, client.state, client.pending, self.heard)
        if now_ms >= self.publish_at_ms:
            burst = self.dice.below(4000)
            self.publish(1 if burst >= 40 else 30 if burst else 300)
            self.publish_at_ms = now_ms + self.dice.between(45000, 75000)
        client.poll()
        self.compare()
        if self.poll_ms:
            net.advance(self.poll_ms)
        else:
            pause_ms = min(5000, _FIRST_STEP_MS << 2 * min(quiet, 4))
            next_ms = self.publish_at_ms - net.now_ms
            net.advance(max(1, min(pause_ms, left_ms - (net.now_ms - now_ms), next_ms)))
        return before != (self.ups, client.state, client.pending, self.heard)

    def live(self, ms, until=None):
        """Run the program's loop for so long, or until `until()`; return whether that came."""
        end_ms = self.net.now_ms + ms
        quiet = 0
        while self.net.now_ms < end_ms:
            quiet = 0 if self.step(end_ms - self.net.now_ms, quiet) else quiet + 1
            if until and until():
                return True
        return False
