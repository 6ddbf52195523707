/* A worker for the broker in examples/majordomo: it replies with the length of a word.
 *
 *     cc majordomo_worker.c $(pkg-config --cflags --libs zeromq) -o worker
 *     ./worker tcp://localhost:5555 [REQUESTS]
 *
 * It exits after REQUESTS requests, if given. Messages follow rfc.zeromq.org/spec/7: an
 * empty frame, MDPW01, a command, and the arguments of the command.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zeromq.h>

#define PATIENCE 1500 /* milliseconds without a message from the broker */

enum { READY = 1, REQUEST, REPLY, HEARTBEAT, DISCONNECT };

static void begin(zeromq_message *message, char command) {
    zeromq_message_clear(message);
    zeromq_message_add(message, NULL, 0);
    zeromq_message_add(message, "MDPW01", 6);
    zeromq_message_add(message, &command, 1);
}

/* The last frame is the word. The frames before it identify the client: send them back. */
static void work(zeromq_message *request, zeromq_message *reply) {
    size_t count = zeromq_message_count(request);
    char length[24];

    begin(reply, REPLY);
    for (; count > 4; count--)
        zeromq_message_take_frame(reply, request, 3);
    snprintf(length, sizeof length, "%d", (int)zeromq_message_size(request, 3));
    zeromq_message_add(reply, length, strlen(length));
}

int main(int count, char **arguments) {
    const char *endpoint = count > 1 ? arguments[1] : "tcp://localhost:5555";
    int requests = count > 2 ? atoi(arguments[2]) : -1;
    zeromq_message *message = zeromq_message_new(), *answer = zeromq_message_new();
    zeromq_socket *broker = NULL;

    do {
        /* If there is no broker yet or it is silent, register as after DISCONNECT. */
        char command = DISCONNECT;

        if (!zeromq_socket_receive(broker, message, PATIENCE) &&
            zeromq_message_size(message, 2) == 1)
            command = *(const char *)zeromq_message_data(message, 2);
        if (command == DISCONNECT) {
            zeromq_socket_free(broker);
            broker = zeromq_socket_new(ZEROMQ_DEALER, endpoint);
            begin(answer, READY);
            zeromq_message_add(answer, "length", 6);
        } else if (command == HEARTBEAT) {
            begin(answer, HEARTBEAT);
        } else if (command == REQUEST) {
            work(message, answer);
            requests--;
        }
        if (zeromq_socket_send_message(broker, answer, PATIENCE))
            fprintf(stderr, "%s\n", zeromq_last_error()->message);
    } while (broker && requests != 0);

    zeromq_message_free(answer);
    zeromq_message_free(message);
    zeromq_socket_free(broker);
    zeromq_shutdown();
    return broker == NULL;
}
