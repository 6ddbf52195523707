//! Task queues and their workers, for C.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::time::Duration;

use super::argument::{Lent, bytes, check_size, new, place, some_text, text, wait, wrong};
use super::certificate::{self, Certificate};
use super::handle::{InUse, Kind, Registry};
use crate::core::tasks::{self, Assignment, Failure, Outcome, Settings, Stats, Terms};
use crate::core::{Code, Error, Frame, OptionValue, PublicKey, Role, Socket};
use crate::ffi::{self, Failed};

/// A queue, which gives tasks to workers.
pub struct TaskQueue(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// A worker, which runs the tasks of a queue.
pub struct Worker(#[expect(dead_code, reason = "it is known by its address alone")] u8);

/// How a queue treats its tasks. A member that is 0 has its default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TaskSettings {
    /// `sizeof(zeromq_task_settings)`, filled in by the caller.
    pub size: u32,
    /// How long a task may run, in milliseconds; 0 is forever.
    pub timeout: u32,
    /// How often a task is started before it counts as failed, 3 by default.
    pub attempts: u32,
    /// How often queue and workers tell each other that they are there, in milliseconds,
    /// 10 to 3,600,000, 1000 by default. Who is silent for three heartbeats is lost.
    pub heartbeat: u32,
    /// The maximum number of tasks that a worker holds, 1 to 65,535, 1000 by default.
    pub credit: u32,
}

/// The result of a task.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TaskResult {
    /// `sizeof(zeromq_task_result)`, filled in by the caller.
    pub size: u32,
    /// How often the task was started.
    pub attempts: u32,
    /// The number of the task.
    pub task: u64,
    /// The bytes that the worker returned, followed by a NUL that `value_size` does not
    /// count. NULL if the task failed.
    pub value: *const c_void,
    /// The number of these bytes.
    pub value_size: usize,
    /// The tag of the error, or NULL if the task did not fail: that of the worker,
    /// "ZMQTimeout" if the task ran too long, or "ZMQTask" if its workers died.
    pub error: *const c_char,
    /// The text of the error, or NULL.
    pub message: *const c_char,
    /// The name of the worker that had the task last.
    pub worker: *const c_char,
}

/// A task that a worker was given.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Task {
    /// `sizeof(zeromq_task)`, filled in by the caller.
    pub size: u32,
    /// The time limit that the queue has set, in milliseconds, or 0.
    pub timeout: u32,
    /// The number of the task.
    pub number: u64,
    /// The bytes of the task, followed by a NUL that `data_size` does not count.
    pub data: *const c_void,
    /// The number of these bytes.
    pub data_size: usize,
}

/// The state of a queue in numbers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TaskStats {
    /// `sizeof(zeromq_task_stats)`, filled in by the caller.
    pub size: u32,
    /// Tasks that were added.
    pub added: u64,
    /// Tasks that no worker holds yet.
    pub waiting: u64,
    /// Tasks that a worker holds.
    pub running: u64,
    /// Tasks that were finished.
    pub done: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Times that a task was given to another worker.
    pub retried: u64,
    /// Results that were ignored, because the task belonged to another worker by then.
    pub late: u64,
    /// Messages that were not understood.
    pub invalid: u64,
    /// Workers that are there.
    pub workers: u64,
    /// Workers that died or were silent for too long.
    pub lost: u64,
}

/// A queue, and the strings of the result that was returned last.
struct QueueEntry {
    queue: tasks::Queue,
    lent: [Lent; 4],
}

/// A worker, and the task that it runs.
struct WorkerEntry {
    worker: tasks::Worker,
    task: Option<Assignment>,
    lent: Lent,
}

impl Kind for QueueEntry {
    const WHAT: &'static str = "task queue";
    const TAG: usize = 8;
}

impl Kind for WorkerEntry {
    const WHAT: &'static str = "worker";
    const TAG: usize = 9;
}

static QUEUES: Registry<QueueEntry> = Registry::new();
static WORKERS: Registry<WorkerEntry> = Registry::new();

