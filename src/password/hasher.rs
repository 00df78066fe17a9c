use std::fmt;
use std::hint;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::gate::Gate;
use super::scheme::{Input, Scheme};
use super::stored::Record;
use super::{
    Budget, BuildError, BuildErrorKind, Ceilings, Defect, HashError, HashErrorKind, StoredHash, VerifyError,
};
use crate::{compare, random};

/// A password policy: how new passwords are hashed, and what stored ones may cost.
///
/// [`Hasher::default`] is scrypt (17, 8, 1) with a salt of 16 and a hash of 32 bytes, about 0.3 s and 128 MiB a
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
    gate: Arc<Gate>,
}

/// Sets a [`Hasher`]'s policy; made by [`Hasher::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until build() is called"]
pub struct HasherBuilder {
    scheme: Scheme,
    ceilings: Option<Ceilings>,
    budget: Option<Budget>,
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

    /// Hashes a new password under a fresh random salt.
    ///
    /// The text may hold any Unicode, NUL too; nothing is cut off or normalised.
    ///
    /// # Errors
    /// [`HashError`]: `TooLong` above [`MAX_PASSWORD_BYTES`], `Busy` when the budget stayed full,
    /// `Unavailable` when memory or the random source failed.
    pub fn hash(&self, password: &str) -> Result<StoredHash, HashError> {
        let mut salt = [0; SALT_BYTES];
        random::fill(&mut salt)?;
        let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
        self.derive(self.scheme, password, &salt, &mut *output)?;
        Ok(StoredHash::new(self.scheme, &salt, &*output))
    }

    /// Checks a password against what is stored of it.
    ///
    /// A stored text that is refused costs one hash of the live policy before the answer, so that a damaged row
    /// and a wrong password take equal time.
    ///
    /// # Errors
    /// [`VerifyError`]; its [`kind`](VerifyError::kind) tells a wrong password (`Rejected`) from a damaged row
    /// (`Malformed`, `UnknownScheme`, `CostAboveCeiling`) and from a server that could not check (`Busy`,
    /// `Unavailable`). Only the first should count against the user, and all should look alike to them.
    pub fn verify(&self, password: &str, stored: &str) -> Result<Verified, VerifyError> {
        let record = match Record::read(stored).and_then(|record| self.admit(record)) {
            Ok(record) => record,
            Err(defect) => {
                self.spend(password)?;
                return Err(defect.into());
            }
        };
        for salt in &record.salts {
            let mut output = Zeroizing::new(vec![0; record.output.len()]);
            self.derive(record.scheme, password, salt, &mut output)?;
            if compare::equal(&output, &record.output) {
                return Ok(Verified { needs_rehash: self.needs_rehash(&record) });
            }
        }
        Err(VerifyError::REJECTED)
    }

