/* Correct and incorrect uses of the extension by scripts, on a stand-in for Morpho:
 *
 *     cases LIBRARY due|always|idle|unknown
 *
 * runs all cases and collects garbage when due (due) or always (always), only loads
 * and unloads the library (idle), or loads it into a Morpho with an unknown value
 * layout (unknown). */

#include "host.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---------------------------------------------------------- expectations -- */

#define AT (host_at(NULL, __LINE__))
/* The result of a call that raised nothing. */
#define OK(call) (AT, succeeded(call))
/* The message of a call that raised an error. */
#define RAISES(id, call) (AT, (void)(call), failed(id))
#define CHECK(condition) (AT, (condition) ? (void)0 : host_fail("not so: %s", #condition))
#define CHECK_TEXT(v, expected) (AT, check_bytes(v, expected, sizeof expected - 1))
#define CHECK_PRINTS(v, expected) (AT, check_printed(v, expected))

static value succeeded(value result) {
    const error *e = host_error();
    if (e->category != NO_ERROR) host_fail("raised %s: %s", e->id, e->message);
    return result;
}

static bool is_utf8(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        int more = *s < 0x80 ? 0 : *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc2 ? 1 : -1;
        if (more < 0) return false;
        for (s++; more > 0; more--, s++) {
            if ((*s & 0xc0) != 0x80) return false;
        }
    }
    return true;
}

static const char *failed(const char *id) {
    const error *e = host_error();
    if (e->category != USER_ERROR) host_fail("raised nothing instead of %s", id);
    if (strcmp(e->id, id) != 0) host_fail("raised %s instead of %s: %s", e->id, id, e->message);
    if (!is_utf8(e->message)) host_fail("the message is not UTF-8: %s", e->message);
    return e->message;
}

static string *a_string(value v) {
    if (!object_istype(v, objectstringtype)) host_fail("no string");
    return (string *)as_object(v);
}

static void check_bytes(value v, const char *expected, size_t length) {
    const string *s = a_string(v);
    if (s->length != length || memcmp(s->bytes, expected, length) != 0) {
        host_fail("'%.*s' of %zu bytes instead of '%s' of %zu", (int)s->length, s->bytes, s->length,
                  expected, length);
    }
}

static void check_printed(value v, const char *expected) {
    host_output();
    host_print(v);
    const char *output = host_output();
    if (strcmp(output, expected) != 0) host_fail("printed '%s' instead of '%s'", output, expected);
}

static bool is_nil(value v) { return kind_of(v) == NIL; }
static bool is_true(value v) { return kind_of(v) == TRUTH && as_truth(v); }
static bool is_false(value v) { return kind_of(v) == TRUTH && !as_truth(v); }

static bool is_integer(value v, int expected) {
    return kind_of(v) == INTEGER && as_integer(v) == expected;
}

static bool is_a(value v, const char *name) {
    return !is_nil(v) && host_class_of(v) == (class *)as_object(host_class(name));
}

static bool contains(const char *text, const char *part) { return strstr(text, part) != NULL; }

/* ------------------------------------------------------------ short hands -- */

static value text(const char *t) { return host_string(t, strlen(t)); }

/* The function that a script means by a name. */
static value function(const char *name) {
    value f = host_function(name);
    if (is_nil(f)) host_fail("there is no function %s", name);
    return f;
}

static value new(const char *name, arguments a) { return host_call(function(name), a); }
static value socket_at(const char *name, value at) { return OK(new(name, ARGS(at))); }
static arguments timeout(value v) { return with(NONE, "timeout", v); }
static bool sends(value s, value v) { return is_true(OK(host_invoke(s, "send", ARGS(v)))); }

/* What is on its way is there long before this time is over. */
static value receives(value s) {
    return OK(host_invoke(s, "receive", timeout(integer(5000))));
}

static value item(value v, int index) {
    value i;
    if (!object_istype(v, objectlisttype)) host_fail("no list");
    if (!list_getelement((list *)as_object(v), index, &i)) host_fail("no element %d", index);
    return i;
}

static uint32_t length(value v) { return list_length((list *)as_object(v)); }

/* An endpoint that no other case has: names are free again only some time after
 * their socket is closed. */
static value endpoint(void) {
    static int last = 0;
    char name[32];
    snprintf(name, sizeof name, "inproc://%d", ++last);
    return text(name);
}

/* Two sockets that are connected. */
typedef struct {
    value out, in;
} pair;

static pair pipeline(void) {
    value at = endpoint();
    pair p = {.in = socket_at("ZMQPull", at)};
    p.out = socket_at("ZMQPush", at);
    return p;
}

static pair conversation(void) {
    value at = endpoint();
    pair p = {.in = socket_at("ZMQReply", at)};
    p.out = socket_at("ZMQRequest", at);
    return p;
}

/* ------------------------------------------------------------------ cases -- */

static const struct {
    const char *name, *printed;
} sockets[] = {
    {"ZMQRequest", "<ZMQSocket: REQ>"},       {"ZMQReply", "<ZMQSocket: REP>"},
    {"ZMQPublisher", "<ZMQSocket: PUB>"},     {"ZMQSubscriber", "<ZMQSocket: SUB>"},
    {"ZMQXPublisher", "<ZMQSocket: XPUB>"},   {"ZMQXSubscriber", "<ZMQSocket: XSUB>"},
    {"ZMQXSubcriber", "<ZMQSocket: XSUB>"},   {"ZMQPush", "<ZMQSocket: PUSH>"},
    {"ZMQPull", "<ZMQSocket: PULL>"},         {"ZMQDealer", "<ZMQSocket: DEALER>"},
    {"ZMQRouter", "<ZMQSocket: ROUTER>"},     {"ZMQPair", "<ZMQSocket: PAIR>"},
    {"ZMQStream", "<ZMQSocket: STREAM>"},
};

static void constructors(void) {
    for (size_t i = 0; i < COUNT(sockets); i++) {
        const char *name = sockets[i].name;
        value s = OK(new(name, NONE));
        CHECK_PRINTS(s, sockets[i].printed);
        CHECK_TEXT(host_class_of(s)->parent->name, "ZMQSocket");
        value at = text("@tcp://127.0.0.1:*"); /* every type has tcp */
        CHECK_PRINTS(OK(host_call_on_junk(function(name), ARGS(at))), sockets[i].printed);
        RAISES("ZMQConsArgs", new(name, ARGS(integer(5))));
        RAISES("ZMQConsArgs", new(name, ARGS(number(1e300))));
        RAISES("ZMQConsArgs", new(name, ARGS(host_list(0, NULL))));
        RAISES("ZMQConsArgs", new(name, ARGS(s)));
        RAISES("ZMQConsArgs", new(name, ARGS(endpoint(), integer(1), truth(true))));
        RAISES("ZMQConsArgs", new(name, with(ARGS(endpoint()), "linger", integer(0))));
        RAISES("ZMQErr", new(name, ARGS(text("nonsense"))));
        RAISES("ZMQErr", new(name, ARGS(text("tcp://*:70000"))));
        RAISES("ZMQErr", new(name, ARGS(host_string("inproc://a\0b", 12))));
    }
}

static void parent(void) {
    CHECK(contains(RAISES("ZMQConsArgs", new("ZMQSocket", NONE)), "ZMQRequest"));
    RAISES("ZMQConsArgs", new("ZMQSocket", ARGS(endpoint())));
    CHECK(is_nil(host_function("ZMQ")));
    CHECK(!is_nil(host_class("ZMQ")));
}

