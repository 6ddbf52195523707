# Generated from the table of methods; ZEROMQ_BLESS=1 cargo test --test stubs rewrites it.

from typing import Any, Callable, Dict, Iterator, List, NoReturn, Sequence, Tuple, Type, TypeVar, Union

_T = TypeVar("_T", bound="Object")

__version__: str

class Error(Exception):
    """What ZeroMQ cannot do: message says why, tag is the name of the class."""

    message: str
    code: int
    tag: str
    def __init__(self, message: str, code: int = ...) -> None: ...

class Array:
    """An array of numbers, which numpy.asarray uses without a copy."""

    dtype: str
    shape: Tuple[int, ...]
    def __init__(self, element: int, shape: Any, data: Any, size: int, owner: Any) -> None: ...
    @property
    def __array_interface__(self) -> Dict[str, Any]: ...
    def tolist(self) -> Any: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: Union[int, Tuple[int, ...]]) -> Any: ...

class Sparse:
    """A sparse matrix in compressed sparse columns, as scipy.sparse.csc_matrix uses them."""

    format: str
    data: Array
    indices: Array
    indptr: Array
    shape: Tuple[int, int]
    def __init__(
        self, data: Array, indices: Array, indptr: Array, shape: Tuple[int, int]
    ) -> None: ...
    @property
    def dtype(self) -> str: ...
    @property
    def nnz(self) -> int: ...
    def tolist(self) -> List[List[Any]]: ...

class Object:
    """What all classes of ZeroMQ have in common."""

    def __init__(self, *arguments: Any, **named: Any) -> None: ...
    def __bytes__(self) -> bytes: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __enter__(self: _T) -> _T: ...
    def __exit__(self, *failure: Any) -> None: ...

class ZMQArgs(Error): ...

class ZMQClosed(Error): ...

class ZMQConsArgs(Error): ...

class ZMQDecode(Error): ...

class ZMQErr(Error): ...

class ZMQInterrupted(Error): ...

class ZMQOption(Error): ...

class ZMQPolicy(Error): ...

class ZMQSecurity(Error): ...

class ZMQState(Error): ...

class ZMQTask(Error): ...

class ZMQTimeout(Error): ...

class ZMQUnroutable(Error): ...

class ZMQUnsupported(Error): ...

