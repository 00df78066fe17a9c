//! Signed tokens: purposes, expiry, single use, states, forgeries.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::time::{Duration, SystemTime};

use palisade::clock::ManualClock;
use palisade::keys::KeyRing;
use palisade::secret::SecretBytes;
use palisade::token::{
    MemoryOnceStore, OnceStore, OnceStoreError, SignError, SignErrorKind, Signer, TokenDigest,
};
use proptest::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

fn kind<T: std::fmt::Debug>(result: Result<T, SignError>) -> SignErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn a_token_is_good_for_its_purpose_and_ring_alone() {
    let ring = KeyRing::generate().unwrap();
    let signer = Signer::new(&ring);
    let token = signer.sign("reset-password", b"user 17", MINUTE).unwrap();
    assert_eq!(signer.verify("reset-password", &token).unwrap(), b"user 17");
    assert_eq!(signer.clone().verify("reset-password", &token).unwrap(), b"user 17");
    for purpose in ["reset-passwor", "reset-password2", "Reset-password", ""] {
        assert_eq!(kind(signer.verify(purpose, &token)), SignErrorKind::Rejected, "{purpose}");
    }
    let other = Signer::new(KeyRing::generate().unwrap());
    assert_eq!(kind(other.verify("reset-password", &token)), SignErrorKind::Rejected);
    let impostor = Signer::new(KeyRing::from_key(ring.primary(), SecretBytes::from(vec![7; 32])).unwrap());
    assert_eq!(kind(impostor.verify("reset-password", &token)), SignErrorKind::Rejected);
}

#[test]
fn expiry_is_exact_and_leeway_is_added() {
    let clock = ManualClock::new();
    let ring = KeyRing::generate().unwrap();
    let strict = Signer::new(&ring).clock(clock.clone());
    let lenient = Signer::new(&ring).clock(clock.clone()).leeway(Duration::from_secs(5));
    let token = strict.sign("x", b"", MINUTE).unwrap();
    clock.advance(Duration::from_millis(59_999));
    assert!(strict.verify("x", &token).is_ok());
    clock.advance(Duration::from_millis(1));
    assert_eq!(kind(strict.verify("x", &token)), SignErrorKind::Expired);
    assert!(lenient.verify("x", &token).is_ok());
    clock.advance(Duration::from_secs(5));
    assert_eq!(kind(lenient.verify("x", &token)), SignErrorKind::Expired);
    // Only what was good is told to have expired.
    assert_eq!(kind(strict.verify("y", &token)), SignErrorKind::Rejected);

    let eternal = strict.sign("x", b"", Duration::MAX).unwrap();
    assert!(strict.verify("x", &eternal).is_ok());
    assert_eq!(
        kind(strict.verify("x", &strict.sign("x", b"", Duration::ZERO).unwrap())),
        SignErrorKind::Expired
    );
    clock.set_wall(SystemTime::UNIX_EPOCH - MINUTE); // a clock before 1970 lets nobody in
    assert_eq!(kind(strict.verify("x", &eternal)), SignErrorKind::Unavailable);
    assert_eq!(kind(strict.sign("x", b"", MINUTE)), SignErrorKind::Unavailable);
}

#[test]
fn every_changed_character_and_every_cut_is_rejected() {
    let signer = Signer::new(KeyRing::generate().unwrap());
    for token in [
        signer.sign("x", b"payload", MINUTE).unwrap(),
        signer.sign_bound("x", b"payload", MINUTE, b"state").unwrap(),
    ] {
        let verify = |token: &str| {
            signer.verify("x", token).or_else(|_| signer.verify_bound("x", token, |_| Some(b"state")))
        };
        assert!(verify(&token).is_ok());
        for position in 0..token.len() {
            assert_eq!(kind(verify(&token[..position])), SignErrorKind::Rejected, "cut to {position}");
            for replacement in ["A", "B", "_", "=", "\u{e4}"] {
                let mut changed = token.clone();
                changed.replace_range(position..=position, replacement);
                if changed != token {
                    assert_eq!(
                        kind(verify(&changed)),
                        SignErrorKind::Rejected,
                        "{replacement} at {position}"
                    );
                }
            }
        }
        for longer in [format!("{token}A"), format!("{token}="), format!("{token}AAAA"), "A".repeat(1 << 20)]
        {
            assert_eq!(kind(verify(&longer)), SignErrorKind::Rejected);
        }
    }
}