fn enter(queue: *const TaskQueue) -> Result<InUse<'static, QueueEntry>, Box<Error>> {
    QUEUES.enter(queue)
}

fn enter_worker(worker: *const Worker) -> Result<InUse<'static, WorkerEntry>, Box<Error>> {
    WORKERS.enter(worker)
}

/// Returns what sets an option of a socket to a number.
///
/// # Safety
/// `name` is NULL or points to a NUL-terminated string that stays as it is.
unsafe fn setting<'a>(
    name: *const c_char,
    value: i64,
) -> Result<impl FnOnce(&Socket) -> Result<(), Error> + 'a, Error> {
    // SAFETY: guaranteed by the caller.
    let name: &'a str = unsafe { text("the name", name) }?;
    Ok(move |socket: &Socket| socket.set_option(name, &OptionValue::Int(value)).map(drop))
}

/// Makes a queue and binds it to `endpoints`, unless that is NULL. `settings` may be NULL.
/// The caller frees it with `zeromq_task_queue_free`.
///
/// Returns NULL if an endpoint cannot be bound, a setting is out of range, or there are
/// too many sockets; `zeromq_last_error` returns the reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_task_queue_new(
    endpoints: *const c_char,
    settings: *const TaskSettings,
) -> *mut TaskQueue {
    new("zeromq_task_queue_new", || {
        ffi::watch_forks();
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { some_text("the endpoints", endpoints) }?;
        let mut used = Settings::default();
        if !settings.is_null() {
            // SAFETY: the caller passes a struct whose size is set.
            unsafe { check_size(settings, "sizeof(zeromq_task_settings)") }?;
            // SAFETY: not NULL, and large enough.
            let given = unsafe { settings.read_unaligned() };
            let set = |number: u32| (number > 0).then_some(number);
            let ms = |number: u32| Duration::from_millis(number.into());
            used.timeout = set(given.timeout).map(ms);
            used.attempts = set(given.attempts).unwrap_or(used.attempts);
            used.heartbeat = set(given.heartbeat).map_or(used.heartbeat, ms);
            used.credit = set(given.credit).map_or(used.credit, |credit| credit as usize);
        }
        let queue = tasks::Queue::new(used)?;
        if let Some(endpoints) = endpoints {
            queue.bind(endpoints)?;
        }
        Ok(QUEUES.give(QueueEntry { queue, lent: Default::default() })?)
    })
}

/// Closes a queue and frees its handle, without waiting for its thread to end. NULL and
/// handles that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_task_queue_free(queue: *mut TaskQueue) {
    ffi::guard_or((), || QUEUES.free(queue));
}

/// Makes a queue that is not bound yet a CURVE server, like `zeromq_socket_curve_server`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if the queue is bound or the
/// certificate has no secret key; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_task_queue_curve_server(
    queue: *mut TaskQueue,
    certificate: *mut Certificate,
    domain: *const c_char,
) -> Code {
    ffi::guard("zeromq_task_queue_curve_server", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let domain = unsafe { some_text("the domain", domain) }?;
        let own = certificate::enter(certificate)?;
        let role = Role::CurveServer(&own.certificate);
        Ok(enter(queue)?.queue.prepare(|socket| socket.secure(&role, domain))?)
    })
}

/// Sets a numeric option of the socket of a queue that is not bound yet, like
/// `zeromq_socket_set_int`. Tasks and results that have more bytes than "maxmsgsize" fail:
/// set it for the queue and its workers.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION`; `ZEROMQ_CODE_SECURITY` if the queue is
/// bound; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_task_queue_set_int(
    queue: *mut TaskQueue,
    name: *const c_char,
    value: i64,
) -> Code {
    ffi::guard("zeromq_task_queue_set_int", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let set = unsafe { setting(name, value) }?;
        Ok(enter(queue)?.queue.prepare(set)?)
    })
}

