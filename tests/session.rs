//! A session is its user's, until it was ended, rotated, left or over; and nobody's otherwise.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

#[path = "support/dice.rs"]
mod dice;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use palisade::clock::{Clock, ManualClock};
use palisade::keys::KeyRing;
use palisade::rate_limit::LoginGuard;
use palisade::seal::Sealer;
use palisade::session::otp::{MemoryCodeStore, Otp, OtpSecret, OtpVerifier};
use palisade::session::store::{Memory, Store, StoreError};
use palisade::session::{
    AuthLevel, Login, Recent, RecentSecondFactor, Record, SecondFactor, SessionErrorKind, SessionId,
    SessionKey, Sessions, StepUp,
};
use palisade::token::SplitToken;

use dice::Dice;

const MINUTE: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 3600);

fn sessions() -> (Sessions<Memory>, ManualClock) {
    let clock = ManualClock::new();
    (Sessions::builder(Memory::default()).clock(clock.clone()).build().unwrap(), clock)
}

fn by_password() -> Login {
    Login::by(AuthLevel::Password)
}

fn key(token: &str) -> SessionKey {
    token[..22].parse().unwrap()
}

fn kind<T: std::fmt::Debug>(outcome: Result<T, palisade::session::SessionError>) -> SessionErrorKind {
    outcome.unwrap_err().kind()
}

#[test]
fn a_session_ends_after_its_time_without_use() {
    let (sessions, clock) = sessions();
    let token = sessions.log_in("ann", by_password()).unwrap();
    for _ in 0..20 {
        clock.advance(IDLE.saturating_sub(Duration::from_millis(1)));
        assert_eq!(sessions.check(token.expose()).unwrap().user(), "ann");
    }
    clock.advance(IDLE);
    assert_eq!(kind(sessions.check(token.expose())), SessionErrorKind::Idle);
}

#[test]
fn a_session_ends_however_much_it_is_used() {
    let (sessions, clock) = sessions();
    let mut token = sessions.log_in("ann", by_password()).unwrap();
    for minute in 0..12 * 60 {
        if minute % 100 == 99 {
            token = sessions.rotate(sessions.check(token.expose()).unwrap()).unwrap(); // which prolongs nothing
        }
        assert!(sessions.check(token.expose()).is_ok(), "{minute}");
        clock.advance(MINUTE);
    }
    assert_eq!(kind(sessions.check(token.expose())), SessionErrorKind::Expired);
}

#[test]
fn the_end_is_at_the_millisecond() {
    let clock = ManualClock::new();
    let sessions = Sessions::builder(Memory::default()).clock(clock.clone());
    let sessions = sessions.idle(ABSOLUTE).absolute(ABSOLUTE).build().unwrap();
    let token = sessions.log_in("ann", by_password()).unwrap();
    clock.advance(ABSOLUTE.saturating_sub(Duration::from_millis(1)));
    assert!(sessions.check(token.expose()).is_ok());
    clock.advance(Duration::from_millis(1));
    assert!(sessions.check(token.expose()).is_err());
}

#[test]
fn what_was_presented_before_a_login_opens_nothing_after_it() {
    let (sessions, _) = sessions();
    let visit = sessions.visit().unwrap();
    assert_eq!(sessions.check_visitor(visit.expose()).unwrap().id(), visit.session().id());
    assert_eq!(kind(sessions.check(visit.expose())), SessionErrorKind::Visitor);

    let planted = visit.expose().to_owned();
    let visitor = sessions.check_visitor(&planted).unwrap();
    let issued = sessions.log_in("ann", by_password().instead_of(visitor)).unwrap();
    assert_ne!(issued.expose(), planted);
    assert_eq!(kind(sessions.check(&planted)), SessionErrorKind::Unknown);
    assert_eq!(kind(sessions.check_visitor(&planted)), SessionErrorKind::Unknown);
    assert_eq!(kind(sessions.check_visitor(issued.expose())), SessionErrorKind::LoggedIn);
    assert_eq!(sessions.check(issued.expose()).unwrap().user(), "ann");
    assert_eq!(sessions.list("ann").unwrap().len(), 1);

    // A visit that is gone by then ends nothing, and the login is as good.
    let visit = sessions.visit().unwrap();
    let twice = [visit.expose(), visit.expose()].map(|token| sessions.check_visitor(token).unwrap());
    let issued = twice.map(|visitor| sessions.log_in("bob", by_password().instead_of(visitor)).unwrap());
    assert!(issued.iter().all(|issued| sessions.check(issued.expose()).is_ok()));
}