static void frames(void) {
    value bytes[] = {integer(0), integer(255), integer(65)};
    value frame = OK(new("ZMQFrame", ARGS(host_list(COUNT(bytes), bytes))));
    CHECK(is_integer(OK(host_invoke(frame, "count", NONE)), 3));
    CHECK_TEXT(OK(host_invoke(frame, "hex", NONE)), "00ff41");
    CHECK_PRINTS(frame, "<ZMQFrame: 00ff41>");
    CHECK(length(OK(host_invoke(frame, "tolist", NONE))) == 3);
    CHECK(is_integer(OK(host_operator(frame, "index", ARGS(integer(1)))), 255));
    CHECK(is_integer(OK(host_operator(frame, "index", ARGS(integer(-1)))), 65));
    CHECK_PRINTS(OK(host_operator(frame, "index", ARGS(host_range(1, 2)))), "<ZMQFrame: ff41>");
    CHECK_PRINTS(OK(host_operator(frame, "index", ARGS(host_range(1, 0)))), "<ZMQFrame: >");
    RAISES("ZMQArgs", host_operator(frame, "index", ARGS(host_range(2, 2))));
    RAISES("ZMQArgs", host_operator(frame, "index", ARGS(host_range(0, INT32_MAX))));
    RAISES("ZMQArgs", host_operator(frame, "index", ARGS(integer(3))));
    RAISES("ZMQArgs", host_operator(frame, "index", ARGS(integer(INT32_MIN))));
    RAISES("ZMQArgs", host_operator(frame, "index", ARGS(text("0"))));
    RAISES("ZMQArgs", host_operator(frame, "index", NONE));
    CHECK_TEXT(OK(host_invoke(OK(new("ZMQFrame", ARGS(frame))), "hex", NONE)), "00ff41");
    value with_zero = OK(new("ZMQFrame", ARGS(host_string("a\0b", 3))));
    CHECK_TEXT(OK(host_operator(with_zero, "tostring", NONE)), "a\0b");

    value wrong[] = {nil(),       integer(5),        number(0.5),
                     truth(true), host_dictionary(), host_class("ZMQ")};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        RAISES("ZMQConsArgs", new("ZMQFrame", ARGS(wrong[i])));
    }
    value no_bytes[] = {integer(256), integer(-1), number(65), text("A"), nil(), frame};
    for (size_t i = 0; i < COUNT(no_bytes); i++) {
        RAISES("ZMQConsArgs", new("ZMQFrame", ARGS(host_list(1, &no_bytes[i]))));
    }
    RAISES("ZMQConsArgs", new("ZMQFrame", NONE));
    RAISES("ZMQConsArgs", new("ZMQFrame", ARGS(frame, frame)));
}

static void strings(void) {
    pair p = conversation();
    CHECK(sends(p.out, host_string("a\0b", 3)));
    CHECK_TEXT(receives(p.in), "a\0b");
    CHECK(sends(p.in, text("")));
    CHECK_TEXT(receives(p.out), "");
    CHECK(sends(p.out, text("h\xc3\xa9llo")));
    CHECK_TEXT(receives(p.in), "h\xc3\xa9llo");
    CHECK(sends(p.in, text("not \xff text")));
    value frame = receives(p.out);
    CHECK(is_a(frame, "ZMQFrame"));
    CHECK(is_integer(OK(host_invoke(frame, "count", NONE)), 10));
    CHECK(sends(p.out, frame));
    CHECK_TEXT(OK(host_invoke(receives(p.in), "hex", NONE)), "6e6f7420ff2074657874");
    CHECK(sends(p.in, text("plain")));
    frame = OK(host_invoke(p.out, "receiveframe", timeout(integer(5000))));
    CHECK(is_a(frame, "ZMQFrame"));
    CHECK_TEXT(OK(host_invoke(frame, "tostring", NONE)), "plain");
}

static void kinds_of_frames(void) {
    pair p = pipeline();
    value frame = OK(new("ZMQFrame", ARGS(text("frame"))));
    value values[] = {text("text"), integer(-7), number(0.5), truth(true), frame};
    const char *expected[] = {"text", "-7", "0.5", "true", "frame"};
    CHECK(sends(p.out, host_list(COUNT(values), values)));
    CHECK(sends(p.out, host_tuple(COUNT(values), values)));
    arguments all = {.count = COUNT(values)};
    memcpy(all.values, values, sizeof values);
    CHECK(is_true(OK(host_invoke(p.out, "send", all))));
    for (int message = 0; message < 3; message++) {
        value received = OK(host_invoke(p.in, "receiveall", timeout(integer(5000))));
        host_collect();
        CHECK(length(received) == COUNT(values));
        for (size_t i = 0; i < COUNT(values); i++) {
            AT, check_bytes(item(received, (int)i), expected[i], strlen(expected[i]));
        }
    }
}

static value bytes_ff(void) {
    value numbers[] = {integer(255), integer(0), integer(128)};
    return OK(new("ZMQFrame", ARGS(host_list(COUNT(numbers), numbers))));
}

static void check_repeated(value v, char c, size_t size) {
    const string *s = a_string(v);
    CHECK(s->length == size && s->bytes[size] == 0);
    for (size_t i = 0; i < size; i++) CHECK(s->bytes[i] == c);
}

static value repeated(char c, size_t size) {
    char *bytes = malloc(size);
    CHECK(bytes != NULL);
    memset(bytes, c, size);
    value v = host_string(bytes, size);
    free(bytes);
    return v;
}

/* What can be sent or received at once takes a shorter path. */
static void calls_without_a_wait(void) {
    pair p = pipeline();
    size_t sizes[] = {0, 1, 33, 34, 48, 49, 4096, 65536, 131072, 131073, 1 << 20};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        value sent = repeated('x', sizes[i]);
        for (int n = 0; n < 3; n++) CHECK(sends(p.out, sent));
        value one = OK(host_invoke(p.in, "receive", NONE));
        value other = OK(host_invoke(p.in, "receive", NONE));
        value frame = OK(host_invoke(p.in, "receiveframe", NONE));
        host_collect();
        AT, check_repeated(one, 'x', sizes[i]);
        AT, check_repeated(other, 'x', sizes[i]);
        CHECK(is_a(frame, "ZMQFrame"));
        CHECK(is_integer(OK(host_invoke(frame, "count", NONE)), (int)sizes[i]));
        /* A ZMQFrame lends its bytes to a message, and may be gone before that. */
        CHECK(sends(p.out, frame) && sends(p.out, frame));
        value both[] = {text("head"), frame};
        CHECK(sends(p.out, host_list(2, both)));
        frame = nil();
        host_collect();
        AT, check_repeated(OK(host_invoke(p.in, "receive", NONE)), 'x', sizes[i]);
        AT, check_repeated(OK(host_invoke(p.in, "receive", NONE)), 'x', sizes[i]);
        CHECK_TEXT(OK(host_invoke(p.in, "receive", NONE)), "head");
        AT, check_repeated(OK(host_invoke(p.in, "receive", NONE)), 'x', sizes[i]);
    }
    CHECK(sends(p.out, bytes_ff()) && sends(p.out, bytes_ff()));
    CHECK(is_a(OK(host_invoke(p.in, "receive", NONE)), "ZMQFrame"));
    CHECK_TEXT(OK(host_invoke(receives(p.in), "hex", NONE)), "ff0080");
    RAISES("ZMQUnsupported", host_invoke(p.out, "receive", NONE));
    RAISES("ZMQUnsupported", host_invoke(p.out, "receiveframe", NONE));
    RAISES("ZMQUnsupported", host_invoke(p.in, "send", ARGS(text("x"))));
    /* The first frames of a message stay before the one that is sent. */
    CHECK(is_true(OK(host_invoke(p.out, "sendmore", ARGS(text("first"))))));
    CHECK(sends(p.out, repeated('y', 2000)));
    CHECK(is_true(OK(host_invoke(p.out, "sendmore", ARGS(text("first"))))));
    CHECK(sends(p.out, OK(new("ZMQFrame", ARGS(repeated('z', 2000))))));
    for (int n = 0; n < 2; n++) {
        value message = OK(host_invoke(p.in, "receiveall", NONE));
        CHECK(length(message) == 2);
        CHECK_TEXT(item(message, 0), "first");
        AT, check_repeated(item(message, 1), n == 0 ? 'y' : 'z', 2000);
    }
    value child = host_instance(host_subclass("Mine", host_class("ZMQPull")));
    value at = endpoint();
    OK(host_invoke(child, "init", ARGS(at)));
    CHECK(sends(socket_at("ZMQPush", at), text("to a child")));
    CHECK_TEXT(OK(host_invoke(child, "receive", NONE)), "to a child");
    OK(host_invoke(p.in, "close", NONE));
    RAISES("ZMQClosed", host_invoke(p.in, "receive", NONE));
    RAISES("ZMQClosed", host_invoke(p.in, "receiveframe", NONE));
}

