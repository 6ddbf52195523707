/* What the system does to a process: faults MODE COUNT FOLDER.
 *
 * killed       a peer is killed at random moments, COUNT times
 * stopped      a peer stands still for longer than the heartbeats allow, COUNT times
 * disk         COUNT is 0: the folder is on a full disk; 1: there is room again
 * descriptors  the process has COUNT descriptors at most
 * forks        the process forks COUNT times while its threads send and receive
 * signals      a signal each millisecond interrupts every call that waits, for COUNT ms each
 *
 * What a failed call may return is an error. It must not end the process, must not wait for
 * longer than its timeout, and what worked before works again afterwards. */

#include "../capi/check.h"
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self, *folder;
static long amount;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int descriptors(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static zeromq_socket *opened(int kind) {
    zeromq_socket *socket = zeromq_socket_new(kind, NULL);
    CHECK(socket != NULL);
    return socket;
}

/* Binds a socket to a free port, and to a file if it has a name. */
static void bound(zeromq_socket *socket, char *endpoint, size_t size) {
    const char *found;
    GIVES(OK, zeromq_socket_bind(socket, "tcp://127.0.0.1:*", NULL));
    GIVES(OK, zeromq_socket_endpoint(socket, &found));
    snprintf(endpoint, size, "%s", found);
}

static pid_t started(const char *mode, char **endpoints) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(self, self, mode, "0", folder, endpoints[0], endpoints[1], endpoints[2], (char *)NULL);
        _exit(127);
    }
    return child;
}

/* ------------------------------------------------------------------- A killed peer. */

typedef struct {
    pid_t process;
    uint64_t number;
} Item;

/* The peer: pushes numbers, has its messages sent back, listens and is asked. */
static void victim(char **endpoints) {
    char file[300];
    zeromq_slice frame;
    snprintf(file, sizeof file, "@ipc://%s/victim", folder);
    zeromq_socket *reply = zeromq_socket_new(ZEROMQ_REPLY, file);
    CHECK(reply != NULL);
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, endpoints[0]);
    zeromq_socket *dealer = zeromq_socket_new(ZEROMQ_DEALER, endpoints[1]);
    zeromq_socket *subscriber = zeromq_socket_new(ZEROMQ_SUBSCRIBER, endpoints[2]);
    GIVES(OK, zeromq_socket_subscribe(subscriber, "", 0));
    char large[70000] = {0};
    Item item = {.process = getpid()};
    alarm(60);
    for (;; item.number++) {
        memcpy(large, &item, sizeof item);
        GIVES(OK, zeromq_socket_send(push, large, item.number % 7 ? sizeof item : sizeof large, SOON));
        GIVES(OK, zeromq_socket_send(dealer, &item, sizeof item, SOON));
        while (zeromq_socket_receive_frame(dealer, &frame, NULL, 0) == ZEROMQ_CODE_OK)
            CHECK(frame.size == sizeof item);
        while (zeromq_socket_receive_frame(subscriber, &frame, NULL, 0) == ZEROMQ_CODE_OK)
            ;
        if (zeromq_socket_receive_frame(reply, &frame, NULL, 0) == ZEROMQ_CODE_OK)
            GIVES(OK, zeromq_socket_send(reply, &item, sizeof item, SOON));
    }
}

