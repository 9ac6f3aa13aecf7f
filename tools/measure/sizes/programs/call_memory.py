"""Prints, as JSON, the heap that a publish of each kind, a command and an idle poll allocate.

Arguments: HTTP endpoint, MQTT endpoint, device id, QoS; the token is in the environment.

Garbage is not collected meanwhile, so that each block counts. A publish is measured by itself, and
with the one poll that takes its PUBACK; where more polls were needed it is left out and made again.
"""

import gc
import sys
import time

import thermostat

ROUNDS = 20
KINDS = (
    ("int", "people", (0, 1, 5, 42, 100)),
    ("float", "temperature", (21.5, 0.1, -3.25, 100.0, 19.875)),
    ("bool", "heating", (True, False, True, True, False)),
    ("short text", "message", ("on", "off", "hello", "twelve signs", "")),
)

device, client = thermostat.connect(*sys.argv[1:4], qos=int(sys.argv[4]))
taken = [0] * ROUNDS  # by the call alone
in_all = [0] * ROUNDS  # with its poll
published = {}


def measure(name, values):
    done = 0
    while done < ROUNDS:
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        setattr(device, name, values[done % len(values)])
        taken[done] = gc.mem_alloc() - before
        time.sleep_ms(4)  # on loopback PUBACK is there by now, but for a machine that is busy
        before = gc.mem_alloc()
        client.poll()
        in_all[done] = gc.mem_alloc() - before + taken[done]
        gc.enable()
        if client.pending:
            thermostat.settle(client)
        else:
            done += 1


def measure_idle():
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(ROUNDS):
        client.poll()
    took = gc.mem_alloc() - before
    gc.enable()
    return took / ROUNDS


def measure_command():
    """Ask for a command; return what the poll took that handled it."""
    heard = thermostat.heard[0]
    print("ready 1")
    for _ in range(10000):
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        client.poll()
        took = gc.mem_alloc() - before
        gc.enable()
        if thermostat.heard[0] > heard:
            return took
        time.sleep_ms(1)
    raise RuntimeError("a command is missing: %s" % client.last_error)


for turn in range(3):  # what grows once, grows in the first turn
    for kind, name, values in KINDS:
        measure(name, values)
        if turn < 2:
            published[kind] = [max(taken), max(in_all)]
        else:  # what is due now and then, and falls into one of 20, is no publish's
            published[kind] = [
                min(published[kind][0], max(taken)),
                min(published[kind][1], max(in_all)),
            ]
poll_bytes = measure_idle()
command_bytes = max([measure_command() for _ in range(ROUNDS)])

import json  # noqa: E402

print(json.dumps({"publish": published, "poll_bytes": poll_bytes, "command_bytes": command_bytes}))
thermostat.finish(client)