#[test]
fn retired_keys_let_nobody_in_and_accepted_ones_do() {
    let ring = KeyRing::generate().unwrap();
    let signer = Signer::new(&ring);
    let (old, token) = (ring.primary(), signer.sign("x", b"", MINUTE).unwrap());
    let new = ring.add_generated().unwrap();
    ring.promote(new).unwrap();
    assert!(signer.verify("x", &token).is_ok());
    ring.retire(old).unwrap();
    assert_eq!(kind(signer.verify("x", &token)), SignErrorKind::Rejected);
}

#[test]
fn single_use_is_single_even_at_once() {
    let signer = Signer::new(KeyRing::generate().unwrap());
    let store = MemoryOnceStore::new(100);
    let token = signer.sign("invite", b"17", MINUTE).unwrap();
    let successes: usize = std::thread::scope(|scope| {
        let racers: Vec<_> =
            (0..16).map(|_| scope.spawn(|| signer.verify_once("invite", &token, &store).is_ok())).collect();
        racers.into_iter().map(|racer| usize::from(racer.join().unwrap())).sum()
    });
    assert_eq!(successes, 1);
    assert_eq!(kind(signer.verify_once("invite", &token, &store)), SignErrorKind::Used);
    // The same content again is another token.
    let again = signer.sign("invite", b"17", MINUTE).unwrap();
    assert!(signer.verify_once("invite", &again, &store).is_ok());
}

#[test]
fn a_clock_set_back_brings_no_used_token_to_life() {
    let clock = ManualClock::new();
    let signer = Signer::new(KeyRing::generate().unwrap()).clock(clock.clone());
    let store = MemoryOnceStore::new(1).clock(clock.clone());
    let (started, token) = (palisade::clock::Clock::wall(&clock), signer.sign("x", b"", MINUTE).unwrap());
    assert!(signer.verify_once("x", &token, &store).is_ok());
    clock.advance(2 * MINUTE);
    let later = signer.sign("x", b"", MINUTE).unwrap();
    assert!(signer.verify_once("x", &later, &store).is_ok()); // the first is forgotten
    clock.set_wall(started);
    assert!(signer.verify("x", &token).is_ok()); // valid again by the clock
    assert_eq!(kind(signer.verify_once("x", &token, &store)), SignErrorKind::Unavailable);
}

/// A store whose answer takes until after the token's time.
struct Slow(ManualClock);

impl OnceStore for Slow {
    fn insert_if_absent(&self, _: &TokenDigest, _: SystemTime) -> Result<bool, OnceStoreError> {
        self.0.advance(2 * MINUTE);
        Ok(true)
    }
}

#[test]
fn a_token_that_expires_while_the_store_is_asked_is_expired() {
    let clock = ManualClock::new();
    let signer = Signer::new(KeyRing::generate().unwrap()).clock(clock.clone());
    let token = signer.sign("x", b"", MINUTE).unwrap();
    assert_eq!(kind(signer.verify_once("x", &token, &Slow(clock))), SignErrorKind::Expired);
}

/// A store that cannot be reached.
struct Down;

impl OnceStore for Down {
    fn insert_if_absent(&self, _: &TokenDigest, _: SystemTime) -> Result<bool, OnceStoreError> {
        Err(OnceStoreError)
    }
}

