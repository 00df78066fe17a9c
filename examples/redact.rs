#![expect(clippy::print_stderr, reason = "a program for people to read")]
//! Hides secrets in logs, as `sed` would: from files or standard input to standard output.
//!
//! ```text
//! cargo run --release --example redact -- [--explain] [--pii] [--stats] [FILE…]
//! ```
//!
//! `--explain` shows what would be hidden, where and why, instead of the log: line by line, so of a private key its first; `--pii` hides personal data as well; `--stats`
//! counts by kind at the end, on standard error. On a terminal, progress is shown there.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use palisade::redact::{Counts, Redactor};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads has read enough, as `head` does.
        Err(error) if is_closed(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("redact: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let (flags, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    if let Some(unknown) =
        flags.iter().find(|flag| !["--explain", "--pii", "--stats"].contains(&flag.as_str()))
    {
        return Err(format!("{unknown} is not known; there are --explain, --pii and --stats").into());
    }
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let redactor = Redactor::builder().personal_data(has("--pii")).build()?;
    let mut progress =
        Progress::new(files.iter().map(|file| std::fs::metadata(file).map_or(0, |data| data.len())).sum());
    if files.is_empty() {
        pass(&redactor, io::stdin().lock(), "standard input", has("--explain"), &mut progress)?;
    }
    for file in &files {
        let opened = File::open(file).map_err(|error| format!("{file}: {error}"))?;
        pass(&redactor, opened, file, has("--explain"), &mut progress)?;
    }
    progress.end();
    if has("--stats") {
        show(redactor.counts());
    }
    Ok(())
}

fn pass(
    redactor: &Redactor,
    from: impl Read,
    name: &str,
    explain: bool,
    progress: &mut Progress,
) -> Result<(), Box<dyn Error>> {
    let mut from = BufReader::with_capacity(BUFFER, from);
    let out = io::stdout().lock();
    if explain {
        return explain_lines(redactor, from, name, out, progress);
    }
    let mut to = redactor.writer(out);
    loop {
        let piece = from.fill_buf().map_err(|error| format!("{name}: {error}"))?;
        if piece.is_empty() {
            break;
        }
        to.write_all(piece)?;
        let length = piece.len();
        from.consume(length);
        progress.add(length);
    }
    drop(to.finish()?);
    Ok(())
}

fn explain_lines(
    redactor: &Redactor,
    mut from: impl BufRead,
    name: &str,
    out: impl Write,
    progress: &mut Progress,
) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(out);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let length = from.read_until(b'\n', &mut line).map_err(|error| format!("{name}: {error}"))?;
        if length == 0 {
            break;
        }
        for finding in redactor.explain_bytes(&line) {
            writeln!(out, "{name}:{number}: {finding}")?;
        }
        progress.add(length);
    }
    out.flush()?;
    Ok(())
}

/// As much as is read at once.
const BUFFER: usize = 1 << 18;

fn show(counts: Counts) {
    for (kind, count) in counts.iter() {
        eprintln!("{count:>12} {kind}");
    }
    eprintln!("{:>12} in all", counts.total());
}

fn is_closed(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// How far it is, told to a terminal ten times a second.
struct Progress {
    total: u64,
    done: u64,
    started: Instant,
    shown: Option<Instant>,
    wanted: bool,
}

impl Progress {
    fn new(total: u64) -> Self {
        // Where the log itself goes to the terminal, a bar would be lost in it.
        let wanted = io::stderr().is_terminal() && !io::stdout().is_terminal();
        Self { total, done: 0, started: Instant::now(), shown: None, wanted }
    }

    fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        if self.wanted && self.shown.is_none_or(|shown| shown.elapsed() > Duration::from_millis(100)) {
            self.shown = Some(Instant::now());
            let megabytes = self.done / 1_000_000;
            let speed =
                self.done / u64::try_from(self.started.elapsed().as_micros().max(1)).unwrap_or(u64::MAX);
            if let Some(percent) = (self.done * 100).checked_div(self.total) {
                let percent = percent.min(100);
                let bar = "#".repeat(usize::try_from(percent / 4).unwrap_or(0));
                eprint!("\r[{bar:<25}] {percent:>3} %  {megabytes} MB  {speed} MB/s ");
            } else {
                eprint!("\r{megabytes} MB  {speed} MB/s ");
            }
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            eprint!("\r{:60}\r", "");
        }
    }
}
