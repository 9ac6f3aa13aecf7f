"""Chooses the roots that provision writes: those needed, and those that a change may need.

Each is said with a line.
"""

from tools.board import certificates, roots
from tools.board.certificates import RootError


def find(places, authorities, say=print):
    """Return [(Root, its places)] for the TLS endpoints; [] if not to be had: the doctor says why.

    `authorities`: the Roots to trust, None for this PC's trust store.
    """
    try:
        return roots.needed(places, as_pem(authorities))
    except roots.RootError as e:
        say(f"no root yet: {e}")
        return []


def as_pem(authorities):
    """Return Roots as PEM text, None for none."""
    return "".join(root.pem for root in authorities) if authorities else None


def together(chosen, others, why, say=print):
    """Return the Roots to write: those chosen, and the others unless that is too much for a board.

    - `chosen`: [(Root, its places)].
    - `why`: what the others are, for the line of each.
    """
    found = [root for root, _ in chosen]
    for root, places in chosen:
        say(f"root      {root}, for {roots.named(places)}")
    others = [root for root in others if root.der not in [one.der for one in found]]
    if sum(len(root.der) for root in found + others) > certificates.MOST_BYTES:
        say(f"root      left out, too many for a board: {len(others)} others, {why}")
        return found
    for root in others:
        say(f"root      {root}, {why}")
    return found + others


def offline(places, authorities, on_board, say=print):
    """Return the Roots to write without a network, [] for none.

    Raises RootError where there are none, or too many.
    """
    if not places:
        return []
    if authorities:
        certificates.as_der(authorities)  # too many are not listed
        for root in authorities:
            say(f"root      {root}")
        return authorities
    for root in on_board:
        say(f"root      the board's own stays: {root}")
    if on_board:
        return []
    raise RootError(
        "the board needs a root for TLS, and --offline cannot look for it: name its file with "
        "--ca, or let this PC ask the platform"
    )


def on_board(data, say=print):
    """Return the good Roots of a board's /ca.der; `data` is None where there is none."""
    if not data:
        return []
    found, left_out = certificates.usable(data)
    for words in left_out:
        say(f"root      of no use on the board: {words}")
    return found
