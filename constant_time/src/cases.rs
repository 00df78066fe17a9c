//! Paths of secrets. Each function marks a secret, does what an application does with it, and gives back what comes of it.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::time::Duration;

use palisade::compare;
use palisade::config::{Environment, KeyBytes};
use palisade::keys::{KeyId, KeyRing};
use palisade::password::Hasher;
use palisade::rate_limit::LoginGuard;
use palisade::seal::Sealer;
use palisade::secret::{ExposeSecret, SecretBytes, SecretString};
use palisade::session::otp::{CodeStore, MemoryCodeStore, Otp, OtpSecret, OtpVerifier, RecoveryCodes};
use palisade::token::{Signer, SplitToken, Token, TokenDigest, TokenFormat};
use palisade::web::{CsrfTokens, SessionCookie};

use crate::memcheck::{hide, hide_randomness};

macro_rules! cases {
    ($($(#[doc = $what:literal])+ fn $name:ident() $work:block)+) => {
        /// Names and functions of all cases, and what is secret in each.
        pub const ALL: &[(&str, &str, fn() -> Vec<u8>)] = &[$((stringify!($name), concat!($($what),+), $name)),+];
        $($(#[doc = $what])+ #[inline(never)] fn $name() -> Vec<u8> $work)+
    };
}

cases! {
    /// both sides, of 16 to 1,000 bytes
    fn compare_equal() {
        let mut answers = Vec::new();
        for len in [16, 32, 33, 64, 100, 1000] {
            let (one, other) = (black_box(vec![7_u8; len]), black_box(vec![7_u8; len]));
            hide(&one);
            hide(&other);
            answers.push(u8::from(compare::equal(&one, &other)));
        }
        answers
    }

    /// the text that is presented
    fn secret_string_matches() {
        let (secret, presented) = (SecretString::from("correct horse battery"), text("correct horse battery"));
        hide(secret.expose_secret().as_bytes());
        hide(presented.as_bytes());
        vec![u8::from(secret.matches(&presented))]
    }

    /// a token, while its digest is made and compared
    fn token_digest_matches() {
        let token = Token::generate().expect("randomness");
        let (stored, presented) = (token.digest(), text(token.expose()));
        hide(presented.as_bytes());
        vec![u8::from(stored.matches(&presented))]
    }

    /// a stored digest, read from hexadecimal and compared
    fn token_digest_from_hex() {
        let token = Token::generate().expect("randomness");
        let stored = text(&token.digest().to_hex());
        hide(stored.as_bytes());
        let stored = TokenDigest::from_hex(&stored).expect("a digest");
        vec![u8::from(stored.matches(token.expose()))]
    }

    /// a token, and its digest written in hexadecimal
    fn token_digest_to_hex() {
        let token = text(Token::generate().expect("randomness").expose());
        hide(token.as_bytes());
        TokenDigest::of(&token).to_hex().into_bytes()
    }

    /// the half of a split token that proves
    fn split_token_matches() {
        let token = SplitToken::generate().expect("randomness");
        let (stored, presented) = (token.digest(), text(token.expose()));
        hide(&presented.as_bytes()[token.selector().len() + 1..]);
        let presented = SplitToken::parse(&presented).expect("a token");
        vec![u8::from(presented.matches(&stored))]
    }

    /// all of a prefixed token behind its prefix, while its checksum is checked
    fn token_format_check() {
        let format = TokenFormat::new("acme_live").expect("a prefix");
        let token = text(format.generate().expect("randomness").expose());
        hide(&token.as_bytes()[format.prefix().len()..]);
        let well_formed = format.check(&token).expect("a token");
        well_formed.digest().to_hex().into_bytes()
    }

    /// the key that signs
    fn signer_sign() {
        Signer::new(secret_ring()).sign("purpose", b"payload", Duration::from_secs(60)).expect("a token").into_bytes()
    }

    /// the key that verifies
    fn signer_verify() {
        let token = Signer::new(ring()).sign("purpose", b"payload", Duration::from_secs(60)).expect("a token");
        Signer::new(secret_ring()).verify("purpose", &token).expect("our own token")
    }

    /// the key that verifies, and the state that a token is bound to
    fn signer_verify_bound() {
        let minute = Duration::from_secs(60);
        let token = Signer::new(ring()).sign_bound("purpose", b"payload", minute, b"a row of a table").expect("a token");
        let state = text("a row of a table");
        hide(state.as_bytes());
        Signer::new(secret_ring()).verify_bound("purpose", &token, |_| Some(state)).expect("our own token")
    }

    /// the key of a session's forms, and the session, while a token is made
    fn csrf_issue() {
        let session = text("a session of somebody's");
        hide(session.as_bytes());
        CsrfTokens::new(secret_ring()).issue(session.as_bytes()).expect("randomness").into_bytes()
    }

    /// the key of a session's forms, and the session, while one is checked
    fn csrf_check() {
        let session = text("a session of somebody's");
        let token = CsrfTokens::new(ring()).issue(session.as_bytes()).expect("randomness");
        hide(session.as_bytes());
        vec![u8::from(CsrfTokens::new(secret_ring()).check(session.as_bytes(), &token).is_ok())]
    }

    /// the value of a cookie
    fn cookie_read() {
        let sent = text("other=1; __Host-session=mT6rTO0Yj0-QJ1W8vZtqHw; last=2");
        hide(&sent.as_bytes()[24..46]);
        let cookie = SessionCookie::new("session").expect("a name");
        cookie.read(sent.as_bytes()).expect("it is there").as_bytes().to_vec()
    }

    /// the key of a signed cookie
    fn signed_cookie() {
        let cookie = SessionCookie::new("session").expect("a name");
        let set = cookie.clone().signed(ring()).set("value").expect("a value");
        let sent = text(set.split(';').next().unwrap_or_default());
        let read = cookie.signed(secret_ring());
        vec![u8::from(read.read(sent.as_bytes()).is_some())]
    }

    /// the key of a sealed cookie, and with it the value
    fn sealed_cookie() {
        let cookie = SessionCookie::new("session").expect("a name");
        let set = cookie.clone().sealed(ring()).set("a value of it").expect("a value");
        let sent = text(set.split(';').next().unwrap_or_default());
        let opened = cookie.sealed(secret_ring()).read(sent.as_bytes()).expect("our own cookie");
        opened.expose_secret().as_bytes().to_vec()
    }

    /// the key and the plaintext
    fn seal() {
        let plain = text("what nobody else may read");
        hide(plain.as_bytes());
        Sealer::new(secret_ring()).seal(plain.as_bytes(), "context").expect("randomness")
    }

    /// the key, and with it the plaintext
    fn open() {
        let sealed = Sealer::new(ring()).seal(b"what nobody else may read", "context").expect("randomness");
        let opened = Sealer::new(secret_ring()).open(&sealed, "context").expect("our own");
        opened.expose_secret().to_vec()
    }

    /// the key and the plaintext of a stream
    fn seal_stream() {
        let plain = text(&"what nobody else may read".repeat(4000));
        hide(plain.as_bytes());
        let mut writer = Sealer::new(secret_ring()).seal_writer(Vec::new(), "context").expect("randomness");
        writer.write_all(plain.as_bytes()).expect("memory");
        writer.finish().expect("memory")
    }

    /// the key of a stream, and with it the plaintext
    fn open_stream() {
        let mut writer = Sealer::new(ring()).seal_writer(Vec::new(), "context").expect("randomness");
        writer.write_all("what nobody else may read".repeat(4000).as_bytes()).expect("memory");
        let sealed = writer.finish().expect("memory");
        let mut reader = Sealer::new(secret_ring()).open_reader(sealed.as_slice(), "context").expect("our own");
        let mut plain = Vec::new();
        reader.read_to_end(&mut plain).expect("our own");
        plain
    }

    /// a password whose row is of PBKDF2
    fn password_of_pbkdf2() {
        let row = "pbkdf2_sha256$1000$seasalt.seasalt$FjhGMaV7pRVYOxisPXB2fIQolDGdXrl5I2YwngbbNUI=";
        let hasher = Hasher::builder().import_all().build().expect("a policy");
        let password = text("correct horse battery staple");
        hide(password.as_bytes());
        vec![u8::from(hasher.verify(&password, row).is_ok())]
    }

    /// the secret of one-time codes, read from base32
    fn otp_secret() {
        let secret = text("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
        hide(secret.as_bytes());
        let secret = OtpSecret::from_base32(&secret).expect("a secret");
        secret.expose_base32().expose_secret().as_bytes().to_vec()
    }

    /// the same, and a code of it
    fn otp_code() {
        let sealed = OtpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").expect("a secret");
        let sealed = sealed.seal(&Sealer::new(ring()), "ann").expect("randomness");
        let secret = OtpSecret::open(&Sealer::new(secret_ring()), "ann", &sealed).expect("our own");
        Otp::default().hotp(&secret, 7).expose().as_bytes().to_vec()
    }

    /// the same, and a code that is presented
    fn otp_verify() {
        let (sealer, codes) = (Sealer::new(ring()), MemoryCodeStore::new(1));
        let secret = OtpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").expect("a secret");
        let sealed = secret.seal(&sealer, "ann").expect("randomness");
        let presented = text(Otp::default().hotp(&secret, 3).expose());
        hide(presented.as_bytes());
        let guard = LoginGuard::new().expect("limits");
        let verifier = OtpVerifier::new(Sealer::new(secret_ring()), codes, guard);
        let verified = verifier.verify_hotp("ann", Ipv4Addr::LOCALHOST.into(), &sealed, &presented);
        vec![u8::from(verified.is_ok())]
    }

    /// a recovery code that is presented
    fn recovery_code() {
        let codes = RecoveryCodes::generate().expect("randomness");
        let store = MemoryCodeStore::new(1);
        store.replace_codes("ann", &codes.digests("ann")).expect("room");
        let presented = text(codes.expose().nth(4).expect("ten codes"));
        hide(presented.as_bytes());
        let verifier = OtpVerifier::new(Sealer::new(ring()), store, LoginGuard::new().expect("limits"));
        vec![u8::from(verifier.spend_recovery_code("ann", Ipv4Addr::LOCALHOST.into(), &presented).is_ok())]
    }

    /// random bytes, while a token is made of them
    fn token_generate() {
        let token = hide_randomness(Token::generate).expect("randomness");
        token.expose().as_bytes().to_vec()
    }

    /// the same, of a split token
    fn split_token_generate() {
        let token = hide_randomness(SplitToken::generate).expect("randomness");
        [token.expose().as_bytes(), &token.digest().to_hex().into_bytes()].concat()
    }

    /// the same, of a prefixed token
    fn token_format_generate() {
        let token = hide_randomness(|| TokenFormat::new("acme_live").expect("a prefix").generate()).expect("randomness");
        token.expose().as_bytes().to_vec()
    }

    /// the same, of recovery codes
    fn recovery_codes_generate() {
        let codes = hide_randomness(RecoveryCodes::generate).expect("randomness");
        let digests: Vec<String> = codes.digests("ann").iter().map(TokenDigest::to_hex).collect();
        codes.expose().map(str::to_owned).chain(digests).collect::<String>().into_bytes()
    }

    /// the same, of a secret of one-time codes
    fn otp_secret_generate() {
        let secret = hide_randomness(OtpSecret::generate).expect("randomness");
        secret.expose_base32().expose_secret().as_bytes().to_vec()
    }

    /// a key, read from hexadecimal
    fn key_from_hex() {
        key("8f1f0a5b27c3d4e5968778695a4b3c2d1e0f9a8b7c6d5e4f30213243546576a7")
    }

    /// a key, read from base64
    fn key_from_base64() {
        key("jx8KWyfD1OWWh3hpWks8LR4Pmot8bV5PMCEyQ1Rldqc=")
    }
}

palisade::secrets! { struct Keys { key: "KEY" as KeyBytes<32> } }

fn key(written: &str) -> Vec<u8> {
    let written = text(written);
    hide(written.as_bytes());
    let keys = Keys::from_source(&Environment::from_vars([("KEY", &written)])).expect("a key");
    keys.key.expose_secret().to_vec()
}

/// What nobody knows at compile time.
fn text(text: &str) -> String {
    black_box(text.to_owned())
}

fn ring() -> KeyRing {
    KeyRing::from_key(id(), SecretBytes::from(vec![9_u8; 31].into_iter().chain([8]).collect::<Vec<_>>()))
        .expect("a ring")
}

/// The same ring, of a key that is secret.
fn secret_ring() -> KeyRing {
    let bytes = black_box(vec![9_u8; 31].into_iter().chain([8]).collect::<Vec<_>>());
    hide(&bytes);
    KeyRing::from_key(id(), SecretBytes::from(bytes)).expect("a ring")
}

fn id() -> KeyId {
    "0000002a".parse().expect("an id")
}

/// Code that leaks, and must be caught.
pub mod leaky {
    use super::{Duration, Signer, black_box, hide, ring, secret_ring, text};

    /// A name, what is wrong, and the function.
    type Leak = (&'static str, &'static str, fn() -> Vec<u8>);

    /// All of them.
    pub const ALL: &[Leak] = &[
        ("leaky_loop", "ends at the first difference", leaky_loop),
        ("leaky_equality", "`==` of slices", leaky_equality),
        ("leaky_table", "looks up a table at a secret", leaky_table),
        ("leaky_digits", "hexadecimal by `char::to_digit`", leaky_digits),
        (
            "leaky_signer_verify_bound",
            "`==` in what palisade calls, past what is right there",
            leaky_signer_verify_bound,
        ),
    ];

    #[inline(never)]
    fn leaky_loop() -> Vec<u8> {
        let (one, other) = (black_box(vec![7_u8; 32]), black_box(vec![7_u8; 32]));
        hide(&one);
        let mut equal = true;
        for (one, other) in one.iter().zip(&other) {
            if one != other {
                equal = false;
                break;
            }
        }
        vec![u8::from(equal)]
    }

    #[inline(never)]
    fn leaky_equality() -> Vec<u8> {
        let (one, other) = (black_box(vec![7_u8; 100]), black_box(vec![7_u8; 100]));
        hide(&one);
        vec![u8::from(one == other)]
    }

    #[inline(never)]
    fn leaky_table() -> Vec<u8> {
        let (secret, table) = (black_box(vec![7_u8; 32]), black_box([3_u8; 256]));
        hide(&secret);
        secret.iter().map(|byte| table[usize::from(*byte)]).collect()
    }

    #[inline(never)]
    fn leaky_digits() -> Vec<u8> {
        let secret = text("8f1f0a5b");
        hide(secret.as_bytes());
        secret.bytes().filter_map(|digit| char::from(digit).to_digit(16)).map(|digit| digit as u8).collect()
    }

    #[inline(never)]
    fn leaky_signer_verify_bound() -> Vec<u8> {
        let minute = Duration::from_secs(60);
        let token =
            Signer::new(ring()).sign_bound("purpose", b"17", minute, b"a row of a table").expect("a token");
        let (state, known) = (text("a row of a table"), text("a row of a table"));
        hide(state.as_bytes());
        let stored = |_: &[u8]| (state == known).then_some(state);
        Signer::new(secret_ring()).verify_bound("purpose", &token, stored).expect("our own token")
    }
}