static value batch(value s, int most, bool whole) {
    arguments a = with(ARGS(integer(most)), "timeout", integer(5000));
    value received = OK(host_invoke(s, "receivebatch", with(a, "whole", truth(whole))));
    host_collect();
    return received;
}

static void batches(void) {
    enum { MANY = 3000 };
    pair p = pipeline();
    value three[] = {text("a"), bytes_ff(), text("")};
    for (int whole = 0; whole < 2; whole++) {
        CHECK(sends(p.out, text("one")));
        CHECK(sends(p.out, text("")));
        CHECK(sends(p.out, bytes_ff()));
        CHECK(sends(p.out, host_list(COUNT(three), three)));
        CHECK(sends(p.out, repeated('x', 1 << 20)));
        value received = batch(p.in, 100, whole);
        CHECK(length(received) == 5);
        for (int i = 0; i < 5; i++) {
            bool is_list = object_istype(item(received, i), objectlisttype);
            CHECK(is_list == (whole || i == 3));
            if (whole && i != 3) CHECK(length(item(received, i)) == 1);
        }
        value first = item(received, 0), second = item(received, 1), third = item(received, 2);
        CHECK_TEXT(whole ? item(first, 0) : first, "one");
        CHECK_TEXT(whole ? item(second, 0) : second, "");
        CHECK(is_a(whole ? item(third, 0) : third, "ZMQFrame"));
        value fourth = item(received, 3), fifth = item(received, 4);
        CHECK(length(fourth) == 3);
        CHECK_TEXT(item(fourth, 0), "a");
        CHECK(is_a(item(fourth, 1), "ZMQFrame"));
        CHECK_TEXT(item(fourth, 2), "");
        AT, check_repeated(whole ? item(fifth, 0) : fifth, 'x', 1 << 20);
    }
    value many[MANY];
    for (int i = 0; i < MANY; i++) many[i] = i % 2 ? three[1] : three[0];
    CHECK(sends(p.out, host_list(MANY, many)));
    CHECK(sends(p.out, text("next")));
    value received = batch(p.in, 1, false);
    CHECK(length(received) == 1 && length(item(received, 0)) == MANY);
    CHECK(is_a(item(item(received, 0), MANY - 1), "ZMQFrame"));
    CHECK_TEXT(item(item(received, 0), MANY - 2), "a");
    CHECK(length(batch(p.in, 1, false)) == 1);
    arguments at_once = with(ARGS(integer(5)), "timeout", integer(0));
    CHECK(is_nil(OK(host_invoke(p.in, "receivebatch", at_once))));
    RAISES("ZMQUnsupported", host_invoke(p.out, "receivebatch", ARGS(integer(5))));
    RAISES("ZMQUnsupported", host_invoke(p.out, "receiveall", NONE));
}

static void timeouts(void) {
    pair p = pipeline();
    value no_wait[] = {integer(0), number(0), number(2.7), number(-0.0), integer(1)};
    for (size_t i = 0; i < COUNT(no_wait); i++) {
        CHECK(is_nil(OK(host_invoke(p.in, "receive", timeout(no_wait[i])))));
        CHECK(is_nil(OK(host_invoke(p.in, "receiveall", timeout(no_wait[i])))));
    }
    value for_ever[] = {nil(), integer(-1), number(-1), number(1e300), number(INFINITY),
                        integer(INT32_MAX), number(2.7e9)};
    for (size_t i = 0; i < COUNT(for_ever); i++) {
        arguments message = with(ARGS(text("here")), "timeout", for_ever[i]);
        CHECK(is_true(OK(host_invoke(p.out, "send", message))));
        CHECK_TEXT(OK(host_invoke(p.in, "receive", timeout(for_ever[i]))), "here");
    }
    value wrong[] = {integer(-2), number(-0.5), number(-INFINITY), number(NAN), text("soon"),
                     truth(true), host_list(0, NULL), host_dictionary(), p.in, host_class("ZMQ")};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *message = RAISES("ZMQArgs", host_invoke(p.in, "receive", timeout(wrong[i])));
        CHECK(contains(message, "timeout="));
    }
    value dealer = OK(new("ZMQDealer", NONE));
    CHECK(is_false(OK(host_invoke(dealer, "send", with(ARGS(text("x")), "timeout", integer(0))))));
}

static void named_arguments(void) {
    pair p = pipeline();
    arguments misspelt = with(NONE, "tmeout", integer(5));
    const char *message = RAISES("ZMQArgs", host_invoke(p.in, "receive", misspelt));
    CHECK(contains(message, "tmeout=") && contains(message, "timeout="));
    RAISES("ZMQArgs", host_invoke(p.in, "receive", with(timeout(integer(0)), "linger", nil())));
    RAISES("ZMQArgs", host_invoke(p.in, "receive", with(NONE, "", integer(0))));
    RAISES("ZMQArgs", host_invoke(p.in, "endpoint", timeout(integer(0))));
    RAISES("ZMQArgs", host_invoke(p.in, "receive", with(ARGS(integer(5)), "timeout", integer(0))));
    /* A string that is an argument is no name, and a name given twice is one. */
    RAISES("ZMQArgs", host_invoke(p.in, "receive", ARGS(text("timeout"), integer(0))));
    arguments twice = with(timeout(integer(0)), "timeout", integer(0));
    CHECK(is_nil(OK(host_invoke(p.in, "receive", twice))));
    /* The marker, the name and the value are no frames. */
    arguments soon = with(ARGS(text("x")), "timeout", text("soon"));
    message = RAISES("ZMQArgs", host_invoke(p.out, "send", soon));
    CHECK(contains(message, "timeout="));
    CHECK(is_nil(OK(host_invoke(p.in, "receive", timeout(integer(0))))));
    OK(host_invoke(p.in, "close", with(NONE, "linger", integer(0))));
    RAISES("ZMQArgs", host_apply(host_class("ZMQ"), "has", host_class("ZMQ"), NONE));
}

/* Calls a method on what it is not for. */
static void refuses(value of_class, const string *method, value receiver) {
    char name[64];
    snprintf(name, sizeof name, "%s", method->bytes);
    value result = host_apply(of_class, name, receiver, NONE);
    /* What Morpho calls for output has something to say of everything. */
    if (strcmp(name, "prnt") == 0) return;
    if (strcmp(name, "tostring") == 0 && host_error()->category == NO_ERROR) {
        a_string(result);
        return;
    }
    if (host_error()->category != USER_ERROR) host_fail("%s takes a wrong receiver", name);
    const char *id = host_error()->id;
    bool known = strcmp(id, "ZMQArgs") == 0 || strcmp(id, "ZMQClosed") == 0;
    if (!known && strcmp(name, "init") != 0) host_fail("%s raised %s", name, id);
}

