/* Publisher and subscriber: one town receives only its own weather.
 *
 *     cc weather.c $(pkg-config --cflags --libs zeromq) -o weather && ./weather
 */

#include <stdio.h>
#include <string.h>
#include <zeromq.h>

static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, zeromq_last_error()->message);
    return 1;
}

/* Sends a message of two frames: the topic, which subscriptions match, and the news. */
static zeromq_code publish(zeromq_socket *publisher, const char *topic, const char *news) {
    zeromq_slice frames[2];

    frames[0].data = topic;
    frames[0].size = strlen(topic);
    frames[1].data = news;
    frames[1].size = strlen(news);
    return zeromq_socket_send_frames(publisher, frames, 2, 1000);
}

static int listen_to(zeromq_socket *publisher, zeromq_socket *subscriber) {
    zeromq_frames message; /* it is lent until the next call with the socket */
    int day;
    char news[32];

    if (zeromq_socket_subscribe(subscriber, "Oslo", 4))
        return failed("the subscription");
    /* The publisher drops messages until it has received the subscription. */
    while (publish(publisher, "Oslo", "begin"),
           zeromq_socket_receive_frames(subscriber, &message, 20))
        ;
    for (day = 1; day <= 3; day++) {
        snprintf(news, sizeof news, "day %d: rain", day);
        if (publish(publisher, "Rome", "sun") || publish(publisher, "Oslo", news))
            return failed("the publisher");
    }
    for (day = 1; day <= 3;) {
        const zeromq_slice *frame;
        if (zeromq_socket_receive_frames(subscriber, &message, 1000))
            return failed("the subscriber");
        frame = message.frames;
        if (frame[1].size == 5)
            continue; /* another "begin" */
        printf("%.*s, %.*s\n", (int)frame[0].size, (const char *)frame[0].data,
               (int)frame[1].size, (const char *)frame[1].data);
        day++;
    }
    return 0;
}

int main(void) {
    zeromq_socket *publisher = zeromq_socket_new(ZEROMQ_PUBLISHER, "tcp://127.0.0.1:*");
    zeromq_socket *subscriber = zeromq_socket_new(ZEROMQ_SUBSCRIBER, NULL);
    const char *endpoint;
    int result;

    if (zeromq_socket_endpoint(publisher, &endpoint) ||
        zeromq_socket_connect(subscriber, endpoint))
        result = failed("the sockets");
    else
        result = listen_to(publisher, subscriber);

    zeromq_socket_free(subscriber);
    zeromq_socket_free(publisher);
    zeromq_shutdown();
    return result;
}
