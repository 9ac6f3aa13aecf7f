"""How a board is doing, as assets of its device: signal, memory, uptime, links, errors, versions.

    from allthingstalk import health

    board = Board(client=client, id=settings.device, connect=False)
    health.watch(board, every=300)
    board.connect()

Each value that is chosen is an asset of its own, created with those of the device.
"""

from .overlay import Overlay

WHAT = "signal memory uptime reset link errors versions"


def watch(device, every=300, what=WHAT):
    """Add assets of a board's health to a device, and publish them from now on.

    - `device`: one of a Client, best before it connects: its assets are created with the others.
    - `every`: seconds between two reports. Reset cause and versions are reported once, errors when
      there are new ones.
    - `what`: the parts wanted, with blanks between: `signal` (assets wifi-signal in words,
      wifi-rssi in dBm), `memory` (free-heap, largest-block in bytes), `uptime` (in seconds),
      `reset` (reset-cause in words), `link` (reconnects, dropped), `errors` (errors, last-error),
      `versions`.

    Raises ValueError for a part that does not exist, an `every` below a second, and an asset of
    the device that has one of these names.
    """
    if every < 1:
        raise ValueError("every=%s: seconds between two reports" % every)
    parts = what.split()
    with Overlay("readings"):
        from .readings import declare

        declare(device, parts)
    client, below = device.client, device.client.link_up
    due_s = None  # second of the next report
    told = {"links": -1, "online": False}  # sessions after the first; what was reported

    def link_up():
        nonlocal due_s
        online = client.state == "online"
        if online and not told["online"]:
            told["links"] += 1
        told["online"] = online
        if device.__started__ and (due_s is None or client.second >= due_s):
            due_s = client.second + every
            try:
                with Overlay("readings"):
                    from .readings import report

                    report(device, parts, told)
            except MemoryError:  # the next report will do
                pass
        return below is None or below()

    client.link_up = link_up
    if device.__started__:
        device.connect()
