"""Reads an outbox's file at the start of a Client; in memory for that long only."""

import os
from struct import unpack, unpack_from

from micropython import const

from .outbox import ABSOLUTE, SEVERAL, TIMELESS
from .outbox_record import BOOT, DOUBTFUL, HEAD, ON_FILE, VALUE, VALUE_SIZE, checked_clock, record

_NAME_MOST = const(600)


def load(store):
    """Take over what a file holds, for an outbox_file.Store."""
    path = store.outbox.path
    boots = {}  # boot -> milliseconds since 1970 of its second 0
    timeless = {}  # number of a value -> its boot
    foreign = set()  # numbers of values that are not in the client's format
    for name in (path, path + ".new"):
        try:
            with open(name, "rb") as f:
                lost = _read(store, f, boots, timeless, foreign)
            if name != path:  # the power went before it was renamed
                os.rename(name, path)
            break
        except OSError:  # not there, as at the first start
            lost = 0
    store.gone = b""
    for place, i in enumerate(store.outbox.each()):
        store.outbox.read(i)
        boot = timeless.get(store.numbers[place])
        if boot is not None:
            _date(store.outbox, boots.get(boot))
        if store.outbox.flags & DOUBTFUL == DOUBTFUL:
            store.doubtful = True
            store.dated_by = store.boot_ms()
    clock = checked_clock()
    if clock and store.dated_by:
        store.dated_by -= clock.moved_ms
    if foreign:
        from .outbox_convert import convert

        others = [number in foreign for number in store.numbers]
        doubtful, dated_by = store.doubtful, store.dated_by
        store.forget_all()
        convert(store.client, others)
        store.doubtful, store.dated_by, store.damaged = doubtful, dated_by, True
    if lost:
        store.damaged = True
        store.client.report(
            "the outbox file %s was damaged or half written, %d of its bytes are lost and %d "
            "values saved" % (path, lost, len(store.numbers))
        )


def _read(store, f, boots, timeless, foreign):
    """Take over what a file holds; return how many bytes of it could not be read."""
    at = lost = 0
    most = store.outbox.size + _NAME_MOST
    while True:
        f.seek(at)
        head = f.read(HEAD)
        if len(head) < HEAD:
            return lost + len(head)
        kind, n = unpack_from(">BH", head)
        payload = b""
        if kind in b"VCAT" and n <= most:
            try:
                payload = f.read(n)
            except MemoryError:  # a damaged length; values are not so large as a rule
                pass
        if len(payload) != n or record(head[:1], payload)[:HEAD] != head:
            at += 1  # byte by byte to the next record that is whole
            lost += 1
            continue
        at += HEAD + n
        if kind == 0x56 or kind == 0x43:  # in JSON, in CBOR
            _take(store, payload, timeless)
            if head[:1] != store.kind():
                foreign.add(store.number)
        elif kind == 0x54:
            boot, second, ms = unpack(BOOT, payload)
            boots[boot] = second * 1000 + ms
        else:
            for k in range(0, n, 4):
                _forget(store, unpack_from(">I", payload, k)[0])


def _date(outbox, boot_ms):
    """Give the current value, of another boot, its time; None: nobody knows when that was."""
    if boot_ms is None:
        outbox.change(outbox.flags | TIMELESS, outbox.second, outbox.ms)
    else:
        ms = boot_ms + outbox.second * 1000 + outbox.ms
        outbox.change(outbox.flags | ABSOLUTE, ms // 1000, ms % 1000)


def _take(store, payload, timeless):
    client, outbox = store.client, store.outbox
    number, flags, boot, second, ms, n = unpack_from(VALUE, payload)
    n += VALUE_SIZE
    device, name = str(payload[VALUE_SIZE:n], "utf-8").split("/")
    topic = client.number(device, name or ())
    text = payload[n:]
    gone = outbox.put(topic, text, len(text), second, ms, flags | ON_FILE)
    store.written += 1
    store.number = max(store.number, number)
    if gone:  # the bound was larger when it was written
        store.damaged = True
        client.dropped += abs(gone)
        del store.numbers[: max(gone, 0)]
        if gone < 0:
            return
    store.numbers.append(number)
    if not flags & ~SEVERAL:
        timeless[number] = boot


def _forget(store, number):
    if number in store.numbers:
        place = store.numbers.index(number)
        store.outbox.remove(list(store.outbox.each())[place])
        del store.numbers[place]
