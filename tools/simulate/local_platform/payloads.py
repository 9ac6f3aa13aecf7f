"""Reads what clients send: strict JSON, keys in any case, a value with or without its time.

Used by the REST and the MQTT side alike, so that both understand and refuse the same things.
"""

import json
import math

from .times import parse_time


def _refuse_constant(text):
    raise ValueError(f"{text} is not a JSON number")


def _finite_float(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large for a number")
    return number


def read_json(data: bytes | str) -> object:
    """Return the object that UTF-8 JSON text describes; NaN and Infinity are refused.

    Raises:
        ValueError: the text is not JSON.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite_float)
        if "\\u" in text:
            write_json(value).encode()  # UnicodeError for half of a surrogate pair
        return value
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def write_json(value: object, escaped: bool = False) -> str:
    """Return a value as compact JSON text; escaped: in ASCII, and with its slashes escaped too."""
    text = json.dumps(value, ensure_ascii=escaped, separators=(",", ":"))
    return text.replace("/", "\\/") if escaped else text


def lower_keys(body: object, what: str) -> dict:
    """Return a JSON object with its own keys in lower case (seen in public clients).

    Raises:
        ValueError: body is not a JSON object; the text names it as ``what``.
    """
    if not isinstance(body, dict):
        raise ValueError(f"{what} has to be a JSON object")
    return {key.lower(): value for key, value in body.items()}


def read_state(body: object) -> tuple[object, int | None]:
    """Return value and time (milliseconds since 1970, or None) of ``{"value":v,"at"?:t}``.

    Raises:
        ValueError: there is no value, or the time cannot be read.
    """
    fields = lower_keys(body, "a state")
    if "value" not in fields:
        raise ValueError('there is no "value"')
    at = fields.get("at")
    return fields["value"], None if at is None else parse_time(at)


def read_states(body: object) -> dict[str, tuple[object, int | None]]:
    """Return value and time by asset name of ``{asset:{"value":v,"at"?:t},…}``.

    Raises:
        ValueError: one of the states cannot be read; the text names the asset.
    """
    if not isinstance(body, dict):
        raise ValueError("the states have to be a JSON object")
    states = {}
    for name, state in body.items():
        try:
            states[name] = read_state(state)
        except ValueError as error:
            raise ValueError(f"asset {name}: {error}") from None
    return states


def shown(value: object, limit: int = 120) -> str:
    """Return a value on one line for people: JSON, cut after ``limit`` characters."""
    text = value if isinstance(value, str) else write_json(value)
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return text if len(text) <= limit else text[:limit] + "…"
