/* A shop that answers orders in JSON. A loop calls its functions, so it needs no thread.
 *
 *     cc orders.c $(pkg-config --cflags --libs zeromq) -o orders && ./orders
 */

#include <inttypes.h>
#include <stdio.h>
#include <zeromq.h>

static const char *const GOODS[] = {"tea", "jam", "air"};
static const int64_t PRICES[] = {3, 5};
static int ordered, answered;

/* Orders the next thing: {"item": "tea", "count": 2}. */
static int32_t order(zeromq_loop *loop, zeromq_socket *none, void *data) {
    zeromq_value entries[] = {
        zeromq_value_string("item"),  zeromq_value_string(GOODS[ordered]),
        zeromq_value_string("count"), zeromq_value_int(ordered + 2),
    };
    zeromq_value value = zeromq_value_dictionary(entries, 4);
    (void)loop, (void)none;
    ordered++;
    return zeromq_socket_send_json((zeromq_socket *)data, &value, 0);
}

/* Answers an order with its price, or with nil if there is no such thing. */
static int32_t sell(zeromq_loop *loop, zeromq_socket *server, void *data) {
    zeromq_value value, price = zeromq_value_nil();
    zeromq_slice item;
    int64_t count;
    size_t at;
    (void)loop, (void)data;

    /* What is missing or of another kind is noticed by the function that reads it. */
    if (zeromq_socket_receive_json(server, &value, 0) == ZEROMQ_CODE_OK &&
        zeromq_value_get_string(zeromq_value_member(&value, "item"), &item) == ZEROMQ_CODE_OK &&
        zeromq_value_get_int(zeromq_value_member(&value, "count"), &count) == ZEROMQ_CODE_OK)
        for (at = 0; at < sizeof PRICES / sizeof *PRICES; at++)
            if (*(const char *)item.data == *GOODS[at])
                price = zeromq_value_int(count * PRICES[at]);
    return zeromq_socket_send_json(server, &price, 0);
}

/* Shows an answer and orders again. The last answer ends the loop. */
static int32_t show(zeromq_loop *loop, zeromq_socket *client, void *data) {
    zeromq_value value;
    int64_t price;

    if (zeromq_socket_receive_json(client, &value, 0) != ZEROMQ_CODE_OK)
        return 1;
    if (zeromq_value_get_int(&value, &price) == ZEROMQ_CODE_OK)
        printf("%s costs %" PRId64 "\n", GOODS[answered], price);
    else
        printf("%s: %s\n", GOODS[answered], zeromq_last_error()->message);
    return ++answered == 3 ? 1 : order(loop, NULL, data);
}

int main(void) {
    zeromq_socket *server = zeromq_socket_new(ZEROMQ_REPLY, "inproc://shop");
    zeromq_socket *client = zeromq_socket_new(ZEROMQ_REQUEST, "inproc://shop");
    zeromq_loop *loop = zeromq_loop_new();
    zeromq_code code = zeromq_loop_reader(loop, server, sell, NULL);

    zeromq_loop_reader(loop, client, show, client);
    zeromq_loop_timer(loop, 10, 1, order, client, NULL);
    if (code == ZEROMQ_CODE_OK)
        code = zeromq_loop_start(loop, 5000);
    if (code != ZEROMQ_CODE_OK)
        fprintf(stderr, "%s\n", zeromq_last_error()->message);
    zeromq_loop_free(loop);
    zeromq_socket_free(client);
    zeromq_socket_free(server);
    zeromq_shutdown();
    return code;
}
