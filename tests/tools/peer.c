/*  A peer of the tools, made with czmq: peer MODE ENDPOINT. */

#include <czmq.h>

#define DEADLINE 60000

static void
check (bool right, const char *what)
{
    if (!right) {
        fprintf (stderr, "%s failed\n", what);
        exit (1);
    }
}

/*  Prints the frames of a message as hexadecimal digits, with spaces between them. */
static void
show (zsock_t *socket)
{
    zmsg_t *message = zmsg_recv (socket);
    check (message != NULL, "zmsg_recv");
    const char *separator = "";
    for (zframe_t *frame = zmsg_first (message); frame; frame = zmsg_next (message)) {
        printf ("%s", separator);
        for (size_t index = 0; index < zframe_size (frame); index++)
            printf ("%02x", zframe_data (frame)[index]);
        separator = " ";
    }
    puts ("");
    zmsg_destroy (&message);
}

/*  Sends a message of two frames. */
static void
send_two (zsock_t *socket, const char *first, const void *second, size_t size)
{
    zmsg_t *message = zmsg_new ();
    zmsg_addstr (message, first);
    zmsg_addmem (message, second, size);
    check (zmsg_send (&message, socket) == 0, "zmsg_send");
}

/*  Answers requests with their frames in reverse order, until it is killed. */
static void
answer (zsock_t *socket)
{
    while (true) {
        zmsg_t *request = zmsg_recv (socket), *reply = zmsg_new ();
        check (request != NULL, "zmsg_recv");
        zframe_t *frame;
        while ((frame = zmsg_pop (request)))
            zmsg_prepend (reply, &frame);
        zmsg_destroy (&request);
        check (zmsg_send (&reply, socket) == 0, "zmsg_send");
    }
}

int
main (int count, char **arguments)
{
    check (count == 3, "peer MODE ENDPOINT");
    const char *mode = arguments [1];
    const char *modes [] = { "pub", "sub", "push", "pull", "req", "rep" };
    const int types [] = { ZMQ_PUB, ZMQ_SUB, ZMQ_PUSH, ZMQ_PULL, ZMQ_REQ, ZMQ_REP };
    zsock_t *socket = NULL;
    setvbuf (stdout, NULL, _IOLBF, 0);
    for (int index = 0; index < 6; index++)
        if (streq (mode, modes [index]))
            socket = zsock_new (types [index]);
    check (socket != NULL, "zsock_new");
    zsock_set_rcvtimeo (socket, DEADLINE);
    zsock_set_linger (socket, DEADLINE);
    if (streq (mode, "sub"))
        zsock_set_subscribe (socket, "");
    /*  @ binds and > connects, as with the tools. */
    check (zsock_attach (socket, arguments [2], false) == 0, "zsock_attach");
    if (streq (mode, "sub") || streq (mode, "pull"))
        show (socket);
    else
    if (streq (mode, "pub"))
        while (true) {
            send_two (socket, "b1", "\0\xff", 2);
            zclock_sleep (20);
        }
    else
    if (streq (mode, "push"))
        for (int index = 0; index < 3; index++)
            send_two (socket, "task", &"123" [index], 1);
    else
    if (streq (mode, "req")) {
        send_two (socket, "one", "\xff\n", 2);
        show (socket);
    }
    else
        answer (socket);
    zsock_destroy (&socket);
    return 0;
}
