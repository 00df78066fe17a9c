use std::fmt;

use super::check::{Check, Severity};

/// What [`probe`](super::probe) found: one finding for each [`Check`].
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
pub struct Finding {
    check: Check,
    outcome: Outcome,
    found: String,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Outcome {
    /// It is as it should be.
    Pass,
    /// It is not.
    Fail,
    /// The system did not say, or not in a way that is understood.
    Unknown,
    /// The system is none that can be asked.
    Unsupported,
    /// It did not pass, and the application accepts that.
    Accepted,
}

/// Why a process should not go on: the checks that did not pass, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// All findings, those that passed too.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What one check found.
    pub fn finding(&self, check: Check) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.check == check)
    }

    /// Takes a check that did not pass as known and wanted, such as a volume for data.
    ///
    /// ```
    /// use palisade::posture::{self, Check, Outcome};
    ///
    /// let report = posture::probe().accept(Check::WritableMounts);
    /// let mounts = report.finding(Check::WritableMounts).expect("every check has a finding");
    /// assert!(matches!(mounts.outcome(), Outcome::Pass | Outcome::Accepted));
    /// ```
    pub fn accept(mut self, check: Check) -> Self {
        for finding in &mut self.findings {
            if finding.check == check && finding.outcome != Outcome::Pass {
                finding.outcome = Outcome::Accepted;
            }
        }
        self
    }

    /// Refuses to go on unless all checks of at least this severity passed or were accepted.
    ///
    /// # Errors
    /// Some failed, could not be made, or are not supported by the system.
    pub fn require(&self, severity: Severity) -> Result<(), Refusal> {
        let refused = |finding: &&Finding| finding.severity() >= severity && !finding.is_fine();
        let findings: Vec<_> = self.findings.iter().filter(refused).cloned().collect();
        if findings.is_empty() { Ok(()) } else { Err(Refusal { findings }) }
    }
}

impl Finding {
    pub(super) fn new(check: Check, outcome: Outcome, found: impl Into<String>) -> Self {
        Self { check, outcome, found: found.into() }
    }

    /// What was looked at.
    pub const fn check(&self) -> Check {
        self.check
    }

    /// What became of it.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// How much it matters.
    pub const fn severity(&self) -> Severity {
        self.check.severity()
    }

    /// What was found, in words, on one line.
    pub fn found(&self) -> &str {
        &self.found
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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<18} {:<12} {:<9} found", "check", "outcome", "severity")?;
        for finding in &self.findings {
            let Finding { check, outcome, found } = finding;
            writeln!(f, "{check:<18} {outcome:<12} {:<9} {found}", finding.severity())?;
            if !finding.is_fine() {
                writeln!(f, "{:<18} mend: {}", "", check.mend())?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Unsupported => "unsupported",
            Self::Accepted => "accepted",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process is not contained as required")?;
        for (at, Finding { check, found, .. }) in self.findings.iter().enumerate() {
            let separator = if at == 0 { ": " } else { "; " };
            write!(f, "{separator}{check}: {found} ({})", check.mend())?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// With severity and, where it did not pass, what to do.
#[cfg(feature = "serde")]
impl serde::Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut fields = serializer.serialize_struct("Finding", 5)?;
        fields.serialize_field("check", &self.check)?;
        fields.serialize_field("outcome", &self.outcome)?;
        fields.serialize_field("severity", &self.severity())?;
        fields.serialize_field("found", &self.found)?;
        fields.serialize_field("mend", &(!self.is_fine()).then(|| self.check.mend()))?;
        fields.end()
    }
}
