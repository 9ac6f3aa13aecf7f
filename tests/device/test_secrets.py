"""The token is said to the platform and to nobody else: not in words, not in a process list.

The device programs run into many failures and print all they can get hold of. DeviceProcess fails
a test in which a line of output holds a part of the token.
"""

import base64
import contextlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.scripted_server import (
    ACCEPTED,
    Refusing,
    ScriptedServer,
    http_answer,
    mqtt_publish,
    mqtt_raw,
)
from tools.measure.sizes.measures import Measures, build
from tools.simulate import interpreters
from tools.simulate.fault_proxy import FaultProxy
from tools.simulate.local_platform import LocalPlatform

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "maker:4f0cToKeNtHaTmAyNeVeRbEsHoWn"
OTHER_SECRET = "p4ssW0rDoFsOmEbOdYeLsE"
DEVICE_ID = "5f0c5f0c5f0c5f0c5f0c5f0c"
SECRETS = (OTHER_SECRET, base64.b64encode(TOKEN.encode()).decode())
LIST = (
    '[{"name":"temp","is":"sensor","profile":{"type":"number"}},'
    '{"name":"led","is":"actuator","profile":{"type":"boolean"}}%s]'
)
# As the local platform makes them; its masked form has 8 characters.
ANY_TOKEN = re.compile(rb"maker:[\w-]{8}")

PROGRAM = """
import sys
from allthingstalk import AssetState, BooleanAsset, Client, Device, NumberAsset

class Window(Device):
    temp = NumberAsset()
    led = BooleanAsset(kind="actuator")

def show(e):
    print("error", e.__class__.__name__, str(e), repr(e), e.args)
    if hasattr(sys, "print_exception"):
        sys.print_exception(e, sys.stdout)
    else:
        import traceback
        traceback.print_exception(e, file=sys.stdout)

def told(call):
    try:
        print("result", call())
    except Exception as e:
        show(e)

@Window.command.led
def on_led(device, value, at):
    raise ValueError("a program that says " + device.client.token)

def went(client, reason):
    print("went", reason, repr(client))
    raise OSError(5, client.token)

for http, mqtt, ca in ENDPOINTS:
    client = Client(TOKEN, http=http, mqtt=mqtt, ca=ca, timeout=0.5, on_disconnect=went)
    window = Window(client=client, id=DEVICE_ID, connect=False)
    print("with", client.http, client.mqtt)
    told(window.connect)
    client.wait(0.1)
    told(lambda: client.get_assets(DEVICE_ID))
    told(lambda: client.create_asset(DEVICE_ID, window.assets["temp"]))
    told(lambda: client.get_asset_state(DEVICE_ID, "temp"))
    told(lambda: client.create_device("Window", ground="5f0c"))
    for thing in (client, window, Window.temp, window.assets, AssetState(1), client.outbox,
                  client.session, Client, Window, window.command, client.last_error):
        print("repr", repr(thing), str(thing))
    print("done", client.status, client.errors)
    client.close()
"""

CONSTRUCTED = """
from allthingstalk import Client, Device
for given in ENDPOINTS:
    for name in ("api", "http", "mqtt"):
        try:
            Client(TOKEN, **{name: given})
            print("taken", name)
        except ValueError as e:
            print("refused", e)
for token in (TOKEN + "\\n", " " + TOKEN, TOKEN + "\\xe9", TOKEN.encode()):
    try:
        Client(token)
        print("taken")
    except ValueError as e:
        print("refused", e)
try:
    Device(id=TOKEN, connect=False)
    print("taken")
except ValueError as e:
    print("refused", e)
"""


def echo(status):
    return http_answer(status, '{"error":"no right for %s","token":"%s"}' % (TOKEN, TOKEN))


