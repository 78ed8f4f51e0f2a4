// SPDX-License-Identifier: AGPL-3.0-or-later
#include "CORTP.h"

#include <errno.h>
#include <ortp/ortp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct martlet_jitter {
    RtpSession *session;
    martlet_receive receive;
    void *context;
    RtpTransport rtp, rtcp;
};

static RtpProfile *profile;
void martlet_pool_install(void);

// Lines are rendered where they arise, which may be a media thread: the newest is kept, all are counted.
static char last_line[256];
static uint64_t line_count;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void log_handler(const char *domain, BctbxLogLevel level, const char *format, va_list arguments) {
    (void)domain;
    if (level < BCTBX_LOG_ERROR) return;
    __atomic_add_fetch(&line_count, 1, __ATOMIC_RELAXED);
    if (pthread_mutex_trylock(&log_lock) != 0) return;
    vsnprintf(last_line, sizeof last_line, format, arguments);
    pthread_mutex_unlock(&log_lock);
}

uint64_t martlet_log_take(char *line, int capacity) {
    uint64_t count = __atomic_exchange_n(&line_count, 0, __ATOMIC_RELAXED);
    if (capacity < 1) return count;
    pthread_mutex_lock(&log_lock);
    snprintf(line, (size_t)capacity, "%s", last_line);
    pthread_mutex_unlock(&log_lock);
    return count;
}

static void setup_once(void) {
    martlet_pool_install();
    bctbx_set_log_handler(log_handler);
    bctbx_set_log_level_mask(NULL, BCTBX_LOG_ERROR | BCTBX_LOG_FATAL);
    bctbx_set_log_level_mask("ortp", BCTBX_LOG_ERROR | BCTBX_LOG_FATAL);
    ortp_init();
    // Every payload type is 8 kHz audio here: what the numbers mean is decided before a packet comes this far.
    profile = rtp_profile_new("martlet");
    for (int i = 0; i < RTP_PROFILE_MAX_PAYLOADS; i++) rtp_profile_set_payload(profile, i, &payload_type_pcma8000);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

void martlet_ortp_setup(void) { pthread_once(&once, setup_once); }

static ortp_socket_t no_socket(RtpTransport *transport) {
    (void)transport;
    return (ortp_socket_t)-1;
}

static int receive_rtp(RtpTransport *transport, mblk_t *message, int flags, struct sockaddr *from, socklen_t *length) {
    (void)flags;
    martlet_jitter *jitter = transport->data;
    int room = (int)(dblk_lim(message->b_datap) - message->b_wptr);
    int n = jitter->receive(jitter->context, message->b_wptr, room);
    if (n <= 0) {
        errno = EAGAIN;
        return -1;
    }
    memset(from, 0, sizeof(struct sockaddr_in));
    from->sa_family = AF_INET;
    *length = sizeof(struct sockaddr_in);
    message->timestamp.tv_sec = 1;  // keeps oRTP from asking the system for a time it does not use
    return n;
}

static int receive_nothing(RtpTransport *t, mblk_t *message, int flags, struct sockaddr *from, socklen_t *length) {
    (void)t, (void)message, (void)flags, (void)from, (void)length;
    errno = EAGAIN;
    return -1;
}

static int send_nothing(RtpTransport *t, mblk_t *message, int flags, const struct sockaddr *to, socklen_t length) {
    (void)t, (void)flags, (void)to, (void)length;
    return (int)msgdsize(message);
}

static void leave(RtpTransport *transport) { (void)transport; }

static void resync(RtpSession *session, void *a, void *b, void *c) {
    (void)a, (void)b, (void)c;
    rtp_session_resync(session);
}

martlet_jitter *martlet_jitter_new(int nominal_ms, int limit_ms, martlet_receive receive, void *context) {
    martlet_jitter *jitter = calloc(1, sizeof *jitter);
    if (!jitter) return NULL;
    RtpSession *session = rtp_session_new(RTP_SESSION_RECVONLY);
    if (!session) {
        free(jitter);
        return NULL;
    }
    jitter->session = session;
    jitter->receive = receive;
    jitter->context = context;
    rtp_session_set_profile(session, profile);
    rtp_session_set_scheduling_mode(session, FALSE);
    rtp_session_set_blocking_mode(session, FALSE);
    rtp_session_set_symmetric_rtp(session, FALSE);
    rtp_session_set_ssrc_changed_threshold(session, 0);
    rtp_session_enable_rtcp(session, FALSE);
    rtp_session_set_payload_type(session, 8);
    rtp_session_set_recv_buf_size(session, 1500);
    JBParameters parameters;
    memset(&parameters, 0, sizeof parameters);
    parameters.min_size = nominal_ms;
    parameters.nom_size = nominal_ms;
    parameters.max_size = limit_ms;
    parameters.adaptive = TRUE;
    parameters.enabled = TRUE;
    parameters.max_packets = 32;
    parameters.buffer_algorithm = OrtpJitterBufferBasic;
    parameters.refresh_ms = 5000;
    parameters.ramp_refresh_ms = 5000;
    parameters.ramp_step_ms = 20;
    parameters.ramp_threshold = 70;
    rtp_session_enable_jitter_buffer(session, TRUE);
    rtp_session_set_jitter_buffer_params(session, &parameters);
    rtp_session_signal_connect(session, "timestamp_jump", (RtpCallback)resync, NULL);
    rtp_session_signal_connect(session, "ssrc_changed", (RtpCallback)resync, NULL);
    RtpTransport endpoint = {jitter, NULL, no_socket, send_nothing, receive_rtp, leave, leave};
    jitter->rtp = endpoint;
    endpoint.t_recvfrom = receive_nothing;
    jitter->rtcp = endpoint;
    RtpTransport *rtp = NULL, *rtcp = NULL;
    rtp_session_get_transports(session, &rtp, &rtcp);
    meta_rtp_transport_set_endpoint(rtp, &jitter->rtp);
    meta_rtp_transport_set_endpoint(rtcp, &jitter->rtcp);
    return jitter;
}

void martlet_jitter_free(martlet_jitter *jitter) {
    if (!jitter) return;
    rtp_session_destroy(jitter->session);
    free(jitter);
}

void martlet_jitter_resync(martlet_jitter *jitter) { rtp_session_resync(jitter->session); }

int martlet_jitter_pull(martlet_jitter *jitter, uint32_t timestamp, uint8_t *payload, int capacity) {
    mblk_t *message = rtp_session_recvm_with_ts(jitter->session, timestamp);
    if (!message) return 0;
    unsigned char *start = NULL;
    int length = rtp_get_payload(message, &start);
    if (length > capacity) length = capacity;
    if (length > 0) memcpy(payload, start, (size_t)length);
    freemsg(message);
    return length > 0 ? length : 0;
}
