// Raspberry Pi Pico 2 W with the library in it: upstream's RPI_PICO2_W and these differences.
// Found from the port's folder, which is on the include path.
#pragma once
#include "boards/RPI_PICO2_W/mpconfigboard.h"

// Another name: os.uname().machine and the REPL say which firmware this is.
#undef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME "Raspberry Pi Pico 2 W, AllThingsTalk"