static void wrong_receivers(void) {
    const char *names[] = {"ZMQSocket", "ZMQRequest", "ZMQSubscriber", "ZMQFrame"};
    value frame = OK(new("ZMQFrame", ARGS(text("bytes"))));
    value socket = OK(new("ZMQPull", NONE));
    for (size_t n = 0; n < COUNT(names); n++) {
        value of_class = host_class(names[n]);
        value child = host_instance(host_subclass("Child", of_class));
        value receivers[] = {of_class, host_instance(of_class), child, text("a string"), nil(),
                             truth(true), integer(1), number(0.5), host_list(1, &socket),
                             host_dictionary(), function("ZMQRequest"), initselector,
                             n < 3 ? frame : socket};
        const table *methods = &((class *)as_object(of_class))->methods;
        CHECK(methods->count > 5);
        for (uint32_t m = 0; m < methods->capacity; m++) {
            if (is_nil(methods->entries[m].key)) continue;
            const string *method = a_string(methods->entries[m].key);
            bool makes = strcmp(method->bytes, "init") == 0;
            for (size_t r = 0; r < COUNT(receivers); r++) {
                bool an_instance = r == 1 || r == 2;
                if (!(makes && an_instance)) refuses(of_class, method, receivers[r]);
            }
        }
    }
}

static void subclasses(void) {
    value at = endpoint();
    value reply = socket_at("ZMQReply", at);
    value my = host_subclass("My", host_class("ZMQRequest"));
    value child = host_instance(my);

    CHECK(contains(RAISES("ZMQArgs", host_invoke(child, "send", ARGS(text("x")))), "super.init"));
    OK(host_operator(child, "tostring", NONE));
    RAISES("ZMQConsArgs", host_invoke(child, "init", ARGS(integer(5))));
    RAISES("ZMQErr", host_invoke(child, "init", ARGS(text("nonsense"))));
    RAISES("ZMQArgs", host_invoke(child, "closed", NONE));

    OK(host_invoke(child, "init", ARGS(at)));
    host_collect();
    CHECK(sends(child, text("question")));
    CHECK_TEXT(receives(reply), "question");
    CHECK(sends(reply, text("answer")));
    CHECK_TEXT(receives(child), "answer");
    CHECK_TEXT(OK(host_operator(child, "tostring", NONE)), "<ZMQSocket: REQ>");
    CHECK_TEXT(OK(host_invoke(child, "type", NONE)), "REQ");

    /* A second init makes a second socket. */
    OK(host_invoke(child, "close", NONE));
    OK(host_invoke(child, "init", NONE));
    CHECK(is_false(OK(host_invoke(child, "closed", NONE))));

    /* An instance of a frame's child is as good as the frame. */
    value frame = host_instance(host_subclass("MyFrame", host_class("ZMQFrame")));
    RAISES("ZMQArgs", host_invoke(child, "send", ARGS(frame)));
    OK(host_invoke(frame, "init", ARGS(text("bytes"))));
    CHECK(is_integer(OK(host_invoke(frame, "count", NONE)), 5));
    CHECK(is_integer(OK(host_operator(frame, "index", ARGS(integer(0)))), 'b'));
    OK(host_invoke(child, "connect", ARGS(at)));
    CHECK(sends(child, frame));
    CHECK_TEXT(receives(reply), "bytes");
}

/* Scripts can write to the field that the extension keeps its own in. */
static void foreign_fields(void) {
    value at = endpoint();
    value child = host_instance(host_subclass("My", host_class("ZMQRequest")));
    OK(host_invoke(child, "init", ARGS(at)));
    table *fields = &((instance *)as_object(child))->fields;
    CHECK(fields->count == 1);
    value wrong[] = {nil(), integer(1), text("zeromq"), child, host_class("ZMQRequest"),
                     OK(new("ZMQFrame", ARGS(text("x"))))};
    for (size_t w = 0; w < COUNT(wrong); w++) {
        for (uint32_t i = 0; i < fields->capacity; i++) {
            if (!is_nil(fields->entries[i].key)) fields->entries[i].item = wrong[w];
        }
        RAISES("ZMQArgs", host_invoke(child, "send", ARGS(text("x"))));
        RAISES("ZMQConsArgs", new("ZMQFrame", ARGS(w + 1 < COUNT(wrong) ? child : nil())));
        OK(host_operator(child, "tostring", NONE));
    }
}

static void wrong_arguments(void) {
    pair p = pipeline();
    value subscriber = OK(new("ZMQSubscriber", NONE));
    value bad[] = {nil(),
                   integer(5),
                   number(2.7),
                   truth(false),
                   host_list(0, NULL),
                   host_dictionary(),
                   p.in,
                   host_class("ZMQ"),
                   function("ZMQPull"),
                   host_instance(host_class("ZMQPull"))};
    const char *methods[] = {"bind", "connect", "unbind", "disconnect", "subscribe", "unsubscribe"};
    for (size_t m = 0; m < COUNT(methods); m++) {
        for (size_t i = 0; i < COUNT(bad); i++) {
            RAISES("ZMQArgs", host_invoke(subscriber, methods[m], ARGS(bad[i])));
        }
        RAISES("ZMQArgs", host_invoke(subscriber, methods[m], NONE));
        if (m < 4) {
            RAISES("ZMQArgs", host_invoke(subscriber, methods[m], ARGS(text("a"), text("b"))));
        }
    }
    value refused[] = {nil(), host_dictionary(), p.in, host_class("ZMQ"), function("ZMQPull")};
    for (size_t i = 0; i < COUNT(refused); i++) {
        RAISES("ZMQArgs", host_invoke(p.out, "send", ARGS(refused[i])));
        RAISES("ZMQArgs", host_invoke(p.out, "send", ARGS(text("x"), refused[i])));
        RAISES("ZMQArgs", host_invoke(p.out, "send", ARGS(host_list(1, &refused[i]))));
    }
    RAISES("ZMQArgs", host_invoke(p.out, "send", NONE));
    RAISES("ZMQArgs", host_invoke(p.out, "send", ARGS(host_list(0, NULL))));
    RAISES("ZMQArgs", host_invoke(p.out, "send", ARGS(host_tuple(0, NULL))));
    RAISES("ZMQUnsupported", host_invoke(p.in, "send", ARGS(text("x"))));
    RAISES("ZMQUnsupported", host_invoke(p.out, "receive", NONE));
    /* Nothing of what was refused is on its way. */
    CHECK(is_nil(OK(host_invoke(p.in, "receive", timeout(integer(0))))));
}

/* Morpho keeps 254 bytes of a message; what is quoted in it may be longer. */
static void long_messages(void) {
    enum { LENGTH = 10001 };
    char *long_text = malloc(LENGTH);
    for (int i = 0; i + 1 < LENGTH; i += 2) memcpy(long_text + i, "\xc3\xa9", 2);
    value socket = OK(new("ZMQPair", NONE));
    for (size_t start = 0; start < 3; start++) {
        value v = host_string(long_text + start, LENGTH - 1 - start);
        const char *id = start == 1 ? "ZMQArgs" : "ZMQErr";
        CHECK(strlen(RAISES(id, host_invoke(socket, "bind", ARGS(v)))) <= 254);
        RAISES("ZMQArgs", host_invoke(socket, "closed", ARGS(v)));
        RAISES("ZMQArgs", host_invoke(socket, "receive", timeout(v)));
    }
    char name[LENGTH];
    memcpy(name, long_text, LENGTH - 1);
    name[LENGTH - 1] = 0;
    RAISES("ZMQArgs", host_invoke(socket, "receive", with(NONE, name, nil())));
    free(long_text);
}

/* Lists in lists, without end too. */
static void deep_values(void) {
    value socket = OK(new("ZMQPair", NONE));
    value deep = host_list(0, NULL);
    for (int i = 0; i < 1000; i++) deep = host_list(1, &deep);
    RAISES("ZMQArgs", host_invoke(socket, "send", ARGS(deep)));
    value endless = host_list(0, NULL);
    list_append((list *)as_object(endless), endless);
    RAISES("ZMQArgs", host_invoke(socket, "send", ARGS(endless)));
    value dictionary_in_itself = host_dictionary();
    table *t = &((dictionary *)as_object(dictionary_in_itself))->table;
    dictionary_insert(t, text("self"), dictionary_in_itself);
    dictionary_insert(t, dictionary_in_itself, nil());
    RAISES("ZMQArgs", host_invoke(socket, "send", ARGS(dictionary_in_itself)));
}

