"""What people do on the page, in a real browser, with a device behind it."""

import csv
import json
import time
import urllib.request

import pytest

from tests.browser.conftest import LIMIT_S, card, points, publish
from tests.support import browser
from tests.support.examples_places import OnBoard
from tools.simulate.local_platform import LocalPlatform

TEMP = {"profile": {"type": "number", "unit": "°C"}, "title": "Temperature"}


@pytest.fixture
def device(platform):
    made = platform.create_device("Living room")
    platform.create_asset(made.id, "temp", **TEMP)
    return made


def test_the_virtual_board_is_seen_and_obeys(board, tmp_path, open_page):
    """A value shows within a second; a click switches its LED, and comes back as state."""
    told = {}  # when the platform said what

    def log(line):
        told.setdefault(line.split(" ", 1)[1], time.time())

    with LocalPlatform(tmp_path / "platform.db", log=log) as platform:
        place = OnBoard(board, tmp_path)
        device = place.start("first", platform)
        assert platform.wait_for(lambda: platform.is_listening(device.id, "led"), LIMIT_S)
        with open_page(platform) as page:
            count = card(page, "Count").locator(".value")
            count.wait_for()
            page.evaluate(
                """() => {
                  window.shownAt = {};
                  const value = document.querySelector("[data-asset=count] .value");
                  const note = () => window.shownAt[value.textContent] = Date.now() / 1000;
                  new MutationObserver(note).observe(value, {childList: true});
                }"""
            )
            seen = "Object.keys(window.shownAt).length > 2"
            assert platform.wait_for(lambda: page.evaluate(seen), LIMIT_S)
            for value, shown_at in page.evaluate("window.shownAt").items():
                late = shown_at - told[f"device {device.id[:8]}… state count = {value}"]
                assert late < 1, f"count = {value} was shown {late:.1f} s after it came"
            switch = card(page, "Led").get_by_role("switch")
            for on in (True, False):
                switch.click()
                place.wait_for_pin("LED", int(on), LIMIT_S)
                card(page, "Led").locator(".value", has_text="on" if on else "off").wait_for()
                assert platform.state(device.id, "led")["value"] is on
            browser.screenshot(page, "page-virtual-board")


def test_the_chart_has_as_many_points_as_the_database(platform, device, page):
    for number in range(250):
        publish(platform, device, temp=20 + number % 7)
    publish(platform, device, temp=(3, "2020-01-02"), **{})
    page.get_by_text("all", exact=True).click()
    page.locator(".chart[data-points='251']").wait_for()
    publish(platform, device, temp=5)  # one more while it is looked at,
    publish(platform, device, temp=(4, "2020-01-01"))  # and one from earlier
    page.locator(".chart[data-points='253']").wait_for()
    assert points(page, "Temperature") == len(platform.states(device.id, "temp")) == 253
    xs = page.locator(".chart").evaluate("node => node.chart.plot.data[0]")
    assert xs == sorted(xs)
    page.get_by_text("hour", exact=True).click()
    page.locator(".chart[data-points='251']").wait_for()


def test_hover_tells_a_value_and_dragging_zooms(platform, device, page):
    for number in range(60):
        publish(platform, device, temp=(number, f"2026-01-02T03:{number:02}:00Z"))
    page.get_by_text("all", exact=True).click()
    page.locator(".chart[data-points='60']").wait_for()
    plot = card(page, "Temperature").locator(".u-over")
    box = plot.bounding_box()
    middle = box["y"] + box["height"] / 2

    def span():
        scale = "({min, max}) => max - min"
        return page.locator(".chart").evaluate(f"node => ({scale})(node.chart.plot.scales.x)")

    page.mouse.move(box["x"] + box["width"] / 2, middle)
    hover = card(page, "Temperature").locator(".hover")
    hover.filter(has_text="°C at ").wait_for()
    whole = span()
    page.mouse.move(box["x"] + box["width"] / 4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=4)
    page.mouse.up()
    assert 0.2 < span() / whole < 0.3
    publish(platform, device, temp=(60, "2026-01-02T04:00:00Z"))  # it stays where one looks
    page.locator(".chart[data-points='61']").wait_for()
    assert 0.2 < span() / whole < 0.3
    plot.dblclick()
    assert span() > whole * 0.99


