//! Writes what `tests/interop/formats.py` opens: the formats, read by a program written from their description.
//!
//! Run by itself this only writes the file; `.ci/run` gives it to the other implementation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade::audit::{AuditLog, ChainKey, Event, Ratchet};
use palisade::clock::ManualClock;
use palisade::keys::KeyRing;
use palisade::random;
use palisade::seal::Sealer;
use palisade::secret::SecretBytes;
use palisade::token::Signer;

fn random_bytes(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    random::fill(&mut bytes).unwrap();
    bytes
}

fn field(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".to_owned() } else { Base64UrlUnpadded::encode_string(bytes) }
}

#[test]
fn written_for_the_other_implementation() {
    let mut text = String::new();
    for len in [0, 1, 15, 16, 17, 100, 1000, 65_535, 65_536, 65_537, 200_000] {
        let (key, context, plain) = (random_bytes(32), random_bytes(len % 70), random_bytes(len));
        let mut id = [0; 4];
        random::fill(&mut id).unwrap();
        let ring =
            KeyRing::from_key(palisade::keys::KeyId::from_bytes(id), SecretBytes::from(key.clone())).unwrap();
        let mut line = |kind: &str, context: &[u8], plain: &[u8], written: &[u8]| {
            let fields = [&key, context, plain, written].map(field).join(" ");
            writeln!(text, "{kind} {fields}").unwrap();
        };

        let sealer = Sealer::new(&ring);
        line("message", &context, &plain, &sealer.seal(&plain, context.as_slice()).unwrap());
        let mut writer = sealer.seal_writer(Vec::new(), context.as_slice()).unwrap();
        writer.write_all(&plain).unwrap();
        line("stream", &context, &plain, &writer.finish().unwrap());

        let (signer, payload, hour) =
            (Signer::new(&ring), &plain[..plain.len().min(4096)], Duration::from_secs(3600));
        let purpose = format!("purpose {len}");
        let token = signer.sign(&purpose, payload, hour).unwrap();
        line("token", purpose.as_bytes(), payload, token.as_bytes());
        let bound = signer.sign_bound(&purpose, payload, hour, b"state").unwrap();
        line("bound", purpose.as_bytes(), payload, bound.as_bytes());
    }
    audit_logs(&mut text);
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop.txt"), text).unwrap();
}

/// A log, one under a ratchet whose epochs are short, both rotated, and every kind of event in OCSF.
fn audit_logs(text: &mut String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop-audit");
    let _gone = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let key = random_bytes(32);
    let ring = KeyRing::from_key("1a2b3c4d".parse().unwrap(), SecretBytes::from(key.clone())).unwrap();
    let subjects: Vec<String> = (0..300_u32)
        .map(|number| {
            char::from_u32(number * 911 % 0x11_0000).map_or_else(String::new, |c| format!("{c}{c}{number}"))
        })
        .collect();

    let (clock, state) = (ManualClock::new(), folder.join("ratchet"));
    Ratchet::create(&state, &ring).unwrap();
    let ratchet = Ratchet::open(&state).unwrap().epoch_length(Duration::from_secs(60));
    for (kind, keys) in [("audit", ChainKey::from(&ring)), ("ratchet", ChainKey::from(ratchet))] {
        let path = folder.join(format!("{kind}.jsonl"));
        let log = AuditLog::builder(keys).clock(clock.clone()).rotate_at(20_000).open(&path).unwrap();
        for subject in &subjects {
            log.record(
                Event::authentication_failure().subject(subject.as_str()).detail("again", subject.as_str()),
            )
            .unwrap();
            clock.advance(Duration::from_secs(7));
        }
        drop(log);
        let mut parts: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        parts.retain(|part| part.to_string_lossy().contains(&format!("{kind}.jsonl.0")));
        parts.sort();
        parts.push(path);
        assert!(parts.len() > 3);
        let written: Vec<u8> = parts.iter().flat_map(|part| std::fs::read(part).unwrap()).collect();
        let fields = [&key, &Vec::new(), &subjects.concat().into_bytes(), &written].map(|bytes| field(bytes));
        writeln!(text, "{kind} {}", fields.join(" ")).unwrap();
    }
    #[cfg(feature = "ocsf")]
    ocsf(text, &folder.join("ocsf.jsonl"));
}

#[cfg(feature = "ocsf")]
fn ocsf(text: &mut String, path: &Path) {
    use palisade::audit::{Kind, Outcome, TraceContext, sink::Ocsf};

    let file = std::fs::File::create(path).unwrap();
    let log = AuditLog::builder(KeyRing::generate().unwrap())
        .app("shop")
        .also(Ocsf::new(file))
        .writer(std::io::sink());
    let bare = Kind::ALL.iter().map(|kind| Event::new(*kind)).chain([Event::application("page_viewed")]);
    for event in bare {
        log.record(event.clone()).unwrap();
        let full = event
            .outcome(Outcome::Failure)
            .subject("al\"ice")
            .source_ip("203.0.113.7".parse().unwrap())
            .resource("invoice 17")
            .action("invoice:delete")
            .reason("not the owner")
            .description("Alice asked")
            .request_id("r-1")
            .trace(TraceContext::generate().unwrap())
            .detail("attempt", 3_u64);
        log.record(full).unwrap();
    }
    let nothing = field(b"");
    writeln!(text, "ocsf {nothing} {nothing} {nothing} {}", field(&std::fs::read(path).unwrap())).unwrap();
}

