//! Whether time tells who has an account: a wrong password, an unknown user and rows of other kinds, interleaved: 200 runs of the first two
//! rows, 40 of the others.

use std::time::Instant;

use palisade::password::{Hasher, Scheme};
use palisade_peers::{Report, Role, Row};

const RUNS: usize = 200;
/// Of the rows that are not the policy's own.
const FEWER: usize = 40;

pub fn races(report: &mut Report) {
    for scheme in [Scheme::default(), Scheme::argon2id(47_104, 1, 1)] {
        let hasher = Hasher::builder().scheme(scheme).build().unwrap();
        let stored = hasher.hash("correct horse").unwrap().into_string();
        let django = "pbkdf2_sha256$600000$seasalt$r1uLUxoxpP2Ued/qxvmje7UH9PUJBkRrvf9gGPL7Cps=";
        let snippet = format!("{}${}", "0f".repeat(32), "0".repeat(128));
        let cheaper = Hasher::builder().scheme(Scheme::scrypt(14, 8, 1)).build().unwrap();
        let cheaper = cheaper.hash("correct horse").unwrap().into_string();
        let rows = [
            ("wrong password", Some(stored.as_str())),
            ("unknown user", None),
            ("damaged row", Some("$scrypt$damaged")),
            ("user without a password", Some("!")),
            ("wrong password, cheaper row", Some(cheaper.as_str())),
            ("wrong password, Python snippet's row", Some(snippet.as_str())),
            ("wrong password, Django's PBKDF2 row", Some(django)),
        ];
        let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(RUNS); rows.len()];
        for run in 0..RUNS {
            let count = if run < FEWER { rows.len() } else { 2 };
            for turn in 0..count {
                let at = (run + turn) % count;
                let started = Instant::now();
                assert!(hasher.verify_user("wrong", rows[at].1).is_err());
                times[at].push(started.elapsed().as_nanos() as f64);
            }
        }
        for (place, ((name, _), times)) in rows.into_iter().zip(times).enumerate() {
            let role = if place == 0 { Role::Ours } else { Role::Yardstick };
            let work = format!("verify_user, {scheme}");
            report.rows.push(Row { work, ..Row::new(name, role, times) });
        }
    }
}
