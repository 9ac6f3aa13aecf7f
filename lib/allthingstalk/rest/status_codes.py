"""What HTTP statuses mean, in one table, and what REST calls raise for them.

docs/status-codes.md says the same for people; a test compares them.
"""

from micropython import const

from .. import exceptions
from ..connect.error_texts import in_words

# What concerns() returns. Up to here values wait, for it is not about one of them ...
PASSES = const(0)  # the same request may succeed later
WAY = const(1)  # this endpoint, or what is between: a person has to act
TOKEN = const(2)
# ... and from here on it is about the one value or asset.
ABSENT = const(3)  # unknown on the platform: to be looked at again
EXISTS = const(4)  # of a new asset: by this name; of a value: refused
VALUE = const(5)
# RFC 9110, section 15; 421 RFC 9110, 425 RFC 8470, 429 RFC 6585. 400: platform-api, "name exists".
# In no row: 5xx passes, 3xx and all other 4xx are about the way.
_TABLE = (
    (PASSES, (408, 421, 425, 429)),
    (TOKEN, (401, 403)),
    (ABSENT, (404, 410)),
    (EXISTS, (400, 409)),
    (VALUE, (413, 414, 415, 422)),
)


def concerns(status):
    """Return what an HTTP status that is no 2xx is about; WAY for None: no answer of HTTP."""
    for whom, statuses in _TABLE:
        if status in statuses:
            return whom
    return PASSES if status and status >= 500 else WAY


def unavailable(endpoint, e):
    """Return the exception for a network that failed, or an answer that cannot be read."""
    if isinstance(e, OSError):
        number = e.args[0] if e.args and isinstance(e.args[0], int) else None
        return exceptions.PlatformUnavailableException(
            "%s cannot be reached: %s" % (endpoint, in_words(e)), errno=number
        )
    return exceptions.PlatformUnavailableException(
        "%s answered with something that is no HTTP or not the JSON expected: %s" % (endpoint, e)
    )


def refusal(token, path, answer):
    """Return the exception for an answer that is no 2xx, with the start of what it says."""
    status = answer.status
    # Only what comes before the token, if the answer repeats it; nor may it be cut in the middle.
    said, most = b"", 120 + len(token)
    try:
        while len(said) < most:
            piece = answer.read(most - len(said))
            if not piece:
                break
            said += piece
    except OSError:
        said = b""
    said = bytes([c if 32 <= c < 127 else 32 for c in said]).decode().split(token)[0][:120]
    whom = concerns(status)
    if whom == TOKEN:
        return exceptions.AccessForbiddenException(
            "the platform refused this token for %s (%d): it is wrong or revoked, or of another "
            "device; check token and device id. %s" % (path, status, said),
            status=status,
        )
    if status == 404:
        return exceptions.NotFoundException(
            "the platform knows no %s (404); check the device id. %s" % (path, said), status=404
        )
    if whom == PASSES:
        return exceptions.PlatformUnavailableException(
            "the platform answered %d. %s" % (status, said),
            status=status,
            retry_after_s=answer.retry_after_s,
        )
    if 300 <= status <= 399:
        said = (
            "It redirects elsewhere, and the token never follows: check the endpoint, and whether "
            "this network wants a login."
        )
    return exceptions.PlatformException(
        "the platform refused %s (%d). %s" % (path, status, said), status=status
    )
