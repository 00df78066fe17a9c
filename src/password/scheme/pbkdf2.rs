use ::pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Algorithm, Ceilings, Costs, Input, NoMemory, Scheme};
use crate::password::gate::Permit;

/// PBKDF2, of other programs' hashes only: it needs no memory, so that guessing is cheap. RFC 8018 §5.2.
pub(in crate::password) struct Pbkdf2 {
    id: &'static str,
    derive: fn(&[u8], &[u8], u32, &mut [u8]),
    /// Bytes of the digest: each that many bytes of output cost all iterations anew.
    block: usize,
}

pub(in crate::password) static PBKDF2_SHA1: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha1", derive: pbkdf2_hmac::<Sha1>, block: 20 };
// 2026-11-22: the pbkdf2 crate takes 108 ns an iteration, ring 186.
pub(in crate::password) static PBKDF2_SHA256: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha256", derive: pbkdf2_hmac::<Sha256>, block: 32 };
pub(in crate::password) static PBKDF2_SHA512: Pbkdf2 =
    Pbkdf2 { id: "pbkdf2-sha512", derive: pbkdf2_hmac::<Sha512>, block: 64 };

impl Pbkdf2 {
    /// The scheme of an output of so many bytes.
    pub(in crate::password) fn scheme(&'static self, iterations: u32, output: usize) -> Scheme {
        let blocks = u32::try_from(output.div_ceil(self.block)).unwrap_or(u32::MAX);
        Scheme { algorithm: self, costs: [iterations, blocks, 0] }
    }
}

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

    fn work(&self, [iterations, blocks, _]: Costs) -> u64 {
        u64::from(iterations).saturating_mul(blocks.into())
    }

    fn work_ceiling(&self, ceilings: &Ceilings) -> u64 {
        ceilings.pbkdf2_iterations
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
