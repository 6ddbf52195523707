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

static int talk(zeromq_socket *request, zeromq_socket *reply) {
    const int second = 1000;
    zeromq_slice text; /* its bytes are lent until the next call with the socket */

    if (zeromq_socket_send(request, "Hello", 5, second))
        return failed("the request");
    if (zeromq_socket_receive_frame(reply, &text, NULL, second))
        return failed("the server");
    printf("%.*s\n", (int)text.size, (const char *)text.data);

    if (zeromq_socket_send(reply, "World!", 6, second))
        return failed("the reply");
    if (zeromq_socket_receive_frame(request, &text, NULL, second))
        return failed("the client");
    printf("%.*s\n", (int)text.size, (const char *)text.data);
    return 0;
}

int main(void) {
    /* A reply socket binds, a request socket connects. */
    zeromq_socket *reply = zeromq_socket_new(ZEROMQ_REPLY, "inproc://hello");
    zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, "inproc://hello");
    int result;

    if (!reply || !request)
        result = failed("the sockets");
    else
        result = talk(request, reply);

    zeromq_socket_free(request);
    zeromq_socket_free(reply);
    zeromq_shutdown();
    return result;
}
