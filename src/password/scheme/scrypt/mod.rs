mod lanes;
mod romix;
#[cfg(target_arch = "x86_64")]
mod rows;
mod words;

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

pub(in crate::password) use romix::{Chunk, Progress};

use super::{Algorithm, Ceilings, Costs, Input, NoMemory};
use crate::password::gate::Permit;

/// scrypt. RFC 7914.
pub(in crate::password) struct Scrypt;

pub(in crate::password) static SCRYPT: Scrypt = Scrypt;

impl Algorithm for Scrypt {
    fn id(&self) -> &'static str {
        "scrypt"
    }

    fn params(&self) -> &'static [&'static str] {
        &["ln", "r", "p"]
    }

    // RFC 7914 §2 also asks for N < 2^(128 × r / 8). That bound mistakes bytes for bits (RFC erratum 5971); the
    // right one, N < 2^(128 × r), holds for every N below.
    fn is_defined(&self, [log_n, r, p]: Costs) -> bool {
        (1..=32).contains(&log_n) && r >= 1 && p >= 1 && u64::from(r) * u64::from(p) < 1 << 30
    }

    fn memory(&self, [log_n, r, p]: Costs) -> u64 {
        let block = 128 * u64::from(r);
        // The p blocks beside the table, and two to work in, count once they reach 1 MiB, so that (18, 8, 2) is 256 MiB
        // exactly.
        let blocks = block.saturating_mul(u64::from(p).saturating_add(2));
        let beside = if blocks < 1 << 20 { 0 } else { blocks };
        block.saturating_mul(n(log_n)).saturating_add(beside)
    }

    fn work(&self, [log_n, r, p]: Costs) -> u64 {
        let blocks = u64::from(r).saturating_mul(u64::from(p));
        // PBKDF2 makes and reads 128 × r × p bytes, which N does not count: from 8 MiB on it takes over.
        if blocks > 1 << 16 { u64::MAX } else { n(log_n).saturating_mul(blocks) }
    }

    fn work_ceiling(&self, ceilings: &Ceilings) -> u64 {
        ceilings.scrypt_work
    }

    // 2026-11-23: 163 ms for N = 2^17, r = 8, p = 1, on an idle machine.
    fn nanoseconds(&self, costs: Costs) -> u64 {
        self.work(costs).saturating_mul(NANOSECONDS_A_BLOCK)
    }

    fn chunks(&self, [log_n, r, _]: Costs) -> usize {
        romix::chunks(log_n, r)
    }

    fn rides(&self, [_, r, p]: Costs) -> usize {
        if romix::INTERLEAVES && p == 1 { romix::width(r) } else { 0 }
    }

    fn derive(
        &self,
        costs @ [_, r, p]: Costs,
        permit: &mut Permit<'_>,
        input: Input<'_>,
        output: &mut [u8],
    ) -> Result<(), NoMemory> {
        let lane = usize::try_from(r).ok().and_then(|r| r.checked_mul(128)).ok_or(NoMemory)?;
        let len = usize::try_from(p).ok().and_then(|p| p.checked_mul(lane)).ok_or(NoMemory)?;
        let mut blocks = Zeroizing::new(Vec::new());
        blocks.try_reserve_exact(len).map_err(|_| NoMemory)?;
        blocks.resize(len, 0);
        permit.chunks(self.chunks(costs)).ok_or(NoMemory)?; // before the password is touched
        pbkdf2_hmac::<Sha256>(input.password, input.salt, 1, &mut blocks);
        match p {
            1 => lanes::mix_one(&mut blocks, self.chunks(costs), permit)?,
            _ => lanes::mix_many(blocks.chunks_exact_mut(lane), self.chunks(costs), permit)?,
        }
        pbkdf2_hmac::<Sha256>(input.password, &blocks, 1, output);
        Ok(())
    }
}

/// For 128 bytes of the table.
const NANOSECONDS_A_BLOCK: u64 = 155;

