//! The C API as a state machine: any functions in any order, on handles of any type, freed
//! and invented ones too.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::size_of;
use std::os::fd::AsRawFd;
use std::ptr::{null, null_mut};
use std::slice;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zeromq::capi::authenticator::*;
use zeromq::capi::beacon::*;
use zeromq::capi::certificate::*;
use zeromq::capi::context::*;
use zeromq::capi::error::*;
use zeromq::capi::event_loop::*;
use zeromq::capi::library::*;
use zeromq::capi::message::*;
use zeromq::capi::monitor::*;
use zeromq::capi::option::*;
use zeromq::capi::patterns::*;
use zeromq::capi::peers::*;
use zeromq::capi::poller::*;
use zeromq::capi::proxy::*;
use zeromq::capi::socket::*;
use zeromq::capi::tasks::*;
use zeromq::capi::value::*;
use zeromq::core::Code;
use zeromq::core::options::rows;
use zeromq::vm::abi::{Array, Value, ZEROMQ_DICTIONARY, ZEROMQ_LIST};

use crate::folder;
use crate::input::Input;

/// How many calls an input describes at most.
const MOST: usize = 200;

/// How many handles there are at most.
const HELD: usize = 24;

const ENDPOINTS: &[&CStr] = &[
    c"@inproc://c-one",
    c">inproc://c-one",
    c"inproc://c-two",
    c"@inproc://c-two,>inproc://c-one",
    c"@tcp://127.0.0.1:*",
    c">tcp://127.0.0.1:1",
    c"@ipc://*",
    c"@ws://127.0.0.1:*",
    c"",
    c"nonsense",
    c"tcp://127.0.0.1:99999",
    c"inproc://\xff",
];

const TEXTS: &[&CStr] = &[
    c"",
    c"a",
    c"*",
    c"all",
    c"connected,disconnected",
    c"127.0.0.1,10.0.0.0/8",
    c"Socket-Type",
    c"io_threads",
    c"max_sockets",
    c"rcvhwm",
    c"ipv6",
    c"certificate",
    c"none",
    c"\xff",
    c"curve",
    c"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
    c"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
];

/// The types of handles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Socket,
    Message,
    Poller,
    Monitor,
    Proxy,
    Certificate,
    Authenticator,
    Queue,
    Worker,
    Beacon,
    Loop,
    Codec,
}

use Kind::*;

const KINDS: &[Kind] = &[
    Socket,
    Message,
    Socket,
    Message,
    Poller,
    Monitor,
    Proxy,
    Certificate,
    Authenticator,
    Queue,
    Worker,
    Beacon,
    Loop,
    Codec,
];

/// The state of a program.
struct Program<'a> {
    input: Input<'a>,
    handles: Vec<(Kind, usize)>,
    freed: Vec<usize>,
    options: Vec<CString>,
    pipe: (std::io::PipeReader, std::io::PipeWriter),
    /// The texts of the current call.
    texts: Vec<CString>,
    frames: Vec<Slice>,
    /// The values of the current call, which may point to each other.
    values: Vec<Box<[Value]>>,
}

/// Ends a loop, now and then, or does something else with it.
unsafe extern "C" fn called(
    handle: *mut zeromq::capi::event_loop::Loop,
    socket: *mut zeromq::capi::socket::Socket,
    data: *mut c_void,
) -> i32 {
    match data.addr() % 8 {
        0 => zeromq_loop_free(handle),
        1 => zeromq_socket_free(socket),
        2 => {
            check(zeromq_loop_cancel(handle, socket));
        }
        3 => {
            check(zeromq_loop_stop(handle));
        }
        4 => {
            check(zeromq_loop_start(handle, 0));
        }
        _ => return 1,
    }
    0
}

/// Reads all of a value.
fn read_value(value: &Value) {
    let mut bytes = Slice { data: null(), size: 0 };
    // SAFETY: the library has filled it in.
    unsafe {
        if matches!(value.kind, ZEROMQ_LIST | ZEROMQ_DICTIONARY) {
            for index in 0..zeromq_value_count(value) {
                read_value(&*zeromq_value_item(value, index));
                if let Some(key) = zeromq_value_key(value, index).as_ref() {
                    read_value(key);
                }
            }
        } else if zeromq_value_get_string(value, &mut bytes) == Code::Ok {
            read(bytes.data, bytes.size + 1);
        }
    }
}

/// Releases memory that was passed with its size.
unsafe extern "C" fn release(data: *mut c_void, size: *mut c_void) {
    let bytes = std::ptr::slice_from_raw_parts_mut(data.cast::<u8>(), size.addr());
    // SAFETY: `memory` has made it, and each is released once.
    drop(unsafe { Box::from_raw(bytes) });
}

