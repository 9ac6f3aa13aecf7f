"""From a message to the handler of a device: which device, which asset, which value."""

from . import payload
from .topics import split

STREAMS = ("command", "feed", "state", "event")


def dispatch(attached, again, topic, message):
    """Hand a message to the device that its topic names, if it is one of `attached`."""
    parts = split(topic)
    for each in attached:
        if parts and parts[0] == each.device.id:
            each.deliver(again, parts[2], parts[1], message)


def hand_over(device, asset, handler, place, message, again, last_at, report):
    """Call a handler with the value of a message; what goes wrong is reported.

    `last_at`: {place: time of the last message}. A message that was sent before (`again`) and has
    the time of the last one is passed over.
    """
    try:
        value, at = payload.read(message)
        if not asset.fits(value):
            from .values import convert

            value = convert(asset, value)
    except MemoryError:
        report("a %s is too large for the memory" % place)
        return
    except Exception as e:  # nested deeper than the stack, for one
        report("a %s cannot be used: %s" % (place, e))
        return
    if again and at is not None and last_at.get(place) == at:
        return
    last_at[place] = at
    try:
        handler(device, value, at)
    except Exception as e:
        report("the handler for the %s raised" % place, e)
