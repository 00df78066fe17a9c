//! What a process still holds after it hashed a password: searched from outside, through the kernel.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fs;

use palisade::password::{Budget, Hasher, Scheme};
use sha2::Sha256;

#[path = "support/memory.rs"]
mod memory;
use memory::{Found, Needle, Worked};

/// No eight bytes of it are spelt elsewhere.
const PASSWORD: &str = "4b#pqssw0rd thxt-nOthing_els3 sp3lls, 0f 32+ byt3s";
const SALT: &[u8; 16] = b"sixteen byte sal";

/// Run by the tests below in a process of its own: reads a password, does something with it, says so, and waits.
#[test]
fn helper_that_hashes_and_waits() {
    memory::help(|work, password| {
        let password = std::str::from_utf8(password).unwrap();
        let hasher = |log_n, p| {
            let budget = Budget::default().memory(128 << 20);
            Hasher::builder().scheme(Scheme::scrypt(log_n, 8, p)).budget(budget).build().unwrap()
        };
        let kept = match work {
            "one lane" => hasher(14, 1),
            "three lanes" => hasher(14, 3),
            "a thousand" => hasher(11, 1),
            _ => hasher(4, 1),
        };
        let mut stored = String::new();
        match work {
            "one lane" | "three lanes" => {
                stored = kept.hash(password).unwrap().into_string();
                assert!(kept.verify(password, &stored).is_ok());
            }
            "two at once" => {
                let kept = Hasher::builder()
                    .scheme(Scheme::scrypt(14, 8, 1))
                    .budget(Budget::default().hashes(1))
                    .build()
                    .unwrap();
                stored = kept.hash(password).unwrap().into_string();
                std::thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| assert!(kept.verify(password, &stored).is_ok()));
                    }
                });
                std::mem::forget(kept);
            }
            "a thousand" => {
                for number in 0..1000 {
                    stored = kept.hash(password).unwrap().into_string();
                    if number == 20 {
                        println!("\n{}", fs::read_to_string("/proc/self/status").unwrap().replace('\n', ";"));
                    }
                }
            }
            "the scrypt crate" => {
                let mut output = [0; 32];
                for _ in 0..2 {
                    let params = scrypt::Params::new(14, 8, 1).unwrap();
                    scrypt::scrypt(password.as_bytes(), SALT, &params, &mut output).unwrap();
                }
                stored = format!("$scrypt$ln=14,r=8,p=1${}$", base64(SALT));
            }
            other => panic!("{other}"),
        }
        std::mem::forget(kept); // as in a service, which keeps it and its memory
        println!("\n{stored}");
    });
}

fn hashed(work: &str) -> Worked {
    Worked::after("helper_that_hashes_and_waits", work, PASSWORD.as_bytes(), &[])
}

/// What is left of the password, or of what a guess at it could be held against.
fn left(hashed: &Worked, lanes: usize) -> Vec<Found> {
    let stored = hashed.lines.iter().rfind(|line| line.starts_with("$scrypt$")).unwrap();
    let salt = from_base64(stored.split('$').nth(3).unwrap());
    let mut blocks = vec![0; lanes * 1024];
    pbkdf2::pbkdf2_hmac::<Sha256>(PASSWORD.as_bytes(), &salt, 1, &mut blocks);
    let mixed: Vec<u8> = blocks.chunks_exact(1024).flat_map(|lane| mixed(lane, 1 << 14)).collect();
    let needle = |name: &str, bytes| Needle { name: name.to_owned(), bytes };
    let mut needles = vec![needle("password", PASSWORD.as_bytes().to_vec())];
    for (name, pad) in [("inner key", 0x36), ("outer key", 0x5c)] {
        needles.push(needle(name, PASSWORD.bytes().map(|byte| byte ^ pad).collect()));
    }
    for (name, blocks) in [("PBKDF2's output", blocks), ("what was mixed", mixed)] {
        for chunk in blocks.chunks_exact(64) {
            needles.push(needle(name, chunk.to_vec()));
            // The order in which tables hold it.
            needles.push(needle(name, [0, 5, 10, 15].map(|word| &chunk[word * 4..][..4]).concat()));
        }
    }
    hashed.left(&needles)
}

