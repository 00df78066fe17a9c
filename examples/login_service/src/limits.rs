use std::error::Error;
use std::net::IpAddr;

use palisade::rate_limit::store::redis::AsyncRedis;
use palisade::rate_limit::{self, AsyncSharedLimiter, Decision, LoginGuard, OnError};
use palisade::rate_limit::{Quota, RateKey, RateLimiter, ip_key};
use palisade::secret::{ExposeSecret, SecretString};

/// How often anybody may do what costs something.
pub(crate) struct Limits {
    logins: LoginGuard,
    /// For several processes, which all together allow no more guesses at an account than one would.
    shared: Option<AsyncSharedLimiter>,
    visits: RateLimiter,
    letters: RateLimiter,
}

/// A guess at a password. Dropped, it stays charged.
#[must_use = "check the password now, and call succeeded() if it was right"]
pub(crate) struct Attempt<'a> {
    own: rate_limit::Attempt<'a>,
    shared: Option<(&'a AsyncSharedLimiter, RateKey)>,
}

/// Too many: come back after so many seconds.
pub(crate) struct TooMany(pub(crate) u64);

impl Limits {
    pub(crate) fn new(redis: Option<&SecretString>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let shared = |url: &SecretString| -> Result<AsyncSharedLimiter, Box<dyn Error + Send + Sync>> {
            // While the server is away, each process still has limits of its own.
            let store = AsyncRedis::connect(url.expose_secret())?;
            let builder = AsyncSharedLimiter::builder(store, OnError::Allow);
            Ok(builder.limit("account", GUESSES).build()?)
        };
        Ok(Self {
            logins: LoginGuard::new()?,
            shared: redis.map(shared).transpose()?,
            visits: RateLimiter::new(Quota::per_minute(60).burst(120))?,
            letters: RateLimiter::new(Quota::per_hour(10))?,
        })
    }

    /// Charges a guess at the password of `account`, before it is looked at.
    pub(crate) async fn log_in(&self, account: &str, ip: IpAddr) -> Result<Attempt<'_>, TooMany> {
        let own = self.logins.attempt(account, ip).map_err(|denied| TooMany(denied.retry_after_seconds()))?;
        let Some(shared) = &self.shared else { return Ok(Attempt { own, shared: None }) };
        let key = RateKey::new("login").part(account);
        let decision = shared.check(&key).await;
        check(decision).map(|()| Attempt { own, shared: Some((shared, key)) })
    }

    /// Forgets the guesses at an account whose owner has proved to be the owner.
    pub(crate) async fn forgive(&self, account: &str) {
        self.logins.reset(account);
        if let Some(shared) = &self.shared {
            let _unless_away = shared.reset(&RateKey::new("login").part(account)).await;
        }
    }

    /// Sessions of visitors take room.
    pub(crate) fn visit(&self, ip: IpAddr) -> Result<(), TooMany> {
        check(self.visits.check(&ip_key(ip)))
    }

    /// Registrations, and letters that somebody else asks for.
    pub(crate) fn letter(&self, ip: IpAddr) -> Result<(), TooMany> {
        check(self.letters.check(&ip_key(ip)))
    }
}

impl Attempt<'_> {
    /// The password was right: it was no guess.
    pub(crate) async fn succeeded(self) {
        self.own.succeeded();
        if let Some((shared, key)) = self.shared {
            let _unless_away = shared.refund(&key, 1).await;
        }
    }
}

fn check(decision: Decision) -> Result<(), TooMany> {
    match decision {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(denied) => Err(TooMany(denied.retry_after_seconds())),
        Decision::Impossible => Err(TooMany(u64::MAX)),
    }
}

/// As [`LoginGuard`] has it.
const GUESSES: Quota = Quota::per_hour(10);
