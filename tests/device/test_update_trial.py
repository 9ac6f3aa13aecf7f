"""Versions that do not prove themselves: each is taken back, and why is told."""

import pytest

from tests.device.test_update import device, platform, releases, until  # noqa: F401  - fixtures

# ruff: noqa: F811


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("raise ValueError('broken')", "ValueError: broken"),
        ("import machine; machine.reset()", "no good session in 3 starts"),
        ("while True: pass", "no good session in 3 starts"),
        ("def run(program): pass", "no good session in 3 starts"),
    ],
    ids=["crashes", "resets", "hangs", "never on line"],
)
def test_a_version_that_does_not_prove_itself_is_taken_back(platform, device, releases, start, why):
    releases.make("1.0")
    platform.send_command(device.id, "update", "1.0")
    until(platform, device, "1.0: running")
    releases.make("1.1", start, trial_s=4)
    platform.send_command(device.id, "update", "1.1")
    text = until(platform, device, "was taken back")
    assert text == f"1.0: running; 1.1 was taken back: {why}"
    releases.make("1.2")
    platform.send_command(device.id, "update", "1.2")
    until(platform, device, "1.2: running")


def test_what_run_reports_of_a_crash_is_told(platform, device, releases):
    text = releases.program("1.1").replace('print("version"', 'client.wait(3); 1 // 0; print("v"')
    releases.make("1.1", files={"/main.py": text.encode()})
    platform.send_command(device.id, "update", "1.1")
    assert "ZeroDivisionError" in until(platform, device, "1.1 was taken back")