class ZMQSocket(Object):
    """The base class of all sockets: attaches to endpoints and sends and receives messages."""

    def __new__(cls, /, *arguments: Any, **named: Any) -> NoReturn: ...
    def bind(self, endpoints: Union[str, bytes, bytearray], /) -> int:
        """Binds the socket to each endpoint so that peers can connect to it. Returns the TCP port of the last endpoint, or 0 if the last endpoint is not TCP. The port `*` picks the first free port from 49152 up, and `!` picks a free port at random. If one endpoint fails, the endpoints before it stay bound."""
    def unbind(self, endpoints: Union[str, bytes, bytearray], /) -> None:
        """Stops listening on each endpoint. Accepts the endpoint as it was written in `bind` or as `endpoint` returns it."""
    def connect(self, endpoints: Union[str, bytes, bytearray], /) -> None:
        """Connects to each endpoint and returns immediately. The peers do not have to be running yet: ZeroMQ connects in the background and reconnects after a failure. If one endpoint fails, the endpoints before it stay connected."""
    def disconnect(self, endpoints: Union[str, bytes, bytearray], /) -> None:
        """Closes the connections to each endpoint. Queued messages that cannot be sent within the linger period are discarded."""
    def endpoint(self, /) -> Union[str, None]:
        """Returns the endpoint that was bound last, with its actual port number or file, or nil if the socket was never bound."""
    def lastendpoint(self, /) -> Union[str, None]:
        """Returns the endpoint that was bound or connected last, as libzmq resolved it: with the address 0.0.0.0 for `*`, or with the file that was chosen for `ipc://*`. Returns nil if there is none."""
    def endpoints(self, /) -> List[Any]:
        """Returns the endpoints that the socket is attached to, as a List of Tuples of "bind" or "connect" and the endpoint."""
    def send(self, /, *frames: Union[bool, int, float, str, bytes, bytearray, Sequence[Any], Object], timeout: Union[int, float, None] = ...) -> bool:
        """Sends one message with one or more frames. Numbers and Bools are sent as text, which the receiver gets as a String; `sendvalue` keeps their type. So `send(text, 500)` sends two frames, and `send(text, timeout=500)` waits up to 500 milliseconds. Waits while no peer can accept the message. Returns true if the message was queued. Returns false on timeout, and false with a warning if a ZMQRequest or ZMQReply sends out of turn."""
    def receive(self, /, *, timeout: Union[int, float, None] = ...) -> Union[str, bytes, None]:
        """Waits for a message and returns its first frame, or returns the next frame of a message that has been partly received. Returns a String if the frame is valid UTF-8, otherwise a ZMQFrame. Returns nil on timeout, and nil with a warning if a ZMQRequest or ZMQReply receives out of turn."""
    def receiveframe(self, /, *, timeout: Union[int, float, None] = ...) -> Union[ZMQFrame, None]:
        """Receives one frame as `receive` does, but always returns it as a ZMQFrame, even if it is text."""
    def receiveall(self, /, *, timeout: Union[int, float, None] = ...) -> Union[List[Any], None]:
        """Waits for a message and returns all its frames as a List. If part of the message has already been received, returns the remaining frames. On a ZMQRouter the first frame is the routing id of the sender."""
    def sendmore(self, frame: Union[bool, int, float, str, bytes, bytearray, Object], /) -> bool:
        """Adds a frame to the front of the next message. Nothing is sent until the next `send`, `sendjson`, `sendvalue` or similar call, which sends all the frames as one message. Receiving is not affected meanwhile. If that call returns false, the frames are kept for the next attempt. `flush`, `close` and any error that `sendmore` or that call raises, `ZMQTimeout` and `ZMQArgs` included, discard them."""
    def more(self, /) -> bool:
        """Returns true if the message that was received last has more frames to receive."""
    def flush(self, /) -> None:
        """Discards the remaining frames of a partly received message and the frames queued by `sendmore`."""
    def sendbatch(self, messages: Sequence[Any], /, *, timeout: Union[int, float, None] = ...) -> int:
        """Sends each item of a List as a message, in order. An item is one frame, as for `send`, or a List of frames. So a List that `receivebatch` returned can be sent as it is. Waits while no peer can accept a message. Returns the number of messages that were queued, which is smaller than the length of the List if the timeout expires or a later message fails; the next call reports why. An interrupt is raised in any case. This is the fastest way to send many small messages."""
    def receivebatch(self, max: int, /, *, whole: bool = ..., timeout: Union[int, float, None] = ...) -> Union[List[Any], None]:
        """Waits for one message, then returns a List of it and of all messages that have already arrived, up to `max` messages and never more than 65536. A message with one frame is a String, or a ZMQFrame if it is not valid UTF-8. A message with several frames is a List. With `whole=true` every message is a List. This is the fastest way to receive many small messages."""
    def enumerate(self, index: int, /) -> Union[str, bytes, List[Any], None, int]:
        """Supports `for (message in socket)`: receives one message for each pass of the loop, in the form that `receivebatch` returns. The loop variable is nil if the timeout set by `settimeout` expires. The loop ends only with `break` or with an error such as `ZMQClosed`."""
    def sendjson(self, value: Any, /, *, timeout: Union[int, float, None] = ...) -> bool:
        """Sends a value as one frame of JSON. Dictionary keys must be Strings and numbers must be finite. Tuples become Lists. Returns true if the message was queued, or false as `send` does."""
    def receivejson(self, /, *, timeout: Union[int, float, None] = ...) -> Any:
        """Receives one frame as `receive` does and returns the value that it holds as JSON. Numbers without a decimal point or exponent become Ints; other numbers, and integers that are too large for an Int, become Floats."""
    def sendvalue(self, value: Any, /, *, timeout: Union[int, float, None] = ...) -> bool:
        """Sends a value as one frame of MessagePack, a compact binary format that most languages can read. Unlike JSON, MessagePack also supports ZMQFrames, infinite numbers, and numbers as Dictionary keys. Tuples become Lists. Returns true if the message was queued, or false as `send` does."""
    def receivevalue(self, /, *, timeout: Union[int, float, None] = ...) -> Any:
        """Receives one frame as `receive` does and returns the value that it holds as MessagePack."""
    def sendarray(self, array: Any, /, *, timeout: Union[int, float, None] = ...) -> bool:
        """Sends an array of numbers as two frames: JSON with its dtype and shape, and its elements, row by row, as in pyzmq's recipe for numpy. Accepts a Matrix, a ComplexMatrix, a Complex, an Array of numbers, and Lists of numbers that are evenly nested. Ints are sent as int64, or as float64 if there are Floats among them. A Sparse, or a Dictionary of its vectors, is sent as four frames: JSON, and the data, indices and indptr of a csc_matrix of scipy. Returns true if the message was queued, or false as `send` does."""
    def receivearray(self, /, *, timeout: Union[int, float, None] = ...) -> Any:
        """Receives an array that `sendarray`, or numpy by pyzmq's recipe, has sent. One dimension becomes a Matrix with one column, two a Matrix, and more an Array; complex numbers a ComplexMatrix or Complex. Hosts without a Matrix get Lists. A sparse matrix, in the format csc or csr, becomes a Sparse; hosts without one get a Dictionary of its vectors."""
    def sendpicture(self, picture: Union[str, bytes, bytearray], /, *values: Union[bool, int, float, str, bytes, bytearray, Sequence[Any], Dict[Any, Any], Object], timeout: Union[int, float, None] = ...) -> bool:
        """Sends one message with a frame for each letter of the picture. Returns true if the message was queued, or false as `send` does."""
    def receivepicture(self, picture: Union[str, bytes, bytearray], /, *, timeout: Union[int, float, None] = ...) -> Union[Tuple[Any, ...], None]:
        """Receives one message and returns a Tuple with one value for each letter of the picture except `z`. A value is nil if the message has too few frames. Frames beyond the picture are discarded."""
    def signal(self, status: int, /, *, timeout: Union[int, float, None] = ...) -> bool:
        """Sends a signal: a short message that carries only a status from 0 to 255. By convention 0 means success. Programs that use czmq can receive it. Returns true if the message was queued, or false as `send` does."""
    def wait(self, /, *, timeout: Union[int, float, None] = ...) -> Union[int, None]:
        """Waits for a signal and returns its status. Discards all other messages."""
    def canreceive(self, /) -> bool:
        """Returns true if `receive` would return a frame without waiting."""
    def cansend(self, /) -> bool:
        """Returns true if `send` would queue a message for some peer without waiting. Returns false on a ZMQRequest or ZMQReply that has to receive first."""
    def poll(self, /, *, timeout: Union[int, float, None] = ...) -> bool:
        """Waits until `receive` would return a frame without waiting. Returns true if it would, or false on timeout, even if the socket is strict."""
    def descriptor(self, event: Union[str, bytes, bytearray] = ..., /) -> int:
        """Returns a file descriptor for the event loop of a program: it is readable while a message can be received ("in", the default), while there is room to send ("out"), or for either of them ("both"). It can be readable without a reason; a call that finds nothing to do, such as `receive(timeout=0)`, then silences it. Only watch it, never read from it, and stop watching it before the socket is closed. A further call changes the event and returns the same number."""
    def setstrict(self, strict: bool, /) -> None:
        """Turns strict mode on or off for this socket. In strict mode a timeout raises `ZMQTimeout` and a call out of turn raises `ZMQState`. Otherwise such a call returns nil or false."""
    def waitforpeers(self, count: int, /, *, timeout: Union[int, float, None] = ...) -> bool:
        """Waits until the socket has at least `count` peers over any transport, so that a message can be sent to them. Returns true, or false on timeout. Without `timeout=` it waits forever, whatever `settimeout` says."""
    def monitor(self, /, *events: Union[str, bytes, bytearray]) -> ZMQMonitor:
        """Returns a ZMQMonitor that reports connection events of this socket from now on: the named events, or all events if none is named. There are no events for inproc. A socket can have several monitors."""
    def stats(self, /) -> Dict[Any, Any]:
        """Returns a Dictionary of counters: "messagessent", "framessent", "bytessent", "messagesreceived", "framesreceived" and "bytesreceived"; "expired", messages not sent because the timeout expired; "unroutable", messages that raised `ZMQUnroutable` or had no such peer; "peers", the current number of peers, or nil if unknown; "connections", "disconnections", "failures" (of handshakes), "refusals" of incoming connections, for lack of descriptors or beyond `max_handshakes` and `max_handshakes_of_address`, and "oversized", connections that ended because the peer sent or subscribed to more than `maxmsgsize` and similar limits allow, inproc excluded. A ZMQPublisher or ZMQXPublisher adds "subscriptions", the number of distinct prefixes its peers subscribe to. A ZMQRouter or ZMQStream adds "dropped", messages that no peer could accept."""
    def diagnose(self, /) -> str:
        """Returns how many peers the socket has and, separated by semicolons, why nothing may arrive: what was observed, at which endpoint, and what to do about it. It may connect to an endpoint that has no peer, which takes up to about a second for each. `help diagnosis` lists the reasons."""
    def subscribe(self, /, *prefix: Union[str, bytes, bytearray, Object]) -> None:
        """Adds a subscription for each prefix: the socket also receives messages that start with it. Prefixes are compared byte by byte and can have up to 4096 bytes. The empty String matches every message. Subscriptions are counted: a prefix that was added twice must be removed twice. Works on a ZMQSubscriber and a ZMQXSubscriber only. A ZMQSubscriber that has never subscribed receives nothing, and its first receive warns of it."""
    def unsubscribe(self, /, *prefix: Union[str, bytes, bytearray, Object]) -> None:
        """Removes one subscription for each prefix. A prefix that was subscribed twice has to be removed twice."""
    def subscriptions(self, /) -> List[Any]:
        """Returns a sorted List of the subscribed prefixes, including duplicates. Returns an empty List on a socket that cannot subscribe."""
    def option(self, name: Union[str, bytes, bytearray], /) -> Union[bool, int, str, bytes]:
        """Returns the value of a socket option, by its name in libzmq without `ZMQ_`."""
    def setoption(self, name: Union[str, bytes, bytearray], value: Union[bool, int, float, str, bytes, bytearray, Object, None], /) -> None:
        """Sets a socket option, by its name in libzmq without `ZMQ_`. Where -1 is allowed, nil means the same. A String may spell a number or a Bool. Many options only affect endpoints that are bound or connected afterwards: if it is too late for an endpoint, a `ZMQOption` warning says so once per socket."""
    def options(self, /) -> Dict[Any, Any]:
        """Returns a Dictionary of all options that can be read on this socket, except secret ones."""
    def settimeout(self, ms: Union[int, float, None] = ..., /, *, send: Union[int, float, None] = ..., receive: Union[int, float, None] = ...) -> None:
        """Sets the default timeout of calls that send (`send=`), that receive (`receive=`), or both. It applies to calls without `timeout=`. The default is to wait forever."""
    def setlinger(self, ms: Union[int, float, None], /) -> None:
        """Sets the linger period: how long the socket keeps sending queued messages in the background after it is closed. 0 discards them immediately; nil or -1 waits forever. The default is 1000 ms."""
    def sethwm(self, n: int = ..., /, *, send: int = ..., receive: int = ...) -> None:
        """Sets the high-water marks: the maximum number of messages queued per peer for sending (`send=`), for receiving (`receive=`), or both. 0 means no limit. The default is 1000."""
    def setunbounded(self, /) -> None:
        """Removes both high-water marks. Messages are then queued until memory runs out."""
    def setidentity(self, id: Union[str, bytes, bytearray, Object], /) -> None:
        """Sets the routing id by which a ZMQRouter knows this socket. Call it before `connect`. The id has 1 to 255 bytes and must not start with a zero byte."""
    def identity(self, /) -> Union[str, bytes, None]:
        """Returns the routing id that `setidentity` has set, or nil if none was set."""
    def heartbeat(self, ms: Union[int, float, None], /) -> None:
        """Sends a ping to each peer every `ms` milliseconds. The connection to a peer that sends nothing for three times that period is closed, and peers apply the same limit to this socket. 0 or nil turns heartbeats off. Call it before `bind` and `connect`."""
    def setreconnect(self, ms: Union[int, float, None], /, *, max: Union[int, float, None] = ...) -> None:
        """Sets how long to wait before trying to reconnect. With `max=` the interval doubles after each attempt, up to that limit. -1 or nil turns reconnecting off. Call it before `connect`. The default is 100 ms without doubling."""
    def secure(self, certificate: Union[Object, None] = ..., /, *, serverkey: Union[str, bytes, bytearray, Object, None] = ..., username: Union[str, bytes, bytearray, None] = ..., password: Union[str, bytes, bytearray, None] = ..., plain: bool = ..., domain: Union[str, bytes, bytearray, None] = ...) -> None:
        """Sets the security of a socket that is not bound or connected yet. A certificate alone makes it a CURVE server. `serverkey=` makes it a CURVE client, with the given certificate or a new one. `username=` and `password=` make it a PLAIN client; `plain=true` makes it a PLAIN server. `domain=` names a server for the rules of ZMQAuth; alone it makes a server whose clients are checked by address only."""
    def close(self, /, *, linger: Union[int, float, None] = ..., wait: Union[int, float, None] = ...) -> Union[bool, None]:
        """Closes the socket. Returns nil immediately; queued messages are sent in the background for the linger period, which `setlinger` and the option `linger` set, or for `linger=`. With `wait=` it waits up to that many milliseconds. It then returns true if every message was handed to the network, or false if the wait or the linger period expired first or if the result is unknown. Over inproc a message has reached its peer as soon as it is sent. Closing a closed socket does nothing and returns nil."""
    def closed(self, /) -> bool:
        """Returns true if the socket is closed."""
    def lasterror(self, /) -> Union[Dict[Any, Any], None]:
        """Returns the last error that a call on this socket raised, as a Dictionary in the form of `ZMQ.lasterror()`, or nil if there was none."""
    def type(self, /) -> str:
        """Returns the type of the socket in ZeroMQ's terms: "REQ", "ROUTER" and so on."""

