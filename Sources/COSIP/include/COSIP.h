// SPDX-License-Identifier: AGPL-3.0-or-later
//
// libosip2's parser for Swift: its headers, and functions for what Swift cannot import (function-like macros, va_list).
#pragma once
#include <stddef.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/sdp_message.h>

/// Builds libosip2's header tables and silences its tracing, which otherwise writes to stdout. Runs once, whichever
/// thread comes first; later calls cost one load. Returns 0, or libosip2's error.
int cosip_prepare(void);

/// Between the two, what libosip2 allocates on this thread comes from a block of the thread's own and is given back all
/// at once; what does not fit comes from malloc as ever. Everything made in between must be freed before the end.
void cosip_begin_reading(void);
void cosip_end_reading(void);
