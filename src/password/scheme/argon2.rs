use ::argon2::{Algorithm as Variant, Block, Params, Version};

use super::{Algorithm, Ceilings, Costs, Input, NoMemory};
use crate::password::gate::Permit;

/// Argon2. RFC 9106; version 1.0 is that of the reference implementation before 2016.
pub(in crate::password) struct Argon2 {
    variant: Variant,
    version: Version,
}

/// What new passwords are hashed with.
pub(in crate::password) static ARGON2ID: Argon2 =
    Argon2 { variant: Variant::Argon2id, version: Version::V0x13 };
pub(in crate::password) static ARGON2I: Argon2 =
    Argon2 { variant: Variant::Argon2i, version: Version::V0x13 };
pub(in crate::password) static ARGON2D: Argon2 =
    Argon2 { variant: Variant::Argon2d, version: Version::V0x13 };
pub(in crate::password) static ARGON2ID_10: Argon2 =
    Argon2 { variant: Variant::Argon2id, version: Version::V0x10 };
pub(in crate::password) static ARGON2I_10: Argon2 =
    Argon2 { variant: Variant::Argon2i, version: Version::V0x10 };
pub(in crate::password) static ARGON2D_10: Argon2 =
    Argon2 { variant: Variant::Argon2d, version: Version::V0x10 };

impl Algorithm for Argon2 {
    fn id(&self) -> &'static str {
        match self.variant {
            Variant::Argon2id => "argon2id",
            Variant::Argon2i => "argon2i",
            Variant::Argon2d => "argon2d",
        }
    }

    fn version(&self) -> Option<u32> {
        Some(self.version as u32)
    }

    fn params(&self) -> &'static [&'static str] {
        &["m", "t", "p"]
    }

    fn is_defined(&self, [memory, passes, lanes]: Costs) -> bool {
        passes >= 1 && (1..1 << 24).contains(&lanes) && memory / 8 >= lanes
    }

    fn memory(&self, [memory, ..]: Costs) -> u64 {
        u64::from(memory) * Block::SIZE as u64
    }

    // RFC 9106 §3.2: memory is rounded down to a multiple of four blocks a lane.
    fn blocks(&self, [memory, _, lanes]: Costs) -> usize {
        let multiple = lanes.saturating_mul(4).max(1);
        (memory / multiple * multiple) as usize
    }

    fn work(&self, costs @ [_, passes, _]: Costs) -> u64 {
        self.memory(costs).saturating_mul(u64::from(passes))
    }

    fn work_ceiling(&self, ceilings: &Ceilings) -> u64 {
        ceilings.argon2_work
    }

    // 2026-11-22: 18.9 ms for 47,104 KiB and one pass, in memory that is reused.
    fn nanoseconds(&self, [memory, passes, _]: Costs) -> u64 {
        u64::from(memory).saturating_mul(u64::from(passes)).saturating_mul(NANOSECONDS_A_KIB)
    }

    fn derive(
        &self,
        [memory, passes, lanes]: Costs,
        permit: &mut Permit<'_>,
        input: Input<'_>,
        output: &mut [u8],
    ) -> Result<(), NoMemory> {
        let params = Params::new(memory, passes, lanes, Some(output.len()))
            .expect("is_defined covers the crate's checks of costs; outputs are 4 to 64 bytes long");
        let blocks = permit.blocks(self.blocks([memory, passes, lanes])).ok_or(NoMemory)?;
        ::argon2::Argon2::new(self.variant, self.version, params)
            .hash_password_into_with_memory(input.password, input.salt, output, blocks)
            .expect(
                "passwords are below 4 GiB, salts are 8 to 64 bytes long, and blocks are as many as asked",
            );
        Ok(())
    }
}

const NANOSECONDS_A_KIB: u64 = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding;
    use crate::password::Budget;
    use crate::password::gate::{Gate, Share};

    /// Source: RFC 9106 §§5.1 to 5.3. They use a secret and associated data, which stored passwords do not have, so they
    /// run against the crate underneath; `tests/vectors/password/argon2*.txt` cover this file.
    #[test]
    fn published_tags_of_the_crate_underneath() {
        let mut params = ::argon2::ParamsBuilder::new();
        params.m_cost(32).t_cost(3).p_cost(4).data(::argon2::AssociatedData::new(&[4; 12]).unwrap());
        let params = params.build().unwrap();
        for (algorithm, published) in [
            (&ARGON2D, "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"),
            (&ARGON2I, "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"),
            (&ARGON2ID, "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"),
        ] {
            let context = ::argon2::Argon2::new_with_secret(
                &[3; 8],
                algorithm.variant,
                algorithm.version,
                params.clone(),
            );
            let (mut tag, mut blocks) = ([0; 32], vec![Block::new(); 32]);
            let hashed =
                context.unwrap().hash_password_into_with_memory(&[1; 32], &[2; 16], &mut tag, &mut blocks);
            assert_eq!((hashed, encoding::hex(&tag).as_str()), (Ok(()), published), "{}", algorithm.id());
        }
    }

    #[test]
    fn reused_memory_gives_the_same_hash_and_is_erased_between() {
        let gate = Gate::new(Budget::default());
        let input = Input { password: b"password", salt: b"somesalt" };
        let mut outputs = [[0; 32]; 3];
        for (output, costs) in outputs.iter_mut().zip([[64, 2, 1], [64, 2, 1], [32, 2, 1]]) {
            let share = Share {
                memory: ARGON2ID.memory(costs),
                blocks: ARGON2ID.blocks(costs),
                chunks: 0,
                rides: 0,
                keep: (64, 0),
            };
            let mut permit = gate.enter(share, gate.deadline()).unwrap();
            let blocks = permit.blocks(ARGON2ID.blocks(costs)).unwrap();
            assert!(blocks.iter().all(|block| block.as_ref().iter().all(|&word| word == 0)));
            ARGON2ID.derive(costs, &mut permit, input, output).unwrap();
        }
        assert_eq!(outputs[0], outputs[1]);
        assert_ne!(outputs[0], outputs[2]);
    }

    #[test]
    fn blocks_are_as_many_as_the_crate_underneath_wants() {
        for costs in [[8, 1, 1], [19_457, 2, 1], [19_456, 2, 3], [4_883, 3, 3], [47_104, 1, 4], [100, 1, 12]]
        {
            let params = Params::new(costs[0], costs[1], costs[2], None).unwrap();
            assert_eq!(ARGON2ID.blocks(costs), params.block_count(), "{costs:?}");
        }
    }

    #[test]
    fn what_the_rfc_defines() {
        for costs in [[8, 1, 1], [u32::MAX, u32::MAX, 1], [1 << 27, 1, (1 << 24) - 1]] {
            assert!(ARGON2ID.is_defined(costs), "{costs:?}");
        }
        for costs in [[7, 1, 1], [8, 0, 1], [8, 1, 0], [15, 1, 2], [u32::MAX, 1, 1 << 24], [8, 1, u32::MAX]] {
            assert!(!ARGON2ID.is_defined(costs), "{costs:?}");
        }
        assert_eq!(ARGON2ID.memory([19_456, 2, 1]), 19 << 20);
        assert_eq!(ARGON2ID.work([19_456, 2, 1]), 38 << 20);
    }
}