#[test]
fn rotation_leaves_one_token_that_is_good() {
    let (sessions, _) = sessions();
    let first = sessions.log_in("ann", by_password()).unwrap();
    let seen_before = [sessions.check(first.expose()).unwrap(), sessions.check(first.expose()).unwrap()];
    let second = sessions.rotate(sessions.check(first.expose()).unwrap()).unwrap();
    assert_eq!(kind(sessions.check(first.expose())), SessionErrorKind::Unknown);
    assert_eq!(sessions.check(second.expose()).unwrap().user(), "ann");
    for late in seen_before {
        assert_eq!(kind(sessions.rotate(late)), SessionErrorKind::Ended);
    }
    assert!(sessions.check(second.expose()).is_ok());
    assert_eq!(sessions.list("ann").unwrap().len(), 1);
}

#[test]
fn of_many_rotations_at_once_one_wins() {
    let (sessions, _) = sessions();
    for _ in 0..500 {
        let token = sessions.log_in("ann", by_password()).unwrap();
        let won = thread::scope(|scope| {
            let rotate = || {
                let session = sessions.check(token.expose());
                session.and_then(|session| sessions.rotate(session)).ok()
            };
            let threads = [scope.spawn(rotate), scope.spawn(rotate)];
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(won.len(), 1);
        assert!(sessions.check(won[0].expose()).is_ok() && sessions.check(token.expose()).is_err());
        sessions.log_out_everywhere("ann").unwrap();
    }
}

#[test]
fn sessions_are_ended_one_by_one_all_together_and_all_but_this() {
    let (sessions, clock) = sessions();
    let device = |name: &str| {
        clock.advance(MINUTE);
        sessions.log_in("ann", by_password().device(name)).unwrap()
    };
    let (phone, laptop, tablet) = (device("phone"), device("laptop"), device("tablet"));
    let bob = sessions.log_in("bob", by_password()).unwrap();
    let labels =
        || sessions.list("ann").unwrap().iter().map(|info| info.device.to_string()).collect::<Vec<_>>();
    assert_eq!(labels(), ["tablet", "laptop", "phone"]);
    clock.advance(MINUTE);
    assert!(sessions.check(phone.expose()).is_ok());
    assert_eq!(labels(), ["phone", "tablet", "laptop"]);

    assert!(!sessions.end("bob", &laptop.session().id()).unwrap(), "it is not his");
    assert!(sessions.end("ann", &laptop.session().id()).unwrap());
    assert!(!sessions.end("ann", &laptop.session().id()).unwrap(), "it is over");
    assert_eq!(labels(), ["phone", "tablet"]);
    assert_eq!(sessions.log_out_others(phone.session()).unwrap(), 1);
    assert!(sessions.check(tablet.expose()).is_err() && sessions.check(phone.expose()).is_ok());
    sessions.log_out(phone.into_session()).unwrap();
    assert!(labels().is_empty());
    assert_eq!(sessions.log_out_everywhere("bob").unwrap(), 1);
    assert!(sessions.check(bob.expose()).is_err());
}

#[test]
fn a_token_of_another_form_or_verifier_is_nobodys() {
    let (sessions, _) = sessions();
    let token = sessions.log_in("ann", by_password()).unwrap();
    let other = SplitToken::generate().unwrap();
    let forged = format!("{}{}", &token.expose()[..22], &other.expose()[22..]);
    assert_eq!(kind(sessions.check(&forged)), SessionErrorKind::Mismatch);
    assert_eq!(kind(sessions.check(other.expose())), SessionErrorKind::Unknown);
    let (long, cut) = ("a".repeat(1 << 20), &token.expose()[..65]);
    let spaced = format!("{} ", token.expose());
    for malformed in ["", "\0", "é", &long, cut, &spaced, &token.expose().replace('.', ":")] {
        assert_eq!(kind(sessions.check(malformed)), SessionErrorKind::Malformed);
    }
    for user in ["", &"a".repeat(257)] {
        assert_eq!(kind(sessions.log_in(user, by_password())), SessionErrorKind::User);
    }
    assert!(sessions.log_in(&"a".repeat(256), by_password()).is_ok());
}

#[test]
fn a_bound_session_is_good_with_what_it_is_bound_to() {
    let (sessions, _) = sessions();
    let token = sessions.log_in("ann", by_password().bound_to("cert:5f1c")).unwrap();
    assert_eq!(kind(sessions.check(token.expose())), SessionErrorKind::Binding);
    assert_eq!(kind(sessions.check_bound(token.expose(), "cert:0000")), SessionErrorKind::Binding);
    let session = sessions.check_bound(token.expose(), "cert:5f1c").unwrap();
    let rotated = sessions.rotate(session).unwrap(); // it stays bound
    assert_eq!(kind(sessions.check(rotated.expose())), SessionErrorKind::Binding);
    assert!(sessions.check_bound(rotated.expose(), "cert:5f1c").is_ok());
    let free = sessions.log_in("ann", by_password()).unwrap();
    assert!(sessions.check_bound(free.expose(), "whatever").is_ok());
}

#[test]
fn proofs_ask_for_a_level_and_for_a_recent_login() {
    let (sessions, clock) = sessions();
    let token = sessions.log_in("ann", by_password()).unwrap();
    assert_eq!(token.session().prove::<Recent<300>>().unwrap().user(), "ann");
    assert_eq!(token.session().prove::<SecondFactor>().unwrap_err(), StepUp::SecondFactor);

    clock.advance(5 * MINUTE);
    let session = sessions.check(token.expose()).unwrap();
    assert!(session.prove::<Recent<300>>().is_ok());
    clock.advance(Duration::from_millis(1)); // a proof is of now, and not of when the session was checked
    assert_eq!(session.prove::<Recent<300>>().unwrap_err(), StepUp::Again(5 * MINUTE));
    let raised = sessions.authenticated_again(session, AuthLevel::SecondFactor).unwrap();
    assert!(sessions.check(token.expose()).is_err(), "the token of the lower level is over");
    assert!(raised.session().prove::<(SecondFactor, Recent<300>)>().is_ok());

    clock.advance(10 * MINUTE);
    let session = sessions.check(raised.expose()).unwrap();
    assert!(
        session.prove::<SecondFactor>().is_ok() && session.prove::<(SecondFactor, Recent<300>)>().is_err()
    );
    let again = sessions.authenticated_again(session, AuthLevel::Password).unwrap();
    assert_eq!(again.session().level(), AuthLevel::SecondFactor, "it does not fall");
    assert!(again.session().prove::<(SecondFactor, Recent<0>)>().is_ok());
    let stale = again.session().prove::<RecentSecondFactor<300>>();
    assert_eq!(stale.unwrap_err(), StepUp::SecondFactor, "a password is no second factor");
    assert!(again.session().prove::<RecentSecondFactor<600>>().is_ok());
}

#[test]
fn a_code_raises_the_session_of_its_own_user() {
    let (sessions, clock) = sessions();
    let sealer = Sealer::new(KeyRing::generate().unwrap());
    let verifier = OtpVerifier::new(sealer.clone(), MemoryCodeStore::new(10), LoginGuard::new().unwrap());
    let verifier = verifier.clock(clock.clone());
    let secret = OtpSecret::generate().unwrap();
    let sealed = secret.seal(&sealer, "ann").unwrap();
    let verified = || {
        clock.advance(MINUTE);
        let code = Otp::default().at(&secret, clock.wall()).unwrap();
        verifier.verify("ann", Ipv4Addr::LOCALHOST.into(), &sealed, code.expose()).unwrap()
    };
    assert_eq!(kind(sessions.log_in("eve", Login::with(verified()))), SessionErrorKind::OtherUser);
    let both = sessions.log_in("ann", Login::with(verified())).unwrap();
    assert!(both.session().prove::<(SecondFactor, Recent<0>)>().is_ok());

    let eve = sessions.log_in("eve", by_password()).unwrap();
    assert_eq!(kind(sessions.step_up(eve.into_session(), verified())), SessionErrorKind::OtherUser);
    let ann = sessions.log_in("ann", by_password()).unwrap();
    let verified = {
        let verified = verified();
        (sessions.check(ann.expose()).unwrap(), verified)
    };
    let raised = sessions.step_up(verified.0, verified.1).unwrap();
    assert!(
        raised.session().prove::<RecentSecondFactor<0>>().is_ok() && sessions.check(ann.expose()).is_err()
    );
}

#[test]
fn a_session_that_is_kept_brings_nothing_back() {
    let (sessions, clock) = sessions();
    let token = sessions.log_in("ann", by_password()).unwrap();
    let kept = [(); 3].map(|()| sessions.check(token.expose()).unwrap());
    let [first, second, third] = kept;
    clock.advance(MINUTE + Duration::from_millis(1));
    assert_eq!(kind(sessions.rotate(first)), SessionErrorKind::Stale);
    clock.advance(IDLE);
    assert_eq!(kind(sessions.check(token.expose())), SessionErrorKind::Idle);
    assert_eq!(kind(sessions.authenticated_again(second, AuthLevel::Password)), SessionErrorKind::Stale);
    clock.advance(ABSOLUTE);
    assert_eq!(kind(sessions.rotate(third)), SessionErrorKind::Stale);
}

#[test]
fn a_logout_ends_the_session_whatever_its_token_is_by_then() {
    let (sessions, _) = sessions();
    let token = sessions.log_in("ann", by_password()).unwrap();
    let by_the_owner = sessions.check(token.expose()).unwrap();
    let listed = sessions.list("ann").unwrap()[0].id;
    let rotated = sessions.rotate(sessions.check(token.expose()).unwrap()).unwrap();
    assert_eq!(sessions.list("ann").unwrap()[0].id, listed, "the name stays");
    sessions.log_out(by_the_owner).unwrap();
    assert!(sessions.check(rotated.expose()).is_err());

    let token = sessions.log_in("ann", by_password()).unwrap();
    let listed = sessions.list("ann").unwrap()[0].id;
    let rotated = sessions.rotate(token.into_session()).unwrap();
    assert!(sessions.end("ann", &listed).unwrap());
    assert!(sessions.check(rotated.expose()).is_err());
}

#[test]
fn a_login_ends_the_session_that_it_takes_the_place_of() {
    let (sessions, _) = sessions();
    let first = sessions.log_in("ann", by_password()).unwrap();
    let session = sessions.check(first.expose()).unwrap();
    let second = sessions.log_in("bob", by_password().instead_of_session(session)).unwrap();
    assert!(sessions.check(first.expose()).is_err());
    assert_eq!(sessions.check(second.expose()).unwrap().user(), "bob");
    assert!(sessions.list("ann").unwrap().is_empty());
}

#[test]
fn what_is_refused_is_no_use() {
    let (sessions, clock) = sessions();
    let token = sessions.log_in("ann", by_password().bound_to("cert:5f1c")).unwrap();
    for _ in 0..31 {
        clock.advance(MINUTE);
        assert!(sessions.check(token.expose()).is_err() && sessions.check_visitor(token.expose()).is_err());
    }
    assert_eq!(kind(sessions.check_bound(token.expose(), "cert:5f1c")), SessionErrorKind::Idle);
}

#[test]
fn rows_with_times_of_another_world_let_nobody_in_and_break_nothing() {
    let clock = ManualClock::new();
    let store = Memory::default();
    let sessions = Sessions::builder(store.clone()).clock(clock.clone()).build().unwrap();
    let token = sessions.log_in("ann", by_password()).unwrap();
    let key = key(token.expose());
    let good = store.find(&key).unwrap().unwrap();
    let far = [
        clock.wall() + 2 * MINUTE,
        SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 62),
        SystemTime::UNIX_EPOCH,
    ];
    for time in far {
        for damaged in [
            Record { last_used: time, ..good.clone() },
            Record { created: time, last_used: time, ..good.clone() },
            Record { expires: time, created: time, ..good.clone() },
        ] {
            assert!(store.replace(&key, &damaged).unwrap());
            assert!(sessions.check(token.expose()).is_err(), "{damaged:?}");
            assert!(sessions.list("ann").unwrap().is_empty(), "{damaged:?}");
        }
    }
    // A row that is good for longer than sessions are today ends when they do.
    let long = Record { expires: SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40), ..good };
    assert!(store.replace(&key, &long).unwrap());
    assert!(sessions.check(token.expose()).is_ok());
    for _ in 0..48 {
        clock.advance(15 * MINUTE);
        let _ = sessions.check(token.expose());
    }
    assert_eq!(kind(sessions.check(token.expose())), SessionErrorKind::Expired);
}