class ZMQRequest(ZMQSocket):
    """Sends requests and receives one reply to each (REQ). Connects by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQRequest:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def request(self, /, *frames: Union[bool, int, float, str, bytes, bytearray, Sequence[Any], Object], retries: int = ..., endpoints: Union[str, bytes, bytearray, Sequence[Any]] = ..., timeout: Union[int, float, None] = ...) -> Union[List[Any], None]:
        """Sends a request and returns the List of frames of its reply. If no reply arrives within `timeout=`, sends the request again over a new connection, up to `retries=` more times (default 0); then tries each of `endpoints=` as often, connected to that endpoint alone, and stays with the one that answers. Returns nil if none answers. The timeout applies to each attempt. A server may process a request more than once. The late reply to an earlier request is never mistaken for the current one: from the first call on, the socket numbers its requests in an extra frame, which the server must return with the rest of the envelope, and the socket may send again without receiving first."""
    def setrelaxed(self, on: bool, /) -> None:
        """Allows a new request before the previous one is answered. A late reply to an earlier request is discarded. Peers must be ZMQReply sockets, or ZMQRouter sockets that return the whole envelope."""

class ZMQReply(ZMQSocket):
    """Receives requests and sends one reply to each (REP). Binds by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQReply:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def serve(self, function: Callable[..., Any], /, *, count: Union[int, None] = ..., timeout: Union[int, float, None] = ...) -> int:
        """Answers requests with a function. Calls the function with the List of frames of each request and sends what it returns: a String, a ZMQFrame, a number, a Bool, or a List of these. Returns the number of requests answered, once it reaches `count=` or when no request arrives for `timeout=` milliseconds, even if the socket is strict. If the function raises an error, `serve` raises it and that request stays unanswered."""

class ZMQPublisher(ZMQSocket):
    """Sends each message to all subscribers with a matching prefix (PUB). Binds by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQPublisher:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def publish(self, topic: Union[bool, int, float, str, bytes, bytearray, Object], /, *parts: Union[bool, int, float, str, bytes, bytearray, Sequence[Any], Object], timeout: Union[int, float, None] = ...) -> bool:
        """Sends a message with the topic as its first frame and the parts as further frames. Returns true if the message was queued, or false on timeout. A publisher waits only after `setnodrop(true)`."""
    def setsequence(self, on: bool, /) -> None:
        """Turns message numbers on or off. When on, `publish` adds a last frame of 20 bytes to each message: "SEQ1", an 8-byte id of this publisher, and the message's number within its topic as 8 bytes, most significant byte first. Subscribers have to turn it on, too; otherwise they receive that frame as part of the message."""
    def waitforsubscribers(self, count: int, /, *, topic: Union[str, bytes, bytearray, None] = ..., timeout: Union[int, float, None] = ...) -> bool:
        """Waits until there are at least `count` subscriptions, or with `topic=` at least `count` subscriptions that match a message starting with that topic. Messages published afterwards reach these subscribers. A subscriber counts once for each of its prefixes; a proxy counts once for all subscribers behind it. A subscriber that is bound sends its subscriptions with its first call after the publisher has connected: if both are in one script, call `waitforpeers` on the subscriber first. Returns true, or false on timeout. Without `timeout=` it waits forever."""
    def setnodrop(self, on: bool, /) -> None:
        """Makes `send` wait for a slow subscriber, up to the timeout, instead of dropping the message for it. Call it before sending: a subscriber whose queue is already full is not waited for."""

