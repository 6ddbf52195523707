// Values, classes, errors and functions of QuickJS.
const zeromq = await import(std.getenv("ZEROMQ_ADAPTER"));
const { ZMQPull, ZMQPush, ZMQReply, ZMQRequest, ZMQPoller, ZMQLoop, ZMQError, ZMQAuth } = zeromq;
const failed = (call) => { try { return call(); } catch (error) { return error; } };
const shown = (...values) => console.log(JSON.stringify(values, (_, item) =>
  typeof item == "bigint" ? `${item}n` : ArrayBuffer.isView(item) ? [item.constructor.name, ...Array.from(item)] : item));

const pull = new ZMQPull("inproc://objects"), push = new ZMQPush("inproc://objects");
push.send("Hello", Uint8Array.of(0, 255), "größer \u{1f600}", "a\0b", { timeout: 500 });
shown(...pull.receiveall());
//> ["Hello",["Uint8Array",0,255],"größer 😀","a\u0000b"]
class Mine extends ZMQPull {
  constructor(where) { super(where); this.more = 5; }
  twice() { return 2 * this.more; }
}
const mine = new Mine("inproc://mine");
shown(mine.twice(), mine instanceof ZMQPull, `${mine}`, mine.closed());
//> [10,true,"<ZMQSocket: PULL>",false]
push.send("x");
shown(new ZMQPoller(pull).wait({ timeout: 5000 }) === pull, pull.receive());
//> [true,"x"]

const path = std.getenv("ZEROMQ_ADAPTER");
const other = await import(path.replace(/\/([^/]*)$/, "/./$1"));
shown(other.ZMQPull === ZMQPull, other.ZMQError === ZMQError);
//> [true,true]

// Numbers beyond 53 bits, arrays of numbers, names that objects are careful with.
push.sendvalue([2n ** 62n, 2 ** 53 - 1, -(2 ** 53 - 1), 1.5, -(2n ** 63n)]);
shown(...pull.receivevalue());
//> ["4611686018427387904n",9007199254740991,-9007199254740991,1.5,"-9223372036854775808n"]
push.sendarray(Float32Array.of(1.5, 2));
const got = pull.receivearray();
shown(got, got.dtype, got.shape);
//> [["Float32Array",1.5,2],"float32",[2]]
push.sendarray(Object.assign(Float64Array.of(1.5, 2), { dtype: "complex128", shape: [] }));
shown(pull.receivearray().dtype);
//> ["complex128"]
push.sendjson(JSON.parse('{"__proto__": {"x": 1}}'));
shown(Object.hasOwn(pull.receivejson(), "__proto__"));
//> [true]

// What cannot be sent.
const mistake = new RangeError("mine"), round = [], sparse = [];
round.push(round);
sparse.length = 4294967295;
for (const wrong of [Symbol(), new Date(), 10n ** 30n, new Map(), round, sparse, () => 1,
                     Object.assign(new Float64Array(3), { shape: [7] }),
                     { a: [() => 1, { get b() { throw mistake; } }] }]) {
  const error = failed(() => push.sendvalue(wrong));
  shown(error === mistake || /got (.*)$/.exec(error.message)[1].slice(0, 20));
}
//> ["a symbol"]
//> ["an object of another"]
//> ["an integer of more t"]
//> ["an object of another"]
//> ["a value that is too "]
//> ["a value that is too "]
//> ["a function"]
//> ["an array whose type "]
//> [true]
shown(failed(() => ZMQPush()) instanceof TypeError, failed(() => new zeromq.ZMQSocket()).message,
      failed(() => push.send.call({}, 1)) instanceof ZMQError, push.send.name);
//> [true,"this class has no objects of its own",true,"send"]

// Functions: their exceptions come out as they went in.
const once = { count: 1, timeout: 5000 };
const reply = new ZMQReply("inproc://functions"), request = new ZMQRequest("inproc://functions");
request.send("a", "b");
shown(reply.serve((frames) => frames.reverse(), once), request.receiveall());
//> [1,["b","a"]]
request.send("a");
shown(failed(() => reply.serve(() => { throw mistake; }, once)) === mistake);
//> [true]
reply.send("late");
shown(request.receive());
//> ["late"]
request.send("a");
const closed = failed(() => reply.serve(() => { reply.close(); return "z"; }, once));
shown(closed instanceof ZMQError, closed.name, closed.code, closed.message);
//> [true,"ZMQClosed","ZEROMQ_CODE_CLOSED","ZMQReply.serve: the socket is closed"]
const loop = new ZMQLoop();
let calls = 0;
loop.timer(1, () => ++calls < 3);
loop.start({ timeout: 5000 });
shown(calls);
//> [3]

// A function may take away what was passed.
const again = new ZMQReply("inproc://again"), asks = new ZMQRequest("inproc://again");
const bytes = Uint8Array.of(1, 2, 3);
asks.send(bytes);
shown(again.serve(() => { bytes.buffer.transfer?.(); std.gc(); return "z"; }, once) >= 0);
//> [true]

// Bytes of a part of a buffer, and of a whole one.
push.send(Uint8Array.of(0, 1, 2, 3, 255).subarray(3), Uint8Array.of(9, 255).buffer);
shown(...pull.receiveall());
//> [["Uint8Array",3,255],["Uint8Array",9,255]]

// A shape that takes away what it describes.
const taken = Object.defineProperty(new Float64Array(2), "shape",
                                    { get() { taken.buffer.transfer?.(); std.gc(); return [2]; } });
shown(failed(() => push.sendvalue(taken)) !== undefined);
//> [true]

// Errors that cannot tell what they are.
const odd = new ZMQReply("inproc://odd"), asked = new ZMQRequest("inproc://odd");
asked.send("a");
const strange = { get name() { throw mistake; } };
shown(failed(() => odd.serve(() => { throw strange; }, once)) === mistake);
//> [true]

// The library keeps these, also at the end, with cycles through them.
globalThis.auth = new ZMQAuth();
auth.decide((client) => auth && client.known);
loop.reader(pull, (socket) => loop.stop() ?? socket);
console.log("end");
//> end
