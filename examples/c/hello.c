/* Hello world: a client sends a request, a server in the same program replies.
 *
 *     cc hello.c $(pkg-config --cflags --libs zeromq) -o hello && ./hello
 */

#include <stdio.h>
#include <zeromq.h>

/* Prints where and why the last call failed. */
static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, zeromq_last_error()->message);
    return 1;
}

static int talk(zeromq_socket *request, zeromq_socket *reply, zeromq_message *message) {
    const int second = 1000;

    if (zeromq_socket_send(request, "Hello", 5, second))
        return failed("the request");
    if (zeromq_socket_receive(reply, message, second))
        return failed("the server");
    printf("%.*s\n", (int)zeromq_message_size(message, 0),
           (const char *)zeromq_message_data(message, 0));

    if (zeromq_socket_send(reply, "World!", 6, second))
        return failed("the reply");
    if (zeromq_socket_receive(request, message, second))
        return failed("the client");
    printf("%.*s\n", (int)zeromq_message_size(message, 0),
           (const char *)zeromq_message_data(message, 0));
    return 0;
}

int main(void) {
    /* A reply socket binds, a request socket connects. */
    zeromq_socket *reply = zeromq_socket_new(ZEROMQ_REPLY, "inproc://hello");
    zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, "inproc://hello");
    zeromq_message *message = zeromq_message_new();
    int result;

    if (!reply || !request || !message)
        result = failed("the sockets");
    else
        result = talk(request, reply, message);

    zeromq_message_free(message);
    zeromq_socket_free(request);
    zeromq_socket_free(reply);
    zeromq_shutdown();
    return result;
}
