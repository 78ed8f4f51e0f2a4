// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Counts what a thread takes from the C library's heap, by standing in front of it. For test programs only:
// linking it replaces malloc and its kin in the whole process.
#pragma once
#include <stdint.h>

/// Calls of malloc, calloc, realloc, aligned_alloc, memalign and posix_memalign by the calling thread so far.
uint64_t malloc_count_of_this_thread(void);
