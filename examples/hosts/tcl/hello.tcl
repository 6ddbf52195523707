# Start it in the folder with zeromq.so: tclsh8.6 hello.tcl
load ./zeromq.so

set reply [zeromq::ZMQReply new inproc://hello]
set request [zeromq::ZMQRequest new inproc://hello]
$request send Hello
puts [$reply receive -timeout 1000]
$reply send World!
puts [$request receive -timeout 1000]
$reply destroy
$request destroy
