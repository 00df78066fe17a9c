use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::all::check_all;
use super::decision::{Decision, Denied, Reason};
use super::error::RateLimitError;
use super::ip::{ip_key, network_key};
use super::key::RateKey;
use super::limiter::{Charge, RateLimiter, Stats};
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
/// Names are compared as people type them: without regard to case, width, accents, and what is not seen.
///
/// # Security
/// It does not know which accounts exist, so its answers do not tell. What a successful login gives back is its own attempt
/// and nothing else: an attacker gains no guesses by logging in to an account of its own.
///
/// Whoever knows a name can use up its guesses again and again, and so keep its owner out: the password alone cannot tell
/// them apart. Let owners in by [`attempt_from_device`](Self::attempt_from_device), with a signed cookie that each login
/// sets, and call [`reset`](Self::reset) when one has proved to be the owner. A denial charges nothing.
///
/// Whoever makes up names, a hundred a second for two days, fills the table of the slow limit. Accounts that are in it stay
/// limited; for others it is then skipped, and the other limits hold.
///
/// # Source
/// NIST SP 800-63B-4 §3.2.2; OWASP, "Slow down online guessing attacks with device cookies".
#[derive(Debug)]
pub struct LoginGuard {
    strangers: Crowd,
    devices: Crowd,
    address: RateLimiter,
    network: RateLimiter,
}

/// Those who come without a device that is known, or those with one: nothing that the ones do fills the tables of the
/// others.
#[derive(Debug)]
struct Crowd {
    account: RateLimiter,
    account_slow: RateLimiter,
    all: RateLimiter,
}

/// Makes a [`LoginGuard`].
#[derive(Clone, Debug)]
#[must_use = "a builder guards nothing until build()"]
pub struct LoginGuardBuilder {
    account: Quota,
    account_slow: Quota,
    address: Quota,
    network: Quota,
    all: Quota,
    max_accounts: usize,
    max_addresses: usize,
    clock: Option<Arc<dyn Clock>>,
}

/// An attempt that may go on to check the password. Dropped, it counts as a guess.
#[must_use = "check the password now, and call succeeded() if it was right"]
pub struct Attempt<'a> {
    charges: [Charge<'a>; LIMITS],
    /// How many of them were made, the first ones.
    charged: usize,
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
    /// Too many guesses in all.
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
            account: Quota::per_hour(10),
            account_slow: Quota::of(50, 50, days(30)),
            address: Quota::per_minute(6).burst(30),
            network: Quota::per_second(1).burst(300),
            all: Quota::per_second(100).burst(1000),
            max_accounts: 1 << 18,
            max_addresses: 1 << 17,
            clock: None,
        }
    }

    /// Charges an attempt to log in as `account` from `addr`, if all limits allow for one.
    ///
    /// Where the table of users compares names more loosely than people type them, `account` is the name or number of the
    /// row that was found, and what was typed if none was.
    ///
    /// # Errors
    /// One of the limits is reached; nothing was charged. The password must not be checked.
    pub fn attempt(&self, account: &str, addr: IpAddr) -> Result<Attempt<'_>, LoginDenied> {
        self.charge(&self.strangers, &RateKey::new("account").part(typed(account)), addr)
    }

    /// Charges an attempt from a device that `account` has logged in from before. It has limits of its own by account and
    /// in all, which nobody without such a device can use up.
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
        self.charge(&self.devices, &RateKey::new("device").part(typed(account)).part(device), addr)
    }

    /// Forgets the guesses at `account`: for an administrator, or when its owner has proved to be the owner, as by a link in
    /// an e-mail.
    pub fn reset(&self, account: &str) {
        let account = RateKey::new("account").part(typed(account));
        self.strangers.account.reset(&account);
        self.strangers.account_slow.reset(&account);
    }

    /// How full a limit's table is, and what that did; of those that know no device.
    pub fn stats(&self, limit: LoginLimit) -> Stats {
        match limit {
            LoginLimit::Account => &self.strangers.account,
            LoginLimit::AccountSlow => &self.strangers.account_slow,
            LoginLimit::Address => &self.address,
            LoginLimit::Network => &self.network,
            LoginLimit::All => &self.strangers.all,
        }
        .stats()
    }

    fn charge<'a>(
        &'a self,
        crowd: &'a Crowd,
        account: &RateKey,
        addr: IpAddr,
    ) -> Result<Attempt<'a>, LoginDenied> {
        let charges = [
            crowd.account.charge(account),
            self.address.charge(&ip_key(addr)),
            self.network.charge(&network_key(addr)),
            crowd.all.charge(&()),
            crowd.account_slow.charge(account),
        ];
        let (mut decision, mut charged) = (check_all(&charges), LIMITS);
        if let (Decision::Deny(denied), [quick @ .., _slow]) = (decision, &charges)
            && denied.reason() == Reason::Saturated
            && ORDER.get(denied.limit()) == Some(&LoginLimit::AccountSlow)
        {
            // A month of made-up names fills any table. To turn away everyone who is not in it would be their aim.
            (decision, charged) = (check_all(quick), quick.len());
        }
        match decision {
            Decision::Allow(_) => Ok(Attempt { charges, charged }),
            Decision::Deny(denied) => {
                let limit = ORDER.get(denied.limit()).copied().unwrap_or(LoginLimit::All);
                Err(LoginDenied { limit, denied })
            }
            Decision::Impossible => unreachable!("a limiter's own quota has a capacity of 1 or more"),
        }
    }
}

