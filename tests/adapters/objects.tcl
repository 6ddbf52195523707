# Words, typed values, objects, errors and functions of Tcl.
load $env(ZEROMQ_ADAPTER)
namespace import zeromq::*

proc failed {script} { return [list [catch { uplevel $script } text options] [dict get $options -errorcode] $text] }

set pull [zeromq::ZMQPull new inproc://objects]
zeromq::ZMQPush create push inproc://objects
puts [list $pull [push text] [info commands push]]
#> ::zeromq::ZMQPull1 {<ZMQSocket: PUSH>} push
push send Hello [binary format c2 {0 -1}] größer "a\u0000b" "\ud83d\ude00"
binary scan [encoding convertto utf-8 [lindex [set got [$pull receiveall -timeout 5000]] 4]] H* hex
binary scan [lindex $got 1] H* bytes
puts "[lrange $got 0 0] $bytes [lindex $got 2] [string length [lindex $got 3]] $hex"
#> Hello 00ff größer 3 f09f9880
push send -timeout 500 -- -timeout --
puts [$pull receiveall -timeout 5000]
#> -timeout --
puts [failed { push send -timeout }]
#> 1 {ZEROMQ ZMQArgs ZEROMQ_CODE_ARGUMENT} {the last word is an option without a value}
push send [binary format c2 {0 -1}]
binary scan [$pull receive -timeout 5000] H* hex
puts $hex
#> 00ff

# Words are what the parameter expects.
push setoption sndhwm 7
puts [list [push option sndhwm] [push setlinger 0] [$pull receive -timeout 0]]
#> 7 {} {}
push sendjson [zeromq::value dict [list a [zeromq::value list [list [zeromq::value int 1] x [zeromq::value bool yes] [zeromq::value nil]]]]]
puts [$pull receive -timeout 5000]
#> {"a":[1,"x",true,null]}
push sendbatch {a {b c} {}}
puts [$pull receivebatch -timeout 5000 5]
#> a {b c} {}
push sendarray {{1 2} {3.5 4}}
puts [$pull receivearray -timeout 5000]
#> {1.0 2.0} {3.5 4.0}
set deep {}
for {set at 0} {$at < 1000} {incr at} { set deep [zeromq::value list [list $deep]] }
set wrong [list [zeromq::value int 18446744073709551615] [zeromq::value int x] \
  [zeromq::value dict {a b c}] [zeromq::value nonsense 1] [zeromq::value function {}] $deep]
foreach value $wrong { regexp {got .{20}} [failed { push sendvalue $value }] got; puts $got }
#> got a typed value whose 
#> got a typed value whose 
#> got a typed value whose 
#> got a typed value whose 
#> got a typed value whose 
#> got a value that is too 
# The text of a typed value is not one, and bytes in a list stay bytes.
push sendvalue [list {*}[split [zeromq::value int 1]]]
puts [$pull receivevalue -timeout 5000]
#> zeromq::value int 1
push sendvalue [zeromq::value list [list [binary format c -1] x]]
binary scan [lindex [$pull receivevalue -timeout 5000] 0] H* hex
puts $hex
#> ff

# The same object is the same command.
set poller [zeromq::ZMQPoller new $pull]
push send x
puts [expr {[$poller wait -timeout 5000] eq $pull}]
#> 1
set frame [$pull receiveframe -timeout 5000]
puts [list [$frame tostring] [$frame destroy] [info commands $frame]]
#> x {} {}
puts [failed { $pull nonsense }]
#> 1 NONE {ZMQPull has no method "nonsense"}
puts [failed { zeromq::ZMQSocket new }]
#> 1 NONE {ZMQSocket has no method "new"}

# Errors.
try { push bind nonsense } trap {ZEROMQ ZMQErr} text { puts $text }
#> ZeroMQ error: ZMQPush.bind: nonsense: an endpoint is transport://address, as in tcp://localhost:5555
push close
puts [lrange [failed { push send x }] 0 1]
#> 1 {ZEROMQ ZMQClosed ZEROMQ_CODE_CLOSED}
rename push {}

# Functions are command prefixes. Their errors come out as they went in.
set reply [zeromq::ZMQReply new inproc://functions]
set request [zeromq::ZMQRequest new inproc://functions]
proc answer {before frames} { return "$before [lindex $frames 0]" }
$request send World
puts [list [$reply serve -count 1 -timeout 5000 {answer Hello,}] [$request receive -timeout 5000]]
#> 1 {Hello, World}
$request send a
puts [failed { $reply serve -count 1 -timeout 5000 {apply {frames { throw {MY CODE} mine }}} }]
#> 1 {MY CODE} mine
$reply send late
puts [$request receive -timeout 5000]
#> late
$request send a
puts [failed { $reply serve -count 1 -timeout 5000 {apply {frames { return -level 0 -code break }}} }]
#> 1 {TCL RESULT UNEXPECTED} {invoked "break" outside of a loop}
$reply send again
$request receive -timeout 5000
$request send a
puts [lrange [failed { $reply serve -count 1 -timeout 5000 {apply {frames { $::reply close; return z }}} }] 0 1]
#> 1 {ZEROMQ ZMQClosed ZEROMQ_CODE_CLOSED}
set loop [zeromq::ZMQLoop new]
set calls 0
$loop timer 1 {apply {{} { expr {[incr ::calls] < 3} }}}
$loop start -timeout 5000
puts $calls
#> 3

# A command may go away in a call of its own, and the interpreter with everything.
set again [zeromq::ZMQReply new inproc://again]
set asks [zeromq::ZMQRequest new inproc://again]
$asks send a
puts [list [$again serve -count 1 -timeout 5000 {apply {frames { $::again destroy; return z }}}] [info commands $again] [$asks receive -timeout 5000]]
#> 1 {} z
interp create child
child eval [list load $env(ZEROMQ_ADAPTER)]
child eval { set kept [zeromq::ZMQPull new inproc://child]; zeromq::ZMQAuth create auth; auth decide {expr 1 ;#} }
child alias stop interp cancel child
puts [child eval { catch { $kept receive -timeout 100 } text; set text }]
#> 
interp delete child
puts end
#> end
