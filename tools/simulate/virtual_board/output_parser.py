"""What the interpreter prints, taken apart: text, and reports of the stand-ins to the bridge."""

from __future__ import annotations

_REPORT_START = b"\x1b_vb:"
_REPORT_END = b"\x1b\\"
_LONGEST_REPORT_BYTES = 256

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"
FRIENDLY_BANNER = b'Type "help()" for more information.\r\n'


class OutputParser:
    """Splits a stream that arrives in pieces; reports are APC strings with a private name."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Return ("text", bytes) and ("report", bytes) in their order."""
        data = self._held + data
        self._held = b""
        parts: list[tuple[str, bytes]] = []
        while data:
            start = data.find(b"\x1b")
            if start < 0:
                start = len(data)
            if start:
                parts.append(("text", data[:start]))
                data = data[start:]
            elif data.startswith(_REPORT_START):
                end = data.find(_REPORT_END, len(_REPORT_START))
                if end < 0 and len(data) < _LONGEST_REPORT_BYTES:
                    self._held = data
                    break
                if end < 0:
                    parts.append(("text", data))
                    break
                parts.append(("report", data[len(_REPORT_START) : end]))
                data = data[end + len(_REPORT_END) :]
            elif _REPORT_START.startswith(data):
                self._held = data
                break
            else:
                parts.append(("text", data[:1]))
                data = data[1:]
        return parts


class ReplMode:
    """Which of the two prompts the interpreter is at, told by the banner seen last."""

    def __init__(self) -> None:
        self.raw = False
        self._tail = b""

    def see(self, data: bytes) -> None:
        """Take note of more output."""
        data = self._tail + data
        raw, friendly = data.rfind(RAW_BANNER), data.rfind(FRIENDLY_BANNER)
        if raw != friendly:
            self.raw = raw > friendly
        self._tail = data[-max(len(RAW_BANNER), len(FRIENDLY_BANNER)) + 1 :]


def last_words(output: bytes) -> str:
    """The last line before the prompt's banner: of a traceback, the one that says what is wrong."""
    text = output.decode("utf-8", "replace").partition("MicroPython ")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
