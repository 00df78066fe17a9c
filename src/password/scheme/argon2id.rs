use argon2::{Argon2, Block, Params, Version};

use super::{Algorithm, Ceilings, Costs, Input, NoMemory};
use crate::password::gate::Permit;

/// Argon2id, version 1.3. RFC 9106.
pub(super) struct Argon2id;

impl Algorithm for Argon2id {
    fn id(&self) -> &'static str {
        "argon2id"
    }

    fn version(&self) -> Option<u32> {
        Some(Version::V0x13 as u32)
    }

    fn params(&self) -> [&'static str; 3] {
        ["m", "t", "p"]
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

    fn derive(
        &self,
        [memory, passes, lanes]: Costs,
        permit: &mut Permit<'_>,
        input: Input<'_>,
        output: &mut [u8],
    ) -> Result<(), NoMemory> {
        let params = Params::new(memory, passes, lanes, Some(output.len()))
            .expect("is_defined covers the crate's checks of costs; outputs are 4 to 64 bytes long");
        let blocks = permit.blocks().ok_or(NoMemory)?;
        Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(input.password, input.salt, output, blocks)
            .expect(
                "passwords are below 4 GiB, salts are 8 to 64 bytes long, and blocks are as many as asked",
            );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding;
    use crate::password::Budget;
    use crate::password::gate::{Gate, Share};

    /// Source: RFC 9106 §5.3. It uses a secret and associated data, which stored passwords do not have, so it
    /// runs against the crate underneath; `tests/vectors/password/argon2id.txt` covers this file.
    #[test]
    fn published_tag_of_the_crate_underneath() {
        let mut params = argon2::ParamsBuilder::new();
        params.m_cost(32).t_cost(3).p_cost(4).data(argon2::AssociatedData::new(&[4; 12]).unwrap());
        let argon2 = Argon2::new_with_secret(
            &[3; 8],
            argon2::Algorithm::Argon2id,
            Version::V0x13,
            params.build().unwrap(),
        );
        let (mut tag, mut blocks) = ([0; 32], vec![Block::new(); 32]);
        argon2.unwrap().hash_password_into_with_memory(&[1; 32], &[2; 16], &mut tag, &mut blocks).unwrap();
        assert_eq!(encoding::hex(&tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
    }

    #[test]
    fn reused_memory_gives_the_same_hash_and_is_erased_between() {
        let gate = Gate::new(Budget::default());
        let input = Input { password: b"password", salt: b"somesalt" };
        let mut outputs = [[0; 32]; 3];
        for (output, costs) in outputs.iter_mut().zip([[64, 2, 1], [64, 2, 1], [32, 2, 1]]) {
            let share = Share { memory: Argon2id.memory(costs), blocks: Argon2id.blocks(costs), keep: true };
            let mut permit = gate.enter(share).unwrap();
            let blocks = permit.blocks().unwrap();
            assert!(blocks.iter().all(|block| block.as_ref().iter().all(|&word| word == 0)));
            Argon2id.derive(costs, &mut permit, input, output).unwrap();
        }
        assert_eq!(outputs[0], outputs[1]);
        assert_ne!(outputs[0], outputs[2]);
    }

    #[test]
    fn blocks_are_as_many_as_the_crate_underneath_wants() {
        for costs in [[8, 1, 1], [19_457, 2, 1], [19_456, 2, 3], [4_883, 3, 3], [47_104, 1, 4], [100, 1, 12]]
        {
            let params = Params::new(costs[0], costs[1], costs[2], None).unwrap();
            assert_eq!(Argon2id.blocks(costs), params.block_count(), "{costs:?}");
        }
    }

    #[test]
    fn what_the_rfc_defines() {
        for costs in [[8, 1, 1], [u32::MAX, u32::MAX, 1], [1 << 27, 1, (1 << 24) - 1]] {
            assert!(Argon2id.is_defined(costs), "{costs:?}");
        }
        for costs in [[7, 1, 1], [8, 0, 1], [8, 1, 0], [15, 1, 2], [u32::MAX, 1, 1 << 24], [8, 1, u32::MAX]] {
            assert!(!Argon2id.is_defined(costs), "{costs:?}");
        }
        assert_eq!(Argon2id.memory([19_456, 2, 1]), 19 << 20);
        assert_eq!(Argon2id.work([19_456, 2, 1]), 38 << 20);
    }
}
