"""The doctor's step on TLS: is the server verified, if not why, until when is the root valid."""

from ..connect.dial import parts, tcp, wait_for
from ..connect.roots import roots
from ..connect.tls import wrap
from ..exceptions import CertificateException
from ..timestamps import iso, now_ms, parse

_SEQUENCE = 0x30
_VERSION = 0xA0
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18
_COMMON_NAME = b"\x55\x04\x03"  # OID 2.5.4.3
_ORGANIZATION = b"\x55\x04\x0a"  # OID 2.5.4.10
_RENEW_DAYS = 90  # a root that expires sooner is pointed out
_DAY_MS = 86400000


def verified(client, endpoint):
    """Do a TLS handshake with an endpoint such as 'mqtts://host:8883' and return its host.

    Raises CertificateException with a remedy, or OSError for the network.
    """
    try:
        root_in_words(client.ca)  # raises for an expired root, before the server is asked
        return _shake_hands(client, endpoint)
    except CertificateException as e:
        raise CertificateException("%s. %s" % (e, _advice(str(e).lower())))


def connected(client, endpoint):
    """Return a socket that has connected to an endpoint; it does not wait."""
    return wait_for(client.net, tcp(client.net, endpoint, client.timeout, lambda: None))


def _shake_hands(client, endpoint):
    """Make a TLS connection, say nothing over it, and close it; return the host."""
    raw = connected(client, endpoint)
    try:
        raw.settimeout(client.timeout)
        host = parts(endpoint)[1]
        wrap(raw, host, client.ca, True).close()
        return host
    finally:
        raw.close()


def root_in_words(ca):
    """Return names and ends of all roots of `ca` as text.

    One that has expired or cannot be read is said with the others. Raises CertificateException if
    there is no good one.
    """
    good, bad, least_days = [], [], _RENEW_DAYS
    for der in roots(ca):
        try:
            name, end_ms = facts(der)
        except ValueError as e:
            bad.append("certificate cannot be read: %s" % e)
            continue
        days = (end_ms - (now_ms() or 0)) // _DAY_MS
        if days < 0:
            bad.append("%s that is trusted here has expired on %s" % (name, iso(end_ms)[:10]))
        else:
            good.append("root %s until %s, %d days" % (name, iso(end_ms)[:10], days))
            least_days = min(least_days, days)
    if bad and not good:
        raise CertificateException("the root " + "; the root ".join(bad))
    if not good:
        return ": chain, name and dates are right, by this machine's trust store"
    text = "; ".join(good + ["a root of no use: " + each for each in bad])
    return ": chain, name and dates are right; %s%s" % (
        text,
        ", so run make provision in time" if least_days < _RENEW_DAYS else "",
    )


def _advice(text):
    """Return the remedy for a refused certificate, found by the words of OpenSSL or mbedTLS."""
    if "refused" not in text:
        return "make provision brings the root"
    if "expired" in text or "not yet valid" in text or "future" in text:
        now = iso(now_ms())[:10]
        return "Dates: if %s is today, the platform has to renew its certificate" % now
    if "match" in text or "not valid for" in text:
        return "Name: the certificate is another host's; check the endpoint"
    return "Chain: it does not lead to the root that is trusted here; run make provision"


def facts(der):
    """Return (name, end in milliseconds since 1970) of an X.509 certificate in DER.

    The name is the subject's common name, else its organization, else "". Raises ValueError if
    `der` is not a certificate.
    """
    try:
        _, i, end = _element(der, 0, len(der), _SEQUENCE)
        _, i, end = _element(der, i, end, _SEQUENCE)  # tbsCertificate (RFC 5280, section 4.1)
        if der[i] == _VERSION:  # absent in version 1
            i = _element(der, i, end)[2]
        for _ in range(3):  # serial number, algorithm, issuer
            i = _element(der, i, end)[2]
        _, validity, i = _element(der, i, end, _SEQUENCE)
        begin = _element(der, validity, i)[2]
        tag, start, stop = _element(der, begin, i)
        return _name(der, *_element(der, i, end, _SEQUENCE)[1:]), _time(tag, der[start:stop])
    except (IndexError, UnicodeError):
        raise ValueError("no certificate in DER")


def _element(der, i, most, wanted=None):
    """Return tag, start and end of the contents of the element at offset `i`."""
    tag, n = der[i], der[i + 1]
    i += 2
    if n > 127:  # long form: so many bytes of length follow
        digits, n = n & 127, 0
        for _ in range(digits):
            n = n << 8 | der[i]
            i += 1
    if i + n > most or (wanted and tag != wanted):
        raise ValueError("no certificate in DER")
    return tag, i, i + n


def _name(der, i, end):
    names = {}
    while i < end:  # sets of (object identifier, text)
        _, start, i = _element(der, i, end)
        _, start, stop = _element(der, start, i, _SEQUENCE)
        _, oid, oid_end = _element(der, start, stop)
        _, text, text_end = _element(der, oid_end, stop)
        names[bytes(der[oid:oid_end])] = bytes(der[text:text_end])
    name = names.get(_COMMON_NAME) or names.get(_ORGANIZATION) or b""
    return "".join(chr(c) if 32 <= c < 127 else "?" for c in name)


def _time(tag, digits):
    text = str(bytes(digits), "utf-8")
    if tag == _UTC_TIME:  # year of two digits: 1950 to 2049
        text = ("20" if text < "50" else "19") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("no certificate in DER")
    return parse(
        "%s-%s-%sT%s:%s:%sZ"
        % (text[:4], text[4:6], text[6:8], text[8:10], text[10:12], text[12:14])
    )
