/* The beginning of the program with the cases. Each function makes the calls of
 * zeromq.h that a method of a script stands for, and shows what they give. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zeromq.h>

/* A socket, the message that is read frame by frame, and the beginning of one that
 * is to be sent. */
typedef struct {
    zeromq_socket *socket;
    zeromq_message *message, *begun;
    size_t at;
    int strict;
} place;

static char shown[1 << 16], failure[1 << 17];
static size_t length;

static const char *show(const char *text) {
    length = (size_t)snprintf(shown, sizeof shown, "%s", text);
    return shown;
}

static const char *show_number(int64_t number) {
    length = (size_t)snprintf(shown, sizeof shown, "%lld", (long long)number);
    return shown;
}

static void add(const char *text) {
    length += (size_t)snprintf(shown + length, sizeof shown - length, "%s", text);
}

static void add_bytes(const void *data, size_t size) {
    const unsigned char *bytes = data;
    add("<");
    for (size_t at = 0; at < size && length + 4 < sizeof shown; at++)
        length += (size_t)sprintf(shown + length, "%02x", bytes[at]);
    add(">");
}

static const char *show_bytes(const void *data, size_t size) {
    show("");
    add_bytes(data, size);
    return shown;
}

/* An error by its tag. What the library says of it has to fit the code. */
static const char *wrong(zeromq_code code) {
    const zeromq_error *error = zeromq_last_error();
    if (error == NULL || error->size < sizeof *error || error->code != code)
        return show("an error without a reason");
    if (strncmp(error->message, "zeromq_", 7) != 0 && strstr(error->message, ": zeromq_") == NULL)
        return show(error->message);
    if (strncmp(zeromq_code_name(code), "ZEROMQ_CODE_", 12) != 0)
        return show("a code without a name");
    show("!");
    add(error->tag);
    return shown;
}

/* What a code means to a script: without strict mode a time that is over and a call out
 * of order are no errors. */
static const char *told(const place *p, zeromq_code code, const char *good, const char *otherwise) {
    if (code == ZEROMQ_CODE_OK)
        return show(good);
    if (p != NULL && !p->strict && (code == ZEROMQ_CODE_AGAIN || code == ZEROMQ_CODE_STATE)) {
        wrong(code);
        return shown[0] == '!' ? show(otherwise) : shown;
    }
    return wrong(code);
}

static const char *done(const place *p, zeromq_code code) { return told(p, code, "null", "null"); }

static const char *made(int there) {
    return there ? show("made") : wrong(zeromq_last_error() ? zeromq_last_error()->code : ZEROMQ_CODE_OK);
}

/* Whether a step gave what it should. */
static int is(int step, const char *given, const char *expected, const char *says) {
    int good = expected == NULL ? given[0] != '!' : strcmp(given, expected) == 0;
    if (good && says != NULL && strstr(zeromq_last_error()->message, says) == NULL) {
        given = zeromq_last_error()->message;
        good = 0;
    }
    if (!good)
        snprintf(failure, sizeof failure, "step %d: %s", step, given);
    return good;
}

static void run(const char *name, const char *(*steps)(void)) {
    const char *failed = steps();
    printf("%s: %s\n", failed ? failed : "ok", name);
}

/* ---- Sockets. ---- */

static const char *open_socket(place *p, int32_t kind, const char *endpoints,
                               const zeromq_slice *prefixes, size_t count) {
    *p = (place){0};
    p->socket = zeromq_socket_new(kind, NULL);
    if (p->socket == NULL)
        return made(0);
    for (size_t at = 0; at < count; at++)
        if (zeromq_socket_subscribe(p->socket, prefixes[at].data, prefixes[at].size) != ZEROMQ_CODE_OK)
            return made(0);
    zeromq_socket_free(p->socket);
    /* The usual way, by one call. */
    p->socket = zeromq_socket_new(kind, endpoints);
    for (size_t at = 0; p->socket != NULL && at < count; at++)
        if (zeromq_socket_subscribe(p->socket, prefixes[at].data, prefixes[at].size) != ZEROMQ_CODE_OK)
            return made(0);
    p->message = zeromq_message_new();
    p->begun = zeromq_message_new();
    return made(p->socket != NULL);
}