impl Attempt<'_> {
    /// The password was right: gives back what this attempt was charged, and nothing else. Attempts that are held open come
    /// back when this is called: as many as a limit's capacity, at most.
    pub fn succeeded(self) {
        for charge in self.charges.into_iter().take(self.charged) {
            charge.refund();
        }
    }
}

impl LoginDenied {
    /// Which limit was reached: the one to be waited for longest.
    pub fn limit(&self) -> LoginLimit {
        self.limit
    }

    /// Whether it is this caller who reached it, or so many others that there is no room to remember it.
    pub fn reason(&self) -> Reason {
        self.denied.reason()
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
        Self { account: quota, ..self }
    }

    /// Guesses at one account, in the long run.
    pub fn account_slow(self, quota: Quota) -> Self {
        Self { account_slow: quota, ..self }
    }

    /// Guesses from one IPv4 address or IPv6 /64.
    pub fn address(self, quota: Quota) -> Self {
        Self { address: quota, ..self }
    }

    /// Guesses from one IPv4 /24 or IPv6 /48.
    pub fn network(self, quota: Quota) -> Self {
        Self { network: quota, ..self }
    }

    /// Guesses in all, from devices that are known and from others each. It also bounds how many passwords are hashed.
    pub fn all(self, quota: Quota) -> Self {
        Self { all: quota, ..self }
    }

    /// How many accounts, and how many devices, are remembered: 262,144 unless set, 13.4 MB. Take four times the number of
    /// people who log in within a month, or more: [`LoginGuard::stats`] tells how full it gets.
    pub fn max_accounts(self, max_accounts: usize) -> Self {
        Self { max_accounts, ..self }
    }

    /// How many addresses, and how many networks, are remembered: 131,072 unless set, 3.4 MB.
    pub fn max_addresses(self, max_addresses: usize) -> Self {
        Self { max_addresses, ..self }
    }

    /// Another clock than the system's.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Some(Arc::new(clock)), ..self }
    }

    /// Builds the guard.
    ///
    /// # Errors
    /// A quota or number is out of range, there is not enough memory, or the random source is unavailable.
    pub fn build(self) -> Result<LoginGuard, RateLimitError> {
        let limiter = |quota, max_keys| {
            let builder = RateLimiter::builder(quota).max_keys(max_keys);
            match &self.clock {
                Some(clock) => builder.clock(clock.clone()),
                None => builder,
            }
            .build()
        };
        let crowd = || {
            Ok::<_, RateLimitError>(Crowd {
                account: limiter(self.account, self.max_accounts)?,
                account_slow: limiter(self.account_slow, self.max_accounts)?,
                all: limiter(self.all, 1)?,
            })
        };
        Ok(LoginGuard {
            strangers: crowd()?,
            devices: crowd()?,
            address: limiter(self.address, self.max_addresses)?,
            network: limiter(self.network, self.max_addresses)?,
        })
    }
}

/// A name as people type it. Names that are different accounts may become one: they then share a limit. Names that a table
/// of users takes for one must not become two, and the loosest of tables compare without case, accents, and characters that
/// are not seen.
fn typed(name: &str) -> String {
    let seen = name.nfkd().filter(|&character| {
        let is_blank = character.is_control() && !character.is_whitespace();
        !is_blank && !is_combining_mark(character) && !is_ignorable(character)
    });
    // Cut after what is not seen was left out: blanks in front must not push the name out.
    let seen = seen.skip_while(|character| character.is_whitespace()).take(LONGEST_NAME);
    let mut typed = String::new();
    for character in seen.flat_map(char::to_lowercase) {
        match character {
            'ς' => typed.push('σ'),
            'ß' => typed.push_str("ss"),
            'ı' => typed.push('i'),
            // What becomes of İ: an i and a dot above it.
            '\u{307}' => {}
            other => typed.push(other),
        }
    }
    typed.trim().to_owned()
}

/// Characters that take no room: `Default_Ignorable_Code_Point` in the Unicode Character Database, and the marks around
/// interlinear annotations.
fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// In characters. What is longer is cut: the names of accounts are shorter.
const LONGEST_NAME: usize = 1024;

/// In which order an attempt charges its limits.
const ORDER: [LoginLimit; LIMITS] =
    [LoginLimit::Account, LoginLimit::Address, LoginLimit::Network, LoginLimit::All, LoginLimit::AccountSlow];

const LIMITS: usize = 5;
