"""Fixtures: a local platform, and its page in a browser, in which nothing may go wrong unseen."""

import json
import threading
import urllib.request
from contextlib import contextmanager

import paho.mqtt.client as paho
import pytest

from tests.support import browser
from tools.simulate.local_platform import LocalPlatform

LIMIT_S = 30  # of what takes a moment, on a loaded machine


@pytest.fixture
def platform(tmp_path):
    with LocalPlatform(tmp_path / "platform.db") as running:
        yield running


@pytest.fixture
def open_page():
    """Open the page of a platform; what its scripts raise, or its policy blocks, fails the test."""

    @contextmanager
    def opened(platform, address=None, **options):
        wrong = []
        with browser.open_page(**(options or browser.PC)) as page:
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on(
                "console",
                lambda said: "Security Policy" in said.text and wrong.append(said.text),
            )
            page.goto(address or platform.page)
            yield page
        assert not wrong

    return opened


@pytest.fixture
def page(platform, open_page):
    with open_page(platform) as opened:
        opened.locator("#status.live").wait_for()
        yield opened


def publish(platform, device, **values):
    """Set states as a device does that has no MQTT; a value may be (value, at)."""
    body = {}
    for name, value in values.items():
        value, at = value if isinstance(value, tuple) else (value, None)
        body[name] = {"value": value} | ({"at": at} if at else {})
    request = urllib.request.Request(
        f"{platform.http}/device/{device.id}/state",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {device.token}"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=LIMIT_S).close()


def card(page, title):
    """Return the card of an asset by its title."""
    return page.locator("article.card").filter(
        has=page.get_by_role("heading", name=title, exact=True)
    )


def points(page, title):
    """Return how many values the chart of an asset holds, None before it is drawn."""
    chart = card(page, title).locator(".chart")
    return chart.evaluate("node => node.chart.plot ? node.chart.plot.data[0].length : null")


@pytest.fixture
def own_client_of(platform):
    """Return {asset: value} of the commands that a device's MQTT client hears from now on."""
    clients = []

    def subscribe(device):
        heard, ready = {}, threading.Event()
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.username_pw_set(device.token, "x")
        client.on_message = lambda _, __, message: heard.update(
            {message.topic.split("/")[3]: json.loads(message.payload)["value"]}
        )
        client.on_subscribe = lambda *_: ready.set()
        client.connect("127.0.0.1", platform.mqtt_port)
        client.subscribe(f"device/{device.id}/asset/+/command", 1)
        client.loop_start()
        clients.append(client)
        assert ready.wait(LIMIT_S)
        return heard

    yield subscribe
    for client in clients:
        client.loop_stop()
        client.disconnect()
