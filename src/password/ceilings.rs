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
#[must_use = "give it to a builder"]
pub struct Ceilings {
    pub(super) memory: u64,
    pub(super) scrypt_work: u64,
    pub(super) argon2_work: u64,
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

    /// Argon2's memory × passes, in bytes: 1 GiB by default.
    pub fn argon2_work(mut self, memory_times_passes: u64) -> Self {
        self.argon2_work = memory_times_passes;
        self
    }
}

impl Default for Ceilings {
    fn default() -> Self {
        Self { memory: 256 << 20, scrypt_work: 1 << 22, argon2_work: 1 << 30 }
    }
}
