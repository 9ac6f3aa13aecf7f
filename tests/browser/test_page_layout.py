"""The page on a phone, on a PC, in the dark, and without a mouse."""

import pytest

from tests.browser.conftest import card, publish
from tests.support import browser
from tools.simulate.local_platform.times import format_time, now_ms

LONG = "a_name_without_a_blank_that_is_much_longer_than_a_phone_is_wide_" * 2


@pytest.fixture
def device(platform):
    made = platform.create_device("Living room")
    for name, kind, profile in (
        ("Temperature", "sensor", {"type": "number", "unit": "°C"}),
        ("Target", "actuator", {"type": "integer", "minimum": 5, "maximum": 30, "unit": "°C"}),
        ("Heating", "actuator", {"type": "boolean"}),
        ("Mode", "actuator", {"type": "string", "enum": ["off", "eco", "comfort"]}),
        ("Place", "sensor", {"type": "location"}),
        (LONG, "actuator", {"type": "array"}),
    ):
        platform.create_asset(made.id, name, kind, title=name, profile=profile)
    for minute in range(60):
        at = format_time(now_ms() - minute * 60_000)
        publish(platform, made, Temperature=(20 + minute % 9, at))
    publish(platform, made, Target=20, Heating=True, Mode="eco", **{LONG: [LONG, 1]})
    publish(platform, made, Place={"latitude": 51.05, "longitude": 3.72})
    return made


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def brightness(colour):
    return sum(int(part) for part in colour.strip("rgb()").split(",")[:3]) / 3


def test_a_phone_has_one_column_and_no_sideways_scrolling(platform, device, open_page):
    with open_page(platform, **browser.PHONE) as page:
        page.locator(".chart canvas").first.wait_for()
        page.locator("#log-rows li").first.wait_for()
        for tab in ("Faults", "Places", "Messages"):
            page.get_by_role("tab", name=tab).tap()
            widths = "[document.documentElement.scrollWidth, innerWidth]"
            scrolled, width = page.evaluate(widths)
            assert scrolled <= width == browser.PHONE["viewport"]["width"]
        lefts = page.locator("article.card").evaluate_all(
            "cards => cards.map((card) => card.getBoundingClientRect().left)"
        )
        assert len(set(lefts)) == 1 and len(lefts) == 6
        card(page, "Heating").get_by_role("switch").tap()
        card(page, "Heating").get_by_text("nobody is listening").wait_for()
        browser.screenshot(page, "page-phone")


def test_a_finger_zooms_a_chart(platform, device, open_page):
    with open_page(platform, **browser.PHONE) as page:
        plot = card(page, "Temperature").locator(".u-over")
        plot.wait_for()
        page.locator("#log-rows li").first.wait_for()
        box = plot.bounding_box()
        scale = "(node) => { const {min, max} = node.chart.plot.scales.x; return max - min; }"
        chart = card(page, "Temperature").locator(".chart")
        whole = chart.evaluate(scale)
        finger = page.context.new_cdp_session(page)
        y = box["y"] + box["height"] / 2
        for kind, part in (("Start", 0.25), ("Move", 0.4), ("Move", 0.75)):
            points = [{"x": box["x"] + box["width"] * part, "y": y}]
            finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert platform.wait_for(lambda: 0.4 < chart.evaluate(scale) / whole < 0.6, 20)
        for _ in range(2):
            page.touchscreen.tap(points[0]["x"], y)
        assert platform.wait_for(lambda: chart.evaluate(scale) > whole * 0.9, 20)


def test_a_pc_has_all_on_one_screen_in_light_and_dark(platform, device, open_page):
    seen = {}
    for scheme in ("light", "dark"):
        with open_page(platform, **browser.PC, color_scheme=scheme) as page:
            page.locator(".chart canvas").first.wait_for()
            page.locator("#log-rows li").first.wait_for()
            sizes = "[document.documentElement.scrollHeight, innerHeight]"
            height, window = page.evaluate(sizes)
            assert height <= window
            seen[scheme] = brightness(background(page))
            browser.screenshot(page, f"page-{scheme}")
            if scheme == "light":  # and it follows when the evening comes
                page.emulate_media(color_scheme="dark")
                assert brightness(background(page)) < 60
    assert seen["dark"] < 60 < 200 < seen["light"]


def test_everything_can_be_done_by_keyboard(platform, device, page, own_client_of):
    heard = own_client_of(device)
    card(page, "Heating").wait_for()
    focused = "document.activeElement"

    def go(wanted, limit=60):
        """Press Tab until the focus is where it is wanted; each stop has a name and a ring."""
        for _ in range(limit):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                f"""() => {{
                  const node = {focused}, style = getComputedStyle(node);
                  const next = node.nextElementSibling;
                  const beside = next ? getComputedStyle(next).outlineStyle : "none";
                  const name = node.ariaLabel || node.textContent || node.labels?.length;
                  return [!!name, style.outlineStyle !== "none" || beside !== "none",
                    {wanted}, node.outerHTML.slice(0, 120)];
                }}"""
            )
            assert seen[0] and (seen[1] or "u-" in seen[3]), seen[3]
            if seen[2]:
                return
        raise AssertionError(f"Tab never came to {wanted}")

    def arrived(name, value):
        assert platform.wait_for(lambda: heard.get(name) == value, 20), heard

    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.textContent") == "To the assets"
    go("node.name === 'range'")
    page.keyboard.press("ArrowRight")
    assert page.locator("#range input:checked").get_attribute("value") == "day"
    go("node.id === 'add'")
    page.keyboard.press("Enter")
    page.keyboard.type("By key")
    page.keyboard.press("Enter")
    page.get_by_label("settings.json").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="By key").wait_for()
    go("node.matches('[data-asset=Temperature] .chart')")
    page.locator("[data-asset=Temperature] .chart canvas").wait_for()
    page.keyboard.press("ArrowLeft")
    card(page, "Temperature").locator(".hover", has_text="°C at").wait_for()
    scale = "document.activeElement.chart.plot.scales.x"
    whole = page.evaluate(f"{scale}.max - {scale}.min")
    page.keyboard.press("+")
    assert platform.wait_for(lambda: page.evaluate(f"{scale}.max - {scale}.min") < whole * 0.6)
    page.keyboard.press("Escape")
    assert platform.wait_for(lambda: page.evaluate(f"{scale}.max - {scale}.min") > whole * 0.9)
    go("node.type === 'range'")
    page.keyboard.press("ArrowRight")
    arrived("Target", 21)
    go("node.getAttribute('role') === 'switch'")
    page.keyboard.press(" ")
    arrived("Heating", False)
    go("node.matches('[data-asset=Mode] select')")
    page.keyboard.type("comf")
    go("node.ariaLabel === 'Send Mode'")
    page.keyboard.press("Enter")
    arrived("Mode", "comfort")
    go("node.getAttribute('role') === 'tab'")
    page.keyboard.press("ArrowRight")
    page.locator(".places li").wait_for()
    page.keyboard.press("ArrowRight")
    go("node.ariaLabel === 'drop-pubacks'")
    page.keyboard.press(" ")
    assert platform.wait_for(lambda: "drop_pubacks" in platform.faults.active(), 20)
