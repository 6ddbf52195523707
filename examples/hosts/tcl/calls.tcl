# Runs the calls of the kit with this adapter: tclsh8.6 calls.tcl ../kit/calls.json
# Tcl has no JSON, and its words have no types, so this reads the table into typed values.
load [expr {[info exists env(ZEROMQ_ADAPTER)] ? $env(ZEROMQ_ADAPTER) : "./zeromq.so"}]

proc echo {frames} { return [zeromq::value list $frames] }
proc first {frames} { return [lindex $frames 0] }
proc nothing {frames} { return [zeromq::value nil] }
proc fail {frames} { throw Mine "not today" }

# Takes the next token from the text of the table: a string begins with a quote.
proc token {} {
  global text at
  regexp -indices -start $at {\s*("(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,\s]+)} $text -> range
  set at [expr {[lindex $range 1] + 1}]
  return [string range $text {*}$range]
}

# Reads a value into a word with its type in front: {list {{int 1} {string a}}}.
proc parse {{token ""}} {
  if {$token eq ""} { set token [token] }
  set first [string index $token 0]
  if {$first eq "\""} {
    return [list string [subst -nocommands -novariables [string range $token 1 end-1]]]
  } elseif {$first in {"[" "\{"}} {
    set items {}
    while {[set next [token]] ni {"]" "\}"}} {
      if {$next ni {, :}} { lappend items [parse $next] }
    }
    return [list [expr {$first eq "\[" ? "list" : "dict"}] $items]
  } elseif {$token in {true false null}} {
    return [expr {$token eq "null" ? {nil {}} : [list bool $token]}]
  }
  return [list [expr {[string is wideinteger $token] ? "int" : "float"}] $token]
}

# The typed value of a word that was read, or the word that is expected.
proc value {parsed {typed 1}} {
  lassign $parsed kind content
  if {$kind eq "dict" && [string match {$*} [set mark [lindex $content 0 1]]]} {
    set content [lindex $content 1 1]
    switch -- $mark {
      {$bytes} { set kind bytes; set content [binary format H* $content] }
      {$tuple} { set kind list }
      {$ref} { set kind object; set content [set ::variables($content)] }
      {$class} { set kind class; set content zeromq::$content }
      {$function} { set kind function }
      {$array} {
        return [lmap row $content { lmap number [lindex $row 1] { expr {double([lindex $number 1])} } }]
      }
    }
  }
  if {$kind in {list dict}} { set content [lmap item $content { value $item $typed }] }
  if {$kind eq "bool" && !$typed} { return [expr {bool($content)}] }
  if {$typed} { return [zeromq::value $kind $content] } ;# expr would take away the type
  return $content
}

proc same {got expected} { expr {$got eq $expected || [list {*}$got] eq [list {*}$expected]} }

# Returns what is wrong, or an empty word.
proc step {row} {
  foreach {key item} [lindex $row 1] { set given([lindex $key 1]) $item }
  if {[info exists given(text)]} {
    lassign [value $given(text) 0] name text
    set got [$::variables($name) text]
    return [expr {$got eq $text ? "" : $got}]
  }
  lassign [split [lindex $given(do) 1] .] holder method
  if {[info exists ::variables($holder)]} {
    set words [list $::variables($holder) $method]
  } else {
    set words [list zeromq::$holder [expr {$method eq "" ? "new" : $method}]]
  }
  if {[info exists given(named)]} {
    foreach {key item} [lindex $given(named) 1] { lappend words -[lindex $key 1] [value $item] }
  }
  lappend words --
  if {[info exists given(args)]} {
    foreach item [lindex $given(args) 1] { lappend words [value $item] }
  }
  if {[catch { {*}$words } got options]} {
    set tag [dict get $options -errorcode]
    if {[lindex $tag 0] eq "ZEROMQ"} { set tag [lindex $tag 1] }
    set says [expr {[info exists given(says)] ? [lindex $given(says) 1] : ""}]
    if {[info exists given(error)] && $tag eq [lindex $given(error) 1]
        && ($says eq "" || [string first $says $got] >= 0)} { return "" }
    return "$tag $got"
  }
  if {[info exists given(let)]} { set ::variables([lindex $given(let) 1]) $got }
  if {[info exists given(error)]} { return "no error" }
  if {[info exists given(result)] && ![same $got [value $given(result) 0]]} { return "got <$got>" }
}

set file [open [lindex $argv 0]]
fconfigure $file -encoding utf-8
set text [read $file]
set at 0
foreach case [lindex [parse] 1] {
  array unset variables
  set name [lindex $case 1 1 1]
  set wrong ""
  set number 0
  foreach row [lindex $case 1 3 1] {
    if {$wrong eq "" && [set wrong [step $row]] ne ""} { set wrong "step $number: $wrong" }
    incr number
  }
  puts "[expr {$wrong eq "" ? "ok" : $wrong}]: $name"
  foreach object [info commands ::zeromq::ZMQ*\[0-9\]] { $object destroy }
}