def commands(connection):
    """Let in, refuse the subscription, and say commands that hold the token."""
    connection.read_packet()
    connection.send(ACCEPTED)
    asked = connection.read_packet()
    topic = f"device/{DEVICE_ID}/asset/led/command"
    text = TOKEN.encode()
    connection.send(
        b"\x90\x03" + asked[2:4] + b"\x80",
        mqtt_publish(topic, b'{"value":true}'),
        mqtt_publish(topic, b'{"value":"' + text + b'"}'),
        mqtt_publish(topic, text),
        mqtt_publish(topic, b'{"value":"' + text * 200 + b'"}'),
        mqtt_publish(f"device/{DEVICE_ID}/asset/{TOKEN}/command", b"x" * 5000),
        0.05,
        text,
    )


# What the REST side says, and then what the broker does.
REST = {
    "403": echo(403),
    "401": echo(401),
    "404": echo(404),
    "409": echo(409),
    "500": echo(500),
    "200-no-json": http_answer(200, "you are " + TOKEN),
    "200-other-json": http_answer(200, '{"%s":"%s"}' % (TOKEN, TOKEN)),
    "302": http_answer(302, "", f"Location: http://{TOKEN}.invalid/{TOKEN}"),
    "no-http": lambda connection: (connection.read_request(), connection.send(TOKEN.encode())),
    "bad-entries": http_answer(
        200, LIST % f',{{"name":"{TOKEN}"}},"{TOKEN}",{{"name":5,"is":"{TOKEN}","profile":7}}'
    ),
    "mismatch": http_answer(200, LIST.replace("number", "string") % f',"{TOKEN}"'),
}
MQTT = {
    "connack-4": mqtt_raw(b"\x20\x02\x00\x04"),
    "connack-5": mqtt_raw(b"\x20\x02\x00\x05"),
    "echo": mqtt_raw(TOKEN.encode() * 3, hold=False),
    "accepted-echo": mqtt_raw(ACCEPTED, TOKEN.encode()),
    "silent": mqtt_raw(),
    "commands": commands,
}


def test_no_failure_says_the_token(interpreter):
    """Every answer at REST and every broker behind a good REST, one after the other."""
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(ScriptedServer(http_answer(200, LIST % "")))
        rest = [stack.enter_context(ScriptedServer(script)) for script in REST.values()]
        brokers = [stack.enter_context(ScriptedServer(script)) for script in MQTT.values()]
        nobody = stack.enter_context(Refusing())
        endpoints = [(server.http, nobody.address, None) for server in rest]
        endpoints += [(good.http, server.address, None) for server in brokers]
        endpoints += [(nobody.http, nobody.address, None), (good.http, "name.invalid:1", None)]
        program = interpreter.start(
            PROGRAM, {"TOKEN": TOKEN, "DEVICE_ID": DEVICE_ID, "ENDPOINTS": endpoints}, SECRETS
        )
        program.finish(60)
    assert len(program.all("done")) == len(endpoints)
    # It did run into failures, handlers that raise among them, and it did say the token where it
    # belongs.
    assert len(program.all("error")) > 2 * len(endpoints)
    assert "a program that says ***" in program.output
    assert "went" in program.output and "on_disconnect raised" in program.output
    assert all(TOKEN.encode() in server.connections[0].received for server in (*rest, *brokers))


def test_no_certificate_error_says_the_token(interpreter):
    with (
        ScriptedServer(http_answer(200, LIST % "")) as good,
        FaultProxy(int(good.address.split(":")[1]), tls="wrong-host") as bad,
    ):
        secure = f"localhost:{bad.port}"
        endpoints = [
            (f"https://{secure}", f"mqtts://{secure}", bad.ca_pem),
            (good.http, f"mqtts://{secure}", bad.ca_pem),
            (good.http, f"mqtts://{secure}", None),
            (good.http, f"mqtts://{secure}", b"rubbish"),
        ]
        program = interpreter.run(
            PROGRAM, {"TOKEN": TOKEN, "DEVICE_ID": DEVICE_ID, "ENDPOINTS": endpoints}, SECRETS
        )
    assert program.output.count("error CertificateException") >= 4
    assert len(program.all("done")) == 4


