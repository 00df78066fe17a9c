use ::pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Algorithm, Ceilings, Costs, Input, NoMemory};
use crate::password::gate::Permit;

/// PBKDF2, of other programs' hashes only: it needs no memory, so that guessing is cheap. RFC 8018 §5.2.
pub(in crate::password) struct Pbkdf2 {
    id: &'static str,
    derive: fn(&[u8], &[u8], u32, &mut [u8]),
    /// Of an iteration for one block of output, measured on 2026-11-22.
    nanoseconds: u64,
}

pub(in crate::password) static PBKDF2_SHA1: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha1", derive: pbkdf2_hmac::<Sha1>, nanoseconds: 130 };
// The pbkdf2 crate takes 108 ns here, ring 186.
pub(in crate::password) static PBKDF2_SHA256: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha256", derive: pbkdf2_hmac::<Sha256>, nanoseconds: 108 };
pub(in crate::password) static PBKDF2_SHA512: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha512", derive: pbkdf2_hmac::<Sha512>, nanoseconds: 415 };

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
        (self.derive)(input.password, input.salt, iterations, output);
        Ok(())
    }
}
