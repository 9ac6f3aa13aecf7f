"""A TCP proxy on this machine that does to connections what bad routers and servers do.

Start it with ``python -m tools.simulate.fault_proxy PORT``, or inside a program::

    from tools.simulate.fault_proxy import FaultProxy

    with FaultProxy(platform.mqtt_port) as proxy:
        proxy.delay(200)
        client.connect("127.0.0.1", proxy.port)
        proxy.half_open()

``tls="expired"`` puts TLS in front, with one of the certificates of ``Certificates``.
"""

from .certificates import Certificates
from .notes import Counters
from .proxy import FaultProxy

__all__ = ["Certificates", "Counters", "FaultProxy"]
