//! The suite of stores for one-time codes. A new store runs [`suite`] and names what happens when it fails.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use palisade::session::otp::{CodeStore, CodeStoreError};
use palisade::token::TokenDigest;

/// All that holds for every store, for users whose names begin with `name`.
pub(crate) fn suite(store: &dyn CodeStore, name: &str) {
    let user = |part: &str| format!("{name} {part}");
    steps_only_go_on(store, &user("steps"));
    the_greatest_steps_are_not_forgotten(store, &user("greatest"));
    codes_are_spent_once(store, &user("spent"));
    codes_are_replaced_together(store, &user("replaced"));
    users_are_told_apart(store, name);
    who_is_removed_begins_anew(store, &user("removed"));
    unknown_users_have_nothing(store, &user("unknown"));
    threads_never_accept_a_step_twice(store, &user("step threads"));
    threads_never_spend_a_code_twice(store, &user("code threads"));
    threads_never_mix_sets_of_codes(store, &user("set threads"));
}

fn digests(set: &str) -> Vec<TokenDigest> {
    (0..10).map(|number| TokenDigest::of(&format!("{set} {number}"))).collect()
}

fn steps_only_go_on(store: &dyn CodeStore, user: &str) {
    assert_eq!(store.step(user).unwrap(), None);
    for (step, accepted) in [(0, true), (0, false), (5, true), (5, false), (4, false), (0, false), (6, true)]
    {
        assert_eq!(store.advance(user, step).unwrap(), accepted, "{step}");
    }
    assert_eq!(store.step(user).unwrap(), Some(6));
    let period = 58_908_905; // as TOTP counts in 2026
    assert!(store.advance(user, period).unwrap() && !store.advance(user, period).unwrap());
    assert_eq!(store.step(user).unwrap(), Some(period));
}

/// A store may have no room for a step; but one that it takes it holds, and does not read as a smaller or negative one.
fn the_greatest_steps_are_not_forgotten(store: &dyn CodeStore, user: &str) {
    for step in [u64::from(u32::MAX), i64::MAX as u64 - 1, i64::MAX as u64, 1 << 63, u64::MAX - 1, u64::MAX] {
        let before = store.step(user).unwrap();
        if let Ok(accepted) = store.advance(user, step) {
            assert!(accepted && !store.advance(user, step).unwrap());
            assert_eq!(store.step(user).unwrap(), Some(step));
        } else {
            assert!(step > i64::MAX as u64, "{step} is not too great");
            assert_eq!(store.step(user).unwrap(), before);
        }
        assert!(!store.advance(user, 7).unwrap());
    }
}

fn codes_are_spent_once(store: &dyn CodeStore, user: &str) {
    let codes = digests(user);
    store.replace_codes(user, &codes).unwrap();
    assert!(!store.spend_code(user, &TokenDigest::of("another")).unwrap());
    for (spent, code) in codes.iter().enumerate() {
        assert_eq!(store.codes_left(user).unwrap(), codes.len() - spent);
        assert!(store.spend_code(user, code).unwrap());
        assert!(!store.spend_code(user, code).unwrap());
    }
    assert_eq!(store.codes_left(user).unwrap(), 0);
}

fn codes_are_replaced_together(store: &dyn CodeStore, user: &str) {
    let (first, second) = (digests("first"), digests("second"));
    store.replace_codes(user, &first).unwrap();
    assert!(store.spend_code(user, &first[0]).unwrap());
    store.replace_codes(user, &second).unwrap();
    assert!(first.iter().all(|code| !store.spend_code(user, code).unwrap()));
    assert_eq!(store.codes_left(user).unwrap(), second.len());
    assert!(store.spend_code(user, &second[9]).unwrap());
    // The same once more: what was spent of them is there again, since its user was told so.
    store.replace_codes(user, &second).unwrap();
    assert_eq!(store.codes_left(user).unwrap(), second.len());
    store.replace_codes(user, &[]).unwrap();
    assert_eq!(store.codes_left(user).unwrap(), 0);
}