def test_each_profile_has_its_control(platform, device, page, own_client_of):
    """What is chosen arrives at the device as a command, in the profile's type."""
    numbers = {"latitude": {"type": "number"}, "longitude": {"type": "number"}}
    for name, profile in {
        "target": {"type": "number", "minimum": 5, "maximum": 30},
        "mode": {"type": "string", "enum": ["off", "eco", "comfort"]},
        "text": {"type": "string"},
        "steps": {"type": "integer"},
        "list": {"type": "array", "items": {"type": "number"}},
        "home": {"type": "object", "properties": numbers},
    }.items():
        platform.create_asset(device.id, name, "actuator", title=name, profile=profile)
    heard = own_client_of(device)
    card(page, "home").wait_for()

    def arrived(name, value):
        assert platform.wait_for(lambda: heard.get(name) == value, LIMIT_S), heard

    slider = card(page, "target").get_by_role("slider")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("5", "30")
    slider.fill("21.5")
    arrived("target", 21.5)
    for name, fill, value in (
        ("text", "a <b> text", "a <b> text"),
        ("steps", "7", 7),
        ("list", "[1, 2.5]", [1, 2.5]),
    ):
        card(page, name).locator(".control input").fill(fill)
        card(page, name).get_by_role("button", name="Send").click()
        arrived(name, value)
    card(page, "mode").locator(".control select").select_option("comfort")
    card(page, "mode").get_by_role("button", name="Send").click()
    arrived("mode", "comfort")
    card(page, "home").get_by_label("latitude").fill("51.05")
    card(page, "home").get_by_label("longitude").fill("-3.7")
    card(page, "home").get_by_role("button", name="Send").click()
    arrived("home", {"latitude": 51.05, "longitude": -3.7})
    card(page, "list").locator(".control input").fill("[1,")
    card(page, "list").get_by_role("button", name="Send").click()
    card(page, "list").get_by_text("this is no JSON").wait_for()


def test_who_sends_is_told_when_nobody_listens(platform, device, page):
    platform.create_asset(device.id, "led", "actuator", "boolean", title="Led")
    switch = card(page, "Led").get_by_role("switch")
    switch.click()
    card(page, "Led").get_by_text("nobody is listening").wait_for()
    assert not switch.is_checked()


def test_a_state_by_hand_is_as_the_devices(platform, device, page):
    more = card(page, "Temperature").locator("details")
    more.locator("summary").click()
    more.get_by_role("spinbutton").fill("19.5")
    more.get_by_role("button", name="Send by hand").click()
    assert platform.wait_for(lambda: platform.state(device.id, "temp"), LIMIT_S)["value"] == 19.5
    card(page, "Temperature").locator(".value", has_text="19.5 °C").wait_for()


def test_history_is_saved_as_csv(platform, device, page):
    for value in (1, 2.5):
        publish(platform, device, temp=(value, "2026-01-02T03:04:05Z"))
    more = card(page, "Temperature").locator("details")
    more.locator("summary").click()
    with page.expect_download() as download:
        more.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "Living room temp.csv"
    rows = list(csv.reader(download.value.path().read_text(encoding="utf-8").splitlines()))
    stamp = "2026-01-02T03:04:05Z"
    assert rows == [["time", "value"], [stamp, "1"], [stamp, "2.5"]]


def test_places_are_listed_and_drawn(platform, device, page):
    platform.create_asset(device.id, "here", profile_type="location", title="Here")
    platform.create_asset(device.id, "there", profile_type="location", title="There")
    publish(platform, device, here={"latitude": 51.05, "longitude": 3.72, "altitude": 8})
    publish(platform, device, there={"latitude": 51.06, "longitude": -3.72})
    page.get_by_role("tab", name="Places").click()
    places = page.locator(".places li")
    places.nth(1).wait_for()
    assert "Living room: Here51.05000° N 3.72000° E 8 m" in places.nth(0).text_content()
    assert "51.06000° N 3.72000° W" in places.nth(1).text_content()
    west, east = (
        float(page.locator(".place-mark circle").nth(n).get_attribute("cx")) for n in (1, 0)
    )
    assert west < east


