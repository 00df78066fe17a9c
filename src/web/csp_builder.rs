use super::csp::Endpoint;
use super::source::is_path;
use super::{Csp, CspError, CspProblem, Directive, Source, origin};

/// Puts a [`Csp`] together; [`build`](Self::build) reports all that is wrong at once.
#[derive(Clone, Debug)]
#[must_use = "a policy is made by build()"]
pub struct CspBuilder {
    policy: Csp,
    problems: Vec<CspProblem>,
}

impl CspBuilder {
    pub(super) fn new() -> Self {
        Self::from(Csp::nothing())
    }

    /// Allows `sources` and nothing else in one directive; none of them is `'none'`. It replaces what was there.
    pub fn allow(mut self, directive: Directive, sources: impl IntoIterator<Item = Source>) -> Self {
        let mut distinct = Vec::new();
        for source in sources {
            if !distinct.contains(&source) {
                distinct.push(source);
            }
        }
        self.check(directive, &distinct);
        self.policy.set(directive, distinct);
        self
    }

    /// Scripts may hand text to `innerHTML` and its like only as a trusted type, made by policies of these names; by none of
    /// them, none.
    pub fn trusted_types<'a>(mut self, policies: impl IntoIterator<Item = &'a str>) -> Self {
        let policies: Vec<String> = policies.into_iter().map(str::to_owned).collect();
        let is_name =
            |name: &String| is_name(name, |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !policies.iter().all(is_name) {
            self.problems.push(CspProblem::TrustedTypes);
        }
        self.policy.trusted_types = Some(policies);
        self
    }

    /// Addresses of `http:` in the page are read as `https:`.
    pub fn upgrade_insecure_requests(mut self) -> Self {
        self.policy.upgrades = true;
        self
    }

    /// Sends reports of what was blocked to an address: a path of the same site, or `https://…`.
    ///
    /// `name` is what the `Reporting-Endpoints` header calls it. Reports come from anyone and hold addresses with their
    /// queries: limit and redact them.
    pub fn report_to(mut self, name: &str, address: &str) -> Self {
        if !is_name(name, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            || !name.starts_with(|first: char| first.is_ascii_lowercase())
        {
            self.problems.push(CspProblem::EndpointName);
        }
        if !is_endpoint(address) {
            self.problems.push(CspProblem::Endpoint);
        }
        self.policy.endpoint = Some(Endpoint { name: name.to_owned(), address: address.to_owned() });
        self
    }

    /// Makes the policy.
    ///
    /// # Errors
    /// [`CspError`], with all problems.
    pub fn build(self) -> Result<Csp, CspError> {
        if self.problems.is_empty() { Ok(self.policy) } else { Err(CspError::new(self.problems)) }
    }

    fn check(&mut self, directive: Directive, sources: &[Source]) {
        if !directive.knows_content() && !sources.iter().all(Source::is_place) {
            self.problems.push(CspProblem::OnlyPlaces(directive));
        } else if sources.contains(&Source::STRICT_DYNAMIC) {
            if !directive.is_of_scripts() {
                self.problems.push(CspProblem::NotOfScripts(directive));
            } else if !sources.iter().any(Source::names_content) {
                self.problems.push(CspProblem::NothingToTrust(directive));
            }
        }
    }
}

impl From<Csp> for CspBuilder {
    fn from(policy: Csp) -> Self {
        Self { policy, problems: Vec::new() }
    }
}

fn is_name(name: &str, is_allowed: impl Fn(u8) -> bool) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(is_allowed)
}

fn is_endpoint(address: &str) -> bool {
    if address.len() > 2048 {
        return false;
    }
    if address.starts_with('/') {
        return !address.starts_with("//") && is_path(address);
    }
    let Some(rest) = address.strip_prefix("https://") else { return false };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    origin::is_authority(authority, 443) && is_path(path)
}