/// By every byte: no case, accent or space is passed over, and no two names run into each other.
fn users_are_told_apart(store: &dyn CodeStore, name: &str) {
    let users = [
        "ann", "Ann", "ann ", " ann", "a", "a:n", "a%n", "a_n", "a'n", "\u{e1}nn", "a\u{301}nn", "漢", "17",
        "017",
    ];
    let users = users.map(|user| format!("{name} {user}"));
    let shared = digests("shared");
    for (at, user) in users.iter().enumerate() {
        assert!(store.advance(user, at as u64).unwrap(), "{user}");
        store.replace_codes(user, &shared[..=at % 10]).unwrap();
    }
    for (at, user) in users.iter().enumerate() {
        assert_eq!(store.step(user).unwrap(), Some(at as u64), "{user}");
        assert_eq!(store.codes_left(user).unwrap(), at % 10 + 1, "{user}");
        assert!(store.spend_code(user, &shared[0]).unwrap(), "{user}");
    }
}

fn who_is_removed_begins_anew(store: &dyn CodeStore, user: &str) {
    let (codes, other) = (digests(user), format!("{user} not"));
    for user in [user, &other] {
        assert!(store.advance(user, 7).unwrap());
        store.replace_codes(user, &codes).unwrap();
    }
    store.remove(user).unwrap();
    store.remove(user).unwrap();
    assert_eq!((store.step(user).unwrap(), store.codes_left(user).unwrap()), (None, 0));
    assert!(!store.spend_code(user, &codes[0]).unwrap());
    assert!(store.advance(user, 0).unwrap());
    assert_eq!((store.step(&other).unwrap(), store.codes_left(&other).unwrap()), (Some(7), codes.len()));
}

fn unknown_users_have_nothing(store: &dyn CodeStore, user: &str) {
    assert!(!store.spend_code(user, &TokenDigest::of("a code")).unwrap());
    assert_eq!((store.step(user).unwrap(), store.codes_left(user).unwrap()), (None, 0));
}

/// How often `accept` says yes when two threads ask it at once, for each round. A failure counts a hundred: a thread that
/// panicked would leave the other waiting.
fn raced(rounds: usize, accept: impl Fn(usize) -> Result<bool, CodeStoreError> + Sync) -> Vec<usize> {
    let accepted: Vec<AtomicUsize> = (0..rounds).map(|_| AtomicUsize::new(0)).collect();
    let ready = Barrier::new(2);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for (round, count) in accepted.iter().enumerate() {
                    ready.wait();
                    count.fetch_add(accept(round).map_or(100, usize::from), Ordering::SeqCst);
                }
            });
        }
    });
    accepted.into_iter().map(AtomicUsize::into_inner).collect()
}

fn threads_never_accept_a_step_twice(store: &dyn CodeStore, user: &str) {
    let accepted = raced(ROUNDS, |round| store.advance(user, round as u64));
    assert!(accepted.iter().all(|&count| count == 1), "{accepted:?}");
    assert_eq!(store.step(user).unwrap(), Some(ROUNDS as u64 - 1));
}

fn threads_never_spend_a_code_twice(store: &dyn CodeStore, user: &str) {
    let codes: Vec<TokenDigest> =
        (0..ROUNDS).map(|number| TokenDigest::of(&format!("{user} {number}"))).collect();
    store.replace_codes(user, &codes).unwrap();
    let accepted = raced(ROUNDS, |round| store.spend_code(user, &codes[round]));
    assert!(accepted.iter().all(|&count| count == 1), "{accepted:?}");
    assert_eq!(store.codes_left(user).unwrap(), 0);
}

fn threads_never_mix_sets_of_codes(store: &dyn CodeStore, user: &str) {
    let sets = [digests("one set"), digests("the other")];
    let turn = AtomicUsize::new(0);
    for _ in 0..20 {
        let replaced = raced(1, |_| {
            let mine = turn.fetch_add(1, Ordering::SeqCst) % 2;
            store.replace_codes(user, &sets[mine]).map(|()| true)
        });
        assert_eq!(replaced, [2]);
        assert_eq!(store.codes_left(user).unwrap(), 10);
        let of =
            |set: &[TokenDigest]| set.iter().filter(|code| store.spend_code(user, code).unwrap()).count();
        let (one, other) = (of(&sets[0]), of(&sets[1]));
        assert!((one, other) == (10, 0) || (one, other) == (0, 10), "{one} and {other}");
    }
}

const ROUNDS: usize = 200;
