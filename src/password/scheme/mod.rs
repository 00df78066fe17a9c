//! Password algorithms, one file each, and the costs they run with.

mod argon2id;
mod scrypt;

use std::fmt;

use super::gate::{Permit, Share};
use super::{Ceilings, Defect};

/// Every algorithm whose PHC strings are read.
pub(super) static SCHEMES: &[&dyn Algorithm] = &[&scrypt::Scrypt, &argon2id::Argon2id];

/// A password algorithm with its costs.
///
/// ```
/// use palisade::password::{Hasher, Scheme};
///
/// let hasher = Hasher::builder().scheme(Scheme::argon2id(19_456, 2, 1)).build()?;
/// assert_eq!(Scheme::argon2id(19_456, 2, 1).to_string(), "argon2id(m=19456,t=2,p=1)");
/// # Ok::<(), palisade::password::BuildError>(())
/// ```
///
/// # Security
/// OWASP's minimum is, for scrypt, (17, 8, 1), (16, 8, 2), (15, 8, 3), (14, 8, 5) or (13, 8, 10); for Argon2id,
/// (47104, 1, 1), (19456, 2, 1), (12288, 3, 1), (9216, 4, 1) or (7168, 5, 1). Lower costs can be built, for
/// tests; [`meets_owasp`](Self::meets_owasp) tells.
#[derive(Clone, Copy)]
pub struct Scheme {
    pub(super) algorithm: &'static dyn Algorithm,
    pub(super) costs: Costs,
}

/// Three numbers, in the order of [`Algorithm::params`].
pub(super) type Costs = [u32; 3];

/// Equally strong minima, more memory first.
const OWASP: &[Scheme] = &[
    Scheme::scrypt(17, 8, 1),
    Scheme::scrypt(16, 8, 2),
    Scheme::scrypt(15, 8, 3),
    Scheme::scrypt(14, 8, 5),
    Scheme::scrypt(13, 8, 10),
    Scheme::argon2id(47_104, 1, 1),
    Scheme::argon2id(19_456, 2, 1),
    Scheme::argon2id(12_288, 3, 1),
    Scheme::argon2id(9_216, 4, 1),
    Scheme::argon2id(7_168, 5, 1),
];

/// What a password algorithm brings.
///
/// # Contract
/// - `derive` is called only with costs that `is_defined` accepted, and with memory that the gate granted.
/// - `memory` and `work` saturate: absurd costs must not wrap to small ones.
pub(super) trait Algorithm: Sync {
    /// The PHC identifier.
    fn id(&self) -> &'static str;

    /// The version its PHC strings state, for an algorithm that has versions.
    fn version(&self) -> Option<u32>;

    /// The names of its three costs, in canonical order.
    fn params(&self) -> [&'static str; 3];

    /// Whether the standard defines the algorithm for `costs`.
    fn is_defined(&self, costs: Costs) -> bool;

    /// Working memory, in bytes.
    fn memory(&self, costs: Costs) -> u64;

    /// How many of Argon2's blocks it works in, if any.
    fn blocks(&self, costs: Costs) -> usize;

    /// What a guess costs in time, in a unit of the algorithm's own.
    fn work(&self, costs: Costs) -> u64;

    /// The ceiling that `work` must stay under.
    fn work_ceiling(&self, ceilings: &Ceilings) -> u64;

    /// Computes the hash into `output`.
    fn derive(
        &self,
        costs: Costs,
        permit: &mut Permit<'_>,
        input: Input<'_>,
        output: &mut [u8],
    ) -> Result<(), NoMemory>;
}

/// What is hashed.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) password: &'a [u8],
    pub(super) salt: &'a [u8],
}

/// The allocator has no memory of the needed size.
#[derive(Debug)]
pub(super) struct NoMemory;

impl Scheme {
    /// scrypt with N = 2^`log_n`, block size `r` and parallelism `p`; the default is (17, 8, 1).
    ///
    /// Memory is 128 × N × r bytes: 128 MiB for the default.
    ///
    /// # Source
    /// RFC 7914 §2.
    pub const fn scrypt(log_n: u8, r: u32, p: u32) -> Self {
        Self { algorithm: &scrypt::Scrypt, costs: [log_n as u32, r, p] }
    }

