// Start it in the folder with zeromq.so: qjs -m hello.js
import { ZMQReply, ZMQRequest } from "./zeromq.so";

const reply = new ZMQReply("inproc://hello");
const request = new ZMQRequest("inproc://hello");
request.send("Hello");
console.log(reply.receive({ timeout: 1000 }));
reply.send("World!");
console.log(request.receive({ timeout: 1000 }));
