//! One-time codes: known answers, windows, replays, hostile inputs, stores and clocks that fail.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

#[path = "support/vectors.rs"]
mod vectors;

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, SystemTime};

use palisade::clock::{Clock, ManualClock};
use palisade::keys::KeyRing;
use palisade::rate_limit::{LoginGuard, Quota};
use palisade::seal::{SealErrorKind, Sealer};
use palisade::secret::ExposeSecret;
use palisade::session::otp::{
    Algorithm, CodeStore, CodeStoreError, MemoryCodeStore, Method, Otp, OtpError, OtpErrorKind,
    OtpParameterErrorKind, OtpSecret, OtpSecretErrorKind, OtpVerifier, RecoveryCodes, Verified,
};
use palisade::token::TokenDigest;
use proptest::prelude::*;

const ADDR: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
const USER: &str = "17";

/// A user with a secret, before a verifier whose clock stands still at the start of a period.
struct Scene {
    clock: ManualClock,
    verifier: OtpVerifier<Arc<dyn CodeStore>>,
    secret: OtpSecret,
    sealed: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        Self::with(MemoryCodeStore::new(100), patient())
    }

    fn with(store: impl CodeStore + 'static, guard: LoginGuard) -> Self {
        let clock = ManualClock::new();
        let sealer = Sealer::new(KeyRing::generate().unwrap());
        // A fixed one, of RFC 6238: codes of random secrets are the same once in a million times.
        let secret = OtpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        let sealed = secret.seal(&sealer, USER).unwrap();
        let store: Arc<dyn CodeStore> = Arc::new(store);
        let verifier = OtpVerifier::new(sealer, store, guard).clock(clock.clone());
        Self { clock, verifier, secret, sealed }
    }

    /// The code of `periods` from now.
    fn code(&self, periods: i64) -> String {
        self.code_after(periods * 30)
    }

    fn code_after(&self, seconds: i64) -> String {
        let away = Duration::from_secs(seconds.unsigned_abs());
        let now = self.clock.wall();
        let time = if seconds < 0 { now - away } else { now + away };
        Otp::default().at(&self.secret, time).unwrap().expose().to_owned()
    }

    fn counted(&self, counter: u64) -> String {
        Otp::default().hotp(&self.secret, counter).expose().to_owned()
    }

    fn recovery_codes(&self) -> RecoveryCodes {
        let codes = RecoveryCodes::generate().unwrap();
        self.verifier.store().replace_codes(USER, &codes.digests(USER)).unwrap();
        codes
    }

    fn verify(&self, presented: &str) -> Result<Verified, OtpError> {
        self.verifier.verify(USER, ADDR, &self.sealed, presented)
    }

    fn verify_hotp(&self, presented: &str) -> Result<Verified, OtpError> {
        self.verifier.verify_hotp(USER, ADDR, &self.sealed, presented)
    }

    fn spend(&self, presented: &str) -> Result<Verified, OtpError> {
        self.verifier.spend_recovery_code(USER, ADDR, presented)
    }
}

/// A guard that a test does not run into.
fn patient() -> LoginGuard {
    let plenty = Quota::per_second(1_000_000);
    let builder = LoginGuard::builder().account(plenty).account_slow(plenty).address(plenty);
    builder.network(plenty).all(plenty).max_accounts(64).max_addresses(64).build().unwrap()
}

fn kind<T>(answer: Result<T, OtpError>) -> OtpErrorKind {
    answer.err().unwrap().kind()
}

#[test]
fn known_answers() {
    let mut count = 0;
    for file in std::fs::read_dir("tests/vectors/otp").unwrap() {
        for case in vectors::cases(&std::fs::read_to_string(file.unwrap().path()).unwrap()) {
            let number = |name: &str| case[name].parse::<u64>().unwrap();
            let secret = OtpSecret::from_base32(&case["secret"]).unwrap();
            let otp = Otp::default().digits(u8::try_from(case["code"].len()).unwrap()).unwrap();
            let code = if case.contains_key("counter") {
                otp.hotp(&secret, number("counter"))
            } else {
                let algorithm = match case["algorithm"].as_str() {
                    "sha1" => Algorithm::Sha1,
                    "sha256" => Algorithm::Sha256,
                    "sha512" => Algorithm::Sha512,
                    other => panic!("{other}"),
                };
                let otp = otp.algorithm(algorithm).period(Duration::from_secs(number("period"))).unwrap();
                otp.at(&secret, SystemTime::UNIX_EPOCH + Duration::from_secs(number("time"))).unwrap()
            };
            assert_eq!(code.expose(), case["code"], "{}", case["id"]);
            count += 1;
        }
    }
    assert!(count >= 10 + 18 + 3, "only {count}");
}

