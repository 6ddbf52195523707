/* Pollers, proxies, monitors, certificates and the authenticator. */

#include "check.h"
#include <unistd.h>

static void pollers(void) {
    zeromq_socket *one = zeromq_socket_new(ZEROMQ_PULL, "inproc://one");
    zeromq_socket *two = zeromq_socket_new(ZEROMQ_PULL, "inproc://two");
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://two");
    zeromq_poller *poller = zeromq_poller_new();
    zeromq_message *message = zeromq_message_new();
    zeromq_poll_event events[4];
    size_t count = 7;
    int data, ends[2];

    GIVES(ARGUMENT, zeromq_poller_wait(poller, events, 4, &count, ZEROMQ_FOREVER));
    GIVES(OK, zeromq_poller_add(poller, one, ZEROMQ_POLL_IN, NULL));
    GIVES(OK, zeromq_poller_add(poller, two, ZEROMQ_POLL_IN, &data));
    GIVES(UNSUPPORTED, zeromq_poller_add(poller, push, ZEROMQ_POLL_IN, NULL));
    GIVES(ARGUMENT, zeromq_poller_add(poller, one, 0, NULL));
    GIVES(ARGUMENT, zeromq_poller_add(poller, NULL, ZEROMQ_POLL_IN, NULL));
    GIVES(AGAIN, zeromq_poller_wait(poller, events, 4, &count, 5));
    GIVES(ARGUMENT, zeromq_poller_wait(poller, NULL, 4, &count, 5));
    GIVES(ARGUMENT, zeromq_poller_wait(poller, events, 0, &count, 5));
    GIVES(ARGUMENT, zeromq_poller_wait(poller, events, 4, NULL, 5));
    CHECK(count == 7);
    GIVES(OK, zeromq_socket_send(push, "x", 1, SOON));
    GIVES(OK, zeromq_poller_wait(poller, events, 1, &count, SOON));
    CHECK(count == 1 && events[0].socket == two && events[0].data == &data);
    CHECK(events[0].ready == ZEROMQ_POLL_IN && events[0].descriptor == -1);

    CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    GIVES(ARGUMENT, zeromq_poller_add_descriptor(poller, -1, ZEROMQ_POLL_IN, NULL));
    GIVES(OK, zeromq_poller_add_descriptor(poller, ends[0], ZEROMQ_POLL_IN, NULL));
    GIVES(OK, zeromq_poller_wait(poller, events, 4, &count, SOON));
    CHECK(count == 2 && events[1].socket == NULL && events[1].descriptor == ends[0]);
    GIVES(OK, zeromq_poller_remove_descriptor(poller, ends[0]));
    GIVES(OK, zeromq_poller_remove(poller, one));
    GIVES(OK, zeromq_socket_receive(two, message, SOON));
    /* A socket that is freed is closed, though the poller knows it. */
    zeromq_socket_free(two);
    while (zeromq_socket_send(push, "x", 1, 0) == ZEROMQ_CODE_OK)
        usleep(1000);
    GIVES(AGAIN, zeromq_poller_wait(poller, events, 4, &count, 5));
    GIVES(ARGUMENT, zeromq_poller_wait(poller, events, 4, &count, ZEROMQ_FOREVER));
    close(ends[0]);
    close(ends[1]);
    zeromq_message_free(message);
    zeromq_poller_free(poller);
    zeromq_socket_free(push);
    zeromq_socket_free(one);
}

