/*  Does with czmq what the scripts in this folder do: peer MODE ARGUMENTS. */

#include <czmq.h>

#define DEADLINE 20000

static void
check (bool right, const char *what)
{
    if (!right) {
        fprintf (stderr, "%s failed\n", what);
        exit (1);
    }
}

static zsock_t *
make (int type)
{
    zsock_t *socket = zsock_new (type);
    check (socket != NULL, "zsock_new");
    zsock_set_linger (socket, 2000);
    zsock_set_rcvtimeo (socket, DEADLINE);
    return socket;
}

static void
bind_it (zsock_t *socket)
{
    check (zsock_bind (socket, "tcp://127.0.0.1:*") > 0, "zsock_bind");
    puts (zsock_endpoint (socket));
}

static void
connect_it (zsock_t *socket, const char *endpoint)
{
    check (zsock_connect (socket, "%s", endpoint) == 0, "zsock_connect");
}

static zmsg_t *
receive (zsock_t *socket)
{
    zmsg_t *message = zmsg_recv (socket);
    check (message != NULL, "zmsg_recv");
    return message;
}

static void
print_frame (zframe_t *frame)
{
    printf ("%.*s", (int) zframe_size (frame), (char *) zframe_data (frame));
}

static void
reply (void)
{
    zsock_t *server = make (ZMQ_REP);
    bind_it (server);
    for (int i = 1; i <= 3; i++) {
        zmsg_t *message = receive (server);
        zmsg_pushstr (message, "re");
        zmsg_send (&message, server);
    }
    zsock_destroy (&server);
}

static void
request (const char *endpoint)
{
    zsock_t *client = make (ZMQ_REQ);
    connect_it (client, endpoint);
    for (int i = 1; i <= 3; i++) {
        zmsg_t *message = zmsg_new ();
        zmsg_addstr (message, "hello");
        zmsg_addstr (message, "");
        zmsg_addstrf (message, "%d", i);
        zmsg_send (&message, client);
        message = receive (client);
        bool first = true;
        for (zframe_t *frame = zmsg_first (message); frame; frame = zmsg_next (message)) {
            if (!first)
                printf ("|");
            first = false;
            print_frame (frame);
        }
        puts ("");
        zmsg_destroy (&message);
    }
    zsock_destroy (&client);
}

static void
publish (void)
{
    zsock_t *publisher = make (ZMQ_XPUB);
    bind_it (publisher);
    zmsg_t *subscription = receive (publisher);
    char *hex = zframe_strhex (zmsg_first (subscription));
    for (char *digit = hex; *digit; digit++)
        putchar (tolower (*digit));
    puts ("");
    zstr_free (&hex);
    zmsg_destroy (&subscription);
    zstr_sendx (publisher, "weather.oslo", "{\"temperature\": 21.5}", NULL);
    zstr_sendx (publisher, "sport.oslo", "{\"goals\": 3}", NULL);
    zstr_sendx (publisher, "weather.rome", "{\"temperature\": 30.5}", NULL);
    zsock_destroy (&publisher);
}

static void
subscribe (const char *endpoint)
{
    zsock_t *subscriber = make (ZMQ_SUB);
    zsock_set_subscribe (subscriber, "weather");
    connect_it (subscriber, endpoint);
    for (int i = 1; i <= 2; i++) {
        char *topic = NULL, *body = NULL;
        check (zstr_recvx (subscriber, &topic, &body, NULL) == 2, "zstr_recvx");
        char *value = strstr (body, "temperature");
        check (value != NULL, "JSON");
        printf ("%s %.1f\n", topic, atof (strchr (value, ':') + 1));
        zstr_free (&topic);
        zstr_free (&body);
    }
    zsock_destroy (&subscriber);
}

static void
router (void)
{
    zsock_t *socket = make (ZMQ_ROUTER);
    bind_it (socket);
    zmsg_t *messages [3];
    for (int i = 0; i < 3; i++)
        messages [i] = receive (socket);
    for (int i = 2; i >= 0; i--) {
        zframe_t *last = zmsg_last (messages [i]);
        char *body = zframe_strdup (last);
        zmsg_remove (messages [i], last);
        zframe_destroy (&last);
        zmsg_addstrf (messages [i], "answer to %s", body);
        zstr_free (&body);
        zmsg_send (&messages [i], socket);
    }
    zsock_destroy (&socket);
}

static void
dealer (const char *endpoint)
{
    zsock_t *socket = make (ZMQ_DEALER);
    connect_it (socket, endpoint);
    for (int i = 1; i <= 3; i++) {
        zmsg_t *message = zmsg_new ();
        zmsg_addstr (message, "");
        zmsg_addstrf (message, "%d", i);
        zmsg_send (&message, socket);
    }
    for (int i = 1; i <= 3; i++) {
        zmsg_t *message = receive (socket);
        printf ("%zu %zu ", zmsg_size (message), zframe_size (zmsg_first (message)));
        print_frame (zmsg_last (message));
        puts ("");
        zmsg_destroy (&message);
    }
    zsock_destroy (&socket);
}

