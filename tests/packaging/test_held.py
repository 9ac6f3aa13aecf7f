"""What a connected device holds, and what its calls allocate: exact lists and hard bounds, 32 bits.

The bounds themselves are budgets in tools/measure/sizes/figures.py.
"""

import json
import subprocess

import pytest

from tests import run
from tests.support.device_process import CONFIGURATIONS
from tools.measure.sizes.figures import BUDGETS
from tools.simulate import interpreters

# All that is loaded of the library and its engines once a device with commands is on line.
HELD = {
    "allthingstalk",
    "allthingstalk.assets",
    "allthingstalk.clients",
    "allthingstalk.core",
    "allthingstalk.core.commands",
    "allthingstalk.core.payload",
    "allthingstalk.core.poll",
    "allthingstalk.core.assignments",
    "allthingstalk.core.session",
    "allthingstalk.devices",
    "allthingstalk.net",
    "allthingstalk.outbox",
    "allthingstalk.overlay",
}
# The programs that measure, and what any program on a board may have loaded.
OTHERS = {"__main__", "heap", "thermostat"}
# Calls that are refused, and a try that is: on a network in virtual time.
REFUSED = """
import json, sys
from allthingstalk import Client, Device, NumberAsset
from fake_net import FakeNet

class Board(Device):
    temp = NumberAsset(handler=print)

def ours():
    return sorted(m for m in sys.modules if m.split(".")[0] in ("allthingstalk", "umqtt"))

net = FakeNet()
client = type("VirtualClient", (Client,), {"net": net})("token", api="http://h", log=None)
assert Board(client=client, id="D").connect()
found = [ours()]
net.rest.status = 404
for call in (client.get_assets, client.create_device):
    try:
        call("D")
        raise SystemExit("not refused")
    except Exception as e:
        kind = type(e).__name__
    found.append(ours())
net.broker.connack = b"\\x20\\x02\\0\\x05"
net.socket.ended = True
client.poll()
client.poll()
assert client.status == "refused", client.status
found.append(ours())
client.close()
found.append(ours())
print(json.dumps(found))
client.before_exit = None
"""
KINDS = ("int", "float", "bool", "short text")


@pytest.fixture(scope="module")
def called(measures):
    """What each call allocates, by figure."""
    return measures.calls()


@pytest.mark.parametrize("form", ("py", "mpy", "romfs"))
def test_after_connect_exactly_these_modules_are_loaded(measures, form):
    modules = set(measures.traffic(form, ("0", "0"))["modules"])
    ours = {m for m in modules if m.split(".")[0] in ("allthingstalk", "umqtt")}
    assert ours == HELD
    assert not modules & {"urequests", "requests", "ssl", "tls", "asyncio"}
    assert OTHERS <= modules


def test_over_tls_the_same_modules_are_loaded(measures):
    with measures.tls() as way:
        modules = set(measures.traffic("mpy", ("0", "0"), **way)["modules"])
    ours = {m for m in modules if m.split(".")[0] in ("allthingstalk", "umqtt")}
    assert ours == HELD
    assert not modules & {"urequests", "requests", "asyncio"}


@pytest.mark.parametrize("name", ("mp64", "mp32"))
def test_after_refused_calls_the_same_modules_are_loaded_and_what_was_raised(name):
    try:
        command = interpreters.find(name)
    except interpreters.Missing as e:
        pytest.skip(str(e))
    done = subprocess.run(
        [*command, "-c", REFUSED],
        env=run.environment(*run.CONFIGURATIONS[CONFIGURATIONS[name]]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, *others = [set(modules) for modules in json.loads(done.stdout.splitlines()[-1])]
    assert first == HELD
    for modules in others:  # the program may name what was raised to it in an `except`
        assert modules - {"allthingstalk.exceptions"} == HELD


def test_after_traffic_a_device_holds_no_more_than_before(measures):
    figures = measures.steady("mpy")
    assert 0 < figures["ram connected, mpy"]
    assert figures["ram steady, mpy"] <= figures["ram connected, mpy"] + 384


def test_an_hour_of_traffic_leaves_a_block_for_a_tls_handshake_on_a_pico_w(measures):
    figures = measures.hour("mpy")
    assert figures["largest free after an hour, mpy"] > 16 * 1024
    assert figures["largest free after an hour, mpy"] <= figures["free after an hour, mpy"]


def test_500_assets_on_the_platform_need_no_more_heap_than_5(measures):
    figures = measures.list_peaks()
    assert figures["peak connect, 5 assets on the platform"] > 16 * 1024  # it was a connect
    assert figures["peak connect, growth"] <= BUDGETS["peak connect, growth"][0]


@pytest.mark.parametrize("qos", (0, 1))
@pytest.mark.parametrize("kind", KINDS)
def test_a_publish_allocates_next_to_nothing(called, kind, qos):
    for figure in (f"publish {kind}, QoS {qos}", f"publish {kind} and poll, QoS {qos}"):
        assert 0 <= called[figure] <= BUDGETS[figure][0]


def test_an_idle_poll_allocates_nothing(called):
    assert called["poll"] == BUDGETS["poll"][0] == 0


def test_the_calls_are_measured_where_something_is_allocated(called):
    # A command comes as text and JSON: its handler cannot be called without allocating.
    assert called["command"] > 100