class ZMQSubscriber(ZMQSocket):
    """Receives messages from publishers that start with one of its prefixes (SUB). Connects by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., prefix: Union[str, bytes, bytearray, Object, None] = ..., /) -> ZMQSubscriber:
        """Opens a SUB socket and attaches it to the endpoints. With endpoints alone it receives every message; with a prefix it receives messages that start with the prefix. With nil as the prefix, or without arguments, it receives nothing until `subscribe` is called."""
    def receivetopic(self, /, *, timeout: Union[int, float, None] = ...) -> Union[Tuple[Any, ...], None]:
        """Waits for a message and returns a Tuple of its first frame, the topic, and a List of its other frames. Also returns nil if part of a message has already been received."""
    def setsequence(self, on: bool, /) -> None:
        """Turns the detection of lost messages on or off. When on, `receivetopic` removes the number that a publisher with `setsequence(true)` adds to each message, and `missed` returns how many messages were lost."""
    def missed(self, /) -> int:
        """Returns how many numbered messages were lost since `setsequence(true)`, because this subscriber was too slow or disconnected. Returns 0 if `setsequence` is off."""
    def setconflate(self, on: bool, /) -> None:
        """Turns conflation on or off: only the newest message is kept, and each message must have a single frame. Call it before the first `bind` or `connect`."""

class ZMQXPublisher(ZMQSocket):
    """Publishes messages and receives the subscriptions of its peers as messages (XPUB). Binds by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQXPublisher:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def publish(self, topic: Union[bool, int, float, str, bytes, bytearray, Object], /, *parts: Union[bool, int, float, str, bytes, bytearray, Sequence[Any], Object], timeout: Union[int, float, None] = ...) -> bool:
        """Sends a message with the topic as its first frame and the parts as further frames. Returns true if the message was queued, or false on timeout. A publisher waits only after `setnodrop(true)`."""
    def setsequence(self, on: bool, /) -> None:
        """Turns message numbers on or off. When on, `publish` adds a last frame of 20 bytes to each message: "SEQ1", an 8-byte id of this publisher, and the message's number within its topic as 8 bytes, most significant byte first. Subscribers have to turn it on, too; otherwise they receive that frame as part of the message."""
    def receivesubscription(self, /, *, timeout: Union[int, float, None] = ...) -> Union[Tuple[Any, ...], None]:
        """Waits until a peer subscribes or unsubscribes. Returns a Tuple of true (subscribes) or false (unsubscribes) and the prefix. Discards other messages from peers."""
    def setnodrop(self, on: bool, /) -> None:
        """Makes `send` wait for a slow subscriber, up to the timeout, instead of dropping the message for it. Call it before sending: a subscriber whose queue is already full is not waited for."""
    def setverbose(self, which: Union[str, bytes, bytearray], /) -> None:
        """Sets which subscription messages are received: "off" (the default) for the first subscription and the last unsubscription of each prefix, "new" for every subscription, "all" for every subscription and every unsubscription."""
    def setmanual(self, on: bool, /) -> None:
        """Turns manual mode on or off. In manual mode `accept` and `reject` decide which messages a peer receives, not the peer's own subscriptions. It cannot be turned off once the socket is bound or connected."""
    def accept(self, prefix: Union[str, bytes, bytearray, Object], /) -> None:
        """Subscribes a peer to this prefix: the peer whose subscription message was received last. Requires `setmanual(true)`."""
    def reject(self, prefix: Union[str, bytes, bytearray, Object], /) -> None:
        """Removes one subscription that `accept` added for the peer whose subscription message was received last. Requires `setmanual(true)`."""
    def setwelcome(self, message: Union[str, bytes, bytearray, Object], /) -> None:
        """Sets a message that each new subscriber receives first if it subscribes to a matching prefix. The empty String sends none. The publisher has to receive subscription messages for this to work."""

class ZMQXSubscriber(ZMQSocket):
    """Receives messages from publishers and sends its subscriptions as messages (XSUB). Connects by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQXSubscriber:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def receivetopic(self, /, *, timeout: Union[int, float, None] = ...) -> Union[Tuple[Any, ...], None]:
        """Waits for a message and returns a Tuple of its first frame, the topic, and a List of its other frames. Also returns nil if part of a message has already been received."""
    def setsequence(self, on: bool, /) -> None:
        """Turns the detection of lost messages on or off. When on, `receivetopic` removes the number that a publisher with `setsequence(true)` adds to each message, and `missed` returns how many messages were lost."""
    def missed(self, /) -> int:
        """Returns how many numbered messages were lost since `setsequence(true)`, because this subscriber was too slow or disconnected. Returns 0 if `setsequence` is off."""

ZMQXSubcriber = ZMQXSubscriber

class ZMQPush(ZMQSocket):
    """Sends each message to one of its peers, in turn (PUSH). Connects by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQPush:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def setconflate(self, on: bool, /) -> None:
        """Turns conflation on or off: only the newest message is kept, and each message must have a single frame. Call it before the first `bind` or `connect`."""

class ZMQPull(ZMQSocket):
    """Receives messages from its peers, in turn (PULL). Binds by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQPull:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def setconflate(self, on: bool, /) -> None:
        """Turns conflation on or off: only the newest message is kept, and each message must have a single frame. Call it before the first `bind` or `connect`."""

class ZMQDealer(ZMQSocket):
    """Sends to its peers in turn and receives from all of them, in any order (DEALER). Connects by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQDealer:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def setprobe(self, on: bool, /) -> None:
        """Sends an empty message to each new peer, so that a ZMQRouter learns about this socket immediately. All peers must be ZMQRouter sockets. Call it before `connect`."""
    def setconflate(self, on: bool, /) -> None:
        """Turns conflation on or off: only the newest message is kept, and each message must have a single frame. Call it before the first `bind` or `connect`."""

class ZMQRouter(ZMQSocket):
    """Receives from all its peers and sends to the peer that the first frame names (ROUTER). Binds by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQRouter:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def receivefrom(self, /, *, timeout: Union[int, float, None] = ...) -> Union[Tuple[Any, ...], None]:
        """Waits for a message and returns a Tuple of the sender's routing id, a ZMQFrame, and the List of frames. Also returns nil if part of a message has already been received."""
    def sendto(self, id: Union[str, bytes, bytearray, Object], /, *frames: Union[bool, int, float, str, bytes, bytearray, Sequence[Any], Object], timeout: Union[int, float, None] = ...) -> bool:
        """Sends a message to the peer with this routing id. A ZMQStream sends the bytes of all frames without separators. Returns false if there is no such peer, or on timeout if the peer cannot accept the message."""
    def peers(self, /) -> List[Any]:
        """Returns a List of the routing ids that `receivefrom` has received messages from, except those of peers that are gone; a ZMQStream finds out by `sendto`. A peer that the socket itself has connected to stays, as messages wait for its return. Keeps the last 65536 ids."""
    def dropped(self, /) -> int:
        """Returns how many messages were dropped because no peer had their routing id, or, with `send`, because the peer could not accept them."""
    def setmandatory(self, on: bool, /) -> None:
        """Makes sending to an unknown peer raise `ZMQUnroutable` instead of dropping the message, and makes `send` wait for a peer whose queue is full."""
    def sethandover(self, on: bool, /) -> None:
        """Lets a new peer take over the routing id of a connected peer. Otherwise a new peer with a duplicate routing id is ignored."""
    def setprobe(self, on: bool, /) -> None:
        """Sends an empty message to each new peer, so that a ZMQRouter learns about this socket immediately. All peers must be ZMQRouter sockets. Call it before `connect`."""