static void proxies(void) {
    zeromq_proxy *proxy = zeromq_proxy_new();
    zeromq_socket *push, *pull;
    zeromq_message *message = zeromq_message_new();
    zeromq_proxy_stats stats;
    char endpoint[64];
    uint16_t port = 7;

    CHECK(zeromq_proxy_state(proxy) == ZEROMQ_PROXY_WAITING);
    GIVES(OK, zeromq_proxy_set_frontend(proxy, ZEROMQ_PULL, "tcp://127.0.0.1:*"));
    GIVES(ARGUMENT, zeromq_proxy_set_backend(proxy, ZEROMQ_PULL, "inproc://backend"));
    GIVES(ARGUMENT, zeromq_proxy_set_backend(proxy, 77, "inproc://backend"));
    GIVES(OK, zeromq_proxy_set_backend(proxy, ZEROMQ_PUSH, "inproc://backend"));
    GIVES(OK, zeromq_proxy_frontend_port(proxy, &port));
    CHECK(port >= 49152);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", port);
    GIVES(OK, zeromq_proxy_backend_port(proxy, &port));
    CHECK(port == 0);
    push = zeromq_socket_new(ZEROMQ_PUSH, endpoint);
    pull = zeromq_socket_new(ZEROMQ_PULL, ">inproc://backend");
    GIVES(OK, zeromq_socket_send(push, "through", 7, SOON));
    GIVES(OK, zeromq_socket_receive(pull, message, SOON));
    CHECK(frame_is(message, 0, "through"));
    CHECK(zeromq_proxy_state(proxy) == ZEROMQ_PROXY_RUNNING);
    GIVES(OK, zeromq_proxy_pause(proxy));
    CHECK(zeromq_proxy_state(proxy) == ZEROMQ_PROXY_PAUSED);
    GIVES(OK, zeromq_proxy_resume(proxy));
    GIVES(ARGUMENT, zeromq_proxy_set_capture(proxy, ZEROMQ_REPLY, "inproc://capture"));
    GIVES(OK, zeromq_proxy_set_capture(proxy, ZEROMQ_PUBLISHER, "inproc://capture"));
    GIVES(OK, zeromq_proxy_set_capture(proxy, 0, NULL));
    stats.size = 4;
    GIVES(ARGUMENT, zeromq_proxy_count(proxy, &stats));
    stats.size = sizeof stats;
    GIVES(OK, zeromq_proxy_count(proxy, &stats));
    CHECK(stats.to_backend == 1 && stats.to_backend_bytes == 7 && stats.to_frontend == 0);
    GIVES(OK, zeromq_proxy_stop(proxy));
    GIVES(OK, zeromq_proxy_stop(proxy));
    GIVES(CLOSED, zeromq_proxy_pause(proxy));
    GIVES(OK, zeromq_proxy_count(proxy, &stats));
    CHECK(zeromq_proxy_state(proxy) == ZEROMQ_PROXY_STOPPED);
    zeromq_proxy_free(proxy);
    CHECK(zeromq_proxy_state(proxy) == ZEROMQ_PROXY_STOPPED);
    zeromq_message_free(message);
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
}

static void arrays(void) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://arrays");
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://arrays");
    /* [[1, 2, 3], [4, 5, 6]] by columns. */
    const double numbers[] = {1, 4, 2, 5, 3, 6};
    const size_t shape[] = {2, 3};
    zeromq_array sent = {
        .element = ZEROMQ_FLOAT64, .order = ZEROMQ_BY_COLUMNS, .shape = shape, .dimensions = 2,
        .data = numbers, .size = sizeof numbers,
    };
    zeromq_array got;
    double number;

    GIVES(OK, zeromq_socket_send_array(push, &sent, SOON));
    GIVES(OK, zeromq_socket_receive_array(pull, &got, SOON));
    CHECK(got.element == ZEROMQ_FLOAT64 && got.order == ZEROMQ_BY_ROWS);
    CHECK(got.dimensions == 2 && got.shape[0] == 2 && got.shape[1] == 3);
    CHECK(got.size == sizeof numbers);
    for (int i = 0; i < 6; i++) {
        memcpy(&number, (const char *)got.data + i * sizeof number, sizeof number);
        CHECK(number == i + 1);
    }
    GIVES(AGAIN, zeromq_socket_receive_array(pull, &got, 0));
    GIVES(OK, zeromq_socket_send(push, "text", 4, SOON));
    GIVES(DECODE, zeromq_socket_receive_array(pull, &got, SOON));
    GIVES(ARGUMENT, zeromq_socket_receive_array(pull, NULL, 0));
    GIVES(ARGUMENT, zeromq_socket_send_array(push, NULL, 0));
    sent.size -= 1;
    GIVES(ARGUMENT, zeromq_socket_send_array(push, &sent, 0));
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
}

static zeromq_array vector(uint32_t element, const void *data, const size_t *count, size_t size) {
    zeromq_array made = {
        .element = element, .order = ZEROMQ_BY_ROWS, .shape = count, .dimensions = 1,
        .data = data, .size = *count * size,
    };
    return made;
}

