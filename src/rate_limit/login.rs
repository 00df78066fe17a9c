use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use unicode_normalization::UnicodeNormalization;

use super::all::check_all;
use super::decision::{Decision, Denied};
use super::error::RateLimitError;
use super::ip::{ip_key, network_key};
use super::key::RateKey;
use super::limiter::{Charge, RateLimiter};
use super::quota::Quota;
use crate::clock::Clock;

/// Limits how often passwords are guessed: by account, by address, by network and in all, in one decision.
///
/// An attempt is charged *before* the password is checked, so that guesses made at the same time are counted too, and given
/// back when the password was right.
///
/// ```
/// use palisade::password::Hasher;
/// use palisade::rate_limit::LoginGuard;
/// use std::net::IpAddr;
///
/// # let hasher = Hasher::builder().scheme(palisade::password::Scheme::argon2id(19_456, 2, 1)).build()?;
/// # let row = Some(hasher.hash("correct horse battery staple")?);
/// let guard = LoginGuard::new()?; // one for the whole program
/// let addr: IpAddr = "203.0.113.9".parse()?; // see client_ip
///
/// match guard.attempt("ann@example.com", addr) {
///     Ok(attempt) => match hasher.verify_user("correct horse battery staple", row.as_ref().map(|row| row.as_str())) {
///         Ok(_verified) => attempt.succeeded(),
///         Err(_) => { /* the attempt stays charged */ }
///     },
///     Err(denied) => { /* 429 for all names alike; Retry-After: denied.retry_after_seconds() */ }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// | limit | unless set otherwise | against |
/// |---|---|---|
/// | account | 10 at once, then one in 6 minutes | guessing one account's password, from wherever |
/// | account, slow | 50 at once, then 50 in 30 days: never more than 100 in any 30 days | doing so for months |
/// | address | 30 at once, then one in 10 seconds | guessing many accounts' |
/// | network | 300 at once, then one a second | doing so from a whole network: /24, or /48 of IPv6 |
/// | all | 1,000 at once, then 100 a second | doing so from everywhere |
///
/// Names are compared as people type them: without regard to case, width and surrounding blanks.
///
/// # Security
/// It does not know which accounts exist, so its answers do not tell. What a successful login gives back is its own attempt
/// and nothing else: an attacker gains no guesses by logging in to an account of its own.
///
/// Whoever knows a name can use up its guesses. [`attempt_from_device`](Self::attempt_from_device) lets the owner in
/// nevertheless. A denial charges nothing, so nobody is locked out for longer by trying on.
///
/// # Source
/// NIST SP 800-63B-4 §3.2.2; OWASP, "Slow down online guessing attacks with device cookies".
#[derive(Debug)]
pub struct LoginGuard {
    account: RateLimiter,
    account_slow: RateLimiter,
    address: RateLimiter,
    network: RateLimiter,
    all: RateLimiter,
}

/// Makes a [`LoginGuard`].
#[derive(Clone, Debug)]
#[must_use = "a builder guards nothing until build()"]
pub struct LoginGuardBuilder {
    quotas: [Quota; LIMITS],
    max_accounts: usize,
    max_addresses: usize,
    clock: Option<std::sync::Arc<dyn Clock>>,
}

/// An attempt that may go on to check the password. Dropped, it counts as a guess.
#[must_use = "check the password now, and call succeeded() if it was right"]
pub struct Attempt<'a> {
    charges: [Charge<'a>; LIMITS],
}

/// Why an attempt was denied, and when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginDenied {
    limit: LoginLimit,
    denied: Denied,
}

/// Which limit an attempt ran into: for the log, not for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginLimit {
    /// Too many guesses at this account.
    Account,
    /// Too many guesses at this account within a month.
    AccountSlow,
    /// Too many guesses from this address.
    Address,
    /// Too many guesses from this network.
    Network,
    /// Too many guesses in all: ask for more than a password, rather than turn everyone away.
    All,
}

impl LoginGuard {
    /// A guard with the defaults of the table above.
    ///
    /// # Errors
    /// There is not enough memory, or the random source is unavailable.
    pub fn new() -> Result<Self, RateLimitError> {
        Self::builder().build()
    }

    /// A guard with settings of its own.
    pub fn builder() -> LoginGuardBuilder {
        let days = |count: u64| Duration::from_secs(count * 86_400);
        LoginGuardBuilder {
            quotas: [
                Quota::per_hour(10).burst(10),
                Quota::of(50, 50, days(30)),
                Quota::per_minute(6).burst(30),
                Quota::per_second(1).burst(300),
                Quota::per_second(100).burst(1000),
            ],
            max_accounts: 1 << 18,
            max_addresses: 1 << 17,
            clock: None,
        }
    }