#[test]
fn parameters_have_bounds() {
    let otp = Otp::default();
    for digits in [0, 1, 5, 9, 10, 255] {
        assert_eq!(otp.digits(digits).unwrap_err().kind(), OtpParameterErrorKind::Digits);
    }
    for digits in 6..=8 {
        assert!(otp.digits(digits).is_ok());
    }
    for period in [0, 14_000, 14_999, 30_001, 120_001, 121_000, u64::MAX] {
        let refused = otp.period(Duration::from_millis(period)).unwrap_err();
        assert_eq!(refused.kind(), OtpParameterErrorKind::Period);
    }
    assert_eq!(otp.period(Duration::from_secs(30)).unwrap(), otp);
    assert!(otp.period(Duration::from_secs(15)).is_ok() && otp.period(Duration::from_secs(120)).is_ok());
    let verifier = Scene::new().verifier;
    assert_eq!(verifier.clone().drift(3).unwrap_err().kind(), OtpParameterErrorKind::Drift);
    assert_eq!(verifier.clone().look_ahead(21).unwrap_err().kind(), OtpParameterErrorKind::LookAhead);
    assert!(verifier.drift(2).unwrap().look_ahead(20).is_ok());
}

#[test]
fn secrets_of_other_systems_are_read_in_their_spellings() {
    let secret = OtpSecret::from_base32("JBSWY3DPEHPK3PXPMY").unwrap();
    assert_eq!(secret.expose_base32().expose_secret(), "JBSWY3DPEHPK3PXPMY");
    for text in [
        "jbswy3dpehpk3pxpmy",
        "JBSW Y3DP EHPK 3PXP MY",
        " jbsw-y3dp-ehpk-3pxp-my ",
        "JBSWY3DPEHPK3PXPMY======",
        "JBSW Y3DP EHPK 3PXP MY== ====",
    ] {
        let read = OtpSecret::from_base32(text).unwrap();
        assert_eq!(read.expose_base32().expose_secret(), "JBSWY3DPEHPK3PXPMY", "{text}");
    }
    assert!(OtpSecret::from_base32("JBSWY3DPEHPK3PXP").is_ok()); // 80 bits
    assert!(OtpSecret::from_base32(&"A".repeat(128 / 5 * 8 + 5)).is_ok()); // 128 bytes
}

#[test]
fn what_is_no_secret_is_refused_without_being_repeated() {
    use OtpSecretErrorKind::{Character, Length};
    let (nine, most) = ("A".repeat(15), "A".repeat(207));
    let megabyte = "A".repeat(1 << 20);
    let spaces = format!("JBSWY3DPEHPK3PXP{}", " ".repeat(500));
    for (text, kind) in [
        ("", Length),
        (" - ", Length),
        ("MY", Length),
        (&nine, Length),
        (&most, Length),
        (&megabyte, Length),
        (&spaces, Length),
        ("JBSWY3DPEHPK3PX0", Character),
        ("JBSWY3DPEHPK3PX1", Character),
        ("JBSWY3DPEHPK3PX8", Character),
        ("JBSWY3DPEHPK3PX\0", Character),
        ("JBSWY3DPEHPK3PXP\n", Character),
        ("JBSWY3DPEHPK3PXé", Character),
        ("ＪBSWY3DPEHPK3PXP", Character),
        ("JBSWY3DPEHPK3PXPM", Character),                // no whole byte more
        ("JBSWY3DPEHPK3PXPMZ", Character),               // unused bits that are not zero
        ("JBSWY3DPEHPK3PXPMY=", Character),              // half of its padding
        ("JBSWY3DPEHPK3PXPMY=======", Character),        // more than there is
        ("JBSWY3DPEHPK3PXP========", Character),         // none is due
        ("JBSWY3DPEHPK3PXPM=======", Character),         // seven, which no length has
        ("JBSWY3DPEHPK3PXPMYAA====MY======", Character), // in the middle
        ("================", Character),
    ] {
        let error = OtpSecret::from_base32(text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text:.40}");
        assert!(text.len() < 4 || !format!("{error} {error:?}").contains(text));
    }
}

#[test]
fn secrets_are_as_long_as_their_hash() {
    for (algorithm, characters) in [(Algorithm::Sha1, 32), (Algorithm::Sha256, 52), (Algorithm::Sha512, 103)]
    {
        let secret = OtpSecret::generate_for(algorithm).unwrap();
        assert_eq!(secret.expose_base32().len(), characters);
    }
    let (one, other) = (OtpSecret::generate().unwrap(), OtpSecret::generate().unwrap());
    assert!(!one.expose_base32().matches(other.expose_base32().expose_secret()));
}