#[test]
fn nothing_is_left_of_a_password_that_was_hashed() {
    for (work, lanes) in [("one lane", 1), ("three lanes", 3), ("two at once", 1)] {
        let hashed = hashed(work);
        assert_eq!(left(&hashed, lanes), [], "{work}");
        // The memory that the next hash will work in is kept, and holds nothing.
        let tables: Vec<_> = hashed
            .memory()
            .into_iter()
            .map(|region| region.bytes)
            .filter(|bytes| bytes.len() >= 16 << 20)
            .collect();
        assert!(!tables.is_empty(), "{work}");
        for table in tables {
            assert!(table.iter().all(|byte| *byte == 0), "{work}");
        }
    }
}

#[test]
fn the_search_finds_what_is_left_where_memory_is_not_wiped() {
    let left = left(&hashed("the scrypt crate"), 1);
    for what in ["PBKDF2's output", "what was mixed"] {
        assert!(left.iter().any(|left| left.name == what), "{what}: {left:?}");
    }
}

#[test]
fn a_thousand_hashes_take_no_more_memory_than_twenty() {
    let hashed = hashed("a thousand");
    let resident = |status: &str| -> u64 {
        let kib = status.split([';', '\n']).find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        kib.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let after_twenty = resident(hashed.lines.iter().find(|line| line.contains("VmHWM:")).unwrap());
    let after_all = resident(&hashed.about("status"));
    assert!(after_all <= after_twenty + 256, "{after_twenty} KiB, then {after_all}");
}

/// scryptROMix, RFC 7914 §5, as it is written there.
fn mixed(block: &[u8], rows: usize) -> Vec<u8> {
    let words = |bytes: &[u8]| -> Vec<u32> {
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
    };
    let xor = |one: &[u32], other: &[u32]| -> Vec<u32> {
        one.iter().zip(other).map(|(one, other)| one ^ other).collect()
    };
    let mix = |from: &[u32]| -> Vec<u32> {
        let mut x = from[from.len() - 16..].to_vec();
        let (mut even, mut odd) = (Vec::new(), Vec::new());
        for (number, chunk) in from.chunks_exact(16).enumerate() {
            x = salsa20_8(&xor(&x, chunk));
            if number % 2 == 0 { even.extend(&x) } else { odd.extend(&x) }
        }
        [even, odd].concat()
    };
    let (mut x, mut table) = (words(block), Vec::new());
    for _ in 0..rows {
        let next = mix(&x);
        table.push(std::mem::replace(&mut x, next));
    }
    for _ in 0..rows {
        let named = x[x.len() - 16] as usize % rows;
        x = mix(&xor(&x, &table[named]));
    }
    x.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Salsa20/8, RFC 7914 §3.
fn salsa20_8(input: &[u32]) -> Vec<u32> {
    let mut x = input.to_vec();
    for _ in 0..4 {
        for [a, b, c, d] in [[0, 4, 8, 12], [5, 9, 13, 1], [10, 14, 2, 6], [15, 3, 7, 11]]
            .into_iter()
            .chain([[0, 1, 2, 3], [5, 6, 7, 4], [10, 11, 8, 9], [15, 12, 13, 14]])
        {
            for (to, one, other, bits) in [(b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)] {
                x[to] ^= x[one].wrapping_add(x[other]).rotate_left(bits);
            }
        }
    }
    x.iter().zip(input).map(|(x, input)| x.wrapping_add(*input)).collect()
}

fn base64(bytes: &[u8]) -> String {
    <base64ct::Base64Unpadded as base64ct::Encoding>::encode_string(bytes)
}

fn from_base64(text: &str) -> Vec<u8> {
    <base64ct::Base64Unpadded as base64ct::Encoding>::decode_vec(text).unwrap()
}
