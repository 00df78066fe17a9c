use std::fmt;
use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::Sha256;
use zeroize::Zeroizing;

use super::gate::{Deadline, Gate, Permit};
use super::import::Format;
use super::pepper::{self, Pepper};
use super::scheme::{Input, Scheme};
use super::stored::{Finish, Reading, Record};
use super::text::Forms;
use super::{
    Budget, BuildError, BuildErrorKind, Ceilings, Defect, HashError, HashErrorKind, Policy, StoredHash,
    VerifyError,
};
use crate::clock::{Clock, SystemClock};
use crate::keys::{Key, KeyRing, Snapshot};
use crate::secret::{CIPHER, on_clean_stack};
use crate::{compare, random};

/// A password policy: how new passwords are hashed, and what stored ones may cost.
///
/// [`Hasher::default`] is scrypt (17, 8, 1) with a salt of 16 and a hash of 32 bytes, about 0.2 s and 128 MiB a
/// password. Clones share one memory budget, as do all hashers without a [`Budget`] of their own.
///
/// Hashing blocks its thread, on purpose and for long. In an async program call it where blocking is allowed, such
/// as `tokio::task::spawn_blocking`, with a clone of the hasher.
///
/// ```
/// use palisade::password::{Hasher, Scheme, VerifyErrorKind};
///
/// let hasher = Hasher::builder().scheme(Scheme::argon2id(19_456, 2, 1)).build()?;
/// let stored = hasher.hash("correct horse")?;
/// assert!(stored.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
///
/// let error = hasher.verify("wrong", stored.as_str()).unwrap_err();
/// assert_eq!(error.kind(), VerifyErrorKind::Rejected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Hasher {
    scheme: Scheme,
    ceilings: Ceilings,
    pub(super) gate: Arc<Gate>,
    /// Nanoseconds that a hash of the policy takes here, lately.
    price: Arc<AtomicU64>,
    pepper: Option<Pepper>,
    formats: Arc<[Format]>,
}

/// Sets a [`Hasher`]'s policy; made by [`Hasher::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until build() is called"]
pub struct HasherBuilder {
    policy: Policy,
    pepper: Option<KeyRing>,
    accept_unpeppered: bool,
    formats: Vec<Format>,
}

/// Proof that a password matched its stored hash.
#[derive(Debug)]
#[must_use = "the password was right: ask needs_rehash()"]
pub struct Verified {
    needs_rehash: bool,
}

/// The longest password that is hashed, in bytes of UTF-8; longer ones never match and are not hashed.
pub const MAX_PASSWORD_BYTES: usize = 4096;

impl Hasher {
    /// Starts from the default policy.
    pub fn builder() -> HasherBuilder {
        HasherBuilder::default()
    }

    /// What new passwords are hashed with.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether a pepper is mixed in.
    pub const fn is_peppered(&self) -> bool {
        self.pepper.is_some()
    }

    /// Hashes a new password under a fresh random salt.
    ///
    /// The text may hold any Unicode, NUL too; nothing is cut off. It is hashed in form NFC, so that it does not matter
    /// how a keyboard composes an accent.
    ///
    /// # Errors
    /// [`HashError`]: `TooLong` above [`MAX_PASSWORD_BYTES`], `Busy` when the budget stayed full,
    /// `Unavailable` when memory or the random source failed.
    pub fn hash(&self, password: &str) -> Result<StoredHash, HashError> {
        self.hash_until(password, self.gate.deadline())
    }