#[test]
fn sealed_secrets_open_for_their_user_alone() {
    let ring = KeyRing::generate().unwrap();
    let sealer = Sealer::new(&ring);
    let secret = OtpSecret::generate().unwrap();
    let sealed = secret.seal(&sealer, USER).unwrap();
    let opened = OtpSecret::open(&sealer, USER, &sealed).unwrap();
    assert!(opened.expose_base32().matches(secret.expose_base32().expose_secret()));
    let rejected = |sealer: &Sealer, user: &str, sealed: &[u8]| {
        OtpSecret::open(sealer, user, sealed).unwrap_err().kind() == SealErrorKind::Rejected
    };
    assert!(rejected(&sealer, "18", &sealed) && rejected(&sealer, "", &sealed));
    assert!(rejected(&sealer, USER, &[]) && rejected(&sealer, USER, &sealed[1..]));
    assert!(rejected(&Sealer::new(KeyRing::generate().unwrap()), USER, &sealed));

    assert_eq!(OtpSecret::reseal(&sealer, USER, &sealed).unwrap(), None);
    ring.promote(ring.add_generated().unwrap()).unwrap();
    let anew = OtpSecret::reseal(&sealer, USER, &sealed).unwrap().unwrap();
    assert!(OtpSecret::open(&sealer, USER, &anew).is_ok() && rejected(&sealer, "18", &anew));
}

#[test]
fn a_row_of_somebody_else_is_corrupt_and_lets_nobody_in() {
    let scene = Scene::new();
    let code = scene.code(0);
    for (user, sealed) in [("18", scene.sealed.as_slice()), (USER, &[]), (USER, &scene.sealed[..50])] {
        let answer = scene.verifier.verify(user, ADDR, sealed, &code);
        assert_eq!(kind(answer), OtpErrorKind::Corrupt);
        assert_eq!(kind(scene.verifier.verify_hotp(user, ADDR, sealed, &code)), OtpErrorKind::Corrupt);
    }
    assert!(scene.verify(&code).is_ok());
}

#[test]
fn the_window_has_exact_edges() {
    for drift in 0..=2 {
        for periods in -4..=4 {
            let mut scene = Scene::new();
            scene.verifier = scene.verifier.drift(u8::try_from(drift).unwrap()).unwrap();
            for late in [0, 29] {
                scene.clock.advance(Duration::from_secs(late));
                let code = scene.code_after(periods * 30);
                let near = (-drift..=drift).any(|step| scene.code(step) == code);
                if near && late > 0 {
                    continue; // used already
                }
                assert_eq!(scene.verify(&code).is_ok(), near, "{periods} with a drift of {drift}");
            }
        }
    }
}

#[test]
fn a_code_is_used_once_and_ends_all_before_it() {
    let scene = Scene::new();
    let (before, now, after) = (scene.code(-1), scene.code(0), scene.code(1));
    let verified = scene.verify(&now).unwrap();
    assert_eq!((verified.user(), verified.method(), verified.codes_left()), (USER, Method::Totp, None));
    assert_eq!(kind(scene.verify(&now)), OtpErrorKind::Replayed);
    assert_eq!(kind(scene.verify(&before)), OtpErrorKind::Replayed);
    assert!(scene.verify(&after).is_ok()); // a clock that is fast by a period
    scene.clock.advance(Duration::from_secs(30));
    assert_eq!(kind(scene.verify(&now)), OtpErrorKind::Replayed);
    assert_eq!(kind(scene.verify(&after)), OtpErrorKind::Replayed);
    assert!(scene.verify(&scene.code(1)).is_ok());
}

#[test]
fn clocks_that_are_stepped_bring_no_code_back() {
    let scene = Scene::new();
    let (start, first) = (scene.clock.wall(), scene.code(0));
    assert!(scene.verify(&first).is_ok());
    let hour = Duration::from_secs(3600);
    scene.clock.set_wall(start - hour);
    let earlier = scene.code(0);
    assert_eq!(kind(scene.verify(&earlier)), OtpErrorKind::Replayed); // right, and older than what was used
    assert!(scene.verify(&first).unwrap_err().is_rejected());
    // Forward by an hour: codes of the true time are out of the window, so that nothing is used up ahead of time.
    scene.clock.set_wall(start + hour);
    assert_eq!(kind(scene.verify(&first)), OtpErrorKind::Wrong);
    scene.clock.set_wall(start + Duration::from_secs(30));
    assert_eq!(kind(scene.verify(&first)), OtpErrorKind::Replayed);
    assert!(scene.verify(&scene.code(0)).is_ok());
}

#[test]
fn times_without_codes_let_nobody_in() {
    let scene = Scene::new();
    let before = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
    let refused = Otp::default().at(&scene.secret, before).unwrap_err();
    assert_eq!(refused.kind(), OtpParameterErrorKind::Time);
    scene.clock.set_wall(before);
    assert_eq!(kind(scene.verify("000000")), OtpErrorKind::Unavailable);

    // The first periods of all, whose window begins before them, and one of a far future.
    for seconds in [0, 29, 30, 1 << 40] {
        let scene = Scene::new();
        scene.clock.set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let code = scene.code(0);
        assert!(scene.verify(&code).is_ok());
        assert_eq!(kind(scene.verify(&code)), OtpErrorKind::Replayed);
    }
}