/// Fifty passwords under each of our schemes, non-ASCII and NUL among them, for `tests/interop/passwords.py`.
#[test]
fn passwords_written_for_other_programs() {
    use palisade::password::{Hasher, Scheme};

    let mut lines = String::new();
    for (kind, scheme) in [("scrypt", Scheme::scrypt(6, 8, 1)), ("argon2id", Scheme::argon2id(64, 2, 1))] {
        let hasher = Hasher::builder().scheme(scheme).build().unwrap();
        for number in 0..50_usize {
            let random = Base64UrlUnpadded::encode_string(&random_bytes(number));
            let password = match number % 3 {
                0 => random,
                1 => format!("pässwörd 漢字 🔑 {random}"),
                _ => format!("{random}\0{random}"),
            };
            let stored = hasher.hash(&password).unwrap();
            let line = serde_json::json!([kind, password, stored.as_str()]);
            writeln!(lines, "{line}").unwrap();
        }
    }
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("passwords.ours"), lines).unwrap();
}

#[test]
#[ignore = "reads what tests/interop/passwords.py writes; .ci/run runs both"]
fn passwords_of_other_programs_verify() {
    use palisade::password::{Hasher, Scheme, VerifyErrorKind};

    let hasher = Hasher::builder().scheme(Scheme::scrypt(4, 1, 1)).build().unwrap();
    let theirs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("passwords.theirs");
    let text = std::fs::read_to_string(theirs).expect("written by passwords.py");
    let mut count = 0;
    for line in text.lines() {
        let row: [String; 3] = serde_json::from_str(line).unwrap();
        let [program, password, stored] = &row;
        if program == "bcrypt" && cfg!(not(feature = "bcrypt")) {
            continue;
        }
        let verified = hasher.verify(password, stored);
        assert!(verified.is_ok(), "{program} {password:?} {stored} {verified:?}");
        let wrong = hasher.verify(&format!("{password}x"), stored).unwrap_err();
        assert_eq!(wrong.kind(), VerifyErrorKind::Rejected, "{program}");
        count += 1;
    }
    assert!(count >= 550, "only {count}");
}

/// Codes of times and counters, and the URIs that set up authenticators for them, for `tests/interop/otp.py`.
#[test]
fn one_time_codes_written_for_other_programs() {
    use palisade::session::otp::{Algorithm, Otp, OtpSecret};
    use std::time::SystemTime;

    let mut lines = String::new();
    let algorithms = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];
    for number in 0..120_u64 {
        let algorithm = algorithms[usize::try_from(number % 3).unwrap()];
        let (digits, period) =
            (6 + u8::try_from(number / 3 % 3).unwrap(), [30, 15, 60, 120, 31][(number % 5) as usize]);
        let otp = Otp::default().algorithm(algorithm).digits(digits).unwrap();
        let otp = otp.period(Duration::from_secs(period)).unwrap();
        let secret = OtpSecret::generate_for(algorithm).unwrap();
        let (issuer, account) = (format!("Größe & Söhne+{number}"), format!("\"ann\"/{number}?@example.com"));
        let (time, counter) = (number * 47_123_457, number << 33);
        let code = otp.at(&secret, SystemTime::UNIX_EPOCH + Duration::from_secs(time)).unwrap();
        let line = serde_json::json!({
            "uri": otp.provisioning_uri(&secret, &issuer, &account).unwrap().expose(),
            "issuer": issuer,
            "account": account,
            "time": time,
            "code": code.expose(),
            "counter": counter,
            "counted": otp.hotp(&secret, counter).expose(),
        });
        writeln!(lines, "{line}").unwrap();
    }
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("otp.ours"), lines).unwrap();
}

#[test]
#[ignore = "reads what tests/interop/otp.py writes; .ci/run runs both"]
fn one_time_codes_of_other_programs_verify() {
    use palisade::rate_limit::LoginGuard;
    use palisade::session::otp::{Algorithm, CodeStore, MemoryCodeStore, Otp, OtpSecret, OtpVerifier};
    use std::time::SystemTime;

    let theirs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("otp.theirs");
    let text = std::fs::read_to_string(theirs).expect("written by otp.py");
    let (addr, store) = ("203.0.113.9".parse().unwrap(), MemoryCodeStore::new(1000));
    let (clock, sealer) = (ManualClock::new(), Sealer::new(KeyRing::generate().unwrap()));
    let verifier =
        OtpVerifier::new(sealer.clone(), store.clone(), LoginGuard::new().unwrap()).clock(clock.clone());
    let mut count = 0;
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let (text, number) =
            (|name: &str| row[name].as_str().unwrap(), |name: &str| row[name].as_u64().unwrap());
        let algorithm = match text("algorithm") {
            "sha1" => Algorithm::Sha1,
            "sha256" => Algorithm::Sha256,
            _ => Algorithm::Sha512,
        };
        let otp =
            Otp::default().algorithm(algorithm).digits(u8::try_from(number("digits")).unwrap()).unwrap();
        let verifier = verifier.clone().otp(otp.period(Duration::from_secs(number("period"))).unwrap());
        let (user, token) = (format!("user {count}"), format!("token {count}"));
        let secret = OtpSecret::from_base32(text("secret")).unwrap();
        clock.set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(number("time")));
        let sealed = secret.seal(&sealer, &user).unwrap();
        assert!(verifier.verify(&user, addr, &sealed, text("code")).is_ok(), "{row}");
        if let Some(used) = number("counter").checked_sub(1) {
            assert!(store.advance(&token, used).unwrap());
        }
        let sealed = secret.seal(&sealer, &token).unwrap();
        assert!(verifier.verify_hotp(&token, addr, &sealed, text("counted")).is_ok(), "{row}");
        count += 1;
    }
    assert!(count >= 100, "only {count}");
}
