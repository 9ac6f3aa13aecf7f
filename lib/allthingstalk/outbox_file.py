"""The outbox on flash: its values survive a reset, deep sleep and a power cut.

Loaded by a Client whose outbox has a path. The file is a log that is only appended to: a value,
later that it is gone. Each record carries a digest, so that one that is half written or damaged
costs itself and no other. When most values in it are gone, the file is written anew beside the
old one, which is then replaced: at each moment one of them is whole.
"""

import os
from struct import pack

from micropython import const

from . import timestamps
from .outbox import ABSOLUTE, OWN_TIME, SEVERAL, TIMELESS
from .outbox_record import BOOT, DOUBTFUL, ON_FILE, VALUE, checked_clock, record
from .overlay import Overlay
from .topics import asset_of

_SOON_S = const(5)  # a value acknowledged within this time never touches the flash
_GONE_S = const(60)  # what is gone is written with the next value, at the latest after this time
_GONE_MOST = const(512)  # ... or when so many bytes say it
_MOVED_MS = const(1500)  # what clocks of whole seconds may seem to be off is no change
_SPARE = const(32)  # values in the file beyond twice those that are not gone


class Store:
    """The file of an outbox, whose values it takes over. The Outbox tells it what comes and goes.

    Times of values: from the clock where it is set. While it is not, a value carries the random
    number of this boot and its time since power-on; once the clock is set, the file is told when
    that boot was, and a later boot can tell the time of those values too.

    A clock that is set may be wrong, until a time server says so. Then the file is written anew:
    values of this boot know their age by ticks. Those of earlier boots in which no time server
    answered are moved as far as the clock was: it has run on since, through deep sleep and resets,
    unless somebody set it in between, of which nothing tells.
    """

    def __init__(self, client, net):
        self.client = client
        self.outbox = client.outbox
        self.numbers = []  # of the values in the file that are not gone, oldest first
        self.gone = b""  # the numbers of those that are gone and of which the file does not know
        self.number = 0  # of the last value
        self.written = 0  # values in the file
        self._boot = net.getrandbits(16)
        self._timeless = False  # values of this boot are in the file without a time
        self.dated_by = None  # when this boot was, by the clock that dated the values in the file
        self.doubtful = False  # the file has values that an unchecked clock dated
        self.damaged = self._failed = False
        self._passed_over = False  # a value whose device has no id yet is not in the file
        self._since = None  # second in which values came that are not in the file
        self._saved_at = 0
        self._stepped_at = -1
        with Overlay("outbox_read"):
            from .outbox_read import load

            load(self)
        self.outbox.store = self

    # -- what the outbox and the client tell -------------------------------------------------------

    def put(self):
        """Note that the outbox has a new value."""
        if self.outbox.always:
            self.push()
        elif self._since is None:
            self._since = self.client.second

    def remove(self, i):
        """Note that the record at offset `i` of the outbox is about to go."""
        outbox = self.outbox
        at = outbox.at  # of whoever removes it
        place = 0
        for k in outbox.each():
            outbox.read(k)
            if k == i:
                break
            place += outbox.flags & ON_FILE != 0
        if outbox.flags & ON_FILE:
            self.gone += pack(">I", self.numbers.pop(place))
        outbox.read(at)

    def cut_off(self):
        """Write the file anew at the next occasion: work on it was cut off."""
        self.forget_all()
        self.damaged = True
        self._since = self.client.second

    def check(self):
        """Do what is due; called at each poll."""
        second = self.client.second
        if second == self._stepped_at and not (self.doubtful and checked_clock()):
            return  # values with times that are known to be wrong are not sent first
        self._stepped_at = second
        if self.outbox.pending == len(self.numbers):
            self._since = None
        waited = self._since is not None and second - self._since >= _SOON_S
        if waited or self._is_corrected() or (self._timeless and timestamps.clock_is_set()):
            self.push()
        elif self.gone and (len(self.gone) > _GONE_MOST or second - self._saved_at >= _GONE_S):
            self.push()

    def push(self):
        """Bring the file in line with the outbox. Raises nothing: what fails is reported once."""
        outbox = self.outbox
        self._since = None
        self.client.tick()  # a program may have slept since the last assignment or poll
        self._saved_at = self.client.second
        told = self._timeless and timestamps.clock_is_set()
        if self._is_corrected():
            self._correct()
        if self._passed_over:  # older than what was written: the order is made good
            self.damaged = True
        if outbox.pending == len(self.numbers) and not (self.gone or told or self.damaged):
            return
        try:
            after = self.written + outbox.pending - len(self.numbers)
            if self.damaged or not outbox.pending or after > 2 * outbox.pending + _SPARE:
                self._write_anew()
            else:
                self._append()
            self._failed = self.damaged = False
        except (OSError, MemoryError) as e:
            # Half of it may be there; what is in RAM is as good as before.
            self.damaged = True
            self._since = self.client.second  # to be tried again
            if not self._failed:
                self._failed = True
                self.client.report(
                    "the outbox file %s cannot be written, values are kept in RAM only; is the "
                    "flash full, or the folder missing? %s" % (outbox.path, e)
                )

    # -- writing --------------------------------------------------------------------------------

    def _append(self):
        with open(self.outbox.path, "ab") as f:
            # First what is gone: whoever reads this never holds more than the outbox did.
            if self.gone:
                f.write(record(b"A", self.gone))
            if self._timeless and timestamps.clock_is_set():
                self.dated_by = self.boot_ms()
                f.write(record(b"T", pack(BOOT, self._boot, *divmod(self.dated_by, 1000))))
                self._timeless = False
            self._put(f)
            _sync(f)
        self.gone = b""

    def forget_all(self):
        """Take all that is in the outbox for not written."""
        self.numbers = []
        self.written = 0
        self.gone = b""
        self._timeless = False
        self.dated_by = None
        self.doubtful = False
        for i in self.outbox.each():
            self.outbox.read(i)
            self._flag(self.outbox.flags & ~ON_FILE)

    def _write_anew(self):
        path = self.outbox.path
        self.forget_all()
        if not self.outbox.pending:
            with open(path, "wb"):
                pass
            return
        with open(path + ".new", "wb") as f:
            self._put(f)
            _sync(f)
        # A FAT replaces in two steps: if the power goes between them, .new is read.
        os.rename(path + ".new", path)

    def _put(self, f):
        """Write the records that the file does not have yet."""
        outbox = self.outbox
        for i in outbox.each():
            outbox.read(i)
            if outbox.flags & ON_FILE:
                continue
            data = self._value(self.number + 1)
            if data:
                f.write(data)
                self.number += 1
                self.numbers.append(self.number)
                self.written += 1
                self._flag(outbox.flags | ON_FILE)

    def _value(self, number):
        """Return what is written of the current record; None while its device has no id."""
        outbox, client = self.outbox, self.client
        device, name = asset_of(client.heads[outbox.topic])
        if device.isdigit() and int(device) in client.numbers:  # stands for one without an id
            self._passed_over = True
            return None
        second, ms = outbox.second, outbox.ms
        flags = outbox.flags & (OWN_TIME | ABSOLUTE | TIMELESS | SEVERAL)
        own = not flags & ~SEVERAL  # of this boot, and without a time of its own
        if own or flags & DOUBTFUL == DOUBTFUL:
            self.dated_by = self.dated_by or self.boot_ms()
        if own:
            if self.dated_by:
                flags |= ABSOLUTE if checked_clock() else DOUBTFUL
                second, ms = divmod(self.dated_by + second * 1000 + ms, 1000)
            else:
                self._timeless = True
        name = (device + "/" + (name or "")).encode()
        self.doubtful = self.doubtful or flags & DOUBTFUL == DOUBTFUL
        i = outbox.text
        return record(
            self.kind(),
            pack(VALUE, number, flags, self._boot, second, ms, len(name))
            + name
            + bytes(memoryview(outbox.buffer)[i : i + outbox.text_size]),
        )

    def _flag(self, flags):
        self.outbox.change(flags, self.outbox.second, self.outbox.ms)

    def kind(self):
        """Return the mark of the records of values, which are in the format of the client."""
        return b"V" if self.client.format.END else b"C"

    def boot_ms(self):
        """Return when the second 0 of this boot was by the clock, None while that is not set."""
        now = timestamps.now_ms()
        return now and now - self.client.age_ms(0, 0)

    def _is_corrected(self):
        """Return whether there is news of the clock that dated the values in the file."""
        boot_ms = self.dated_by and self.boot_ms()
        return boot_ms and (
            abs(boot_ms - self.dated_by) >= _MOVED_MS or self.doubtful and checked_clock()
        )

    def _correct(self):
        """Put the times of earlier boots right that an unchecked clock gave; write all anew."""
        outbox, moved_ms = self.outbox, self.boot_ms() - self.dated_by
        self.dated_by += moved_ms
        for i in outbox.each():
            outbox.read(i)
            if outbox.flags & DOUBTFUL == DOUBTFUL:
                ms = outbox.second * 1000 + outbox.ms + moved_ms
                flags = outbox.flags & ~TIMELESS if checked_clock() else outbox.flags
                outbox.change(flags, ms // 1000, ms % 1000)
        self.damaged = True


def _sync(f):
    """Have the file on the flash, not in a cache: closing is enough on boards."""
    f.flush()
    if hasattr(os, "fsync"):
        os.fsync(f.fileno())