#[test]
fn codes_are_typed_with_spaces() {
    let scene = Scene::new();
    for spaced in [" {}{}", "{}{} ", "{} {}", "\t{}  {}\r\n", "          {}                {}"] {
        scene.clock.advance(Duration::from_secs(30));
        let code = scene.code(0);
        let (front, back) = code.split_at(3);
        let typed = spaced.replacen("{}", front, 1).replacen("{}", back, 1);
        assert!(typed.len() <= 32 && scene.verify(&typed).is_ok(), "{typed:?}");
    }
}

#[test]
fn whatever_is_wrong_gets_one_answer() {
    let scene = Scene::new();
    let code = scene.code(0);
    assert!(scene.verify(&code).is_ok());
    let replayed = scene.verify(&code).unwrap_err();
    assert_eq!(replayed.kind(), OtpErrorKind::Replayed);
    let megabyte = code.repeat((1 << 20) / 6);
    let (five, seven) = (&code[1..], format!("0{code}"));
    let arabic: String =
        code.chars().map(|digit| char::from_u32(digit as u32 - 48 + 0x660).unwrap()).collect();
    let wide: String =
        code.chars().map(|digit| char::from_u32(digit as u32 - 48 + 0xff10).unwrap()).collect();
    let spaces = format!("{code}{}", " ".repeat(27));
    let signs = [format!("+{five}"), format!("-{five}"), format!("{five}\0"), format!("0x{}", &code[2..])];
    let no_break = format!("{}\u{a0}{}", &code[..3], &code[3..]);
    let mut hostile = vec!["", " ", "\0", "abcdef", "12345", "١٢٣٤٥٦", "½½½", "1e5000", "12.456", "12-456"];
    let texts: [&str; 7] = [&megabyte, five, &seven, &arabic, &wide, &spaces, &no_break];
    hostile.extend(texts);
    hostile.extend(signs.iter().map(String::as_str));
    for text in hostile {
        for answer in [scene.verify(text), scene.verify_hotp(text)] {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), OtpErrorKind::Malformed, "{text:.40}");
            assert!(error.is_rejected() && error.source().is_none());
            assert_eq!(error.to_string(), replayed.to_string());
        }
    }
    let wrong = (0..).map(|number| format!("{number:06}"));
    let wrong = wrong.into_iter().find(|text| (-1..=1).all(|step| scene.code(step) != *text)).unwrap();
    let error = scene.verify(&wrong).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (OtpErrorKind::Wrong, replayed.to_string()));
    for text in ["", "0000-0000-0000-0000", "uuuu-uuuu-uuuu-uuuu", &megabyte] {
        let error = scene.spend(text).unwrap_err();
        assert!(error.is_rejected() && error.to_string() == replayed.to_string());
    }
    assert_eq!(OtpErrorKind::Replayed.to_string(), "the code was used already"); // the log tells
}

#[test]
fn counters_go_on_from_the_code_that_was_used() {
    let scene = Scene::new();
    assert_eq!(scene.verify_hotp(&scene.counted(0)).unwrap().method(), Method::Hotp);
    assert_eq!(kind(scene.verify_hotp(&scene.counted(0))), OtpErrorKind::Wrong);
    assert!(scene.verify_hotp(&scene.counted(6)).is_ok()); // 5 were left out
    assert_eq!(kind(scene.verify_hotp(&scene.counted(5))), OtpErrorKind::Wrong);
    assert_eq!(kind(scene.verify_hotp(&scene.counted(13))), OtpErrorKind::Wrong); // 6 would be
    assert!(scene.verify_hotp(&scene.counted(12)).is_ok());
    assert_eq!(scene.verifier.store().step(USER).unwrap(), Some(12));

    let mut strict = Scene::new();
    strict.verifier = strict.verifier.look_ahead(0).unwrap();
    assert_eq!(kind(strict.verify_hotp(&strict.counted(1))), OtpErrorKind::Wrong);
    assert!(strict.verify_hotp(&strict.counted(0)).is_ok());
}

#[test]
fn counters_end_without_beginning_anew() {
    let scene = Scene::new();
    assert!(scene.verifier.store().advance(USER, u64::MAX - 3).unwrap());
    assert_eq!(kind(scene.verify_hotp(&scene.counted(0))), OtpErrorKind::Wrong);
    assert!(scene.verify_hotp(&scene.counted(u64::MAX - 2)).is_ok());
    assert!(scene.verify_hotp(&scene.counted(u64::MAX)).is_ok());
    for counter in [0, 1, u64::MAX - 1, u64::MAX] {
        assert_eq!(kind(scene.verify_hotp(&scene.counted(counter))), OtpErrorKind::Wrong);
    }
}