#[test]
fn a_clock_that_is_set_back_lets_nobody_in_who_is_yet_to_come() {
    let (sessions, clock) = sessions();
    let start = clock.wall();
    let token = sessions.log_in("ann", by_password()).unwrap();
    clock.set_wall(start - MINUTE);
    assert!(sessions.check(token.expose()).is_ok(), "servers' clocks differ by as much");
    clock.set_wall(start - MINUTE - Duration::from_millis(1));
    assert_eq!(kind(sessions.check(token.expose())), SessionErrorKind::Expired);
    for nowhere in [SystemTime::UNIX_EPOCH - MINUTE, SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40)] {
        clock.set_wall(nowhere);
        assert_eq!(kind(sessions.check(token.expose())), SessionErrorKind::Unavailable);
        assert_eq!(kind(sessions.log_in("bob", by_password())), SessionErrorKind::Unavailable);
    }
}

#[test]
fn a_use_is_written_with_others_and_not_by_every_check() {
    let store = Arc::new(Watched::default());
    let clock = ManualClock::new();
    let sessions = Sessions::builder(Arc::clone(&store)).clock(clock.clone()).build().unwrap();
    let tokens: Vec<_> =
        (0..50).map(|user| sessions.log_in(&format!("user-{user}"), by_password()).unwrap()).collect();
    for _ in 0..600 {
        clock.advance(Duration::from_secs(1));
        for token in &tokens {
            assert!(sessions.check(token.expose()).is_ok());
        }
    }
    // 30,000 checks in ten minutes: one write in two minutes for all.
    assert!((4..=10).contains(&store.touches.load(Ordering::SeqCst)), "{:?}", store.touches);

    // What was noted and not written is written at the end.
    clock.advance(MINUTE);
    assert!(sessions.check(tokens[0].expose()).is_ok());
    let before = store.touches.load(Ordering::SeqCst);
    sessions.write_uses().unwrap();
    sessions.write_uses().unwrap();
    assert_eq!(store.touches.load(Ordering::SeqCst), before + 1);
    let record = store.kept.find(&key(tokens[0].expose())).unwrap().unwrap();
    assert_eq!(record.last_used, clock.wall());
}