static void killed(void) {
    zeromq_socket *pull = opened(ZEROMQ_PULL), *router = opened(ZEROMQ_ROUTER);
    zeromq_socket *publisher = opened(ZEROMQ_PUBLISHER), *request;
    zeromq_message *message = zeromq_message_new();
    char texts[3][300], file[300], *endpoints[] = {texts[0], texts[1], texts[2]};
    snprintf(file, sizeof file, ">ipc://%s/victim", folder);
    bound(pull, texts[0], sizeof texts[0]);
    bound(router, texts[1], sizeof texts[1]);
    bound(publisher, texts[2], sizeof texts[2]);
    int before = 0;
    long whole = 0, asked = 0;
    for (long round = 0; round < amount; round++) {
        pid_t child = started("victim", endpoints);
        /* The file that the last one has left is no obstacle. */
        request = zeromq_socket_new(ZEROMQ_REQUEST, file);
        CHECK(request != NULL);
        uint64_t expected = 0;
        int sent = 0;
        /* The first message shows that it runs. */
        double end = now() + SOON / 1000, deadly = 0;
        int dead = 0;
        for (;;) {
            const Item *item;
            zeromq_code code = zeromq_socket_receive(pull, message, dead ? 300 : 10);
            if (code == ZEROMQ_CODE_OK) {
                CHECK(zeromq_message_count(message) == 1);
                item = zeromq_message_data(message, 0);
                /* What arrived is whole, in order and without gaps. */
                CHECK(item->process == child && item->number == expected);
                CHECK(zeromq_message_size(message, 0) == (expected % 7 ? sizeof *item : 70000));
                expected++;
                whole++;
            } else {
                CHECK(code == ZEROMQ_CODE_AGAIN);
                if (dead)
                    break;
            }
            CHECK(expected > 0 || now() < end);
            while (zeromq_socket_receive(router, message, 0) == ZEROMQ_CODE_OK)
                CHECK(zeromq_message_count(message) == 2 &&
                      (zeromq_socket_send_message(router, message, 0) != ZEROMQ_CODE_PANIC));
            GIVES(OK, zeromq_socket_send(publisher, "news", 4, 0));
            if (!sent)
                sent = zeromq_socket_send(request, "?", 1, 0) == ZEROMQ_CODE_OK;
            else if (zeromq_socket_receive(request, message, 0) == ZEROMQ_CODE_OK)
                sent = 0, asked++;
            if (expected > 0 && deadly == 0)
                deadly = now() + (double)(random() % 300) / 1000;
            if (!dead && deadly > 0 && now() >= deadly) {
                CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
                dead = 1;
            }
        }
        zeromq_socket_free(request);
        if (round == 4)
            before = descriptors();
    }
    /* Closed connections are noticed soon. */
    for (double end = now() + 5; amount > 4 && descriptors() > before && now() < end;)
        usleep(10000);
    CHECK(amount <= 4 || descriptors() <= before);
    CHECK(whole > amount && asked > amount / 4);
    printf("%ld peers killed, %ld messages whole and in order, %ld requests answered\n", amount, whole,
           asked);
    zeromq_message_free(message);
    zeromq_socket_free(pull);
    zeromq_socket_free(router);
    zeromq_socket_free(publisher);
}

/* ------------------------------------------------------------------ A stopped peer. */

/* The peer: pushes numbers on two connections, one of them with heartbeats. */
static void sleeper(char **endpoints) {
    zeromq_socket *alive = opened(ZEROMQ_PUSH);
    GIVES(OK, zeromq_socket_set_int(alive, "heartbeat_ivl", 200));
    GIVES(OK, zeromq_socket_connect(alive, endpoints[0]));
    zeromq_socket *plain = zeromq_socket_new(ZEROMQ_PUSH, endpoints[1]);
    alarm(300);
    for (uint64_t number = 1;; number++) {
        GIVES(OK, zeromq_socket_send(plain, &number, sizeof number, SOON));
        GIVES(OK, zeromq_socket_send(alive, &number, sizeof number, SOON));
        usleep(5000);
    }
}

/* Receives until a number arrives that is larger than the last one. */
static uint64_t next(zeromq_socket *pull, uint64_t last, int gaps) {
    zeromq_slice frame;
    uint64_t number;
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, NULL, SOON));
    CHECK(frame.size == sizeof number);
    memcpy(&number, frame.data, sizeof number);
    CHECK(gaps ? number > last : number == last + 1);
    return number;
}

