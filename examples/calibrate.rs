#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people to read")]
//! What password schemes cost on this machine.
//!
//! ```text
//! cargo run --release --example calibrate -- [MILLISECONDS]
//! ```

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use palisade::password::{Budget, Hasher, Scheme};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calibrate: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let milliseconds = match (arguments.next(), arguments.next()) {
        (None, _) => 250,
        (Some(text), None) if !text.starts_with('-') => {
            text.parse().map_err(|_| format!("{text:?} is not a number of milliseconds"))?
        }
        _ => return Err("Usage: cargo run --release --example calibrate -- [MILLISECONDS]".into()),
    };

    println!("OWASP's minima and RFC 9106's second recommendation:\n");
    let minima =
        Scheme::OWASP_SCRYPT.into_iter().chain(Scheme::OWASP_ARGON2ID).chain([Scheme::RFC_9106_ARGON2ID]);
    for scheme in minima {
        println!("  {:<28} {:>10.1?}", scheme.to_string(), time(scheme)?);
    }

    println!("\nThe dearest within {milliseconds} ms, never below OWASP's minimum:\n");
    let target = Duration::from_millis(milliseconds);
    for mebibytes in [16, 64, 128, 256] {
        for scheme in
            [Scheme::calibrate(target, mebibytes << 20), Scheme::calibrate_argon2id(target, mebibytes << 20)]
        {
            println!("  {mebibytes:>3} MiB  {:<28} {:>10.1?}", scheme.to_string(), time(scheme)?);
        }
    }
    if cfg!(debug_assertions) {
        println!("\nThis is a development build: cargo run --release --example calibrate.");
    }
    Ok(())
}

/// The shortest of three.
fn time(scheme: Scheme) -> Result<Duration, Box<dyn Error>> {
    let hasher = Hasher::builder().scheme(scheme).budget(Budget::default()).build()?;
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        hasher.hash("correct horse battery staple")?;
        best = best.min(started.elapsed());
    }
    Ok(best)
}
