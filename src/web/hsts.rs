use std::fmt;
use std::time::Duration;

/// For how long browsers take a host by TLS only: the `Strict-Transport-Security` header.
///
/// ```
/// use palisade::web::Hsts;
///
/// assert_eq!(Hsts::default().to_string(), "max-age=31536000; includeSubDomains");
/// assert_eq!(Hsts::this_host_for(std::time::Duration::from_secs(300)).to_string(), "max-age=300");
/// ```
///
/// # Source
/// RFC 6797 §6.1; hstspreload.org, "Submission Requirements".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hsts {
    seconds: u64,
    subdomains: bool,
    preload: bool,
}

impl Hsts {
    /// This host alone: for a domain whose subdomains are not all reachable by TLS, and for trying it out. Zero ends it.
    pub const fn this_host_for(time: Duration) -> Self {
        Self { seconds: time.as_secs(), subdomains: false, preload: false }
    }

    /// This host and all hosts below it.
    pub const fn with_subdomains_for(time: Duration) -> Self {
        Self { seconds: time.as_secs(), subdomains: true, preload: false }
    }

    /// Asks to be built into browsers: two years, all hosts below, and there is no quick way back.
    pub const fn preload() -> Self {
        Self { seconds: 2 * YEAR, subdomains: true, preload: true }
    }
}

/// One year, and all hosts below.
impl Default for Hsts {
    fn default() -> Self {
        Self::with_subdomains_for(Duration::from_secs(YEAR))
    }
}

impl fmt::Display for Hsts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "max-age={}", self.seconds)?;
        f.write_str(if self.subdomains { "; includeSubDomains" } else { "" })?;
        f.write_str(if self.preload { "; preload" } else { "" })
    }
}

const YEAR: u64 = 31_536_000;
