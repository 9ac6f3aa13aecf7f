"""Updates over the air, see `update`: in memory while there is something to do."""

FOLDER = "/slots"
MAIN = "/main.py"