static void stopped(void) {
    zeromq_socket *alive = opened(ZEROMQ_PULL), *plain = opened(ZEROMQ_PULL);
    char texts[2][300], *endpoints[] = {texts[0], texts[1], texts[1]};
    const char *text;
    zeromq_slice frame;
    GIVES(OK, zeromq_socket_set_int(alive, "heartbeat_ivl", 200));
    GIVES(OK, zeromq_socket_set_int(alive, "heartbeat_timeout", 600));
    bound(alive, texts[0], sizeof texts[0]);
    bound(plain, texts[1], sizeof texts[1]);
    pid_t child = started("sleeper", endpoints);
    uint64_t last = next(alive, 0, 1), last_plain = next(plain, 0, 0);
    double slowest = 0;
    for (long round = 0; round < amount; round++) {
        for (int i = 0; i < 20; i++) {
            last = next(alive, last, 1);
            last_plain = next(plain, last_plain, 0);
        }
        CHECK(kill(child, SIGSTOP) == 0);
        double end = now() + 5;
        int told = 0;
        while (!told && now() < end) {
            while (zeromq_socket_receive_frame(alive, &frame, NULL, 100) == ZEROMQ_CODE_OK)
                memcpy(&last, frame.data, sizeof last);
            GIVES(OK, zeromq_socket_diagnose(alive, &text));
            told = strstr(text, "stopped answering heartbeats") != NULL;
        }
        CHECK(told);
        CHECK(kill(child, SIGCONT) == 0);
        double start = now();
        last = next(alive, last, 1);
        if (now() - start > slowest)
            slowest = now() - start;
        GIVES(OK, zeromq_socket_diagnose(alive, &text));
        CHECK(strncmp(text, "1 peer", 6) == 0);
    }
    /* Nothing was lost where nobody gave up. */
    while (last_plain < last)
        last_plain = next(plain, last_plain, 0);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    printf("stopped %ld times, told each time, back after at most %.1f s\n", amount, slowest);
    zeromq_socket_free(alive);
    zeromq_socket_free(plain);
}

/* -------------------------------------------------------------------- A full disk. */

static void disk(void) {
    char file[300], secret[310], endpoint[310];
    struct stat status;
    zeromq_certificate *one = zeromq_certificate_new(), *other;
    const char *key, *loaded;
    snprintf(file, sizeof file, "%s/certificate", folder);
    snprintf(secret, sizeof secret, "%s_secret", file);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/socket", folder);
    zeromq_socket *socket = opened(ZEROMQ_PULL);
    if (amount == 0) {
        GIVES(SECURITY, zeromq_certificate_save(one, file));
        CHECK(strstr(zeromq_last_error()->message, "o space left on device"));
        GIVES(SECURITY, zeromq_certificate_save_public(one, file));
        GIVES(ENDPOINT, zeromq_socket_bind(socket, endpoint, NULL));
        CHECK(strstr(zeromq_last_error()->message, "o space left on device"));
        CHECK(stat(file, &status) != 0 && stat(secret, &status) != 0);
    } else {
        GIVES(OK, zeromq_certificate_save(one, file));
        other = zeromq_certificate_load(file);
        GIVES(OK, zeromq_certificate_secret_key(one, &key));
        GIVES(OK, zeromq_certificate_secret_key(other, &loaded));
        CHECK(strcmp(key, loaded) == 0);
        zeromq_certificate_free(other);
        GIVES(OK, zeromq_socket_bind(socket, endpoint, NULL));
    }
    zeromq_certificate_free(one);
    zeromq_socket_free(socket);
}

/* ------------------------------------------------------------------ No descriptors. */

static int refusals;

/* An object, or the reason why there is none. */
static void *maybe(void *object) {
    if (object == NULL) {
        zeromq_code code = zeromq_last_error()->code;
        CHECK(code == ZEROMQ_CODE_ZMQ || code == ZEROMQ_CODE_ENDPOINT);
        refusals++;
    }
    return object;
}

