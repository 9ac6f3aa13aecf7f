"""What goes wrong in a soak: each fault breaks the network in its way and says for how long.

A fault is a function of the Soak that returns (how long it lasts, the longest pause that the
client may be in afterwards), both in ms. The pauses are those of the API: passing failures 90 s at
most, refused ones 15 minutes, or what Retry-After asked for.
"""

PASSING_MS = 90000
REFUSED_MS = 900000

_MINUTE_MS = 60000
_HOUR_MS = 3600000
# Numbers of an OSError as the unix port, the ESP32 and the Pico W have them.
_NO_WAY = (101, 103, 104, 105, 111, 113, 116, 118)
_NO_NAME = (-2, -6, -202)


def _while(dice, most_ms):
    """Return a duration up to `most_ms`; short ones are as likely as long ones."""
    most_ms >>= dice.below(8)
    return dice.between(most_ms // 2, most_ms)


def _cut(soak):
    """End the link, with or without a word."""
    sock = soak.net.socket
    if soak.dice.chance(50):
        sock.ended = True
    else:
        sock.error = soak.dice.pick((104, 103, 113))


def drop(soak):
    """The broker closes the link; a command that came before is still to be heard."""
    if soak.client.connected and soak.net.socket.sound() and soak.dice.chance(40):
        soak.send_command()
        soak.net.socket.ended = True
        return 50, PASSING_MS
    _cut(soak)
    return 0, PASSING_MS


def half_open(soak):
    """The link is dead and nobody says so; a new one would do."""
    soak.net.socket.silent = True
    return 0, PASSING_MS


def stuck(soak):
    """The network takes nothing any more."""
    soak.net.socket.stuck = True
    return 0, PASSING_MS


def silent_broker(soak):
    """Connections are taken, but nothing is said."""
    soak.net.socket.silent = True
    soak.net.broker.connack = b""
    return _while(soak.dice, _HOUR_MS), PASSING_MS


def pubacks_lost(soak):
    """Values arrive, but no acknowledgement comes."""
    soak.net.broker.acknowledges = False
    return _while(soak.dice, 20 * _MINUTE_MS), PASSING_MS


def slow(soak):
    """Each answer takes its time, but comes."""
    soak.net.broker.delay_ms = soak.dice.between(100, 8000)
    return _while(soak.dice, 20 * _MINUTE_MS), PASSING_MS


def unreachable(soak):
    """Each connect is refused at once, or ends in a time-out."""
    _cut(soak)
    if soak.dice.chance(25):
        soak.net.opens = False
    else:
        soak.net.refuses = soak.dice.pick(_NO_WAY)
    return _while(soak.dice, _HOUR_MS), PASSING_MS


def no_name(soak):
    """DNS fails."""
    _cut(soak)
    soak.net.refuses = soak.dice.pick(_NO_NAME)
    return _while(soak.dice, _HOUR_MS), PASSING_MS


def router_away(soak):
    """The router is off, for minutes, or for longer than the outbox holds."""
    soak.net.socket.silent = True
    soak.net.refuses = 113
    most_ms = 12 * _HOUR_MS if soak.dice.chance(20) else 30 * _MINUTE_MS
    return soak.dice.between(most_ms // 12, most_ms), PASSING_MS


def wifi_down(soak):
    """link_up() says that there is no network."""
    soak.net.up = False
    soak.net.socket.silent = True
    return _while(soak.dice, 3 * _HOUR_MS), PASSING_MS


def broker_unavailable(soak):
    """CONNACK 3."""
    _cut(soak)
    soak.net.broker.connack = b"\x20\x02\x00\x03"
    return _while(soak.dice, _HOUR_MS), PASSING_MS


def token_refused(soak):
    """CONNACK 4 or 5 for a while, then the token is good again."""
    _cut(soak)
    soak.net.broker.connack = b"\x20\x02\x00" + soak.dice.pick((b"\x04", b"\x05"))
    return _while(soak.dice, 2 * _HOUR_MS), REFUSED_MS


def rest_refuses(soak):
    """The link ends right after a publish, so the assets are looked at, and REST has its day."""
    dice, rest = soak.dice, soak.net.rest
    soak.publish()
    _cut(soak)
    rest.status = dice.pick((500, 502, 503, 429))
    pause_s = 0
    if dice.chance(50):
        pause_s = dice.pick((1, 30, 300, 3600))
        rest.extra = b"Retry-After: %d\r\n" % pause_s
    duration_ms = _while(dice, 20 * _MINUTE_MS)
    return duration_ms, max(PASSING_MS, min(pause_s * 1000, REFUSED_MS))


def cut_inside_publish(soak):
    """The link ends in the middle of a packet of ours."""
    soak.net.broker.cuts_publish = True
    return 2 * _MINUTE_MS, PASSING_MS


def cut_inside_connack(soak):
    """The link ends in the middle of the broker's first packet."""
    _cut(soak)
    soak.net.broker.cuts_connack = True
    return _while(soak.dice, 10 * _MINUTE_MS), PASSING_MS


def flapping(soak):
    """No session lasts 5 s, as if another board used the same client id."""
    _cut(soak)
    soak.net.broker.life_ms = soak.dice.between(500, 4000)
    return _while(soak.dice, 20 * _MINUTE_MS), REFUSED_MS


# The more often it stands here the more often it happens.
ALL = (
    (drop,) * 5
    + (half_open, cut_inside_publish, router_away, unreachable, pubacks_lost) * 2
    + (stuck, silent_broker, slow, no_name, wifi_down, broker_unavailable)
    + (token_refused, rest_refuses, cut_inside_connack, flapping)
)