/// Binds a queue, once, to each endpoint of a list; one that begins with `>` is connected.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ENDPOINT`; `ZEROMQ_CODE_ARGUMENT`, also if the
/// queue was bound before; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_task_queue_bind(
    queue: *mut TaskQueue,
    endpoints: *const c_char,
) -> Code {
    ffi::guard("zeromq_task_queue_bind", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoints = unsafe { text("the endpoints", endpoints) }?;
        Ok(enter(queue)?.queue.bind(endpoints)?)
    })
}

/// Stores the endpoint that was bound last in `*endpoint`, with its port filled in, or
/// NULL if there is none. The string is valid until the next call with the queue.
///
/// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_task_queue_endpoint(
    queue: *mut TaskQueue,
    endpoint: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_task_queue_endpoint", || {
        let place = place(endpoint)?;
        let mut entry = enter(queue)?;
        let lent = match entry.queue.endpoint()? {
            Some(endpoint) => entry.lent[0].lend(endpoint.as_bytes()),
            None => ptr::null(),
        };
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Adds a task with a copy of `size` bytes and stores its number in `*number`, unless that
/// is NULL. The first task of a queue is number 1.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the queue was closed or freed;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_task_queue_add(
    queue: *mut TaskQueue,
    data: *const c_void,
    size: usize,
    number: *mut u64,
) -> Code {
    ffi::guard("zeromq_task_queue_add", || {
        // SAFETY: the caller passes this many bytes.
        let bytes = unsafe { bytes(data, size) }?;
        let added = enter(queue)?.queue.add(vec![Frame::from(bytes)])?;
        if !number.is_null() {
            // SAFETY: the caller passes a pointer that is valid for writing.
            unsafe { place(number)?.put(added) };
        }
        Ok(())
    })
}

/// Waits up to `timeout` milliseconds for the next result and stores it in `*result`, in
/// the order in which tasks finish. The caller sets `result->size` first. Its memory is
/// valid until the next call with the queue.
///
/// Returns `ZEROMQ_CODE_OK`, also for a task that failed; `ZEROMQ_CODE_AGAIN` on timeout,
/// and also if there is no task whose result was not taken; `ZEROMQ_CODE_CLOSED` if the
/// queue was closed and no result is left; `ZEROMQ_CODE_ARGUMENT`, also if `result->size`
/// is too small; `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_task_queue_next(
    queue: *mut TaskQueue,
    result: *mut TaskResult,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_task_queue_next", || {
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(result, "sizeof(zeromq_task_result)") }?;
        let place = place(result)?;
        let mut entry = enter(queue)?;
        let outcome = entry.queue.next(&wait(timeout)?)?.ok_or(Error::Again)?;
        let Outcome { task, result, attempts, worker } = outcome;
        let [value, error, message, name] = &mut entry.lent;
        let mut told = TaskResult {
            size,
            attempts,
            task,
            value: ptr::null(),
            value_size: 0,
            error: ptr::null(),
            message: ptr::null(),
            worker: name.lend(worker.replace('\0', " ").as_bytes()),
        };
        match result {
            Ok(frame) => {
                told.value = value.lend(&frame).cast();
                told.value_size = frame.len();
            }
            Err(Failure { tag, text }) => {
                told.error = error.lend(tag.as_bytes());
                told.message = message.lend(text.as_bytes());
            }
        }
        // SAFETY: the size that the caller set guarantees the room.
        unsafe { place.put(told) };
        Ok(())
    })
}

/// Stores the counts of a queue in `*stats`, even after it was closed. The caller sets
/// `stats->size` first.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if `stats->size` is too small;
/// `ZEROMQ_CODE_CLOSED` if the handle was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_task_queue_count(
    queue: *mut TaskQueue,
    stats: *mut TaskStats,
) -> Code {
    ffi::guard("zeromq_task_queue_count", || {
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(stats, "sizeof(zeromq_task_stats)") }?;
        let Stats { added, waiting, running, done, failed, retried, late, invalid, workers, lost } =
            enter(queue)?.queue.stats()?;
        let counted = TaskStats {
            size,
            added,
            waiting,
            running,
            done,
            failed,
            retried,
            late,
            invalid,
            workers,
            lost,
        };
        // SAFETY: the size that the caller set guarantees the room.
        unsafe { place(stats)?.put(counted) };
        Ok(())
    })
}

