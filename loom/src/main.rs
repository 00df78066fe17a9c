//! What several threads do at once in palisade, in every order that it can come in, or as good as every:
//! `cargo run --release --manifest-path loom/Cargo.toml`.
//!
//! The sources are those of the crate itself. The rate limiter's set is over loom's atomics, which show each order that stores
//! can be seen in; all else is over shuttle's locks and threads, which take turns in orders drawn by chance, thousands for
//! each check. An order that fails is printed, and `shuttle::replay` plays it again. Beside the checks stand controls, which must
//! fail, by words of their own: what is broken where threads get in each other's way, in which nothing is found while each of
//! them runs on until it must wait; and what is broken in every order, which shows that a check looks.
//!
//! Not here is what holds one lock for the whole of a call, and so has no orders of its own: the stores in memory of sessions,
//! codes and used tokens, certificates of TLS. Nor is what other tests try with threads as the system runs them, in fewer orders:
//! the redactor's list of secrets, one of which is put in place by a lock and a flag; sessions in SQLite and their writing by
//! `session/rules.rs`; what a limiter remembers of denials and failures of a store it shares; and how an audit log syncs its
//! file. Nor are locks between processes, which are the system's; `tests/keys.rs` and `tests/audit.rs` have processes that share
//! files.

#![forbid(unsafe_code)]

use std::env;

mod checks;
mod clock;
mod orders;
mod password;
mod sync;

/// Rooms and what they stand on, whole: of most of it nobody here makes use.
#[path = "../../src/audit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "applications use the rest")]
mod audit;
#[path = "../../src/compare.rs"]
#[allow(dead_code, unused_imports, reason = "other rooms use the rest")]
mod compare;
#[path = "../../src/config/mod.rs"]
#[allow(dead_code, unused_imports, reason = "applications use the rest")]
mod config;
#[path = "../../src/encoding.rs"]
#[allow(dead_code, reason = "other rooms use the rest")]
mod encoding;
#[path = "../../src/file.rs"]
#[allow(dead_code, reason = "other rooms use the rest")]
mod file;
#[path = "../../src/keys/mod.rs"]
#[allow(dead_code, unused_imports, reason = "applications use the rest")]
mod keys;
#[path = "../../src/random.rs"]
#[allow(dead_code, reason = "other rooms use the rest")]
mod random;
#[path = "../../src/rbac/mod.rs"]
#[allow(dead_code, unused_imports, reason = "applications use the rest")]
mod rbac;
#[path = "../../src/secret.rs"]
#[allow(dead_code, reason = "other rooms use the rest")]
mod secret;

/// With an argument: the tasks alone whose names begin with it.
fn main() {
    let only = env::args().nth(1);
    for (part, tasks) in [
        ("rate limiter", checks::limiter::TASKS),
        ("password gate", password::checks::TASKS),
        ("policy", checks::policy::TASKS),
        ("secrets", checks::secrets::TASKS),
        ("key ring", checks::ring::TASKS),
        ("audit log", checks::log::TASKS),
        ("audit queue", checks::queue::TASKS),
    ] {
        for task in tasks {
            match &only {
                None => task.run_quietly(part),
                Some(only) if format!("{part}: {}", task.name()).starts_with(only) => task.run(part),
                Some(_) => {}
            }
        }
    }
}