static void sparse_matrices(void) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://sparse");
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://sparse");
    /* [[1, 0, -3], [0, 0, 2.5]], with the rows of the last column in another order. */
    const double data[] = {1, 2.5, -3}, ordered[] = {1, -3, 2.5};
    const int32_t indices[] = {0, 1, 0}, rows[] = {0, 0, 1}, indptr[] = {0, 1, 1, 3};
    const size_t three = 3, four = 4;
    zeromq_sparse sent = {
        .rows = 2, .columns = 3, .data = vector(ZEROMQ_FLOAT64, data, &three, sizeof *data),
        .indices = vector(ZEROMQ_INT32, indices, &three, sizeof *indices),
        .indptr = vector(ZEROMQ_INT32, indptr, &four, sizeof *indptr),
    };
    zeromq_sparse got;
    zeromq_array array;

    GIVES(OK, zeromq_socket_send_sparse(push, &sent, SOON));
    GIVES(OK, zeromq_socket_receive_sparse(pull, &got, SOON));
    CHECK(got.rows == 2 && got.columns == 3);
    CHECK(got.data.element == ZEROMQ_FLOAT64 && got.data.size == sizeof ordered);
    CHECK(memcmp(got.data.data, ordered, sizeof ordered) == 0);
    CHECK(got.indices.element == ZEROMQ_INT32 && got.indices.size == sizeof rows);
    CHECK(memcmp(got.indices.data, rows, sizeof rows) == 0);
    CHECK(got.indptr.element == ZEROMQ_INT32 && got.indptr.shape[0] == 4);
    CHECK(memcmp(got.indptr.data, indptr, sizeof indptr) == 0);

    GIVES(AGAIN, zeromq_socket_receive_sparse(pull, &got, 0));
    GIVES(OK, zeromq_socket_send_sparse(push, &sent, SOON));
    GIVES(DECODE, zeromq_socket_receive_array(pull, &array, SOON));
    GIVES(OK, zeromq_socket_send_array(push, &sent.data, SOON));
    GIVES(DECODE, zeromq_socket_receive_sparse(pull, &got, SOON));
    GIVES(ARGUMENT, zeromq_socket_receive_sparse(pull, NULL, 0));
    GIVES(ARGUMENT, zeromq_socket_send_sparse(push, NULL, 0));
    sent.rows = 1;
    GIVES(ARGUMENT, zeromq_socket_send_sparse(push, &sent, 0));
    CHECK(strstr(zeromq_last_error()->message, "column 2 has an element in row 1") != NULL);
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
}

static void monitors(void) {
    zeromq_socket *socket = zeromq_socket_new(ZEROMQ_PULL, NULL);
    zeromq_monitor *monitor = zeromq_monitor_new(socket, "LISTENING, ACCEPTED");
    zeromq_monitor_event event;
    uint64_t dropped = 1;

    CHECK(zeromq_monitor_new(socket, "NONSENSE") == NULL);
    CHECK(zeromq_monitor_new(NULL, NULL) == NULL);
    event.size = sizeof event;
    GIVES(AGAIN, zeromq_monitor_next(monitor, &event, 0));
    GIVES(OK, zeromq_socket_bind(socket, "tcp://127.0.0.1:*", NULL));
    GIVES(OK, zeromq_monitor_dropped(monitor, &dropped));
    CHECK(dropped == 0);
    GIVES(ARGUMENT, zeromq_monitor_dropped(monitor, NULL));
    GIVES(OK, zeromq_monitor_next(monitor, &event, SOON));
    CHECK(strcmp(event.name, "LISTENING") == 0 && strncmp(event.endpoint, "tcp://", 6) == 0);
    CHECK(strcmp(event.reason, "the endpoint is bound") == 0);
    event.size = 4;
    GIVES(ARGUMENT, zeromq_monitor_next(monitor, &event, 0));
    event.size = sizeof event;
    zeromq_socket_free(socket);
    GIVES(CLOSED, zeromq_monitor_next(monitor, &event, SOON));
    GIVES(CLOSED, zeromq_monitor_dropped(monitor, &dropped));
    zeromq_monitor_free(monitor);
}