#[test]
fn of_two_steps_with_one_code_periods_take_the_later_and_counters_the_earlier() {
    let otp = Otp::default();
    let colliding = (0..u64::MAX)
        .map(|number| OtpSecret::from_base32(&base32_of(number)).unwrap())
        .find(|secret| otp.hotp(secret, 1).expose() == otp.hotp(secret, 2).expose())
        .unwrap();
    let (clock, sealer) = (ManualClock::new(), Sealer::new(KeyRing::generate().unwrap()));
    let sealed = colliding.seal(&sealer, USER).unwrap();
    let verifier = OtpVerifier::new(sealer, MemoryCodeStore::new(1), patient()).clock(clock.clone());
    let code = otp.hotp(&colliding, 1);
    let at = |seconds| clock.set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));

    at(30);
    assert!(verifier.verify(USER, ADDR, &sealed, code.expose()).is_ok());
    at(60); // were the earlier taken, the code would be good once more
    assert_eq!(kind(verifier.verify(USER, ADDR, &sealed, code.expose())), OtpErrorKind::Replayed);

    verifier.store().remove(USER).unwrap();
    assert!(verifier.verify_hotp(USER, ADDR, &sealed, code.expose()).is_ok());
    assert_eq!(verifier.store().step(USER).unwrap(), Some(1)); // were the later taken, the token would lag behind
}

/// `number` as sixteen characters of base32.
fn base32_of(number: u64) -> String {
    let digit = |place: u32| usize::try_from(number >> (5 * place) & 31).unwrap();
    (0..12)
        .map(|place| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit(place)]))
        .chain("AAAA".chars())
        .collect()
}

#[test]
fn of_two_threads_with_one_code_exactly_one_is_let_in() {
    let (scene, counted) = (Scene::new(), Scene::new());
    let ready = Barrier::new(2);
    for round in 0..500 {
        scene.clock.advance(Duration::from_secs(30));
        let (totp, hotp) = (scene.code(0), counted.counted(round));
        let codes = scene.recovery_codes();
        let recovery = codes.expose().next().unwrap();
        let accepted = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    ready.wait();
                    let answers = [scene.verify(&totp), counted.verify_hotp(&hotp), scene.spend(recovery)];
                    for (kind, _) in answers.iter().enumerate().filter(|(_, answer)| answer.is_ok()) {
                        accepted.fetch_add(1 << (8 * kind), Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(accepted.load(Ordering::SeqCst), 0x01_0101, "round {round}");
    }
}

/// A store that answers nothing, or everything but how many codes are left.
#[derive(Debug)]
struct Down {
    spends: bool,
}

fn down() -> CodeStoreError {
    CodeStoreError::new(Some(Arc::new(std::io::Error::other("connection refused"))))
}

impl CodeStore for Down {
    fn step(&self, _: &str) -> Result<Option<u64>, CodeStoreError> {
        Err(down())
    }

    fn advance(&self, _: &str, _: u64) -> Result<bool, CodeStoreError> {
        Err(down())
    }

    fn replace_codes(&self, _: &str, _: &[TokenDigest]) -> Result<(), CodeStoreError> {
        Err(down())
    }

    fn spend_code(&self, _: &str, _: &TokenDigest) -> Result<bool, CodeStoreError> {
        if self.spends { Ok(true) } else { Err(down()) }
    }

    fn codes_left(&self, _: &str) -> Result<usize, CodeStoreError> {
        Err(down())
    }

    fn remove(&self, _: &str) -> Result<(), CodeStoreError> {
        Err(down())
    }
}

#[test]
fn a_store_that_fails_lets_nobody_in() {
    let scene = Scene::with(Down { spends: false }, patient());
    let answers = [
        scene.verify(&scene.code(0)),
        scene.verify_hotp(&scene.counted(0)),
        scene.spend("0000-0000-0000-0000"),
    ];
    for answer in answers {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), OtpErrorKind::Unavailable);
        assert!(!error.is_rejected());
        assert_eq!(error.to_string(), "codes cannot be checked at the moment");
        let source = error.source().unwrap();
        assert_eq!(source.source().unwrap().to_string(), "connection refused");
    }
}

#[test]
fn a_spent_recovery_code_lets_in_even_if_none_can_be_counted() {
    let scene = Scene::with(Down { spends: true }, patient());
    assert_eq!(scene.spend("0000-0000-0000-0000").unwrap().codes_left(), None);
}

/// Three guesses at once, then one an hour.
fn strict() -> LoginGuard {
    let hourly = Quota::per_hour(1).burst(3);
    LoginGuard::builder()
        .account(hourly)
        .clock(ManualClock::new())
        .max_accounts(64)
        .max_addresses(64)
        .build()
        .unwrap()
}