static zsock_t *
make_beating (int type)
{
    zsock_t *socket = make (type);
    zsock_set_heartbeat_ivl (socket, 100);
    zsock_set_heartbeat_timeout (socket, 300);
    zsock_set_heartbeat_ttl (socket, 300);
    return socket;
}

static void
keeper (void)
{
    zsock_t *socket = make_beating (ZMQ_ROUTER);
    zsock_set_router_mandatory (socket, 1);
    bind_it (socket);
    zmsg_t *before = receive (socket), *after = receive (socket);
    puts (zframe_eq (zmsg_first (before), zmsg_first (after))? "true": "false");
    print_frame (zmsg_last (after));
    puts ("");
    zmsg_destroy (&after);
    int rc = 0;
    while (rc == 0) {
        zmsg_t *message = zmsg_dup (before);
        rc = zmsg_send (&message, socket);
        zmsg_destroy (&message);
        zclock_sleep (20);
    }
    check (errno == EHOSTUNREACH, "noticing");
    puts ("gone");
    zmsg_destroy (&before);
    zsock_destroy (&socket);
}

static void
idler (const char *endpoint)
{
    zsock_t *socket = make_beating (ZMQ_DEALER);
    connect_it (socket, endpoint);
    zstr_send (socket, "before");
    zclock_sleep (800);
    zstr_send (socket, "after");
    while (true) {
        zmsg_t *message = receive (socket);
        zmsg_destroy (&message);
    }
}

static void
holder (void)
{
    zsock_t *socket = make (ZMQ_ROUTER);
    bind_it (socket);
    zmsg_t *before = receive (socket), *after = receive (socket);
    puts (zframe_eq (zmsg_first (before), zmsg_first (after))? "true": "false");
    print_frame (zmsg_last (after));
    puts ("");
    zmsg_destroy (&before);
    zmsg_destroy (&after);
    zsock_destroy (&socket);
}

static void
sleeper (const char *endpoint)
{
    zsock_t *socket = make (ZMQ_DEALER);
    zsock_set_heartbeat_ivl (socket, 100);
    zsock_set_heartbeat_timeout (socket, 10000);
    zsock_set_heartbeat_ttl (socket, 65600);
    connect_it (socket, endpoint);
    zstr_send (socket, "before");
    zclock_sleep (800);
    zstr_send (socket, "after");
    zsock_destroy (&socket);
}

static void
hub (void)
{
    zsock_t *publisher = make (ZMQ_XPUB);
    bind_it (publisher);
    for (int i = 1; i <= 1500; i++) {
        zmsg_t *subscription = receive (publisher);
        zmsg_destroy (&subscription);
    }
    puts ("1500");
    zstr_sendx (publisher, "S1500.", "tick", NULL);
    zsock_destroy (&publisher);
}

static void
listener (const char *endpoint)
{
    zsock_t *subscriber = make (ZMQ_SUB);
    /*  Its libzmq counts subscriptions as messages. */
    zsock_set_sndhwm (subscriber, 0);
    for (int i = 1; i <= 1500; i++) {
        char prefix [16];
        snprintf (prefix, sizeof prefix, "S%d.", i);
        zsock_set_subscribe (subscriber, prefix);
    }
    connect_it (subscriber, endpoint);
    zmsg_t *message = receive (subscriber);
    print_frame (zmsg_last (message));
    puts ("");
    zmsg_destroy (&message);
    zsock_destroy (&subscriber);
}

static void
heavy (const char *endpoint)
{
    zsock_t *socket = make (ZMQ_PUSH);
    connect_it (socket, endpoint);
    zstr_send (socket, "0123456789");
    zstr_sendx (socket, "01234", "56789", NULL);
    zstr_send (socket, "0123456789a");
    zsock_destroy (&socket);
}

static void
leaver (const char *endpoint)
{
    zsock_t *socket = make (ZMQ_DEALER);
    zsock_set_rcvhwm (socket, 5);
    zsock_set_rcvbuf (socket, 4096);
    zsock_set_linger (socket, 0);
    connect_it (socket, endpoint);
    zstr_send (socket, "hello");
    zmsg_t *message = receive (socket);
    zmsg_destroy (&message);
    /*  By now there is no room. */
    zclock_sleep (500);
    zsock_destroy (&socket);
}

static void
certificates (const char *folder)
{
    const char *names [] = { "server", "clients/alice", "stranger" };
    for (int i = 0; i < 3; i++) {
        zcert_t *certificate = zcert_new ();
        zcert_set_meta (certificate, "name", "%s", names [i]);
        char *file = zsys_sprintf ("%s/%s.key", folder, names [i]);
        check (zcert_save (certificate, file) == 0, "zcert_save");
        zstr_free (&file);
        zcert_destroy (&certificate);
    }
    puts ("written");
}

