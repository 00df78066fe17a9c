//! Paths of secrets, each with inputs of two classes that nobody may tell apart by time.

use std::hint::black_box;
use std::time::Duration;

use palisade::compare;
use palisade::keys::{KeyId, KeyRing};
use palisade::random;
use palisade::seal::Sealer;
use palisade::secret::{SecretBytes, SecretString};
use palisade::session::otp::{Otp, OtpSecret};
use palisade::token::{Signer, SplitToken, Token, TokenDigest, TokenFormat};
use palisade::web::{CsrfTokens, SessionCookie};

type Input = Box<dyn Fn() -> Vec<u8>>;
type Work = Box<dyn Fn(&[u8]) -> bool>;

/// What is timed.
pub struct Case {
    /// Of the path.
    pub name: &'static str,
    /// What the two classes are.
    pub classes: &'static str,
    /// Calls between two looks at the clock.
    pub calls: u32,
    /// Make an input of each class, all of one length.
    pub inputs: [Input; 2],
    /// Takes an input.
    pub work: Work,
}

impl Case {
    /// Texts that are right but for the first character, or but for the last.
    fn wrong(name: &'static str, calls: u32, right: &[u8], work: impl Fn(&[u8]) -> bool + 'static) -> Self {
        Self::wrong_between(name, calls, right, 0, right.len() - 1, work)
    }

    fn wrong_between(
        name: &'static str,
        calls: u32,
        right: &[u8],
        first: usize,
        last: usize,
        work: impl Fn(&[u8]) -> bool + 'static,
    ) -> Self {
        assert!(work(right), "{name}: what is right is refused");
        let inputs = [first, last].map(|place| {
            let mut wrong = right.to_vec();
            // Another digit, in every alphabet that is used.
            wrong[place] = if wrong[place] == b'E' { b'A' } else { b'E' };
            assert!(!work(&wrong), "{name}: what is wrong is accepted");
            Box::new(move || wrong.clone()) as Input
        });
        Self { name, classes: "wrong in its first byte | in its last", calls, inputs, work: Box::new(work) }
    }

    /// The same input each time, or another each time.
    fn fixed(
        name: &'static str,
        calls: u32,
        input: impl Fn() -> Vec<u8> + 'static,
        work: impl Fn(&[u8]) -> bool + 'static,
    ) -> Self {
        let fixed = input();
        let classes = "one each time | another each time";
        Self {
            name,
            classes,
            calls,
            inputs: [Box::new(move || fixed.clone()), Box::new(input)],
            work: Box::new(work),
        }
    }
}

