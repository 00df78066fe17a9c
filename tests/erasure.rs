//! What a process still holds of secrets that it is done with: each operation in a process of its own, which is searched from
//! outside. `cargo test --all-features --test erasure -- --nocapture` prints the table.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]
#![allow(clippy::print_stdout, reason = "a table, and what one process tells the other")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

#[path = "erasure/controls.rs"]
mod controls;
#[path = "support/memory.rs"]
mod memory;
#[path = "erasure/needles.rs"]
mod needles;
#[path = "erasure/operations.rs"]
mod operations;
#[path = "erasure/residues.rs"]
mod residues;

use controls::CONTROLS;
use memory::{Found, Place, Worked};
use needles::Needles;
use operations::{Given, OPERATIONS, Operation, Told, prepare};
use residues::{RESIDUES, Residue};

/// Run by the tests below in a process of its own.
#[test]
fn helper_that_works_and_waits() {
    memory::help(|work, secrets| {
        let folder = env::var("PALISADE_TEST_FOLDER").unwrap();
        let mut all = OPERATIONS.iter().chain(CONTROLS.iter().map(|(control, ..)| control));
        let operation = all.find(|operation| operation.name == work).unwrap();
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
    let found = worked.left(&needles.0);
    fs::remove_dir_all(&folder).unwrap();
    (needles.0.len(), found)
}

/// What passwords are made of; some of it is escaped where it is written.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!$%&/()=?<>+#'*-_";

fn total<'a>(found: impl IntoIterator<Item = &'a Found>) -> usize {
    found.into_iter().map(|found| found.len).sum()
}

/// A line of the table.
fn show(name: &str, needles: usize, found: &[Found]) {
    let at = |place| total(found.iter().filter(|found| found.place == place));
    let [heap, mapping, stack, environment] =
        [Place::Heap, Place::Mapping, Place::Stack, Place::Environment].map(at);
    println!("{name:42} {needles:7} {heap:6} {mapping:8} {stack:6} {environment:11}");
    for found in found {
        println!("    {found}");
    }
}

#[test]
fn nothing_is_left_but_what_is_listed() {
    println!("\nBytes that are left, of secrets and of what is derived from them:");
    let columns = ["needles", "heap", "mappings", "stack", "environment"];
    println!("{:42} {}", "operation", columns.join(" "));
    let mut wrong = Vec::new();
    for operation in OPERATIONS {
        let (needles, found) = left(operation);
        show(operation.name, needles, &found);
        let listed: Vec<&Residue> =
            RESIDUES.iter().filter(|residue| residue.operation == operation.name).collect();
        for found in &found {
            if !listed.iter().any(|residue| residue.covers(found)) {
                wrong.push(format!("{}: {found} is not on the list", operation.name));
            }
        }
        for residue in listed {
            let bytes = total(found.iter().filter(|found| residue.covers(found)));
            if bytes > residue.bytes || (bytes == 0 && !residue.is_sporadic) {
                wrong.push(format!(
                    "{}: {} bytes of {} are listed, {bytes} found",
                    operation.name, residue.bytes, residue.name
                ));
            }
        }
    }
    println!("\nWhat of that is known:");
    for Residue { operation, name, bytes, reason, risk, .. } in RESIDUES {
        println!("{operation}: {name}, up to {bytes} bytes. {reason} {risk}");
    }
    assert_eq!(wrong, [""; 0]);
    for residue in RESIDUES {
        assert!(
            OPERATIONS.iter().any(|operation| operation.name == residue.operation)
                || cfg!(not(feature = "tls"))
        );
    }
}

#[test]
fn the_search_finds_what_nobody_erases() {
    for (control, name, place) in CONTROLS {
        let (needles, found) = left(control);
        show(control.name, needles, &found);
        let is_it = |found: &Found| found.place == *place && found.name == *name;
        assert!(found.iter().any(is_it), "{}: no {name}", control.name);
    }
}