#[test]
fn many_uses_are_written_in_pieces() {
    let store = Arc::new(Watched::default());
    let clock = ManualClock::new();
    let sessions = Sessions::builder(Arc::clone(&store)).clock(clock.clone()).build().unwrap();
    let tokens: Vec<_> =
        (0..1_000).map(|user| sessions.log_in(&format!("user-{user}"), by_password()).unwrap()).collect();
    clock.advance(MINUTE);
    for token in &tokens {
        assert!(sessions.check(token.expose()).is_ok());
    }
    sessions.write_uses().unwrap();
    for token in &tokens {
        assert_eq!(store.kept.find(&key(token.expose())).unwrap().unwrap().last_used, clock.wall());
    }
    assert!((4..=6).contains(&store.touches.load(Ordering::SeqCst)), "{:?}", store.touches);
}

#[test]
fn uses_wait_for_a_store_that_cannot_be_written() {
    let store = Arc::new(Watched::default());
    let clock = ManualClock::new();
    let sessions = Sessions::builder(Arc::clone(&store)).clock(clock.clone()).build().unwrap();
    let token = sessions.log_in("ann", by_password()).unwrap();
    store.fails_to_touch.store(1, Ordering::SeqCst);
    for _ in 0..12 {
        clock.advance(10 * MINUTE);
        assert!(sessions.check(token.expose()).is_ok()); // two hours of use that nobody could write
    }
    assert!(sessions.write_uses().is_err());
    let tries = store.touches.load(Ordering::SeqCst);
    for _ in 0..100 {
        clock.advance(Duration::from_millis(500));
        assert!(sessions.check(token.expose()).is_ok());
    }
    assert_eq!(store.touches.load(Ordering::SeqCst), tries, "it is left alone for a minute");
    store.fails_to_touch.store(0, Ordering::SeqCst);
    sessions.write_uses().unwrap();
    let written = store.kept.find(&key(token.expose())).unwrap().unwrap().last_used;
    assert!(clock.wall().duration_since(written).unwrap() < MINUTE);
}

