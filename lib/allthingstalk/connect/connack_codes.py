"""What an answer to CONNECT means that is not yes."""

from .. import exceptions

_TEXTS = {
    1: "the broker does not speak MQTT 3.1.1",
    2: "the broker refused the client id",
    3: "the broker is not available",
    4: "the platform refused this token: it is wrong, or was revoked",
    5: "this token may not connect; check token and device id",
}


def refusal(answer, endpoint):
    """Return the exception for an answer that is no CONNACK of 0."""
    code = answer[3]
    if bytes(answer[:2]) != b"\x20\x02" or code > 5:
        return exceptions.PlatformUnavailableException("%s: the answer is no MQTT" % endpoint)
    text = "%s: %s (CONNACK %d)" % (endpoint, _TEXTS[code], code)
    if code == 3:
        return exceptions.PlatformUnavailableException(text, status=code)
    if code in (4, 5):
        return exceptions.AccessForbiddenException(text, status=code)
    return exceptions.PlatformException(text, status=code)
