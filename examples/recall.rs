#![expect(clippy::print_stdout, reason = "a program for people to read")]
//! How many secrets of a corpus are hidden, and how many clean lines change.
//!
//! `cargo run --release --example recall -- FOLDER [--missed] [--pii]`
//!
//! Reads every `*.jsonl` of a folder, one case a line: `{"source": …, "text": …, "secret": … or null}`. A secret counts as
//! hidden when it stands nowhere in the redacted text; a text without one must not change. Every line of a `*.log` is
//! a text without one.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use palisade::redact::Redactor;

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, folders): (Vec<String>, Vec<String>) =
        env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    if folders.is_empty() {
        return Err("give a folder of *.jsonl or *.log files".into());
    }
    for folder in &folders {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
        files.sort();
        for file in &files {
            let cases = read(file)?;
            // Personal data is looked for where it is the subject.
            let personal = has("--pii") || file.to_string_lossy().contains("pii");
            let redactor = Redactor::builder().personal_data(personal).build()?;
            report(file, &cases, &redactor, has("--missed"));
        }
    }
    Ok(())
}

struct Case {
    source: String,
    text: String,
    secret: Option<String>,
}

fn read(file: &Path) -> Result<Vec<Case>, Box<dyn Error>> {
    let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
    let lines = text.lines();
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("jsonl") => lines
            .map(|line| {
                let case: serde_json::Value = serde_json::from_str(line)?;
                let field =
                    |name: &str| case.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
                let text = field("text").ok_or("a case has no text")?;
                Ok(Case { source: field("source").unwrap_or_default(), text, secret: field("secret") })
            })
            .collect(),
        Some("log") => {
            Ok(lines.map(|line| Case { source: "log".into(), text: line.into(), secret: None }).collect())
        }
        _ => Ok(Vec::new()),
    }
}

fn report(file: &Path, cases: &[Case], redactor: &Redactor, show_missed: bool) {
    let mut missed: BTreeMap<&str, Vec<(&Case, String)>> = BTreeMap::new();
    let (mut secrets, mut kept) = (0, 0);
    for case in cases {
        let redacted = redactor.redact(&case.text);
        secrets += usize::from(case.secret.is_some());
        let right = match &case.secret {
            Some(secret) => !redacted.contains(secret.as_str()),
            None => redacted == case.text,
        };
        if !right {
            kept += 1;
            missed.entry(&case.source).or_default().push((case, redacted.into_owned()));
        }
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if secrets == 0 {
        println!("{name}: {kept} of {} clean texts changed", cases.len());
    } else {
        let hidden = secrets - kept;
        println!("{name}: {hidden} of {secrets} secrets hidden, {} %", percent(hidden, secrets));
    }
    let shown = if show_missed { missed } else { BTreeMap::new() };
    for (source, (case, redacted)) in
        shown.iter().flat_map(|(source, all)| all.iter().map(move |one| (source, one)))
    {
        println!("  {source}\n    {:?}\n    {redacted:?}", case.text);
    }
}

/// With two decimals.
fn percent(part: usize, whole: usize) -> String {
    let hundredths = part * 10_000 / whole.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
