"""A device program in a process of its own: real interpreter, real engines, real sockets.

The program is written as it would be for a board. Names such as TOKEN are put before it, what it
prints is collected line by line, and it is killed for certain at the end. No line it prints may
hold one of its secrets.
"""

import datetime
import subprocess
import textwrap
import threading
import time

from tests import run

# One of run.CONFIGURATIONS for each interpreter: newest, frozen and oldest engines have a turn.
CONFIGURATIONS = {"cpython": 0, "mp64": 2, "mp32": 4, "compiled": 5}
TIME_LIMIT_S = 20


class DeviceProcess:
    """A running device program.

    Args:
        command: the command line of the interpreter.
        interpreter: its name, a key of CONFIGURATIONS.
        path: where the program is written.
        source: the program; it is dedented.
        values: names and their values, put before the program.
        secrets: texts that may appear in no line of the output.
        options: arguments for the interpreter, such as ``-X heapsize=64k``.
    """

    def __init__(self, command, interpreter, path, source, values, secrets, options=()):
        head = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        path.write_text(head + textwrap.dedent(source), encoding="utf-8")
        self.lines = []
        self._secrets = {piece for secret in secrets if secret for piece in pieces(secret)}
        self._news = threading.Condition()
        environ = run.environment(*run.CONFIGURATIONS[CONFIGURATIONS[interpreter]])
        self._process = subprocess.Popen(
            [*command, *options, str(path)],
            env={**environ, "PYTHONUNBUFFERED": "1"},
            cwd=path.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            with self._news:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    @property
    def output(self):
        """Everything printed so far, as one text."""
        return "\n".join(self.lines)

    def wait_for(self, start, count=1, timeout_s=TIME_LIMIT_S):
        """Wait for the line number `count` that begins with `start`; return what follows it."""
        end = time.monotonic() + timeout_s
        with self._news:
            while True:
                found = self.all(start)
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                ended = not self._reader.is_alive()
                assert left > 0 and not ended, (
                    f"no line {count} '{start}' before the "
                    f"{'end of the program' if ended else 'time was up'}:\n{self.output}"
                )
                self._news.wait(min(left, 0.2))

    def all(self, start):
        """Return what follows `start` in each line that begins with it."""
        return [line[len(start) :].strip() for line in self.lines if line.startswith(start)]

    def say(self, text):
        """Give the program a line for its input()."""
        self._process.stdin.write(text.encode() + b"\n")
        self._process.stdin.flush()

    def finish(self, timeout_s=TIME_LIMIT_S):
        """Wait for the end of the program, which has to be a good one; return its lines."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout_s} s:\n{self.output}") from None
        self._reader.join(timeout_s)
        assert code == 0, f"ended with {code}:\n{self.output}"
        return self.lines

    def signal(self, number):
        """Send a signal; return whether the program still runs."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.poll() is None

    def kill(self, number):
        """End the program with a signal; what it had printed is there to be read."""
        self._process.send_signal(number)
        self._process.wait()
        self._reader.join(TIME_LIMIT_S)

    def close(self):
        """Kill what still runs, then look for secrets in all that was printed."""
        self._process.kill()
        self._process.wait()
        self._reader.join(5)
        self._process.stdin.close()
        self._process.stdout.close()
        told = [line for line in self.lines if any(piece in line for piece in self._secrets)]
        assert not told, f"a secret was printed: {told}"


class Interpreter:
    """Starts device programs on one interpreter, in one folder, and ends them all."""

    def __init__(self, name, command, folder):
        self.name = name
        self._command = command
        self._folder = folder
        self._processes = []

    def start(self, source, values=None, secrets=(), options=()):
        """Start a program; the value of TOKEN is always a secret."""
        values = values or {}
        program = DeviceProcess(
            self._command,
            self.name,
            self._folder / f"program{len(self._processes)}.py",
            source,
            values,
            [*secrets, values.get("TOKEN")],
            options,
        )
        self._processes.append(program)
        return program

    def run(self, source, values=None, secrets=(), options=()):
        """Start a program and wait for its good end."""
        program = self.start(source, values, secrets, options)
        program.finish()
        return program

    def close(self):
        failure = None
        for process in self._processes:
            try:
                process.close()
            except AssertionError as e:
                failure = e
        if failure:
            raise failure


def pieces(secret, length=12):
    """Return every part of a secret of this length: half a token is too much to print."""
    return [secret[i : i + length] for i in range(max(1, len(secret) - length + 1))]


def unix_seconds(text):
    """Return the seconds since 1970 of an ISO 8601 text in UTC."""
    form = "%Y-%m-%dT%H:%M:%S.%f%z" if "." in text else "%Y-%m-%dT%H:%M:%S%z"
    return datetime.datetime.strptime(text, form).timestamp()
