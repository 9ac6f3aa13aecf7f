"""What to do when a connection fails: how long to wait, and whether somebody is to blame.

Loaded by a failure, for as long as it is dealt with. Refused things wait long, passing ones back
off with jitter; a link that keeps dropping counts as refused; an asset after whose publish it drops
is set aside.
"""

from micropython import const

from . import exceptions

_FIRST_MS = const(500)
_MOST_MS = const(60000)
_REFUSED_FIRST_MS = const(60000)
_REFUSED_MOST_MS = const(900000)
_SHORT_MS = const(5000)  # a session that ends sooner is a short one
_SHORT_IN_A_ROW = const(5)
_BLAME_MS = const(2000)  # a drop so soon after a publish may be that publish's fault
_STRIKES = const(3)

_CONNACK = {
    1: "the broker does not speak MQTT 3.1.1",
    2: "the broker refused the client id",
    3: "the broker is not available",
    4: "the platform refused this token: it is wrong, or was revoked",
    5: "this token may not connect; check token and device id",
}


def classified(e, mqtt):
    """Return an exception of the network or the engine as one of this library's.

    `mqtt` is the endpoint, for the text. Handler errors and the like do not come here.
    """
    if isinstance(e, exceptions.AllThingsTalkException):
        return e
    code = e.args[0] if e.args and isinstance(e.args[0], int) else None
    if e.__class__.__name__ == "MQTTException" and code in _CONNACK:
        text = "%s: %s (CONNACK %d)" % (mqtt, _CONNACK[code], code)
        if code == 3:
            return exceptions.PlatformUnavailableException(text, status=code)
        if code in (4, 5):
            return exceptions.AccessForbiddenException(text, status=code)
        return exceptions.PlatformException(text, status=code)
    if isinstance(e, OSError):
        text = "%s: %s" % (mqtt, exceptions.in_words(e))
        return exceptions.PlatformUnavailableException(text, errno=code)
    if isinstance(e, MemoryError):
        return exceptions.PlatformUnavailableException(
            "%s: too little memory (%s): use the library's .mpy files, or free some" % (mqtt, e)
        )
    # The engines check the protocol with assert and by index.
    return exceptions.PlatformUnavailableException(
        "%s: the answer is no MQTT (%s %s)" % (mqtt, e.__class__.__name__, e)
    )


# Places in what is kept between failures; the first two are the session's as well, see reader.
_SUSPECT = const(0)  # the topic after whose publish the link dropped, -1: none
_OTHERS = const(1)  # whether others were acknowledged since
_STRUCK = const(2)  # how often so in a row
_LOST_AT_MS = const(3)
_TRIES = const(4)
_REFUSALS = const(5)
_SHORT = const(6)  # sessions in a row


class Failures:
    """What went wrong since the last good session. A plain list, `kept`, is all that stays."""

    def __init__(self, net, now_ms, kept=None):
        self._net = net
        self.kept = kept or [-1, False, 0, now_ms, 0, 0, 0]

    def pause_ms(self, e, now_ms):
        """Return how long to wait after the failed try `e`, a classified exception.

        `now_ms` counts since power-on, as in all calls here.
        """
        kept = self.kept
        if not e.passing:
            ms = min(_REFUSED_FIRST_MS << min(kept[_REFUSALS], 5), _REFUSED_MOST_MS)
            kept[_REFUSALS] += 1
            return ms
        ms = min(_FIRST_MS << min(kept[_TRIES], 10), _MOST_MS)
        kept[_TRIES] += 1
        # Up to half either way, so that a fleet does not come back as one; but never so long
        # that the way back takes more than half the outage and half a second.
        high = min(ms + ms // 2, (now_ms - kept[_LOST_AT_MS]) // 2 + _FIRST_MS)
        low = min(ms // 2, high // 2)
        ms = low + (high - low) * self._net.getrandbits(10) // 1023
        # On top, or what was told to come back in a minute comes back as one.
        return min((e.retry_after_s or 0) * 1000, _REFUSED_MOST_MS) + ms

    def lost(self, lasted_ms, e, now_ms):
        """Note the end of a session that lasted so long; return `e`, or what it amounts to.

        Short sessions in a row are a refusal. Ticks wrap: one of a week lasted less than nothing.
        """
        kept = self.kept
        kept[_LOST_AT_MS] = now_ms
        if not 0 <= lasted_ms < _SHORT_MS:
            kept[_TRIES] = kept[_REFUSALS] = kept[_SHORT] = 0
            return e
        kept[_SHORT] += 1
        if kept[_SHORT] < _SHORT_IN_A_ROW:
            return e
        return exceptions.AccessForbiddenException(
            "%d sessions in a row ended within seconds (%s): the token may be revoked, or another "
            "board uses the same client id" % (kept[_SHORT], e)
        )

    def try_at_once(self):
        """Return whether the try after a lost session comes at once: for the first one only."""
        return self.kept[_TRIES] == 0 and self.kept[_SHORT] <= 1

    def blame(self, topic, since_publish_ms):
        """Note which topic was on its way at a drop; True when it has to be set aside.

        One that others had no chance to be acknowledged besides is not condemned: links drop.
        """
        if topic < 0 or since_publish_ms > _BLAME_MS:
            return False
        kept = self.kept
        if topic != kept[_SUSPECT]:
            kept[_SUSPECT], kept[_STRUCK] = topic, 1
        elif kept[_OTHERS]:
            kept[_STRUCK] += 1
        kept[_OTHERS] = False
        if kept[_STRUCK] < _STRIKES:
            return False
        kept[_SUSPECT] = -1
        return True
