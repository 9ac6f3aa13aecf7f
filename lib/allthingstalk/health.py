"""How a board is doing, as assets of its device: signal, memory, uptime, links, errors, versions.

    from allthingstalk import health

    board = Board(client=client, id=settings.device)
    health.watch(board, every=300)

The assets are created on the platform with the first report, for the parts that are chosen; they
are no fields of the device, so that they take no memory.
"""

from .overlay import Overlay

_all = []  # [device, parts, seconds, what was told] of each call of watch()


def watch(device, every=300, what="signal memory uptime reset link errors versions"):
    """Report the health of a board while its device is on line, from now on.

    - `device`: one of a Client.
    - `every`: seconds between two reports. Reset cause and versions are reported once, errors when
      there are new ones.
    - `what`: the parts wanted, with blanks between: `signal` (assets wifi-signal in words,
      wifi-rssi in dBm), `memory` (free-heap, largest-block in bytes), `uptime` (in seconds),
      `reset` (reset-cause in words), `link` (reconnects, dropped), `errors` (errors, last-error),
      `versions`.

    Returns nothing. Raises ValueError for a part that does not exist, an `every` below a second,
    and an asset of the device that has one of these names.
    """
    if not every >= 1:  # also NaN
        raise ValueError("every=%s: seconds between two reports" % every)
    with Overlay("readings"):
        from .readings import chosen

        parts = chosen(device, what)
    client, below = device.client, device.client.link_up
    told = {"links": -1, "online": False, "due_s": 0}  # what was seen and reported
    new = [device, parts, every, told]
    for watched in _all:
        old = watched[0]
        if old.client is client and old.__started__ and old not in client.devices:
            watched[:] = new  # the program was started again
            return
    watched = new
    _all.append(watched)

    def link_up():
        device, parts, every, told = watched
        online = client.state == "online"
        if online and not told["online"]:
            told["links"] += 1
        told["online"] = online
        if online and client.second >= told["due_s"] and device.__started__:
            told["due_s"] = client.second + every
            try:
                with Overlay("readings"):
                    from .readings import report

                    report(device, parts, told)
            except Exception as e:  # too little memory, or the platform refused the assets
                client.report("health is not reported: %s" % e)
        return below is None or below()

    client.link_up = link_up
