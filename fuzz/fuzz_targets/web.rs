//! What a caller sends is never taken for what was issued, and what is allowed is spelt as browsers spell it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade::keys::KeyRing;
use palisade::secret::ExposeSecret;
use palisade::web::{
    CookieError, CorsPolicy, Csp, CsrfTokens, Directive, Preflight, SealedCookie, SessionCookie,
    SignedCookie, Source,
};
use url::Url;

static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::generate().expect("the random source works"));
static PLAIN: LazyLock<SessionCookie> = LazyLock::new(|| SessionCookie::new("s").expect("a name"));
static SIGNED: LazyLock<SignedCookie> = LazyLock::new(|| PLAIN.clone().signed(&*RING));
static SEALED: LazyLock<SealedCookie> = LazyLock::new(|| PLAIN.clone().sealed(&*RING));
static TOKENS: LazyLock<CsrfTokens> = LazyLock::new(|| CsrfTokens::new(&*RING));
static CORS: LazyLock<CorsPolicy> = LazyLock::new(|| {
    let listed = CorsPolicy::builder().origin(ORIGIN).expect("an origin");
    listed.credentials().method("PUT").header("x-a").header("x-b").build().expect("a policy")
});

fuzz_target!(|input: (&[u8], &str, u16, u8)| {
    let (bytes, text, position, flip) = input;
    cookies(bytes, text, usize::from(position), flip);
    tokens(bytes, text, usize::from(position), flip);
    places(text);
    preflights(bytes, text.as_bytes());
});

fn cookies(bytes: &[u8], text: &str, position: usize, flip: u8) {
    for header in [bytes, &[b"__Host-s=", bytes].concat()] {
        if let Some(value) = PLAIN.read(header) {
            assert!(matches!(PLAIN.set(value), Ok(_) | Err(CookieError::TooLong)));
            let twice = [header, b";__Host-s=", value.as_bytes()].concat();
            assert_eq!(PLAIN.read(&twice), None);
        }
        assert!(SIGNED.read(header).is_none() && SEALED.read(header).is_none());
    }
    let pair = |set: String| set.split(';').next().expect("there is a first").as_bytes().to_vec();
    if let Ok(set) = SIGNED.set(text) {
        let mut sent = pair(set);
        assert_eq!(SIGNED.read(&sent), Some(text));
        changed(&mut sent, position, flip);
        assert_eq!(SIGNED.read(&sent).is_some(), flip == 0);
    }
    if let Ok(set) = SEALED.set(text) {
        let mut sent = pair(set);
        assert_eq!(SEALED.read(&sent).expect("just sealed").expose_secret(), text);
        changed(&mut sent, position, flip);
        assert_eq!(SEALED.read(&sent).is_some(), flip == 0);
    }
}

/// Within the value.
fn changed(pair: &mut [u8], position: usize, flip: u8) {
    let value = &mut pair["__Host-s=".len()..];
    value[position % value.len()] ^= flip;
}

fn tokens(session: &[u8], text: &str, position: usize, flip: u8) {
    assert!(TOKENS.check(session, text).is_err());
    let Ok(token) = TOKENS.issue(session) else { return assert!(session.is_empty()) };
    assert!(TOKENS.check(session, &token).is_ok());
    let mut token = token.into_bytes();
    let len = token.len();
    token[position % len] ^= flip;
    assert_eq!(String::from_utf8(token).is_ok_and(|token| TOKENS.check(session, &token).is_ok()), flip == 0);
}

fn places(text: &str) {
    if let Ok(source) = Source::host(text) {
        let policy = Csp::builder().allow(Directive::Image, [source]).build().expect("a place").render(None);
        assert!(policy.split("; ").any(|directive| directive == format!("img-src {text}")));
        assert!(policy.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic() && byte != b','));
        assert_eq!(policy.matches(';').count(), 5);
        let url = Url::parse(&text.replacen("//*.", "//a.", 1)).expect("an address");
        assert!(text.replacen("//*.", "//a.", 1).starts_with(&url.origin().ascii_serialization()));
    }
    if CorsPolicy::builder().origin(text).is_ok() {
        assert_eq!(Url::parse(text).expect("an address").origin().ascii_serialization(), text);
    }
}

fn preflights(bytes: &[u8], other: &[u8]) {
    let asked =
        Preflight { origin: Some(bytes), method: b"PUT", headers: Some(other), private_network: false };
    assert_eq!(CORS.decide(Some(bytes)).is_allowed(), bytes == ORIGIN.as_bytes());
    assert!(!CORS.decide_preflight(&asked).is_allowed() || bytes == ORIGIN.as_bytes());
    let named = CORS.decide_preflight(&Preflight { origin: Some(ORIGIN.as_bytes()), ..asked });
    if named.is_allowed() {
        let names = str::from_utf8(other).expect("names that are listed").to_ascii_lowercase();
        assert!(names.split(',').all(|name| ["x-a", "x-b"].contains(&name.trim())));
    }
    for (_, value) in named.headers() {
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }
}

const ORIGIN: &str = "https://app.example";
