"""`make screenshot`: a picture of the local platform's page, docs/pictures/page.png.

The page is the running one, of a local platform of its own, with a thermostat that has measured for
a while; the times of its values are made up, nothing else is. Needs Debian's chromium.
"""

import argparse
import json
import math
import shutil
import sys
import urllib.request
from pathlib import Path

from tools.simulate.local_platform import LocalPlatform
from tools.simulate.local_platform.times import format_time, now_ms

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "page.png"
MOST_BYTES = 200_000
MINUTES = 55
SIZE = {"width": 1280, "height": 720}
ASSETS = (
    ("temp", "sensor", "Temperature", {"type": "number", "unit": "°C"}),
    ("target", "actuator", "Target", {"type": "number", "minimum": 5, "maximum": 30, "unit": "°C"}),
    ("heating", "actuator", "Heating", {"type": "boolean"}),
    ("mode", "actuator", "Mode", {"type": "string", "enum": ["off", "eco", "comfort"]}),
)
LAST = {"target": 21, "heating": True, "mode": "comfort"}


def put(platform, device, states):
    request = urllib.request.Request(
        f"{platform.http}/device/{device.id}/state",
        json.dumps(states).encode(),
        {"Authorization": f"Bearer {device.token}"},
        method="PUT",
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def furnish(platform):
    """Make a thermostat that has been on for a while."""
    device = platform.create_device("Thermostat")
    for name, kind, title, profile in ASSETS:
        platform.create_asset(device.id, name, kind, title=title, profile=profile)
    now = now_ms()
    for minute in range(MINUTES - 1, -1, -1):
        at = format_time(now - minute * 60_000)
        temp = round(20.4 + math.sin(minute / 7) + 0.1 * math.sin(minute * 2.7), 1)
        put(platform, device, {"temp": {"value": temp, "at": at}})
        if minute % 20 == 0:
            put(
                platform,
                device,
                {"target": {"value": 19 + (MINUTES - minute) // 20 * 0.5, "at": at}},
            )
    for name, value in LAST.items():
        put(platform, device, {name: {"value": value}})


def picture(program, address, path):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            page = browser.new_context(viewport=SIZE).new_page()
            page.goto(address)
            page.locator(f".chart[data-points='{MINUTES}'] canvas").wait_for()
            page.locator("#log-rows li").first.wait_for()
            page.wait_for_timeout(500)  # for the last chart to be drawn
            page.screenshot(path=path)
        finally:
            browser.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, default=PICTURE, help="(docs/pictures/page.png)")
    path = parser.parse_args().to
    program = shutil.which("chromium")
    if not program:
        sys.exit("screenshot: there is no chromium here; on Debian: apt install chromium")
    with LocalPlatform() as platform:
        furnish(platform)
        picture(program, platform.page, path)
    size = path.stat().st_size
    if size > MOST_BYTES:
        sys.exit(f"screenshot: {path} has {size} bytes, more than {MOST_BYTES}")
    print(f"{path}: {size} bytes")


if __name__ == "__main__":
    main()
