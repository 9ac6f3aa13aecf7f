"""A virtual board to deploy to, and what is on it then."""

from pathlib import PurePosixPath

from littlefs import LittleFS

from tools.board import boards, deploy, serial_link

BOARD = boards.find("RPI_PICO_W")


class Rig:
    """A virtual board with a littlefs as its flash, as real ones have, and a main.py for it."""

    def __init__(self, board, flash, main):
        self.board = board
        self.flash = flash
        self.main = main
        self.said = []

    def deploy(self, **options):
        """Deploy; return (paths sent, paths removed). What it says is kept in `said`."""
        self.said = []
        options = {"board": BOARD, "main": self.main, "restart": False} | options
        return deploy.deploy(self.board.port, say=self.said.append, **options)

    def files(self):
        """Return {path: bytes} of the flash."""
        fs = LittleFS(block_size=4096, block_count=848 // 4, mount=False)
        fs.context.buffer = bytearray(self.flash.read_bytes())
        fs.mount()
        found = {}
        for root, _, names in fs.walk("/"):
            for name in names:
                path = root.rstrip("/") + "/" + name
                with fs.open(path, "rb") as file:
                    found[path] = file.read()
        return found

    def listed(self, folder):
        """Return the names of the files and folders in a folder of the board."""
        with serial_link.connected(self.board.port) as transport:
            return {entry.name for entry in transport.fs_listdir(folder.rstrip("/"))}

    def run(self, code):
        """Run a program on the board and return what it prints."""
        with serial_link.connected(self.board.port) as transport:
            return transport.exec(code).decode()

    def put(self, files):
        """Put files onto the board: {path: bytes}."""
        with serial_link.connected(self.board.port) as transport:
            for path, data in files.items():
                for folder in reversed(PurePosixPath(path).parents[:-1]):
                    if not transport.fs_exists(str(folder)):
                        transport.fs_mkdir(str(folder))
                transport.fs_writefile(path, data)
