//! Cookies, other origins, keys and passwords.

use std::time::{Duration, SystemTime};

use super::Report;
use crate::keys::{KeyRing, KeyState};
use crate::password::Hasher;
use crate::posture::Severity::{High, Low, Medium};
#[cfg(feature = "tower")]
use crate::web::RenderContext;
use crate::web::{CorsPolicy, CsrfGuard, SessionCookie};

impl Report {
    /// Looks at a session's cookie.
    pub fn cookie(mut self, cookie: &SessionCookie) -> Self {
        let (name, is_strict) = (cookie.name(), cookie.is_strict());
        self.add(
            ("cookie.same_site", Low),
            is_strict,
            format!("{name}: SameSite={}", if is_strict { "Strict" } else { "Lax" }),
            "leave out lax(), unless people follow links from elsewhere and are to find themselves logged in",
        );
        let age = cookie.kept_for();
        let found =
            age.map_or("until the browser is closed".to_owned(), |age| format!("{} s", age.as_secs()));
        let is_short = age.is_none_or(|age| age <= 30 * DAY);
        self.add(
            ("cookie.lifetime", Medium),
            is_short,
            format!("{name}: {found}"),
            "max_age() of 30 days or less",
        );
        self
    }

    /// Looks at who may read responses from elsewhere.
    pub fn cors(mut self, policy: &CorsPolicy) -> Self {
        const CHECK: (&str, crate::posture::Severity) = ("cors.origins", Medium);
        let Some(origins) = policy.origins() else {
            self.add(
                CHECK,
                false,
                "any origin, without credentials",
                "list the origins, unless everything there is public",
            );
            return self;
        };
        let origins: Vec<&str> = origins.collect();
        let found = origins.join(", ");
        let local = origins.iter().any(|origin| is_local(origin));
        self.add(
            CHECK,
            !local,
            found,
            "leave origins of your own machine to a configuration for development",
        );
        self
    }

    /// Looks at what keeps other sites from acting in a user's name.
    pub fn csrf(mut self, guard: Option<&CsrfGuard>) -> Self {
        let (passes, found) = match guard {
            None => (false, "no guard"),
            Some(guard) if guard.allows_unmarked() => {
                (false, "requests that say nothing of where they came from pass")
            }
            Some(guard) if guard.trusted().any(is_local) => {
                (false, "pages of a developer's machine may act for users")
            }
            Some(_) => (true, "requests of other sites are refused"),
        };
        self.add(
            ("csrf.guard", High),
            passes,
            found,
            "CsrfGuard::new(origin) without allow_unmarked(), unless no cookie lets a caller in or CsrfTokens are checked",
        );
        self
    }

    /// Looks at a ring of keys; `name` is what the report calls it.
    pub fn keys(mut self, name: &str, ring: &KeyRing) -> Self {
        let now = SystemTime::now();
        let days =
            |since: SystemTime| now.duration_since(since).unwrap_or_default().as_secs() / DAY.as_secs();
        let keys = ring.keys();
        let primary = keys.iter().find(|key| key.state == KeyState::Primary).map_or(0, |key| days(key.added));
        self.add(
            ("keys.age", Medium),
            primary <= YEAR,
            format!("{name}: the primary key is {primary} days old"),
            "add_generated(), wait until all processes have read it, promote()",
        );
        let is_left =
            |key: &&crate::keys::KeyInfo| key.state == KeyState::Retired && days(key.changed) > YEAR;
        let left = keys.iter().filter(is_left).count();
        self.add(
            ("keys.spare", Low),
            left == 0,
            format!("{name}: {left} keys were retired more than a year ago"),
            "reseal() what they still open, then destroy()",
        );
        self
    }

    /// Looks at how passwords are hashed.
    pub fn passwords(mut self, hasher: &Hasher) -> Self {
        let scheme = hasher.scheme();
        let mend = "Hasher::default(), or one of Scheme::OWASP_ARGON2ID";
        self.add(("passwords.cost", High), scheme.meets_owasp(), scheme.to_string(), mend);
        let (peppered, found) = if hasher.is_peppered() { (true, "peppered") } else { (false, "no pepper") };
        self.add(
            ("passwords.pepper", Low),
            peppered,
            found,
            "Hasher::builder().pepper(&ring), with the ring kept elsewhere than the hashes",
        );
        self
    }

    /// Looks at all that a service is put behind: headers, other origins, other sites, limits.
    #[cfg(feature = "tower")]
    pub fn settings(self, settings: &crate::web::Settings) -> Self {
        let context = if settings.tls { RenderContext::tls() } else { RenderContext::plain() };
        let mut report = self.rendered(&settings.headers, context).csrf(settings.csrf.as_ref());
        if let Some(policy) = &settings.cors {
            report = report.cors(policy);
        }
        let limited = settings.limit.is_some();
        let found = if limited { "each address has a quota" } else { "no quota" };
        report.add(
            ("limits.rate", Medium),
            limited,
            found,
            "rate_limit(), with trusted_proxies() behind proxies",
        );
        let heard = settings.audit.is_some();
        let found = if heard { "refusals are told to a listener" } else { "nobody learns of refusals" };
        report.add(("audit.refusals", Low), heard, found, "audit(), with the record() of an audit log");
        report
    }
}

/// An `http:` origin is one of this machine, or there would be no policy with it.
fn is_local(origin: &str) -> bool {
    let host = origin.strip_prefix("https://").unwrap_or_default();
    origin.starts_with("http:") || ["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local))
}

const DAY: Duration = Duration::from_secs(86_400);
/// In days.
const YEAR: u64 = 366;