static int works(zeromq_code code) {
    CHECK(code == ZEROMQ_CODE_OK || code == ZEROMQ_CODE_ZMQ || code == ZEROMQ_CODE_ENDPOINT ||
          code == ZEROMQ_CODE_AGAIN);
    refusals += code != ZEROMQ_CODE_OK;
    return code == ZEROMQ_CODE_OK;
}

/* Uses what needs descriptors, as far as there are any. */
static void use_descriptors(int must) {
    enum { PAIRS = 6 };
    zeromq_socket *pulls[PAIRS], *pushes[PAIRS];
    zeromq_poller *poller = maybe(zeromq_poller_new());
    zeromq_message *message = zeromq_message_new();
    zeromq_poll_event events[PAIRS];
    zeromq_monitor *monitors[PAIRS];
    size_t count;
    int exchanged = 0;
    for (int i = 0; i < PAIRS; i++) {
        static const char *const endpoints[] = {"tcp://127.0.0.1:*", "ipc", "inproc://descriptors"};
        const char *found = NULL;
        char endpoint[310];
        snprintf(endpoint, sizeof endpoint, "ipc://%s/%d", folder, i);
        if (i % 3 != 1)
            snprintf(endpoint, sizeof endpoint, "%s%.*s", endpoints[i % 3], i % 3 == 2, "-");
        pulls[i] = maybe(zeromq_socket_new(ZEROMQ_PULL, NULL));
        monitors[i] = pulls[i] ? maybe(zeromq_monitor_new(pulls[i], NULL)) : NULL;
        if (pulls[i] && i < 3 && works(zeromq_socket_bind(pulls[i], endpoint, NULL)))
            GIVES(OK, zeromq_socket_endpoint(pulls[i], &found));
        if (pulls[i] && poller)
            works(zeromq_poller_add(poller, pulls[i], ZEROMQ_POLL_IN, NULL));
        pushes[i] = maybe(zeromq_socket_new(ZEROMQ_PUSH, NULL));
        if (pushes[i] && found && works(zeromq_socket_connect(pushes[i], found)) &&
            works(zeromq_socket_send(pushes[i], "x", 1, must ? SOON : 50)))
            exchanged += works(zeromq_socket_receive(pulls[i], message, must ? SOON : 50));
    }
    if (poller)
        works(zeromq_poller_wait(poller, events, PAIRS, &count, 10));
    zeromq_proxy *proxy = maybe(zeromq_proxy_new());
    if (proxy && works(zeromq_proxy_set_frontend(proxy, ZEROMQ_PULL, "inproc://front")))
        works(zeromq_proxy_set_backend(proxy, ZEROMQ_PUSH, "inproc://back"));
    zeromq_authenticator *authenticator = maybe(zeromq_authenticator_new());
    zeromq_authenticator_free(authenticator);
    zeromq_proxy_free(proxy);
    zeromq_poller_free(poller);
    for (int i = 0; i < PAIRS; i++) {
        zeromq_monitor_free(monitors[i]);
        zeromq_socket_free(pushes[i]);
        zeromq_socket_free(pulls[i]);
    }
    zeromq_message_free(message);
    CHECK(!must || exchanged == 3);
}

static void few_descriptors(void) {
    struct rlimit all, few;
    alarm(120);
    CHECK(getrlimit(RLIMIT_NOFILE, &all) == 0);
    few = all;
    few.rlim_cur = (rlim_t)amount;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    use_descriptors(0);
    int refused = refusals;
    CHECK(setrlimit(RLIMIT_NOFILE, &all) == 0);
    /* The retries of what was refused end soon. */
    use_descriptors(1);
    printf("%ld descriptors: %d refusals\n", amount, refused);
}

/* --------------------------------------------------------------------------- Forks. */

static atomic_int over;
static char traffic_endpoint[300];

static void *sends(void *unused) {
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, traffic_endpoint);
    for (uint64_t number = 1; !over; number++)
        GIVES(OK, zeromq_socket_send(push, &number, sizeof number, SOON));
    uint64_t last = 0;
    GIVES(OK, zeromq_socket_send(push, &last, sizeof last, SOON));
    zeromq_socket_free(push);
    return unused;
}