/// Shows a line about the progress on standard error, if that is a terminal. If `show` is
/// 0, the line ends.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the queue was closed or freed;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_task_queue_progress(queue: *mut TaskQueue, show: i32) -> Code {
    ffi::guard("zeromq_task_queue_progress", || Ok(enter(queue)?.queue.show_progress(show != 0)?))
}

/// Tells all workers to stop, also those that connect later. Tasks without a result stay
/// in the queue.
///
/// Returns the codes of `zeromq_task_queue_progress`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_task_queue_stop_workers(queue: *mut TaskQueue) -> Code {
    ffi::guard("zeromq_task_queue_stop_workers", || Ok(enter(queue)?.queue.stop_workers()?))
}

/// Closes a queue and releases its address. Tasks without a result are dropped; results
/// can still be taken. The handle stays valid. Closing a closed queue does nothing.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle
/// was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_task_queue_close(queue: *mut TaskQueue) -> Code {
    ffi::guard("zeromq_task_queue_close", || Ok(enter(queue)?.queue.close()?))
}

/// Makes a worker and connects it to the endpoint of a queue, unless that is NULL. The
/// queue may start later. `name` appears in results; if it is NULL, it consists of the
/// name of the machine and the number of the process. The worker holds up to `credit`
/// tasks, 1 to 65,535, or any number if that is 0. The caller frees it with
/// `zeromq_worker_free`.
///
/// Returns NULL if the endpoint cannot be connected or there are too many sockets;
/// `zeromq_last_error` returns the reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_worker_new(
    endpoint: *const c_char,
    name: *const c_char,
    credit: u32,
) -> *mut Worker {
    new("zeromq_worker_new", || {
        ffi::watch_forks();
        // SAFETY: the caller passes NULL or NUL-terminated strings.
        let (endpoint, name) =
            unsafe { (some_text("the endpoint", endpoint)?, some_text("the name", name)?) };
        let mut terms = Terms { name: name.map(str::to_owned), ..Terms::default() };
        if credit > 0 {
            terms.credit = credit as usize;
        }
        let worker = tasks::Worker::new(&terms)?;
        if let Some(endpoint) = endpoint {
            worker.connect(endpoint)?;
        }
        Ok(WORKERS.give(WorkerEntry { worker, task: None, lent: Lent::default() })?)
    })
}

/// Closes a worker and frees its handle, without waiting for its thread to end. NULL and
/// handles that were already freed are ignored.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_worker_free(worker: *mut Worker) {
    ffi::guard_or((), || WORKERS.free(worker));
}

/// Makes a worker that is not connected yet a CURVE client of a queue, like
/// `zeromq_socket_curve_client`.
///
/// Returns the codes of `zeromq_task_queue_curve_server`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_worker_curve_client(
    worker: *mut Worker,
    certificate: *mut Certificate,
    server_key: *const c_char,
) -> Code {
    ffi::guard("zeromq_worker_curve_client", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let key = unsafe { text("the key of the server", server_key) }?;
        let key = PublicKey::new(key.as_bytes())?;
        let own = certificate::enter(certificate)?;
        let role = Role::CurveClient(&own.certificate, key);
        Ok(enter_worker(worker)?.worker.prepare(|socket| socket.secure(&role, None))?)
    })
}

/// Sets a numeric option of the socket of a worker that is not connected yet, like
/// `zeromq_task_queue_set_int`.
///
/// Returns the codes of `zeromq_task_queue_set_int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_worker_set_int(
    worker: *mut Worker,
    name: *const c_char,
    value: i64,
) -> Code {
    ffi::guard("zeromq_worker_set_int", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let set = unsafe { setting(name, value) }?;
        Ok(enter_worker(worker)?.worker.prepare(set)?)
    })
}

