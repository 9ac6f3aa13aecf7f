# ruff: noqa: F821 - the names are those of MicroPython's manifests
# What every board freezes besides the port's own modules. Included by the boards' manifests, which
# give their name as `board`.
import os

package("allthingstalk", base_path="../lib")

# The engines. Some ports bring them along; a package that is required twice is frozen once.
require("umqtt.simple")
require("urequests")

# What the banner says about this build; tools/build/firmware.py makes it before it builds.
built = "../build/firmware/" + options.board
if os.path.exists(built + "/_allthingstalk_build.py"):
    module("_allthingstalk_build.py", base_path=built)