static void *receives(void *pull) {
    zeromq_slice frame;
    for (uint64_t expected = 1, number;; expected++) {
        GIVES(OK, zeromq_socket_receive_frame(pull, &frame, NULL, SOON));
        memcpy(&number, frame.data, sizeof number);
        if (number == 0)
            return NULL;
        CHECK(number == expected);
    }
}

static void exchange(void) {
    zeromq_message *message = zeromq_message_new();
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "@tcp://127.0.0.1:*");
    const char *endpoint;
    GIVES(OK, zeromq_socket_endpoint(pull, &endpoint));
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, endpoint);
    GIVES(OK, zeromq_socket_send(push, "child", 5, SOON));
    GIVES(OK, zeromq_socket_receive(pull, message, SOON));
    CHECK(frame_is(message, 0, "child"));
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
    zeromq_message_free(message);
}

static void forks(void) {
    zeromq_socket *pull = opened(ZEROMQ_PULL);
    zeromq_slice frame;
    pthread_t threads[2];
    bound(pull, traffic_endpoint, sizeof traffic_endpoint);
    CHECK(pthread_create(&threads[0], NULL, sends, NULL) == 0);
    CHECK(pthread_create(&threads[1], NULL, receives, pull) == 0);
    for (long round = 0; round < amount; round++) {
        int status;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(60);
            /* Objects of the parent are of no use, and do no harm. */
            CHECK(zeromq_socket_receive_frame(pull, &frame, NULL, 0) == ZEROMQ_CODE_CLOSED);
            zeromq_socket_free(pull);
            exchange();
            CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        usleep((useconds_t)(random() % 3000));
    }
    over = 1;
    CHECK(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
    zeromq_socket_free(pull);
    printf("%ld forks\n", amount);
}

/* ------------------------------------------------------------------------- Signals. */

static atomic_long interrupts;

static void interrupted(int number) {
    (void)number;
    interrupts++;
}

static void *sends_later(void *socket) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    usleep((useconds_t)amount * 500);
    GIVES(OK, zeromq_socket_send(socket, "later", 5, SOON));
    return NULL;
}

/* A wait that nothing ends takes its time, neither less nor much more. */
#define TAKES_ITS_TIME(call)                                                  \
    do {                                                                      \
        double start = now();                                                 \
        long before = interrupts;                                             \
        GIVES(AGAIN, call);                                                   \
        double took = (now() - start) * 1000;                                 \
        CHECK(took >= amount - 2 && took < 2 * amount + 1000);                \
        CHECK(interrupts - before > amount / 10);                             \
    } while (0)

