"""Imported by a test that connects often: what comes and goes stays, as loading costs the most."""

import allthingstalk.calls  # noqa: F401
import allthingstalk.connect.bring_up  # noqa: F401
import allthingstalk.connect.calls  # noqa: F401
import allthingstalk.connect.mqtt_connect  # noqa: F401
import allthingstalk.connect.options  # noqa: F401
import allthingstalk.connect.recover  # noqa: F401
import allthingstalk.core.commands  # noqa: F401
import allthingstalk.core.oversize  # noqa: F401
import allthingstalk.core.values  # noqa: F401
import allthingstalk.declare  # noqa: F401
import allthingstalk.exceptions  # noqa: F401
import allthingstalk.rest.assets  # noqa: F401
import allthingstalk.rest.calls  # noqa: F401
import allthingstalk.rest.read  # noqa: F401
import allthingstalk.rest.send_states  # noqa: F401
import allthingstalk.rest.status_codes  # noqa: F401
import allthingstalk.timestamps  # noqa: F401
import allthingstalk.topics  # noqa: F401
