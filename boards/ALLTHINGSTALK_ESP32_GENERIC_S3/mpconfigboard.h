// ESP32-S3 with the library in it: upstream's ESP32_GENERIC_S3 and these differences.
// Found from the port's folder, which is on the include path.
#pragma once
#include "boards/ESP32_GENERIC_S3/mpconfigboard.h"

// Another name: os.uname().machine and the REPL say which firmware this is.
#undef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME "ESP32-S3 module, AllThingsTalk"