    pub(super) fn hash_until(&self, password: &str, deadline: Deadline) -> Result<StoredHash, HashError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(HashErrorKind::TooLong.into());
        }
        let mut salt = [0; SALT_BYTES];
        random::fill(&mut salt)?;
        let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
        let forms = Forms::of(password);
        let text = forms.first().as_bytes();
        let pepper = self.pepper.as_ref().map(|pepper| pepper.ring.snapshot());
        let pepper = pepper.as_ref().map(|snapshot| snapshot.primary());
        let mut permit = self.gate.enter(self.scheme.share(), deadline)?;
        match pepper {
            None => self.derive(self.scheme, text, &salt, &mut *output, &mut permit)?,
            Some(key) => {
                self.derive(self.scheme, &*pepper::tag(key, text), &salt, &mut *output, &mut permit)?;
            }
        }
        Ok(StoredHash::new(self.scheme, &salt, &*output, pepper.map(|key| key.id)))
    }

    /// Checks a password against what is stored of it.
    ///
    /// A stored text that is refused costs what a wrong password costs, so that a damaged row and a wrong password take
    /// equal time.
    ///
    /// # Errors
    /// [`VerifyError`]; its [`kind`](VerifyError::kind) tells a wrong password (`Rejected`) from a damaged row
    /// (`Malformed`, `UnknownScheme`, `CostAboveCeiling`) and from a server that could not check (`Busy`,
    /// `Unavailable`). Only the first should count against the user, and all should look alike to them.
    pub fn verify(&self, password: &str, stored: &str) -> Result<Verified, VerifyError> {
        self.check(password, Some(stored), self.gate.deadline())
    }

    /// Checks a password, and hashes it anew when what is stored is below today's policy.
    ///
    /// `Ok` is the proof that the password was right, whatever it holds: `Some` holds the text to store in place of
    /// the old one, which was verified against the password; `None` means that none is due, or that it could not be made
    /// and the next login tries again.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    pub fn verify_and_upgrade(
        &self,
        password: &str,
        stored: &str,
    ) -> Result<Option<StoredHash>, VerifyError> {
        self.upgrade_until(password, Some(stored), self.gate.deadline())
    }

    /// [`verify_user`](Self::verify_user) and [`verify_and_upgrade`](Self::verify_and_upgrade) in one: a login.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    pub fn verify_user_and_upgrade(
        &self,
        password: &str,
        stored: Option<&str>,
    ) -> Result<Option<StoredHash>, VerifyError> {
        self.upgrade_until(password, stored, self.gate.deadline())
    }

    pub(super) fn upgrade_until(
        &self,
        password: &str,
        stored: Option<&str>,
        deadline: Deadline,
    ) -> Result<Option<StoredHash>, VerifyError> {
        if !self.check(password, stored, deadline)?.needs_rehash() {
            return Ok(None);
        }
        let new = self.hash_until(password, deadline).ok();
        Ok(new.filter(|new| self.check(password, Some(new.as_str()), deadline).is_ok()))
    }

    /// Does the work of checking a password for a user who does not exist.
    ///
    /// Without it, an unknown name is answered at once and a known one after 0.2 s, which tells who has an
    /// account. The answer is always an error: `Rejected`, unless the budget or memory was exhausted.
    #[must_use = "the error is the answer to give"]
    pub fn verify_absent(&self, password: &str) -> VerifyError {
        self.check(password, None, self.gate.deadline()).err().unwrap_or(VerifyError::REJECTED)
    }

    /// Checks a password against what the database answered; `None` does [`verify_absent`](Self::verify_absent)'s
    /// work.
    ///
    /// Known and unknown users then take equal time, as long as stored hashes have the policy's scheme and costs. After a
    /// cheaper row about what is missing is made up; a dearer row takes its own time.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    pub fn verify_user(&self, password: &str, stored: Option<&str>) -> Result<Verified, VerifyError> {
        self.check(password, stored, self.gate.deadline())
    }

    /// Checks a stored text under this policy's ceilings and formats without hashing anything, as when walking a table.
    ///
    /// # Errors
    /// Those of [`StoredHash::parse`].
    pub fn parse(&self, stored: &str) -> Result<StoredHash, VerifyError> {
        StoredHash::parse_under(stored, &self.ceilings, &self.formats)
    }

    /// Checks a password against a row, or for nobody: under one permit, so that every path waits once. In every path that
    /// fails, the time depends on the password alone, as far as rows are no dearer than the policy.
    pub(super) fn check(
        &self,
        password: &str,
        stored: Option<&str>,
        deadline: Deadline,
    ) -> Result<Verified, VerifyError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(VerifyError::REJECTED);
        }
        let forms = Forms::of(password);
        let snapshot = self.pepper.as_ref().map(|pepper| pepper.ring.snapshot());
        let (row, refusal) = match stored.map(|stored| self.admit(stored, snapshot.as_deref())) {
            Some(Ok(row)) => (Some(row), VerifyError::REJECTED),
            Some(Err(defect)) => (None, defect.into()),
            None => (None, VerifyError::REJECTED),
        };
        let readings = row.as_ref().map_or(&[][..], |(record, _)| &record.readings);
        let policy = self.scheme.share();
        // All readings of a row are of one algorithm.
        let dearest = readings.iter().map(|reading| reading.scheme.share()).max_by_key(|share| share.memory);
        let share = dearest.map_or(policy, |row| policy.of_row(row));
        let mut permit = self.gate.enter(share, deadline)?;

        let started = SystemClock.monotonic();
        let Some((record, pepper)) = row else {
            for _ in 0..forms.count() {
                self.spend_one(password, &mut permit)?;
            }
            return Err(refusal);
        };
        for reading in &record.readings {
            for (text, is_first) in forms.texts(reading.text) {
                if self.matches(reading, &record, pepper, &text, &mut permit)? {
                    let needs_rehash = !is_first || self.is_below(&record, reading, snapshot.as_deref());
                    return Ok(Verified { needs_rehash });
                }
            }
        }
        if record.readings.iter().any(|reading| reading.scheme != self.scheme) {
            permit.run_alone();
            Self::spend_until(started.saturating_add(self.price().saturating_mul(forms.count())));
        }
        Err(refusal)
    }

    /// Reads a row, and finds the key of its pepper.
    fn admit<'s>(
        &self,
        stored: &str,
        snapshot: Option<&'s Snapshot>,
    ) -> Result<(Record, Option<&'s Key>), Defect> {
        let record = Record::read(stored, &self.formats)?;
        record.readings.iter().try_for_each(|reading| reading.scheme.admit(&self.ceilings))?;
        let pepper = match (record.pepper, &self.pepper) {
            (None, Some(pepper)) if !pepper.accept_unpeppered => return Err(Defect::PepperMissing),
            (None, _) => None,
            (Some(id), _) => {
                let key = snapshot.and_then(|snapshot| snapshot.stored(id));
                Some(key.ok_or(Defect::PepperUnknown)?)
            }
        };
        Ok((record, pepper))
    }

    fn matches(
        &self,
        reading: &Reading,
        record: &Record,
        pepper: Option<&Key>,
        text: &[u8],
        permit: &mut Permit<'_>,
    ) -> Result<bool, HashErrorKind> {
        let Reading { scheme, salt, finish, .. } = reading;
        let mut output = Zeroizing::new(vec![0; finish.derived_len(record.output.len())]);
        match pepper {
            None => self.derive(*scheme, text, salt, &mut output, permit)?,
            Some(key) => self.derive(*scheme, &*pepper::tag(key, text), salt, &mut output, permit)?,
        }
        Ok(compare::equal(&finish.of(output), &record.output))
    }

    fn is_below(&self, record: &Record, reading: &Reading, snapshot: Option<&Snapshot>) -> bool {
        record.foreign
            || !reading.scheme.meets(&self.scheme)
            || reading.salt.len() < SALT_BYTES
            || record.output.len() < OUTPUT_BYTES
            || record.pepper != snapshot.map(|snapshot| snapshot.primary().id)
    }

    /// Does one hash of the policy and throws it away.
    fn spend_one(&self, password: &str, permit: &mut Permit<'_>) -> Result<(), HashErrorKind> {
        let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
        self.derive(self.scheme, password.as_bytes(), &[0; SALT_BYTES], &mut *output, permit)?;
        hint::black_box(&output);
        Ok(())
    }

    /// Works until then, in steps of a tenth of a millisecond, on something that needs no memory.
    fn spend_until(moment: Duration) {
        let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
        while SystemClock.monotonic() < moment {
            pbkdf2::pbkdf2_hmac::<Sha256>(b"time", b"passes", STEP, &mut *output);
            hint::black_box(&output);
        }
    }

    /// How long a hash of the policy takes here: as measured lately, or as it should.
    fn price(&self) -> Duration {
        let measured = self.price.load(Ordering::Relaxed);
        Duration::from_nanos(if measured == 0 { self.scheme.nanoseconds() } else { measured })
    }

    fn derive(
        &self,
        scheme: Scheme,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
        permit: &mut Permit<'_>,
    ) -> Result<(), HashErrorKind> {
        let started = SystemClock.monotonic();
        #[cfg(test)]
        permit.note(scheme.memory());
        let derived = on_clean_stack::<CIPHER, _>(|| {
            scheme.algorithm.derive(scheme.costs, permit, Input { password, salt }, output)
        });
        // In the price that other rows are held to, and so in the time of all.
        permit.wipe();
        if scheme == self.scheme && derived.is_ok() {
            let took = SystemClock.monotonic().saturating_sub(started);
            let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            // An average that follows the load: an eighth of what is new. Between threads the last one wins, which does
            // no harm.
            let average = match self.price.load(Ordering::Relaxed) {
                0 => took,
                before => before - before / 8 + took / 8,
            };
            self.price.store(average, Ordering::Relaxed);
        }
        derived.map_err(|_| HashErrorKind::Unavailable)
    }
}

