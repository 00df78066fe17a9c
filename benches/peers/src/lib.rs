//! Runs contenders against each other on the same work, alternating, and writes what came of it: tables and pictures.
//!
//! The machine is shared and noisy, so no figure stands alone: each round times every contender once, in turn,
//! and what counts is the ratio of medians from one run. Nothing here fails on a time; a wrong answer does.

mod bars;
mod curves;
mod figures;
mod origin;
mod race;
mod results;
mod room;
mod strip;
mod svg;
mod table;

pub use race::Race;
pub use results::write;
pub use room::{Report, Role, Row};

/// Variables of the environment that name files, or a folder, of values that stand in for our own.
pub const INPUTS: [&str; 4] = ["LOGS", "HOSTS", "EMAILS", "COLUMNS"];

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
