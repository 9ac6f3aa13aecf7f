"""The outbox on flash: its values survive a reset, deep sleep and a power cut.

Loaded by a Client whose outbox has a path. The file is a log that is only appended to: a value,
later that it is gone. Each record carries a digest, so that one that is half written or damaged
costs itself and no other. When most values in it are gone, the file is written anew beside the
old one, which is then replaced: at each moment one of them is whole.
"""

import hashlib
import os
import sys
from struct import pack, unpack, unpack_from

from micropython import const

from . import timestamps
from .outbox import ABSOLUTE, OWN_TIME, SEVERAL, TIMELESS
from .topics import asset_of

_HEAD = const(7)  # kind, length of the payload, four bytes of digest
_VALUE = ">IBHIHH"  # number, flags, boot, second, ms, length of the name; name and text follow
_VALUE_SIZE = const(15)
_NAME_MOST = const(600)
_SOON_S = const(5)  # a value acknowledged within this time never touches the flash
_GONE_S = const(60)  # what is gone is written with the next value, at the latest after this time
_GONE_MOST = const(512)  # ... or when so many bytes say it
_ON_FILE = const(0x10)  # a flag of a record in the outbox: the file has it
_MOVED_MS = const(1500)  # what clocks of whole seconds may seem to be off is no change
_DOUBTFUL = const(0x60)  # ABSOLUTE and TIMELESS: dated by a clock that no time server had checked
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
        self._client = client
        self._outbox = client.outbox
        self._numbers = []  # of the values in the file that are not gone, oldest first
        self._gone = b""  # the numbers of those that are gone and of which the file does not know
        self._number = 0  # of the last value
        self._foreign = set()  # numbers of values that are not in the client's format
        self._written = 0  # values in the file
        self._boot = net.getrandbits(16)
        self._timeless = False  # values of this boot are in the file without a time
        self._dated_by = None  # when this boot was, by the clock that dated the values in the file
        self._doubtful = False  # the file has values that an unchecked clock dated
        self._damaged = self._failed = False
        self._passed_over = False  # a value whose device has no id yet is not in the file
        self._since = None  # second in which values came that are not in the file
        self._saved_at = 0
        self._stepped_at = -1
        self._load()
        self._outbox.store = self

    # -- what the outbox and the client tell -------------------------------------------------------

    def put(self):
        """Note that the outbox has a new value."""
        if self._outbox.always:
            self.push()
        elif self._since is None:
            self._since = self._client.second

    def remove(self, i):
        """Note that the record at offset `i` of the outbox is about to go."""
        outbox = self._outbox
        at = outbox.at  # of whoever removes it
        place = 0
        for k in outbox.each():
            outbox.read(k)
            if k == i:
                break
            place += outbox.flags & _ON_FILE != 0
        if outbox.flags & _ON_FILE:
            self._gone += pack(">I", self._numbers.pop(place))
        outbox.read(at)

    def cut_off(self):
        """Write the file anew at the next occasion: work on it was cut off."""
        self._forget_all()
        self._damaged = True
        self._since = self._client.second

    def check(self):
        """Do what is due; called at each poll."""
        second = self._client.second
        if second == self._stepped_at and not (self._doubtful and _checked_clock()):
            return  # values with times that are known to be wrong are not sent first
        self._stepped_at = second
        if self._outbox.pending == len(self._numbers):
            self._since = None
        waited = self._since is not None and second - self._since >= _SOON_S
        if waited or self._is_corrected() or (self._timeless and timestamps.clock_is_set()):
            self.push()
        elif self._gone and (len(self._gone) > _GONE_MOST or second - self._saved_at >= _GONE_S):
            self.push()

    def push(self):
        """Bring the file in line with the outbox. Raises nothing: what fails is reported once."""
        outbox = self._outbox
        self._since = None
        self._client.tick()  # a program may have slept since the last assignment or poll
        self._saved_at = self._client.second
        told = self._timeless and timestamps.clock_is_set()
        if self._is_corrected():
            self._correct()
        if self._passed_over:  # older than what was written: the order is made good
            self._damaged = True
        if outbox.pending == len(self._numbers) and not (self._gone or told or self._damaged):
            return
        try:
            after = self._written + outbox.pending - len(self._numbers)
            if self._damaged or not outbox.pending or after > 2 * outbox.pending + _SPARE:
                self._write_anew()
            else:
                self._append()
            self._failed = self._damaged = False
        except (OSError, MemoryError) as e:
            # Half of it may be there; what is in RAM is as good as before.
            self._damaged = True
            self._since = self._client.second  # to be tried again
            if not self._failed:
                self._failed = True
                self._client.report(
                    "the outbox file %s cannot be written, values are kept in RAM only; is the "
                    "flash full, or the folder missing? %s" % (outbox.path, e)
                )

    # -- writing --------------------------------------------------------------------------------

    def _append(self):
        with open(self._outbox.path, "ab") as f:
            # First what is gone: whoever reads this never holds more than the outbox did.
            if self._gone:
                f.write(_record(b"A", self._gone))
            if self._timeless and timestamps.clock_is_set():
                self._dated_by = self._boot_ms()
                f.write(_record(b"T", pack(">HIH", self._boot, *divmod(self._dated_by, 1000))))
                self._timeless = False
            self._put(f)
            _sync(f)
        self._gone = b""

    def _forget_all(self):
        """Take all that is in the outbox for not written."""
        self._numbers = []
        self._written = 0
        self._gone = b""
        self._timeless = False
        self._dated_by = None
        self._doubtful = False
        for i in self._outbox.each():
            self._outbox.read(i)
            self._outbox.mark(0, _ON_FILE)

    def _write_anew(self):
        path = self._outbox.path
        self._forget_all()
        if not self._outbox.pending:
            with open(path, "wb"):
                pass
            return
        with open(path + ".new", "wb") as f:
            self._put(f)
            _sync(f)
        try:
            os.rename(path + ".new", path)
        except OSError:  # FAT replaces nothing; if the power goes now, .new is read
            os.remove(path)
            os.rename(path + ".new", path)

    def _put(self, f):
        """Write the records that the file does not have yet."""
        outbox = self._outbox
        for i in outbox.each():
            outbox.read(i)
            if outbox.flags & _ON_FILE:
                continue
            record = self._value(self._number + 1)
            if record:
                f.write(record)
                self._number += 1
                self._numbers.append(self._number)
                self._written += 1
                outbox.mark(_ON_FILE)

    def _value(self, number):
        """Return what is written of the current record; None while its device has no id."""
        outbox, client = self._outbox, self._client
        device, name = asset_of(client.topics[outbox.topic])
        if device.isdigit() and int(device) in client.numbers:  # stands for one without an id
            self._passed_over = True
            return None
        second, ms = outbox.second, outbox.ms()
        flags = outbox.flags & (OWN_TIME | ABSOLUTE | TIMELESS | SEVERAL)
        own = not flags & ~SEVERAL  # of this boot, and without a time of its own
        if own or flags & _DOUBTFUL == _DOUBTFUL:
            self._dated_by = self._dated_by or self._boot_ms()
        if own:
            if self._dated_by:
                flags |= ABSOLUTE if _checked_clock() else _DOUBTFUL
                second, ms = divmod(self._dated_by + second * 1000 + ms, 1000)
            else:
                self._timeless = True
        name = (device + "/" + (name or "")).encode()
        self._doubtful = self._doubtful or flags & _DOUBTFUL == _DOUBTFUL
        i = outbox.text
        return _record(
            self._kind(),
            pack(_VALUE, number, flags, self._boot, second, ms, len(name))
            + name
            + bytes(memoryview(outbox.buffer)[i : i + outbox.text_size]),
        )

    def _kind(self):
        """Return the mark of the records of values, which are in the format of the client."""
        return b"V" if self._client.format.END else b"C"

    def _boot_ms(self):
        """Return when the second 0 of this boot was by the clock, None while that is not set."""
        now = timestamps.now_ms()
        return now and now - self._client.age_ms(0, 0)

    def _is_corrected(self):
        """Return whether there is news of the clock that dated the values in the file."""
        boot_ms = self._dated_by and self._boot_ms()
        return boot_ms and (
            abs(boot_ms - self._dated_by) >= _MOVED_MS or self._doubtful and _checked_clock()
        )

    def _correct(self):
        """Put the times of earlier boots right that an unchecked clock gave; write all anew."""
        outbox, moved_ms = self._outbox, self._boot_ms() - self._dated_by
        self._dated_by += moved_ms
        for i in outbox.each():
            outbox.read(i)
            if outbox.flags & _DOUBTFUL == _DOUBTFUL:
                ms = outbox.second * 1000 + outbox.ms() + moved_ms
                outbox.set_time(ms // 1000, ms % 1000, 0)
                if _checked_clock():
                    outbox.mark(0, TIMELESS)
        self._damaged = True

    # -- reading --------------------------------------------------------------------------------

    def _load(self):
        path = self._outbox.path
        boots = {}  # boot -> milliseconds since 1970 of its second 0
        timeless = {}  # number of a value -> its boot
        for name in (path, path + ".new"):
            try:
                with open(name, "rb") as f:
                    lost = self._read(f, boots, timeless)
                if name != path:  # the power went before it was renamed
                    os.rename(name, path)
                break
            except OSError:  # not there, as at the first start
                lost = 0
        self._gone = b""
        for place, i in enumerate(self._outbox.each()):
            self._outbox.read(i)
            boot = timeless.get(self._numbers[place])
            if boot is not None:
                self._date(boots.get(boot))
            if self._outbox.flags & _DOUBTFUL == _DOUBTFUL:
                self._doubtful = True
                self._dated_by = self._boot_ms()
        clock = _checked_clock()
        if clock and self._dated_by:
            self._dated_by -= clock.moved_ms
        foreign = [number in self._foreign for number in self._numbers]
        if True in foreign:
            from .outbox_convert import convert

            self._forget_all()
            convert(self._client, foreign)
            self._damaged = True
        if lost:
            self._damaged = True
            self._client.report(
                "the outbox file %s was damaged or half written, %d of its bytes are lost and %d "
                "values saved" % (path, lost, len(self._numbers))
            )

    def _read(self, f, boots, timeless):
        """Take over what a file holds; return how many bytes of it could not be read."""
        at = lost = 0
        most = self._outbox.size + _NAME_MOST
        while True:
            f.seek(at)
            head = f.read(_HEAD)
            if len(head) < _HEAD:
                return lost + len(head)
            kind, n = unpack_from(">BH", head)
            payload = b""
            if kind in b"VCAT" and n <= most:
                try:
                    payload = f.read(n)
                except MemoryError:  # a damaged length; values are not so large as a rule
                    pass
            if len(payload) != n or _record(head[:1], payload)[:_HEAD] != head:
                at += 1  # byte by byte to the next record that is whole
                lost += 1
                continue
            at += _HEAD + n
            if kind == 0x56 or kind == 0x43:  # in JSON, in CBOR
                self._take(payload, timeless)
                if head[:1] != self._kind():
                    self._foreign.add(self._number)
            elif kind == 0x54:
                boot, second, ms = unpack(">HIH", payload)
                boots[boot] = second * 1000 + ms
            else:
                for k in range(0, n, 4):
                    self._forget(unpack_from(">I", payload, k)[0])

    def _date(self, boot_ms):
        """Give the current value, of another boot, its time; None: nobody knows when that was."""
        outbox = self._outbox
        if boot_ms is None:
            outbox.mark(TIMELESS)
        else:
            ms = boot_ms + outbox.second * 1000 + outbox.ms()
            outbox.set_time(ms // 1000, ms % 1000, ABSOLUTE)

    def _take(self, payload, timeless):
        client, outbox = self._client, self._outbox
        number, flags, boot, second, ms, n = unpack_from(_VALUE, payload)
        n += _VALUE_SIZE
        device, name = str(payload[_VALUE_SIZE:n], "utf-8").split("/")
        topic = client.number(device, name or ())
        text = payload[n:]
        gone = outbox.put(topic, text, len(text), second, ms, flags | _ON_FILE)
        self._written += 1
        self._number = max(self._number, number)
        if gone:  # the bound was larger when it was written
            self._damaged = True
            client.dropped += abs(gone)
            del self._numbers[: max(gone, 0)]
            if gone < 0:
                return
        self._numbers.append(number)
        if not flags & ~SEVERAL:
            timeless[number] = boot

    def _forget(self, number):
        if number in self._numbers:
            place = self._numbers.index(number)
            self._outbox.remove(list(self._outbox.each())[place])
            del self._numbers[place]


def _checked_clock():
    """Return the module board.clock if a time server has answered it in this boot."""
    clock = sys.modules.get("allthingstalk.board.clock")
    return clock if clock and clock.checked else None


def _record(kind, payload):
    head = kind + pack(">H", len(payload))
    return head + hashlib.sha256(head + payload).digest()[:4] + payload


def _sync(f):
    """Have the file on the flash, not in a cache: closing is enough on boards."""
    f.flush()
    if hasattr(os, "fsync"):
        os.fsync(f.fileno())
