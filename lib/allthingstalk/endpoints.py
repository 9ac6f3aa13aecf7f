"""Reads the endpoints given to a Client. Loaded by its constructor, let go afterwards."""

_SCHEMES = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}


def resolve(api, http, mqtt):
    """Return the REST and the MQTT endpoint as text, such as 'https://h:443', 'mqtts://h:8883'.

    MQTT is None when it is switched off with `mqtt=False`. TLS is what a bare host name means;
    plain text has to be asked for. Raises ValueError for an endpoint that cannot be read.
    """
    scheme, host, port = _split("api", api, ("http", "https"), "https")
    if http is None:
        rest = _text(scheme, host, port)
    else:
        rest = _text(*_split("http", http, ("http", "https"), "https"))
    if mqtt is False:
        return rest, None
    if mqtt is None:
        return rest, _text("mqtts" if scheme == "https" else "mqtt", host, None)
    scheme, host, port = _split("mqtt", mqtt, ("mqtt", "mqtts"), None)
    if scheme is None:
        scheme = "mqtts" if port in (None, 8883) else "mqtt"
    return rest, _text(scheme, host, port)


def _text(scheme, host, port):
    return "%s://%s:%d" % (scheme, host, port or _SCHEMES[scheme])


def _split(key, given, schemes, scheme):
    """Return (scheme, host, port or None) of `[scheme://]host[:port]`."""
    try:
        rest = given
        if "://" in rest:
            scheme, rest = rest.split("://", 1)
            scheme = scheme.lower()
            if scheme not in schemes:
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
            "%s= is no endpoint that can be read: give a host, host:port or %s://host[:port], "
            "without a path" % (key, "://, ".join(schemes))
        )