    /// Charges an attempt to log in as `account` from `addr`, if all limits allow for one.
    ///
    /// # Errors
    /// One of the limits is reached; nothing was charged. The password must not be checked.
    pub fn attempt(&self, account: &str, addr: IpAddr) -> Result<Attempt<'_>, LoginDenied> {
        self.charge(&RateKey::new("account").part(typed(account)), addr)
    }

    /// Charges an attempt from a device that `account` has logged in from before: it has limits of its own, which nobody
    /// else can use up.
    ///
    /// `device` is the identity of a device that was checked, such as what a [`Signer`](crate::token::Signer) verified in a
    /// cookie that was set at an earlier login to this very account.
    ///
    /// # Errors
    /// As [`attempt`](Self::attempt).
    ///
    /// # Security
    /// An identity that the caller may choose freely switches the account's limit off.
    pub fn attempt_from_device(
        &self,
        account: &str,
        device: &str,
        addr: IpAddr,
    ) -> Result<Attempt<'_>, LoginDenied> {
        self.charge(&RateKey::new("device").part(typed(account)).part(device), addr)
    }

    fn charge(&self, account: &RateKey, addr: IpAddr) -> Result<Attempt<'_>, LoginDenied> {
        let charges = [
            self.account.charge(account),
            self.account_slow.charge(account),
            self.address.charge(&ip_key(addr)),
            self.network.charge(&network_key(addr)),
            self.all.charge(&()),
        ];
        match check_all(&charges) {
            Decision::Allow(_) => Ok(Attempt { charges }),
            Decision::Deny(denied) => Err(LoginDenied { limit: LoginLimit::at(denied.limit()), denied }),
            Decision::Impossible => unreachable!("a limiter's own quota has a capacity of 1 or more"),
        }
    }
}

impl Attempt<'_> {
    /// The password was right: gives back what this attempt was charged, and nothing else.
    pub fn succeeded(self) {
        for charge in self.charges {
            charge.refund();
        }
    }
}

impl LoginDenied {
    /// Which limit was reached: the one to be waited for longest.
    pub fn limit(&self) -> LoginLimit {
        self.limit
    }

    /// How long until an attempt is allowed, if no other is made.
    pub fn retry_after(&self) -> Duration {
        self.denied.retry_after()
    }

    /// [`retry_after`](Self::retry_after) in whole seconds, rounded up: the value of HTTP's `Retry-After`.
    pub fn retry_after_seconds(&self) -> u64 {
        self.denied.retry_after_seconds()
    }
}

impl LoginLimit {
    fn at(index: usize) -> Self {
        match index {
            0 => Self::Account,
            1 => Self::AccountSlow,
            2 => Self::Address,
            3 => Self::Network,
            _ => Self::All,
        }
    }
}

/// What may be shown to whoever tries: it is the same for all limits.
impl fmt::Display for LoginDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too many attempts, try again in {} s", self.retry_after_seconds())
    }
}

impl std::error::Error for LoginDenied {}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}

impl LoginGuardBuilder {
    /// Guesses at one account.
    pub fn account(self, quota: Quota) -> Self {
        self.set(0, quota)
    }

    /// Guesses at one account, in the long run.
    pub fn account_slow(self, quota: Quota) -> Self {
        self.set(1, quota)
    }

    /// Guesses from one IPv4 address or IPv6 /64.
    pub fn address(self, quota: Quota) -> Self {
        self.set(2, quota)
    }

    /// Guesses from one IPv4 /24 or IPv6 /48.
    pub fn network(self, quota: Quota) -> Self {
        self.set(3, quota)
    }

    /// Guesses in all. It also bounds how many passwords are hashed.
    pub fn all(self, quota: Quota) -> Self {
        self.set(4, quota)
    }

    /// How many accounts are remembered: 262,144 unless set, 6.7 MB. Take twice the number of people who log in within a
    /// month.
    pub fn max_accounts(self, max_accounts: usize) -> Self {
        Self { max_accounts, ..self }
    }

    /// How many addresses, and how many networks, are remembered: 131,072 unless set, 3.4 MB.
    pub fn max_addresses(self, max_addresses: usize) -> Self {
        Self { max_addresses, ..self }
    }

    /// Another clock than the system's.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Some(std::sync::Arc::new(clock)), ..self }
    }

    /// Builds the guard.
    ///
    /// # Errors
    /// A quota or number is out of range, there is not enough memory, or the random source is unavailable.
    pub fn build(self) -> Result<LoginGuard, RateLimitError> {
        let [account, account_slow, address, network, all] = self.quotas;
        let limiter = |quota, max_keys| {
            let builder = RateLimiter::builder(quota).max_keys(max_keys);
            match &self.clock {
                Some(clock) => builder.clock(clock.clone()),
                None => builder,
            }
            .build()
        };
        Ok(LoginGuard {
            account: limiter(account, self.max_accounts)?,
            account_slow: limiter(account_slow, self.max_accounts)?,
            address: limiter(address, self.max_addresses)?,
            network: limiter(network, self.max_addresses)?,
            all: limiter(all, 1)?,
        })
    }

    fn set(mut self, index: usize, quota: Quota) -> Self {
        if let Some(old) = self.quotas.get_mut(index) {
            *old = quota;
        }
        self
    }
}

/// A name as people type it. Names that are different accounts may become one: they then share a limit.
fn typed(name: &str) -> String {
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let (name, _) = name.split_at(end);
    name.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// In bytes. What is longer is cut: the names of accounts are shorter, and the work must not grow.
const LONGEST_NAME: usize = 1024;

const LIMITS: usize = 5;
