//! How long a comparison takes: `cargo bench --bench compare`.
//!
//! `benches/peers` sets these beside other crates; here the trend of our own calls is watched.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use palisade::compare;

fn equal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compare::equal");
    for len in [16, 32, 64, 1024, 65_536] {
        let (a, b) = (vec![0xa5_u8; len], vec![0xa5_u8; len]);
        assert!(compare::equal(&a, &b));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_with_input(BenchmarkId::new("palisade", len), &len, |bencher, _| {
            bencher.iter(|| compare::equal(black_box(&a), black_box(&b)));
        });
        group.bench_with_input(BenchmarkId::new("==", len), &len, |bencher, _| {
            bencher.iter(|| black_box(&a) == black_box(&b));
        });
    }
}

criterion_group!(benches, equal);
criterion_main!(benches);