#[test]
fn guesses_are_limited_before_the_code_is_looked_at() {
    let scene = Scene::with(MemoryCodeStore::new(10), strict());
    let codes = scene.recovery_codes();
    let recovery = codes.expose().next().unwrap();
    assert!(scene.verify("not a code").unwrap_err().is_rejected());
    assert!(scene.verify_hotp("").unwrap_err().is_rejected());
    assert!(scene.spend("not a code either").unwrap_err().is_rejected());
    for _ in 0..3 {
        for answer in
            [scene.verify(&scene.code(0)), scene.verify_hotp(&scene.counted(0)), scene.spend(recovery)]
        {
            let error = answer.unwrap_err();
            let OtpErrorKind::Denied(denied) = error.kind() else { panic!("{error:?}") };
            assert_eq!(denied.retry_after_seconds(), 3600); // a denial charges nothing
            assert_eq!(error.to_string(), "too many attempts, try again in 3600 s");
            assert!(!error.is_rejected());
        }
    }
    assert_eq!(scene.verifier.store().step(USER).unwrap(), None);
    assert_eq!(scene.verifier.store().codes_left(USER).unwrap(), 10);
}

#[test]
fn those_who_are_let_in_are_not_charged() {
    let scene = Scene::with(MemoryCodeStore::new(10), strict());
    let codes = scene.recovery_codes();
    for code in codes.expose() {
        scene.clock.advance(Duration::from_secs(30));
        assert!(scene.verify(&scene.code(0)).is_ok());
        assert!(scene.spend(code).is_ok());
    }
    let used = scene.code(0);
    for _ in 0..3 {
        assert_eq!(kind(scene.verify(&used)), OtpErrorKind::Replayed); // who replays is charged
    }
    assert!(matches!(kind(scene.verify(&used)), OtpErrorKind::Denied(_)));
}

#[test]
fn guesses_that_could_not_be_judged_stay_charged() {
    let scene = Scene::with(Down { spends: false }, strict());
    for _ in 0..3 {
        assert_eq!(kind(scene.verify(&scene.code(0))), OtpErrorKind::Unavailable);
    }
    assert!(matches!(kind(scene.verify(&scene.code(0))), OtpErrorKind::Denied(_)));
}

#[test]
fn a_second_factor_is_replaced_by_whoever_shows_it() {
    let scene = Scene::new();
    let confirm = |code: &str| scene.verifier.confirm_enrolment(USER, ADDR, &scene.sealed, code);
    let verified = confirm(&scene.code(0)).unwrap();
    assert_eq!(kind(scene.verify(&scene.code(0))), OtpErrorKind::Replayed, "the first code is used");
    let codes = scene.verifier.replace_recovery_codes(&verified).unwrap();
    assert_eq!(codes.expose().count(), 10);

    scene.clock.advance(Duration::from_secs(300));
    assert_eq!(kind(confirm(&scene.code(0))), OtpErrorKind::Enrolled, "the password alone is not enough");
    let proof = scene.spend(codes.expose().next().unwrap()).unwrap();
    let replaced = scene.verifier.confirm_replacement(&proof, ADDR, &scene.sealed, &scene.code(0)).unwrap();
    assert_eq!(replaced.user(), USER);

    // Given up, and set up once more.
    scene.verifier.store().remove(USER).unwrap();
    let _codes = scene.recovery_codes();
    assert_eq!(kind(confirm(&scene.code(0))), OtpErrorKind::Enrolled, "recovery codes are a second factor");
    scene.verifier.store().remove(USER).unwrap();
    assert!(confirm(&scene.code(0)).is_ok());
}

#[test]
fn each_recovery_code_lets_its_user_in_once() {
    let scene = Scene::new();
    let codes = scene.recovery_codes();
    let texts: Vec<&str> = codes.expose().collect();
    assert_eq!(texts.len(), 10);
    for (index, code) in texts.iter().enumerate() {
        let shape = code.split('-').map(str::len).collect::<Vec<_>>();
        assert_eq!(shape, [4, 4, 4, 4]);
        assert!(!code.contains(['i', 'l', 'o', 'u']) && *code == code.to_lowercase());
        assert!(texts[..index].iter().all(|earlier| earlier != code));
        // Nobody else's, although it is typed right.
        assert_eq!(kind(scene.verifier.spend_recovery_code("18", ADDR, code)), OtpErrorKind::Wrong);
        let typed = code.to_uppercase().replace('-', " ").replace('0', "O").replace('1', "l");
        let verified = scene.spend(&typed).unwrap();
        assert_eq!((verified.user(), verified.method()), (USER, Method::Recovery));
        assert_eq!(verified.codes_left(), Some(9 - index));
        assert_eq!(kind(scene.spend(code)), OtpErrorKind::Wrong);
    }
    let anew = scene.recovery_codes();
    let last = scene.recovery_codes();
    assert!(anew.expose().all(|code| kind(scene.spend(code)) == OtpErrorKind::Wrong));
    assert!(last.expose().all(|code| scene.spend(code).is_ok()));
}

#[test]
fn digests_of_one_user_are_of_no_use_to_another() {
    let store = MemoryCodeStore::new(2);
    let scene = Scene::with(store.clone(), patient());
    let codes = RecoveryCodes::generate().unwrap();
    store.replace_codes(USER, &codes.digests("18")).unwrap(); // rows that somebody has moved
    assert!(codes.expose().all(|code| scene.spend(code).unwrap_err().is_rejected()));
    assert_eq!(store.codes_left(USER).unwrap(), 10);
}

