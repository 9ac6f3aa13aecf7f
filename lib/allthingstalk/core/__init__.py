"""The core: no socket, no file, no clock of its own. Bytes and `now` in, bytes and events out.

Once loaded it stays in memory; nothing here imports `connect`, `rest` or `clients`.
"""
