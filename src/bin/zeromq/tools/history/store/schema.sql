CREATE TABLE messages (
    sequence INTEGER PRIMARY KEY, -- 1, 2, 3 and so on, in the order of arrival
    time INTEGER NOT NULL, -- when it was received: nanoseconds since 1970 in UTC, never decreasing
    topic, -- the first of several frames, NULL if there is only one
    body, -- the second frame, or the only one
    rest BLOB -- further frames, each after its size in 4 bytes, most significant byte first
);
CREATE INDEX messages_by_time ON messages (time);
CREATE TABLE topics (
    chunk INTEGER, -- sequence / 65536
    topic, -- as in messages, but x'' for messages of one frame
    count INTEGER NOT NULL, -- how many of these messages have it
    PRIMARY KEY (chunk, topic)
) WITHOUT ROWID;
CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    time INTEGER NOT NULL, -- as in messages
    sequence INTEGER NOT NULL, -- the last message before it
    kind TEXT NOT NULL, -- started, stopped, killed, dropped, missed or deleted
    count INTEGER NOT NULL, -- how many messages are missing because of it
    text TEXT NOT NULL
);
CREATE VIEW history AS
    SELECT sequence, strftime('%Y-%m-%dT%H:%M:%fZ', time / 1e9, 'unixepoch') AS time, topic, body, rest
    FROM messages;