static const char *send(place *p, const zeromq_slice *frames, size_t count, int32_t timeout) {
    zeromq_code code = ZEROMQ_CODE_OK;
    if (zeromq_message_count(p->begun) > 0) { /* with what send_more kept */
        for (size_t at = 0; at < count && code == ZEROMQ_CODE_OK; at++)
            code = zeromq_message_add(p->begun, frames[at].data, frames[at].size);
        if (code == ZEROMQ_CODE_OK)
            code = zeromq_socket_send_message(p->socket, p->begun, timeout);
    } else if (count == 1) {
        code = zeromq_socket_send(p->socket, frames[0].data, frames[0].size, timeout);
    } else {
        code = zeromq_socket_send_frames(p->socket, frames, count, timeout);
    }
    return told(p, code, "true", "false");
}

static const char *send_more(place *p, const zeromq_slice *frames, size_t count) {
    zeromq_code code = ZEROMQ_CODE_OK;
    for (size_t at = 0; at < count && code == ZEROMQ_CODE_OK; at++)
        code = zeromq_message_add(p->begun, frames[at].data, frames[at].size);
    return told(p, code, "true", "false");
}

/* The next frame: of the message that was begun, or of the next one. */
static zeromq_code next(place *p, zeromq_slice *frame, int32_t timeout) {
    if (p->at >= zeromq_message_count(p->message)) {
        p->at = 0;
        zeromq_code code = zeromq_socket_receive(p->socket, p->message, timeout);
        if (code != ZEROMQ_CODE_OK)
            return code;
    }
    return zeromq_message_frame(p->message, p->at++, frame);
}

static const char *receive(place *p, int32_t timeout) {
    zeromq_slice frame = {NULL, 0};
    zeromq_code code = next(p, &frame, timeout);
    return code == ZEROMQ_CODE_OK ? show_bytes(frame.data, frame.size) : told(p, code, "", "null");
}

static const char *receive_frame(place *p, zeromq_message **kept, int32_t timeout) {
    zeromq_slice frame = {NULL, 0};
    zeromq_code code = next(p, &frame, timeout);
    if (code != ZEROMQ_CODE_OK)
        return told(p, code, "", "null");
    *kept = zeromq_message_new();
    return told(p, zeromq_message_add(*kept, frame.data, frame.size), "made", "");
}

/* The frames that are left, between brackets. */
static void add_rest(place *p) {
    size_t count = zeromq_message_count(p->message);
    add("[");
    for (const char *comma = ""; p->at < count; p->at++, comma = ",") {
        add(comma);
        add_bytes(zeromq_message_data(p->message, p->at), zeromq_message_size(p->message, p->at));
    }
    add("]");
}

static const char *receive_all(place *p, int32_t timeout) {
    zeromq_slice frame = {NULL, 0};
    zeromq_code code = next(p, &frame, timeout);
    if (code != ZEROMQ_CODE_OK)
        return told(p, code, "", "null");
    p->at--;
    show("");
    add_rest(p);
    return shown;
}

/* The first frame and a list of the others. */
static const char *receive_apart(place *p, int32_t timeout) {
    if (receive(p, timeout)[0] != '<')
        return shown;
    memmove(shown + 1, shown, length + 1);
    shown[0] = '(';
    length++;
    add(",");
    add_rest(p);
    add(")");
    return shown;
}

/* A first byte that says whether, and the prefix. */
static const char *receive_subscription(place *p, int32_t timeout) {
    zeromq_slice frame = {NULL, 0};
    zeromq_code code = next(p, &frame, timeout);
    if (code != ZEROMQ_CODE_OK || frame.size == 0)
        return told(p, code, "no subscription", "null");
    show(((const char *)frame.data)[0] == 1 ? "(true," : "(false,");
    add_bytes((const char *)frame.data + 1, frame.size - 1);
    add(")");
    return shown;
}

static const char *more(place *p) {
    return show(p->at < zeromq_message_count(p->message) ? "true" : "false");
}

static const char *flush(place *p) { return done(p, zeromq_message_clear(p->message)); }

