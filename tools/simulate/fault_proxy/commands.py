"""The commands of the fault proxy's command line: one line of text, one call."""

import dataclasses
from collections.abc import Callable

from .certificates import KINDS
from .proxy import FaultProxy


@dataclasses.dataclass(frozen=True)
class Command:
    """One command: how it is written, what it does, and what does it."""

    usage: str
    text: str
    run: Callable[..., str | None]

    @property
    def name(self) -> str:
        """Its first word."""
        return self.usage.split()[0]


def _count(proxy):
    counters = dataclasses.asdict(proxy.counters)
    return "\n".join(f"{name} {value}" for name, value in counters.items())


COMMANDS = {
    command.name: command
    for command in (
        Command("refuse", "refuse new connections", FaultProxy.refuse),
        Command("accept", "end of refuse and half-open", FaultProxy.accept),
        Command("cut [fin|rst]", "end every connection now", FaultProxy.cut),
        Command(
            "half-open [client|server|both]",
            "connections go silent towards these, for good; new ones too",
            FaultProxy.half_open,
        ),
        Command(
            "cut-after BYTES client|server [fin|rst]",
            "cut within the next packet towards this side",
            FaultProxy.cut_after,
        ),
        Command(
            "close-after BYTES [fin|rst]",
            "close each connection after the server's first bytes",
            FaultProxy.close_after,
        ),
        Command("delay MS [client|server|both]", "let bytes come late", FaultProxy.delay),
        Command("slow BYTES [client|server|both]", "let so many a second pass", FaultProxy.slow),
        Command("hold [client|server|both]", "keep what comes", FaultProxy.hold),
        Command("release", "deliver what was held", FaultProxy.release),
        Command("drop", "throw away what was held", lambda proxy: proxy.release(deliver=False)),
        Command(
            "certificate KIND",
            "show another one: " + ", ".join(KINDS),
            FaultProxy.use_certificate,
        ),
        Command("off", "every fault off", FaultProxy.off),
        Command("count", "print the counters", _count),
    )
}
HELP = "\n".join(f"  {command.usage:40} {command.text}" for command in COMMANDS.values())


def obey(proxy: FaultProxy, line: str) -> str:
    """Carry out one command and return what to print.

    Raises:
        ValueError: there is no such command, or it is written otherwise.
    """
    name, *words = line.split()
    command = COMMANDS.get(name)
    if command is None:
        raise ValueError(f"there is no command {name}; there are: {', '.join(COMMANDS)}")
    required, optional = _places(command)
    if not required <= len(words) <= required + optional:
        raise ValueError(f"it is written {command.usage}")
    arguments = [int(word) if word.isdecimal() else word for word in words]
    try:
        return command.run(proxy, *arguments) or f"done: {line}"
    except ValueError as error:
        raise ValueError(f"{line}: {error}; it is written {command.usage}") from None


def _places(command):
    """Return how many words the command needs, and how many more it may have."""
    words = command.usage.split()[1:]
    optional = sum(word.startswith("[") for word in words)
    return len(words) - optional, optional
