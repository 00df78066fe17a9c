use std::borrow::Cow;
use std::fmt;

use crate::posture::{self, Outcome, Severity};

/// What was found by each check, one after the other.
///
/// Its `Display` is a table with a line for each, and with what to do below those that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use = "a report that nobody reads changes nothing"]
pub struct Report {
    findings: Vec<Finding>,
}

/// What was found by one check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    check: Cow<'static, str>,
    outcome: Outcome,
    severity: Severity,
    found: String,
    mend: Option<&'static str>,
}

/// Why a program should not go on: the checks that did not pass, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    findings: Vec<Finding>,
}

impl Report {
    /// All findings, those that passed too.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Takes a check that did not pass as known and wanted: `cookie.same_site`.
    pub fn accept(mut self, check: &str) -> Self {
        for finding in self.findings.iter_mut().filter(|finding| finding.check == check) {
            if finding.outcome != Outcome::Pass {
                finding.outcome = Outcome::Accepted;
                finding.mend = None;
            }
        }
        self
    }

    /// Refuses to go on unless all checks of at least this severity passed or were accepted.
    ///
    /// # Errors
    /// Some failed, or could not be made.
    pub fn require(&self, severity: Severity) -> Result<(), Refusal> {
        let refused = |finding: &&Finding| finding.severity >= severity && !finding.is_fine();
        let findings: Vec<_> = self.findings.iter().filter(refused).cloned().collect();
        if findings.is_empty() { Ok(()) } else { Err(Refusal { findings }) }
    }

    /// One more check, and what to do unless it passed.
    pub(super) fn add(
        &mut self,
        (check, severity): (&'static str, Severity),
        passes: bool,
        found: impl Into<String>,
        mend: &'static str,
    ) {
        let outcome = if passes { Outcome::Pass } else { Outcome::Fail };
        let mend = (!passes).then_some(mend);
        self.findings.push(Finding { check: check.into(), outcome, severity, found: found.into(), mend });
    }
}

impl Finding {
    /// The name of the check: `headers.hsts`.
    pub fn check(&self) -> &str {
        &self.check
    }

    /// What became of it.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// How much it matters.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What was found, in words, on one line.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// What to do, unless it passed.
    pub const fn mend(&self) -> Option<&'static str> {
        self.mend
    }

    const fn is_fine(&self) -> bool {
        matches!(self.outcome, Outcome::Pass | Outcome::Accepted)
    }
}

impl Refusal {
    /// What did not pass.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl From<posture::Report> for Report {
    fn from(report: posture::Report) -> Self {
        let of = |finding: &posture::Finding| {
            let is_fine = matches!(finding.outcome(), Outcome::Pass | Outcome::Accepted);
            Finding {
                check: format!("posture.{}", finding.check()).into(),
                outcome: finding.outcome(),
                severity: finding.severity(),
                found: finding.found().to_owned(),
                mend: (!is_fine).then(|| finding.check().mend()),
            }
        };
        Self { findings: report.findings().iter().map(of).collect() }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<26} {:<12} {:<9} found", "check", "outcome", "severity")?;
        for Finding { check, outcome, severity, found, mend } in &self.findings {
            writeln!(f, "{check:<26} {outcome:<12} {severity:<9} {found}")?;
            if let Some(mend) = mend {
                writeln!(f, "{:<26} mend: {mend}", "")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the program is not configured as required")?;
        for (at, Finding { check, found, mend, .. }) in self.findings.iter().enumerate() {
            let separator = if at == 0 { ": " } else { "; " };
            write!(f, "{separator}{check}: {found}")?;
            if let Some(mend) = mend {
                write!(f, " ({mend})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