def test_messages_are_filtered(platform, device, page):
    publish(platform, device, temp=1)
    rows = page.locator("#log-rows li")
    rows.filter(has_text="PUT /device/Living room/state").wait_for()
    page.get_by_role("checkbox", name="REST").uncheck()
    rows.first.wait_for(state="detached")
    page.get_by_role("checkbox", name="REST").check()
    page.get_by_label("Only messages").fill("no such thing")
    rows.first.wait_for(state="detached")
    page.get_by_label("Only messages").fill('"VALUE": 1')
    rows.first.wait_for()
    publish(platform, device, temp=2)
    card(page, "Temperature").locator(".value", has_text="2 °C").wait_for()
    assert rows.count() == 1


def test_an_asset_that_is_declared_anew_begins_anew(platform, device, page):
    publish(platform, device, temp=1)
    card(page, "Temperature").locator(".value", has_text="1 °C").wait_for()
    asset = f"{platform.http}/device/{device.id}/asset/temp"
    delete = urllib.request.Request(
        asset, headers={"Authorization": f"Bearer {device.token}"}, method="DELETE"
    )
    urllib.request.urlopen(delete, timeout=LIMIT_S).close()
    card(page, "Temperature").wait_for(state="detached")
    platform.create_asset(device.id, "temp", **TEMP)
    card(page, "Temperature").locator(".value", has_text="never set").wait_for()


def test_what_is_typed_stays_while_others_change(platform, device, page):
    platform.create_asset(device.id, "text", "actuator", "string", title="Text")
    field = card(page, "Text").locator(".control input")
    field.fill("half a sen")
    platform.create_asset(device.id, "new", title="New")
    publish(platform, device, text="something else")
    card(page, "New").wait_for()
    card(page, "Text").locator(".value", has_text="something else").wait_for()
    assert field.input_value() == "half a sen"
    assert field.evaluate("node => node === document.activeElement")


def test_faults_are_switched_here_and_elsewhere(platform, page):
    page.get_by_role("tab", name="Faults").click()
    page.get_by_label("VALUE of rest-status").fill("503")
    page.get_by_label("How often rest-status happens").fill("3")
    page.get_by_role("switch", name="rest-status").click()
    expected = {"rest_status": {"value": 503, "count": 3}}
    assert platform.wait_for(lambda: platform.faults.active() == expected, LIMIT_S)
    page.get_by_text("3 left").wait_for()
    platform.faults.off()
    platform.faults.set("ignore_pings")
    page.locator("#faults li.on", has_text="ignore-pings").wait_for()
    assert not page.get_by_role("switch", name="rest-status").is_checked()
    page.get_by_role("button", name="All off").click()
    assert platform.wait_for(lambda: not platform.faults.active(), LIMIT_S)
    page.get_by_label("VALUE of rest-status").fill("7")
    page.get_by_role("switch", name="rest-status").click()
    page.get_by_text("the value goes from 400 to 599").wait_for()


def test_a_device_is_added_with_the_settings_to_copy(platform, page):
    page.get_by_role("button", name="Add a device").click()
    page.get_by_label("Title").fill("Green house")
    page.get_by_role("button", name="Add", exact=True).click()
    box = page.get_by_label("settings.json")
    box.wait_for()
    settings = json.loads(box.input_value())
    assert (settings["api"], settings["mqtt"]) == (platform.http, f"mqtt://{platform.mqtt}")
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").or_(page.get_by_text("Ctrl-C")).wait_for()
    page.get_by_role("button", name="Done").click()
    assert platform.wait_for(lambda: not box.input_value(), LIMIT_S)
    page.get_by_role("button", name="Green house").wait_for()
    assert platform.assets(settings["device"]) == []
