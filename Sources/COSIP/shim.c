// SPDX-License-Identifier: AGPL-3.0-or-later
#include "COSIP.h"

#include <pthread.h>
#include <stdarg.h>
#include <osipparser2/osip_port.h>

static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static int result = -1;

static void discard(const char *file, int line, osip_trace_level_t level, const char *format, va_list arguments) {
    (void)file, (void)line, (void)level, (void)format, (void)arguments;
}

static void prepare(void) {
    // The sink comes first: without one libosip2 falls back to stdout.
    osip_trace_initialize_func(END_TRACE_LEVEL, &discard);
    for (int level = 0; level < END_TRACE_LEVEL; level++)
        osip_trace_disable_level((osip_trace_level_t)level);
    result = parser_init();
}

int cosip_prepare(void) {
    pthread_once(&prepared, &prepare);
    return result;
}
