// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Memory for oRTP from free lists of the thread that asks. oRTP allocates and frees a few blocks for every packet it
// receives; in the steady state all of them come from here. A block goes to the lists of the thread that
// frees it, whichever took it, so blocks may cross threads; a list keeps at most LIST_LIMIT blocks and gives
// the rest back to the C library.
#include <ortp/ortp.h>
#include <stdlib.h>
#include <string.h>

#include "CORTP.h"

enum { CLASS_COUNT = 8, LIST_LIMIT = 1024 };

// 16 bytes, so that what follows is aligned as malloc's blocks are.
typedef struct header {
    struct header *next;
    size_t size_class;
} header;

static const size_t class_bytes[CLASS_COUNT] = {64, 128, 256, 512, 1024, 2048, 4096, 16384};
static __thread header *lists[CLASS_COUNT];
static __thread int counts[CLASS_COUNT];
static __thread uint64_t misses;

static void *take(size_t bytes) {
    size_t class = 0;
    while (class < CLASS_COUNT && class_bytes[class] < bytes) class++;
    header *block;
    if (class < CLASS_COUNT && (block = lists[class])) {
        lists[class] = block->next;
        counts[class]--;
        return block + 1;
    }
    misses++;
    block = malloc(sizeof *block + (class < CLASS_COUNT ? class_bytes[class] : bytes));
    if (!block) return NULL;
    block->next = (header *)bytes;
    block->size_class = class;
    return block + 1;
}

static void give(void *pointer) {
    if (!pointer) return;
    header *block = (header *)pointer - 1;
    size_t class = block->size_class;
    if (class >= CLASS_COUNT || counts[class] >= LIST_LIMIT) {
        free(block);
        return;
    }
    block->next = lists[class];
    lists[class] = block;
    counts[class]++;
}

static void *resize(void *pointer, size_t bytes) {
    if (!pointer) return take(bytes);
    header *block = (header *)pointer - 1;
    size_t old = block->size_class < CLASS_COUNT ? class_bytes[block->size_class] : (size_t)block->next;
    void *fresh = take(bytes);
    if (!fresh) return NULL;
    memcpy(fresh, pointer, old < bytes ? old : bytes);
    give(pointer);
    return fresh;
}

void martlet_pool_install(void) {
    OrtpMemoryFunctions functions = {take, resize, give};
    ortp_set_memory_functions(&functions);
}

uint64_t martlet_pool_misses(void) { return misses; }

void martlet_pool_drain(void) {
    for (int class = 0; class < CLASS_COUNT; class++) {
        while (lists[class]) {
            header *block = lists[class];
            lists[class] = block->next;
            free(block);
        }
        counts[class] = 0;
    }
}