#[test]
fn a_store_that_fails_lets_nobody_in() {
    let store = Arc::new(Watched::default());
    let sessions = Sessions::new(Arc::clone(&store));
    let token = sessions.log_in("ann", by_password()).unwrap();
    store.is_away.store(1, Ordering::SeqCst);
    let error = sessions.check(token.expose()).unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::Unavailable);
    assert_eq!(error.to_string(), "sessions are unavailable, try again later");
    assert_eq!(kind(sessions.log_in("ann", by_password())), SessionErrorKind::Unavailable);
    assert_eq!(kind(sessions.visit()), SessionErrorKind::Unavailable);
    assert_eq!(kind(sessions.list("ann")), SessionErrorKind::Unavailable);
    assert_eq!(kind(sessions.log_out_everywhere("ann")), SessionErrorKind::Unavailable);
    assert_eq!(kind(sessions.rotate(token.into_session())), SessionErrorKind::Unavailable);
}

#[test]
fn a_store_that_answers_with_another_session_lets_nobody_in() {
    let store = Arc::new(Watched::default());
    let sessions = Sessions::new(Arc::clone(&store));
    let token = sessions.log_in("ann", by_password()).unwrap();
    let other = sessions.log_in("eve", by_password()).unwrap();
    *store.answers.lock().unwrap() = store.kept.find(&key(other.expose())).unwrap();
    assert_eq!(kind(sessions.check(token.expose())), SessionErrorKind::Unknown);
}

