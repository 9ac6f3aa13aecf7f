"""Checks what a Client is made with."""

from ..topics import checked_name


def checked(token, api, http, mqtt, qos, timeout, keepalive, outbox, last_will, payload):
    """Return the REST endpoint, the MQTT endpoint (None: off), the outbox (None: none
    of its own) and the last will.

    Raises ValueError or TypeError for what cannot be right; no text shows the token.
    """
    sign = token.encode() if isinstance(token, str) else b""  # MicroPython interns characters
    if not sign or min(sign) <= 32 or max(sign) > 126:
        raise ValueError(
            "the token is empty or has blanks or control characters: copy it from the device's "
            "settings on the platform"
        )
    # "not": a comparison with NaN is false.
    if qos not in (0, 1) or not 0 < timeout < 65536 or not 0 <= keepalive < 65536:
        raise ValueError("qos is 0 or 1, timeout > 0, keepalive >= 0; both below 65536 seconds")
    if payload not in ("json", "cbor") and not hasattr(payload, "pack"):
        raise ValueError("payload is 'json', 'cbor' or an abcl.Format, not %r" % (payload,))
    if outbox is not None:  # else it is made when it is needed
        from ..outbox import Outbox

        if isinstance(outbox, str):
            outbox = Outbox(outbox)
        elif not isinstance(outbox, Outbox):
            raise TypeError("outbox is a file name or an allthingstalk.Outbox")
    if last_will is not None:  # a state like any other: it becomes (topic, payload)
        import json

        from ..core.values import check_json
        from ..utf8 import loads

        if not isinstance(last_will, (tuple, list)) or len(last_will) != 3:
            raise ValueError("last_will is (device id, asset name, value), not %r" % (last_will,))
        device, name, value = last_will
        check_json(value, name)
        topic = "device/%s/asset/%s/state" % (checked_name(device, "device id"), checked_name(name))
        text = json.dumps({"value": value}).encode()
        loads(text)  # raises for text that is no UTF-8
        last_will = topic.encode(), text
    return resolve(api, http, mqtt) + (outbox, last_will)


def resolve(api, http, mqtt):
    """Return the REST and the MQTT endpoint as text, such as 'https://h:443', 'mqtts://h:8883'.

    MQTT is None when it is switched off with `mqtt=False`. TLS is what a bare host name means;
    plain text has to be asked for. Raises ValueError for an endpoint that cannot be read.
    """
    scheme, host, port = "https", None, None
    if api is not None or http is None or mqtt is None:
        scheme, host, port = _split("api", api, "http", "https")
    if http is None:
        rest = _text(scheme, host, port)
    else:
        rest = _text(*_split("http", http, "http", "https"))
    if mqtt is False:
        return rest, None
    if mqtt is None:
        return rest, _text("mqtts" if scheme == "https" else "mqtt", host, None)
    scheme, host, port = _split("mqtt", mqtt, "mqtt", None)
    if scheme is None:
        scheme = "mqtts" if port in (None, 8883) else "mqtt"
    return rest, _text(scheme, host, port)


def _text(scheme, host, port):
    if not port:
        port = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}[scheme]
    return "%s://%s:%d" % (scheme, host, port)


def _split(key, value, kind, scheme):
    """Return (scheme, host, port or None) of `[scheme://]host[:port]`.

    `kind`: the scheme without TLS, which is one more letter; `scheme`: that of a host alone.
    """
    try:
        rest = value
        if "://" in rest:
            scheme, rest = rest.split("://", 1)
            scheme = scheme.lower()
            if scheme not in (kind, kind + "s"):
                raise ValueError
        if rest.endswith("/"):
            rest = rest[:-1]
        for character in rest.encode():
            if character <= 32 or character in b"/?#@\\\"'<>" or character > 126:
                raise ValueError
        if rest.startswith("["):
            name, port = rest[1:].split("]", 1)
        else:
            name = rest.split(":")[0]
            port = rest[len(name) :]
        if not name or "[" in name or "]" in name:
            raise ValueError
        host = rest[: len(rest) - len(port)]
        if not port:
            return scheme, host, None
        number = int(port[1:]) if port[:1] == ":" and port[1:].isdigit() else 0
        if not 0 < number < 65536:
            raise ValueError
        return scheme, host, number
    except (AttributeError, TypeError, ValueError):
        # What was given is not repeated: it may hold a token by mistake.
        raise ValueError(
            "%s= is no endpoint that can be read: give a host, host:port or %s://, %ss://host[:port]"
            ", without a path" % (key, kind, kind)
        )
