//! How many instructions a hash takes, as callgrind counts them: the same on any machine, so that changes can be compared
//! where time cannot. `cargo bench --bench instructions`; needs valgrind.

#![allow(clippy::print_stdout, reason = "a table is what this is for")]
#![allow(missing_docs, reason = "a program")]

use std::env;
use std::process::Command;

use palisade::password::{Budget, Hasher, Scheme};

/// A hash of N = 2^10, r = 8, by its lanes, on one thread.
const WORKS: [(&str, u32); 2] =
    [("scrypt N=2^10 r=8 p=1: one lane", 1), ("scrypt N=2^10 r=8 p=2: two lanes interleaved", 2)];

fn main() {
    if let [Ok(lanes), Ok(count)] = ["PALISADE_LANES", "PALISADE_COUNT"].map(env::var) {
        return hash(lanes.parse().expect("a number"), count.parse().expect("a number"));
    }
    println!("| work | instructions |\n|---|---|");
    for (work, lanes) in WORKS {
        // What a process takes to start is in both.
        let [few, many] = [2, 12].map(|count| count_instructions(lanes, count));
        println!("| {work} | {} |", (many - few) / 10);
    }
}

fn hash(lanes: u32, count: u32) {
    let budget = Budget::default().hashes(1);
    let hasher = Hasher::builder().scheme(Scheme::scrypt(10, 8, lanes)).budget(budget).build();
    let hasher = hasher.expect("the costs are defined");
    for _ in 0..count {
        let _answer = hasher.verify_absent("correct horse battery staple");
    }
}

fn count_instructions(lanes: u32, count: u32) -> u64 {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("a program knows where it is"))
        .envs([("PALISADE_LANES", lanes.to_string()), ("PALISADE_COUNT", count.to_string())])
        .output()
        .expect("valgrind is installed");
    let report = String::from_utf8_lossy(&run.stderr);
    let count = report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.expect("valgrind says how many it counted")
}
