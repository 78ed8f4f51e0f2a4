// SPDX-License-Identifier: AGPL-3.0-or-later
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "CORTP.h"

int martlet_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static void control(int epoll, int operation, int descriptor, uint64_t mark, int reading) {
    struct epoll_event event = {.events = reading ? EPOLLIN : 0, .data = {.u64 = mark}};
    epoll_ctl(epoll, operation, descriptor, &event);
}

void martlet_epoll_add(int epoll, int descriptor, uint64_t mark) { control(epoll, EPOLL_CTL_ADD, descriptor, mark, 1); }

void martlet_epoll_change(int epoll, int descriptor, uint64_t mark, int reading) {
    control(epoll, EPOLL_CTL_MOD, descriptor, mark, reading);
}

void martlet_epoll_remove(int epoll, int descriptor) { control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0); }

int martlet_epoll_wait(int epoll, uint64_t *marks, int limit, int timeout_ms) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, limit < 256 ? limit : 256, timeout_ms);
    for (int i = 0; i < count; i++) marks[i] = events[i].data.u64;
    return count < 0 ? 0 : count;
}

int martlet_bell_create(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void martlet_bell_ring(int bell) { eventfd_write(bell, 1); }

void martlet_bell_clear(int bell) {
    eventfd_t value;
    eventfd_read(bell, &value);
}

int martlet_timer_create(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

void martlet_timer_arm(int timer, int64_t deadline_ns) {
    struct itimerspec setting = {.it_value = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL);
}

int martlet_thread_begin(const char *name, int priority) {
    pthread_setname_np(pthread_self(), name);
    prctl(PR_SET_TIMERSLACK, 1);
    if (priority <= 0) return 0;
    struct sched_param parameters = {.sched_priority = priority};
    return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0;
}
