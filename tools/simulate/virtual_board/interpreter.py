"""One run of the interpreter that plays the chip: start, talk, interrupt, end."""

from __future__ import annotations

import ctypes
import hashlib
import os
import pty
import signal
import time
import tty
from pathlib import Path

from .settings import Settings

MODULES = Path(__file__).parent / "modules"

_PR_SET_PDEATHSIG = 1
_C_LIBRARY = ctypes.CDLL(None, use_errno=True)


class Interpreter:
    """A MicroPython process on a pseudo-terminal of its own."""

    def __init__(self, settings: Settings, heap_bytes: int, folder: Path, **start: str) -> None:
        """Start the process.

        Args:
            settings: of the board.
            heap_bytes: size of the whole heap.
            folder: an empty folder to be in.
            start: further variables for the stand-ins, without their prefix VB_.
        """
        self.started_s = time.monotonic()
        command = [settings.micropython, "-X", f"heapsize={heap_bytes}", "-i"]
        command.append(str(MODULES / "start.py"))
        environment = {
            name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ
        }
        environment |= {"HOME": str(folder), "LC_ALL": "C.UTF-8", "TZ": "UTC0"}
        start |= {
            "LIKE": settings.like or "",
            "FLASH": str(settings.flash),
            "FLASH_MODULE": "_flash_image" if settings.littlefs else "_flash_folder",
            "FLASH_BYTES": str(settings.size_bytes),
            "UNIQUE_ID": hashlib.sha256(bytes(settings.flash)).hexdigest()[:16],
        }
        environment |= {f"VB_{name}": value for name, value in start.items()}
        parent = os.getpid()
        # The bridge has one thread, so running Python between fork and exec is safe.
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                self._become(parent, folder, command, environment)
            finally:
                os._exit(127)
        os.set_blocking(self.fd, False)

    @staticmethod
    def _become(parent: int, folder: Path, command: list[str], environment: dict) -> None:
        """In the child: turn into the interpreter, which must not outlive the bridge."""
        _C_LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return
        tty.setraw(0)
        os.closerange(3, 1024)
        # Ignored, so that a start script in Python sets up no handler: a caught SIGINT then means
        # that MicroPython runs a program which Ctrl-C may interrupt.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.chdir(folder)
        os.execvpe(command[0], command, environment)

    def read(self) -> bytes | None:
        """Return new output, b"" when there is none now, None when the process has ended."""
        try:
            return os.read(self.fd, 4096) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def write(self, data: bytes) -> int:
        """Pass input on and return how many bytes found room."""
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)  # it has ended: read() will tell

    def interrupt(self) -> bool:
        """Send SIGINT if a program runs that Ctrl-C may interrupt; return whether it did.

        The process is stopped meanwhile, so that the answer is still true when acted upon: an
        uncaught SIGINT would end it.
        """
        try:
            os.kill(self.pid, signal.SIGSTOP)
        except ProcessLookupError:
            return False
        try:
            for _ in range(200):
                status = self._status()
                if status.get("State", "T").startswith(("T", "Z", "X")):
                    break
                time.sleep(0.0005)
            caught = bool(int(status.get("SigCgt", "0"), 16) >> (signal.SIGINT - 1) & 1)
            if caught:
                # To the main thread: the one of machine.Timer would end of it.
                _C_LIBRARY.tgkill(self.pid, self.pid, signal.SIGINT)
            return caught
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def _status(self) -> dict[str, str]:
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def end(self) -> int:
        """Kill the process if it still runs, and return its wait status."""
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        return os.waitpid(self.pid, 0)[1]

    def wait(self) -> int:
        """Take leave of a process that has closed its terminal; return its wait status."""
        os.close(self.fd)
        return os.waitpid(self.pid, 0)[1]
