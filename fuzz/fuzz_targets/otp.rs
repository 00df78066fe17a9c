//! Secrets, codes and recovery codes are read as slow models read them; a URI says what was put in.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade::clock::{Clock, ManualClock};
use palisade::keys::KeyRing;
use palisade::rate_limit::{LoginGuard, Quota};
use palisade::seal::Sealer;
use palisade::secret::ExposeSecret;
use palisade::session::otp::{CodeStore, MemoryCodeStore, Otp, OtpSecret, OtpVerifier, RecoveryCodes};

const USER: &str = "17";
const ADDR: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Scene {
    verifier: OtpVerifier<MemoryCodeStore>,
    sealed: Vec<u8>,
    /// Of the periods around now.
    codes: Vec<String>,
}

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let plenty = Quota::per_second(1_000_000);
    let builder = LoginGuard::builder().account(plenty).account_slow(plenty).address(plenty);
    let guard = builder.network(plenty).all(plenty).build().expect("quotas within range");
    let sealer = Sealer::new(KeyRing::generate().expect("the random source works"));
    let secret = OtpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").expect("a secret");
    let sealed = secret.seal(&sealer, USER).expect("the random source works");
    let clock = ManualClock::new();
    let now = clock.wall().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs() / 30;
    let codes = (now - 3..=now + 3).map(|step| Otp::default().hotp(&secret, step).expose().to_owned());
    let codes = codes.collect();
    let verifier = OtpVerifier::new(sealer, MemoryCodeStore::new(1), guard).clock(clock);
    Scene { verifier, sealed, codes }
});

fuzz_target!(|input: (&str, &str, &str)| {
    let (text, issuer, account) = input;
    secret(text);
    code(text);
    recovery_code(text);
    uri(issuer, account);
});

fn secret(text: &str) {
    let read = OtpSecret::from_base32(text).ok();
    let read = read.map(|secret| secret.expose_base32());
    assert_eq!(read.as_ref().map(ExposeSecret::expose_secret), modelled_secret(text).as_deref());
}

/// The secret's canonical text, as RFC 4648 §6 has it: five bits a character, unused ones zero.
fn modelled_secret(text: &str) -> Option<String> {
    let signs = text.replace([' ', '-'], "").to_ascii_uppercase();
    let digits = signs.trim_end_matches('=');
    let mut bits = String::new();
    for digit in digits.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(digit)?;
        bits.push_str(&format!("{value:05b}"));
    }
    let (whole, unused) = bits.split_at(bits.len() / 8 * 8);
    let padding = ["", "======", "====", "===", "="][whole.len() / 8 % 5];
    let padded = digits.len() == signs.len() || signs[digits.len()..] == *padding;
    let fits = unused.len() < 5 && !unused.contains('1') && (80..=1024).contains(&whole.len());
    (text.len() <= 512 && padded && fits).then(|| digits.to_owned())
}

/// In `text`, the letters A to G stand for the codes of seven periods around now.
fn code(text: &str) {
    let scene = &*SCENE;
    let mut text = text.to_owned();
    for (letter, code) in ('A'..).zip(&scene.codes) {
        text = text.replace(letter, code);
    }
    let digits: String = text.chars().filter(|typed| !typed.is_ascii_whitespace()).collect();
    let expected = text.len() <= 32 && scene.codes[2..5].contains(&digits);
    let verify = || scene.verifier.verify(USER, ADDR, &scene.sealed, &text);
    assert_eq!(verify().is_ok(), expected);
    assert!(verify().is_err_and(|error| error.is_rejected()));
    scene.verifier.store().remove(USER).expect("a store in memory");
}

/// In `text`, the letter X stands for a recovery code.
fn recovery_code(text: &str) {
    let scene = &*SCENE;
    let codes = RecoveryCodes::generate().expect("the random source works");
    scene.verifier.store().replace_codes(USER, &codes.digests(USER)).expect("a store in memory");
    let code = codes.expose().next().expect("ten codes");
    let text = text.replace('X', code);
    let mut typed = text.to_ascii_lowercase().replace('-', "").replace('o', "0").replace(['i', 'l'], "1");
    typed.retain(|typed| !typed.is_ascii_whitespace());
    let expected = text.len() <= 64 && typed == code.replace('-', "");
    let spend = || scene.verifier.spend_recovery_code(USER, ADDR, &text);
    assert_eq!(spend().is_ok(), expected);
    assert!(spend().is_err_and(|error| error.is_rejected()));
    scene.verifier.store().remove(USER).expect("a store in memory");
}

fn uri(issuer: &str, account: &str) {
    let secret = OtpSecret::from_base32("JBSWY3DPEHPK3PXP").expect("a secret");
    let usable = |name: &str| {
        let odd = name.chars().any(|character| character == ':' || character.is_control());
        !odd && name.trim() == name && (1..=128).contains(&name.len())
    };
    let made = Otp::default().provisioning_uri(&secret, issuer, account);
    assert_eq!(made.is_ok(), usable(issuer) && usable(account));
    let Ok(made) = made else { return };
    let parsed = url::Url::parse(made.expose()).expect("a URI");
    assert_eq!((parsed.scheme(), parsed.host_str()), ("otpauth", Some("totp")));
    let label = decoded(parsed.path().strip_prefix('/').expect("a path"));
    assert_eq!(label, format!("{issuer}:{account}"));
    let fields: Vec<(String, String)> = parsed.query_pairs().into_owned().collect();
    let expected = [
        ("secret", "JBSWY3DPEHPK3PXP"),
        ("issuer", issuer),
        ("algorithm", "SHA1"),
        ("digits", "6"),
        ("period", "30"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// Without its percent-encoding, by the reader of queries: there is no `+` in what is read.
fn decoded(text: &str) -> String {
    assert!(!text.contains(['+', '&', '=']));
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.next().map_or_else(String::new, |(name, _)| name.into_owned())
}
