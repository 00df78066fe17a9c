//! What is asked of valgrind's memcheck, which runs this program; elsewhere nothing happens.
//!
//! The only unsafe code of this repository: a request is a sequence of instructions that does nothing, and that valgrind knows
//! (`valgrind.h`, "client requests", amd64).

use std::arch::asm;

/// Marks bytes as secret: memcheck tells every jump and every address that depends on one of their bits.
pub fn hide(secret: &[u8]) {
    request([MAKE_MEM_UNDEFINED, secret.as_ptr() as u64, secret.len() as u64, 0, 0, 0]);
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

const RUNNING_ON_VALGRIND: u64 = 0x1001;
/// `M`, `C`, and a number.
const MAKE_MEM_UNDEFINED: u64 = 0x4d43_0001;
const GET_VBITS: u64 = 0x4d43_0008;