static zcert_t *
load (const char *folder, const char *name)
{
    char *file = zsys_sprintf ("%s/%s.key", folder, name);
    zcert_t *certificate = zcert_load (file);
    check (certificate != NULL, "zcert_load");
    zstr_free (&file);
    return certificate;
}

static void
serve (zsock_t *server)
{
    bind_it (server);
    for (int i = 1; i <= 2; i++) {
        zmsg_t *message = receive (server);
        puts (zframe_meta (zmsg_first (message), "User-Id"));
        zmsg_destroy (&message);
        zstr_send (server, "welcome");
    }
    zsock_destroy (&server);
}

static void
ask (zsock_t *client, const char *endpoint, const char *patience)
{
    connect_it (client, endpoint);
    zsock_set_rcvtimeo (client, atoi (patience));
    zsock_set_sndtimeo (client, atoi (patience));
    char *reply = zstr_send (client, "hello") == 0? zstr_recv (client): NULL;
    if (!reply)
        zsock_set_linger (client, 0);
    puts (reply? reply: "nil");
    zstr_free (&reply);
    zsock_destroy (&client);
}

static zactor_t *
authenticator (const char *command, const char *argument)
{
    zactor_t *auth = zactor_new (zauth, NULL);
    check (auth != NULL, "zauth");
    zstr_sendx (auth, command, argument, NULL);
    zsock_wait (auth);
    return auth;
}

static void
curve_server (const char *folder)
{
    char *clients = zsys_sprintf ("%s/clients", folder);
    zactor_t *auth = authenticator ("CURVE", clients);
    zstr_free (&clients);
    zsock_t *server = make (ZMQ_REP);
    zcert_t *certificate = load (folder, "server");
    zcert_apply (certificate, server);
    zcert_destroy (&certificate);
    zsock_set_curve_server (server, 1);
    serve (server);
    zactor_destroy (&auth);
}

static void
curve_client (const char *endpoint, const char *folder, const char *name, const char *patience)
{
    zsock_t *client = make (ZMQ_REQ);
    zcert_t *own = load (folder, name);
    puts (zcert_public_txt (own));
    zcert_apply (own, client);
    zcert_destroy (&own);
    zcert_t *server = load (folder, "server");
    zsock_set_curve_serverkey (client, zcert_public_txt (server));
    zcert_destroy (&server);
    ask (client, endpoint, patience);
}

static void
plain_server (const char *file)
{
    zactor_t *auth = authenticator ("PLAIN", file);
    zsock_t *server = make (ZMQ_REP);
    zsock_set_plain_server (server, 1);
    serve (server);
    zactor_destroy (&auth);
}

static void
plain_client (
    const char *endpoint, const char *username, const char *password, const char *patience)
{
    zsock_t *client = make (ZMQ_REQ);
    zsock_set_plain_username (client, username);
    zsock_set_plain_password (client, password);
    ask (client, endpoint, patience);
}

int
main (int count, char **given)
{
    setvbuf (stdout, NULL, _IOLBF, 0);
    const char *mode = count > 1? given [1]: "";
    const char *arguments [4] = { "", "", "", "" };
    for (int i = 0; i < 4 && i + 2 < count; i++)
        arguments [i] = given [i + 2];
    if (streq (mode, "reply"))
        reply ();
    else if (streq (mode, "request"))
        request (arguments [0]);
    else if (streq (mode, "publish"))
        publish ();
    else if (streq (mode, "subscribe"))
        subscribe (arguments [0]);
    else if (streq (mode, "router"))
        router ();
    else if (streq (mode, "dealer"))
        dealer (arguments [0]);
    else if (streq (mode, "keeper"))
        keeper ();
    else if (streq (mode, "idler"))
        idler (arguments [0]);
    else if (streq (mode, "holder"))
        holder ();
    else if (streq (mode, "sleeper"))
        sleeper (arguments [0]);
    else if (streq (mode, "hub"))
        hub ();
    else if (streq (mode, "listener"))
        listener (arguments [0]);
    else if (streq (mode, "heavy"))
        heavy (arguments [0]);
    else if (streq (mode, "leaver"))
        leaver (arguments [0]);
    else if (streq (mode, "certificates"))
        certificates (arguments [0]);
    else if (streq (mode, "curve-server"))
        curve_server (arguments [0]);
    else if (streq (mode, "curve-client"))
        curve_client (arguments [0], arguments [1], arguments [2], arguments [3]);
    else if (streq (mode, "plain-server"))
        plain_server (arguments [0]);
    else if (streq (mode, "plain-client"))
        plain_client (arguments [0], arguments [1], arguments [2], arguments [3]);
    else
        check (false, "reading the mode");
    return 0;
}
