// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What MediaEngine needs of libortp: a jitter buffer per leg with our own socket underneath, memory from
// per-thread free lists, and its log lines counted. oRTP's own types stay behind this file.
#pragma once
#include <stdint.h>

typedef struct martlet_jitter martlet_jitter;

/// Fills `buffer` with the next RTP packet; returns its length, 0 or less when none waits.
typedef int (*martlet_receive)(void *context, uint8_t *buffer, int capacity);

/// Installs memory functions and log handler and starts the library. Later calls do nothing.
void martlet_ortp_setup(void);
/// How many error lines oRTP had since the last call, and the newest of them. Not for media threads.
uint64_t martlet_log_take(char *line, int capacity);

/// A receiving session of 8 kHz audio, 0 when memory is out. It opens no socket and starts no thread.
martlet_jitter *martlet_jitter_new(int nominal_ms, int limit_ms, martlet_receive receive, void *context);
void martlet_jitter_free(martlet_jitter *jitter);
/// The next packet begins a new stream (SSRC or numbering changed, a pause of reading).
void martlet_jitter_resync(martlet_jitter *jitter);
/// Reads what waits and copies the payload due at `timestamp` (our own clock, rising); returns its length,
/// 0 when nothing is due. Calling again with the same timestamp gives the next payload due, if any.
int martlet_jitter_pull(martlet_jitter *jitter, uint32_t timestamp, uint8_t *payload, int capacity);

/// Blocks the calling thread took from the C library for oRTP because its free lists had none.
uint64_t martlet_pool_misses(void);
/// Gives the calling thread's free lists back; called at a thread's end.
void martlet_pool_drain(void);


// What Linux has and Swift's Glibc module leaves out.

int martlet_epoll_create(void);
/// Adds a descriptor, or changes whether it is watched for reading.
void martlet_epoll_add(int epoll, int descriptor, uint64_t mark);
void martlet_epoll_change(int epoll, int descriptor, uint64_t mark, int reading);
void martlet_epoll_remove(int epoll, int descriptor);
/// Fills `marks` with at most 256 marks of readable descriptors; returns how many. Timeout −1: for ever.
int martlet_epoll_wait(int epoll, uint64_t *marks, int limit, int timeout_ms);

/// A counter to wake a thread that waits in epoll; never blocks.
int martlet_bell_create(void);
void martlet_bell_ring(int bell);
void martlet_bell_clear(int bell);

/// A timer on CLOCK_MONOTONIC; becomes readable at the deadline. 0 disarms it.
int martlet_timer_create(void);
void martlet_timer_arm(int timer, int64_t deadline_ns);

/// Names the calling thread; a priority above 0 asks for SCHED_FIFO. Returns 1 when that was granted.
int martlet_thread_begin(const char *name, int priority);
