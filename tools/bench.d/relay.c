// SPDX-License-Identifier: AGPL-3.0-or-later
// The plainest relay there is: what carrying speech costs when nothing else is done with it. Port pairs BASE+2i and
// BASE+2i+1 are the two sides of call i; what comes in at one goes out of the other, to whoever was heard there last.
// One thread, one epoll, recvfrom and sendto: the yardstick tools/bench measures the switch's `bridge` by.
//   relay BASE CALLS
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct side {
    int descriptor;
    struct sockaddr_in heard;
};

int main(int count, char **words) {
    int base = count > 1 ? atoi(words[1]) : 0, calls = count > 2 ? atoi(words[2]) : 0;
    if (base < 1024 || calls < 1 || calls > 4000 || base + 2 * calls > 65535) {
        fprintf(stderr, "usage: relay BASE CALLS\n");
        return 2;
    }
    struct side *sides = calloc(2 * calls, sizeof *sides);
    int waiter = epoll_create1(0);
    if (!sides || waiter < 0) return 1;
    for (int i = 0; i < 2 * calls; i++) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(base + i), .sin_addr = {htonl(INADDR_LOOPBACK)}};
        struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = i}};
        sides[i].descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (sides[i].descriptor < 0 || bind(sides[i].descriptor, (struct sockaddr *)&here, sizeof here) ||
            epoll_ctl(waiter, EPOLL_CTL_ADD, sides[i].descriptor, &event)) {
            perror("relay");
            return 1;
        }
    }
    puts("ready");
    fflush(stdout);
    struct epoll_event events[64];
    char packet[1500];
    for (;;) {
        int ready = epoll_wait(waiter, events, 64, -1);
        for (int e = 0; e < ready; e++) {
            struct side *in = &sides[events[e].data.u32], *out = &sides[events[e].data.u32 ^ 1];
            socklen_t size = sizeof in->heard;
            ssize_t length;
            while ((length = recvfrom(in->descriptor, packet, sizeof packet, 0, (struct sockaddr *)&in->heard, &size)) > 0) {
                if (out->heard.sin_port)
                    sendto(out->descriptor, packet, length, 0, (struct sockaddr *)&out->heard, sizeof out->heard);
                size = sizeof in->heard;
            }
        }
    }
}