/// All of palisade's.
pub fn all() -> Vec<Case> {
    let (token, split) =
        (Token::generate().expect("randomness"), SplitToken::generate().expect("randomness"));
    let (digest, digest_of_split) = (token.digest(), split.digest());
    let format = TokenFormat::new("acme_live").expect("a prefix");
    let (format_of_inputs, secret) = (format.clone(), SecretString::from("correct horse battery staple"));
    let signer = Signer::new(ring());
    let signed = signer.sign("purpose", b"payload", Duration::from_secs(9_999)).expect("a token");
    let tag_of_signed = signed.len() - 43;
    let forms = CsrfTokens::new(ring());
    let form = forms.issue(b"a session of somebody's").expect("randomness");
    let cookie = SessionCookie::new("session").expect("a name").signed(ring());
    let sent = cookie.set("value").expect("a value");
    let sent = sent.split(';').next().unwrap_or_default().to_owned();
    let tag_of_sent = sent.find('.').expect("the tag stands behind the key's id") + 1;
    let (sealer, seals) = (Sealer::new(ring()), Sealer::new(ring()));
    let sealed = sealer.seal(b"what nobody else may read", "context").expect("randomness");
    let tag_of_sealed = sealed.len() - 16;
    let codes = OtpSecret::generate().expect("randomness");
    vec![
        Case::wrong("compare_equal_32", 16, &[7; 32], |input| compare::equal(input, &[7; 32])),
        Case::wrong("compare_equal_1000", 4, &[7; 1000], |input| compare::equal(input, &[7; 1000])),
        Case::wrong("secret_string_matches", 16, b"correct horse battery staple", move |input| {
            secret.matches(text(input))
        }),
        Case::wrong("token_digest_matches", 4, token.expose().as_bytes(), move |input| {
            digest.matches(text(input))
        }),
        Case::fixed(
            "token_digest_from_hex",
            16,
            || digest_of(&random_token()).to_hex().into_bytes(),
            |input| TokenDigest::from_hex(text(input)).is_ok(),
        ),
        Case::fixed(
            "token_digest_to_hex",
            4,
            || random_token().into_bytes(),
            |input| black_box(digest_of(text(input)).to_hex()).is_empty(),
        ),
        Case::wrong_between(
            "split_token_matches",
            4,
            split.expose().as_bytes(),
            split.selector().len() + 1,
            split.expose().len() - 2,
            move |input| SplitToken::parse(text(input)).is_ok_and(|token| token.matches(&digest_of_split)),
        ),
        Case::fixed(
            "token_format_check",
            4,
            move || format_of_inputs.generate().expect("randomness").expose().as_bytes().to_vec(),
            move |input| format.check(text(input)).is_ok(),
        ),
        Case::wrong_between(
            "signer_verify",
            1,
            signed.as_bytes(),
            tag_of_signed,
            signed.len() - 2,
            move |input| signer.verify("purpose", text(input)).is_ok(),
        ),
        Case::wrong_between(
            "csrf_check",
            1,
            form.as_bytes(),
            form.len() - 43,
            form.len() - 2,
            move |input| forms.check(b"a session of somebody's", text(input)).is_ok(),
        ),
        Case::wrong_between(
            "signed_cookie",
            1,
            sent.as_bytes(),
            tag_of_sent,
            tag_of_sent + 41,
            move |input| cookie.read(input).is_some(),
        ),
        Case::wrong_between("open", 1, &sealed, tag_of_sealed, sealed.len() - 1, move |input| {
            sealer.open(input, "context").is_ok()
        }),
        Case::fixed("seal", 1, || random_bytes(32), move |input| seals.seal(input, "context").is_ok()),
        Case::fixed(
            "otp_code",
            1,
            || random_bytes(8),
            move |input| {
                let counter = u64::from_be_bytes(input.try_into().expect("eight bytes"));
                black_box(Otp::default().hotp(&codes, counter)).expose().is_empty()
            },
        ),
    ]
}

/// Code that leaks, and must be caught.
pub mod leaky {
    use super::{Case, random_token, text};

    /// All of it.
    pub fn all() -> Vec<Case> {
        vec![
            Case::wrong("leaky_loop", 16, &[7; 32], leaky_loop),
            Case::wrong("leaky_equality", 16, &[7; 1000], leaky_equality),
            Case::fixed("leaky_digits", 4, || random_token().into_bytes(), leaky_digits),
        ]
    }

    /// Ends at the first difference.
    #[inline(never)]
    fn leaky_loop(input: &[u8]) -> bool {
        input.iter().all(|byte| *byte == 7)
    }

    /// `==` of slices.
    #[inline(never)]
    fn leaky_equality(input: &[u8]) -> bool {
        input == [7; 1000]
    }

    /// Base64url, digit by digit, each by its own jump.
    #[inline(never)]
    fn leaky_digits(input: &[u8]) -> bool {
        let values = text(input).chars().map(|digit| match digit {
            'A'..='Z' => digit as u32 - 65,
            'a'..='z' => digit as u32 - 71,
            '0'..='9' => digit as u32 + 4,
            '-' => 62,
            _ => 63,
        });
        values.fold(0_u32, |sum, value| sum.wrapping_mul(64) + value) == 1
    }
}

fn ring() -> KeyRing {
    let id: KeyId = "0000002a".parse().expect("an id");
    KeyRing::from_key(id, SecretBytes::from((0..32).collect::<Vec<_>>())).expect("a ring")
}

fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).expect("inputs are ASCII")
}

fn digest_of(token: &str) -> TokenDigest {
    TokenDigest::of(token)
}

fn random_token() -> String {
    Token::generate().expect("randomness").expose().to_owned()
}

fn random_bytes(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    random::fill(&mut bytes).expect("randomness");
    bytes
}
