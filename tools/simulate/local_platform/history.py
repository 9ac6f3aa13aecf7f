"""All states of an asset as text: JSON for a chart, CSV for people. Made beside the event loop."""

import asyncio
import csv
import io

from .store import Asset, Store
from .times import format_time

BEGINNING_MS = -(2**63)


async def as_json(store: Store, asset: Asset, from_ms: int) -> str:
    """Return ``{"number":[…],"at":[…],"value":[…]}`` of the states from a time on, by time.

    Times are milliseconds since 1970; the numbers go up in the order in which the states came.
    """
    return await asyncio.to_thread(_json, store, asset, from_ms)


async def as_csv(store: Store, asset: Asset) -> str:
    """Return a line for each state, by time: time and value.

    Values are JSON, so that a text which looks like a formula is none in a spreadsheet.
    """
    return await asyncio.to_thread(_csv, store, asset)


def _json(store, asset, from_ms):
    # The values are JSON already: to read and write them again would take ten times as long.
    rows = store.rows(asset, from_ms)
    columns = (",".join(str(row[index]) for row in rows) for index in range(3))
    return '{"number":[%s],"at":[%s],"value":[%s]}' % tuple(columns)


def _csv(store, asset):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("time", "value"))
    writer.writerows(
        (format_time(at_ms), value) for _, at_ms, value in store.rows(asset, BEGINNING_MS)
    )
    return text.getvalue()
