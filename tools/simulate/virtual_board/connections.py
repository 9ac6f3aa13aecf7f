"""Cuts the open network connections of a process, as a Wi-Fi that goes away does in the end."""

from __future__ import annotations

import ctypes
import os
import socket
from pathlib import Path

# The same number on every Linux architecture (kernel 5.6 and later).
_PIDFD_GETFD = 438
_C_LIBRARY = ctypes.CDLL(None, use_errno=True)


def cut_connections(pid: int, spared: set[int]) -> int:
    """Shut down every internet socket of a process: reads end, writes fail.

    Args:
        pid: a child of this process.
        spared: ports of its own that have nothing to do with that Wi-Fi.

    Returns:
        how many sockets were shut down.

    Raises:
        OSError: the system does not let us (before Linux 5.6, or a strict container).
    """
    cut = 0
    process = os.pidfd_open(pid)
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                is_socket = os.readlink(entry).startswith("socket:")
            except FileNotFoundError:
                continue
            if is_socket:
                cut += _shut_down(process, int(entry.name), spared)
    finally:
        os.close(process)
    return cut


def _shut_down(process: int, number: int, spared: set[int]) -> int:
    copy = _C_LIBRARY.syscall(_PIDFD_GETFD, process, number, 0)
    if copy < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    with socket.socket(fileno=copy) as connection:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return 0
        if connection.getsockname()[1] in spared:
            return 0
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return 0  # it was not connected
    return 1
