"""CONTRIBUTING's recipe for an asset kind is carried out on a copy of the library."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests import run

ROOT = Path(__file__).resolve().parents[2]
RECIPE = (ROOT / "CONTRIBUTING.md").read_text().split("**Add an asset kind.**")[1]
CODE = re.search(r"```python\n(.*?)```", RECIPE, re.S)[1]

PROGRAM = """
from allthingstalk import Client, Device, PercentAsset
from fake_net import FakeNet

class Net(Client):
    net = FakeNet()

class Tank(Device):
    level = PercentAsset(title="Level")

tank = Tank(client=Net("maker:secret", api="http://h"), id="D")
tank.level = 40
for wrong in (101, "full"):
    try:
        tank.level = wrong
        print("taken", wrong)
    except (TypeError, ValueError) as e:
        print(type(e).__name__)
print(Net.net.rest.assets["level"]["profile"])
print([payload for _, payload, _ in Net.net.broker.publishes()])
"""


def test_the_recipe_for_an_asset_kind_is_enough(tmp_path):
    shutil.copytree(ROOT / "lib", tmp_path / "lib")
    package = tmp_path / "lib" / "allthingstalk"
    with open(package / "assets.py", "a") as f:
        f.write("\n\n" + CODE)
    environ = run.environment(*run.CONFIGURATIONS[0])
    path = environ["PYTHONPATH"].replace(str(ROOT / "lib"), str(tmp_path / "lib"))
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert out.stdout.splitlines() == [
        "ValueError",
        "TypeError",
        "{'type': 'number', 'minimum': 0, 'maximum': 100, 'unit': '%'}",
        "[b'{\"value\":40}']",
    ], out.stdout + out.stderr
