"""The platform's MQTT topics: what clients may publish and hear (seen in public clients)."""


def asset_topic(device_id: str, asset_name: str, stream: str) -> str:
    """Return the topic of one stream (state, feed, command, event) of one asset."""
    return f"device/{device_id}/asset/{asset_name}/{stream}"


def read_publish(topic: str) -> tuple[str, str | None] | None:
    """Return what a client may publish to: device id, and asset name or None for several states.

    None means that no client may publish to this topic.
    """
    parts = topic.split("/")
    if len(parts) == 3 and parts[0] == "device" and parts[2] == "state":
        return parts[1], None
    if len(parts) == 5 and (parts[0], parts[2], parts[4]) == ("device", "asset", "state"):
        return parts[1], parts[3]
    return None


def read_filter(topic_filter: str) -> str | None:
    """Return the device id that a subscription is about, or None if it is not about one device.

    Everything below one device may be subscribed, wildcards included; the device itself has to be
    named, so that one token never hears another token's devices.
    """
    parts = topic_filter.split("/")
    if len(parts) < 3 or parts[0] != "device" or "+" in parts[1] or "#" in parts[1]:
        return None
    return parts[1]


def matches(topic: str, topic_filter: str) -> bool:
    """Return whether a topic falls under a subscription (MQTT 3.1.1, section 4.7)."""
    levels = topic.split("/")
    wanted = topic_filter.split("/")
    if wanted[-1] == "#":
        wanted.pop()
        levels = levels[: len(wanted)]
    return len(levels) == len(wanted) and all(
        want in ("+", level) for want, level in zip(wanted, levels, strict=True)
    )
