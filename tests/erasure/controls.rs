//! What programs do with secrets that nobody erases: each must be found, or the search is blind.

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;

use base32ct::{Base32UpperUnpadded, Encoding as _};
use base64ct::{Base64UrlUnpadded, Encoding};
use memmap2::MmapMut;
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hmac;
use zeroize::Zeroize;

use crate::memory::Place;
use crate::operations::{Given, Operation};

/// What is done, what is found of it, and where.
pub(crate) const CONTROLS: &[(Operation, &str, Place)] = &[
    (control("control: a String", |given| drop(black_box(given.text.to_owned()))), "secret", Place::Heap),
    (
        control("control: a format!", |given| drop(black_box(format!("password={}", given.text)))),
        "secret",
        Place::Heap,
    ),
    (
        control("control: hexadecimal digits", |given| {
            drop(black_box(base16ct::lower::encode_string(given.key)));
        }),
        "secret key in hex",
        Place::Heap,
    ),
    (
        control("control: base64", |given| {
            drop(black_box(Base64UrlUnpadded::encode_string(&[b"ann:", given.key].concat())));
        }),
        "secret key in base64",
        Place::Heap,
    ),
    (
        control("control: base32", |given| {
            let mut digits = vec![0; Base32UpperUnpadded::encoded_len(given.key)];
            Base32UpperUnpadded::encode(given.key, &mut digits).unwrap();
            drop(black_box(digits));
        }),
        "secret key in base32",
        Place::Heap,
    ),
    (
        control("control: a URL", |given| {
            let percent = |byte: &u8| format!("%{byte:02X}");
            drop(black_box(given.key.iter().map(percent).collect::<String>()));
        }),
        "secret key in percents",
        Place::Heap,
    ),
    (
        control("control: JSON", |given| {
            let escape =
                |text: String, sign: char| text.replace(sign, &format!("\\u{:04x}", u32::from(sign)));
            let written = ['<', '>', '&'].into_iter().fold(marked_up(given), escape);
            drop(black_box(format!("{:32}{written}", ""))); // an allocator writes over its first bytes
        }),
        "secret with markup in JSON",
        Place::Heap,
    ),
    (
        control("control: the words that a hash reads", |given| {
            let words = [&[0; 3], given.key].concat();
            let words = words.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word));
            drop(black_box(words.collect::<Vec<_>>()));
        }),
        "secret key in words",
        Place::Heap,
    ),
    (control("control: a String that grew and was erased", a_string_that_grew), "secret", Place::Heap),
    (control("control: the heap of another thread", another_heap), "secret", Place::Heap),
    (
        control("control: a cipher of ring", |given| drop(black_box(Box::new(cipher(given.key))))),
        "secret key's round keys",
        Place::Heap,
    ),
    (
        control("control: a MAC of ring", |given| {
            drop(black_box(Box::new(hmac::Key::new(hmac::HMAC_SHA256, given.key))));
        }),
        "secret key, hashed",
        Place::Heap,
    ),
    (
        control("control: a block of a MAC", |given| {
            drop(black_box(given.key.iter().map(|byte| byte ^ 0x36).collect::<Vec<_>>()));
        }),
        "secret key, padded",
        Place::Heap,
    ),
    (
        control("control: a MAC of SHA-1", |given| {
            drop(black_box(Box::new(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, given.key))));
        }),
        "secret key, hashed by SHA-1",
        Place::Heap,
    ),
    (
        control("control: a MAC of SHA-512", |given| {
            drop(black_box(Box::new(hmac::Key::new(hmac::HMAC_SHA512, given.key))));
        }),
        "secret key, hashed by SHA-512",
        Place::Heap,
    ),
    (control("control: memory from the kernel", memory_from_the_kernel), "secret", Place::Mapping),
    (
        control("control: a large String", |given| std::mem::forget(black_box(given.text.repeat(100_000)))),
        "secret",
        Place::Mapping,
    ),
    (control("control: an array on the stack", |given| on_the_stack(given.text)), "secret", Place::Stack),
    (control("control: the stack of another thread", another_stack), "secret", Place::Stack),
];

const fn control(name: &'static str, work: fn(&Given<'_>)) -> Operation {
    Operation {
        name,
        work,
        needles: |given, _, needles| {
            needles.secret("secret", given.text.as_bytes());
            needles.secret("secret with markup", marked_up(given).as_bytes());
            needles.cipher_key("secret key", given.key);
            needles.mac_key("secret key", given.key);
            needles.sha1_mac_key("secret key", given.key);
            needles.sha512_mac_key("secret key", given.key);
        },
    }
}

/// Something that JSON escapes.
fn marked_up(given: &Given<'_>) -> String {
    format!("<{}>", given.text)
}

fn a_string_that_grew(given: &Given<'_>) {
    let mut text = String::with_capacity(20_000);
    while text.len() < 19_000 {
        text.push_str(given.text);
    }
    let _behind = black_box(Box::new([1_u8; 5000]));
    text.reserve(500_000); // more than there is where it lies
    black_box(&mut text).zeroize();
}

fn cipher(key: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap())
}

fn another_heap(given: &Given<'_>) {
    thread::scope(|scope| {
        scope.spawn(|| drop(black_box(format!("password={}", given.text))));
    });
}

fn memory_from_the_kernel(given: &Given<'_>) {
    let mut map = MmapMut::map_anon(1 << 20).unwrap();
    map[4096..][..given.text.len()].copy_from_slice(given.text.as_bytes());
    std::mem::forget(map);
}

fn another_stack(given: &Given<'_>) {
    let (text, (done, wait)) = (given.text.to_owned(), mpsc::channel());
    let _runs_on = thread::spawn(move || {
        on_the_stack(&text);
        done.send(()).unwrap();
        loop {
            thread::park();
        }
    });
    wait.recv().unwrap();
}

/// Below what later calls write over.
#[inline(never)]
fn on_the_stack(text: &str) {
    let mut array = [0; 16_384];
    array[..text.len()].copy_from_slice(text.as_bytes());
    black_box(&array);
}