/// N, or as good as infinite where it does not fit.
fn n(log_n: u32) -> u64 {
    1_u64.checked_shl(log_n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::{iter, thread};

    use super::*;
    use crate::encoding;
    use crate::password::gate::{Deadline, Gate, OfferedSeat, Share};
    use crate::password::{Budget, Hasher, Scheme};
    use crate::vectors;

    #[test]
    fn published_outputs() {
        published(Budget::default(), |id| !id.ends_with("gibibyte"));
    }

    #[test]
    #[ignore = "takes a gibibyte; .ci/run has it"]
    fn published_output_of_a_gibibyte() {
        published(Budget::default().memory((1 << 30) + (1 << 20)), |id| id.ends_with("gibibyte"));
    }

    fn published(budget: Budget, is_meant: fn(&str) -> bool) {
        let gate = Gate::new(budget);
        let cases = vectors::cases(include_str!("../../../../tests/vectors/password/scrypt_raw.txt"));
        let cases: Vec<_> = cases.into_iter().filter(|case| is_meant(&case["id"])).collect();
        assert!(!cases.is_empty());
        for case in cases {
            let bytes = |field: &str| {
                let mut bytes = vec![0; case[field].len() / 2];
                encoding::from_hex(&case[field], &mut bytes).unwrap();
                bytes
            };
            let (password, salt) = (bytes("password"), bytes("salt"));
            let costs: Vec<u32> = case["costs"].split(' ').map(|cost| cost.parse().unwrap()).collect();
            let mut output = vec![0; case["output"].len() / 2];
            let input = Input { password: &password, salt: &salt };
            let costs: Costs = costs.try_into().unwrap();
            let mut permit = gate.enter(share(costs), gate.deadline()).unwrap();
            SCRYPT.derive(costs, &mut permit, input, &mut output).unwrap();
            assert_eq!(encoding::hex(&output), case["output"], "{}", case["id"]);
        }
    }

    fn share(costs: Costs) -> Share {
        Share {
            memory: SCRYPT.memory(costs),
            chunks: SCRYPT.chunks(costs),
            rides: SCRYPT.rides(costs),
            ..Share::default()
        }
    }

    /// Ten thousand cases of small costs, in memory that is reused, against the crate that is the reference.
    #[test]
    fn agrees_with_the_scrypt_crate() {
        let gate = Gate::new(Budget::default());
        let mut random = vec![0; 10_000 * 3 + 64];
        crate::random::fill(&mut random).unwrap();
        let mut permit = gate.enter(share([9, 12, 1]), gate.deadline()).unwrap();
        for (case, dice) in random.windows(64).step_by(3).take(10_000).enumerate() {
            let costs = [u32::from(dice[0] % 5) + 1, u32::from(dice[1] % 12) + 1, u32::from(dice[2] % 4) + 1];
            let costs = if case % 100 == 0 { [9, costs[1], 1] } else { costs };
            let (password, salt) = dice[3..].split_at(usize::from(dice[2]) % 61);
            let (mut ours, mut theirs) = ([0; 40], [0; 40]);
            let len = usize::from(dice[1]) % 40 + 1;
            SCRYPT.derive(costs, &mut permit, Input { password, salt }, &mut ours[..len]).unwrap();
            let params = ::scrypt::Params::new(u8::try_from(costs[0]).unwrap(), costs[1], costs[2]).unwrap();
            ::scrypt::scrypt(password, salt, &params, &mut theirs[..len]).unwrap();
            assert_eq!(ours, theirs, "{costs:?}");
        }
    }

    #[test]
    fn lanes_are_mixed_alike_on_whatever_the_gate_has_left() {
        let costs = [6, 3, 5];
        let input = Input { password: b"password", salt: b"NaCl" };
        let mut expected = [0; 32];
        ::scrypt::scrypt(input.password, input.salt, &::scrypt::Params::new(6, 3, 5).unwrap(), &mut expected)
            .unwrap();
        for hashes in 1..=6 {
            for tables in 1..=6 {
                let memory = tables * SCRYPT.memory(costs);
                let gate = Gate::new(Budget { memory, hashes, ..Budget::default() });
                let mut permit = gate.enter(share(costs), gate.deadline()).unwrap();
                let mut output = [0; 32];
                SCRYPT.derive(costs, &mut permit, input, &mut output).unwrap();
                assert_eq!(output, expected, "{hashes} hashes at once in {tables} tables");
                let threads = usize::try_from(tables).unwrap().min(hashes).min(5);
                let most = usize::try_from(tables).unwrap().min(2 * threads).min(5);
                assert_eq!(gate.granted_at_most(), most as u64 * SCRYPT.memory(costs));
            }
        }
    }

    /// What becomes of a hash that waits where one may run at a time, while `runs` is done with the room beside another.
    fn ride_along(costs: Costs, runs: impl FnOnce(OfferedSeat<'_>)) -> Result<[u8; 32], NoMemory> {
        let gate = Gate::new(Budget::default().hashes(1));
        let mut permit = gate.enter(share([6, 3, 1]), gate.deadline()).unwrap();
        let seat = permit.offer_seat(6);
        let (gate, mut output) = (&gate, [0; 32]);
        let derived = thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let mut permit = gate.enter(share(costs), gate.deadline()).unwrap();
                let input = Input { password: b"password", salt: b"NaCl" };
                SCRYPT.derive(costs, &mut permit, input, &mut output)
            });
            runs(seat);
            drop(permit); // who rode along has its place then
            waits.join().unwrap()
        });
        let idle = gate.enter(share([6, 3, 1]), gate.deadline());
        assert!(
            idle.is_ok() && gate.enter(share([6, 3, 1]), Deadline::PASSED).is_err(),
            "one place, and it is back"
        );
        derived.map(|()| output)
    }

    #[test]
    fn a_hash_that_waits_rides_along_as_far_as_the_other_goes() {
        let costs = [6, 3, 1];
        let mut expected = [0; 32];
        let params = ::scrypt::Params::new(6, 3, 1).unwrap();
        ::scrypt::scrypt(b"password", b"NaCl", &params, &mut expected).unwrap();
        let taken = |seat: &OfferedSeat<'_>| iter::repeat_with(|| seat.take()).find_map(|ride| ride).unwrap();
        for rows in [0, 1, 64, 65, 127, 128] {
            let output = ride_along(costs, |seat| {
                let mut ride = taken(&seat);
                assert!(!ride.progress.goes_with(&Progress::start(&[0; 256], &mut [[0; 64]; 16])));
                for _ in 0..rows {
                    ride.progress.advance(ride.arena.chunks(ride.chunks).unwrap());
                }
                seat.give_back(ride);
            });
            assert_eq!(output.unwrap(), expected, "{rows} of 128 rows");
        }
        for pause in [0, 0, 0, 20] {
            let output = ride_along(costs, |seat| {
                while !seat.is_taken() {
                    thread::yield_now();
                }
                thread::sleep(Duration::from_millis(pause));
            });
            assert_eq!(
                output.unwrap(),
                expected,
                "the other was done before or after this was offered to it"
            );
        }
        let lost = ride_along(costs, |seat| drop(taken(&seat)));
        assert!(lost.is_err(), "as when the other thread panics");
    }

    /// Of the policy's costs, cheaper ones, wider and several lanes, and in two forms: never more threads than may hash.
    #[test]
    fn logins_at_once_are_each_answered_right() {
        let budget = Budget::default().hashes(2).wait(Duration::from_secs(60));
        let hasher = Hasher::builder().scheme(Scheme::scrypt(12, 8, 1)).budget(budget).build().unwrap();
        let row = |password: &str, [log_n, r, p]: [u8; 3]| {
            let params = ::scrypt::Params::new(log_n, r.into(), p.into()).unwrap();
            let mut output = [0; 32];
            ::scrypt::scrypt(password.as_bytes(), &[7; 16], &params, &mut output).unwrap();
            let [salt, output] = [&[7; 16][..], &output].map(encoding::base64_unpadded);
            format!("$scrypt$ln={log_n},r={r},p={p}${salt}${output}")
        };
        thread::scope(|scope| {
            for number in 0..8_u8 {
                let (hasher, row) = (&hasher, &row);
                scope.spawn(move || {
                    let password = format!("password {number}");
                    let rows =
                        [[12, 8, 1], [11, 8, 1], [11, 16, 1], [10, 8, 3]].map(|costs| row(&password, costs));
                    for row in rows.iter().cycle().take(16) {
                        assert!(hasher.verify(&password, row).is_ok());
                        assert!(hasher.verify("cafe\u{301}", row).is_err());
                        assert!(hasher.verify_user("another", None).is_err());
                    }
                });
            }
        });
        assert_eq!(hasher.gate.running_at_most(), 2);
    }

    #[test]
    fn absurd_costs_saturate() {
        const MAX: u32 = u32::MAX;
        for costs in [[MAX; 3], [63, MAX, 1], [64, 1, 1], [48, 8, 1], [33, 8, 1]] {
            assert!(SCRYPT.memory(costs) > 1 << 40, "{costs:?}");
            assert!(SCRYPT.work(costs) > 1 << 35, "{costs:?}");
        }
        assert!(SCRYPT.work([1, MAX, MAX]) > 1 << 60);
    }

    #[test]
    fn memory_is_exact_where_it_matters() {
        assert_eq!(SCRYPT.memory([17, 8, 1]), 128 << 20);
        assert_eq!(SCRYPT.memory([18, 8, 2]), 256 << 20);
        assert_eq!(SCRYPT.memory([1, 256, 256]), (8 << 20) + (128 << 10)); // its blocks outweigh the table
    }

    #[test]
    fn what_the_rfc_defines() {
        for costs in [[1, 1, 1], [32, 1, 1], [17, 8, 1], [1, 1, (1 << 30) - 1]] {
            assert!(SCRYPT.is_defined(costs), "{costs:?}");
        }
        for costs in
            [[0, 8, 1], [33, 8, 1], [17, 0, 1], [17, 8, 0], [1, 1 << 15, 1 << 15], [1, 1 << 16, 1 << 16]]
        {
            assert!(!SCRYPT.is_defined(costs), "{costs:?}");
        }
    }
}