#[test]
fn a_full_memory_refuses_rather_than_forgets() {
    let store = MemoryCodeStore::new(2);
    assert!(store.advance("a", 7).unwrap());
    store.replace_codes("b", &[TokenDigest::of("b")]).unwrap();
    assert!(store.advance("c", 1).is_err() && store.replace_codes("c", &[]).is_err());
    assert!(store.advance("b", 1).unwrap() && !store.advance("a", 7).unwrap());
    assert!(!store.spend_code("c", &TokenDigest::of("b")).unwrap());
    store.remove("a").unwrap();
    let shared = store.clone();
    assert!(shared.advance("c", 1).unwrap() && !store.advance("c", 1).unwrap());
}

#[test]
fn names_that_would_not_come_out_as_they_went_in_are_refused() {
    let (secret, otp) = (OtpSecret::generate().unwrap(), Otp::default());
    let (long, longest) = ("x".repeat(129), "x".repeat(128));
    for name in ["", " ", " a", "a ", "a:b", ":", "a\nb", "\0", "a\u{85}", "\u{3000}a", &long] {
        let refused = |issuer, account| otp.provisioning_uri(&secret, issuer, account).unwrap_err();
        assert_eq!(refused(name, "ann").kind(), OtpParameterErrorKind::Issuer, "{name:?}");
        assert_eq!(refused("Acme", name).kind(), OtpParameterErrorKind::Account, "{name:?}");
        assert!(name.len() < 3 || !refused(name, "ann").to_string().contains(name));
    }
    assert!(otp.provisioning_uri(&secret, &longest, &longest).is_ok());
}

#[test]
fn nothing_shows_a_secret() {
    let scene = Scene::new();
    let code = Otp::default().hotp(&scene.secret, 0);
    let uri = Otp::default().provisioning_uri(&scene.secret, "Acme", "ann").unwrap();
    let codes = RecoveryCodes::generate().unwrap();
    let base32 = scene.secret.expose_base32();
    let shown = format!("{:?} {base32:?} {code:?} {uri:?} {codes:?}", scene.secret);
    assert_eq!(shown, "OtpSecret SecretString OtpCode ProvisioningUri RecoveryCodes");
    assert!(!format!("{:?}", scene.verifier).contains(base32.expose_secret()));
}

#[cfg(feature = "qr")]
mod qr {
    use super::*;

