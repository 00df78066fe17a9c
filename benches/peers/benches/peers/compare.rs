use std::hint::black_box;

use palisade::compare;
use palisade_peers::{Race, Report};
use subtle::ConstantTimeEq;

pub fn races(report: &mut Report) {
    for (len, goal) in [(16, ""), (32, "≤ 5 ns"), (1024, "≤ 40 ns, or ≤ 2 × =="), (65_536, "≤ 2 × ==")]
    {
        let pair = |_| (vec![0xa5_u8; len], vec![0xa5_u8; len]);
        let [(a, b), (c, d), (e, f), (g, h), (i, j)] = [(); 5].map(pair);
        Race::new(format!("equal, {len} B"), goal)
            .contender("palisade", move || compare::equal(black_box(&a), black_box(&b)), |equal| *equal)
            .yardstick("==, which leaks", move || black_box(&c) == black_box(&d), |equal| *equal)
            .contender(
                "subtle 2.6.1",
                move || bool::from(black_box(&*e).ct_eq(black_box(&f))),
                |equal| *equal,
            )
            .contender(
                "constant_time_eq 0.6.1",
                move || constant_time_eq::constant_time_eq(black_box(&g), black_box(&h)),
                |equal| *equal,
            )
            .contender(
                "orion 0.18.1",
                move || orion::util::secure_cmp(black_box(&i), black_box(&j)).is_ok(),
                |equal| *equal,
            )
            .run(report);
    }
}
