//! How long passwords take, and how little hostile rows do: `cargo bench --bench password`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use palisade::password::{Hasher, Scheme, StoredHash};

fn hashing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("password");
    group.sample_size(10);
    for scheme in [Scheme::default(), Scheme::scrypt(14, 8, 1), Scheme::argon2id(19_456, 2, 1)] {
        let hasher = Hasher::builder().scheme(scheme).build().expect("a valid policy");
        let stored = hasher.hash("correct horse battery staple").expect("hashed");
        group.bench_function(BenchmarkId::new("verify", scheme), |bencher| {
            bencher
                .iter(|| hasher.verify("correct horse battery staple", stored.as_str()).expect("it matches"));
        });
    }
}

/// Every answer here must come in under 100 µs, whatever the row says.
fn parsing(criterion: &mut Criterion) {
    let salt_and_hash = "$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2SAXJlRUU";
    let rows = [
        ("valid", format!("$scrypt$ln=17,r=8,p=1{salt_and_hash}"), true),
        ("ln=48", format!("$scrypt$ln=48,r=8,p=1{salt_and_hash}"), false),
        ("r×p overflows", format!("$scrypt$ln=1,r=65536,p=65536{salt_and_hash}"), false),
        ("400 digits", format!("$scrypt$ln={},r=8,p=1$", "9".repeat(400)), false),
        ("90 parameters", format!("$scrypt${}", "ln=1,".repeat(90)), false),
        ("1 MiB of A", format!("$scrypt$ln=4,r=1,p=1${}", "A".repeat(1 << 20)), false),
        ("1 MiB of $", "$".repeat(1 << 20), false),
    ];
    let mut group = criterion.benchmark_group("StoredHash::parse");
    for (name, row, valid) in rows {
        assert_eq!(StoredHash::parse(&row).is_ok(), valid, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| StoredHash::parse(black_box(&row)).is_ok()));
    }
}

criterion_group!(benches, hashing, parsing);
criterion_main!(benches);
