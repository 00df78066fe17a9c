//! What of a configuration is weaker than it should be: `cargo run --example doctor [-- --json] [--require]`.
//!
//! It looks at this process as it runs here, and at the settings of a small web application below; change one and run it again.
//! With `--require` it exits with 1 when something of high severity did not pass.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks on its terminal")]

use std::error::Error;
use std::process::ExitCode;

use palisade::doctor::{Finding, Report};
use palisade::keys::KeyRing;
use palisade::password::Hasher;
use palisade::posture::Severity;
use palisade::web::{CorsPolicy, CsrfGuard, SecurityHeaders, SessionCookie};
use serde_json::{Value, json};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let flags: Vec<String> = std::env::args().skip(1).collect();
    if flags.iter().any(|flag| !["--json", "--require"].contains(&flag.as_str())) {
        return Err("usage: doctor [--json] [--require]".into());
    }
    let has = |name: &str| flags.iter().any(|flag| flag == name);
    let report = report()?;
    if has("--json") {
        println!("{:#}", report.findings().iter().map(to_json).collect::<Value>());
    } else {
        print!("{report}");
    }
    if has("--require")
        && let Err(refusal) = report.require(Severity::High)
    {
        eprintln!("{refusal}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// With the feature `tower`, `settings()` looks at all that `web::hardened` was given.
fn report() -> Result<Report, Box<dyn Error>> {
    let ring = KeyRing::generate()?;
    let origin = "https://app.example";
    Ok(palisade::doctor()
        .headers(&SecurityHeaders::page())
        .cookie(&SessionCookie::new("session")?.lax())
        .cors(&CorsPolicy::builder().origin("https://partner.example")?.build()?)
        .csrf(Some(&CsrfGuard::new(origin)?))
        .keys("sessions", &ring)
        .passwords(&Hasher::default()))
}

/// With the feature `serde`, a report serialises itself.
fn to_json(finding: &Finding) -> Value {
    json!({
        "check": finding.check(),
        "outcome": finding.outcome().to_string(),
        "severity": finding.severity().to_string(),
        "found": finding.found(),
        "mend": finding.mend(),
    })
}