static void signals(void) {
    int timeout = (int)amount;
    struct sigaction action = {.sa_handler = interrupted};
    struct itimerval each = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);

    zeromq_socket *pull = opened(ZEROMQ_PULL), *push = opened(ZEROMQ_PUSH), *other = opened(ZEROMQ_PUSH);
    zeromq_socket *full = opened(ZEROMQ_PUSH);
    zeromq_message *message = zeromq_message_new();
    zeromq_poller *poller = zeromq_poller_new();
    zeromq_monitor *monitor = zeromq_monitor_new(full, NULL);
    zeromq_monitor_event event = {.size = sizeof event};
    zeromq_poll_event events[1];
    const zeromq_frames *batch;
    zeromq_frames frames;
    zeromq_slice frame, part = {"x", 1};
    zeromq_frames one = {&part, 1};
    size_t count;
    pthread_t thread;
    char endpoint[300];
    int ends[2];

    bound(pull, endpoint, sizeof endpoint);
    CHECK(pipe(ends) == 0);
    /* The thread that sends has its own socket. */
    GIVES(OK, zeromq_socket_connect(other, endpoint));
    CHECK(setitimer(ITIMER_REAL, &each, NULL) == 0);
    GIVES(OK, zeromq_socket_connect(push, endpoint));
    GIVES(OK, zeromq_socket_send(push, "x", 1, SOON));
    GIVES(OK, zeromq_socket_receive(pull, message, SOON));
    TAKES_ITS_TIME(zeromq_socket_receive(pull, message, timeout));
    TAKES_ITS_TIME(zeromq_socket_receive_frame(pull, &frame, NULL, timeout));
    TAKES_ITS_TIME(zeromq_socket_receive_frames(pull, &frames, timeout));
    TAKES_ITS_TIME(zeromq_socket_receive_batch(pull, 10, &batch, &count, timeout));
    TAKES_ITS_TIME(zeromq_socket_send(full, "x", 1, timeout));
    TAKES_ITS_TIME(zeromq_socket_send_frames(full, &part, 1, timeout));
    TAKES_ITS_TIME(zeromq_socket_send_batch(full, &one, 1, NULL, timeout));
    GIVES(OK, zeromq_message_add(message, "x", 1));
    TAKES_ITS_TIME(zeromq_socket_send_message(full, message, timeout));
    TAKES_ITS_TIME(zeromq_monitor_next(monitor, &event, timeout));
    GIVES(OK, zeromq_poller_add(poller, pull, ZEROMQ_POLL_IN, NULL));
    TAKES_ITS_TIME(zeromq_poller_wait(poller, events, 1, &count, timeout));
    GIVES(OK, zeromq_poller_add_descriptor(poller, ends[0], ZEROMQ_POLL_IN, NULL));
    TAKES_ITS_TIME(zeromq_poller_wait(poller, events, 1, &count, timeout));

    /* What comes meanwhile ends the wait. */
    CHECK(pthread_create(&thread, NULL, sends_later, other) == 0);
    GIVES(OK, zeromq_socket_receive(pull, message, SOON));
    CHECK(frame_is(message, 0, "later") && pthread_join(thread, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, sends_later, other) == 0);
    GIVES(OK, zeromq_poller_wait(poller, events, 1, &count, SOON));
    CHECK(count == 1 && events[0].socket == pull && pthread_join(thread, NULL) == 0);

    /* What cannot be interrupted works as ever. */
    for (int round = 0; round < 50; round++)
        exchange();
    zeromq_proxy *proxy = zeromq_proxy_new();
    GIVES(OK, zeromq_proxy_set_frontend(proxy, ZEROMQ_PULL, "tcp://127.0.0.1:*"));
    GIVES(OK, zeromq_proxy_set_backend(proxy, ZEROMQ_PUSH, "inproc://signals"));
    zeromq_proxy_free(proxy);
    zeromq_authenticator *authenticator = zeromq_authenticator_new();
    GIVES(OK, zeromq_authenticator_allow(authenticator, "127.0.0.1"));
    zeromq_authenticator_free(authenticator);
    const char *text;
    GIVES(OK, zeromq_socket_diagnose(pull, &text));
    zeromq_monitor_free(monitor);
    zeromq_poller_free(poller);
    zeromq_message_free(message);
    zeromq_socket_free(full);
    zeromq_socket_free(other);
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    printf("%ld signals\n", (long)interrupts);
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*run)(void);
    } MODES[] = {{"killed", killed}, {"stopped", stopped}, {"disk", disk},
                 {"descriptors", few_descriptors}, {"forks", forks}, {"signals", signals}};
    CHECK(count >= 4);
    self = arguments[0];
    amount = atol(arguments[2]);
    folder = arguments[3];
    if (count == 7 && strcmp(arguments[1], "victim") == 0)
        victim(arguments + 4);
    if (count == 7 && strcmp(arguments[1], "sleeper") == 0)
        sleeper(arguments + 4);
    srandom((unsigned)time(NULL));
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++)
        if (strcmp(MODES[i].name, arguments[1]) == 0) {
            MODES[i].run();
            CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
            return 0;
        }
    return 2;
}
