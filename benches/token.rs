//! How long tokens take to make and to check: `cargo bench --bench token`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade::token::{SplitToken, Token, TokenDigest, TokenFormat};

fn tokens(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("token");
    let token = Token::generate().expect("the random source works");
    let format = TokenFormat::new("acme_live").expect("a usable prefix");
    let key = format.generate().expect("the random source works");
    let split = SplitToken::generate().expect("the random source works");
    let digest = token.digest();
    assert!(digest.matches(token.expose()) && format.check(key.expose()).is_ok());

    group.bench_function("Token::generate", |bencher| bencher.iter(Token::generate));
    group.bench_function("TokenFormat::generate", |bencher| bencher.iter(|| format.generate()));
    group.bench_function("SplitToken::generate", |bencher| bencher.iter(SplitToken::generate));
    group.bench_function("TokenDigest::of", |bencher| {
        bencher.iter(|| TokenDigest::of(black_box(token.expose())));
    });
    group.bench_function("TokenDigest::matches", |bencher| {
        bencher.iter(|| digest.matches(black_box(token.expose())));
    });
    group.bench_function("TokenFormat::check", |bencher| {
        bencher.iter(|| format.check(black_box(key.expose())).is_ok());
    });
    group.bench_function("SplitToken::parse", |bencher| {
        bencher.iter(|| SplitToken::parse(black_box(split.expose())).is_ok());
    });
}

criterion_group!(benches, tokens);
criterion_main!(benches);
