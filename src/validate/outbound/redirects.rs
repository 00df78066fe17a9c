use url::Url;

use super::{OutboundUrl, UrlPolicy};
use crate::validate::{Invalid, InvalidKind};

/// The redirects of one request, each judged as the first address was. Made by [`UrlPolicy::redirects`].
///
/// ```
/// use palisade::validate::UrlPolicy;
///
/// let policy = UrlPolicy::default();
/// let url = policy.parse("https://example.com/old/page")?;
/// let mut redirects = policy.redirects();
/// assert_eq!(redirects.follow(&url, "../new?a=b")?.as_str(), "https://example.com/new?a=b");
/// for refused in ["http://169.254.169.254/latest/meta-data/", "//localhost/", "https://user@example.com/", "file:///etc/passwd"] {
///     assert!(redirects.follow(&url, refused).is_err());
/// }
/// # Ok::<(), palisade::validate::Invalid>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Redirects<'policy> {
    policy: &'policy UrlPolicy,
    left: usize,
}

impl<'policy> Redirects<'policy> {
    pub(super) const fn new(policy: &'policy UrlPolicy, left: usize) -> Self {
        Self { policy, left }
    }

    /// Where `location`, the header of the answer to `from`, leads.
    ///
    /// # Errors
    /// There were as many as the policy allows, or it does not let this one through; or it leads from `https` to `http`.
    pub fn follow(&mut self, from: &OutboundUrl, location: &str) -> Result<OutboundUrl, Invalid> {
        let invalid = |kind, expected| Invalid::new("redirect", kind, expected);
        self.left = self.left.checked_sub(1).ok_or(invalid(InvalidKind::Range, "fewer redirects"))?;
        if location.len() > OutboundUrl::MAX_BYTES {
            return Err(invalid(InvalidKind::TooLong, "at most 8192 bytes"));
        }
        let next = Url::parse(from.as_str()).and_then(|base| base.join(location));
        let next = next.map_err(|_| invalid(InvalidKind::Form, "a URL with a host"))?;
        let next = self.policy.parse(next.as_str())?;
        if from.is_https() && !next.is_https() {
            return Err(invalid(InvalidKind::NotAllowed, "https:// after https://"));
        }
        Ok(next)
    }
}
