/* A mistake that only an instrumented library can detect: memory that was passed to
 * zeromq_message_add_memory is freed before it is sent, and libzmq reads it. */

#include "check.h"

int main(void) {
    zeromq_socket *publisher = zeromq_socket_new(ZEROMQ_XPUBLISHER, "inproc://dangling");
    zeromq_socket *subscriber = zeromq_socket_new(ZEROMQ_SUBSCRIBER, NULL);
    zeromq_message *message = zeromq_message_new();
    CHECK(zeromq_socket_subscribe(subscriber, "topic", 5) == ZEROMQ_CODE_OK);
    CHECK(zeromq_socket_connect(subscriber, "inproc://dangling") == ZEROMQ_CODE_OK);
    CHECK(zeromq_socket_receive(publisher, message, SOON) == ZEROMQ_CODE_OK);
    CHECK(zeromq_message_clear(message) == ZEROMQ_CODE_OK);

    char *memory = malloc(100);
    memset(memory, 't', 100);
    CHECK(zeromq_message_add_memory(message, memory, 100, NULL, NULL) == ZEROMQ_CODE_OK);
    free(memory);
    zeromq_socket_send_message(publisher, message, SOON);
    puts("nobody has noticed");
    return 0;
}