#[test]
fn a_full_or_failing_store_denies_and_forgeries_never_reach_it() {
    let clock = ManualClock::new();
    let signer = Signer::new(KeyRing::generate().unwrap()).clock(clock.clone());
    let store = MemoryOnceStore::new(2).clock(clock.clone());
    let token = |ttl| signer.sign("x", b"", ttl).unwrap();
    assert!(signer.verify_once("x", "forged", &store).is_err());
    let (one, two, three) = (token(MINUTE), token(2 * MINUTE), token(3 * MINUTE));
    assert!(signer.verify_once("x", &one, &store).is_ok());
    assert!(signer.verify_once("x", &two, &store).is_ok());
    assert_eq!(kind(signer.verify_once("x", &three, &store)), SignErrorKind::Unavailable);
    assert_eq!(kind(signer.verify_once("x", &one, &store)), SignErrorKind::Used);
    clock.advance(MINUTE); // the first has expired and makes room
    assert!(signer.verify_once("x", &three, &store).is_ok());
    assert_eq!(kind(signer.verify_once("x", &one, &store)), SignErrorKind::Expired);
    assert_eq!(kind(signer.verify_once("x", &two, &store)), SignErrorKind::Used);

    assert_eq!(kind(signer.verify_once("x", &token(MINUTE), &Down)), SignErrorKind::Unavailable);
}

#[test]
fn bound_tokens_die_with_their_state() {
    let signer = Signer::new(KeyRing::generate().unwrap());
    let token = signer.sign_bound("reset", b"17", MINUTE, b"old").unwrap();
    let verify = |state: Option<&'static [u8]>| {
        signer.verify_bound("reset", &token, |payload| {
            assert_eq!(payload, b"17");
            state
        })
    };
    assert_eq!(verify(Some(b"old")).unwrap(), b"17");
    for state in [Some(&b"new"[..]), Some(b""), Some(b"old "), None] {
        assert_eq!(kind(verify(state)), SignErrorKind::Rejected);
    }
    // Neither kind passes for the other.
    assert_eq!(kind(signer.verify("reset", &token)), SignErrorKind::Rejected);
    let plain = signer.sign("reset", &[0; 64], MINUTE).unwrap();
    let never_asked =
        |_: &[u8]| -> Option<&[u8]> { unreachable!("the state of a forged token is not looked up") };
    assert_eq!(kind(signer.verify_bound("reset", &plain, never_asked)), SignErrorKind::Rejected);
    assert_eq!(kind(signer.verify_bound("other", &token, never_asked)), SignErrorKind::Rejected);
}

#[test]
fn payloads_up_to_4_kib_fit() {
    let signer = Signer::new(KeyRing::generate().unwrap());
    let longest = vec![0xff; 4096];
    let token = signer.sign("x", &longest, MINUTE).unwrap();
    assert_eq!(signer.verify("x", &token).unwrap(), longest);
    let bound = signer.sign_bound("x", &longest, MINUTE, b"s").unwrap();
    assert_eq!(signer.verify_bound("x", &bound, |_| Some(b"s")).unwrap(), longest);
    assert_eq!(kind(signer.sign("x", &[0; 4097], MINUTE)), SignErrorKind::TooLong);
}

#[test]
fn debug_shows_no_keys_and_no_tokens() {
    let ring = KeyRing::from_key("1a2b3c4d".parse().unwrap(), SecretBytes::from(vec![7; 32])).unwrap();
    let signer = Signer::new(&ring).leeway(Duration::from_secs(5));
    assert_eq!(format!("{signer:?}"), "Signer { ring: KeyRing {KeyId(1a2b3c4d): Primary}, leeway: 5s, .. }");
    assert_eq!(format!("{:?}", MemoryOnceStore::new(9)), "MemoryOnceStore { capacity: 9, .. }");
}

proptest! {
    #[test]
    fn whatever_is_signed_verifies(purpose: String, payload: Vec<u8>, other: String) {
        let signer = Signer::new(KeyRing::generate().unwrap());
        let token = signer.sign(&purpose, &payload, MINUTE).unwrap();
        prop_assert_eq!(&signer.verify(&purpose, &token).unwrap(), &payload);
        prop_assert_eq!(signer.verify(&other, &token).is_ok(), other == purpose);
    }

    #[test]
    fn arbitrary_text_is_rejected(text: String, ascii in "[A-Za-z0-9_-]{80,200}") {
        let signer = Signer::new(KeyRing::generate().unwrap());
        for text in [text, ascii] {
            prop_assert_eq!(kind(signer.verify("x", &text)), SignErrorKind::Rejected);
            prop_assert!(signer.verify_bound("x", &text, |_| Some(b"")).is_err());
        }
    }
}
