/* Messages: frames, memory that messages own, errors. */

#include "check.h"

static int given_back;

static void give_back(void *data, void *hint) {
    ++*(int *)hint;
    free(data);
}

static void frames(void) {
    zeromq_message *message = zeromq_message_new();
    zeromq_message *copy = zeromq_message_new();
    zeromq_slice slice = {"unchanged", 9};
    const char *value = "unchanged";

    CHECK(message && copy && message != copy);
    CHECK(zeromq_message_count(message) == 0);
    GIVES(ARGUMENT, zeromq_message_frame(message, 0, &slice));
    CHECK(slice.size == 9);
    GIVES(OK, zeromq_message_add(message, "one", 3));
    GIVES(OK, zeromq_message_add(message, NULL, 0));
    GIVES(ARGUMENT, zeromq_message_add(message, NULL, 1));
    CHECK(zeromq_message_count(message) == 2 && frame_is(message, 0, "one"));
    CHECK(zeromq_message_size(message, 1) == 0 && zeromq_message_size(message, 2) == 0);
    CHECK(zeromq_message_data(message, 2) == NULL);
    GIVES(OK, zeromq_message_frame(message, 0, &slice));
    CHECK(slice.size == 3 && memcmp(slice.data, "one", 3) == 0);
    GIVES(OK, zeromq_message_copy(copy, message));
    GIVES(BUSY, zeromq_message_copy(copy, copy));
    GIVES(OK, zeromq_message_clear(message));
    CHECK(zeromq_message_count(message) == 0 && zeromq_message_count(copy) == 2);
    CHECK(frame_is(copy, 0, "one"));
    GIVES(OK, zeromq_message_property(copy, 0, "Peer-Address", &value));
    CHECK(value == NULL);
    GIVES(ARGUMENT, zeromq_message_property(copy, 2, "Peer-Address", &value));
    GIVES(ARGUMENT, zeromq_message_property(copy, 0, NULL, &value));

    /* A router takes the envelope off and puts another one on. */
    GIVES(OK, zeromq_message_prepend(message, "body", 4));
    GIVES(OK, zeromq_message_prepend(message, "id", 2));
    CHECK(zeromq_message_count(message) == 2 && frame_is(message, 0, "id"));
    CHECK(strcmp(zeromq_message_text(message, 1), "body") == 0);
    CHECK(zeromq_message_text(message, 2) == NULL && zeromq_message_text(NULL, 0) == NULL);
    GIVES(OK, zeromq_message_pop(message, &slice));
    CHECK(slice.size == 2 && memcmp(slice.data, "id", 2) == 0);
    GIVES(OK, zeromq_message_clear(copy));
    GIVES(OK, zeromq_message_add(copy, "first", 5));
    GIVES(OK, zeromq_message_take_frame(copy, message, 0));
    CHECK(zeromq_message_count(message) == 0 && zeromq_message_count(copy) == 2);
    CHECK(frame_is(copy, 0, "first") && frame_is(copy, 1, "body"));
    GIVES(ARGUMENT, zeromq_message_take_frame(copy, message, 0));
    GIVES(BUSY, zeromq_message_take_frame(copy, copy, 0));
    GIVES(ARGUMENT, zeromq_message_pop(message, NULL));
    GIVES(OK, zeromq_message_pop(copy, NULL));
    CHECK(zeromq_message_count(copy) == 1 && frame_is(copy, 0, "body"));
    GIVES(OK, zeromq_message_add(copy, "no \xff text", 10));
    CHECK(zeromq_message_text(copy, 1) == NULL);
    GIVES(ARGUMENT, zeromq_message_prepend(copy, NULL, 1));
    zeromq_message_free(copy);
    zeromq_message_free(message);
    GIVES(CLOSED, zeromq_message_prepend(message, "x", 1));
}

static void memory(void) {
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://memory");
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://memory");
    zeromq_message *message = zeromq_message_new();
    zeromq_message *received = zeromq_message_new();
    static char fixed[] = "it stays for ever";
    char *data = malloc(1000);

    memset(data, 'x', 1000);
    GIVES(OK, zeromq_message_add_memory(message, data, 1000, give_back, &given_back));
    GIVES(OK, zeromq_message_add_memory(message, fixed, sizeof fixed - 1, NULL, NULL));
    CHECK(given_back == 0);
    CHECK(zeromq_message_data(message, 0) == data);
    GIVES(OK, zeromq_socket_send_message(push, message, SOON));
    CHECK(zeromq_message_count(message) == 0);
    GIVES(OK, zeromq_socket_receive(pull, received, SOON));
    /* inproc hands the very memory on. */
    CHECK(zeromq_message_size(received, 0) == 1000 && zeromq_message_data(received, 0) == data);
    CHECK(frame_is(received, 1, "it stays for ever"));
    GIVES(OK, zeromq_message_copy(message, received));
    zeromq_message_free(received);
    CHECK(given_back == 0);
    zeromq_message_free(message);
    CHECK(given_back == 1);

    /* What is not sent is given back too, and what fails is as it was. */
    zeromq_socket_free(pull);
    zeromq_socket_free(push);
    push = zeromq_socket_new(ZEROMQ_PUSH, NULL);
    message = zeromq_message_new();
    data = malloc(10);
    GIVES(OK, zeromq_message_add_memory(message, data, 10, give_back, &given_back));
    GIVES(UNSUPPORTED, zeromq_socket_receive(push, message, 0));
    CHECK(zeromq_message_count(message) == 0 && given_back == 2);
    data = malloc(10);
    GIVES(OK, zeromq_message_add_memory(message, data, 10, give_back, &given_back));
    GIVES(AGAIN, zeromq_socket_send_message(push, message, 10));
    CHECK(zeromq_message_data(message, 0) == data && given_back == 2);
    data = malloc(10);
    CHECK(zeromq_message_add_memory(NULL, data, 10, give_back, NULL) == ZEROMQ_CODE_ARGUMENT);
    free(data);
    zeromq_message_free(message);
    CHECK(given_back == 3);
    zeromq_socket_free(push);
}

int main(void) {
    frames();
    memory();
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    return 0;
}