impl Finish {
    fn derived_len(&self, stored: usize) -> usize {
        match self {
            Self::Nothing => stored,
            #[cfg(feature = "firebase")]
            Self::Firebase(_) => 32,
        }
    }

    fn of(&self, derived: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Nothing => derived,
            #[cfg(feature = "firebase")]
            Self::Firebase(project) => project.encrypted_signer_key(&derived),
        }
    }
}

impl Default for Hasher {
    fn default() -> Self {
        let (scheme, ceilings, gate) = (Scheme::default(), Ceilings::default(), Gate::shared());
        Self { scheme, ceilings, gate, price: Arc::default(), pepper: None, formats: Arc::new([]) }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("scheme", &self.scheme)
            .field("ceilings", &self.ceilings)
            .field("budget", &self.gate)
            .field("pepper", &self.pepper.as_ref().map(|pepper| &pepper.ring))
            .field("formats", &self.formats)
            .finish_non_exhaustive()
    }
}

impl HasherBuilder {
    /// Scheme, ceilings and budget in one, as from a configuration file.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// What new passwords are hashed with, and what stored ones are held against.
    pub fn scheme(mut self, scheme: Scheme) -> Self {
        self.policy.scheme = scheme;
        self
    }

    /// The most that a stored hash may cost. Ceilings above the default need a budget to match.
    pub fn ceilings(mut self, ceilings: Ceilings) -> Self {
        self.policy.ceilings = Some(ceilings);
        self
    }

