"""Values that the outbox's file holds in the other format: JSON to CBOR, CBOR to JSON.

Loaded where a Client finds such values, because its `payload` was another before the last reset.
"""

from io import BytesIO

from .cbor import item_end, loads
from .core import cbor_payload, payload
from .core.several import whole
from .outbox import OWN_TIME, RAW, SEVERAL
from .topics import asset_of
from .utf8 import loads as json_loads


def convert(client, foreign):
    """Convert the records of the outbox for which `foreign` says so, in their order."""
    outbox, kept = client.outbox, []
    from_json = client.format is cbor_payload
    for other, i in zip(foreign, list(outbox.each())):
        outbox.read(i)
        start = outbox.text
        text = bytes(memoryview(outbox.buffer)[start : start + outbox.text_size])
        if other and from_json:
            text = whole(outbox, payload.END)
        kept.append((outbox.topic, text, outbox.second, outbox.ms, outbox.flags))
        outbox.remove(i)
    for other, (topic, text, second, ms, flags) in zip(foreign, kept):
        found = [(topic, text, flags)]
        if other and flags & RAW != RAW:
            found = _converted(client, topic, text, flags)
        for topic, text, flags in found:
            client.dropped += abs(outbox.put(topic, text, len(text), second, ms, flags))


def _converted(client, topic, text, flags):
    """Return (number of the asset, text, flags) of each value of a record of the other format."""
    device_id, found = asset_of(client.heads[topic])[0], []
    from_json = client.format is cbor_payload
    for name, value, at in (_of_json if from_json else _of_cbor)(text, flags):
        stream = BytesIO()
        client.format.write(stream, value, at)
        number = topic if name is None else client.number(device_id, name)
        own = flags & ~(SEVERAL | OWN_TIME) | (0 if at is None else OWN_TIME)
        found.append((number, stream.getvalue(), own))
    return found


def _of_json(text, flags):
    """Return (asset name, or None for that of the record, value, time or None) of a message."""
    if not flags & SEVERAL:
        value, at = payload.read(text)
        return [(None, value, at)]
    states = json_loads(text)
    return [(name, states[name]["value"], states[name].get("at")) for name in states]


def _of_cbor(text, flags):
    if flags & SEVERAL:
        states = loads(text)
        return [(name, states[name], None) for name in states]
    if not flags & OWN_TIME:
        if text[:3] == cbor_payload.POINT:  # JSON cannot carry the place
            text = text[item_end(text, 3) :]
        return [(None, loads(text), None)]
    i = item_end(text, 0)  # behind the time comes a place, which JSON cannot carry
    return [(None, loads(text[item_end(text, i) :]), loads(text[:i]))]
