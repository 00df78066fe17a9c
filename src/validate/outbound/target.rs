use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::OutboundUrl;
use crate::validate::Invalid;

/// An address that was looked up, with the answers that were judged: they are connected to, and nothing is looked up again.
///
/// Made by [`UrlPolicy::resolve`](super::UrlPolicy::resolve). A name that is public when it is judged and `127.0.0.1` when it is
/// connected to gains nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct PinnedTarget {
    url: OutboundUrl,
    // INVARIANT: at least one, and the policy let all of them through.
    addrs: Vec<SocketAddr>,
}

impl PinnedTarget {
    /// Called where all answers have been judged.
    pub(super) fn new(url: OutboundUrl, addrs: Vec<IpAddr>) -> Self {
        let port = url.port();
        Self { url, addrs: addrs.into_iter().map(|addr| SocketAddr::new(addr, port)).collect() }
    }

    /// What was looked up: its host is the name that TLS proves, its authority the `Host` header.
    pub const fn url(&self) -> &OutboundUrl {
        &self.url
    }

    /// Where to connect to, for an asynchronous `TcpStream::connect(target.addrs())`.
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Connects to one of the addresses, each of which is given its share of the time that is left.
    ///
    /// # Errors
    /// No address answered in time; it is the last one's error.
    pub fn connect(&self, timeout: Duration) -> io::Result<TcpStream> {
        let start = Instant::now();
        let mut outcome = Err(io::ErrorKind::TimedOut.into());
        for (addr, others) in self.addrs.iter().zip((1..=self.addrs.len()).rev()) {
            let share = timeout.saturating_sub(start.elapsed()) / u32::try_from(others).unwrap_or(u32::MAX);
            if share.is_zero() {
                break;
            }
            outcome = TcpStream::connect_timeout(addr, share);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}

/// Why there is no [`PinnedTarget`].
///
/// # Security
/// Who gave the URL is told no more than that it failed: the variants tell which names a network has, and of what kind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The policy does not let the URL through.
    #[error(transparent)]
    Refused(#[from] Invalid),
    /// An address of the host is neither public nor allowed.
    #[error("the host has an address that is not public")]
    NotPublic,
    /// The host has no address.
    #[error("the host has no address")]
    Unresolved,
    /// The resolver did not answer, or said that there is no such name.
    #[error("the host could not be looked up")]
    Unavailable(#[source] io::Error),
}
