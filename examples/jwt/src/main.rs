//! Verifies the tokens of an identity provider, and shows that forged and stale ones are refused.
//!
//! `cargo run --manifest-path examples/jwt/Cargo.toml`; it ends with an error where one is let through.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the application reads; the rest of a token is nobody's business.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
}

/// The settings that matter: nothing here comes from the token.
fn verify(token: &str, key: &DecodingKey) -> Result<Claims, Error> {
    let mut expected = Validation::new(Algorithm::EdDSA); // one algorithm, a constant of the program
    expected.set_issuer(&["https://login.example"]);
    expected.set_audience(&["https://app.example"]);
    expected.set_required_spec_claims(&["exp", "iss", "aud", "sub"]); // what is missing is an error, and not skipped
    expected.validate_nbf = true; // off unless it is said
    expected.leeway = 30; // seconds by which clocks may differ, 60 unless it is said
    Ok(decode(token, key, &expected)?.claims)
}

fn main() -> ExitCode {
    let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the system has a random source");
    let public = Ed25519KeyPair::from_pkcs8(pair.as_ref())
        .expect("it was made just now")
        .public_key()
        .as_ref()
        .to_vec();
    let (theirs, key) = (EncodingKey::from_ed_der(pair.as_ref()), DecodingKey::from_ed_der(&public));
    let with = |name: &str, value: Value| {
        let mut claims = good_claims();
        claims[name] = value;
        claims
    };
    let without = |name: &str| {
        let mut claims = good_claims();
        claims.as_object_mut().expect("claims are an object").remove(name);
        claims
    };
    let signed =
        |claims: &Value| encode(&Header::new(Algorithm::EdDSA), claims, &theirs).expect("it is signed");

    let good = signed(&good_claims());
    let (head, body_and_signature) = good.split_once('.').expect("a token has three parts");
    let (body, signature) = body_and_signature.split_once('.').expect("a token has three parts");
    let none = |name: &str, end: &str| {
        format!("{}.{body}.{end}", base64url(&format!(r#"{{"alg":"{name}","typ":"JWT"}}"#)))
    };
    // The public key is no secret: whoever takes the algorithm from the header checks an HMAC under it.
    let confused = encode(&Header::new(Algorithm::HS256), &good_claims(), &EncodingKey::from_secret(&public));
    let other = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the system has a random source");
    let forged =
        encode(&Header::new(Algorithm::EdDSA), &good_claims(), &EncodingKey::from_ed_der(other.as_ref()));
    let changed = base64url(&with("sub", json!("root")).to_string());
    let attacks = [
        ("alg none, without a signature", none("none", "")),
        ("alg None, with the signature of another token", none("None", signature)),
        ("an HMAC under the public key", confused.expect("it is signed")),
        ("another key", forged.expect("it is signed")),
        ("another user in the body", format!("{head}.{changed}.{signature}")),
        ("no signature", format!("{head}.{body}.")),
        ("expired a minute ago", signed(&with("exp", json!(seconds(-60))))),
        ("no expiry", signed(&without("exp"))),
        ("valid in a minute", signed(&with("nbf", json!(seconds(60))))),
        ("for another application", signed(&with("aud", json!("https://other.example")))),
        ("for nobody in particular", signed(&without("aud"))),
        ("of another issuer", signed(&with("iss", json!("https://evil.example")))),
        ("of no issuer", signed(&without("iss"))),
    ];

    let mut let_through = 0;
    for (name, token) in &attacks {
        match verify(token, &key) {
            Ok(claims) => {
                let_through += 1;
                println!("LET THROUGH {name}: {claims:?}");
            }
            Err(error) => println!("refused  {name}: {error}"),
        }
    }
    match verify(&good, &key) {
        Ok(claims) if let_through == 0 => {
            println!("accepted the token of {}; {} others were refused", claims.sub, attacks.len());
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("REFUSED the good token: {error}");
            ExitCode::FAILURE
        }
    }
}

fn good_claims() -> Value {
    json!({
        "sub": "ann", "iss": "https://login.example", "aud": "https://app.example",
        "exp": seconds(300), "nbf": seconds(-10),
    })
}

/// The time so many seconds from now, as tokens write it.
fn seconds(from_now: i64) -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX).saturating_add(from_now)
}

fn base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}