static const char *ready(zeromq_code (*asked)(zeromq_socket *, int32_t *), place *p) {
    int32_t answer = -1;
    zeromq_code code = asked(p->socket, &answer);
    return told(p, code, answer == 1 ? "true" : answer == 0 ? "false" : "?", "");
}

static const char *send_array(place *p, const size_t *shape, const double *numbers,
                              int32_t timeout) {
    zeromq_array array = {ZEROMQ_FLOAT64, ZEROMQ_BY_ROWS, shape, 2, numbers,
                          shape[0] * shape[1] * sizeof *numbers};
    return told(p, zeromq_socket_send_array(p->socket, &array, timeout), "true", "false");
}

static const char *receive_array(place *p, int32_t timeout) {
    zeromq_array array;
    zeromq_code code = zeromq_socket_receive_array(p->socket, &array, timeout);
    if (code != ZEROMQ_CODE_OK)
        return done(p, code);
    if (array.element != ZEROMQ_FLOAT64 || array.dimensions != 2)
        return show("another array");
    show_number((int64_t)array.shape[0]);
    for (size_t at = 0; at < array.size / sizeof(double) && length + 40 < sizeof shown; at++) {
        uint64_t bits;
        memcpy(&bits, (const char *)array.data + at * sizeof bits, sizeof bits);
        length += (size_t)sprintf(shown + length, " %016llx", (unsigned long long)bits);
    }
    return shown;
}

static const char *bind_to(place *p, const char *endpoints) {
    uint16_t port = 9;
    zeromq_code code = zeromq_socket_bind(p->socket, endpoints, &port);
    return code == ZEROMQ_CODE_OK ? show_number(port) : wrong(code);
}

static const char *attach(zeromq_code (*function)(zeromq_socket *, const char *), place *p,
                          const char *endpoints) {
    return done(p, function(p->socket, endpoints));
}

static const char *each(zeromq_code (*function)(zeromq_socket *, const void *, size_t), place *p,
                        const zeromq_slice *prefixes, size_t count) {
    zeromq_code code = ZEROMQ_CODE_OK;
    for (size_t at = 0; at < count && code == ZEROMQ_CODE_OK; at++)
        code = function(p->socket, prefixes[at].data, prefixes[at].size);
    return done(p, code);
}

static const char *endpoint(place *p) {
    const char *bound = NULL;
    zeromq_code code = zeromq_socket_endpoint(p->socket, &bound);
    return code != ZEROMQ_CODE_OK ? wrong(code) : show(bound ? bound : "null");
}

static const char *shut(place *p) { return done(p, zeromq_socket_close(p->socket)); }

static const char *closed(place *p) {
    return show(zeromq_socket_is_closed(p->socket) ? "true" : "false");
}

static const char *type(place *p) {
    static const char *const names[] = {"PAIR",   "PUB",    "SUB",  "REQ",  "REP",  "DEALER",
                                        "ROUTER", "PULL",   "PUSH", "XPUB", "XSUB", "STREAM"};
    int32_t kind = zeromq_socket_type(p->socket);
    return show(kind < 0 ? "none" : names[kind]);
}

static const char *set_strict(place *p, int strict) {
    p->strict = strict;
    return show("null");
}

enum { false, true };

/* ---- Options. ---- */

/* By the number and by a text, which mean the same. */
static const char *set_number(place *p, const char *name, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    zeromq_code code = zeromq_socket_set_int(p->socket, name, value);
    if (code != ZEROMQ_CODE_OK || zeromq_socket_set_option(p->socket, name, text) == code)
        return done(p, code);
    return show(zeromq_last_error()->message);
}

static const char *number_of(place *p, const char *name) {
    int64_t value = 0;
    const char *text = NULL;
    zeromq_code code = zeromq_socket_get_int(p->socket, name, &value);
    if (code != ZEROMQ_CODE_OK)
        return wrong(code);
    if (zeromq_socket_get_option(p->socket, name, &text) != code || atoll(text) != value)
        return show(text ? text : "no text");
    return show_number(value);
}

