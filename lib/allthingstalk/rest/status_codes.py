"""What HTTP statuses mean, in one table, and what REST calls raise for them.

docs/status-codes.md says the same for people; a test compares them.
"""

from .. import exceptions
from ..connect.error_texts import in_words


def kind(status):
    """Return what an HTTP status that is no 2xx is about, as bytes: names stay in memory.

    - b"passes": the same request may succeed later. 5xx.
    - b"way": the endpoint, or what is between: a person has to act. 3xx, all other 4xx, and None,
      for no answer of HTTP at all.
    - b"token": likewise.
    - b"absent": the asset, or its device, is unknown on the platform.
    - b"exists": of a new asset, that there is one by its name (400: platform-api); of a value as:
    - b"value": it is refused, and no other has to be.

    RFC 9110, section 15; 425 is of RFC 8470, 429 of RFC 6585.
    """
    for about, statuses in (
        (b"passes", (408, 421, 425, 429)),
        (b"token", (401, 403)),
        (b"absent", (404, 410)),
        (b"exists", (400, 409)),
        (b"value", (413, 414, 415, 422)),
    ):
        if status in statuses:
            return about
    return b"passes" if status and status >= 500 else b"way"


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
    about = kind(status)
    if about == b"token":
        return exceptions.AccessForbiddenException(
            "the platform refused this token for %s (%d): it is wrong or revoked, or of another "
            "device; check token and device id. %s" % (path, status, said),
            status=status,
        )
    if status == 404:
        return exceptions.NotFoundException(
            "the platform knows no %s (404); check the device id. %s" % (path, said), status=404
        )
    if about == b"passes":
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
