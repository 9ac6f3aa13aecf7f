"""What a connected device holds, and what its calls allocate: exact lists and hard bounds, 32 bits.

The bounds themselves stand in tools/size_figures.py.
"""

import pytest

from tools.size_figures import LIST_MOST_BYTES, POLL_MOST_BYTES, PUBLISH_MOST_BYTES

# All that is loaded of the library and its engines once a device with commands is on line.
HELD = {
    "allthingstalk",
    "allthingstalk.assets",
    "allthingstalk.clients",
    "allthingstalk.devices",
    "allthingstalk.loading",
    "allthingstalk.loop",
    "allthingstalk.messages",
    "allthingstalk.outbox",
    "allthingstalk.publishing",
    "allthingstalk.reader",
    "allthingstalk.session",
    "allthingstalk.transport",
}
# The programs that measure, and what any program on a board may have loaded.
OTHERS = {"__main__", "heap", "thermostat"}
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


def test_after_traffic_a_device_holds_no_more_than_before(measures):
    figures = measures.memory("mpy")
    assert 0 < figures["ram connected, mpy"]
    assert figures["ram steady, mpy"] <= figures["ram connected, mpy"] + 256


def test_an_hour_of_traffic_leaves_a_block_for_a_tls_handshake_on_a_pico_w(measures):
    figures = measures.hour("mpy")
    assert figures["largest free after an hour, mpy"] > 16 * 1024
    assert figures["largest free after an hour, mpy"] <= figures["free after an hour, mpy"]


def test_500_assets_on_the_platform_need_no_more_heap_than_5(measures):
    figures = measures.list_peaks()
    few, many = (figures[f"peak connect, {n} assets on the platform"] for n in (5, 500))
    assert few > 16 * 1024  # it was a connect
    assert many - few <= LIST_MOST_BYTES


@pytest.mark.parametrize("qos", (0, 1))
@pytest.mark.parametrize("kind", KINDS)
def test_a_publish_allocates_next_to_nothing(called, kind, qos):
    assert 0 <= called[f"publish {kind}, QoS {qos}"] <= PUBLISH_MOST_BYTES
    assert called[f"publish {kind} and poll, QoS {qos}"] <= PUBLISH_MOST_BYTES


def test_an_idle_poll_allocates_nothing(called):
    assert called["poll"] == POLL_MOST_BYTES


def test_the_calls_are_measured_where_something_is_allocated(called):
    # A command comes as text and JSON: its handler cannot be called without allocating.
    assert called["command"] > 100
