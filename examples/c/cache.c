/* A cache between a publisher and its subscribers: late subscribers get the last values.
 * A topic is one letter here; longer topics would need a better table.
 *
 *     cc cache.c $(pkg-config --cflags --libs zeromq) -o cache && ./cache
 */

#include <stdio.h>
#include <zeromq.h>

static zeromq_message *last[256]; /* the last message of each topic */

/* Stores a message, whose first frame is the topic, and forwards it. */
static void pass(zeromq_socket *readers, zeromq_message *message) {
    const unsigned char *topic = (const unsigned char *)zeromq_message_data(message, 0);

    if (zeromq_message_size(message, 0) != 1)
        return;
    if (!last[*topic])
        last[*topic] = zeromq_message_new();
    zeromq_message_copy(last[*topic], message);
    zeromq_socket_send_message(readers, message, 1000);
}

/* Sends the stored values for a new subscription: a byte, 1, and the topic. */
static void tell(zeromq_socket *readers, zeromq_message *message) {
    const unsigned char *bytes = (const unsigned char *)zeromq_message_data(message, 0);
    size_t size = zeromq_message_size(message, 0);
    int topic, wanted = size == 2 ? bytes[1] : -1; /* an empty topic means all of them */

    if (size < 1 || size > 2 || *bytes != 1)
        return;
    for (topic = 0; topic < 256; topic++)
        if (last[topic] && (wanted == topic || wanted == -1) &&
            !zeromq_message_copy(message, last[topic]))
            zeromq_socket_send_message(readers, message, 1000);
}

int main(void) {
    const zeromq_slice news[][2] = {{{"A", 1}, {"1", 1}}, {{"B", 1}, {"7", 1}},
                                    {{"A", 1}, {"2", 1}}, {{"A", 1}, {"3", 1}}};
    zeromq_socket *publisher = zeromq_socket_new(ZEROMQ_XPUBLISHER, "inproc://source");
    zeromq_socket *source = zeromq_socket_new(ZEROMQ_SUBSCRIBER, "inproc://source");
    zeromq_socket *readers = zeromq_socket_new(ZEROMQ_XPUBLISHER, "inproc://readers");
    zeromq_socket *late = zeromq_socket_new(ZEROMQ_SUBSCRIBER, "inproc://readers");
    zeromq_poller *poller = zeromq_poller_new();
    zeromq_message *message = zeromq_message_new();
    zeromq_poll_event event;
    size_t i, step;

    if (zeromq_socket_set_int(readers, "xpub_verbose", 1) || /* report every subscription */
        zeromq_poller_add(poller, source, ZEROMQ_POLL_IN, NULL) ||
        zeromq_poller_add(poller, readers, ZEROMQ_POLL_IN, NULL) ||
        zeromq_socket_subscribe(source, "", 0) ||
        zeromq_socket_receive(publisher, message, 1000)) /* the subscription of source */
        fprintf(stderr, "the cache: %s\n", zeromq_last_error()->message);
    for (step = 0; step < 5; step++) {
        if (step != 3) /* a subscriber joins at step 3 */
            zeromq_socket_send_frames(publisher, news[step < 3 ? step : 3], 2, 1000);
        else
            zeromq_socket_subscribe(late, "A", 1);
        if (!zeromq_poller_wait(poller, &event, 1, &i, 1000) &&
            !zeromq_socket_receive(event.socket, message, 0))
            (event.socket == source ? pass : tell)(readers, message);
    }
    while (!zeromq_socket_receive(late, message, 0))
        printf("%c = %c\n", *(const char *)zeromq_message_data(message, 0),
               *(const char *)zeromq_message_data(message, 1));

    for (i = 0; i < 256; i++)
        zeromq_message_free(last[i]);
    zeromq_message_free(message);
    zeromq_poller_free(poller);
    zeromq_socket_free(late);
    zeromq_socket_free(readers);
    zeromq_socket_free(source);
    zeromq_socket_free(publisher);
    return zeromq_shutdown();
}
