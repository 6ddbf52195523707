/* Task queues and workers: results, errors, the end, and what they refuse. */

#include "check.h"

static void settings(void) {
    zeromq_task_settings settings = {sizeof settings, 0, 0, 0, 0};
    zeromq_task_queue *queue = zeromq_task_queue_new(NULL, &settings);

    CHECK(queue != NULL);
    zeromq_task_queue_free(queue);
    settings.credit = 70000;
    CHECK(zeromq_task_queue_new(NULL, &settings) == NULL);
    CHECK(zeromq_last_error()->code == ZEROMQ_CODE_ARGUMENT);
    settings.size = 4;
    CHECK(zeromq_task_queue_new(NULL, &settings) == NULL);
    CHECK(zeromq_task_queue_new("nowhere", NULL) == NULL);
    CHECK(zeromq_worker_new("inproc://a,inproc://b", NULL, 0) == NULL);
    CHECK(zeromq_worker_new(NULL, NULL, 70000) == NULL);
}

static void work(void) {
    zeromq_task_settings settings = {sizeof settings, 60000, 2, 500, 10};
    zeromq_task_queue *queue = zeromq_task_queue_new(NULL, &settings);
    zeromq_worker *worker = zeromq_worker_new(NULL, "w", 5);
    zeromq_task_result result = {0};
    zeromq_task_stats stats = {0};
    zeromq_task task = {0};
    const char *endpoint = "";
    uint64_t number = 0;

    GIVES(OK, zeromq_task_queue_endpoint(queue, &endpoint));
    CHECK(endpoint == NULL);
    GIVES(OPTION, zeromq_task_queue_set_int(queue, "no such option", 1));
    GIVES(ARGUMENT, zeromq_task_queue_set_int(queue, NULL, 1));
    GIVES(OK, zeromq_task_queue_set_int(queue, "maxmsgsize", 20000));
    GIVES(OK, zeromq_worker_set_int(worker, "maxmsgsize", 20000));
    GIVES(OK, zeromq_task_queue_bind(queue, "tcp://127.0.0.1:*"));
    GIVES(SECURITY, zeromq_task_queue_set_int(queue, "maxmsgsize", 20000));
    GIVES(ARGUMENT, zeromq_task_queue_bind(queue, "inproc://again"));
    GIVES(OK, zeromq_task_queue_endpoint(queue, &endpoint));
    GIVES(OK, zeromq_worker_connect(worker, endpoint));
    GIVES(ARGUMENT, zeromq_worker_connect(worker, endpoint));
    GIVES(OK, zeromq_task_queue_progress(queue, 1));
    GIVES(OK, zeromq_task_queue_progress(queue, 0));

    GIVES(ARGUMENT, zeromq_task_queue_next(queue, &result, 0));
    result.size = sizeof result;
    GIVES(AGAIN, zeromq_task_queue_next(queue, &result, SOON));
    GIVES(OK, zeromq_task_queue_add(queue, "one", 3, &number));
    CHECK(number == 1);
    GIVES(OK, zeromq_task_queue_add(queue, NULL, 0, NULL));
    GIVES(ARGUMENT, zeromq_task_queue_add(queue, NULL, 1, NULL));
    GIVES(AGAIN, zeromq_task_queue_next(queue, &result, 5));

    GIVES(ARGUMENT, zeromq_worker_reply(worker, "x", 1));
    GIVES(ARGUMENT, zeromq_worker_receive(worker, &task, 0));
    task.size = sizeof task;
    GIVES(OK, zeromq_worker_receive(worker, &task, SOON));
    CHECK(task.number == 1 && task.timeout == 60000);
    CHECK(task.data_size == 3 && strcmp(task.data, "one") == 0);
    GIVES(OK, zeromq_worker_reply(worker, "ONE", 3));
    GIVES(ARGUMENT, zeromq_worker_reply(worker, "x", 1));
    GIVES(OK, zeromq_task_queue_next(queue, &result, SOON));
    CHECK(result.task == 1 && result.attempts == 1 && result.error == NULL);
    CHECK(result.value_size == 3 && strcmp(result.value, "ONE") == 0);
    CHECK(strcmp(result.worker, "w") == 0);

    GIVES(OK, zeromq_worker_receive(worker, &task, SOON));
    CHECK(task.number == 2 && task.data_size == 0);
    /* Given back, it comes again. */
    GIVES(OK, zeromq_worker_pause(worker));
    GIVES(OK, zeromq_worker_receive(worker, &task, SOON));
    CHECK(task.number == 2);
    GIVES(ARGUMENT, zeromq_worker_reply_error(worker, NULL, "text"));
    GIVES(OK, zeromq_worker_reply_error(worker, "Bad", "it was bad"));
    GIVES(OK, zeromq_task_queue_next(queue, &result, SOON));
    CHECK(result.task == 2 && result.value == NULL);
    CHECK(strcmp(result.error, "Bad") == 0 && strcmp(result.message, "it was bad") == 0);

    GIVES(ARGUMENT, zeromq_task_queue_count(queue, &stats));
    stats.size = sizeof stats;
    GIVES(OK, zeromq_task_queue_count(queue, &stats));
    CHECK(stats.added == 2 && stats.done == 1 && stats.failed == 1);
    CHECK(stats.workers == 1 && stats.lost == 0 && stats.invalid == 0);

    GIVES(OK, zeromq_task_queue_stop_workers(queue));
    GIVES(CLOSED, zeromq_worker_receive(worker, &task, SOON));
    GIVES(OK, zeromq_worker_close(worker));
    GIVES(OK, zeromq_worker_close(worker));
    GIVES(CLOSED, zeromq_worker_receive(worker, &task, SOON));
    GIVES(OK, zeromq_task_queue_close(queue));
    GIVES(CLOSED, zeromq_task_queue_add(queue, "x", 1, NULL));
    zeromq_worker_free(worker);
    zeromq_task_queue_free(queue);
    GIVES(CLOSED, zeromq_worker_close(worker));
    GIVES(CLOSED, zeromq_task_queue_close(queue));
}

