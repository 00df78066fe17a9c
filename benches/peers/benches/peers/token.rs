use std::hint::black_box;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use orion::auth;
use palisade::keys::KeyRing;
use palisade::token::{Signer, Token, TokenDigest, TokenFormat};
use palisade_peers::{Race, Report};
use prefixed_api_key::PrefixedApiKeyController;
use rand::distr::{Alphanumeric, SampleString};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub fn races(report: &mut Report) {
    Race::new("make 256 random bits as text", "≤ 1.2 × ring + base64")
        .contender("palisade", || Token::generate().unwrap(), |token| token.expose().len() == 43)
        .contender("ring 0.17.14 + base64 0.23.1", ring_and_base64, |text| text.len() == 43)
        .contender(
            "rand 0.10.4: 43 alphanumeric",
            || Alphanumeric.sample_string(&mut rand::rng(), 43),
            |text| text.len() == 43,
        )
        .contender("uuid 1.29.3: v4, 122 bits", || Uuid::new_v4().to_string(), |text| text.len() == 36)
        .run(report);

    let token = Token::generate().unwrap();
    let (digest_of_token, text) = (token.digest(), token.expose().to_owned());
    let (same, expected) = (text.clone(), digest_of_token);
    Race::new("does a presented token match its digest", "≤ 1.5 × one SHA-256")
        .contender("palisade", move || digest_of_token.matches(black_box(&text)), |right| *right)
        .yardstick(
            "ring 0.17.14: SHA-256 alone",
            move || digest(&SHA256, black_box(same.as_bytes())),
            move |digest| digest.as_ref() == expected.as_bytes(),
        )
        .run(report);

    let format = TokenFormat::new("acme_live").unwrap();
    let checked = format.clone();
    let text = format.generate().unwrap().expose().to_owned();
    let presented = text.clone();
    let controller = PrefixedApiKeyController::configure()
        .prefix("acme".to_owned())
        .seam_defaults()
        .finalize()
        .expect("a complete configuration");
    let (key, hash) = controller.generate_key_and_hash();
    let peer_text = key.to_string();
    Race::new("make an API key with a prefix", "")
        .contender("palisade", move || format.generate().unwrap(), |key| key.expose().len() == 46)
        .contender(
            "prefixed-api-key 0.3.0",
            move || controller.generate_key_and_hash().0.to_string(),
            |key| key.starts_with("acme_"),
        )
        .run(report);

    let controller = PrefixedApiKeyController::configure()
        .prefix("acme".to_owned())
        .seam_defaults()
        .finalize()
        .expect("a complete configuration");
    let stored = TokenDigest::of(&presented);
    Race::new("check a presented API key: form and digest", "< 1 µs")
        .contender(
            "palisade: with checksum",
            move || checked.check(black_box(&text)).unwrap().digest() == stored,
            |right| *right,
        )
        .contender(
            "prefixed-api-key 0.3.0: no checksum",
            move || {
                let key = black_box(peer_text.as_str()).try_into().expect("a well-formed key");
                controller.check_hash(&key, &hash)
            },
            |right| *right,
        )
        .run(report);

    signed(report);
}

#[derive(Deserialize, Serialize)]
struct Claims {
    sub: String,
    exp: u64,
}

/// A signed token of 16 bytes of content that expires, beside a JSON Web Token of as much, a bare tag, and the one HMAC that any
/// such token needs.
fn signed(report: &mut Report) {
    let ring = KeyRing::generate().unwrap();
    let (signer, verifier) = (Signer::new(&ring), Signer::new(&ring));
    let text = signer.sign("session", b"sixteen byte pay", Duration::from_secs(3600)).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let message = [7_u8; 29 + 16];
    let tag = hmac::sign(&key, &message);
    let signing_key = key.clone();
    let expiry = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() + 3600;
    let claims = move || Claims { sub: "sixteen byte pay".to_owned(), exp: expiry };
    let (encoding, decoding) = (EncodingKey::from_secret(&[7; 32]), DecodingKey::from_secret(&[7; 32]));
    let jwt = jsonwebtoken::encode(&Header::default(), &claims(), &encoding).unwrap();
    let validation = Validation::default();
    let [orions, same_key] = [(); 2].map(|()| auth::SecretKey::try_from([7; 32].as_slice()).unwrap());
    let orions_tag = auth::authenticate(&orions, &message).unwrap();
    Race::new("verify a signed token", "≤ 2 × one HMAC")
        .contender("palisade", move || verifier.verify("session", black_box(&text)).is_ok(), |right| *right)
        .contender(
            "jsonwebtoken 11.1.0: HS256",
            move || jsonwebtoken::decode::<Claims>(black_box(&jwt), &decoding, &validation),
            |token| token.as_ref().is_ok_and(|token| token.claims.sub == "sixteen byte pay"),
        )
        .contender(
            "orion 0.18.1: BLAKE2b tag alone, no expiry",
            move || auth::authenticate_verify(&orions_tag, &orions, black_box(&message)).is_ok(),
            |right| *right,
        )
        .yardstick(
            "ring 0.17.14: HMAC-SHA-256 alone",
            move || hmac::verify(&key, black_box(&message), tag.as_ref()).is_ok(),
            |right| *right,
        )
        .run(report);
    Race::new("make a signed token", "")
        .contender(
            "palisade",
            move || {
                signer.sign("session", black_box(b"sixteen byte pay"), Duration::from_secs(3600)).unwrap()
            },
            |token| token.len() == 103,
        )
        .contender(
            "jsonwebtoken 11.1.0: HS256",
            move || jsonwebtoken::encode(&Header::default(), black_box(&claims()), &encoding).unwrap(),
            |token| token.split('.').count() == 3,
        )
        .contender(
            "orion 0.18.1: BLAKE2b tag alone, no expiry",
            move || auth::authenticate(&same_key, black_box(&message)).unwrap(),
            |tag| tag.len() == 32,
        )
        .yardstick(
            "ring 0.17.14: 16 random bytes and HMAC-SHA-256",
            move || {
                let mut unique = [0; 16];
                SystemRandom::new().fill(&mut unique).unwrap();
                hmac::sign(&signing_key, black_box(&message))
            },
            |tag| tag.as_ref().len() == 32,
        )
        .run(report);
}

fn ring_and_base64() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).unwrap();
    URL_SAFE_NO_PAD.encode(bytes)
}
