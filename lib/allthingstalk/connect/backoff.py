"""Every pause between two tries: how long, with how much jitter, and when a try comes at once.

Passing failures back off from 0.5 s to a minute, refused ones from a minute to 15. Five sessions
in a row that ended within 5 seconds and acknowledged nothing count as refused.
"""

from micropython import const

_FIRST_MS = const(500)
_MOST_MS = const(60000)
_REFUSED_FIRST_MS = const(60000)
_REFUSED_MOST_MS = const(900000)
_SHORT_MS = const(5000)  # a session that ends sooner is a short one
_SHORT_IN_A_ROW = const(5)


def fresh(now_ms):
    """Return what a client remembers of its losses: `losses`, a dict."""
    return {
        "tries": 0,  # that failed since the last session
        "refusals": 0,  # of them
        "short": 0,  # sessions in a row that were short and acknowledged nothing
        "brief": 0,  # sessions in a row that were good, but up for less than half a second
        "lost_at_ms": now_ms,  # since the client was made
        "strikes": 0,  # drops in a row after a publish of the suspect, see set_aside
    }


def pause_ms(losses, getrandbits, now_ms, passing, retry_after_s):
    """Return how long to wait after a failed try, and count it.

    `retry_after_s` is what the platform asked for, or None.
    """
    if not passing:
        ms = min(_REFUSED_FIRST_MS << min(losses["refusals"], 5), _REFUSED_MOST_MS)
        losses["refusals"] += 1
        return ms
    ms = min(_FIRST_MS << min(losses["tries"], 10), _MOST_MS)
    losses["tries"] += 1
    # Up to half either way, so that a fleet does not come back as one; but never so long that the
    # way back takes more than half the outage and half a second.
    high = min(ms + ms // 2, (now_ms - losses["lost_at_ms"]) // 2 + _FIRST_MS)
    low = min(ms // 2, high // 2)
    ms = low + (high - low) * getrandbits(10) // 1023
    # On top of Retry-After, or all boards told "60 s" return together.
    return min((retry_after_s or 0) * 1000, _REFUSED_MOST_MS) + ms


def session_lost(losses, now_ms, lasted_ms, proven):
    """Note the end of a session; return how many short ones in a row that makes, if too many.

    `lasted_ms` is negative for one so long that ticks wrapped around; `proven`: something was
    acknowledged.
    """
    losses["lost_at_ms"] = now_ms
    losses["brief"] = losses["brief"] + 1 if proven and 0 <= lasted_ms < _FIRST_MS else 0
    if proven or not 0 <= lasted_ms < _SHORT_MS:
        losses["tries"] = losses["refusals"] = losses["short"] = 0
        return 0
    losses["short"] += 1
    return losses["short"] if losses["short"] >= _SHORT_IN_A_ROW else 0


def at_once(losses):
    """Return whether the try after a lost session comes at once: for the first one only."""
    return losses["tries"] == 0 and losses["short"] <= 1 and losses["brief"] <= 1
