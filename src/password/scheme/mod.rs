//! Password algorithms, one file each, and the costs they run with.

mod argon2;
#[cfg(feature = "bcrypt")]
mod bcrypt;
mod pbkdf2;
mod scrypt;

use std::fmt;
use std::str::FromStr;

use super::gate::{Permit, Share};
use super::{Ceilings, Defect};

pub(super) use self::argon2::{ARGON2D, ARGON2D_10, ARGON2I, ARGON2I_10, ARGON2ID, ARGON2ID_10};
#[cfg(feature = "bcrypt")]
pub(super) use self::bcrypt::BCRYPT;
pub(super) use self::pbkdf2::{PBKDF2_SHA1, PBKDF2_SHA256, PBKDF2_SHA512, Pbkdf2};
pub(super) use self::scrypt::{Chunk, Progress, SCRYPT};

/// Every algorithm whose PHC strings are read.
pub(super) static SCHEMES: &[&dyn Algorithm] =
    &[&SCRYPT, &ARGON2ID, &ARGON2I, &ARGON2D, &ARGON2ID_10, &ARGON2I_10, &ARGON2D_10];

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

/// Three numbers, in the order of [`Algorithm::params`]; those that an algorithm does not have are zero.
pub(super) type Costs = [u32; 3];

/// What a password algorithm brings.
///
/// # Contract
/// - `derive` is called only with costs that `is_defined` accepted, and with memory that the gate granted.
/// - `memory`, `work` and `nanoseconds` saturate: absurd costs must not wrap to small ones.
pub(super) trait Algorithm: Sync {
    /// The PHC identifier, or as good as one.
    fn id(&self) -> &'static str;

    /// The version its PHC strings state, for an algorithm that has versions.
    fn version(&self) -> Option<u32> {
        None
    }

    /// The names of its costs, at most three, in canonical order.
    fn params(&self) -> &'static [&'static str];

    /// Whether the standard defines the algorithm for `costs`.
    fn is_defined(&self, costs: Costs) -> bool;

    /// Working memory, in bytes.
    fn memory(&self, costs: Costs) -> u64;

    /// How many of Argon2's blocks it works in, if any.
    fn blocks(&self, _: Costs) -> usize {
        0
    }

    /// How many of scrypt's chunks it works in, if any.
    fn chunks(&self, _: Costs) -> usize {
        0
    }

    /// The chunks of scrypt's block, where a hash is one lane of them, which may be mixed beside another's.
    fn rides(&self, _: Costs) -> usize {
        0
    }

    /// What a guess costs in time, in a unit of the algorithm's own.
    fn work(&self, costs: Costs) -> u64;

    /// The ceiling that `work` must stay under.
    fn work_ceiling(&self, ceilings: &Ceilings) -> u64;

    /// About how long a hash takes, on the machine of `benches/README.md`, until that is measured; of algorithms that
    /// policies are made of.
    fn nanoseconds(&self, _: Costs) -> u64 {
        0
    }

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
    /// OWASP's minima for scrypt, equally strong, more memory first.
    ///
    /// # Source
    /// OWASP Password Storage Cheat Sheet, as of 2026-06.
    pub const OWASP_SCRYPT: [Self; 5] = [
        Self::scrypt(17, 8, 1),
        Self::scrypt(16, 8, 2),
        Self::scrypt(15, 8, 3),
        Self::scrypt(14, 8, 5),
        Self::scrypt(13, 8, 10),
    ];

    /// OWASP's minima for Argon2id, equally strong, more memory first.
    ///
    /// # Source
    /// OWASP Password Storage Cheat Sheet, as of 2026-06.
    pub const OWASP_ARGON2ID: [Self; 5] = [
        Self::argon2id(47_104, 1, 1),
        Self::argon2id(19_456, 2, 1),
        Self::argon2id(12_288, 3, 1),
        Self::argon2id(9_216, 4, 1),
        Self::argon2id(7_168, 5, 1),
    ];

    /// RFC 9106's second recommendation for Argon2id: 64 MiB, 3 passes, 4 lanes.
    ///
    /// # Source
    /// RFC 9106 §4.
    pub const RFC_9106_ARGON2ID: Self = Self::argon2id(65_536, 3, 4);

    /// scrypt with N = 2^`log_n`, block size `r` and parallelism `p`; the default is (17, 8, 1).
    ///
    /// Memory is 128 × N × r bytes: 128 MiB for the default.
    ///
    /// # Source
    /// RFC 7914 §2.
    pub const fn scrypt(log_n: u8, r: u32, p: u32) -> Self {
        Self { algorithm: &SCRYPT, costs: [log_n as u32, r, p] }
    }

    /// Argon2id version 1.3 with `memory_kib` KiB, `passes` and `lanes`; (19456, 2, 1) is 19 MiB.
    ///
    /// # Source
    /// RFC 9106 §3.1.
    pub const fn argon2id(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        Self { algorithm: &ARGON2ID, costs: [memory_kib, passes, lanes] }
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
        Self::OWASP_SCRYPT.iter().chain(&Self::OWASP_ARGON2ID).any(|minimum| self.meets(minimum))
    }

    pub(super) fn memory(&self) -> u64 {
        self.algorithm.memory(self.costs)
    }

    /// What one hash asks of the gate.
    pub(super) fn share(&self) -> Share {
        let (blocks, chunks) = (self.algorithm.blocks(self.costs), self.algorithm.chunks(self.costs));
        let rides = self.algorithm.rides(self.costs);
        Share { memory: self.memory(), blocks, chunks, rides, keep: (blocks, chunks) }
    }

    fn work(&self) -> u64 {
        self.algorithm.work(self.costs)
    }

    /// About how long a hash takes.
    pub(super) fn nanoseconds(&self) -> u64 {
        self.algorithm.nanoseconds(self.costs)
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
        let (ours, theirs) = (self.algorithm, other.algorithm);
        ours.id() == theirs.id() && ours.version() == theirs.version() && self.costs == other.costs
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
        f.write_str(self.algorithm.id())?;
        let mut separator = '(';
        for (name, cost) in self.algorithm.params().iter().zip(self.costs) {
            write!(f, "{separator}{name}={cost}")?;
            separator = ',';
        }
        f.write_str(")")
    }
}

