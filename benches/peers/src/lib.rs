//! Runs contenders against each other on the same work, alternating, and prints medians and ratios.
//!
//! The machine is shared and noisy, so no figure stands alone: each round times every contender once, in turn,
//! and what counts is the ratio of medians from one run. Nothing here fails on a time; a wrong answer does.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The lines of the file that a variable of the environment names, for as long as the program runs; nothing where it is not set.
///
/// # Panics
/// There is no such file.
pub fn values(variable: &str) -> Option<&'static [&'static str]> {
    let file = std::env::var_os(variable)?;
    let text: &'static str =
        Box::leak(std::fs::read_to_string(file).expect("a file of values").into_boxed_str());
    Some(text.lines().collect::<Vec<_>>().leak())
}

/// One piece of work, ours first, then the peers'.
pub struct Race {
    work: String,
    goal: &'static str,
    contenders: Vec<Contender>,
}

struct Contender {
    name: &'static str,
    /// Runs the work so many times and answers how long that took.
    run: Box<dyn FnMut(u64) -> Duration>,
    times: Vec<f64>,
}

/// What all races of a run came to.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 6]>,
}

impl Race {
    /// Names the work, and the goal that our figure is held against by the reader.
    pub fn new(work: impl Into<String>, goal: &'static str) -> Self {
        Self { work: work.into(), goal, contenders: Vec::new() }
    }

    /// Adds a contender; the first is ours.
    ///
    /// # Panics
    /// When `is_right` refuses the answer: a fast wrong answer is no figure.
    #[must_use]
    pub fn contender<T: 'static>(
        mut self,
        name: &'static str,
        mut work: impl FnMut() -> T + 'static,
        is_right: impl Fn(&T) -> bool,
    ) -> Self {
        assert!(is_right(&work()), "{name} answers {} wrongly", self.work);
        let run = Box::new(move |times| {
            let started = Instant::now();
            for _ in 0..times {
                black_box(work());
            }
            started.elapsed()
        });
        self.contenders.push(Contender { name, run, times: Vec::new() });
        self
    }

    /// Runs until the medians are worth quoting: 31 rounds of 4 ms each, or 9 of slow work.
    pub fn run(mut self, report: &mut Report) {
        let batches: Vec<u64> = self.contenders.iter_mut().map(batch).collect();
        let slow = batches.contains(&1);
        let count = self.contenders.len();
        for round in 0..if slow { 9 } else { 31 } {
            for turn in 0..count {
                let index = (round + turn) % count; // nobody always follows the same neighbour
                let (contender, batch) = (&mut self.contenders[index], batches[index]);
                let elapsed = (contender.run)(batch);
                contender.times.push(elapsed.as_nanos() as f64 / batch as f64);
            }
        }
        let ours = median(&mut self.contenders[0].times);
        for (position, contender) in self.contenders.iter_mut().enumerate() {
            let (work, goal) = if position == 0 { (self.work.as_str(), self.goal) } else { ("", "") };
            let theirs = median(&mut contender.times);
            let ratio = if position == 0 { String::new() } else { format!("{:.2}", ours / theirs) };
            let spread = contender.times[contender.times.len() - 1] / contender.times[0];
            let row = [work, contender.name, &time(theirs), &format!("{spread:.1}"), &ratio, goal];
            report.rows.push(row.map(str::to_owned));
        }
        eprintln!("  {}", self.work);
    }
}

impl Report {
    /// The table: columns of one width, a ratio below 1 meaning that ours is faster.
    #[must_use]
    pub fn table(&self) -> String {
        let heading = ["work", "who", "median", "slowest/fastest", "ours/theirs", "goal"].map(str::to_owned);
        let rows: Vec<&[String; 6]> = std::iter::once(&heading).chain(&self.rows).collect();
        let widths: Vec<usize> = (0..6)
            .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
            .collect();
        let mut table = String::new();
        for row in rows {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
            let _ = writeln!(table, "| {} |", cells.join(" | "));
            if std::ptr::eq(row, &heading) {
                let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
                let _ = writeln!(table, "| {} |", rule.join(" | "));
            }
        }
        table
    }
}

/// How many repetitions take about 4 ms.
fn batch(contender: &mut Contender) -> u64 {
    let mut times = 1;
    loop {
        let elapsed = (contender.run)(times);
        if elapsed >= Duration::from_millis(4) || times >= 1 << 24 {
            return times;
        }
        times *= 2;
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns => format!("{:.1} ms", ns / 1e6),
    }
}

/// Numbers below a bound, the same for all contenders, in an order that no cache foresees.
pub struct Walk(pub u64);

impl Walk {
    /// The next one.
    pub fn step(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}
