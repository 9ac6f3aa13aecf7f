"""A file is replaced by a rename on the virtual board whatever its flash is, as on a real board.

Provisioning, deploy, the outbox and the digest count on it.
"""

import pytest

from tests.support.virtual_board_console import mpremote
from tools.simulate import interpreters
from tools.simulate.virtual_board import VirtualBoard

REPLACE = """
import os
for name, text in (("/new", "new"), ("/old", "old")):
    with open(name, "w") as f:
        f.write(text)
os.rename("/new", "/old")
with open("/old") as f:
    print(f.read(), "new" in os.listdir("/"))
os.rename("/old", "/elsewhere")
print(os.listdir("/"))
"""


@pytest.mark.parametrize("littlefs", [False, True])
def test_a_rename_replaces_a_file_and_moves_one_to_a_new_name(tmp_path, littlefs):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    with VirtualBoard(tmp_path / "flash", littlefs=littlefs) as board:
        assert mpremote(board, "exec", REPLACE).split("\n")[:2] == ["new False", "['elsewhere']"]
