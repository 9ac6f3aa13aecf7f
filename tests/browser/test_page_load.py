"""Much at once, and the platform that goes and comes back: the page stays smooth and complete."""

import json
import threading
import time

import paho.mqtt.client as paho

from tests.browser.conftest import LIMIT_S, card, points, publish
from tests.support import browser

DEVICES = 5
ASSETS = 20
VALUES_PER_S = 50  # of each device
LONGEST_TASK_MS = 200
WINDOW_S = 6
WINDOWS = 4  # one has to be smooth: this machine may be busy with something else


class Publisher(threading.Thread):
    """A device that sends VALUES_PER_S values over MQTT, asset by asset, until it is stopped."""

    def __init__(self, platform, device):
        super().__init__(daemon=True)
        self.device = device
        self.last = {}
        self.stopping = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.username_pw_set(device.token, "x")
        self.client.connect("127.0.0.1", platform.mqtt_port)
        self.client.loop_start()

    def run(self):
        started = time.monotonic()
        count = 0
        while not self.stopping.is_set():
            while count < (time.monotonic() - started) * VALUES_PER_S:
                name, value = f"n{count % ASSETS}", count / 4
                topic = f"device/{self.device.id}/asset/{name}/state"
                self.client.publish(topic, json.dumps({"value": value}), 1)
                self.last[name] = value
                count += 1
            self.stopping.wait(0.02)

    def close(self):
        self.stopping.set()
        self.join(LIMIT_S)
        self.client.loop_stop()
        self.client.disconnect()


def test_five_devices_with_20_assets_at_50_values_a_second_stay_smooth(platform, open_page):
    devices = [platform.create_device(f"Machine {n}") for n in range(DEVICES)]
    for device in devices:
        for n in range(ASSETS):
            platform.create_asset(device.id, f"n{n}", title=f"{device.id[:4]} {n}")
    publishers = [Publisher(platform, device) for device in devices]
    with open_page(platform) as page:
        page.locator("article.card").nth(DEVICES * ASSETS - 1).wait_for()
        for publisher in publishers:
            publisher.start()
        page.evaluate(
            """() => {
              window.tasks = [];
              window.frames = 0;
              const note = (list) => window.tasks.push(...list.getEntries().map((e) => e.duration));
              new PerformanceObserver(note).observe({type: "longtask"});
              const count = () => { window.frames += 1; requestAnimationFrame(count); };
              count();
            }"""
        )
        # What is measured is measured: a task of 120 ms is seen.
        page.evaluate(
            """() => setTimeout(() => {
              const end = performance.now() + 120;
              while (performance.now() < end);
            })"""
        )
        assert platform.wait_for(lambda: page.evaluate("Math.max(...window.tasks) >= 100"), LIMIT_S)
        try:
            seen = []
            for _ in range(WINDOWS):
                page.evaluate("() => { window.tasks = []; window.frames = 0; }")
                for y in range(0, 3000, 500):  # looked through meanwhile
                    page.mouse.move(600, 400)
                    page.mouse.wheel(0, 500 if y < 1500 else -500)
                    time.sleep(WINDOW_S / 6)
                longest = max(page.evaluate("window.tasks"), default=0)
                seen.append((longest, page.evaluate("window.frames") / WINDOW_S))
                if longest <= LONGEST_TASK_MS:
                    break
        finally:
            for publisher in publishers:
                publisher.close()
        print("longest task in ms, frames a second:", seen)
        browser.screenshot(page, "page-load")
        assert seen[-1][0] <= LONGEST_TASK_MS, seen
        for publisher in publishers:
            title = f"{publisher.device.id[:4]} {ASSETS - 1}"
            name = f"n{ASSETS - 1}"
            wanted = f"{publisher.last[name]:g}"
            last = card(page, title).locator(".value")
            assert platform.wait_for(lambda last=last, w=wanted: last.text_content() == w, LIMIT_S)
            card(page, title).scroll_into_view_if_needed()
            kept = len(platform.states(publisher.device.id, name))
            assert platform.wait_for(lambda t=title, k=kept: points(page, t) == k, LIMIT_S)


def test_the_page_comes_back_by_itself_and_has_missed_nothing(platform, page):
    device = platform.create_device("Window")
    platform.create_asset(device.id, "temp", title="Temp")
    publish(platform, device, temp=1)
    card(page, "Temp").locator(".value", has_text="1").wait_for()
    platform.stop()
    page.locator("#status.connecting").wait_for()
    platform.start()
    for value in (2, 3):
        publish(platform, device, temp=value)
    page.locator("#status.live").wait_for(timeout=LIMIT_S * 1000)
    publish(platform, device, temp=4)
    card(page, "Temp").locator(".value", has_text="4").wait_for()
    page.locator(".chart[data-points='4']").wait_for()
