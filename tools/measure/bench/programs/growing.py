"""What allthingstalk costs as work grows; the bench calls a method of Work a line; see calls.py.

With `thrifty` the heap is collected often, and the process's memory tells how much RAM a program
needs at the most, connecting included; without it the time is taken, which collecting would add to.
"""

import gc

from calls import answer, now_us

COLLECT_BYTES = 4096  # allocated between two collections
WARM_UP = 50
SENT_TIMEOUT_S = 60


def touched_kb():
    """Return the memory that the process has used, in kB (Linux): what was touched once, stays."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1])


class Work:
    def __init__(self, told):
        self.told = told
        gc.collect()
        if told["thrifty"]:
            gc.threshold(COLLECT_BYTES)
        self.before_bytes = gc.mem_alloc()
        self.before_kb = touched_kb()
        import allthingstalk

        kinds = {"number": allthingstalk.IntegerAsset, "text": allthingstalk.StringAsset}
        fields = {
            "count": kinds[told["kind"]](),
            "led": allthingstalk.IntegerAsset(kind="actuator"),
        }
        self.names = ["count"] + ["more%d" % n for n in range(told["assets"] - 1)]
        for name in self.names[1:]:
            fields[name] = kinds[told["kind"]]()
        board = type("Board", (allthingstalk.Device,), fields)
        self.heard = 0
        self.client = allthingstalk.Client(
            told["token"],
            http=told["http"],
            mqtt=told["mqtt"],
            outbox=allthingstalk.Outbox(size=told["outbox_bytes"]),
            keepalive=3600,
        )
        self.up = not told["waiting"]
        self.client.link_up = lambda: self.up
        self.boards = []
        for device in told["devices"]:
            self.boards.append(board(client=self.client, id=device, connect=False))
            self.boards[-1].command.led(self.on_led)

    def on_led(self, device, value, at):
        self.heard += 1

    def value(self, number):
        """Return the value of this number: itself, or text as long as the bench wants it."""
        if self.told["kind"] == "number":
            return number
        text = "%06d" % number
        return text + "x" * (self.told["value_bytes"] - len(text))

    def assign(self, count, most_waiting):
        """Assign so many values, to all devices and assets in turn."""
        client, boards, names = self.client, self.boards, self.names
        for number in range(count):
            board = boards[number % len(boards)]
            setattr(board, names[number // len(boards) % len(names)], self.value(number))
            while most_waiting and client.pending > most_waiting:
                client.poll()

    def deliver(self):
        """Poll until everything is acknowledged."""
        end_us = now_us() + SENT_TIMEOUT_S * 1000000
        while self.client.pending:
            self.client.poll()
            if now_us() > end_us:
                raise OSError("not all was delivered: %s" % self.client.last_error)

    def connect(self):
        """Connect all devices."""
        began_us = now_us()
        for board in self.boards:
            if board.connect() != self.up:
                raise OSError(self.client.last_error)
        self.errors = self.client.errors  # being off line at the start is one
        return {"us": now_us() - began_us}

    def warm_up(self):
        """Publish a few values; what grows once grows now. Return the memory that is used."""
        self.assign(WARM_UP, self.told["most_waiting"])
        self.deliver()
        return self.memory()

    def memory(self):
        """Return by how many bytes the heap in use, and the process, have grown since the start."""
        gc.collect()
        return {
            "heap_bytes": gc.mem_alloc() - self.before_bytes,
            "ram_bytes": (touched_kb() - self.before_kb) * 1024,
        }

    def publish(self, count):
        """Publish so many values."""
        gc.collect()
        began_us = now_us()
        self.assign(count, self.told["most_waiting"])
        self.deliver()
        self.check()
        return {"us": now_us() - began_us, "count": count}

    def wait_and_send(self, count):
        """Assign while off line, then go on line and deliver."""
        began_us = now_us()
        self.assign(count, 0)
        assigned_us = now_us() - began_us
        memory = self.memory()
        self.up = True
        while not self.client.poll():
            pass
        began_us = now_us()
        self.deliver()
        self.check()
        memory.update({"assign_us": assigned_us, "us": now_us() - began_us, "count": count})
        return memory

    def live(self, count, commands):
        """Publish so many values and hear so many commands, which the bench sends meanwhile."""
        self.heard = 0
        took = self.publish(count)
        while self.heard < commands:
            if not self.client.poll():
                raise OSError(self.client.last_error)
        took.update(self.memory())
        return took

    def check(self):
        if self.client.dropped or self.client.errors > self.errors:
            raise OSError("dropped %d: %s" % (self.client.dropped, self.client.last_error))


answer(Work)