/// Reads all bytes, so that a sanitizer checks them.
fn read(data: *const c_void, size: usize) {
    if size > 0 {
        // SAFETY: the library lends so many bytes.
        let bytes = unsafe { slice::from_raw_parts(data.cast::<u8>(), size) };
        std::hint::black_box(bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
    }
}

fn read_text(text: *const c_char) {
    if !text.is_null() {
        // SAFETY: the library terminates its strings.
        std::hint::black_box(unsafe { CStr::from_ptr(text) }.to_bytes().len());
    }
}

fn read_frames(frames: &Frames) {
    if frames.count > 0 {
        // SAFETY: the library lends so many frames.
        let frames = unsafe { slice::from_raw_parts(frames.frames, frames.count) };
        frames.iter().for_each(|frame| read(frame.data, frame.size));
    }
}

/// Checks the code of a call.
fn check(code: Code) -> bool {
    if code == Code::Ok {
        return true;
    }
    // SAFETY: a call on this thread has just failed.
    let error = unsafe { &*zeromq_last_error() };
    assert!(error.code == code, "the error is not that of the call");
    // SAFETY: the library terminates its strings.
    let message = unsafe { CStr::from_ptr(error.message) }.to_str().expect("it is UTF-8");
    assert!(code != Code::Panic && message.len() <= 254, "{message}");
    false
}

/// The input is a sequence of calls.
pub fn run(input: &[u8]) {
    folder::enter();
    let options = rows().map(|row| CString::new(row.name).expect("a name has no NUL"));
    let mut program = Program {
        input: Input::new(input),
        handles: Vec::new(),
        freed: Vec::new(),
        options: options.collect(),
        pipe: std::io::pipe().expect("there are descriptors"),
        texts: Vec::new(),
        frames: Vec::new(),
        values: Vec::new(),
    };
    // SAFETY: a name.
    check(unsafe { zeromq_default_set(c"linger".as_ptr(), 0) });
    for _ in 0..MOST {
        if program.input.is_empty() {
            break;
        }
        program.step();
        program.texts.clear();
        program.frames.clear();
        program.values.clear();
    }
    while let Some((kind, handle)) = program.handles.pop() {
        free(kind, handle);
    }
}

fn free(kind: Kind, handle: usize) {
    match kind {
        Socket => zeromq_socket_free(handle as _),
        Message => zeromq_message_free(handle as _),
        Poller => zeromq_poller_free(handle as _),
        Monitor => zeromq_monitor_free(handle as _),
        Proxy => zeromq_proxy_free(handle as _),
        Certificate => zeromq_certificate_free(handle as _),
        Authenticator => zeromq_authenticator_free(handle as _),
        Queue => zeromq_task_queue_free(handle as _),
        Worker => zeromq_worker_free(handle as _),
        Beacon => zeromq_beacon_free(handle as _),
        Loop => zeromq_loop_free(handle as _),
        Codec => zeromq_codec_free(handle as _),
    }
}

/// Ends ZeroMQ, as a program does between its parts.
fn shut_down() {
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(zeromq_shutdown()));
    let _ = end.recv_timeout(Duration::from_secs(10)).expect("no socket lingers");
}