def test_a_wrong_token_at_the_platform_is_not_repeated(interpreter):
    with LocalPlatform() as platform:
        device = platform.create_device()
        endpoints = [(platform.http, f"mqtt://{platform.mqtt}", None)]
        program = interpreter.run(
            PROGRAM, {"TOKEN": TOKEN, "DEVICE_ID": device.id, "ENDPOINTS": endpoints}, SECRETS
        )
    assert "AccessForbiddenException" in program.output


def test_what_a_client_is_made_with_is_refused_without_repeating_secrets(interpreter):
    endpoints = [
        f"https://maker:{OTHER_SECRET}@platform.invalid",
        f"maker:{OTHER_SECRET}@platform.invalid:1883",
        f"mqtt://{TOKEN}@platform.invalid",
        f"http://platform.invalid/?token={TOKEN}",
        f"platform.invalid#{TOKEN}",
        TOKEN,
    ]
    program = interpreter.run(CONSTRUCTED, {"TOKEN": TOKEN, "ENDPOINTS": endpoints}, SECRETS)
    assert not program.all("taken")
    assert len(program.all("refused")) == 3 * len(endpoints) + 5
    assert all(len(text) > 20 for text in program.all("refused"))


class ProcessList:
    """A context manager that looks at the command lines of our descendants, as `ps` would."""

    def __enter__(self):
        self.lines = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(5)

    def _watch(self):
        while not self._stop.wait(0.005):
            self.look()

    def look(self):
        parents, lines = {}, {}
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):  # it has ended meanwhile
                pid = int(path.name)
                parents[pid] = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
                lines[pid] = (path / "cmdline").read_bytes()
        for pid, line in lines.items():
            above = parents[pid]
            while above in parents and above != os.getpid():
                above = parents[above]
            if above == os.getpid() and line:
                self.lines.add(line.replace(b"\0", b" "))

    def named(self, word):
        """Return the command lines in which a word was seen."""
        return [line for line in self.lines if word.encode() in line]

    def telling(self):
        """Return the command lines that hold a token."""
        return [line for line in self.lines if ANY_TOKEN.search(line)]


linux = pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="no /proc: process lists are read there"
)


@linux
def test_a_token_in_a_process_list_would_be_seen():
    with ProcessList() as seen:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)", TOKEN], check=True)
    assert len(seen.telling()) == 1


@linux
def test_make_run_shows_no_token_in_the_process_list(tmp_path):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with ProcessList() as seen:
        done = subprocess.run(
            [sys.executable, "-m", "tools.simulate.run_demo", "--work", str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
    assert done.returncode == 0, done.stdout.decode()
    assert seen.named("mpremote") and seen.named("micropython")
    assert seen.telling() == []


@linux
def test_the_platforms_commands_show_no_token_in_the_process_list(tmp_path):
    options = ["--db", str(tmp_path / "platform.db")]

    def command(*words):
        return [
            sys.executable,
            "-m",
            "tools.simulate.local_platform",
            words[0],
            *options,
            *words[1:],
        ]

    def run(*words):
        done = subprocess.run(
            command(*words), cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
        )
        return done.stdout

    with ProcessList() as seen:
        serve = subprocess.Popen(
            command("serve", "--http-port", "0", "--mqtt-port", "0"),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            said = [serve.stdout.readline() for _ in range(5)]
            assert said[-1].startswith("Stop with"), said
            created = run("create-device")
            device_id = created.split()[1]
            for words in (["devices"], ["ground"], ["states", device_id], ["fault", "off"]):
                run(*words)
        finally:
            serve.terminate()
            serve.wait(10)
            serve.stdout.close()
    assert ANY_TOKEN.search(created.encode()), "the device's owner is told its token"
    assert seen.named("serve") and seen.named("states")
    assert seen.telling() == []


@linux
def test_the_size_programs_show_no_token_in_the_process_list(tmp_path):
    try:
        command = interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with Measures(command, build(tmp_path)) as measures, ProcessList() as seen:
        assert measures.job_runs(1024 * 1024)
    assert seen.named("heapsize")
    assert seen.telling() == []