static void closed_sockets(void) {
    value at = endpoint();
    value s = socket_at("ZMQReply", at);
    CHECK(is_false(OK(host_invoke(s, "closed", NONE))));
    OK(host_invoke(s, "close", NONE));
    OK(host_invoke(s, "close", with(NONE, "linger", number(2.7))));
    CHECK(is_true(OK(host_invoke(s, "closed", NONE))));
    CHECK_PRINTS(s, "<ZMQSocket: REP closed>");
    CHECK_TEXT(OK(host_invoke(s, "type", NONE)), "REP");
    RAISES("ZMQClosed", host_invoke(s, "send", ARGS(text("x"))));
    RAISES("ZMQClosed", host_invoke(s, "receive", NONE));
    RAISES("ZMQClosed", host_invoke(s, "receiveall", timeout(integer(0))));
    RAISES("ZMQClosed", host_invoke(s, "receiveframe", NONE));
    RAISES("ZMQClosed", host_invoke(s, "bind", ARGS(at)));
    RAISES("ZMQClosed", host_invoke(s, "connect", ARGS(at)));
    RAISES("ZMQClosed", host_invoke(s, "unbind", ARGS(at)));
}

static void out_of_order(void) {
    pair p = conversation();
    host_output();
    CHECK(is_nil(OK(host_invoke(p.out, "receive", NONE))));
    CHECK(host_warnings() == 1);
    CHECK(contains(host_output(), "Warning 'ZMQState': ignored ZMQRequest.receive"));
    CHECK(is_nil(OK(host_invoke(p.out, "receive", NONE))));
    CHECK(is_false(OK(host_invoke(p.in, "send", ARGS(text("x"))))));
    CHECK(host_warnings() == 1);
    CHECK(contains(host_output(), "Warning 'ZMQState': ignored ZMQReply.send"));
    CHECK(sends(p.out, text("x")));
    CHECK(is_false(OK(host_invoke(p.out, "send", ARGS(text("x"))))));
    CHECK(host_warnings() == 0);
}

static value from_table(value dictionary_value, const char *key) {
    if (!object_istype(dictionary_value, objectdictionarytype)) host_fail("no dictionary");
    value found = nil();
    dictionary_get(&((dictionary *)as_object(dictionary_value))->table, text(key), &found);
    return found;
}

/* Methods of a class: what is in front of their arguments depends on where they
 * are called. */
static void class_methods(void) {
    value zmq = host_class("ZMQ");
    value receivers[] = {zmq, nil(), function("ZMQRequest"), text("x"), integer(1),
                         host_instance(zmq), OK(new("ZMQPair", NONE))};
    for (size_t i = 0; i < COUNT(receivers); i++) {
        value self = receivers[i];
        value version = OK(host_apply(zmq, "version", self, NONE));
        CHECK(a_string(version)->length >= 5 && contains(a_string(version)->bytes, "4."));
        CHECK(is_true(OK(host_apply(zmq, "has", self, ARGS(text("curve"))))));
        CHECK(is_false(OK(host_apply(zmq, "has", self, ARGS(text("wings"))))));
        const char *message = RAISES("ZMQArgs", host_apply(zmq, "version", self, ARGS(integer(1))));
        CHECK(contains(message, "ZMQ.version: "));
        RAISES("ZMQErr", new("ZMQReply", ARGS(text("tcp://*:70000"))));
        value last = OK(host_apply(zmq, "lasterror", self, NONE));
        host_collect();
        CHECK_TEXT(from_table(last, "tag"), "ZMQErr");
        CHECK_TEXT(from_table(last, "operation"), "ZMQReply");
        CHECK_TEXT(from_table(last, "endpoint"), "tcp://*:70000");
    }
}

static void texts_of_sockets(void) {
    value s = OK(new("ZMQPair", NONE));
    CHECK_TEXT(OK(host_operator(s, "tostring", NONE)), "<ZMQSocket: PAIR>");
    CHECK(is_nil(OK(host_invoke(s, "endpoint", NONE))));
    value port = OK(host_invoke(s, "bind", ARGS(text("tcp://127.0.0.1:*"))));
    CHECK(kind_of(port) == INTEGER && as_integer(port) > 1023);
    char expected[64];
    snprintf(expected, sizeof expected, "tcp://127.0.0.1:%d", as_integer(port));
    AT, check_bytes(OK(host_invoke(s, "endpoint", NONE)), expected, strlen(expected));
}

/* Messages of all shapes pass; each is alive as long as it is held. */
static void hundred_messages(void) {
    pair p = pipeline();
    size_t mark = host_mark();
    for (int i = 0; i < 100; i++) {
        char t[32];
        int n = snprintf(t, sizeof t, "message %d", i);
        value parts[] = {text(t), integer(i), host_string("\xff\0", 2)};
        CHECK(sends(p.out, host_list(COUNT(parts), parts)));
        value message = OK(host_invoke(p.in, "receiveall", timeout(integer(5000))));
        value copy = OK(new("ZMQFrame", ARGS(item(message, 2))));
        AT, check_bytes(item(message, 0), t, (size_t)n);
        CHECK_TEXT(OK(host_invoke(item(message, 2), "hex", NONE)), "ff00");
        CHECK_TEXT(OK(host_invoke(copy, "hex", NONE)), "ff00");
        host_release(mark);
    }
    host_collect();
}

/* Sockets that nobody holds are closed, long before there are none left. */
static void dropped_sockets(void) {
    host_collect();
    int before = host_own_objects();
    size_t mark = host_mark();
    for (int i = 0; i < 1200; i++) {
        OK(new("ZMQPull", ARGS(endpoint())));
        host_release(mark);
        CHECK(host_own_objects() < before + 50);
    }
    host_collect();
    CHECK(host_own_objects() == before);
}

/* The collector knows how much memory there is in a frame. */
static void sizes(void) {
    enum { SIZE = 1 << 20 };
    char *bytes = calloc(1, SIZE);
    size_t mark = host_mark();
    value big = host_string(bytes, SIZE);
    for (int i = 0; i < 50; i++) {
        size_t inner = host_mark();
        OK(new("ZMQFrame", ARGS(big)));
        host_release(inner);
        CHECK(host_own_objects() < 20);
    }
    host_release(mark);
    free(bytes);
}

static void nothing_takes_arguments_for_names(void) {
    value s = OK(new("ZMQPair", NONE));
    const char *methods[] = {"endpoint", "closed", "type", "receive", "receiveall", "close"};
    for (size_t i = 0; i < COUNT(methods); i++) {
        RAISES("ZMQArgs", host_invoke(s, methods[i], ARGS(integer(1))));
        RAISES("ZMQArgs", host_invoke(s, methods[i], ARGS(nil())));
        RAISES("ZMQArgs", host_invoke(s, methods[i], ARGS(text("timeout"), integer(0))));
    }
}

/* Functions of a script that answer requests. */
static int answered;

static value answer(vm *vm, int count, value *given) {
    (void)vm;
    CHECK(count == 1 && length(given[1]) == 2);
    CHECK_TEXT(item(given[1], 0), "a");
    answered++;
    host_collect();
    value reply[] = {text("reply"), integer(answered), truth(true)};
    return host_list(COUNT(reply), reply);
}

static value answer_nothing(vm *vm, int count, value *given) {
    (void)vm, (void)count, (void)given;
    return nil();
}

static value answer_with_error(vm *vm, int count, value *given) {
    (void)count, (void)given;
    error e = {.category = USER_ERROR, .id = "Oops", .line = -1, .position = -1, .message = "no"};
    morpho_error(vm, &e);
    return nil();
}

/* The script uses the library in the middle of a call of it. */
static value answer_and_call(vm *vm, int count, value *given) {
    (void)vm, (void)count;
    hundred_messages();
    OK(new("ZMQFrame", ARGS(text("dropped"))));
    return given[0];
}