impl Program<'_> {
    /// Returns a handle of this type, or sometimes another one, a freed or an invented one.
    fn handle(&mut self, kind: Kind) -> usize {
        match self.input.below(40) {
            0 => 0,
            1 if !self.freed.is_empty() => self.freed[self.input.below(self.freed.len().min(256))],
            2 => self.input.integer() as usize,
            3 if !self.handles.is_empty() => self.handles[self.input.below(self.handles.len())].1,
            4 => self.handles.last().map_or(8, |(_, handle)| handle ^ (1 << self.input.below(64))),
            choice => {
                let fitting = self.handles.iter().filter(|(other, _)| *other == kind);
                let fitting: Vec<usize> = fitting.map(|(_, handle)| *handle).collect();
                if fitting.is_empty() { 0 } else { fitting[choice % fitting.len()] }
            }
        }
    }

    /// Returns a text that stays until the end of the call.
    fn text(&mut self, known: &[&CStr]) -> *const c_char {
        match self.input.below(32) {
            0 => null(),
            1 | 2 => {
                let bytes: Vec<u8> =
                    self.input.short().iter().map(|byte| byte.max(&1)).copied().collect();
                self.texts.push(CString::new(bytes).expect("there is no NUL in it"));
                self.texts[self.texts.len() - 1].as_ptr()
            }
            _ => self.input.of(known).as_ptr(),
        }
    }

    fn option(&mut self) -> *const c_char {
        match self.input.below(20) {
            0 => self.text(TEXTS),
            _ => self.options[self.input.below(self.options.len())].as_ptr(),
        }
    }

    fn timeout(&mut self) -> i32 {
        self.input.of(&[0, 0, 0, 0, 0, 1, -3, i32::MIN])
    }

    /// Returns a place for a result, or rarely NULL.
    fn place<T>(&mut self, place: *mut T) -> *mut T {
        if self.input.below(40) == 0 { null_mut() } else { place }
    }

    fn bytes(&mut self) -> (*const c_void, usize) {
        let bytes = self.input.short();
        match self.input.below(24) {
            0 => (null(), 0),
            1 => (null(), 5),
            _ => (bytes.as_ptr().cast(), bytes.len()),
        }
    }

    /// Returns memory that the library takes over.
    fn memory(&mut self) -> (*mut c_void, usize) {
        let bytes: Box<[u8]> = self.input.short().into();
        let size = bytes.len();
        (Box::into_raw(bytes).cast(), size)
    }

    fn slices(&mut self) -> (*const Slice, usize) {
        self.frames.clear();
        for _ in 0..self.input.below(6) {
            let (data, size) = self.bytes();
            self.frames.push(Slice { data, size });
        }
        (self.frames.as_ptr(), self.frames.len())
    }

    fn keep(&mut self, kind: Kind, handle: usize) {
        if handle == 0 {
            // SAFETY: the error is valid until the next call of this function.
            let error = unsafe { zeromq_last_error().as_ref() }.expect("it says why");
            assert!(error.code != Code::Panic && error.code != Code::Ok);
        } else {
            self.handles.push((kind, handle));
        }
        if self.handles.len() > HELD {
            let (kind, handle) = self.handles.remove(0);
            free(kind, handle);
            self.freed.push(handle);
        }
    }

    fn step(&mut self) {
        match self.input.below(22) {
            16..18 => self.pattern(),
            18 | 19 => self.value(),
            20 => self.looped(),
            21 => self.beacon(),
            0..2 => self.make(),
            2 => {
                if !self.handles.is_empty() {
                    let index = self.input.below(self.handles.len());
                    let (kind, handle) = self.handles.swap_remove(index);
                    free(kind, handle);
                    self.freed.push(handle);
                    // Freed again, or as another type.
                    free(self.input.of(KINDS), handle);
                }
            }
            3..5 => self.message(),
            5..8 => self.socket(),
            8..11 => self.transfer(),
            11 => self.tasks(),
            12 => self.option_call(),
            13 => self.poller(),
            14 => self.certificate(),
            _ => self.other(),
        }
    }

    fn make(&mut self) {
        let kind = self.input.of(KINDS);
        // SAFETY: the texts stay until the end of the call.
        let handle = unsafe {
            match kind {
                Socket => {
                    let number = self.input.below(14) as i32 - 1;
                    let endpoints = self.text(ENDPOINTS);
                    zeromq_socket_new(number, endpoints).addr()
                }
                Message => zeromq_message_new().addr(),
                Poller => zeromq_poller_new().addr(),
                Monitor => {
                    let socket = self.handle(Socket);
                    let events = self.text(TEXTS);
                    zeromq_monitor_new(socket as _, events).addr()
                }
                Proxy => zeromq_proxy_new().addr(),
                Certificate => match self.input.below(3) {
                    0 => zeromq_certificate_new().addr(),
                    1 => zeromq_certificate_load(self.text(TEXTS)).addr(),
                    _ => {
                        let ((public, public_size), (secret, secret_size)) =
                            (self.bytes(), self.bytes());
                        zeromq_certificate_of_keys(public, public_size, secret, secret_size).addr()
                    }
                },
                Authenticator => zeromq_authenticator_new().addr(),
                Queue => {
                    let mut settings = TaskSettings {
                        size: size_of::<TaskSettings>() as u32,
                        timeout: self.input.integer() as u32,
                        attempts: self.input.below(4) as u32,
                        heartbeat: self.input.of(&[0, 10, 1000, 3_600_001]),
                        credit: self.input.of(&[0, 1, 1000, 70_000]),
                    };
                    let settings = self.place(&mut settings);
                    zeromq_task_queue_new(self.text(ENDPOINTS), settings).addr()
                }
                Worker => {
                    let (endpoint, name) = (self.text(ENDPOINTS), self.text(TEXTS));
                    zeromq_worker_new(endpoint, name, self.input.of(&[0, 1, 70_000])).addr()
                }
                Beacon => {
                    let port = self.input.of(&[0, 29_777, 29_778]);
                    zeromq_beacon_new(port, self.text(&[c"127.0.0.1", c"none"])).addr()
                }
                Loop => zeromq_loop_new().addr(),
                Codec => zeromq_codec_new().addr(),
            }
        };
        self.keep(kind, handle);
    }

    fn message(&mut self) {
        let message = self.handle(Message);
        let frame = self.input.below(5);
        let mut slice = Slice { data: null(), size: 0 };
        let mut text = null();
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            match self.input.below(14) {
                0 => {
                    check(zeromq_message_clear(message as _));
                }
                1 | 2 => {
                    let (data, size) = self.bytes();
                    check(zeromq_message_add(message as _, data, size));
                }
                3 => {
                    let (data, size) = self.bytes();
                    check(zeromq_message_prepend(message as _, data, size));
                }
                4 => {
                    if check(zeromq_message_pop(message as _, self.place(&mut slice))) {
                        read(slice.data, slice.size);
                    }
                }
                5 => {
                    let source = self.handle(Message);
                    check(zeromq_message_take_frame(message as _, source as _, frame));
                }
                6 => read_text(zeromq_message_text(message as _, frame)),
                7 => {
                    let (data, size) = self.memory();
                    let hint = size as *mut c_void;
                    let taken =
                        zeromq_message_add_memory(message as _, data, size, Some(release), hint);
                    if !check(taken) {
                        release(data, hint);
                    }
                }
                8 | 9 => {
                    let source = self.handle(Message);
                    check(zeromq_message_copy(message as _, source as _));
                }
                10 => {
                    assert!(zeromq_message_count(message as _) < 1 << 20);
                }
                11 => {
                    let data = zeromq_message_data(message as _, frame);
                    read(data, zeromq_message_size(message as _, frame));
                }
                12 => {
                    if check(zeromq_message_frame(message as _, frame, self.place(&mut slice))) {
                        read(slice.data, slice.size);
                    }
                }
                _ => {
                    let name = self.text(&[c"Socket-Type", c"Peer-Address", c"User-Id", c"X-a"]);
                    let place = self.place(&mut text);
                    if check(zeromq_message_property(message as _, frame, name, place)) {
                        read_text(text);
                    }
                }
            }
        }
    }

    fn socket(&mut self) {
        let socket = self.handle(Socket);
        let endpoints = self.text(ENDPOINTS);
        let (mut port, mut ready, mut text) = (0, 0, null());
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            match self.input.below(20) {
                0 => {
                    check(zeromq_socket_close(socket as _));
                }
                1 => {
                    zeromq_socket_is_closed(socket as _);
                    zeromq_socket_type(socket as _);
                }
                2 => {
                    check(zeromq_socket_attach(socket as _, endpoints));
                }
                3 | 4 => {
                    check(zeromq_socket_bind(socket as _, endpoints, self.place(&mut port)));
                }
                5 | 6 => {
                    check(zeromq_socket_connect(socket as _, endpoints));
                }
                7 => {
                    let other = self.handle(Socket);
                    if check(zeromq_socket_endpoint(other as _, &mut text)) && !text.is_null() {
                        read_text(text);
                        check(zeromq_socket_connect(socket as _, text));
                    }
                }
                8 => {
                    check(zeromq_socket_unbind(socket as _, endpoints));
                }
                9 => {
                    check(zeromq_socket_disconnect(socket as _, endpoints));
                }
                10 => {
                    // It may take long.
                    if self.input.byte() == 255
                        && check(zeromq_socket_diagnose(socket as _, self.place(&mut text)))
                    {
                        read_text(text);
                    }
                }
                11 | 12 => {
                    let (prefix, size) = self.bytes();
                    check(zeromq_socket_subscribe(socket as _, prefix, size));
                }
                13 => {
                    let (prefix, size) = self.bytes();
                    check(zeromq_socket_unsubscribe(socket as _, prefix, size));
                }
                14 => {
                    check(zeromq_socket_can_receive(socket as _, self.place(&mut ready)));
                }
                15 => {
                    check(zeromq_socket_can_send(socket as _, self.place(&mut ready)));
                }
                16 => {
                    let certificate = self.handle(Certificate);
                    let domain = self.text(TEXTS);
                    check(zeromq_socket_curve_server(socket as _, certificate as _, domain));
                }
                17 => {
                    let certificate = self.handle(Certificate);
                    let key = self.text(TEXTS);
                    check(zeromq_socket_curve_client(socket as _, certificate as _, key));
                }
                18 => {
                    check(zeromq_socket_plain_server(socket as _, self.text(TEXTS)));
                }
                _ => {
                    let (name, word) = (self.text(TEXTS), self.text(TEXTS));
                    check(zeromq_socket_plain_client(socket as _, name, word));
                }
            }
        }
    }

    fn transfer(&mut self) {
        let socket = self.handle(Socket);
        let timeout = self.timeout();
        let mut slice = Slice { data: null(), size: 0 };
        let mut frames = Frames { frames: null(), count: 0 };
        let (mut more, mut count, mut batch) = (0, 0, null());
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            match self.input.below(12) {
                0 => {
                    let (data, size) = self.bytes();
                    check(zeromq_socket_send(socket as _, data, size, timeout));
                }
                1 => {
                    let (frames, count) = self.slices();
                    check(zeromq_socket_send_frames(socket as _, frames, count, timeout));
                }
                2 => {
                    let (data, size) = self.memory();
                    let hint = size as *mut c_void;
                    let sent = zeromq_socket_send_memory(
                        socket as _,
                        data,
                        size,
                        Some(release),
                        hint,
                        timeout,
                    );
                    if !check(sent) {
                        release(data, hint);
                    }
                }
                3 => {
                    let (frames, count) = self.slices();
                    let messages: Vec<Frames> =
                        (0..self.input.below(5)).map(|_| Frames { frames, count }).collect();
                    let mut sent = 0;
                    let place = self.place(&mut sent);
                    let (first, count) = (messages.as_ptr(), messages.len());
                    check(zeromq_socket_send_batch(socket as _, first, count, place, timeout));
                    assert!(sent <= count);
                }
                4 => {
                    let message = self.handle(Message);
                    check(zeromq_socket_send_message(socket as _, message as _, timeout));
                }
                5 | 6 => {
                    let message = self.handle(Message);
                    check(zeromq_socket_receive(socket as _, message as _, timeout));
                }
                7 => {
                    let (place, more) = (self.place(&mut slice), self.place(&mut more));
                    if check(zeromq_socket_receive_frame(socket as _, place, more, timeout)) {
                        read(slice.data, slice.size);
                    }
                }
                8 => {
                    let place = self.place(&mut frames);
                    if check(zeromq_socket_receive_frames(socket as _, place, timeout)) {
                        read_frames(&frames);
                    }
                }
                9 => {
                    let shape = [self.input.below(4), self.input.below(4), usize::MAX];
                    let (data, size) = self.bytes();
                    let array = Array {
                        element: self.input.below(15) as u32,
                        order: self.input.below(3) as u32,
                        shape: shape.as_ptr(),
                        dimensions: self.input.below(4),
                        data,
                        size,
                    };
                    check(zeromq_socket_send_array(socket as _, &array, timeout));
                }
                10 => {
                    let mut array = std::mem::zeroed();
                    let place = self.place(&mut array);
                    if check(zeromq_socket_receive_array(socket as _, place, timeout)) {
                        read(array.data, array.size);
                        read(array.shape.cast(), array.dimensions * size_of::<usize>());
                    }
                }
                _ => {
                    let most = self.input.below(300);
                    let (place, count_place) = (self.place(&mut batch), self.place(&mut count));
                    let received =
                        zeromq_socket_receive_batch(socket as _, most, place, count_place, timeout);
                    if check(received) {
                        slice::from_raw_parts(batch, count).iter().for_each(read_frames);
                    }
                }
            }
        }
    }

    fn pattern(&mut self) {
        let socket = self.handle(Socket);
        let timeout = self.timeout();
        let mut slice = Slice { data: null(), size: 0 };
        let mut frames = Frames { frames: null(), count: 0 };
        let (mut count, mut number, mut text, mut status) = (0, 0, null(), 0);
        // SAFETY: handles may be anything; all other pointers are valid, and the sizes of
        // structs are those of the header.
        unsafe {
            match self.input.below(18) {
                0 => {
                    check(zeromq_socket_wait_for_peers(socket as _, self.input.below(3), timeout));
                }
                1 => {
                    let (topic, size) = self.bytes();
                    check(zeromq_socket_wait_for_subscribers(socket as _, 1, topic, size, timeout));
                }
                2 => {
                    let mut stats: SocketStats = std::mem::zeroed();
                    stats.size = self.input.of(&[0, 1, 1]) * size_of::<SocketStats>() as u32;
                    check(zeromq_socket_count(socket as _, self.place(&mut stats)));
                }
                3 => {
                    let index = self.input.below(4);
                    let place = self.place(&mut text);
                    if check(zeromq_socket_attached(socket as _, index, place, &mut number)) {
                        read_text(text);
                    }
                }
                4 => {
                    if check(zeromq_socket_subscriptions(socket as _, self.place(&mut frames))) {
                        read_frames(&frames);
                    }
                }
                5 => {
                    let place = self.place(&mut slice);
                    let received = zeromq_socket_receive_subscription(
                        socket as _,
                        &mut number,
                        place,
                        timeout,
                    );
                    if check(received) {
                        read(slice.data, slice.size + 1);
                    }
                }
                6 => {
                    let (prefix, size) = self.bytes();
                    check(match self.input.below(3) {
                        0 => zeromq_socket_accept_subscription(socket as _, prefix, size),
                        1 => zeromq_socket_reject_subscription(socket as _, prefix, size),
                        _ => zeromq_socket_close_peer(socket as _, prefix, size, timeout),
                    });
                }
                7 => {
                    let mut totals: Totals = std::mem::zeroed();
                    totals.size = size_of::<Totals>() as u32;
                    check(zeromq_count(self.place(&mut totals)));
                    if check(zeromq_metrics(self.place(&mut text))) {
                        read_text(text);
                    }
                }
                8 | 9 => {
                    let (first, count) = self.slices();
                    let others = self.text(ENDPOINTS);
                    let (tries, place) = (self.input.below(3) as u32, self.place(&mut frames));
                    let asked = zeromq_socket_request(
                        socket as _,
                        first,
                        count,
                        tries,
                        others,
                        place,
                        timeout,
                    );
                    if check(asked) {
                        read_frames(&frames);
                    }
                }
                10 => {
                    check(zeromq_socket_set_sequence(socket as _, self.input.below(2) as i32));
                }
                11 | 12 => {
                    let (frames, count) = self.slices();
                    check(zeromq_socket_publish(socket as _, frames, count, timeout));
                }
                13 | 14 => {
                    let place = self.place(&mut frames);
                    if check(zeromq_socket_receive_topic(socket as _, place, timeout)) {
                        read_frames(&frames);
                    }
                    check(zeromq_socket_missed(socket as _, self.place(&mut count)));
                }
                15 => {
                    check(zeromq_socket_signal(socket as _, self.input.byte(), timeout));
                }
                16 => {
                    check(zeromq_socket_wait_signal(socket as _, &mut status, timeout));
                }
                _ => {
                    let (mut one, mut other) = (null_mut(), null_mut());
                    if check(zeromq_socket_new_pair(&mut one, self.place(&mut other))) {
                        self.keep(Socket, one.addr());
                        self.keep(Socket, other.addr());
                    }
                }
            }
        }
    }

    /// Returns a value that stays until the end of the call.
    fn any_value(&mut self, depth: usize) -> Value {
        // SAFETY: the texts and the values stay until the end of the call.
        unsafe {
            match self.input.below(if depth < 4 { 10 } else { 7 }) {
                0 => zeromq_value_nil(),
                1 => zeromq_value_bool(self.input.below(3) as i32),
                2 => zeromq_value_int(self.input.integer()),
                3 => zeromq_value_float(f64::from_bits(self.input.integer() as u64)),
                4 => zeromq_value_string(self.text(TEXTS)),
                5 => {
                    let (data, size) = self.bytes();
                    zeromq_value_bytes(data, size)
                }
                6 => Value { kind: self.input.of(&[8, 9, 10, 11, 99]), ..zeromq_value_int(1) },
                choice => {
                    let count = self.input.below(6);
                    let items: Vec<Value> = (0..count).map(|_| self.any_value(depth + 1)).collect();
                    self.values.push(items.into());
                    let items = &self.values[self.values.len() - 1];
                    match choice {
                        7 => zeromq_value_list(items.as_ptr(), count),
                        8 => zeromq_value_list(null(), count),
                        _ => zeromq_value_dictionary(items.as_ptr(), count),
                    }
                }
            }
        }
    }

    fn value(&mut self) {
        let (socket, codec) = (self.handle(Socket), self.handle(Codec));
        let timeout = self.timeout();
        let mut value = zeromq_value_nil();
        let mut slice = Slice { data: null(), size: 0 };
        let format = self.input.of(&[0, 1, 0, 1, 2]);
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            let received = match self.input.below(6) {
                0 | 1 => {
                    let mut given = self.any_value(0);
                    let given = self.place(&mut given);
                    check(match format {
                        0 => zeromq_socket_send_json(socket as _, given, timeout),
                        _ => zeromq_socket_send_value(socket as _, given, timeout),
                    });
                    false
                }
                2 => check(zeromq_socket_receive_json(socket as _, &mut value, timeout)),
                3 => check(zeromq_socket_receive_value(socket as _, &mut value, timeout)),
                4 => {
                    let mut given = self.any_value(0);
                    let (given, place) = (self.place(&mut given), self.place(&mut slice));
                    if check(zeromq_codec_write(codec as _, format, given, place)) {
                        read(slice.data, slice.size + 1);
                        let (data, size) = (slice.data, slice.size);
                        check(zeromq_codec_read(codec as _, format, data, size, &mut value))
                    } else {
                        false
                    }
                }
                _ => {
                    let (data, size) = self.bytes();
                    let place = self.place(&mut value);
                    check(zeromq_codec_read(codec as _, format, data, size, place))
                }
            };
            if received {
                read_value(&value);
            }
        }
    }

    fn looped(&mut self) {
        let (looped, socket) = (self.handle(Loop), self.handle(Socket));
        let data = self.input.below(8) as *mut c_void;
        let function: LoopFunction = if self.input.below(20) == 0 { None } else { Some(called) };
        let number = self.input.integer();
        let descriptor = if number % 2 == 0 { self.pipe.1.as_raw_fd().into() } else { number };
        let mut id = 0;
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            check(match self.input.below(10) {
                0 => zeromq_loop_reader(looped as _, socket as _, function, data),
                1 => zeromq_loop_writer(looped as _, socket as _, function, data),
                2 => {
                    let events = self.input.below(5) as u32;
                    zeromq_loop_descriptor(looped as _, descriptor, events, function, data)
                }
                3 => {
                    let (ms, times) = (self.input.below(3) as u32, self.input.below(3) as u32);
                    let place = self.place(&mut id);
                    zeromq_loop_timer(looped as _, ms, times, function, data, place)
                }
                4 => zeromq_loop_cancel(looped as _, socket as _),
                5 => zeromq_loop_cancel_descriptor(looped as _, descriptor),
                6 => zeromq_loop_cancel_timer(looped as _, number % 4),
                7 => zeromq_loop_stop(looped as _),
                _ => zeromq_loop_start(looped as _, self.input.of(&[0, 1, 3, -3])),
            });
        }
    }

    fn beacon(&mut self) {
        let beacon = self.handle(Beacon);
        let (data, size) = self.bytes();
        let (mut text, mut slice) = (null(), Slice { data: null(), size: 0 });
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            match self.input.below(8) {
                0 | 1 => {
                    check(zeromq_beacon_publish(beacon as _, data, size, 1));
                }
                2 => {
                    check(zeromq_beacon_subscribe(beacon as _, data, size));
                }
                3 => {
                    check(match self.input.below(3) {
                        0 => zeromq_beacon_silence(beacon as _),
                        1 => zeromq_beacon_unsubscribe(beacon as _),
                        _ => zeromq_beacon_stop(beacon as _),
                    });
                }
                4 => {
                    if check(zeromq_beacon_hostname(beacon as _, self.place(&mut text))) {
                        read_text(text);
                    }
                }
                _ => {
                    let (place, timeout) = (self.place(&mut slice), self.timeout());
                    if check(zeromq_beacon_receive(beacon as _, &mut text, place, timeout)) {
                        read(slice.data, slice.size + 1);
                        read_text(text);
                    }
                }
            }
        }
    }

    fn tasks(&mut self) {
        let (queue, worker) = (self.handle(Queue), self.handle(Worker));
        let timeout = self.timeout();
        let (mut number, mut text) = (0, null());
        // SAFETY: handles may be anything; all other pointers are valid, and the sizes of
        // structs are those of the header.
        unsafe {
            match self.input.below(20) {
                0..3 => {
                    let (data, size) = self.bytes();
                    let place = self.place(&mut number);
                    check(zeromq_task_queue_add(queue as _, data, size, place));
                }
                3 | 4 => {
                    let mut result: TaskResult = std::mem::zeroed();
                    result.size = self.input.of(&[0, 1, 1, 1]) * size_of::<TaskResult>() as u32;
                    let place = self.place(&mut result);
                    if check(zeromq_task_queue_next(queue as _, place, timeout)) {
                        read(result.value, result.value_size);
                        [result.error, result.message, result.worker]
                            .into_iter()
                            .for_each(read_text);
                    }
                }
                5 => {
                    let mut stats: TaskStats = std::mem::zeroed();
                    stats.size = size_of::<TaskStats>() as u32;
                    check(zeromq_task_queue_count(queue as _, self.place(&mut stats)));
                }
                6 => {
                    if check(zeromq_task_queue_endpoint(queue as _, &mut text)) && !text.is_null() {
                        read_text(text);
                        check(zeromq_worker_connect(worker as _, text));
                    }
                }
                7 => {
                    check(zeromq_task_queue_bind(queue as _, self.text(ENDPOINTS)));
                }
                8 => {
                    check(match self.input.below(4) {
                        0 => zeromq_task_queue_close(queue as _),
                        1 => zeromq_task_queue_progress(queue as _, 1),
                        2 => zeromq_task_queue_progress(queue as _, 0),
                        _ => zeromq_task_queue_stop_workers(queue as _),
                    });
                }
                9 => {
                    let (certificate, domain) = (self.handle(Certificate), self.text(TEXTS));
                    check(zeromq_task_queue_curve_server(queue as _, certificate as _, domain));
                }
                10 => {
                    let (certificate, key) = (self.handle(Certificate), self.text(TEXTS));
                    check(zeromq_worker_curve_client(worker as _, certificate as _, key));
                }
                11..14 => {
                    let mut task: Task = std::mem::zeroed();
                    task.size = self.input.of(&[0, 1, 1, 1]) * size_of::<Task>() as u32;
                    let place = self.place(&mut task);
                    if check(zeromq_worker_receive(worker as _, place, timeout)) {
                        read(task.data, task.data_size);
                    }
                }
                14 | 15 => {
                    let (data, size) = self.bytes();
                    check(zeromq_worker_reply(worker as _, data, size));
                }
                16 => {
                    let (tag, message) = (self.text(TEXTS), self.text(TEXTS));
                    check(zeromq_worker_reply_error(worker as _, tag, message));
                }
                17 | 18 => {
                    let (name, value) = (self.option(), self.input.integer());
                    check(match self.input.below(2) {
                        0 => zeromq_task_queue_set_int(queue as _, name, value),
                        _ => zeromq_worker_set_int(worker as _, name, value),
                    });
                }
                _ => {
                    check(match self.input.below(2) {
                        0 => zeromq_worker_pause(worker as _),
                        _ => zeromq_worker_close(worker as _),
                    });
                }
            }
        }
    }

    fn option_call(&mut self) {
        let socket = self.handle(Socket);
        let name = self.option();
        let (mut number, mut text) = (0, null());
        let mut slice = Slice { data: null(), size: 0 };
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            // The program would never end.
            let lingers = !name.is_null() && CStr::from_ptr(name).to_bytes() == b"linger";
            match self.input.below(6) {
                0 if !lingers => {
                    check(zeromq_socket_set_int(socket as _, name, self.input.integer()));
                }
                1 => {
                    check(zeromq_socket_get_int(socket as _, name, self.place(&mut number)));
                }
                2 if !lingers => {
                    let (data, size) = self.bytes();
                    check(zeromq_socket_set_bytes(socket as _, name, data, size));
                }
                3 => {
                    if check(zeromq_socket_get_bytes(socket as _, name, self.place(&mut slice))) {
                        read(slice.data, slice.size);
                    }
                }
                4 if !lingers => {
                    check(zeromq_socket_set_option(socket as _, name, self.text(TEXTS)));
                }
                _ => {
                    if check(zeromq_socket_get_option(socket as _, name, self.place(&mut text))) {
                        read_text(text);
                    }
                }
            }
        }
    }

    fn poller(&mut self) {
        let poller = self.handle(Poller);
        let socket = self.handle(Socket);
        let descriptor = match self.input.below(4) {
            0 => self.pipe.0.as_raw_fd().into(),
            1 => self.pipe.1.as_raw_fd().into(),
            2 => 1_000_000,
            _ => self.input.integer().min(-1),
        };
        let events = self.input.below(9) as u32;
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            match self.input.below(8) {
                0..3 => {
                    check(zeromq_poller_add(poller as _, socket as _, events, null_mut()));
                }
                3 => {
                    check(zeromq_poller_add_descriptor(
                        poller as _,
                        descriptor,
                        events,
                        null_mut(),
                    ));
                }
                4 => {
                    check(zeromq_poller_remove(poller as _, socket as _));
                }
                5 => {
                    check(zeromq_poller_remove_descriptor(poller as _, descriptor));
                }
                _ => {
                    let nothing = || PollEvent {
                        socket: null_mut(),
                        descriptor: 0,
                        data: null_mut(),
                        ready: 0,
                    };
                    let mut ready = [nothing(), nothing(), nothing()];
                    let room = self.input.below(4);
                    let mut count = 0;
                    let place = self.place(&mut count);
                    let timeout = self.timeout();
                    let first = ready.as_mut_ptr();
                    check(zeromq_poller_wait(poller as _, first, room, place, timeout));
                    assert!(count <= room);
                }
            }
        }
    }

    fn certificate(&mut self) {
        let certificate = self.handle(Certificate);
        let (name, value) = (self.text(TEXTS), self.text(TEXTS));
        let mut text = null();
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            let lent = match self.input.below(6) {
                0 => {
                    check(zeromq_certificate_save(certificate as _, name));
                    false
                }
                1 => {
                    check(zeromq_certificate_save_public(certificate as _, name));
                    false
                }
                2 => check(zeromq_certificate_public_key(certificate as _, self.place(&mut text))),
                3 => check(zeromq_certificate_secret_key(certificate as _, self.place(&mut text))),
                4 => {
                    check(zeromq_certificate_set_meta(certificate as _, name, value));
                    false
                }
                _ => check(zeromq_certificate_meta(certificate as _, name, self.place(&mut text))),
            };
            if lent {
                read_text(text);
            }
        }
    }

    fn other(&mut self) {
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            match self.input.below(24) {
                0..4 => self.authenticator(),
                4..9 => self.proxy(),
                9..13 => {
                    let monitor = self.handle(Monitor);
                    let mut event = MonitorEvent {
                        size: size_of::<MonitorEvent>() as u32,
                        value: 0,
                        name: null(),
                        endpoint: null(),
                        reason: null(),
                    };
                    let place = self.place(&mut event);
                    if check(zeromq_monitor_next(monitor as _, place, self.timeout())) {
                        [event.name, event.endpoint, event.reason].into_iter().for_each(read_text);
                    }
                }
                13 => {
                    let mut value = 0;
                    check(zeromq_context_get(self.text(TEXTS), self.place(&mut value)));
                }
                14 => {
                    let name = self.text(&[c"thread_name_prefix", c"zero_copy_recv", c"none"]);
                    check(zeromq_context_set(name, self.input.integer()));
                }
                15 => {
                    let name = self.text(&[c"rcvhwm", c"sndhwm", c"ipv6", c"none"]);
                    check(zeromq_default_set(name, self.input.integer()));
                }
                16 => {
                    zeromq_has(self.text(TEXTS));
                }
                17 => read_text(zeromq_code_name(self.input.integer() as i32)),
                18 if self.input.byte() == 255 => shut_down(),
                19 => {
                    let (monitor, mut count) = (self.handle(Monitor), 0);
                    check(zeromq_monitor_dropped(monitor as _, self.place(&mut count)));
                }
                _ => {}
            }
        }
    }

    fn authenticator(&mut self) {
        let authenticator = self.handle(Authenticator);
        let (one, other) = (self.text(TEXTS), self.text(TEXTS));
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            check(match self.input.below(10) {
                7 => zeromq_authenticator_ask(authenticator as _, self.input.below(2) as i32),
                8 => {
                    let mut decision: Decision = std::mem::zeroed();
                    decision.size = size_of::<Decision>() as u32;
                    let back = self.input.below(3);
                    let place = self.place(&mut decision);
                    zeromq_authenticator_decision(authenticator as _, back, place)
                }
                9 => {
                    let mut client: Client = std::mem::zeroed();
                    client.size = size_of::<Client>() as u32;
                    let (place, timeout) = (self.place(&mut client), self.timeout());
                    match zeromq_authenticator_question(authenticator as _, place, timeout) {
                        Code::Ok => zeromq_authenticator_answer(authenticator as _, 1),
                        code => code,
                    }
                }
                0 => zeromq_authenticator_allow(authenticator as _, one),
                1 => zeromq_authenticator_deny(authenticator as _, one),
                2 => {
                    let names = [c"a".as_ptr(), self.text(TEXTS)];
                    let words = [self.text(TEXTS), c"a".as_ptr()];
                    let count = self.input.below(3);
                    let (names, words) = (names.as_ptr(), words.as_ptr());
                    zeromq_authenticator_plain(authenticator as _, one, names, words, count)
                }
                3 => zeromq_authenticator_plain_file(authenticator as _, one, other),
                4 => {
                    let certificates =
                        [self.handle(Certificate) as _, self.handle(Certificate) as _];
                    let count = self.input.below(3);
                    let first = certificates.as_ptr();
                    zeromq_authenticator_curve(authenticator as _, one, first, count)
                }
                5 => zeromq_authenticator_curve_directory(authenticator as _, one, c".".as_ptr()),
                _ => zeromq_authenticator_stop(authenticator as _),
            });
        }
    }

    fn proxy(&mut self) {
        let proxy = self.handle(Proxy);
        let kind = self.input.below(14) as i32 - 1;
        let endpoints = self.text(ENDPOINTS);
        let mut port = 0;
        // SAFETY: handles may be anything; all other pointers are valid.
        unsafe {
            check(match self.input.below(11) {
                10 => {
                    let faults = ProxyFaults {
                        size: size_of::<ProxyFaults>() as u32,
                        delay: self.input.of(&[0, 1]),
                        drop: self.input.of(&[0.0, 0.5, 2.0, f64::NAN]),
                        duplicate: self.input.of(&[0.0, 0.5]),
                        cut: self.input.of(&[0.0, 0.5]),
                        seed: self.input.integer() as u64,
                    };
                    zeromq_proxy_set_faults(proxy as _, &faults)
                }
                0 | 1 => zeromq_proxy_set_frontend(proxy as _, kind, endpoints),
                2 | 3 => zeromq_proxy_set_backend(proxy as _, kind, endpoints),
                4 => zeromq_proxy_set_capture(proxy as _, kind, endpoints),
                5 => zeromq_proxy_frontend_port(proxy as _, self.place(&mut port)),
                6 => zeromq_proxy_backend_port(proxy as _, self.place(&mut port)),
                7 => match self.input.below(3) {
                    0 => zeromq_proxy_pause(proxy as _),
                    1 => zeromq_proxy_resume(proxy as _),
                    _ => zeromq_proxy_stop(proxy as _),
                },
                8 => {
                    zeromq_proxy_state(proxy as _);
                    Code::Ok
                }
                _ => {
                    let mut stats: ProxyStats = std::mem::zeroed();
                    stats.size = size_of::<ProxyStats>() as u32;
                    zeromq_proxy_count(proxy as _, self.place(&mut stats))
                }
            });
        }
    }
}
