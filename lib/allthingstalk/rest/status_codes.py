"""What REST calls raise for HTTP statuses and failures of the network."""

from .. import exceptions
from ..connect.error_texts import in_words


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
    if status in (401, 403):
        return exceptions.AccessForbiddenException(
            "the platform refused this token for %s (%d): it is wrong or revoked, or of another "
            "device; check token and device id. %s" % (path, status, said),
            status=status,
        )
    if status == 404:
        return exceptions.NotFoundException(
            "the platform knows no %s (404); check the device id. %s" % (path, said), status=404
        )
    # Time-outs, misdirected and too early (RFC 9110, 8470), too many requests.
    if status in (408, 421, 425, 429) or status >= 500:
        return exceptions.PlatformUnavailableException(
            "the platform answered %d. %s" % (status, said),
            status=status,
            retry_after_s=answer.retry_after_s,
        )
    if 300 <= status <= 399:
        said = "It redirects elsewhere, and the token never follows: check the endpoint."
    return exceptions.PlatformException(
        "the platform refused %s (%d). %s" % (path, status, said), status=status
    )
