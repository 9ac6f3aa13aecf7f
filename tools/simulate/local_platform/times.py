"""Time stamps as the platform writes them: ISO 8601 in UTC, down to milliseconds.

Inside the local platform a time is an int, milliseconds since 1970 in UTC.
"""

import datetime
import re
import time

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MILLISECOND = datetime.timedelta(milliseconds=1)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s*(?:([Zz])|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII,
)


def now_ms() -> int:
    """Return the present time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def parse_time(text: object) -> int:
    """Return the milliseconds since 1970 that an ISO 8601 text names.

    Text without an offset counts as UTC; digits beyond milliseconds are cut off
    (seen in public clients).

    Raises:
        ValueError: the text is no ISO 8601 time.
    """
    match = _ISO.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a time such as 2020-01-02T03:04:05.678Z")
    year, month, day, hour, minute, second, fraction, _, sign, off_hour, off_minute = match.groups()
    try:
        moment = datetime.datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(3, "0")[:3]) * 1000,
            datetime.timezone.utc,
        )
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time: {error}") from None
    milliseconds = (moment - _EPOCH) // _MILLISECOND
    if sign:
        offset_ms = (int(off_hour) * 60 + int(off_minute or 0)) * 60_000
        milliseconds -= offset_ms if sign == "+" else -offset_ms
    format_time(milliseconds)
    return milliseconds


def format_time(milliseconds: int) -> str:
    """Return milliseconds since 1970 as text such as ``2020-01-02T03:04:05.96Z``.

    Trailing zeros are dropped, and the point with them (seen in public clients).

    Raises:
        ValueError: the time lies outside of the years 1 to 9999.
    """
    try:
        moment = _EPOCH + datetime.timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise ValueError("the time lies outside of the years 1 to 9999") from None
    text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return text.rstrip("0").rstrip(".") + "Z" if "." in text else text + "Z"
