// SPDX-License-Identifier: AGPL-3.0-or-later
#include "COSIP.h"

#include <pthread.h>
#include <stdarg.h>
#include <osipparser2/osip_port.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static int result = -1;

static void discard(const char *file, int line, osip_trace_level_t level, const char *format, va_list arguments) {
    (void)file, (void)line, (void)level, (void)format, (void)arguments;
}

// libosip2 makes some sixty small pieces for each message and frees them within the same reading.
enum { BLOCK_BYTES = 32 * 1024, UNIT = 16 };

static _Thread_local struct {
    size_t used;
    int is_open;
    _Alignas(UNIT) uint8_t bytes[BLOCK_BYTES];
} block;

static int is_in_block(const void *piece) {
    return (uintptr_t)piece - (uintptr_t)block.bytes < BLOCK_BYTES;
}

// Each piece has its size before it, for reallocate.
static void *allocate(size_t size) {
    if (!block.is_open || size > BLOCK_BYTES) return malloc(size);
    size_t taken = UNIT + (size + UNIT - 1) / UNIT * UNIT;
    if (taken > BLOCK_BYTES - block.used) return malloc(size);
    uint8_t *piece = block.bytes + block.used + UNIT;
    block.used += taken;
    memcpy(piece - UNIT, &size, sizeof size);
    return piece;
}

static void release(void *piece) {
    if (!is_in_block(piece)) free(piece);
}

static void *reallocate(void *piece, size_t size) {
    if (piece == NULL) return allocate(size);
    if (!is_in_block(piece)) return realloc(piece, size);
    size_t old;
    memcpy(&old, (uint8_t *)piece - UNIT, sizeof old);
    void *larger = allocate(size);
    if (larger != NULL) memcpy(larger, piece, old < size ? old : size);
    return larger;
}

void cosip_begin_reading(void) {
    block.used = 0;
    block.is_open = 1;
}

void cosip_end_reading(void) { block.is_open = 0; }

static void prepare(void) {
    osip_set_allocators(&allocate, &reallocate, &release);
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