class ZMQPair(ZMQSocket):
    """Exchanges messages with exactly one other ZMQPair (PAIR). Connects by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQPair:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""

class ZMQStream(ZMQSocket):
    """Exchanges bytes with programs that use plain TCP instead of ZeroMQ (STREAM). Connects by default."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /) -> ZMQStream:
        """Opens a socket and attaches it to the endpoints. The prefix `@` binds an endpoint and `>` connects to it; without a prefix the class decides. Without endpoints, the socket is not attached to anything yet."""
    def receivefrom(self, /, *, timeout: Union[int, float, None] = ...) -> Union[Tuple[Any, ...], None]:
        """Waits for a message and returns a Tuple of the sender's routing id, a ZMQFrame, and the List of frames. Also returns nil if part of a message has already been received."""
    def sendto(self, id: Union[str, bytes, bytearray, Object], /, *frames: Union[bool, int, float, str, bytes, bytearray, Sequence[Any], Object], timeout: Union[int, float, None] = ...) -> bool:
        """Sends a message to the peer with this routing id. A ZMQStream sends the bytes of all frames without separators. Returns false if there is no such peer, or on timeout if the peer cannot accept the message."""
    def peers(self, /) -> List[Any]:
        """Returns a List of the routing ids that `receivefrom` has received messages from, except those of peers that are gone; a ZMQStream finds out by `sendto`. A peer that the socket itself has connected to stays, as messages wait for its return. Keeps the last 65536 ids."""
    def closepeer(self, id: Union[str, bytes, bytearray, Object], /, *, timeout: Union[int, float, None] = ...) -> bool:
        """Closes the connection to a peer and discards data that has not been sent yet. Returns true, or false if there is no such peer."""
    def setnotify(self, on: bool, /) -> None:
        """Turns connection notices on or off. When on (the default), an empty message is received when a peer connects or disconnects. Call it before the first `bind` or `connect`."""

class ZMQProxy(Object):
    """Forwards messages between two sockets, its frontend and its backend, in the background."""

    def __new__(cls, /) -> ZMQProxy:
        """Creates a proxy without sockets. It starts forwarding once it has a frontend and a backend."""
    def setfrontend(self, type: Union[str, bytes, bytearray, Type[Object]], endpoints: Union[str, bytes, bytearray], /, *, subscribe: Union[str, bytes, bytearray, Sequence[Any]] = ..., secure: Union[Object, None] = ..., serverkey: Union[str, bytes, bytearray, Object, None] = ..., domain: Union[str, bytes, bytearray, None] = ...) -> None:
        """Opens a socket of the given type as the frontend, and binds it to each endpoint without a prefix. Replaces and closes the previous socket; if this fails, that one stays in use. A SUB or XSUB socket subscribes to `subscribe=`, or to everything by default; an XSUB socket opposite an XPUB socket subscribes to what its subscribers ask for. `secure=` makes the socket a CURVE server; with `serverkey=` it is a CURVE client. `domain=` names the domain for ZMQAuth."""
    def setbackend(self, type: Union[str, bytes, bytearray, Type[Object]], endpoints: Union[str, bytes, bytearray], /, *, subscribe: Union[str, bytes, bytearray, Sequence[Any]] = ..., secure: Union[Object, None] = ..., serverkey: Union[str, bytes, bytearray, Object, None] = ..., domain: Union[str, bytes, bytearray, None] = ...) -> None:
        """Opens a socket of the given type as the backend, in the same way as `setfrontend`."""
    def frontend(self, /) -> Union[str, None]:
        """Returns the endpoints of the frontend as they were given, or nil if it has no socket."""
    def backend(self, /) -> Union[str, None]:
        """Returns the endpoints of the backend as they were given, or nil if it has no socket."""
    def frontendport(self, /) -> Union[int, None]:
        """Returns the TCP port that the frontend bound last, including a port chosen for `*` or `!`. Returns 0 if it is not bound to TCP, or nil if the frontend has no socket."""
    def backendport(self, /) -> Union[int, None]:
        """Returns the TCP port that the backend bound last, including a port chosen for `*` or `!`. Returns 0 if it is not bound to TCP, or nil if the backend has no socket."""
    def capture(self, endpoints: Union[str, bytes, bytearray, None], type: Union[str, bytes, bytearray, Type[Object]] = ..., /) -> None:
        """Sends a copy of every forwarded message to these endpoints, through a PUSH socket, which connects by default, or a PUB or PAIR socket. Copies that are not accepted immediately are dropped and counted. nil ends the capture."""
    def pause(self, /) -> None:
        """Pauses forwarding. Messages wait in the queues of the sockets and of the senders; none is lost."""
    def resume(self, /) -> None:
        """Resumes forwarding after `pause`."""
    def stop(self, /) -> None:
        """Closes both sockets and frees their addresses. A stopped proxy cannot be restarted."""
    def state(self, /) -> str:
        """Returns "waiting" while a side has no socket, "running", "paused" or "stopped"."""
    def stats(self, /) -> Dict[Any, Any]:
        """Returns a Dictionary. "tobackend" and "tofrontend" each hold a Dictionary with "messages" and "bytes" forwarded and messages "dropped" because their peer was gone or could not accept them. "capturedropped" counts the copies that the capture dropped."""
    def setfault(self, /, *, delay: Union[int, float] = ..., drop: Union[int, float] = ..., duplicate: Union[int, float] = ..., cut: Union[int, float] = ..., seed: int = ...) -> None:
        """Injects faults for testing: delays each message by `delay=` milliseconds, and drops it, duplicates it or cuts it short (its last frame, or the second half of a single frame) with a probability from 0 to 1. The same `seed=` repeats the same sequence. Faults that are not given are turned off."""

class ZMQForwarder(ZMQProxy):
    """A proxy between publishers, which connect to the frontend (XSUB), and subscribers, which connect to the backend (XPUB)."""

    def __new__(cls, frontend: Union[str, bytes, bytearray], backend: Union[str, bytes, bytearray], /) -> ZMQForwarder:
        """Creates a proxy with these endpoints and starts forwarding. Endpoints are bound unless they have the prefix `>`, which connects."""

class ZMQStreamer(ZMQProxy):
    """A proxy between PUSH sockets, which connect to the frontend (PULL), and PULL sockets, which connect to the backend (PUSH)."""

    def __new__(cls, frontend: Union[str, bytes, bytearray], backend: Union[str, bytes, bytearray], /) -> ZMQStreamer:
        """Creates a proxy with these endpoints and starts forwarding. Endpoints are bound unless they have the prefix `>`, which connects."""

class ZMQQueue(ZMQProxy):
    """A proxy between clients, which connect to the frontend (ROUTER), and servers, which connect to the backend (DEALER) and take turns answering."""

    def __new__(cls, frontend: Union[str, bytes, bytearray], backend: Union[str, bytes, bytearray], /) -> ZMQQueue:
        """Creates a proxy with these endpoints and starts forwarding. Endpoints are bound unless they have the prefix `>`, which connects."""

