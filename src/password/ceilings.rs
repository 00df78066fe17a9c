/// The most that a stored hash may cost to verify.
///
/// A stored string names its own costs, and whoever can write a row could name costs that exhaust memory or hold
/// a core for minutes. Rows above a ceiling are refused before anything is allocated.
///
/// ```
/// use palisade::password::{Budget, Ceilings, Hasher};
///
/// let generous = Hasher::builder()
///     .ceilings(Ceilings::default().memory(1 << 30).scrypt_work(1 << 24))
///     .budget(Budget::default().memory(1 << 30))
///     .build()?;
/// # Ok::<(), palisade::password::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
#[must_use = "give it to a builder"]
pub struct Ceilings {
    pub(super) memory: u64,
    pub(super) scrypt_work: u64,
    pub(super) argon2_work: u64,
    pub(super) pbkdf2_iterations: u64,
    pub(super) bcrypt_cost: u32,
}

impl Ceilings {
    /// Memory of one hash, in bytes: 256 MiB by default.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// scrypt's N × r × p: 2^22 by default, four times the default policy's.
    pub fn scrypt_work(mut self, n_times_r_times_p: u64) -> Self {
        self.scrypt_work = n_times_r_times_p;
        self
    }

    /// PBKDF2's iterations, of imported rows, counted for each block of output: 5,000,000 by default, half a second with
    /// SHA-256, two with SHA-512.
    pub fn pbkdf2_iterations(mut self, iterations: u64) -> Self {
        self.pbkdf2_iterations = iterations;
        self
    }

    /// bcrypt's cost, of imported rows: 14 by default, about a second.
    pub fn bcrypt_cost(mut self, cost: u32) -> Self {
        self.bcrypt_cost = cost;
        self
    }

    /// Argon2's memory × passes, in bytes: 1 GiB by default.
    pub fn argon2_work(mut self, memory_times_passes: u64) -> Self {
        self.argon2_work = memory_times_passes;
        self
    }
}

impl Default for Ceilings {
    fn default() -> Self {
        let (memory, scrypt_work, argon2_work) = (256 << 20, 1 << 22, 1 << 30);
        Self { memory, scrypt_work, argon2_work, pbkdf2_iterations: 5_000_000, bcrypt_cost: 14 }
    }
}
