"""A folder of the PC as the board's flash, which shows the board that folder and nothing else."""

from vfs import VfsPosix

_BLOCK_BYTES = 4096
_FOLDER = 0x4000


class FolderFlash:
    """A file system over VfsPosix that keeps `..` inside, and lists sizes as a board does."""

    def __init__(self, folder, size_bytes):
        self._files = VfsPosix(folder)
        # A rooted VfsPosix has one buffer for both paths of a rename.
        self._pc = VfsPosix()
        self._root = folder.rstrip("/")
        self._blocks = size_bytes // _BLOCK_BYTES
        self._folder = "/"

    def _full(self, path):
        parts = []
        for part in (path if path.startswith("/") else self._folder + "/" + path).split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    def mount(self, readonly, mkfs):
        self._files.mount(readonly, mkfs)

    def umount(self):
        pass

    def open(self, path, mode):
        return self._files.open(self._full(path), mode)

    def chdir(self, path):
        full = self._full(path)
        if full != "/" and not self._files.stat(full)[0] & _FOLDER:
            raise OSError(20)
        self._folder = full

    def getcwd(self):
        return self._folder

    def ilistdir(self, path=""):
        full = self._full(path)
        for entry in self._files.ilistdir(full):
            size_bytes = 0
            if entry[1] != _FOLDER:
                size_bytes = self._files.stat(full + "/" + entry[0])[6]
            yield (entry[0], entry[1], 0, size_bytes)

    def stat(self, path):
        return self._files.stat(self._full(path))

    def statvfs(self, path):
        free = max(0, self._blocks - self._used_blocks("/"))
        return (_BLOCK_BYTES, _BLOCK_BYTES, self._blocks, free, free, 0, 0, 0, 0, 255)

    def _used_blocks(self, folder):
        used = 1
        for name, kind, _, size_bytes in self.ilistdir(folder):
            if kind == _FOLDER:
                used += self._used_blocks(folder + "/" + name)
            else:
                used += (size_bytes + _BLOCK_BYTES - 1) // _BLOCK_BYTES
        return used

    def mkdir(self, path):
        self._files.mkdir(self._full(path))

    def remove(self, path):
        self._files.remove(self._full(path))

    def rename(self, old, new):
        self._pc.rename(self._root + self._full(old), self._root + self._full(new))

    def rmdir(self, path):
        self._files.rmdir(self._full(path))


def make_flash(path, size_bytes):
    """The folder as a file system that says it is size_bytes large; it is not held to that."""
    return FolderFlash(path, size_bytes)