class ZMQTaskQueue(Object):
    """Distributes tasks to workers and collects their results. A task goes to another worker if its worker dies, hangs or leaves."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /, *, timeout: Union[int, float, None] = ..., attempts: int = ..., heartbeat: Union[int, float] = ..., credit: int = ...) -> ZMQTaskQueue:
        """Creates a queue and binds it to the endpoints, if there are any. `timeout=` limits how long a task may run, in milliseconds; nil or -1 is forever, the default. A task whose worker is lost or exceeds the limit is started up to `attempts=` times. Who is silent for three times `heartbeat=` is lost. A worker holds at most `credit=` tasks, 1000 by default, and fewer if they take long."""
    def add(self, /, *tasks: Any) -> Union[int, None]:
        """Adds tasks. Each is a value that `sendvalue` accepts. Returns the number of the last one, or nil if there is none. The first task of a queue is number 1."""
    def map(self, tasks: Sequence[Any], /, *, timeout: Union[int, float, None] = ...) -> Union[List[Any], None]:
        """Adds all tasks of a List, waits for their results, and returns the values in the same order. Returns nil on timeout; the tasks are then withdrawn, and also if a task fails."""
    def next(self, /, *, timeout: Union[int, float, None] = ...) -> Union[Dict[Any, Any], None]:
        """Waits for the next result, in the order in which tasks finish, and returns a Dictionary with "task" (its number), "value" (nil if it failed), "error" (nil, or the tag of the error), "message" (nil, or the text of the error), "attempts" and "worker" (its name). Returns nil on timeout, and also if there is no task whose result was not taken."""
    def results(self, /, *, order: bool = ..., timeout: Union[int, float, None] = ...) -> ZMQResults:
        """Returns the results of all tasks added so far that were not taken yet, for a `for` loop: as tasks finish, or with `order=true` in the order of their numbers. Each is a Dictionary as `next` returns it, or nil if it is not there within `timeout=`. The loop does not get longer if tasks are added meanwhile: their results, or as many others, are left for `next`."""
    def stats(self, /) -> Dict[Any, Any]:
        """Returns a Dictionary with the numbers of tasks "added", "waiting", "running" (held by a worker), "done" and "failed", how many were "retried", the "late" results that were ignored, the "workers", how many were "lost", and the "invalid" messages."""
    def progress(self, show: bool, /) -> None:
        """Shows a line on standard error, if that is a terminal, with the tasks done, failed and running, the workers, the tasks per second, and the time left. false ends it, and so does `close`."""
    def secure(self, certificate: Union[Object, None] = ..., /, *, serverkey: Union[str, bytes, bytearray, Object, None] = ..., username: Union[str, bytes, bytearray, None] = ..., password: Union[str, bytes, bytearray, None] = ..., plain: bool = ..., domain: Union[str, bytes, bytearray, None] = ...) -> None:
        """Sets the security before the first endpoint is bound or connected, like `secure` of a socket."""
    def setoption(self, name: Union[str, bytes, bytearray], value: Union[bool, int, float, str, bytes, bytearray, Object, None], /) -> None:
        """Sets an option of the socket before the first endpoint is bound or connected, like `setoption` of a socket. Tasks and results that have more bytes than `maxmsgsize` fail: set it for the queue and its workers."""
    def bind(self, endpoints: Union[str, bytes, bytearray], /) -> None:
        """Binds the queue, once, to each endpoint; one that begins with `>` is connected."""
    def endpoint(self, /) -> Union[str, None]:
        """Returns the endpoint that was bound last, with its port filled in, or nil."""
    def stopworkers(self, /) -> None:
        """Tells all workers to stop, also those that connect later: their `serve` returns. Tasks without a result stay in the queue."""
    def close(self, /) -> None:
        """Closes the queue and frees its address. Tasks without a result are dropped. Workers wait for another queue, unless they were told to stop."""

class ZMQResults(Object):
    """The results of a ZMQTaskQueue, for a `for` loop."""

    def __new__(cls, queue: Object, /, *, order: bool = ..., timeout: Union[int, float, None] = ...) -> ZMQResults:
        """Returns the results of a queue, as `results` of the queue does."""
    def enumerate(self, index: int, /) -> Union[int, Dict[Any, Any], None]:
        """Supports `for (result in queue.results())`: returns the number of results for the index -1, and otherwise waits for the next result, whatever the index."""

class ZMQWorker(Object):
    """Runs the tasks of a ZMQTaskQueue."""

    def __new__(cls, endpoints: Union[str, bytes, bytearray] = ..., /, *, name: Union[str, bytes, bytearray] = ..., credit: int = ..., heartbeat: Union[int, float] = ...) -> ZMQWorker:
        """Creates a worker and connects it to the endpoint of a queue, if there is one. The queue may start later. `name=` appears in results; by default it consists of the name of the machine and the number of the process. The worker holds at most `credit=` tasks."""
    def serve(self, function: Callable[..., Any], /, *, count: Union[int, None] = ..., timeout: Union[int, float, None] = ...) -> bool:
        """Calls the function with each task that the queue gives this worker, and sends back what it returns. Returns true when the queue tells its workers to stop, when the function calls `stop`, or after `count=` tasks. Returns false on timeout. Tasks that are left go back to the queue. If the function raises an error, the queue gets its tag and text, and `serve` raises `ZMQTask`: catch it and call `serve` again."""
    def stop(self, /) -> None:
        """Ends `serve` after the function that is running has returned."""
    def secure(self, certificate: Union[Object, None] = ..., /, *, serverkey: Union[str, bytes, bytearray, Object, None] = ..., username: Union[str, bytes, bytearray, None] = ..., password: Union[str, bytes, bytearray, None] = ..., plain: bool = ..., domain: Union[str, bytes, bytearray, None] = ...) -> None:
        """Sets the security before the first endpoint is bound or connected, like `secure` of a socket."""
    def setoption(self, name: Union[str, bytes, bytearray], value: Union[bool, int, float, str, bytes, bytearray, Object, None], /) -> None:
        """Sets an option of the socket before the first endpoint is bound or connected, like `setoption` of a socket. Tasks and results that have more bytes than `maxmsgsize` fail: set it for the queue and its workers."""
    def connect(self, endpoints: Union[str, bytes, bytearray], /) -> None:
        """Connects the worker, once, to the endpoint of a queue, which may start later."""
    def close(self, /) -> None:
        """Leaves the queue, which gives the tasks of this worker to others."""

class ZMQBeacon(Object):
    """Finds other programs on the local network by broadcasting short texts over UDP."""

    def __new__(cls, port: int, /, *, interface: Union[str, bytes, bytearray] = ...) -> ZMQBeacon:
        """Opens a beacon on a UDP port, which several programs on a machine can share. It uses the network interface with the given name or address, or any interface for "*". By default it uses the interface named by the environment variable `ZSYS_INTERFACE`, or else the first one that can broadcast. "127.0.0.1" stays on this machine."""
    def publish(self, text: Union[str, bytes, bytearray, Object], /, *, interval: Union[int, float] = ...) -> None:
        """Broadcasts the text immediately, and then every `interval=` milliseconds (default 1000), until `silence`, `stop` or another `publish` is called."""
    def silence(self, /) -> None:
        """Stops broadcasting."""
    def subscribe(self, prefix: Union[str, bytes, bytearray, Object], /) -> None:
        """Starts receiving beacons of other programs that start with the prefix. Replaces the previous prefix. Nothing is received before the first call."""
    def unsubscribe(self, /) -> None:
        """Stops receiving beacons."""
    def receive(self, /, *, timeout: Union[int, float, None] = ...) -> Union[Tuple[Any, ...], None]:
        """Waits for a beacon of another program that matches the subscription. Returns a Tuple of the sender's IP address and the text. Beacons with the same text as this program's own are ignored."""
    def hostname(self, /) -> str:
        """Returns the IP address of this machine on the beacon's network."""
    def stop(self, /) -> None:
        """Stops broadcasting and receiving and frees the port. A stopped beacon cannot be restarted."""

