"""What MQTT clients for MicroPython cost on the wire and in time, ours and those of the registries.

``python -m tools.measure.bench`` runs a small program for each client on the same real MicroPython,
against mosquitto and against the local platform, over links with and without TLS and delay, and
prints how fast each publishes, what it puts on the wire, how soon it hears commands, and how all
that grows.
"""