#[test]
fn what_is_over_is_swept_and_nothing_else() {
    let (sessions, clock) = sessions();
    for user in 0..100 {
        let _ = sessions.log_in(&format!("user-{user}"), by_password()).unwrap();
    }
    let token = sessions.log_in("ann", by_password()).unwrap();
    for _ in 0..3 {
        assert_eq!(sessions.sweep().unwrap(), 0);
        clock.advance(11 * MINUTE);
        assert!(sessions.check(token.expose()).is_ok());
    }
    assert_eq!(sessions.sweep().unwrap(), 100);
    assert!(sessions.check(token.expose()).is_ok());
    clock.advance(ABSOLUTE);
    assert_eq!(sessions.sweep().unwrap(), 1);
}

#[test]
fn a_full_memory_refuses_and_forgets_nobody() {
    let sessions = Sessions::new(Memory::new(2));
    let tokens = [(); 2].map(|()| sessions.log_in("ann", by_password()).unwrap());
    assert_eq!(kind(sessions.log_in("ann", by_password())), SessionErrorKind::Unavailable);
    assert!(tokens.iter().all(|token| sessions.check(token.expose()).is_ok()));

    let sessions = Sessions::new(Memory::new(4));
    let visits = [(); 2].map(|()| sessions.visit().unwrap());
    assert_eq!(kind(sessions.visit()), SessionErrorKind::Unavailable);
    assert!(sessions.log_in("ann", by_password()).is_ok(), "there is room for users");
    let visitor = sessions.check_visitor(visits[0].expose()).unwrap();
    assert!(sessions.log_in("bob", by_password().instead_of(visitor)).is_ok());
    assert!(sessions.visit().is_ok());
}