class ZMQFrame(Object):
    """Holds the bytes of one frame, including bytes that are not valid text."""

    def __new__(cls, bytes: Any, dtype: Union[str, bytes, bytearray] = ..., /) -> ZMQFrame:
        """Creates a frame from the bytes of a String or another ZMQFrame, or from a List of Ints from 0 to 255. With a dtype, creates a frame of numbers, row by row: "float64", "float32", "int8" to "int64", "uint8" to "uint64", "bool", "complex64" or "complex128", in the byte order of this machine, or with ">" before it in big-endian and with "<" in little-endian order. `numbers` reads them."""
    def count(self, /) -> int:
        """Returns the number of bytes."""
    def index(self, index: Union[int, Sequence[Any]], /) -> Union[int, ZMQFrame]:
        """Supports `frame[i]`: returns the byte at an index as an Int, or a new ZMQFrame with the bytes at a Range or List of indices. Negative indices count from the end."""
    def enumerate(self, index: int, /) -> int:
        """Supports `for (byte in frame)`: returns the byte at an index, or the number of bytes for the index -1."""
    def tostring(self, /) -> str:
        """Returns the bytes as a String. Replaces invalid UTF-8 with the character U+FFFD."""
    def tolist(self, /) -> List[Any]:
        """Returns the bytes as a List of Ints from 0 to 255."""
    def numbers(self, dtype: Union[str, bytes, bytearray], /) -> List[Any]:
        """Returns the numbers in the frame as a List of Floats, Ints, Bools or complex numbers, depending on the dtype: see `ZMQFrame`. Integers that no Int represents become Floats; complex numbers are Tuples in hosts without them."""
    def hex(self, /) -> str:
        """Returns the bytes as hexadecimal digits, two per byte."""
    def slice(self, from_: int, to: Union[int, None] = ..., /) -> ZMQFrame:
        """Returns a new ZMQFrame with the bytes from one index up to, but not including, another index, or to the end. Negative indices count from the end. Indices out of range are moved to the nearest end."""
    def join(self, /, *others: Union[bool, int, float, str, bytes, bytearray, Sequence[Any], Object]) -> ZMQFrame:
        """Returns a new ZMQFrame with these bytes followed by the bytes of the other frames."""
    def equals(self, other: Union[str, bytes, bytearray, Object], /) -> bool:
        """Returns true if a ZMQFrame or String has the same bytes. `==` compares two frames in the same way."""
    def property(self, name: Union[str, bytes, bytearray], /) -> Union[str, None]:
        """Returns a property of the connection that the frame arrived over: "Peer-Address", "Socket-Type", "Routing-Id", "User-Id" after authentication, or metadata added by ZMQAuth. Returns nil if there is no such property, as on frames received over inproc."""

class ZMQCertificate(Object):
    """A CURVE key pair, or the public key of another party, with metadata about its owner. Certificate files are compatible with czmq, and with pyzmq if the name ends in .key."""

    def __new__(cls, file: Union[str, bytes, bytearray] = ..., /, *, public: Union[str, bytes, bytearray, Object] = ..., secret: Union[str, bytes, bytearray, Object] = ...) -> ZMQCertificate:
        """Creates a new key pair; or loads a certificate from a file, including the secret key if there is a file with `_secret` added to the name; or takes a public key, a secret key, or both."""
    def load(self, file: Union[str, bytes, bytearray], /) -> None:
        """Replaces this certificate with the one in a file: the file with `_secret` added to the name if it exists, otherwise the named file, which usually holds only the public key."""
    def save(self, file: Union[str, bytes, bytearray], /) -> None:
        """Saves the certificate in two files: the named file with the public key, to be shared, and a file with `_secret` added to the name with both keys, readable only by its owner."""
    def savepublic(self, file: Union[str, bytes, bytearray], /) -> None:
        """Saves the public key in exactly this file."""
    def savesecret(self, file: Union[str, bytes, bytearray], /) -> None:
        """Saves both keys in exactly this file, readable only by its owner."""
    def publickey(self, /) -> str:
        """Returns the public key as a String of 40 characters in Z85."""
    def secretkey(self, /) -> Union[str, None]:
        """Returns the secret key as a String of 40 characters in Z85, or nil if the certificate has none."""
    def meta(self, name: Union[str, bytes, bytearray], /) -> Union[str, None]:
        """Returns the metadata stored under a name, or nil if there is none."""
    def setmeta(self, name: Union[str, bytes, bytearray], value: Union[str, bytes, bytearray, None], /) -> None:
        """Stores metadata about the owner under a name, or removes it if the value is nil."""
    def apply(self, socket: Object, /) -> None:
        """Sets the public and secret key of a socket, as czmq does, without making it a server or a client. Call it before `bind` or `connect`. Use `secure` to set keys and role together."""

class ZMQAuth(Object):
    """Decides which clients the servers of this program accept: by address, password or key. There is one authenticator for all sockets of a program. It runs until `stop`, `ZMQ.shutdown()` or the end of the program. After `ZMQ.shutdown()`, a CURVE server without a domain raises `ZMQSecurity` until another one is started."""

    def __new__(cls, /) -> ZMQAuth:
        """Starts the authenticator. At first it accepts every address and knows no passwords and no keys. Start it before servers are bound: clients that connected earlier are not checked."""
    def allow(self, /, *addresses: Union[str, bytes, bytearray, Sequence[Any]]) -> None:
        """Adds addresses and networks to the allowlist. Once the list has an entry, all other addresses are refused. Further calls add to the list. "ipc" stands for programs on this machine that connect over ipc."""
    def deny(self, /, *addresses: Union[str, bytes, bytearray, Sequence[Any]]) -> None:
        """Adds addresses and networks to the denylist. They are refused even if they are allowed."""
    def plain(self, passwords: Union[str, bytes, bytearray, Dict[Any, Any]], /, *, domain: Union[str, bytes, bytearray, None] = ...) -> None:
        """Accepts users with these passwords, from a Dictionary or from a file. A file is read again when it changes. With `domain=` the passwords apply to servers in that domain; without it, to all domains that have no passwords of their own. Replaces the passwords set earlier for the same domain."""
    def curve(self, keys: Union[str, bytes, bytearray, Sequence[Any]], /, *, domain: Union[str, bytes, bytearray, None] = ...) -> None:
        """Accepts clients with these CURVE keys: those of a List, or of all certificate files below a directory, which is read again when it changes. "*" accepts every key. With `domain=` the keys apply to servers in that domain; without it, to all domains that have no keys of their own. Replaces the keys set earlier for the same domain."""
    def decide(self, function: Union[Callable[..., Any], None], /) -> None:
        """Lets a function decide about clients whose address is not refused. The function gets a Dictionary with "address", "mechanism", "domain", "user", "password", "known" (true if the rules would accept the client) and "reason", and returns true to accept the client. It is called while the script waits in a method of the library. A client that waits longer than five seconds is refused and may try again. Pass nil to let the rules decide again."""
    def log(self, /) -> List[Any]:
        """Returns the last 256 decisions, oldest first, as a List of Dictionaries with "address", "mechanism", "domain", "user", "accepted" and "reason"."""
    def stop(self, /) -> None:
        """Stops the authenticator. Afterwards PLAIN servers and servers with a domain refuse every client; other servers accept every client."""

class ZMQPoller(Object):
    """Waits for several sockets at once."""

    def __new__(cls, /, *sockets: Union[int, Object]) -> ZMQPoller:
        """Creates a poller that waits for messages on the given sockets."""
    def add(self, socket: Union[int, Object], event: Union[str, bytes, bytearray] = ..., /) -> None:
        """Adds a socket and waits for a message to receive ("in", the default), for room to send ("out"), or for both ("both"). A socket that was added before keeps its position. An Int is a file descriptor."""
    def remove(self, socket: Union[int, Object], /) -> bool:
        """Removes a socket from the poller. Returns false if it was not in the poller."""
    def contains(self, socket: Union[int, Object], /) -> bool:
        """Returns true if the socket is in the poller."""
    def count(self, /) -> int:
        """Returns the number of sockets and file descriptors in the poller."""
    def wait(self, timeout_: Union[int, float, None] = ..., /, *, timeout: Union[int, float, None] = ...) -> Union[ZMQSocket, int, None]:
        """Waits until a socket is ready and returns the first ready one, in the order they were added. Ignores closed sockets. Without a timeout it waits forever. An empty poller waits for the timeout, and warns once."""
    def waitall(self, timeout_: Union[int, float, None] = ..., /, *, timeout: Union[int, float, None] = ...) -> List[Any]:
        """Waits until a socket is ready and returns all ready ones, as a List of Tuples of the socket and "in", "out" or "both", or "error" for a file descriptor that failed and has nothing left to read. Without a timeout it waits forever."""
    def setfair(self, fair: bool, /) -> None:
        """Turns fair mode on or off. In fair mode `wait` starts looking after the socket that it returned last, so that a busy socket does not starve the others."""
    def expired(self, /) -> bool:
        """Returns true if the last wait ended because of its timeout."""
    def terminated(self, /) -> bool:
        """Returns true if the last wait was interrupted or ended because ZeroMQ was shut down."""

