"""How the platform says things, where real servers differ: the switches, all in one place.

By default it is as plain as the standards allow. Real platforms, and what stands before them, are
not, and all of it is permitted: JSON with escapes (RFC 8259, section 7), retained messages (MQTT
3.1.1, section 3.3.1.3), interim answers (RFC 9110, section 15.2), answers in pieces, certificates
of different roots. What they do wrong is in faults.py.
"""

import argparse
import dataclasses

# In turn: a request took too long, came to the wrong server, came too early (RFC 9110, 8470).
PASSING_STATUSES = (408, 421, 425)
INTERIM = (
    b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
)


def _switch(text, default=False):
    return dataclasses.field(default=default, metadata={"text": text})


@dataclasses.dataclass(frozen=True)
class Manners:
    """The switches, with which a platform is started; each is an option of the command line too."""

    escaped_json: bool = _switch("JSON in ASCII: \\u escapes, in pairs beyond U+FFFF, and \\/")
    capital_keys: bool = _switch("messages over MQTT have the keys At and Value")
    retained: bool = _switch("commands are retained: each subscription gets the last one again")
    interim: bool = _switch("100 and 103 come before each REST answer")
    slow_bodies: bool = _switch("bodies of REST answers come in pieces, chunked or not in turn")
    refuse_every: int = _switch("each N-th REST request is answered with 408, 421 or 425", 0)
    roots: int = _switch("TLS with certificates of one root, or with 2 of one each", 0)

    def __post_init__(self):
        if self.roots not in (0, 1, 2):
            raise ValueError(f"roots={self.roots}: 0 for plain text, 1 or 2")
        if self.refuse_every < 0:
            raise ValueError(f"refuse_every={self.refuse_every}: 0 for none, or how many")


# What a client meets on a good day. A bad one is refuse_every.
LIKE_THE_FIELD = Manners(
    escaped_json=True,
    capital_keys=True,
    retained=True,
    interim=True,
    slow_bodies=True,
    roots=2,
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each switch to a command."""
    group = parser.add_argument_group("manners", "what real servers do")
    group.add_argument(
        "--like-the-field", action="store_true", help="all of these but --refuse-every"
    )
    for field in dataclasses.fields(Manners):
        kind = {"action": "store_true"}
        if field.type is int:
            kind = {"type": int, "metavar": "N"}
        group.add_argument("--" + field.name.replace("_", "-"), help=field.metadata["text"], **kind)


def from_options(options: argparse.Namespace) -> Manners:
    """Return the manners that the options of a command ask for.

    Raises:
        ValueError: a number is out of its range.
    """
    base = LIKE_THE_FIELD if options.like_the_field else Manners()
    names = [field.name for field in dataclasses.fields(Manners)]
    given = {name: getattr(options, name) for name in names if getattr(options, name)}
    return dataclasses.replace(base, **given)
