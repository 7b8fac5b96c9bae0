// The system's LZ4 library, version 1.9 or later (Debian: liblz4-dev).
#pragma once

#include <lz4.h>
#include <lz4hc.h>

#if LZ4_VERSION_NUMBER < 10900
#error "liblz4 1.9.0 or later is needed"
#endif
