"""What assignments takes of `_thread`, for a port that has none."""


class allocate_lock:  # noqa: N801  - as it is called there
    _taken = False

    def locked(self):
        return self._taken

    def acquire(self):
        self._taken = True

    def release(self):
        self._taken = False


def get_ident():
    return 1
