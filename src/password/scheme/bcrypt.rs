use super::{Algorithm, Ceilings, Costs, Input, NoMemory};
use crate::password::gate::Permit;
use crate::secret::erase;

/// bcrypt, of other programs' hashes only: it sees 72 bytes of a password, and none after a NUL. USENIX 1999.
pub(in crate::password) struct Bcrypt;

pub(in crate::password) static BCRYPT: Bcrypt = Bcrypt;

impl Algorithm for Bcrypt {
    fn id(&self) -> &'static str {
        "bcrypt"
    }

    fn params(&self) -> &'static [&'static str] {
        &["c"]
    }

    fn is_defined(&self, [cost, ..]: Costs) -> bool {
        (4..32).contains(&cost)
    }

    fn memory(&self, _: Costs) -> u64 {
        4096
    }

    fn work(&self, [cost, ..]: Costs) -> u64 {
        1_u64.checked_shl(cost).unwrap_or(u64::MAX)
    }

    fn work_ceiling(&self, ceilings: &Ceilings) -> u64 {
        1_u64.checked_shl(ceilings.bcrypt_cost).unwrap_or(u64::MAX)
    }

    fn derive(
        &self,
        [cost, ..]: Costs,
        _: &mut Permit<'_>,
        input: Input<'_>,
        output: &mut [u8],
    ) -> Result<(), NoMemory> {
        // What bcrypt would cut off must not be what a password is let in without. The work is done all the same.
        let is_cut = input.password.len() > MAX_PASSWORD || input.password.contains(&0);
        let seen = input.password.get(..MAX_PASSWORD).unwrap_or(input.password);
        // With the NUL that ends it in C, where there is room for that.
        let closing = if seen.len() < MAX_PASSWORD { &[0][..] } else { &[] };
        let key = zeroize::Zeroizing::new([seen, closing].concat());
        let salt = *input.salt.first_chunk().expect("bcrypt's salts have 16 bytes");
        let mut derived = ::bcrypt::bcrypt(cost, salt, &key);
        output.iter_mut().zip(derived).for_each(|(to, from)| *to = from);
        erase(&mut derived);
        if is_cut {
            for byte in output {
                *byte = !*byte;
            }
        }
        Ok(())
    }
}

/// Blowfish's keys have at most so many bytes here.
const MAX_PASSWORD: usize = 72;
