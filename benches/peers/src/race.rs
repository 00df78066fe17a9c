use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::room::{Report, Role, Row};

/// One piece of work: ours first, then the peers'.
pub struct Race {
    work: String,
    goal: &'static str,
    axis: &'static str,
    at: u64,
    count: usize,
    contenders: Vec<Contender>,
}

struct Contender {
    who: String,
    role: Role,
    /// Runs the work so many times and answers how long that took.
    run: Box<dyn FnMut(u64) -> Duration>,
    times: Vec<f64>,
}

impl Race {
    /// Names the work, and the goal that our figure is held against by the reader.
    pub fn new(work: impl Into<String>, goal: &'static str) -> Self {
        Self { work: work.into(), goal, axis: "", at: 0, count: 1, contenders: Vec::new() }
    }

    /// The contenders do the work so many times in one call; the figures are of one.
    #[must_use]
    pub fn of(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// One point of a curve: the same work among so many.
    #[must_use]
    pub fn at(mut self, axis: &'static str, value: u64) -> Self {
        (self.axis, self.at) = (axis, value);
        self
    }

    /// Adds a contender; the first is ours. What stands after a colon in a name is left out of pictures.
    ///
    /// # Panics
    /// When `is_right` refuses the answer: a fast wrong answer is no figure.
    #[must_use]
    pub fn contender<T: 'static>(
        self,
        who: &str,
        work: impl FnMut() -> T + 'static,
        is_right: impl Fn(&T) -> bool,
    ) -> Self {
        let role = if self.contenders.is_empty() { Role::Ours } else { Role::Peer };
        self.add(who, role, work, is_right)
    }

    /// Adds what nobody would take instead, as a part of the work: it is in the tables alone.
    ///
    /// # Panics
    /// As [`contender`](Self::contender).
    #[must_use]
    pub fn yardstick<T: 'static>(
        self,
        who: &str,
        work: impl FnMut() -> T + 'static,
        is_right: impl Fn(&T) -> bool,
    ) -> Self {
        self.add(who, Role::Yardstick, work, is_right)
    }

    fn add<T: 'static>(
        mut self,
        who: &str,
        role: Role,
        mut work: impl FnMut() -> T + 'static,
        is_right: impl Fn(&T) -> bool,
    ) -> Self {
        assert!(is_right(&work()), "{who} answers {} wrongly", self.work);
        let run = Box::new(move |times| {
            let started = Instant::now();
            for _ in 0..times {
                black_box(work());
            }
            started.elapsed()
        });
        self.contenders.push(Contender { who: who.to_owned(), role, run, times: Vec::new() });
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
                contender.times.push(elapsed.as_nanos() as f64 / batch as f64 / self.count as f64);
            }
        }
        for contender in self.contenders {
            let goal = if contender.role == Role::Ours { self.goal } else { "" };
            report.rows.push(Row {
                work: self.work.clone(),
                axis: self.axis.to_owned(),
                at: self.at,
                goal: goal.to_owned(),
                ..Row::new(contender.who, contender.role, contender.times)
            });
        }
        let at = if self.axis.is_empty() { String::new() } else { format!(", {} {}", self.at, self.axis) };
        eprintln!("  {}{at}", self.work);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a liar answers one and one wrongly")]
    fn a_wrong_answer_ends_the_run() {
        let _ = Race::new("one and one", "").contender("a liar", || 3, |&sum| sum == 2);
    }

    #[test]
    fn the_first_is_ours_and_figures_are_of_one_of_many() {
        let mut report = Report::default();
        let sleep = || std::thread::sleep(Duration::from_millis(5));
        Race::new("sleep", "short")
            .of(1_000)
            .contender("ours", sleep, |()| true)
            .contender("theirs", sleep, |()| true)
            .yardstick("nothing", || (), |()| true)
            .run(&mut report);
        let roles: Vec<Role> = report.rows.iter().map(|row| row.role).collect();
        assert_eq!(roles, [Role::Ours, Role::Peer, Role::Yardstick]);
        assert_eq!(report.rows[0].goal, "short");
        assert!(report.rows[0].fastest >= 5_000.0, "5 ms, a thousand times"); // a sleep is never shorter
    }
}