/// Connects a worker, once, to the endpoint of a queue, which may start later.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ENDPOINT`, also if there are several;
/// `ZEROMQ_CODE_ARGUMENT`, also if the worker was connected before; `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_worker_connect(
    worker: *mut Worker,
    endpoint: *const c_char,
) -> Code {
    ffi::guard("zeromq_worker_connect", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let endpoint = unsafe { text("the endpoint", endpoint) }?;
        Ok(enter_worker(worker)?.worker.connect(endpoint)?)
    })
}

/// Waits up to `timeout` milliseconds for the next task and stores it in `*task`. The
/// caller sets `task->size` first. The bytes are valid until the next call of this
/// function. A task that was received before and not answered goes back to the queue.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_CLOSED` if the
/// worker was closed or freed, or if the queue has told its workers to stop;
/// `ZEROMQ_CODE_ARGUMENT`, also if `task->size` is too small; `ZEROMQ_CODE_BUSY`,
/// `ZEROMQ_CODE_TERMINATED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_worker_receive(
    worker: *mut Worker,
    task: *mut Task,
    timeout: i32,
) -> Code {
    ffi::guard("zeromq_worker_receive", || {
        // SAFETY: the caller has set the size.
        let size = unsafe { check_size(task, "sizeof(zeromq_task)") }?;
        let place = place(task)?;
        let mut entry = enter_worker(worker)?;
        if let Some(before) = entry.task.take() {
            entry.worker.give_back(&before)?;
        }
        let task = entry.worker.receive(&wait(timeout)?)?;
        let limit = task.limit.map_or(0, |limit| limit.as_millis());
        let told = Task {
            size,
            timeout: u32::try_from(limit).unwrap_or(u32::MAX),
            number: task.number,
            data: entry.lent.lend(&task.payload).cast(),
            data_size: task.payload.len(),
        };
        entry.task = Some(task);
        // SAFETY: the size that the caller set guarantees the room.
        unsafe { place.put(told) };
        Ok(())
    })
}

/// Sends a copy of `size` bytes as the result of the task that was received last.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such task;
/// `ZEROMQ_CODE_CLOSED` if the worker was closed or freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_worker_reply(
    worker: *mut Worker,
    data: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_worker_reply", || {
        // SAFETY: the caller passes this many bytes.
        let bytes = unsafe { bytes(data, size) }?;
        answer(worker, Ok(Frame::from(bytes)))
    })
}

/// Sends an error as the result of the task that was received last: a tag of up to 64
/// bytes, without spaces, and a text of up to 4096 bytes.
///
/// Returns the codes of `zeromq_worker_reply`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_worker_reply_error(
    worker: *mut Worker,
    tag: *const c_char,
    message: *const c_char,
) -> Code {
    ffi::guard("zeromq_worker_reply_error", || {
        // SAFETY: the caller passes NULL or NUL-terminated strings.
        let (tag, text) = unsafe { (text("the tag", tag)?, text("the message", message)?) };
        answer(worker, Err(Failure { tag: tag.to_owned(), text: text.to_owned() }))
    })
}

fn answer(worker: *mut Worker, result: Result<Frame, Failure>) -> Result<(), Failed> {
    let mut entry = enter_worker(worker)?;
    let Some(task) = entry.task.take() else {
        return Err(wrong("the worker", "one that has received a task", "one that has not").into());
    };
    Ok(entry.worker.reply(&task, result)?)
}

/// Gives the task that was received last back to the queue, with those that wait, and
/// accepts no more until `zeromq_worker_receive` is called again.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the worker was closed or freed;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_worker_pause(worker: *mut Worker) -> Code {
    ffi::guard("zeromq_worker_pause", || {
        let mut entry = enter_worker(worker)?;
        if let Some(before) = entry.task.take() {
            entry.worker.give_back(&before)?;
        }
        Ok(entry.worker.pause()?)
    })
}

/// Leaves the queue, which gives the tasks of this worker to others. The handle stays
/// valid. Closing a closed worker does nothing.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle
/// was freed; `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_worker_close(worker: *mut Worker) -> Code {
    ffi::guard("zeromq_worker_close", || Ok(enter_worker(worker)?.worker.close()?))
}
