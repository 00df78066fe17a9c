#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people to read")]
//! Answers questions about a policy in a file: who may do what in which ward of a hospital, and why.
//!
//! ```text
//! cargo run --example rbac                                              # a tour of examples/hospital.json
//! cargo run --example rbac -- explain carl drug:prescribe --in surgery
//! cargo run --example rbac -- check ann drug:give --in cardiology      # exit code 1 when it is denied
//! cargo run --example rbac -- who drug:prescribe
//! cargo run --example rbac -- may ann --in cardiology
//! cargo run --example rbac -- diff changed.json                         # who would gain and lose what
//! cargo run --example rbac -- loose-ends                                # names that do nothing: often misspelt
//! cargo run --example rbac -- graph | dot -Tsvg > roles.svg
//! ```
//!
//! `--policy FILE` reads another policy.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use palisade::rbac::{Policy, PolicyBuilder, PolicyError};

// `palisade::rbac::PolicyFile` of the feature `serde`, which an example of the default build does not have.
#[path = "../src/rbac/policy/file.rs"]
#[expect(unreachable_pub, reason = "it is public where it comes from")]
mod file;

const USAGE: &str = "\
Usage: cargo run --example rbac -- [--policy FILE] [COMMAND]

  check SUBJECT PERMISSION [--in TENANT]     allowed or denied; exit code 1 when denied
  explain SUBJECT PERMISSION [--in TENANT]   which roles allow and deny it, and by way of which
  may SUBJECT [--in TENANT]                  all that a subject may do
  who PERMISSION                             all who may do it, and where
  diff FILE                                  who gains and loses what under another policy
  loose-ends                                 names that do nothing: often misspelt
  graph                                      the roles, for Graphviz

Without a command: a tour of examples/hospital.json.
";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("rbac: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        print!("{USAGE}");
        return Ok(true);
    }
    let file = option(&mut words, "--policy")?.map_or_else(hospital, PathBuf::from);
    let tenant = option(&mut words, "--in")?;
    let policy = read(&file)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match (words.as_slice(), tenant.as_deref()) {
        ([], None) => tour(&policy),
        (["check", subject, permission], tenant) => {
            let decision = match tenant {
                None => policy.check(subject, permission),
                Some(tenant) => policy.check_in(tenant, subject, permission),
            };
            match &decision {
                Ok(granted) => println!("{granted}"),
                Err(denied) => println!("denied: {denied}"),
            }
            return Ok(decision.is_ok());
        }
        (["explain", subject, permission], None) => print!("{}", policy.explain(subject, permission)),
        (["explain", subject, permission], Some(tenant)) => {
            print!("{}", policy.explain_in(tenant, subject, permission));
        }
        (["may", subject], None) => policy.permissions_of(subject).iter().for_each(|one| println!("{one}")),
        (["may", subject], Some(tenant)) => {
            policy.permissions_in(tenant, subject).iter().for_each(|one| println!("{one}"));
        }
        (["who", permission], None) => {
            for (subject, tenant) in policy.users_with(permission) {
                println!("{subject}{}", tenant.map_or(String::new(), |tenant| format!(" in {tenant}")));
            }
        }
        (["diff", other], None) => {
            policy.diff(&read(Path::new(other))?).iter().for_each(|one| println!("{one}"));
        }
        (["loose-ends"], None) => policy.loose_ends().iter().for_each(|one| println!("{one}")),
        (["graph"], None) => print!("{}", policy.to_dot()),
        _ => return Err(format!("not a command\n\n{USAGE}").into()),
    }
    Ok(true)
}

fn hospital() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hospital.json")
}

fn read(path: &Path) -> Result<Policy, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: file::PolicyFile =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(file.build().map_err(|error| format!("{}: {error}", path.display()))?)
}

fn option(words: &mut Vec<String>, name: &str) -> Result<Option<String>, String> {
    let Some(at) = words.iter().position(|word| word == name) else { return Ok(None) };
    if at + 1 == words.len() {
        return Err(format!("{name} needs a value"));
    }
    words.remove(at);
    Ok(Some(words.remove(at)))
}

fn tour(policy: &Policy) {
    println!("Who may prescribe drugs, and where:");
    for (subject, tenant) in policy.users_with("drug:prescribe") {
        println!("  {subject} in {}", tenant.unwrap_or("every ward"));
    }
    for (subject, permission, ward) in [
        ("bob", "chart:read", "cardiology"),
        ("carl", "drug:prescribe", "surgery"),
        ("dora", "drug:give", "surgery"),
        ("bob", "chart:read", "surgery"),
        ("mallory", "chart:read", "surgery"),
    ] {
        print!("\nMay {subject} do {permission} in {ward}? {}", policy.explain_in(ward, subject, permission));
    }
    println!("\nFour eyes: nobody is pharmacist and narcotics officer.");
    if let Err(error) = four_eyes_broken() {
        println!("  {error}");
    }
}

/// What the policy's author is told who gives one person both roles.
fn four_eyes_broken() -> Result<Policy, PolicyError> {
    Policy::builder()
        .allow("pharmacist", "narcotic:release")
        .allow("narcotics-officer", "narcotic:order")
        .exclusive(&["pharmacist", "narcotics-officer"], 1)
        .assign("paul", "pharmacist")
        .assign_in("cardiology", "paul", "narcotics-officer")
        .build()
}