    /// A budget of this hasher's own, shared by its clones, in place of the process-wide one.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.policy.budget = Some(budget);
        self
    }

    /// Hashes passwords under a secret that is not in the database: the ring's primary key.
    ///
    /// Such rows start with `{pepper:ID}`. They verify under every key that the ring still has, and ask for a rehash when
    /// it is not the primary. A row without a pepper is refused, since whoever can write to the table could make
    /// one up; while a table is being peppered, login by login, [`accept_unpeppered`](Self::accept_unpeppered).
    ///
    /// ```
    /// use palisade::keys::KeyRing;
    /// use palisade::password::{Hasher, Scheme};
    ///
    /// let ring = KeyRing::generate()?; // in earnest: from a KeyFile
    /// let hasher = Hasher::builder().scheme(Scheme::argon2id(19_456, 2, 1)).pepper(&ring).build()?;
    /// let stored = hasher.hash("correct horse")?;
    /// assert!(stored.as_str().starts_with(&format!("{{pepper:{}}}$argon2id$", ring.primary())));
    /// assert!(!hasher.verify("correct horse", stored.as_str())?.needs_rehash());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Security
    /// A key that is missing answers `Unavailable`, and locks nobody's account. Losing the ring loses all passwords.
    pub fn pepper(mut self, ring: impl Into<KeyRing>) -> Self {
        self.pepper = Some(ring.into());
        self
    }

    /// Reads rows without a pepper too, and asks for their rehash.
    pub fn accept_unpeppered(mut self) -> Self {
        self.accept_unpeppered = true;
        self
    }

    /// Reads another program's rows too, whose shape does not say what they are.
    pub fn import(mut self, format: Format) -> Self {
        self.formats.push(format);
        self
    }

    /// Reads every foreign shape that needs nothing more to be known: for the time of a migration.
    ///
    /// A row that several of them fit costs a hash for each.
    pub fn import_all(mut self) -> Self {
        self.formats.extend(Format::ALL);
        self
    }

    /// Checks the policy and builds it.
    ///
    /// # Errors
    /// [`BuildError`] when the costs are not defined, or exceed the policy's own ceilings or budget.
    pub fn build(self) -> Result<Hasher, BuildError> {
        let Self { policy: Policy { scheme, ceilings, budget }, pepper, accept_unpeppered, formats } = self;
        let gate = budget.map_or_else(Gate::shared, |budget| Arc::new(Gate::new(budget)));
        let budget = gate.budget();
        if budget.hashes == 0 || budget.memory == 0 {
            return Err(BuildErrorKind::EmptyBudget.into());
        }
        // A row that needs more than the whole budget would wait for ever: the budget is a ceiling too.
        if ceilings.is_some_and(|ceilings| ceilings.memory > budget.memory) {
            return Err(BuildErrorKind::CeilingAboveBudget.into());
        }
        let ceilings = ceilings.unwrap_or_default();
        let ceilings = ceilings.memory(ceilings.memory.min(budget.memory));
        scheme.admit(&ceilings).map_err(|defect| match defect {
            Defect::CostAboveCeiling => BuildErrorKind::CostAboveCeiling,
            _ => BuildErrorKind::CostUndefined,
        })?;
        let pepper = pepper.map(|ring| {
            ring.mark_as_pepper();
            Pepper { ring, accept_unpeppered }
        });
        Ok(Hasher { scheme, ceilings, gate, price: Arc::default(), pepper, formats: formats.into() })
    }
}