static const char *set_bytes(place *p, const char *name, const zeromq_slice *value, size_t count) {
    (void)count;
    return done(p, zeromq_socket_set_bytes(p->socket, name, value->data, value->size));
}

static const char *bytes_of(place *p, const char *name) {
    zeromq_slice value = {NULL, 0};
    zeromq_code code = zeromq_socket_get_bytes(p->socket, name, &value);
    return code == ZEROMQ_CODE_OK ? show_bytes(value.data, value.size) : wrong(code);
}

static const char *diagnosis_of(place *p) {
    const char *text = NULL;
    zeromq_code code = zeromq_socket_diagnose(p->socket, &text);
    return code == ZEROMQ_CODE_OK ? show_bytes(text, strlen(text)) : wrong(code);
}

/* ---- Frames. ---- */

static const char *make_frame(zeromq_message **kept, const void *data, size_t size) {
    *kept = zeromq_message_new();
    return told(NULL, zeromq_message_add(*kept, data, size), "made", "");
}

static zeromq_slice frame_of(zeromq_message *message) {
    zeromq_slice frame = {NULL, 0};
    zeromq_message_frame(message, 0, &frame);
    return frame;
}

static const char *frame_count(zeromq_message *message) {
    return show_number((int64_t)zeromq_message_size(message, 0));
}

static const char *frame_list(zeromq_message *message) {
    zeromq_slice frame = frame_of(message);
    show("[");
    for (size_t at = 0; at < frame.size; at++) {
        char number[8];
        snprintf(number, sizeof number, at ? ",%d" : "%d", ((const unsigned char *)frame.data)[at]);
        add(number);
    }
    add("]");
    return shown;
}

static const char *frame_bytes(zeromq_message *message) {
    zeromq_slice frame = frame_of(message);
    return show_bytes(frame.data, frame.size);
}

/* ---- Pollers, proxies, certificates, the library. ---- */

static const char *make_poller(zeromq_poller **poller, place **sockets) {
    *poller = zeromq_poller_new();
    for (; *sockets != NULL; sockets++)
        if (zeromq_poller_add(*poller, (*sockets)->socket, ZEROMQ_POLL_IN, *sockets) != ZEROMQ_CODE_OK)
            return made(0);
    return made(*poller != NULL);
}

static const char *wait_for(zeromq_poller *poller, place *found, int32_t timeout) {
    zeromq_poll_event event;
    size_t count = 0;
    place lenient = {0};
    zeromq_code code = zeromq_poller_wait(poller, &event, 1, &count, timeout);
    if (code != ZEROMQ_CODE_OK || count != 1)
        return told(&lenient, code, "no event", "null");
    if (((place *)event.data)->socket != event.socket)
        return show("another socket");
    if (found != NULL)
        *found = *(place *)event.data;
    return show("made");
}

static const char *poll_socket(place *p, int32_t timeout) {
    zeromq_poller *poller = NULL;
    place *sockets[] = {p, NULL};
    make_poller(&poller, sockets);
    int there = strcmp(wait_for(poller, NULL, timeout), "made") == 0;
    zeromq_poller_free(poller);
    return there ? show("true") : shown;
}

static const char *state(zeromq_proxy *proxy) {
    static const char *const names[] = {"waiting", "running", "paused", "stopped"};
    int32_t state = zeromq_proxy_state(proxy);
    return show(state < 0 ? "busy" : names[state]);
}

static const char *key(zeromq_code (*function)(zeromq_certificate *, const char **),
                       zeromq_certificate *certificate) {
    const char *key = NULL;
    zeromq_code code = function(certificate, &key);
    return code == ZEROMQ_CODE_OK ? show_bytes(key, strlen(key)) : wrong(code);
}

static const char *meta(zeromq_certificate *certificate, const char *name) {
    const char *value = NULL;
    zeromq_code code = zeromq_certificate_meta(certificate, name, &value);
    if (code != ZEROMQ_CODE_OK)
        return wrong(code);
    return value ? show_bytes(value, strlen(value)) : show("null");
}

static const char *has(const char *capability) {
    return show(zeromq_has(capability) ? "true" : "false");
}

static const char *version(void) { return show(zeromq_libzmq_version()); }
