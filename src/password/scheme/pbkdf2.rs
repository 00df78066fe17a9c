use std::num::NonZeroU32;

use super::{Algorithm, Ceilings, Costs, Input, NoMemory};
use crate::password::gate::Permit;

/// PBKDF2, of other programs' hashes only: it needs no memory, so that guessing is cheap. RFC 8018 §5.2.
pub(in crate::password) struct Pbkdf2 {
    id: &'static str,
    prf: fn() -> ring::pbkdf2::Algorithm,
    /// OWASP's minimum of iterations takes about as long with each.
    nanoseconds: u64,
}

pub(in crate::password) static PBKDF2_SHA1: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha1", prf: || ring::pbkdf2::PBKDF2_HMAC_SHA1, nanoseconds: 300 };
pub(in crate::password) static PBKDF2_SHA256: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha256", prf: || ring::pbkdf2::PBKDF2_HMAC_SHA256, nanoseconds: 200 };
pub(in crate::password) static PBKDF2_SHA512: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha512", prf: || ring::pbkdf2::PBKDF2_HMAC_SHA512, nanoseconds: 600 };

impl Algorithm for Pbkdf2 {
    fn id(&self) -> &'static str {
        self.id
    }

    fn params(&self) -> &'static [&'static str] {
        &["i"]
    }

    fn is_defined(&self, [iterations, ..]: Costs) -> bool {
        iterations >= 1
    }

    fn memory(&self, _: Costs) -> u64 {
        0
    }

    fn work(&self, [iterations, ..]: Costs) -> u64 {
        u64::from(iterations)
    }

    fn work_ceiling(&self, ceilings: &Ceilings) -> u64 {
        ceilings.pbkdf2_iterations
    }

    fn nanoseconds(&self, costs: Costs) -> u64 {
        self.work(costs).saturating_mul(self.nanoseconds)
    }

    fn derive(
        &self,
        [iterations, ..]: Costs,
        _: &mut Permit<'_>,
        input: Input<'_>,
        output: &mut [u8],
    ) -> Result<(), NoMemory> {
        let iterations = NonZeroU32::new(iterations).expect("is_defined: at least one");
        ring::pbkdf2::derive((self.prf)(), iterations, input.salt, input.password, output);
        Ok(())
    }
}
