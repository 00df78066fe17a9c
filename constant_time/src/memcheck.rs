//! What is asked of valgrind's memcheck, which runs this program; elsewhere nothing happens.
//!
//! The only unsafe code of this repository: a request is a sequence of instructions that does nothing, and that valgrind knows
//! (`valgrind.h`, "client requests", amd64); and system calls pass through here, so that random bytes can be marked.

use std::arch::asm;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Marks bytes as secret: memcheck tells every jump and every address that depends on one of their bits.
pub fn hide(secret: &[u8]) {
    request([MAKE_MEM_UNDEFINED, secret.as_ptr() as u64, secret.len() as u64, 0, 0, 0]);
}

/// Marks as secret what the system's random source gives to `work`.
pub fn hide_randomness<T>(work: impl FnOnce() -> T) -> T {
    IS_RANDOMNESS_SECRET.store(true, Relaxed);
    let result = work();
    IS_RANDOMNESS_SECRET.store(false, Relaxed);
    result
}

/// How many bytes depend on a secret.
pub fn tainted(bytes: &[u8]) -> usize {
    let mut bits = vec![0_u8; bytes.len()];
    request([GET_VBITS, bytes.as_ptr() as u64, bits.as_mut_ptr() as u64, bytes.len() as u64, 0, 0]);
    std::hint::black_box(&mut bits).iter().filter(|bits| **bits != 0).count()
}

/// Whether valgrind runs this program.
pub fn is_running() -> bool {
    request([RUNNING_ON_VALGRIND, 0, 0, 0, 0, 0]) > 0
}

fn request(arguments: [u64; 6]) -> u64 {
    let mut answer = 0_u64;
    // SAFETY: outside of valgrind, the register is rotated by 128 bits in all and another exchanged with itself. Inside, memcheck
    // reads the arguments, and writes to its own books and, for GET_VBITS, to a buffer of the length that it is given.
    unsafe {
        asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") arguments.as_ptr(), inout("rdx") answer,
        );
    }
    answer
}

static IS_RANDOMNESS_SECRET: AtomicBool = AtomicBool::new(false);

/// Stands in for the C library's function of this name, through which ring asks for random bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(number: i64, a: u64, b: u64, c: u64, d: u64, e: u64, f: u64) -> i64 {
    let mut answer = number;
    // SAFETY: what the caller vouches for, passed on as it is; the kernel changes these registers and no others.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") answer, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
        );
    }
    if answer < 0 {
        // SAFETY: the C library gives a place that is this thread's own.
        unsafe { *__errno_location() = i32::try_from(-answer).unwrap_or(i32::MAX) };
        return -1;
    }
    if number == GETRANDOM && IS_RANDOMNESS_SECRET.load(Relaxed) {
        request([MAKE_MEM_UNDEFINED, a, answer.cast_unsigned(), 0, 0, 0]);
    }
    answer
}

unsafe extern "C" {
    safe fn __errno_location() -> *mut i32;
}

const GETRANDOM: i64 = 318;
const RUNNING_ON_VALGRIND: u64 = 0x1001;
/// `M`, `C`, and a number.
const MAKE_MEM_UNDEFINED: u64 = 0x4d43_0001;
const GET_VBITS: u64 = 0x4d43_0008;
