"""ISO 8601 text to seconds and back, without `datetime`, on any interpreter's epoch.

The calendar is computed here because MicroPython's `time.gmtime` ends in 2038 on 32 bits
before 1.26, and because the ESP32 counts from 2000 where the Pico W and a PC count from 1970.
"""

import time

# Seconds from 1970 to the year this interpreter counts from.
EPOCH_S = 946684800 if time.gmtime(0)[0] == 2000 else 0
# A clock that shows an earlier year has not been set since power-on.
_SET_SINCE_S = 1704067200  # 2024-01-01


def now_ms():
    """Return milliseconds since 1970, or None while the clock is not set."""
    # time_ns is whole numbers on all ports; time() is a float of 24 bits on a 32-bit unix port.
    ms = time.time_ns() // 1000000 + EPOCH_S * 1000
    return ms if is_set(ms) else None


def is_set(unix_ms):
    """Return whether a clock that shows `unix_ms`, milliseconds since 1970, has been set."""
    return unix_ms >= _SET_SINCE_S * 1000


def clock_is_set():
    """Return whether the board's clock shows 2024 or later."""
    return now_ms() is not None


def _days(year, month, day):
    """Days from 1970-01-01 to a date of the Gregorian calendar."""
    if month < 3:
        year -= 1
        month += 12
    return (
        365 * year
        + year // 4
        - year // 100
        + year // 400
        + (153 * month - 457) // 5
        + (day - 719469)
    )


def iso(unix_ms):
    """Return `unix_ms`, milliseconds since 1970, as ISO 8601 text in UTC: '2026-11-23T08:15:02.5Z'.

    ValueError for a time before the year 1 or after 9999, where CPython's `datetime` ends too.
    """
    seconds, ms = divmod(unix_ms, 1000)
    days, rest = divmod(seconds, 86400)
    if not -719162 <= days < 2932897:
        raise ValueError("a time outside the years 1 to 9999")
    year = 1965 + days // 366  # never too late, before 1970 neither
    while _days(year + 1, 1, 1) <= days:
        year += 1
    month = 12
    while _days(year, month, 1) > days:
        month -= 1
    text = "%04d-%02d-%02dT%02d:%02d:%02d" % (
        year,
        month,
        days - _days(year, month, 1) + 1,
        rest // 3600,
        rest // 60 % 60,
        rest % 60,
    )
    return text + ("." + ("%03d" % ms).rstrip("0") if ms else "") + "Z"


def of_late_value(age_ms, at_ms=None):
    """Return the time of a value that had to wait as ISO 8601 text, None where nobody knows it.

    It was assigned `age_ms` ago by a clock that may not have been set then, or at `at_ms`.
    """
    if at_ms is None:
        now = now_ms()
        at_ms = now and now - age_ms
    return at_ms and iso(at_ms)


def _number(text):
    """`int()` takes signs, blanks and underscores; a date has digits only."""
    if not text.isdigit():
        raise ValueError("not a number")
    return int(text)


def parse(text):
    """Return `text` in ISO 8601 as milliseconds since 1970.

    An offset such as +02:00 is converted; text without one counts as UTC, as on the platform.
    Digits after the milliseconds are cut. ValueError if it is not such text.
    """
    try:
        date, clock = text[:10], text[11:]
        if date[4] != "-" or date[7] != "-" or (len(text) > 10 and text[10] not in "Tt "):
            raise ValueError("no date")
        offset_min = 0
        if clock[-1:] in ("Z", "z"):
            clock = clock[:-1]
        else:
            for sign in "+-":
                at = clock.find(sign)
                if at >= 0:
                    zone = clock[at + 1 :].replace(":", "")
                    offset_min = _number(zone[:2]) * 60 + _number(zone[2:4] or "0")
                    if sign == "-":
                        offset_min = -offset_min
                    clock = clock[:at]
                    break
        clock, _, fraction = clock.replace(",", ".").partition(".")
        parts = [_number(p) for p in clock.split(":")] if len(text) > 10 else []
        hour, minute, second = (parts + [0, 0, 0])[:3]
        year, month, day = _number(date[:4]), _number(date[5:7]), _number(date[8:])
        if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
            raise ValueError("no such time")
        if len(parts) > 3 or _days(year, month, day) >= _days(
            year + month // 12, month % 12 + 1, 1
        ):
            raise ValueError("no such day")
        seconds = _days(year, month, day) * 86400 + hour * 3600 + (minute - offset_min) * 60
        ms = _number((fraction + "000")[:3]) if fraction else 0
        return (seconds + second) * 1000 + ms
    except (ValueError, IndexError):
        raise ValueError("'%s' is not a time in ISO 8601, such as 2026-11-23T08:15:02Z" % text)


def from_unix(seconds):
    """Return `seconds` since 1970 (int or float) as the ISO 8601 text an AssetState takes.

    ValueError for a time outside the years 1 to 9999.
    """
    return iso(int(seconds * 1000))


def to_time(text):
    """Return `text` in ISO 8601 as a number comparable with `time.time()` on this interpreter.

    ValueError if it is not such text.
    """
    seconds, ms = divmod(parse(text), 1000)
    seconds -= EPOCH_S
    return seconds + ms / 1000 if ms else seconds


def normalise(at):
    """Return a time in any accepted form as ISO 8601 text in UTC, or None for None.

    `at` is ISO text, a number as `time.time()` gives it here, a `time.gmtime()` tuple, or a
    `datetime`. ValueError or TypeError if it is none of these.
    """
    if at is None:
        return None
    if isinstance(at, str):
        return iso(parse(at))
    if isinstance(at, (int, float)) and not isinstance(at, bool):
        return iso(int(at * 1000) + EPOCH_S * 1000)
    if isinstance(at, tuple) and len(at) >= 6:
        return iso((_days(*at[:3]) * 86400 + at[3] * 3600 + at[4] * 60 + int(at[5])) * 1000)
    if hasattr(at, "isoformat"):
        return normalise(at.isoformat())
    raise TypeError("a time is ISO 8601 text, a number, a gmtime tuple or a datetime")