impl Verified {
    /// Whether the stored hash is below today's policy: hash the password again and store the result.
    ///
    /// A hash that costs more than the policy asks is never a reason.
    pub const fn needs_rehash(&self) -> bool {
        self.needs_rehash
    }
}

/// RFC 9106 §3.1 and NIST SP 800-132 §5.1 recommend 128 bits.
const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;
/// Iterations of PBKDF2 that take about a tenth of a millisecond.
const STEP: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::VerifyErrorKind;
    use crate::random::while_failing;

    const MIB: u64 = 1 << 20;

    /// A policy of 2 MiB a hash, whose gate tells what it granted.
    fn hasher() -> Hasher {
        Hasher::builder().scheme(Scheme::scrypt(11, 8, 1)).budget(Budget::default()).build().unwrap()
    }

    #[test]
    fn whatever_is_refused_costs_one_hash_of_the_live_policy() {
        let refused = [
            "",
            "$",
            "$scrypt$ln=48,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2SAXJlRUU",
            "$argon2id$v=20$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2SAXJlRUU",
            "!no password",
            "$2b$10$abcdefghijklmnopqrstuv",
        ];
        for row in refused.map(Some).into_iter().chain([None]) {
            let hasher = hasher();
            assert!(hasher.verify_user("pw", row).is_err());
            assert_eq!(hasher.gate.log(), [2 * MIB], "{row:?}");
            assert!(hasher.verify_user_and_upgrade("pw", row).is_err());
            assert_eq!(hasher.gate.log(), [2 * MIB; 2], "{row:?}");
        }
    }

    #[test]
    fn a_row_costs_its_own_price_and_an_upgrade_one_more() {
        let hasher = hasher();
        let row = Hasher::builder().scheme(Scheme::scrypt(10, 8, 1)).build().unwrap().hash("pw").unwrap();
        assert!(hasher.verify("no", row.as_str()).is_err());
        assert_eq!(hasher.gate.log(), [MIB], "the rest of the time passes without memory");
        assert!(hasher.verify_and_upgrade("pw", row.as_str()).unwrap().is_some());
        assert_eq!(hasher.gate.log()[1..], [MIB, 2 * MIB, 2 * MIB], "verified, hashed, and that verified");
    }

    #[test]
    fn a_password_whose_composed_form_differs_costs_two_hashes_in_every_path() {
        let decomposed = "cafe\u{301}";
        let good = hasher().hash("other").unwrap().into_string();
        for row in [None, Some("damaged"), Some("!unusable"), Some(good.as_str())] {
            let hasher = hasher();
            assert!(hasher.verify_user(decomposed, row).is_err());
            assert_eq!(hasher.gate.log(), [2 * MIB; 2], "{row:?}");
        }
    }

    #[test]
    fn what_a_cheaper_row_lacks_in_time_is_made_up() {
        let policy =
            Hasher::builder().scheme(Scheme::scrypt(15, 8, 1)).budget(Budget::default()).build().unwrap();
        let row = Hasher::builder().scheme(Scheme::scrypt(4, 8, 1)).build().unwrap().hash("pw").unwrap();
        assert!(policy.verify_absent("pw").kind() == VerifyErrorKind::Rejected);
        let price = policy.price();
        let started = SystemClock.monotonic();
        assert!(policy.verify("no", row.as_str()).is_err());
        assert!(SystemClock.monotonic() >= started + price);
        let started = SystemClock.monotonic();
        assert!(policy.verify("cafe\u{301}", row.as_str()).is_err());
        assert!(SystemClock.monotonic() >= started + price * 2);
    }

    #[test]
    fn verify_holds_rows_against_its_own_ceilings() {
        let ceilings = Ceilings::default().scrypt_work(1 << 14);
        let strict =
            Hasher::builder().scheme(Scheme::scrypt(11, 8, 1)).ceilings(ceilings).budget(Budget::default());
        let strict = strict.build().unwrap();
        let row = Hasher::builder().scheme(Scheme::scrypt(12, 8, 1)).build().unwrap().hash("pw").unwrap();
        let error = strict.verify("pw", row.as_str()).unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::CostAboveCeiling);
        assert_eq!(strict.gate.log(), [2 * MIB]); // the policy's hash, not the row's
    }

    #[test]
    fn overlong_passwords_cost_nothing_anywhere() {
        let hasher = hasher();
        let overlong = "x".repeat(MAX_PASSWORD_BYTES + 1);
        for row in [Some("$scrypt$damaged"), None] {
            assert!(hasher.verify_user(&overlong, row).is_err());
        }
        assert!(hasher.gate.log().is_empty());
    }

    #[test]
    fn hashers_without_a_budget_share_one() {
        let built = Hasher::builder().scheme(Scheme::scrypt(4, 1, 1)).build().unwrap();
        assert!(Arc::ptr_eq(&Hasher::default().gate, &Hasher::default().gate));
        assert!(Arc::ptr_eq(&built.gate, &Hasher::default().gate));
        assert!(!Arc::ptr_eq(&hasher().gate, &hasher().gate));
        let own = hasher();
        assert!(Arc::ptr_eq(&own.gate, &own.clone().gate));
    }

    #[test]
    fn a_failing_random_source_hashes_nothing_but_lets_the_user_in() {
        let hasher = hasher();
        let error = while_failing(|| hasher.hash("pw")).unwrap_err();
        assert_eq!(error.kind(), HashErrorKind::Unavailable);
        assert!(hasher.gate.log().is_empty());

        let row = Hasher::builder().scheme(Scheme::scrypt(4, 1, 1)).build().unwrap().hash("pw").unwrap();
        assert_eq!(while_failing(|| hasher.verify_and_upgrade("pw", row.as_str())), Ok(None));
    }
}