static void curve(void) {
    zeromq_certificate *certificate = zeromq_certificate_new();
    zeromq_task_queue *queue = zeromq_task_queue_new(NULL, NULL);
    zeromq_worker *worker = zeromq_worker_new(NULL, NULL, 0);
    zeromq_task task = {sizeof task, 0, 0, NULL, 0};
    const char *endpoint = NULL, *key = NULL;

    GIVES(OK, zeromq_certificate_public_key(certificate, &key));
    GIVES(OK, zeromq_task_queue_curve_server(queue, certificate, NULL));
    GIVES(OK, zeromq_task_queue_bind(queue, "tcp://127.0.0.1:*"));
    GIVES(SECURITY, zeromq_task_queue_curve_server(queue, certificate, NULL));
    GIVES(OK, zeromq_task_queue_endpoint(queue, &endpoint));
    GIVES(OK, zeromq_worker_curve_client(worker, certificate, key));
    GIVES(OK, zeromq_worker_connect(worker, endpoint));
    GIVES(OK, zeromq_task_queue_add(queue, "x", 1, NULL));
    GIVES(OK, zeromq_worker_receive(worker, &task, SOON));
    GIVES(OK, zeromq_worker_reply(worker, "y", 1));
    zeromq_worker_free(worker);
    zeromq_task_queue_free(queue);
    zeromq_certificate_free(certificate);
}

int main(void) {
    zeromq_task_queue_free(NULL);
    zeromq_worker_free(NULL);
    GIVES(ARGUMENT, zeromq_task_queue_close(NULL));
    GIVES(ARGUMENT, zeromq_worker_close(NULL));
    settings();
    work();
    curve();
    GIVES(OK, zeromq_shutdown());
    return 0;
}