class ZMQLoop(Object):
    """Calls functions when sockets are ready and when timers expire."""

    def __new__(cls, /) -> ZMQLoop:
        """Creates an event loop without handlers."""
    def reader(self, socket: Object, function: Callable[..., Any], /) -> None:
        """Calls the function with the socket whenever the socket has a message to receive. The function should receive it; otherwise it is called again. Replaces the previous reader of this socket."""
    def writer(self, socket: Object, function: Callable[..., Any], /) -> None:
        """Calls the function with the socket whenever the socket can send without waiting. Replaces the previous writer of this socket. Use `cancel` when there is nothing to send."""
    def timer(self, ms: Union[int, float], function: Callable[..., Any], /, *, times: Union[int, None] = ...) -> int:
        """Calls the function every `ms` milliseconds, `times=` times or forever. Returns a number that `cancel` accepts. Periods that are missed while another function runs are skipped."""
    def cancel(self, what: Union[int, Object], /) -> bool:
        """Removes a timer by its number, or the reader and the writer of a socket. Returns false if there was none."""
    def start(self, /, *, timeout: Union[int, float, None] = ...) -> bool:
        """Runs the loop. Returns true when a function returns false, when `stop` is called, or when no timers and no open sockets are left. Returns false on timeout. If a function raises an error, `start` raises it. Timers run before readers and writers."""
    def stop(self, /) -> None:
        """Ends the loop after the function that is running has returned."""

class ZMQMonitor(Object):
    """Reports what happens to the connections of a socket."""

    def __new__(cls, socket: Object, /, *events: Union[str, bytes, bytearray]) -> ZMQMonitor:
        """Creates a monitor that reports connection events of a socket, as `monitor` of the socket does."""
    def next(self, /, *, timeout: Union[int, float, None] = ...) -> Union[Dict[Any, Any], None]:
        """Waits for the next event and returns a Dictionary with "event" (its name), "value" (an Int), "endpoint" and "reason" (an explanation). The last event of a closed socket is `MONITOR_STOPPED`."""
    def dropped(self, /) -> int:
        """Returns how many events were dropped because they were not read in time. About 10,000 are kept; when there is no more room, the oldest are dropped."""
    def stop(self, /) -> None:
        """Stops the monitor. The socket is not affected."""

class ZMQ(Object):
    """Functions that concern all sockets of the program: errors, settings, keys and time."""

    def __new__(cls, /, *arguments: Any, **named: Any) -> NoReturn: ...
    @staticmethod
    def version() -> str:
        """Returns the version of libzmq."""
    @staticmethod
    def has(name: Union[str, bytes, bytearray], /) -> bool:
        """Returns true if libzmq was built with a capability: "curve", "ipc", "ws", "pgm", "norm", "tipc", "gssapi", "vmci" or "draft"."""
    @staticmethod
    def lasterror() -> Union[Dict[Any, Any], None]:
        """Returns the last error in this thread as a Dictionary with "tag", "message" and "operation"; with "endpoint" if the error concerns one; and with the "name" and "number" of the system error if there is one. Returns nil if there was no error."""
    @staticmethod
    def setstrict(strict: bool, /) -> None:
        """Turns strict mode on or off for every socket that has no setting of its own. In strict mode a timeout raises `ZMQTimeout` and a call out of turn raises `ZMQState`."""
    @staticmethod
    def setdefaults(*, linger: Union[int, float, None] = ..., sndhwm: int = ..., rcvhwm: int = ..., ipv6: bool = ...) -> None:
        """Sets the defaults of sockets that are opened afterwards: the linger period, the high-water marks, and IPv6."""
    @staticmethod
    def setcontext(*, iothreads: int = ..., maxsockets: int = ..., threadprefix: int = ..., zerocopy: bool = ...) -> None:
        """Configures ZeroMQ before the first socket is opened: the number of I/O threads (default 1), the maximum number of sockets (default 1023), a number that prefixes the names of its threads, and whether received messages may share memory."""
    @staticmethod
    def context() -> Dict[Any, Any]:
        """Returns a Dictionary of the context options by their libzmq names."""
    @staticmethod
    def capabilities() -> List[Any]:
        """Returns a List of the optional capabilities that libzmq was built with, such as "curve" and "ipc"."""
    @staticmethod
    def catchinterrupts(catch: bool, /) -> None:
        """Makes Ctrl-C and SIGTERM, which service managers and `kill` send, end a waiting call with `ZMQInterrupted`, which the script can catch, or restores the host's behavior. By default both usually end the program."""
    @staticmethod
    def interrupted() -> bool:
        """Returns true if Ctrl-C was pressed or SIGTERM arrived since the last call of this function, unless a waiting call has already raised `ZMQInterrupted` for it. Use it after `catchinterrupts(true)` in loops that do not wait."""
    @staticmethod
    def curvekeypair() -> Tuple[Any, ...]:
        """Returns a new key pair for CURVE: a Tuple of the public key and the secret key, each a String of 40 characters."""
    @staticmethod
    def curvepublic(secret: Union[str, bytes, bytearray, Object], /) -> str:
        """Returns the public key that belongs to a secret key."""
    @staticmethod
    def z85encode(bytes: Union[str, bytes, bytearray, Object], /) -> str:
        """Encodes bytes as text in Z85: five characters for every four bytes."""
    @staticmethod
    def z85decode(text: Union[str, bytes, bytearray], /) -> ZMQFrame:
        """Decodes text in Z85 into bytes."""
    @staticmethod
    def sockets() -> List[Any]:
        """Returns the open sockets, oldest first, as a List of Dictionaries with "type", "state" ("open", or "busy" while another call uses the socket) and "endpoints", Tuples of "bind" or "connect" and the endpoint."""
    @staticmethod
    def stats() -> Dict[Any, Any]:
        """Returns a Dictionary of what all sockets of the program have sent and received, including closed ones, with the same keys as `stats` of a socket, and "sockets", the number of open sockets."""
    @staticmethod
    def metrics() -> str:
        """Returns the statistics of all sockets as text in the OpenMetrics format, which Prometheus reads: for each open socket its messages, bytes, peers, connections, failed handshakes and drops, with labels for its number, type and first endpoint. See `help openmetrics`."""
    @staticmethod
    def shutdown(*, timeout: Union[int, float, None] = ...) -> bool:
        """Closes all sockets and waits until their queued messages have been sent or their linger periods have expired, up to `timeout=` milliseconds. Returns true if everything was closed in that time. New sockets can be opened afterwards."""
    @staticmethod
    def sleep(ms: Union[int, float], /) -> None:
        """Waits for `ms` milliseconds."""
    @staticmethod
    def clock() -> float:
        """Returns the milliseconds since its first call, on a monotonic clock."""
    @staticmethod
    def pipe() -> Tuple[Any, ...]:
        """Returns a Tuple of two ZMQPair sockets that are connected to each other over inproc."""