    /// The black modules of a picture, and its side, as far as our own SVG goes.
    fn modules(svg: &str) -> (usize, Vec<Vec<bool>>) {
        let rest = svg.strip_prefix("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ").unwrap();
        let (view, rest) = rest.split_once("\" shape-rendering=\"crispEdges\">").unwrap();
        let side: usize = view.split_once(' ').unwrap().0.parse().unwrap();
        assert_eq!(view, format!("{side} {side}"));
        let rest =
            rest.strip_prefix("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"").unwrap();
        let path = rest.strip_suffix("z\"/></svg>").unwrap();
        let mut black = vec![vec![false; side]; side];
        for run in path.split('z') {
            let (start, end) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let (length, back) = end.split_once("v1h-").unwrap();
            assert_eq!(length, back);
            let (x, y, length): (usize, usize, usize) =
                (x.parse().unwrap(), y.parse().unwrap(), length.parse().unwrap());
            black[y][x..x + length].fill(true);
        }
        (side, black)
    }

    fn scanned(svg: &str) -> String {
        const SCALE: usize = 4;
        let (side, black) = modules(svg);
        let quiet = |at: usize| at < 4 || at >= side - 4;
        for (y, row) in black.iter().enumerate() {
            assert!((0..side).all(|x| !row[x] || !quiet(x) && !quiet(y)), "the margin is white");
        }
        let shade = |x: usize, y: usize| if black[y / SCALE][x / SCALE] { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, shade);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn what_is_drawn_is_scanned() {
        let longest = OtpSecret::from_base32(&"A".repeat(205)).unwrap();
        let (name, foreign) = ("x".repeat(128), "漢".repeat(42));
        for (secret, issuer, account) in [
            (OtpSecret::generate().unwrap(), "Acme", "ann@example.com"),
            (OtpSecret::from_base32("JBSWY3DPEHPK3PXP").unwrap(), "A", "a"),
            (
                OtpSecret::generate_for(Algorithm::Sha512).unwrap(),
                "Größe & Söhne",
                "\"ann\" <ann@example.com>",
            ),
            (longest, &name, &foreign),
            (OtpSecret::from_base32(&"7".repeat(200)).unwrap(), &foreign, &foreign),
        ] {
            let uri = Otp::default().provisioning_uri(&secret, issuer, account).unwrap();
            let svg = uri.to_qr_svg();
            assert_eq!(format!("{svg:?}"), "SecretString");
            let svg = svg.expose_secret();
            assert_eq!(scanned(svg), uri.expose());
            assert!(!svg.contains(secret.expose_base32().expose_secret()));
            assert!(
                !["script", "style", "<text", "otpauth", "data:", "href"]
                    .iter()
                    .any(|part| svg.contains(part))
            );
        }
    }
}

/// A provisioning URI taken apart by hand: issuer, account, and what follows.
fn taken_apart(uri: &str) -> (String, String, Vec<(String, String)>) {
    let decoded = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            if first == b'%' {
                let digits = std::str::from_utf8(&rest[..2]).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &rest[2..];
            } else {
                assert!(first.is_ascii_alphanumeric() || b"-._~".contains(&first), "{first} stands as it is");
                bytes.push(first);
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    let (label, query) = uri.strip_prefix("otpauth://totp/").unwrap().split_once('?').unwrap();
    let (issuer, account) = label.split_once(':').unwrap();
    let fields = query.split('&').map(|field| {
        let (name, value) = field.split_once('=').unwrap();
        (name.to_owned(), decoded(value))
    });
    (decoded(issuer), decoded(account), fields.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_code_is_accepted_within_its_window_and_nowhere_else(
        start in 0_u64..1 << 34,
        away in -200_i64..200,
        period in 15_u64..=120,
        digits in 6_u8..=8,
        drift in 0_u8..=2,
    ) {
        let mut scene = Scene::new();
        let otp = Otp::default().digits(digits).unwrap().period(Duration::from_secs(period)).unwrap();
        scene.verifier = scene.verifier.otp(otp).drift(drift).unwrap();
        let start = start + 200;
        let (now, then) = (start, start.checked_add_signed(away).unwrap());
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        scene.clock.set_wall(at(now));
        let code = otp.at(&scene.secret, at(then)).unwrap();
        let steps = (now / period).saturating_sub(drift.into())..=now / period + u64::from(drift);
        // By its steps, or by a chance of some in a million, which is then the same code.
        let expected = steps.clone().any(|step| otp.hotp(&scene.secret, step).expose() == code.expose());
        prop_assert!(expected || !steps.contains(&(then / period)));
        prop_assert_eq!(scene.verify(code.expose()).is_ok(), expected);
        prop_assert!(scene.verify(code.expose()).is_err());
    }

    #[test]
    fn secrets_survive_being_written_down(bytes in proptest::collection::vec(any::<u8>(), 10..=128), every in 1_usize..9) {
        let text = base32(&bytes);
        let secret = OtpSecret::from_base32(&text).unwrap();
        let shown = secret.expose_base32();
        prop_assert_eq!(shown.expose_secret(), text.as_str());
        let grouped: Vec<String> =
            text.to_lowercase().as_bytes().chunks(every.max(2)).map(|group| String::from_utf8_lossy(group).into()).collect();
        let read = OtpSecret::from_base32(&grouped.join("-")).unwrap();
        prop_assert!(read.expose_base32().matches(&text));
    }

    #[test]
    fn a_provisioning_uri_says_what_was_put_in(issuer in "\\PC{1,30}", account in "\\PC{1,30}", digits in 6_u8..=8) {
        let secret = OtpSecret::generate_for(Algorithm::Sha256).unwrap();
        let otp = Otp::default().algorithm(Algorithm::Sha256).digits(digits).unwrap();
        let usable = |name: &str| name.trim() == name && !name.contains(':') && !name.is_empty() && name.len() <= 128;
        let uri = otp.provisioning_uri(&secret, &issuer, &account);
        prop_assert_eq!(uri.is_ok(), usable(&issuer) && usable(&account));
        if let Ok(uri) = uri {
            let (named, for_whom, fields) = taken_apart(uri.expose());
            prop_assert_eq!((&named, &for_whom), (&issuer, &account));
            let base32 = secret.expose_base32();
            let (digits, secret) = (digits.to_string(), base32.expose_secret());
            let expected =
                [("secret", secret), ("issuer", &issuer), ("algorithm", "SHA256"), ("digits", &digits), ("period", "30")];
            let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            prop_assert_eq!(fields, expected);
        }
    }

    #[test]
    fn arbitrary_text_is_no_code(text: String) {
        let scene = Scene::new();
        for error in [scene.verify(&text), scene.verify_hotp(&text), scene.spend(&text)].map(Result::unwrap_err) {
            prop_assert!(error.is_rejected());
            let shown = format!("{error} {error:?}");
            prop_assert!(text.len() < 20 || !shown.contains(&text));
        }
    }
}

/// Base32 as RFC 4648 §6 describes it, bit by bit.
fn base32(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(5)
        .map(|five| {
            let value = (0..5).fold(0, |value, at| value << 1 | five.get(at).copied().unwrap_or_default());
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(value)])
        })
        .collect()
}
