//! Replays `tests/vectors/rate_limit/*.txt` over a store whose clock a test drives.

use std::path::Path;
use std::time::Duration;

use super::rate_limit::store::{Limit, Op};
use super::rate_limit::{Decision, Quota, RateKey};
use super::vectors;

/// Replays every case; `decide` is told the time since the case began. Returns how many steps there were.
pub(crate) fn replay(mut decide: impl FnMut(Duration, Op, &[Limit<'_>]) -> Decision) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/rate_limit");
    let mut steps = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        for case in vectors::cases(&std::fs::read_to_string(&path).unwrap()) {
            let Some(quotas) = case.get("limits") else { continue };
            let limits: Vec<(String, Quota)> = quotas
                .split(" + ")
                .map(|limit| limit.split_once(": ").unwrap())
                .map(|(name, quota)| (name.to_owned(), quota.parse().unwrap()))
                .collect();
            let key = RateKey::new("scenario").part(&case["id"]);
            for step in case["steps"].split(" | ") {
                let words: Vec<&str> = step.split(' ').collect();
                let [at, op, cost, expected @ ..] = words.as_slice() else { panic!("{step:?}") };
                let op = match *op {
                    "check" => Op::Check,
                    "peek" => Op::Peek,
                    "refund" => Op::Refund,
                    "debit" => Op::Debit,
                    other => panic!("{other:?}"),
                };
                let cost = cost.parse().unwrap();
                let asked: Vec<Limit<'_>> = limits
                    .iter()
                    .map(|(name, quota)| Limit { name, key: &key, quota: *quota, cost })
                    .collect();
                let decision = decide(duration(at), op, &asked);
                assert_eq!(told(&decision, &limits), expected.join(" "), "{} at {step:?}", case["id"]);
                steps += 1;
            }
        }
    }
    assert!(steps > 0);
    steps
}

/// `allow <left> <full after> <limit>`, `deny <left> <wait> <limit>` or `impossible`.
fn told(decision: &Decision, limits: &[(String, Quota)]) -> String {
    match decision {
        Decision::Allow(it) => {
            format!("allow {} {:?} {}", it.remaining(), it.reset_after(), limits[it.limit()].0)
        }
        Decision::Deny(it) => {
            format!("deny {} {:?} {}", it.remaining(), it.retry_after(), limits[it.limit()].0)
        }
        Decision::Impossible => "impossible".to_owned(),
    }
}

/// `0s`, `1.5s`, `300µs`: a number and a unit, as `Duration` is shown.
fn duration(text: &str) -> Duration {
    let split = text.find(|character: char| character.is_alphabetic()).unwrap();
    let (number, unit) = text.split_at(split);
    let nanos: u64 = match unit {
        "ns" => 1,
        "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        other => panic!("{other:?}"),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part: u64 = format!("{part:0<9}").parse().unwrap();
    Duration::from_nanos(whole.parse::<u64>().unwrap() * nanos + part * nanos / 1_000_000_000)
}