impl FromStr for Scheme {
    type Err = SchemeError;

    /// Reads what `Display` writes of [`Scheme::scrypt`] and [`Scheme::argon2id`]: the names in any order.
    fn from_str(text: &str) -> Result<Self, SchemeError> {
        let parse = || {
            let (id, params) = text.strip_suffix(')')?.split_once('(')?;
            let algorithm: &'static dyn Algorithm = match id {
                "scrypt" => &SCRYPT,
                "argon2id" => &ARGON2ID,
                _ => return None,
            };
            let costs = super::phc::costs(algorithm, params).ok()?;
            Some(Self { algorithm, costs: costs.costs })
        };
        parse().ok_or(SchemeError)
    }
}

/// A text is not a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scheme is written as scrypt(ln=17,r=8,p=1) or argon2id(m=19456,t=2,p=1)")]
#[non_exhaustive]
pub struct SchemeError;

#[cfg(feature = "serde")]
impl serde::Serialize for Scheme {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Scheme {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
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
        assert!(Scheme::OWASP_SCRYPT.iter().chain(&Scheme::OWASP_ARGON2ID).all(Scheme::meets_owasp));
        assert!(Scheme::RFC_9106_ARGON2ID.meets_owasp());
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

    #[test]
    fn a_scheme_is_read_back_from_its_text() {
        for scheme in Scheme::OWASP_SCRYPT.iter().chain(&Scheme::OWASP_ARGON2ID) {
            assert_eq!(scheme.to_string().parse(), Ok(*scheme));
        }
        assert_eq!("scrypt(p=1,r=8,ln=17)".parse(), Ok(Scheme::default()));
        for wrong in ["", "scrypt", "scrypt()", "scrypt(ln=17,r=8)", "bcrypt(c=12)", "scrypt(ln=17,r=8,p=1) "]
        {
            assert_eq!(wrong.parse::<Scheme>(), Err(SchemeError), "{wrong}");
        }
    }
}