#[test]
fn labels_are_cut_and_nothing_shows_a_token() {
    let (sessions, _) = sessions();
    let label = format!("Firefox\r\non {}", "\u{1F4BB}".repeat(200));
    let token = sessions.log_in("ann", by_password().device(&label)).unwrap();
    let info = &sessions.list("ann").unwrap()[0];
    assert!(info.device.starts_with("Firefox  on \u{1F4BB}") && info.device.chars().count() == 128);
    let verifier = &token.expose()[23..];
    let shown = format!("{token:?} {:?} {info:?} {sessions:?}", sessions.check(token.expose()));
    assert!(!shown.contains(verifier), "{shown}");
}

#[test]
fn times_out_of_their_bounds_are_refused() {
    let build =
        |idle, absolute| Sessions::builder(Memory::default()).idle(idle).absolute(absolute).build().is_ok();
    let second = Duration::from_secs(1);
    assert!(build(8 * second, 8 * second) && build(IDLE, 315_576_000 * second));
    assert!(!build(7 * second, ABSOLUTE) && !build(ABSOLUTE, IDLE) && !build(IDLE, Duration::MAX));
    assert!(!build(Duration::ZERO, Duration::ZERO));
}

#[test]
fn two_threads_of_a_hundred_thousand_operations_find_no_session_that_is_over() {
    let clock = ManualClock::new();
    let sessions = Sessions::builder(Memory::default()).clock(clock.clone());
    let sessions = sessions.idle(30 * MINUTE).absolute(60 * MINUTE).build().unwrap();
    // A line of time of which each moment is one number.
    let (moments, ended) = (AtomicU64::new(1), [(); 5].map(|()| AtomicU64::new(0)));
    let checks = AtomicUsize::new(0);
    thread::scope(|scope| {
        for seed in 1..=2 {
            let (sessions, clock, moments, ended, checks) = (&sessions, &clock, &moments, &ended, &checks);
            scope.spawn(move || {
                let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
                let mut tokens: Vec<Issue> = Vec::new();
                let mut over: Vec<String> = Vec::new();
                for _ in 0..100_000 {
                    let user = dice.roll(5);
                    let pick = usize::try_from(dice.roll(1 + tokens.len() as u64)).unwrap().min(tokens.len());
                    match dice.roll(100) {
                        0..20 => {
                            let name = format!("user-{user}");
                            let token = sessions.log_in(&name, by_password()).unwrap().expose().to_owned();
                            let at = moments.fetch_add(1, Ordering::SeqCst);
                            tokens.push(Issue { token, user, at, latest_start: clock.wall() });
                        }
                        20..22 => {
                            let start = moments.fetch_add(1, Ordering::SeqCst);
                            sessions.log_out_everywhere(&format!("user-{user}")).unwrap();
                            ended[usize::try_from(user).unwrap()].fetch_max(start, Ordering::SeqCst);
                        }
                        22..30 if pick < tokens.len() => {
                            let issue = tokens.swap_remove(pick);
                            match sessions.check(&issue.token).and_then(|session| sessions.rotate(session)) {
                                Ok(next) => {
                                    let at = moments.fetch_add(1, Ordering::SeqCst);
                                    tokens.push(Issue {
                                        token: next.expose().to_owned(),
                                        at,
                                        ..issue.clone()
                                    });
                                    over.push(issue.token);
                                }
                                // The clock went on between the two: it is as it was.
                                Err(error) if error.kind() == SessionErrorKind::Stale => tokens.push(issue),
                                Err(_) => over.push(issue.token),
                            }
                        }
                        30..35 if pick < tokens.len() => {
                            let issue = tokens.swap_remove(pick);
                            if let Ok(session) = sessions.check(&issue.token) {
                                sessions.log_out(session).unwrap();
                                over.push(issue.token);
                            }
                        }
                        35..37 => clock.advance(Duration::from_secs(dice.roll(120))),
                        37 => drop(sessions.sweep().unwrap()),
                        38..45 if !over.is_empty() => {
                            let gone = &over[usize::try_from(dice.roll(over.len() as u64)).unwrap()];
                            assert!(sessions.check(gone).is_err(), "it was over");
                        }
                        _ if pick < tokens.len() => {
                            let issue = &tokens[pick];
                            let last_end = ended[usize::try_from(issue.user).unwrap()].load(Ordering::SeqCst);
                            let now = clock.wall();
                            if let Ok(session) = sessions.check(&issue.token) {
                                assert_eq!(session.user(), format!("user-{}", issue.user));
                                assert!(issue.at > last_end, "it was ended with all of its user's");
                                assert!(now < issue.latest_start + 60 * MINUTE, "it outlived its time");
                                checks.fetch_add(1, Ordering::SeqCst);
                            } else {
                                over.push(tokens.swap_remove(pick).token);
                            }
                        }
                        _ => {}
                    }
                }
            });
        }
    });
    assert!(checks.into_inner() > 10_000);
}

