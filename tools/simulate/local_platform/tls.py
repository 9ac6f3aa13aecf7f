"""TLS in front of REST and MQTT, where the manners ask for it: each may chain to another root."""

import ssl

from tools.simulate.fault_proxy.certificates import Certificates

from .listening import reachable


class Fronts:
    """The server's sides of TLS of one platform; they stay through its stops and starts.

    Args:
        roots: 0 for plain text; 1: REST and MQTT have certificates of one root; 2: of one each.
        host: the address to listen on.

    ``rest`` and ``mqtt`` are None for plain text. ``roots_pem`` are the roots to be trusted, those
    of MQTT first: a client that reads only the first certificate of a file fails at REST.
    """

    rest: ssl.SSLContext | None = None
    mqtt: ssl.SSLContext | None = None
    roots_pem = ""

    def __init__(self, roots: int, host: str):
        if not roots:
            return
        names = ("localhost", "127.0.0.1", reachable(host).strip("[]"))
        each = [Certificates(*dict.fromkeys(names)) for _ in range(roots)]
        self.rest = each[0].context("good")
        self.mqtt = each[-1].context("good")
        self.roots_pem = "".join(one.ca_pem.decode() for one in reversed(each))
