"""What MQTT clients for MicroPython lose when the network fails: ours and those of the registries.

``python -m tools.measure.bench_faults`` runs one small program for each client, all on the same
real MicroPython, against the same broker, through the fault proxy, while a listener counts what
gets through. The programs are in ``programs``; each is written as its library's own pages tell
users to.
"""
