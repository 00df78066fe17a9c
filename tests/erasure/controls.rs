//! What programs do with secrets that nobody erases: each must be found, or the search is blind.

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;

use memmap2::MmapMut;
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use zeroize::Zeroize;

use crate::memory::Place;
use crate::operations::{Given, Operation};

/// What is done, and where the secret is found then.
pub(crate) const CONTROLS: &[(Operation, Place)] = &[
    (control("control: a String", |given| drop(black_box(given.text.to_owned()))), Place::Heap),
    (control("control: a format!", |given| drop(black_box(format!("password={}", given.text)))), Place::Heap),
    (
        control("control: hexadecimal digits", |given| {
            drop(black_box(base16ct::lower::encode_string(given.key)));
        }),
        Place::Heap,
    ),
    (control("control: a String that grew and was erased", a_string_that_grew), Place::Heap),
    (control("control: the heap of another thread", another_heap), Place::Heap),
    (control("control: a cipher of ring", |given| drop(black_box(Box::new(cipher(given.key))))), Place::Heap),
    (control("control: memory from the kernel", memory_from_the_kernel), Place::Mapping),
    (
        control("control: a large String", |given| std::mem::forget(black_box(given.text.repeat(100_000)))),
        Place::Mapping,
    ),
    (control("control: an array on the stack", |given| on_the_stack(given.text)), Place::Stack),
    (control("control: the stack of another thread", another_stack), Place::Stack),
];

const fn control(name: &'static str, work: fn(&Given<'_>)) -> Operation {
    Operation {
        name,
        work,
        needles: |given, _, needles| {
            needles.secret("secret", given.text.as_bytes());
            needles.cipher_key("secret key", given.key);
        },
    }
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