static value requested(pair p, value function) {
    CHECK(is_true(OK(host_invoke(p.out, "send", ARGS(text("a"), text("b"))))));
    return host_invoke(p.in, "serve", with(ARGS(function), "count", integer(1)));
}

static void callbacks(void) {
    value at = endpoint();
    pair p = {.in = socket_at("ZMQReply", at)};
    p.out = socket_at("ZMQRequest", at);
    answered = 0;
    CHECK(is_integer(OK(requested(p, host_closure(answer))), 1));
    CHECK(answered == 1);
    value reply = OK(host_invoke(p.out, "receiveall", timeout(integer(5000))));
    CHECK_TEXT(item(reply, 0), "reply");
    CHECK_TEXT(item(reply, 2), "true");

    value frame = OK(new("ZMQFrame", ARGS(text("\xff"))));
    CHECK(is_integer(OK(requested(p, host_invocation(frame, answer_and_call))), 1));
    CHECK(is_a(receives(p.out), "ZMQFrame"));

    RAISES("ZMQArgs", requested(p, host_closure(answer_nothing)));
    CHECK(sends(p.in, text("late")));
    CHECK_TEXT(receives(p.out), "late");
    RAISES("Oops", requested(p, host_closure(answer_with_error)));
    CHECK(sends(p.in, text("late")));
    CHECK_TEXT(receives(p.out), "late");

    arguments once = with(NONE, "count", integer(1));
    once.count = 1;
    once.values[0] = function("ZMQFrame");
    CHECK(contains(RAISES("ZMQArgs", host_invoke(p.in, "serve", once)), "class ZMQFrame"));
}

/* ----------------------------------------------------------------- arrays -- */

static value received_array(pair p) {
    value v = OK(host_invoke(p.in, "receivearray", timeout(integer(5000))));
    host_collect();
    return v;
}

static value array_back(pair p, value v) {
    OK(host_invoke(p.out, "sendarray", ARGS(v)));
    return received_array(p);
}

/* The same within a list. */
static value array_inside(pair p, value v) {
    OK(host_invoke(p.out, "sendvalue", ARGS(host_list(1, &v))));
    value back = OK(host_invoke(p.in, "receivevalue", timeout(integer(5000))));
    host_collect();
    return item(back, 0);
}

/* What another program sends: JSON and the elements. */
static value array_from(pair p, const char *described, const void *elements, size_t size) {
    value frames[] = {text(described), host_string(elements, size)};
    CHECK(sends(p.out, host_list(2, frames)));
    return host_invoke(p.in, "receivearray", timeout(integer(5000)));
}

#define ARRAY_FROM(p, described, elements) array_from(p, described, elements, sizeof(elements))
#define DISCARDS(p, described, elements) RAISES("ZMQDecode", ARRAY_FROM(p, described, elements))

static void check_complex(value v, double real, double imaginary) {
    if (!object_istype(v, objectcomplextype)) host_fail("no complex number");
    const double *parts = ((complex_number *)as_object(v))->parts;
    if (parts[0] != real || parts[1] != imaginary) host_fail("%g %g", parts[0], parts[1]);
}

static array *an_array(value v, uint32_t dimensions, uint32_t count) {
    if (!object_istype(v, objectarraytype)) host_fail("no Array");
    array *a = (array *)as_object(v);
    CHECK(a->dimensions == dimensions && a->count == count);
    return a;
}

static void arrays(void) {
    pair p = pipeline();
    AT, check_complex(array_back(p, host_complex(1, -2)), 1, -2);
    AT, check_complex(array_inside(p, host_complex(0, 0.5)), 0, 0.5);
    CHECK(is_integer(array_back(p, integer(-42)), -42));
    value third = array_back(p, number(0.25));
    CHECK(kind_of(third) == NUMBER && as_number(third) == 0.25);

    /* Three dimensions or more are an Array in every Morpho. */
    const uint32_t sizes[] = {2, 3, 4};
    value values[24];
    for (int i = 0; i < 24; i++) values[i] = integer(100 * (i % 2) + 10 * (i / 2 % 3) + i / 6);
    for (int inside = 0; inside < 2; inside++) {
        value cube = host_array(3, sizes, values);
        const array *a = an_array(inside ? array_inside(p, cube) : array_back(p, cube), 3, 24);
        for (int i = 0; i < 3; i++) CHECK(is_integer(a->shape[i], (int)sizes[i]));
        for (int i = 0; i < 24; i++) {
            CHECK(kind_of(a->values[i]) == NUMBER);
            CHECK(as_number(a->values[i]) == as_integer(values[i]));
        }
    }
    value complexes[] = {host_complex(1, 2), host_complex(3, 4), host_complex(5, 6)};
    const uint32_t three[] = {1, 3, 1};
    const array *a = an_array(array_back(p, host_array(3, three, complexes)), 3, 3);
    for (int i = 0; i < 3; i++) AT, check_complex(a->values[i], 2 * i + 1, 2 * i + 2);

    value word = text("a");
    const uint32_t one[] = {1};
    RAISES("ZMQArgs", host_invoke(p.out, "sendarray", ARGS(host_array(1, one, &word))));
    RAISES("ZMQArgs", host_invoke(p.out, "sendarray", ARGS(nil())));
    RAISES("ZMQArgs", host_invoke(p.out, "sendarray", ARGS(word)));

    const int64_t large[] = {(INT64_C(1) << 53) + 1};
    const uint64_t larger[] = {UINT64_MAX};
    DISCARDS(p, "{\"dtype\": \"int64\", \"shape\": [1, 1, 1]}", large);
    const char *message = DISCARDS(p, "{\"dtype\": \"uint64\", \"shape\": [1, 1, 1]}", larger);
    CHECK(contains(message, "uint64 18446744073709551615"));
    const char *huge = "{\"dtype\": \"float64\", \"shape\": [0, 0, 4294967296]}";
    RAISES("ZMQDecode", array_from(p, huge, "", 0));

    /* MessagePack: ["text", three-dimensional array with the largest uint64], of which nothing
     * is left. */
    const char list[] = "\x92\xa4text\xc7\x22\x4e\x09\x03\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
                        "\1\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff";
    CHECK(sends(p.out, host_string(list, sizeof list - 1)));
    RAISES("ZMQDecode", host_invoke(p.in, "receivevalue", timeout(integer(5000))));
}

#if HAS_MATRICES
static void check_matrix(value v, int32_t rows, int32_t columns, const double *elements) {
    if (!object_istype(v, objectmatrixtype)) host_fail("no Matrix");
    const matrix *m = (matrix *)as_object(v);
    CHECK(m->rows == rows && m->columns == columns);
    for (int32_t i = 0; i < rows * columns; i++) CHECK(m->elements[i] == elements[i]);
}