    /// Argon2id version 1.3 with `memory_kib` KiB, `passes` and `lanes`; (19456, 2, 1) is 19 MiB.
    ///
    /// # Source
    /// RFC 9106 §3.1.
    pub const fn argon2id(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        Self { algorithm: &argon2id::Argon2id, costs: [memory_kib, passes, lanes] }
    }

    /// Whether a guess costs at least what OWASP asks, as a service should assert of its policy when it starts.
    ///
    /// ```
    /// use palisade::password::Scheme;
    ///
    /// assert!(Scheme::default().meets_owasp());
    /// assert!(!Scheme::argon2id(19, 2, 1).meets_owasp()); // MiB mistaken for KiB
    /// ```
    ///
    /// # Source
    /// OWASP Password Storage Cheat Sheet, as of 2026-06.
    pub fn meets_owasp(&self) -> bool {
        OWASP.iter().any(|minimum| self.meets(minimum))
    }

    fn memory(&self) -> u64 {
        self.algorithm.memory(self.costs)
    }

    /// What one hash asks of the gate.
    pub(super) fn share(&self, keep: bool) -> Share {
        Share { memory: self.memory(), blocks: self.algorithm.blocks(self.costs), keep }
    }

    fn work(&self) -> u64 {
        self.algorithm.work(self.costs)
    }

    /// Whether the costs are defined and not above `ceilings`.
    pub(super) fn admit(&self, ceilings: &Ceilings) -> Result<(), Defect> {
        if self.memory() > ceilings.memory || self.work() > self.algorithm.work_ceiling(ceilings) {
            return Err(Defect::CostAboveCeiling);
        }
        if !self.algorithm.is_defined(self.costs) {
            return Err(Defect::CostUndefined);
        }
        Ok(())
    }

    /// Whether a guess costs at least as much here as under `policy`, in memory and in work.
    pub(super) fn meets(&self, policy: &Self) -> bool {
        self.algorithm.id() == policy.algorithm.id()
            && self.memory() >= policy.memory()
            && self.work() >= policy.work()
    }
}

impl PartialEq for Scheme {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm.id() == other.algorithm.id() && self.costs == other.costs
    }
}

impl Eq for Scheme {}

impl Default for Scheme {
    /// scrypt (17, 8, 1): OWASP's first choice for scrypt.
    fn default() -> Self {
        Self::scrypt(17, 8, 1)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third] = self.algorithm.params();
        let [a, b, c] = self.costs;
        write!(f, "{}({first}={a},{second}={b},{third}={c})", self.algorithm.id())
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_registered_scheme_brings_known_answers() {
        for scheme in SCHEMES {
            let file = format!("tests/vectors/password/{}.txt", scheme.id());
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).exists(), "{file} is missing");
        }
    }

    #[test]
    fn owasps_minima_meet_themselves_and_nothing_weaker_does() {
        assert!(OWASP.iter().all(Scheme::meets_owasp));
        for weak in [Scheme::scrypt(16, 8, 1), Scheme::scrypt(12, 8, 20), Scheme::argon2id(19_456, 1, 1)] {
            assert!(!weak.meets_owasp(), "{weak}");
        }
    }

    #[test]
    fn default_ceilings_are_exact() {
        let admitted = |scheme: Scheme| scheme.admit(&Ceilings::default());
        for allowed in [
            Scheme::default(),
            Scheme::scrypt(18, 8, 2),
            Scheme::scrypt(14, 8, 32),
            Scheme::argon2id(262_144, 4, 1),
            Scheme::argon2id(65_536, 16, 4),
        ] {
            assert_eq!(admitted(allowed), Ok(()), "{allowed}");
        }
        for refused in [
            Scheme::scrypt(19, 8, 1),
            Scheme::scrypt(18, 9, 1),
            Scheme::scrypt(18, 8, 3),
            Scheme::scrypt(1, 1 << 21, 2),
            Scheme::scrypt(1, 1, 2_097_100), // little mixing, but seconds of PBKDF2
            Scheme::scrypt(1, 699_000, 1),   // a small table, but huge blocks beside it
            Scheme::argon2id(262_145, 1, 1),
            Scheme::argon2id(262_144, 5, 1),
        ] {
            assert_eq!(admitted(refused), Err(Defect::CostAboveCeiling), "{refused}");
        }
    }
}
