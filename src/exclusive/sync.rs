//! What the lock needs from the processor and the system.

pub use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use std::sync::atomic::{compiler_fence, fence};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread may have a lock taken, at most. It is over in microseconds, unless
/// the thread does not exist any more, because the process was forked.
const LONGEST: Duration = Duration::from_secs(1);

/// The number of all threads if locks can have no bias.
pub const NO_BIAS: u64 = u64::MAX >> 8;

/// How often a thread yields before it sleeps.
const YIELDS: u32 = 10_000;

/// Returns a number of 56 bits that no other thread has now, or `NO_BIAS`. It is not 0.
#[inline]
pub fn this_thread() -> u64 {
    system::this_thread()
}

/// Returns what `this_thread` returns if locks can have a bias, and any number of at most
/// 56 bits otherwise.
#[inline(always)]
pub fn thread_pointer() -> u64 {
    system::thread_pointer()
}

/// Prevents the compiler from moving a load before a store. The barriers of other
/// threads keep the processor from doing so when it matters.
#[inline]
pub fn keep_order() {
    compiler_fence(Ordering::SeqCst);
}

/// Makes all running threads of the process pass a memory barrier. Returns false if
/// that is impossible.
pub fn barrier() -> bool {
    fence(Ordering::SeqCst);
    system::barrier()
}

/// Waits until another thread has given a lock back.
#[derive(Default)]
pub struct Pause {
    start: Option<Instant>,
    yields: u32,
}

impl Pause {
    /// Waits a little. Returns false if that has lasted too long.
    pub fn pause(&mut self) -> bool {
        let start = *self.start.get_or_insert_with(Instant::now);
        if self.yields < YIELDS {
            self.yields += 1;
            thread::yield_now();
        } else {
            // The other thread may have a lower priority.
            thread::sleep(Duration::from_micros(100));
        }
        start.elapsed() < LONGEST
    }
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod system {
    use std::sync::atomic::{AtomicU8, Ordering};

    use libc::{c_int, c_long};

    // membarrier(2)
    const QUERY: c_int = 0;
    const BARRIER: c_int = 1 << 3;
    const REGISTER: c_int = 1 << 4;

    const UNKNOWN: u8 = 0;
    const SUPPORTED: u8 = 1;
    const UNSUPPORTED: u8 = 2;

    static SUPPORT: AtomicU8 = AtomicU8::new(UNKNOWN);

    #[inline]
    pub fn this_thread() -> u64 {
        match SUPPORT.load(Ordering::Relaxed) {
            SUPPORTED => thread_pointer(),
            UNSUPPORTED => super::NO_BIAS,
            _ => find_out(),
        }
    }

    /// Returns the thread pointer. It is the address of memory that no other thread
    /// has; a later thread may get it, but only after this one has ended.
    #[inline(always)]
    pub fn thread_pointer() -> u64 {
        let pointer: u64;
        // SAFETY: it reads a register or the first word of the thread's control block,
        // which the ABI of the platform defines. A thread never changes it.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            std::arch::asm!(
                "mov {}, fs:0",
                out(reg) pointer,
                options(nostack, preserves_flags, pure, nomem)
            );
            #[cfg(target_arch = "aarch64")]
            std::arch::asm!(
                "mrs {}, tpidr_el0",
                out(reg) pointer,
                options(nostack, preserves_flags, pure, nomem)
            );
        }
        pointer
    }

    #[cold]
    fn find_out() -> u64 {
        let known = membarrier(QUERY);
        let needed = c_long::from(BARRIER | REGISTER);
        let supported = known > 0 && known & needed == needed;
        SUPPORT.store(if supported { SUPPORTED } else { UNSUPPORTED }, Ordering::Relaxed);
        this_thread()
    }

    /// The first one registers the process, which takes about 15 ms once there are several
    /// threads, so programs that need no barrier do not wait for it.
    pub fn barrier() -> bool {
        membarrier(BARRIER) == 0 || membarrier(REGISTER) == 0 && membarrier(BARRIER) == 0
    }

    fn membarrier(command: c_int) -> c_long {
        // SAFETY: the call has no pointers.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) }
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod system {
    pub fn this_thread() -> u64 {
        super::NO_BIAS
    }

    #[inline(always)]
    pub fn thread_pointer() -> u64 {
        super::NO_BIAS
    }

    pub fn barrier() -> bool {
        false
    }
}