static void matrices(void) {
    pair p = pipeline();
    const double six[] = {1, 4, 2.5, 5, -3, 1e300};
    AT, check_matrix(array_back(p, host_matrix(2, 3, six)), 2, 3, six);
    AT, check_matrix(array_inside(p, host_matrix(2, 3, six)), 2, 3, six);
    AT, check_matrix(array_back(p, host_matrix(1, 6, six)), 1, 6, six);
    AT, check_matrix(array_back(p, host_matrix(6, 1, six)), 6, 1, six);
    AT, check_matrix(array_back(p, host_matrix(0, 3, six)), 0, 3, six);
    enum { ROWS = 100, COLUMNS = 70 };
    static double many[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) many[i] = i;
    AT, check_matrix(array_back(p, host_matrix(ROWS, COLUMNS, many)), ROWS, COLUMNS, many);

    /* Row by row from others, and of other numbers. */
    const int16_t shorts[] = {1, -2, 3, -4, 5, -6};
    const double by_columns[] = {1, -4, -2, 5, 3, -6};
    value from = OK(ARRAY_FROM(p, "{\"dtype\": \"int16\", \"shape\": [2, 3]}", shorts));
    AT, check_matrix(from, 2, 3, by_columns);
    const float halves[] = {0.5, 1.5};
    const double column[] = {0.5, 1.5};
    from = OK(ARRAY_FROM(p, "{\"dtype\": \"float32\", \"shape\": [2]}", halves));
    AT, check_matrix(from, 2, 1, column);
    const int64_t large[] = {1, (INT64_C(1) << 53) + 1};
    const char *message = DISCARDS(p, "{\"dtype\": \"int64\", \"shape\": [2]}", large);
    CHECK(contains(message, "int64 9007199254740993"));
    const char *huge = "{\"dtype\": \"float64\", \"shape\": [0, 4294967296]}";
    RAISES("ZMQDecode", array_from(p, huge, "", 0));

    value m = host_matrix(2, 3, six);
    RAISES("ZMQArgs", host_invoke(p.out, "sendarray", ARGS(host_list(1, &m))));
}
#else
/* Lists are in their place. */
static void matrices(void) {
    pair p = pipeline();
    const int16_t shorts[] = {1, -2, 3, -4, 5, -6};
    value rows = OK(ARRAY_FROM(p, "{\"dtype\": \"int16\", \"shape\": [2, 3]}", shorts));
    host_collect();
    CHECK(length(rows) == 2 && length(item(rows, 1)) == 3);
    CHECK(is_integer(item(item(rows, 1), 0), -4));
    rows = array_back(p, rows);
    CHECK(is_integer(item(item(rows, 0), 2), 3));
    CHECK(length(OK(ARRAY_FROM(p, "{\"dtype\": \"int16\", \"shape\": [6]}", shorts))) == 6);
}
#endif

/* What another program sends: the matrix 1 0 -3, 0 0 2.5, row by row. */
static value sparse_from(pair p, const char *dtype, const void *data, size_t size) {
    char described[120];
    snprintf(described, sizeof described, "{\"format\": \"csr\", \"dtype\": \"%s\", "
             "\"index_dtype\": \"int64\", \"shape\": [2, 3]}", dtype);
    const int64_t indices[] = {0, 2, 2}, indptr[] = {0, 2, 3};
    value frames[] = {text(described), host_string(data, size),
                      host_string((const char *)indices, sizeof indices),
                      host_string((const char *)indptr, sizeof indptr)};
    CHECK(sends(p.out, host_list(4, frames)));
    return host_invoke(p.in, "receivearray", timeout(integer(5000)));
}

#define SPARSE_FROM(p, dtype, data) sparse_from(p, dtype, (const char *)data, sizeof(data))

#if HAS_SPARSE
static const sparse *a_sparse(value v) {
    if (!object_istype(v, objectsparsetype)) host_fail("no Sparse");
    return (sparse *)as_object(v);
}

/* Morpho holds what it computes in columns alone. */
static void check_sparse(value v, const double *values) {
    const elements *e = &a_sparse(v)->elements;
    const compressed *c = &a_sparse(v)->compressed;
    CHECK(e->rows == 0 && e->columns == 0 && e->table.count == 0);
    CHECK(c->rows == 2 && c->columns == 3 && c->room == 3);
    const int32_t begins[] = {0, 1, 1, 3}, row_of[] = {0, 0, 1};
    CHECK(memcmp(c->begins, begins, sizeof begins) == 0);
    CHECK(memcmp(c->row_of, row_of, sizeof row_of) == 0);
    for (int i = 0; i < 3; i++) CHECK(c->values[i] == values[i]);
}

static const char *refused(pair p, const sparse *s) {
    return RAISES("ZMQArgs", host_invoke(p.out, "sendarray", ARGS(from_object((void *)s))));
}

static void sparse_matrices(void) {
    pair p = pipeline();
    const double values[] = {1, -3, 2.5};
    sparse *s = host_sparse(2, 3);
    sparsedok_insert(&s->elements, 1, 2, number(2.5));
    sparsedok_insert(&s->elements, 0, 0, integer(1));
    sparsedok_insert(&s->elements, 0, 2, number(-3));
    AT, check_sparse(array_back(p, from_object(s)), values);
    AT, check_sparse(array_inside(p, from_object(s)), values);
    sparse_checkformat(s, 1, true, true);
    AT, check_sparse(array_back(p, from_object(s)), values);
    AT, check_sparse(array_inside(p, from_object(s)), values);
    const float floats[] = {1, -3, 2.5};
    AT, check_sparse(OK(SPARSE_FROM(p, "float32", floats)), values);

    const int64_t large[] = {1, 1, (INT64_C(1) << 53) + 1};
    const char *message = RAISES("ZMQDecode", SPARSE_FROM(p, "int64", large));
    CHECK(contains(message, "int64 9007199254740993"));
    const double parts[] = {1, 2, 3, 4, 5, 6};
    message = RAISES("ZMQDecode", SPARSE_FROM(p, "complex128", parts));
    CHECK(contains(message, "a sparse matrix of complex128"));

    /* Columns that the script has changed. */
    s->compressed.row_of[2] = 7;
    CHECK(contains(refused(p, s), "column 2 has an element in row 7: expected rows below 2"));
    s->compressed.row_of[2] = 0;
    CHECK(contains(refused(p, s), "column 2 has row 0 twice"));
    s->compressed.room = 2;
    CHECK(contains(refused(p, s), "its columns end behind its elements"));
    s->compressed.room = 3;

    const int32_t sizes[][2] = {{0, 0}, {0, 5}, {5, 0}, {3, 4}};
    for (int i = 0; i < 4; i++) {
        sparse *empty = host_sparse(sizes[i][0], sizes[i][1]);
        const sparse *back = a_sparse(array_back(p, from_object(empty)));
        CHECK(back->elements.rows == sizes[i][0] && back->elements.columns == sizes[i][1]);
        CHECK(back->elements.table.count == 0 && back->compressed.begins == NULL);
    }

    /* Elements without a value are 1. */
    s = host_sparse(1, 1);
    sparsedok_insert(&s->elements, 0, 0, nil());
    CHECK(a_sparse(array_back(p, from_object(s)))->compressed.values[0] == 1);
    sparseccs_resize(&s->compressed, 1, 1, 1, true);
    memcpy(s->compressed.begins, (int32_t[]){0, 1}, 2 * sizeof(int32_t));
    s->compressed.row_of[0] = 0;
    free(s->compressed.values);
    s->compressed.values = NULL;
    CHECK(a_sparse(array_back(p, from_object(s)))->compressed.values[0] == 1);
    s->elements.table.count = 0;
    CHECK(a_sparse(array_back(p, from_object(s)))->compressed.values[0] == 1);

    s = host_sparse(1, 2);
    sparsedok_insert(&s->elements, 0, 1, text("a"));
    CHECK(contains(refused(p, s), "its element [0, 1] is not a number"));
    s = host_sparse(1, INT32_MAX);
    CHECK(contains(refused(p, s), "it has 2147483647 columns: at most 268435456"));
}
#else
/* A Dictionary is in its place. */
static void sparse_matrices(void) {
    pair p = pipeline();
    const float floats[] = {1, -3, 2.5};
    value v = OK(SPARSE_FROM(p, "float32", floats));
    for (int round = 0; round < 2; round++) {
        if (!object_istype(v, objectdictionarytype)) host_fail("no Dictionary");
        CHECK(((dictionary *)as_object(v))->table.count == 5);
        v = array_back(p, v);
    }
#if HAS_MATRICES
    value s = from_object(host_sparse(2, 3));
    const char *message = RAISES("ZMQArgs", host_invoke(p.out, "sendarray", ARGS(s)));
    CHECK(contains(message, "a Sparse, whose layout in this Morpho is not known"));
#endif
}
#endif

