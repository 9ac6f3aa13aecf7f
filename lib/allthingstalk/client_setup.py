"""Sets a Client up: checks what it is made with, makes what its loop needs. Let go afterwards."""

from .endpoints import resolve
from .loading import function


def checked(token, api, http, mqtt, qos, timeout, keepalive, outbox, last_will):
    """Return the REST endpoint, the MQTT endpoint (None: off), the outbox (None: none
    of its own) and the last will.

    Raises ValueError or TypeError for what cannot be right; no text shows the token.
    """
    sign = token.encode() if isinstance(token, str) else b""  # of a text each would be kept
    if not sign or min(sign) <= 32 or max(sign) > 126:
        raise ValueError(
            "the token is empty or has blanks or control characters: copy it from the device's "
            "settings on the platform"
        )
    if qos not in (0, 1) or timeout <= 0 or not 0 <= keepalive < 65536:
        raise ValueError("qos is 0 or 1, timeout > 0, keepalive 0 to 65535 seconds")
    if outbox is not None:  # else it is made when it is needed
        Outbox = function("outbox.Outbox")
        if isinstance(outbox, str):
            outbox = Outbox(outbox)
        elif not isinstance(outbox, Outbox):
            raise TypeError("outbox is a file name or an allthingstalk.Outbox")
    rest, mqtt = resolve(api, http, mqtt)
    return rest, mqtt, outbox, _message(last_will) if last_will is not None else None


def _message(last_will):
    """Return (topic, payload) of a last will, which is a state like any other."""
    import json

    checked_name = function("assets.checked_name")
    if not isinstance(last_will, (tuple, list)) or len(last_will) != 3:
        raise ValueError("last_will is (device id, asset name, value), not %r" % (last_will,))
    device, name, value = last_will
    function("values.check_json")(value, name)
    topic = "device/%s/asset/%s/state" % (checked_name(device, "device id"), checked_name(name))
    return topic.encode(), json.dumps({"value": value}).encode()


def begin(client):
    """Give a client what its loop needs, when that is loaded."""
    if not client._outbox:
        client._outbox = function("outbox.Outbox")()
    client._topics = []  # topic number -> topic of the asset's state
    client._numbers = {}  # device id -> asset name -> topic number
    client._late = []
    client._text = bytearray(64)  # as _SHORT in publishing
    client._stream = function("publishing.scratch")(client._text)  # in which a value becomes JSON
    if client._outbox.path:
        function("outbox_file.Store")(client, client._outbox)