    /// Checks a password, and hashes it anew when what is stored is below today's policy.
    ///
    /// `Ok` is the proof that the password was right, whatever it holds: `Some` holds the text to store in place of
    /// the old one; `None` means that none is due, or that it could not be made and the next login tries again.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    pub fn verify_and_upgrade(
        &self,
        password: &str,
        stored: &str,
    ) -> Result<Option<StoredHash>, VerifyError> {
        let verified = self.verify(password, stored)?;
        Ok(if verified.needs_rehash() { self.hash(password).ok() } else { None })
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
        match stored {
            Some(stored) => self.verify_and_upgrade(password, stored),
            None => Err(self.verify_absent(password)),
        }
    }

    /// Does the work of checking a password for a user who does not exist.
    ///
    /// Without it, an unknown name is answered at once and a known one after 0.3 s, which tells who has an
    /// account. The answer is always an error: `Rejected`, unless the budget or memory was exhausted.
    #[must_use = "the error is the answer to give"]
    pub fn verify_absent(&self, password: &str) -> VerifyError {
        self.spend(password).err().map_or(VerifyError::REJECTED, VerifyError::from)
    }

    /// Checks a password against what the database answered; `None` does [`verify_absent`](Self::verify_absent)'s
    /// work.
    ///
    /// Known and unknown users then take equal time, as long as stored hashes have the policy's scheme and costs;
    /// rows not yet rehashed take their own.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    pub fn verify_user(&self, password: &str, stored: Option<&str>) -> Result<Verified, VerifyError> {
        match stored {
            Some(stored) => self.verify(password, stored),
            None => Err(self.verify_absent(password)),
        }
    }

    /// Checks a stored text under this policy's ceilings without hashing anything, as when walking a table.
    ///
    /// # Errors
    /// Those of [`StoredHash::parse`].
    pub fn parse(&self, stored: &str) -> Result<StoredHash, VerifyError> {
        StoredHash::parse_under(stored, &self.ceilings)
    }

    fn admit(&self, record: Record) -> Result<Record, Defect> {
        record.scheme.admit(&self.ceilings)?;
        Ok(record)
    }

    fn needs_rehash(&self, record: &Record) -> bool {
        let salt = record.salts.first().map_or(0, Vec::len);
        record.foreign
            || !record.scheme.meets(&self.scheme)
            || salt < SALT_BYTES
            || record.output.len() < OUTPUT_BYTES
    }

    /// Does one hash of the live policy and throws it away.
    fn spend(&self, password: &str) -> Result<(), HashErrorKind> {
        let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
        self.derive(self.scheme, password, &[0; SALT_BYTES], &mut *output)?;
        hint::black_box(&output);
        Ok(())
    }

    fn derive(
        &self,
        scheme: Scheme,
        password: &str,
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), HashErrorKind> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(HashErrorKind::TooLong);
        }
        let mut permit = self.gate.enter(scheme.share(scheme == self.scheme))?;
        let input = Input { password: password.as_bytes(), salt };
        let derived = scheme.algorithm.derive(scheme.costs, &mut permit, input, output);
        derived.map_err(|_| HashErrorKind::Unavailable)
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self { scheme: Scheme::default(), ceilings: Ceilings::default(), gate: Gate::shared() }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("scheme", &self.scheme)
            .field("ceilings", &self.ceilings)
            .field("budget", &self.gate)
            .finish()
    }
}

impl HasherBuilder {
    /// What new passwords are hashed with, and what stored ones are held against.
    pub fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// The most that a stored hash may cost. Ceilings above the default need a budget to match.
    pub fn ceilings(mut self, ceilings: Ceilings) -> Self {
        self.ceilings = Some(ceilings);
        self
    }

    /// A budget of this hasher's own, shared by its clones, in place of the process-wide one.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Checks the policy and builds it.
    ///
    /// # Errors
    /// [`BuildError`] when the costs are not defined, or exceed the policy's own ceilings or budget.
    pub fn build(self) -> Result<Hasher, BuildError> {
        let gate = self.budget.map_or_else(Gate::shared, |budget| Arc::new(Gate::new(budget)));
        let budget = gate.budget();
        if budget.hashes == 0 || budget.memory == 0 {
            return Err(BuildErrorKind::EmptyBudget.into());
        }
        // A row that needs more than the whole budget would wait for ever: the budget is a ceiling too.
        if self.ceilings.is_some_and(|ceilings| ceilings.memory > budget.memory) {
            return Err(BuildErrorKind::CeilingAboveBudget.into());
        }
        let ceilings = self.ceilings.unwrap_or_default();
        let ceilings = ceilings.memory(ceilings.memory.min(budget.memory));
        match self.scheme.admit(&ceilings) {
            Ok(()) => Ok(Hasher { scheme: self.scheme, ceilings, gate }),
            Err(Defect::CostAboveCeiling) => Err(BuildErrorKind::CostAboveCeiling.into()),
            Err(_) => Err(BuildErrorKind::CostUndefined.into()),
        }
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
            "$argon2id$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2SAXJlRUU",
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
        assert_eq!(hasher.gate.log(), [MIB]);
        assert!(hasher.verify_and_upgrade("pw", row.as_str()).unwrap().is_some());
        assert_eq!(hasher.gate.log(), [MIB, MIB, 2 * MIB]);
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
