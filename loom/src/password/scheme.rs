//! Lanes as scrypt mixes them, in a few rows each.

#[derive(Debug)]
pub(super) struct NoMemory;

pub(super) use scrypt::{Chunk, Progress};

pub(super) mod scrypt {
    #[path = "../../../../../src/password/scheme/scrypt/lanes.rs"]
    pub(in crate::password) mod lanes;
    pub(in crate::password) mod romix;

    pub(in crate::password) use romix::{Chunk, Progress};

    use super::NoMemory;
    use crate::password::gate::Permit;

    /// Mixes lanes of so many bytes each.
    pub(in crate::password) fn derive(
        permit: &mut Permit<'_>,
        bytes: &mut [u8],
        lane: usize,
        chunks: usize,
    ) -> Result<(), NoMemory> {
        if bytes.len() == lane {
            lanes::mix_one(bytes, chunks, permit)
        } else {
            lanes::mix_many(bytes.chunks_exact_mut(lane), chunks, permit)
        }
    }
}
