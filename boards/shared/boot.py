# Runs first at each start; main.py comes next. What it prints is read over the USB cable.
from allthingstalk.board.banner import print_banner

print_banner()
