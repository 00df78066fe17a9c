//! What a process still holds of secrets that it is done with: each operation in a process of its own, which is searched from
//! outside. `cargo test --all-features --test erasure -- --nocapture` prints the table.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

#[path = "support/memory.rs"]
mod memory;
#[path = "erasure/needles.rs"]
mod needles;
#[path = "erasure/operations.rs"]
mod operations;

use memory::{Found, Place, Worked};
use needles::Needles;
use operations::{Given, OPERATIONS, Operation, Told, prepare};

/// Run by the tests below in a process of its own.
#[test]
fn helper_that_works_and_waits() {
    memory::help(|work, secrets| {
        let folder = env::var("PALISADE_TEST_FOLDER").unwrap();
        let operation = OPERATIONS.iter().find(|operation| operation.name == work).unwrap();
        (operation.work)(&Given::read(secrets, Path::new(&folder)));
    });
}

/// What is left after an operation, and how many needles were looked for.
fn left(operation: &Operation) -> (usize, Vec<Found>) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = env::temp_dir().join(format!("palisade-erasure-{}-{number}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut secrets = vec![0; 64 + 40];
    palisade::random::fill(&mut secrets).unwrap();
    for byte in &mut secrets[64..] {
        *byte = ALPHABET[usize::from(*byte) % ALPHABET.len()];
    }
    let given = Given::read(&secrets, &folder);
    let mut variables = prepare(operation.name, &given);
    variables.push(("PALISADE_TEST_FOLDER", folder.to_str().unwrap().to_owned()));
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let worked = Worked::after("helper_that_works_and_waits", operation.name, &secrets, &variables);
    let mut needles = Needles::default();
    (operation.needles)(&given, &Told(worked.lines.clone()), &mut needles);
    fs::remove_dir_all(&folder).unwrap();
    (needles.0.len(), worked.left(&needles.0))
}

/// What passwords are made of; some of it is escaped where it is written.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!$%&/()=?<>+#'*-_";

#[test]
fn nothing_is_left_but_what_is_listed() {
    println!(
        "{:42} {:>7} {:>6} {:>8} {:>6} {:>11}",
        "operation", "needles", "heap", "mappings", "stack", "environment"
    );
    for operation in OPERATIONS {
        let (needles, found) = left(operation);
        let sum =
            |place| found.iter().filter(|found| found.place == place).map(|found| found.len).sum::<usize>();
        let [heap, mapping, stack, environment] =
            [Place::Heap, Place::Mapping, Place::Stack, Place::Environment].map(sum);
        println!("{:42} {needles:7} {heap:6} {mapping:8} {stack:6} {environment:11}", operation.name);
        for found in found {
            println!("    {found}");
        }
    }
}