#[derive(Clone)]
struct Issue {
    token: String,
    user: u64,
    /// The moment after it was handed out.
    at: u64,
    /// It began then or before.
    latest_start: SystemTime,
}

/// A memory that counts, fails and answers wrongly when it is told to.
#[derive(Debug, Default)]
struct Watched {
    kept: Memory,
    touches: AtomicUsize,
    fails_to_touch: AtomicUsize,
    is_away: AtomicUsize,
    answers: std::sync::Mutex<Option<Record>>,
}

impl Watched {
    fn kept(&self) -> Result<&Memory, StoreError> {
        if self.is_away.load(Ordering::SeqCst) == 1 { Err(StoreError::new("away")) } else { Ok(&self.kept) }
    }
}

impl Store for Watched {
    fn insert(&self, record: &Record) -> Result<(), StoreError> {
        self.kept()?.insert(record)
    }

    fn find(&self, key: &SessionKey) -> Result<Option<Record>, StoreError> {
        let wrong = self.answers.lock().unwrap().clone();
        if wrong.is_some() { Ok(wrong) } else { self.kept()?.find(key) }
    }

    fn replace(&self, old: &SessionKey, record: &Record) -> Result<bool, StoreError> {
        self.kept()?.replace(old, record)
    }

    fn touch(&self, uses: &[(SessionKey, SystemTime)]) -> Result<(), StoreError> {
        assert!(uses.len() <= 256);
        self.touches.fetch_add(1, Ordering::SeqCst);
        if self.fails_to_touch.load(Ordering::SeqCst) == 1 {
            return Err(StoreError::new("read only"));
        }
        self.kept()?.touch(uses)
    }

    fn end(&self, user: &str, id: &SessionId) -> Result<bool, StoreError> {
        self.kept()?.end(user, id)
    }

    fn end_all(&self, user: &str, but: Option<&SessionId>) -> Result<u64, StoreError> {
        self.kept()?.end_all(user, but)
    }

    fn list(&self, user: &str) -> Result<Vec<Record>, StoreError> {
        self.kept()?.list(user)
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Result<u64, StoreError> {
        self.kept()?.sweep(now, unused_since)
    }
}