static void certificates(const char *folder) {
    zeromq_certificate *one = zeromq_certificate_new(), *other;
    const char *public_key, *secret_key, *text = "unchanged";
    char file[512];

    GIVES(OK, zeromq_certificate_public_key(one, &public_key));
    GIVES(OK, zeromq_certificate_secret_key(one, &secret_key));
    CHECK(strlen(public_key) == 40 && strlen(secret_key) == 40);
    other = zeromq_certificate_of_keys(NULL, 0, secret_key, 40);
    GIVES(OK, zeromq_certificate_public_key(other, &text));
    CHECK(strcmp(text, public_key) == 0);
    zeromq_certificate_free(other);
    other = zeromq_certificate_of_keys(public_key, 40, NULL, 0);
    text = "unchanged";
    GIVES(SECURITY, zeromq_certificate_secret_key(other, &text));
    CHECK(strcmp(text, "unchanged") == 0);
    zeromq_certificate_free(other);
    CHECK(zeromq_certificate_of_keys("no key", 6, NULL, 0) == NULL);
    CHECK(zeromq_certificate_of_keys(NULL, 0, NULL, 0) == NULL);
    CHECK(zeromq_certificate_of_keys(NULL, 40, NULL, 0) == NULL);

    GIVES(OK, zeromq_certificate_set_meta(one, "name", "me"));
    GIVES(SECURITY, zeromq_certificate_set_meta(one, "na\nme", "me"));
    snprintf(file, sizeof file, "%s/certificate", folder);
    GIVES(OK, zeromq_certificate_save(one, file));
    other = zeromq_certificate_load(file);
    GIVES(OK, zeromq_certificate_meta(other, "name", &text));
    CHECK(strcmp(text, "me") == 0);
    GIVES(OK, zeromq_certificate_meta(other, "email", &text));
    CHECK(text == NULL);
    zeromq_certificate_free(other);
    CHECK(zeromq_certificate_load("/no/such/file") == NULL);
    GIVES(SECURITY, zeromq_certificate_save(one, "/no/such/folder/x"));
    GIVES(OK, zeromq_certificate_save_public(one, file));
    zeromq_certificate_free(one);
}

static void authenticator(void) {
    zeromq_authenticator *one = zeromq_authenticator_new();
    zeromq_socket *server = zeromq_socket_new(ZEROMQ_PULL, NULL);
    zeromq_socket *client = zeromq_socket_new(ZEROMQ_PUSH, NULL);
    zeromq_message *message = zeromq_message_new();
    const char *names[] = {"me"}, *passwords[] = {"secret"}, *text;

    CHECK(one && zeromq_authenticator_new() == NULL);
    GIVES(SECURITY, zeromq_authenticator_allow(one, "nonsense"));
    /* The second call adds to the list: the client below is still accepted. */
    GIVES(OK, zeromq_authenticator_allow(one, "127.0.0.1, 10.0.0.0/8"));
    GIVES(OK, zeromq_authenticator_allow(one, "192.168.0.0/16"));
    GIVES(OK, zeromq_authenticator_deny(one, "10.0.0.1"));
    GIVES(ARGUMENT, zeromq_authenticator_plain(one, NULL, NULL, passwords, 1));
    GIVES(OK, zeromq_authenticator_plain(one, NULL, names, passwords, 1));
    GIVES(SECURITY, zeromq_authenticator_plain_file(one, NULL, "/no/such/file"));
    GIVES(SECURITY, zeromq_authenticator_curve_directory(one, NULL, "/no/such/folder"));
    GIVES(OK, zeromq_authenticator_curve(one, NULL, NULL, 0));
    GIVES(OK, zeromq_socket_plain_server(server, "tests"));
    GIVES(OK, zeromq_socket_bind(server, "tcp://127.0.0.1:*", NULL));
    GIVES(SECURITY, zeromq_socket_plain_server(server, "tests"));
    GIVES(OK, zeromq_socket_plain_client(client, "me", "secret"));
    GIVES(OK, zeromq_socket_endpoint(server, &text));
    GIVES(OK, zeromq_socket_connect(client, text));
    GIVES(OK, zeromq_socket_send(client, "in", 2, SOON));
    GIVES(OK, zeromq_socket_receive(server, message, SOON));
    GIVES(OK, zeromq_message_property(message, 0, "User-Id", &text));
    CHECK(text && strcmp(text, "me") == 0);
    GIVES(OK, zeromq_authenticator_stop(one));
    GIVES(SECURITY, zeromq_authenticator_allow(one, "127.0.0.1"));
    zeromq_authenticator_free(one);
    one = zeromq_authenticator_new();
    CHECK(one != NULL);
    zeromq_authenticator_free(one);
    zeromq_message_free(message);
    zeromq_socket_free(client);
    zeromq_socket_free(server);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    pollers();
    proxies();
    arrays();
    sparse_matrices();
    monitors();
    certificates(arguments[1]);
    authenticator();
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    return 0;
}
