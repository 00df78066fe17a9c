//! Times palisade's paths of secrets with inputs of two classes, and tells where the classes differ:
//! `cargo run --release --manifest-path constant_time/Cargo.toml --bin timing`, on a machine that has nothing else to do.
//!
//! The classes come in turns drawn by chance, out of one buffer. Their times are held against each other by Welch's t, with
//! the slow ones cut off at several places, as interrupts fall there (Reparaz, Balasch, Verbauwhede, "Dude, is my code constant
//! time?", 2017). A leak is what is seen in every round, with the same sign: of chance, t exceeds 4.5 in one of 150,000.

#![forbid(unsafe_code)]

mod cases;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cases::{Case, leaky};
use palisade::random;

fn main() -> ExitCode {
    println!("{:24} {:54} {:>8} {:>9}  t in {ROUNDS} rounds", "case", "classes", "median", "times");
    let mut good = true;
    for case in cases::all() {
        let is_leak = judge(&case);
        good &= !is_leak;
        println!("{}", if is_leak { "  LEAKS" } else { "" });
    }
    for case in leaky::all() {
        let is_leak = judge(&case);
        good &= is_leak;
        println!("  {}", if is_leak { "caught" } else { "NOT CAUGHT" });
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether every round tells the classes apart, in the same direction. Prints what was measured.
fn judge(case: &Case) -> bool {
    let rounds: Vec<Vec<Sample>> = (0..ROUNDS).map(|_| measure(case)).collect();
    let ts: Vec<[f64; CUTS.len()]> =
        rounds.iter().map(|samples| CUTS.map(|cut| welch(samples, cut))).collect();
    // The cut whose weakest round is the clearest.
    let weakest = |cut: usize| {
        let weak = ts.iter().map(|t| t[cut].abs()).fold(f64::INFINITY, f64::min);
        let agree = ts.iter().all(|t| t[cut] > 0.0) || ts.iter().all(|t| t[cut] < 0.0);
        if agree { weak } else { 0.0 }
    };
    let best = (0..CUTS.len())
        .max_by(|one, other| weakest(*one).total_cmp(&weakest(*other)))
        .expect("there are cuts");
    let mut times: Vec<u64> = rounds.iter().flatten().map(|sample| sample.nanoseconds).collect();
    times.sort_unstable();
    print!("{:24} {:54} {:>5} ns {:>9} ", case.name, case.classes, times[times.len() / 2], times.len());
    for t in &ts {
        print!(" {:>7.1}", t[best]);
    }
    weakest(best) > LIMIT
}

struct Sample {
    is_second: bool,
    nanoseconds: u64,
}

fn measure(case: &Case) -> Vec<Sample> {
    let [first, second] = case.inputs.each_ref().map(|input| (0..POOL).map(|_| input()).collect::<Vec<_>>());
    let mut buffer = vec![0; first[0].len()];
    let mut draws = vec![0_u8; TIMES];
    random::fill(&mut draws).expect("randomness");
    let started = Instant::now();
    let mut samples = Vec::with_capacity(TIMES);
    for (number, draw) in draws.iter().enumerate() {
        if started.elapsed() > ROUND {
            break;
        }
        let is_second = draw & 1 == 1;
        // An input of each class is read, whichever is taken: the cache must not tell them apart.
        let mask = if is_second { u8::MAX } else { 0 };
        for (byte, (first, second)) in
            buffer.iter_mut().zip(first[number % POOL].iter().zip(&second[number % POOL]))
        {
            *byte = first ^ (first ^ second) & black_box(mask);
        }
        let from = Instant::now();
        for _ in 0..case.calls {
            black_box((case.work)(black_box(&buffer)));
        }
        let nanoseconds = u64::try_from(from.elapsed().as_nanos()).expect("less than centuries");
        if number >= WARM_UP {
            samples.push(Sample { is_second, nanoseconds });
        }
    }
    samples
}

/// Welch's t of the two classes, of the times that are among this share of the shortest.
fn welch(samples: &[Sample], cut: f64) -> f64 {
    let mut times: Vec<u64> = samples.iter().map(|sample| sample.nanoseconds).collect();
    times.sort_unstable();
    let most = times[((times.len() - 1) as f64 * cut) as usize];
    let [first, second] = [false, true].map(|class| {
        let of_class =
            samples.iter().filter(|sample| sample.is_second == class && sample.nanoseconds <= most);
        let of_class: Vec<f64> = of_class.map(|sample| sample.nanoseconds as f64).collect();
        let count = of_class.len() as f64;
        let mean = of_class.iter().sum::<f64>() / count;
        let variance = of_class.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    let error = (first.1 + second.1).sqrt();
    if error > 0.0 { (first.0 - second.0) / error } else { 0.0 }
}

/// As many are measured again, so that what happens on the machine once does not tell.
const ROUNDS: usize = 5;
/// Of each round, at most.
const TIMES: usize = 300_000;
/// Of each round, at most.
const ROUND: Duration = Duration::from_secs(1);
/// Calls that are not counted.
const WARM_UP: usize = 500;
/// Inputs of a class.
const POOL: usize = 64;
/// Shares of the times that are looked at, from the shortest.
const CUTS: [f64; 5] = [0.5, 0.8, 0.95, 0.99, 1.0];
/// Two samples of one kind are beyond it once in 150,000.
const LIMIT: f64 = 4.5;