static void complex_matrices(void) {
    pair p = pipeline();
    const float parts[] = {1, 2, 3, 4, 5, 6, 7, 8};
    value v = OK(ARRAY_FROM(p, "{\"dtype\": \"complex64\", \"shape\": [2, 2]}", parts));
#if HAS_COMPLEX_MATRICES
    const double by_columns[] = {1, 2, 5, 6, 3, 4, 7, 8};
    for (int round = 0; round < 2; round++) {
        if (!object_istype(v, objectcomplexmatrixtype)) host_fail("no ComplexMatrix");
        const matrix *m = (matrix *)as_object(v);
        CHECK(m->rows == 2 && m->columns == 2);
        for (int i = 0; i < 8; i++) CHECK(m->elements[i] == by_columns[i]);
        v = array_back(p, v);
    }
#else
    const int by_columns[] = {1, 5, 3, 7};
    for (int round = 0; round < 2; round++) {
        const array *a = an_array(v, 2, 4);
        for (int i = 0; i < 4; i++) {
            AT, check_complex(a->values[i], by_columns[i], by_columns[i] + 1);
        }
        v = array_back(p, v);
    }
#endif
}

/* Frames are equal if their bytes are; a socket is equal to itself alone. */
static void keys_of_dictionaries(void) {
    value one = OK(new("ZMQFrame", ARGS(text("key"))));
    value same = OK(new("ZMQFrame", ARGS(text("key"))));
    value other = OK(new("ZMQFrame", ARGS(text("other"))));
    CHECK(host_equal(one, one) && host_equal(one, same) && !host_equal(one, other));
    pair p = pipeline();
    CHECK(host_equal(p.in, p.in) && !host_equal(p.in, pipeline().in));
}

/* A call in another thread. */
typedef struct {
    pthread_t thread;
    value self;
    const char *method;
    arguments arguments;
    int times;
    outcome outcome;
} errand;

static void *run_errand(void *given) {
    errand *e = given;
    for (int i = 0; i < e->times; i++) {
        e->outcome = host_invoke_elsewhere(e->self, e->method, e->arguments);
        if (e->outcome.error.category != NO_ERROR) break;
    }
    return NULL;
}

static void begin(errand *e) {
    if (pthread_create(&e->thread, NULL, run_errand, e)) host_fail("there are no more threads");
}

static value end_of(errand *e) {
    pthread_join(e->thread, NULL);
    if (e->outcome.error.category != NO_ERROR) host_fail("raised %s", e->outcome.error.message);
    return e->outcome.result;
}

static void pause_for(long milliseconds) {
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

/* While a thread waits in a socket, the socket is not there for the others. */
static void busy_sockets(void) {
    pair p = pipeline();
    errand waits = {
        .self = p.in, .method = "receive", .arguments = timeout(integer(20000)), .times = 1};
    begin(&waits);
    do {
        pause_for(20);
        host_invoke(p.in, "receive", timeout(integer(0)));
    } while (host_error()->category == NO_ERROR);
    failed("ZMQClosed");
    RAISES("ZMQClosed", host_invoke(p.in, "bind", ARGS(endpoint())));
    host_collect();
    CHECK(sends(p.out, text("found")));
    CHECK_TEXT(end_of(&waits), "found");
}

static void other_threads(void) {
    pair pairs[] = {pipeline(), pipeline()};
    errand errands[4];
    for (size_t i = 0; i < COUNT(pairs); i++) {
        arguments message = with(ARGS(text("a"), text("\xff")), "timeout", integer(5000));
        errands[2 * i] = (errand){
            .self = pairs[i].out, .method = "send", .arguments = message, .times = 50};
        errands[2 * i + 1] = (errand){.self = pairs[i].in,
                                      .method = "receiveall",
                                      .arguments = timeout(integer(5000)),
                                      .times = 50};
    }
    for (size_t i = 0; i < COUNT(errands); i++) begin(&errands[i]);
    hundred_messages();
    for (size_t i = 0; i < COUNT(errands); i++) end_of(&errands[i]);
    CHECK_TEXT(item(errands[1].outcome.result, 0), "a");
    CHECK(is_a(item(errands[3].outcome.result, 1), "ZMQFrame"));
}

#define CASE(name) {#name, name}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    CASE(constructors),
    CASE(parent),
    CASE(frames),
    CASE(strings),
    CASE(kinds_of_frames),
    CASE(calls_without_a_wait),
    CASE(batches),
    CASE(timeouts),
    CASE(named_arguments),
    CASE(wrong_receivers),
    CASE(subclasses),
    CASE(foreign_fields),
    CASE(wrong_arguments),
    CASE(nothing_takes_arguments_for_names),
    CASE(long_messages),
    CASE(deep_values),
    CASE(closed_sockets),
    CASE(out_of_order),
    CASE(class_methods),
    CASE(texts_of_sockets),
    CASE(hundred_messages),
    CASE(dropped_sockets),
    CASE(callbacks),
    CASE(arrays),
    CASE(matrices),
    CASE(complex_matrices),
    CASE(sparse_matrices),
    CASE(keys_of_dictionaries),
    CASE(sizes),
    CASE(busy_sockets),
    CASE(other_threads),
};

static void run_cases(void) {
    for (size_t i = 0; i < COUNT(cases); i++) {
        host_at(cases[i].name, 0);
        size_t mark = host_mark();
        cases[i].run();
        host_release(mark);
        printf("%s\n", cases[i].name);
        fflush(stdout);
    }
}

/* What a script leaves behind that ends just like that: sockets of any kind, in
 * use, with messages that nobody takes. */
static void leave_sockets(void) {
    host_at("leave_sockets", 0);
    pair p = conversation();
    CHECK(sends(p.out, text("unread")));
    value nobody = socket_at("ZMQPush", text("tcp://127.0.0.1:9"));
    for (int i = 0; i < 10; i++) CHECK(sends(nobody, text("undeliverable")));
    value listener = OK(new("ZMQRouter", NONE));
    OK(host_invoke(listener, "bind", ARGS(text("tcp://127.0.0.1:*"))));
    value child = host_instance(host_subclass("My", host_class("ZMQPublisher")));
    OK(host_invoke(child, "init", ARGS(text("tcp://127.0.0.1:*"))));
    OK(new("ZMQFrame", ARGS(text("bytes"))));
}

/* A Morpho that the extension does not know gets constructors that say so. */
static void unknown_values(void) {
    host_at("unknown_values", 0);
    for (size_t i = 0; i < COUNT(sockets); i++) {
        if (strcmp(sockets[i].name, "ZMQXSubcriber") == 0) continue;
        CHECK(contains(RAISES("ZMQErr", new(sockets[i].name, NONE)), "Morpho"));
    }
    RAISES("ZMQErr", new("ZMQFrame", ARGS(text("x"))));
    CHECK(is_nil(host_class("ZMQSocket")));
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#ifdef __linux__
static int threads(void) {
    DIR *folder = opendir("/proc/self/task");
    CHECK(folder != NULL);
    int count = -2; /* . and .. */
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}
#endif

/* The end waits for what is unsent, but not for long, and leaves no thread that
 * would run on; the last ones may be on their way out. */
static void end(void) {
    host_at("end", 0);
    double before = seconds();
    host_end();
    CHECK(seconds() - before < 5);
#ifdef __linux__
    while (threads() > 1) CHECK(seconds() - before < 10);
#endif
}

int main(int count, char **words) {
    if (count != 3) {
        fprintf(stderr, "usage: %s LIBRARY due|always|idle|unknown\n", words[0]);
        return 2;
    }
    bool idle = strcmp(words[2], "idle") == 0, unknown = strcmp(words[2], "unknown") == 0;
    host_start(strcmp(words[2], "always") == 0 ? COLLECT_ALWAYS : COLLECT_WHEN_DUE);
    if (unknown) initselector = number(0.5);
    host_at("import", 0);
    host_import(words[1]);
    if (unknown) {
        unknown_values();
    } else if (!idle) {
        run_cases();
        leave_sockets();
    }
    end();
    puts("end");
    return 0;
}
