"""Tools by what a person wants, a folder each; run as modules: `python -m tools.board.deploy`.

- `board`: a board that is plugged in: flash, deploy, provision, doctor, romfs
- `image`: one file of firmware and file system, a device each
- `build`: what goes onto boards: compiled library, engines, firmware, the index for mip
- `simulate`: without a board: local platform, virtual board, emulator, fault proxy, a PC
- `measure`: sizes, bench, bench of faults, fleet, and the pictures of them
- `check`: style, and types against the boards' stubs

`bootstrap.py` makes .venv out of requirements.txt; any Python runs it, before there is one.
"""

import sys

# The terminal's encoding may lack a character that a board, a person or we ourselves say: a
# question mark stands for it. What cannot be read is let in, and then refused by who checks it.
for _stream, _errors in ((sys.stdout, "replace"), (sys.stdin, "surrogateescape")):
    if hasattr(_stream, "reconfigure"):  # pytest has streams of its own
        _stream.reconfigure(errors=_errors)
