"""The asyncio front: the same polling, beside other tasks."""

import asyncio


async def run(client, period_ms=20):
    """Poll the client until it is closed."""
    while client.status != "closed":
        client.poll()
        await asyncio.sleep(period_ms / 1000)
