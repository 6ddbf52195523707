/* The C API for the harness that compares bindings: one implementation of its calls,
   written the way a program would use zeromq.h. driver.h is the harness's. With -DZC
   messages are sent without copying their bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zeromq.h>

typedef zeromq_socket *X;
typedef struct {
    int unused;
} F;

static void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, zeromq_last_error()->message);
    exit(1);
}

static void x_init(void) { zeromq_default_set("linger", -1); }
static void x_term(void) { zeromq_shutdown(); }

static X x_socket(int type) {
    X s = zeromq_socket_new(type, NULL);
    if (!s) die("socket");
    if (type == 2) zeromq_socket_set_int(s, "linger", 0);
    return s;
}

static void x_close(X s) { zeromq_socket_free(s); }

static void x_hwm(X s, int n) {
    if (zeromq_socket_set_int(s, "sndhwm", n)) die("sndhwm");
    if (zeromq_socket_set_int(s, "rcvhwm", n)) die("rcvhwm");
}

static void x_bind(X s, const char *endpoint) {
    if (zeromq_socket_bind(s, endpoint, NULL)) die("bind");
}

static void x_connect(X s, const char *endpoint) {
    if (zeromq_socket_connect(s, endpoint)) die("connect");
}

static void x_sub(X s, const char *topic) {
    if (zeromq_socket_subscribe(s, topic, strlen(topic))) die("subscribe");
}

static inline void x_send(X s, const void *data, size_t size, int more) {
    static zeromq_slice part[16];
    static int parts;
    if (more || parts) {
        part[parts].data = data;
        part[parts++].size = size;
        if (more) return;
        if (zeromq_socket_send_frames(s, part, parts, ZEROMQ_FOREVER)) die("send_frames");
        parts = 0;
        return;
    }
#ifdef ZC
    if (zeromq_socket_send_memory(s, (void *) data, size, NULL, NULL, ZEROMQ_FOREVER))
        die("send_memory");
#else
    if (zeromq_socket_send(s, data, size, ZEROMQ_FOREVER)) die("send");
#endif
}

static inline const void *x_recv(X s, F *f, size_t *size, int *more) {
    zeromq_slice frame;
    (void) f;
    if (zeromq_socket_receive_frame(s, &frame, more, ZEROMQ_FOREVER)) die("receive_frame");
    *size = frame.size;
    return frame.data;
}

static inline void x_done(F *f) { (void) f; }

static inline void x_send3(X s, const char **data, const size_t *size) {
    zeromq_slice frames[3] = {{data[0], size[0]}, {data[1], size[1]}, {data[2], size[2]}};
    if (zeromq_socket_send_frames(s, frames, 3, ZEROMQ_FOREVER)) die("send_frames");
}

static inline int x_recvall(X s) {
    zeromq_frames message;
    if (zeromq_socket_receive_frames(s, &message, ZEROMQ_FOREVER)) die("receive_frames");
    return (int) message.count;
}

#define X_BATCH

static inline void x_send_batch(X s, const void *data, size_t size, int count) {
    static zeromq_slice frame[500];
    static zeromq_frames messages[500];
    for (int i = 0; i < count; i++) {
        frame[i].data = data;
        frame[i].size = size;
        messages[i].frames = &frame[i];
        messages[i].count = 1;
    }
    if (zeromq_socket_send_batch(s, messages, count, NULL, ZEROMQ_FOREVER)) die("send_batch");
}

static inline int x_recv_batch(X s, int most) {
    const zeromq_frames *messages;
    size_t count;
    if (zeromq_socket_receive_batch(s, most, &messages, &count, ZEROMQ_FOREVER))
        die("receive_batch");
    return (int) count;
}

static zeromq_poller *poller;

static void x_poll_new(X *s, int n) {
    poller = zeromq_poller_new();
    for (long i = 0; i < n; i++)
        if (zeromq_poller_add(poller, s[i], ZEROMQ_POLL_IN, (void *) i)) die("poller_add");
}

static inline int x_poll(void) {
    zeromq_poll_event events[128];
    size_t count;
    if (zeromq_poller_wait(poller, events, 128, &count, ZEROMQ_FOREVER)) die("poller_wait");
    return (int) (long) events[0].data;
}

#include "driver.h"
