//! What is done with secrets: in a process of its own, which erases what it was given and drops what it made; and what is then
//! looked for.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use palisade::audit::{AuditLog, Event, Ratchet};
use palisade::config::{Environment, KeyBytes};
use palisade::keys::{KeyFile, KeyRing, Wrapping};
use palisade::password::{Format, Hasher, Scheme};
use palisade::rate_limit::LoginGuard;
use palisade::redact::Redactor;
use palisade::seal::Sealer;
use palisade::secret::{ExposeSecret, SecretBytes, SecretString};
use palisade::session::otp::{Algorithm, MemoryCodeStore, Otp, OtpSecret, OtpVerifier, RecoveryCodes};
use palisade::session::store::Memory;
use palisade::session::{AuthLevel, Login, Sessions};
use palisade::token::{Signer, SplitToken, Token, TokenFormat};
use palisade::web::{CsrfTokens, SessionCookie};
use zeroize::{Zeroize, Zeroizing};

use crate::needles::{Needles, from_base64url, wrap};

/// Something that is done with secrets.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// Done in the process that is searched.
    pub(crate) work: fn(&Given<'_>),
    /// What is looked for after it.
    pub(crate) needles: fn(&Given<'_>, &Told, &mut Needles),
}

/// The secrets that both processes know, and what they share.
pub(crate) struct Given<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) other: &'a [u8],
    pub(crate) text: &'a str,
    pub(crate) folder: &'a Path,
}

/// What the process said: texts that are no secrets, and secrets that it made, which are masked on their way.
pub(crate) struct Told(pub(crate) Vec<String>);

impl<'a> Given<'a> {
    pub(crate) fn read(secrets: &'a [u8], folder: &'a Path) -> Self {
        let (key, rest) = secrets.split_at(32);
        let (other, text) = rest.split_at(32);
        Self { key, other, text: str::from_utf8(text).unwrap(), folder }
    }

    fn ring(&self) -> KeyRing {
        KeyRing::from_key("1a2b3c4d".parse().unwrap(), SecretBytes::from(self.key)).unwrap()
    }
}

impl Told {
    fn find(&self, mark: &str, name: &str) -> Vec<Vec<u8>> {
        let begin = format!("{mark} {name}: ");
        let found = self.0.iter().filter_map(|line| line.strip_prefix(&begin));
        found.map(|digits| base16ct::lower::decode_vec(digits).unwrap()).collect()
    }

    fn public(&self, name: &str) -> Vec<Vec<u8>> {
        self.find("public", name)
    }

    fn secrets(&self, name: &str) -> Vec<Vec<u8>> {
        let mut secrets = self.find("masked", name);
        secrets.iter_mut().flatten().for_each(|byte| *byte ^= MASK);
        secrets
    }
}

fn tell(name: &str, public: impl AsRef<[u8]>) {
    println!("\npublic {name}: {}", base16ct::lower::encode_string(public.as_ref()));
}

/// Tells the other process a secret, of which no copy is made here.
fn tell_secret(name: &str, secret: &[u8]) {
    let mut digits = String::with_capacity(secret.len() * 2);
    for byte in secret {
        let byte = byte ^ MASK;
        digits.extend([byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16).unwrap()));
    }
    println!("\nmasked {name}: {digits}");
}

const MASK: u8 = 0xa5;

/// All of them, by room.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "password, scrypt",
        work: |given| {
            hash_and_verify(&Hasher::builder().scheme(Scheme::scrypt(10, 8, 1)).build().unwrap(), given);
        },
        needles: password,
    },
    Operation {
        name: "password, Argon2id",
        work: |given| {
            hash_and_verify(&Hasher::builder().scheme(Scheme::argon2id(1024, 2, 1)).build().unwrap(), given);
        },
        needles: |given, told, needles| {
            password(given, told, needles);
            needles.argon2id("password", given.text.as_bytes(), &row(told));
        },
    },
    Operation {
        name: "password, peppered",
        work: |given| {
            let ring = given.ring();
            hash_and_verify(
                &Hasher::builder().scheme(Scheme::scrypt(10, 8, 1)).pepper(&ring).build().unwrap(),
                given,
            );
        },
        needles: |given, told, needles| {
            peppered(given, told, needles);
        },
    },
    Operation {
        name: "password, Argon2id, peppered",
        work: |given| {
            let ring = given.ring();
            hash_and_verify(
                &Hasher::builder().scheme(Scheme::argon2id(1024, 2, 1)).pepper(&ring).build().unwrap(),
                given,
            );
        },
        needles: |given, told, needles| {
            let tag = peppered(given, told, needles);
            needles.argon2id("peppered password", &tag, &row(told));
        },
    },
    Operation {
        name: "password, PBKDF2 of Django",
        work: |given| verify_foreign(given, &[]),
        needles: password,
    },
    #[cfg(feature = "bcrypt")]
    Operation { name: "password, bcrypt", work: |given| verify_foreign(given, &[]), needles: password },
    #[cfg(feature = "bcrypt")]
    Operation {
        name: "password, bcrypt of Django",
        work: |given| verify_foreign(given, &[]),
        needles: |given, told, needles| {
            password(given, told, needles);
            let digest = <sha2::Sha256 as sha2::Digest>::digest(given.text);
            needles.secret("password's digest", &digest);
        },
    },
    Operation {
        name: "password, scrypt of better-auth",
        work: |given| verify_foreign(given, &[Format::BetterAuth]),
        needles: password,
    },
    Operation {
        name: "seal, message",
        work: |given| {
            let ring = given.ring();
            let sealer = Sealer::new(&ring);
            let sealed = sealer.seal(given.text.as_bytes(), CONTEXT).unwrap();
            assert!(sealer.open(&sealed, CONTEXT).unwrap().matches(given.text.as_bytes()));
            assert!(sealer.open(&sealed, "another").is_err());
            tell("sealed", &sealed);
            let text = sealer.seal_text(given.text, CONTEXT).unwrap();
            assert!(sealer.open_text(&text, CONTEXT).unwrap().matches(given.text));
            tell("sealed", from_base64url(&text));
            ring.promote_now(ring.add_generated().unwrap()).unwrap();
            assert!(sealer.reseal(&sealed, CONTEXT).unwrap().is_some());
        },
        needles: |given, told, needles| {
            needles.secret("plaintext", given.text.as_bytes());
            let ring = needles.ring_key(given.key);
            for sealed in told.public("sealed") {
                needles.message_key(&ring, &sealed, &CONTEXT);
            }
        },
    },
    Operation {
        name: "seal, stream",
        work: |given| {
            let ring = given.ring();
            let sealer = Sealer::new(&ring);
            let mut writer = sealer.seal_writer(Vec::new(), CONTEXT).unwrap();
            for _ in 0..3000 {
                writer.write_all(given.text.as_bytes()).unwrap();
            }
            let sealed = writer.finish().unwrap();
            tell("sealed", &sealed[..61]);
            let mut reader = sealer.open_reader(sealed.as_slice(), CONTEXT).unwrap();
            let mut piece = Zeroizing::new([0; 100]);
            while reader.read(&mut *piece).unwrap() > 0 {}
            assert_eq!(reader.finish().unwrap().len(), 3000 * given.text.len() as u64);
            let mut cut_off = sealer.open_reader(&sealed[..100_000], CONTEXT).unwrap();
            while cut_off.read(&mut *piece).is_ok_and(|count| count > 0) {}
            assert!(cut_off.finish().is_err());
        },
        needles: |given, told, needles| {
            needles.secret("plaintext", given.text.as_bytes());
            let ring = needles.ring_key(given.key);
            needles.message_key(&ring, &told.public("sealed")[0], &CONTEXT);
        },
    },
    Operation {
        name: "token, opaque",
        work: |_| {
            let token = Token::generate().unwrap();
            assert!(token.digest().matches(token.expose()));
            tell_secret("token", token.expose().as_bytes());
        },
        needles: |_, told, needles| {
            let token = &told.secrets("token")[0];
            needles.secret("token", token);
            needles.secret("token's bytes", &from_base64url(str::from_utf8(token).unwrap()));
        },
    },
    Operation {
        name: "token, with a prefix",
        work: |_| {
            let format = TokenFormat::new("acme").unwrap();
            let token = format.generate().unwrap();
            assert!(token.digest().matches(format.check(token.expose()).unwrap().expose()));
            tell_secret("token", token.expose().as_bytes());
        },
        needles: |_, told, needles| needles.secret("token", &told.secrets("token")[0][5..]),
    },
    Operation {
        name: "token, split",
        work: |_| {
            let token = SplitToken::generate().unwrap();
            assert!(SplitToken::parse(token.expose()).unwrap().matches(&token.digest()));
            tell_secret("token", token.expose().as_bytes());
        },
        needles: |_, told, needles| split(&told.secrets("token")[0], needles),
    },
    Operation {
        name: "token, signed",
        work: |given| {
            let signer = Signer::new(given.ring());
            let hour = Duration::from_secs(3600);
            let token = Zeroizing::new(signer.sign("reset", given.text.as_bytes(), hour).unwrap());
            assert_eq!(*Zeroizing::new(signer.verify("reset", &token).unwrap()), given.text.as_bytes());
            assert!(signer.verify("invite", &token).is_err());
            let bound = Zeroizing::new(signer.sign_bound("reset", b"17", hour, given.other).unwrap());
            assert!(signer.verify_bound("reset", &bound, |_| Some(given.other)).is_ok());
            tell_secret("token", token.as_bytes());
            tell_secret("token", bound.as_bytes());
        },
        needles: |given, told, needles| {
            needles.secret("payload", given.text.as_bytes());
            needles.secret("state", given.other);
            for token in told.secrets("token") {
                needles.secret("token", &token);
                let bytes = from_base64url(str::from_utf8(&token).unwrap());
                needles.secret("token's tag", &bytes[bytes.len() - 32..]);
            }
            let ring = needles.ring_key(given.key);
            let key = needles.derived_mac_key(&ring, &[b"palisade token v1", b"reset"]);
            let token = from_base64url(str::from_utf8(&told.secrets("token")[0]).unwrap());
            let (body, tag) = token.split_at(token.len() - 32);
            used(&key, &[b"token", body], tag);
            needles.derived_mac_key(&ring, &[b"palisade token v1", b"invite"]);
        },
    },
    Operation {
        name: "session",
        work: |given| {
            let sessions = Sessions::new(Memory::new(10));
            let issued = sessions.log_in("17", Login::by(AuthLevel::Password)).unwrap();
            let session = sessions.check(issued.expose()).unwrap();
            let rotated = sessions.rotate(session).unwrap();
            let cookie = SessionCookie::new("session").unwrap();
            let mut set = cookie.set(rotated.expose()).unwrap();
            assert!(cookie.read(set.as_bytes()).is_some());
            set.zeroize();
            assert!(sessions.check(given.text).is_err());
            tell_secret("token", issued.expose().as_bytes());
            tell_secret("token", rotated.expose().as_bytes());
        },
        needles: |_, told, needles| told.secrets("token").iter().for_each(|token| split(token, needles)),
    },
    Operation {
        name: "key ring, in a file",
        work: |given| {
            palisade::secrets! { struct Secrets { wrapping: "WRAPPING" as KeyBytes<32> } }
            let variables = [("WRAPPING_FILE", given.folder.join("wrapping"))];
            let secrets = Secrets::from_source(&Environment::from_vars(variables)).unwrap();
            let path = given.folder.join("ring");
            let file = || KeyFile::new(&path, Wrapping::key(&secrets.wrapping));
            let ring = file().create().unwrap();
            let tell_file = || tell("file", std::fs::read(&path).unwrap());
            tell_file();
            let old = ring.primary();
            ring.add("1a2b3c4d".parse().unwrap(), SecretBytes::from(given.other)).unwrap();
            ring.promote_now(ring.add_generated().unwrap()).unwrap();
            tell_file();
            let reader = file().open().unwrap();
            ring.retire_now(old).unwrap();
            reader.reload().unwrap();
            let text = ring.to_text(&Wrapping::key(&secrets.wrapping)).unwrap();
            assert!(KeyRing::from_text(&text, &Wrapping::key(&secrets.wrapping)).is_ok());
            tell("file", &text);
        },
        needles: |given, told, needles| {
            needles.secret("wrapping key", given.key);
            for text in told.public("file") {
                needles.ring_text(str::from_utf8(&text).unwrap(), |salt| wrap(given.key, salt));
            }
        },
    },
    Operation {
        name: "key ring, under a passphrase",
        work: |given| {
            let wrapping = || Wrapping::passphrase(SecretString::from(given.text));
            let text = KeyRing::generate().unwrap().to_text(&wrapping()).unwrap();
            assert!(KeyRing::from_text(&text, &wrapping()).is_ok());
            tell("file", &text);
        },
        needles: |given, told, needles| {
            needles.secret("passphrase", given.text.as_bytes());
            needles.ring_text(str::from_utf8(&told.public("file")[0]).unwrap(), |salt| {
                let mut expanded = [0; 64];
                let params = argon2::Params::new(65_536, 3, 1, Some(64)).unwrap();
                let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
                let mut blocks = vec![argon2::Block::new(); 65_536];
                argon2
                    .hash_password_into_with_memory(given.text.as_bytes(), salt, &mut expanded, &mut blocks)
                    .unwrap();
                expanded
            });
        },
    },
    Operation {
        name: "key ring, a key destroyed",
        work: |given| {
            let ring = given.ring();
            let (sealer, signer, cookie) =
                (Sealer::new(&ring), Signer::new(&ring), SessionCookie::new("login").unwrap().signed(&ring));
            let log = AuditLog::new(io::sink(), &ring);
            tell("sealed", sealer.seal(b"plain", CONTEXT).unwrap());
            signer.sign("reset", b"17", Duration::from_secs(1)).unwrap();
            cookie.set("17").unwrap();
            log.record(Event::authentication_failure()).unwrap();
            let old = ring.primary();
            ring.promote(ring.add_generated().unwrap()).unwrap();
            ring.retire(old).unwrap();
            ring.destroy(old).unwrap();
            // As in a service, which goes on with its other keys.
            std::mem::forget((ring, sealer, signer, cookie, log));
        },
        needles: |given, told, needles| {
            let ring = needles.ring_key(given.key);
            needles.message_key(&ring, &told.public("sealed")[0], &CONTEXT);
            needles.derived_mac_key(&ring, &[b"palisade token v1", b"reset"]);
            needles.derived_mac_key(&ring, &[b"palisade cookie v1", b"__Host-login"]);
        },
    },
    Operation {
        name: "config, from files",
        work: |given| {
            palisade::secrets! {
                struct Secrets {
                    text: "TEXT",
                    raw: "RAW" as SecretBytes,
                    hex: "HEX" as KeyBytes<32>,
                    base64: "BASE64" as KeyBytes<32>,
                    long: "LONG" as SecretBytes,
                }
            }
            let names = ["TEXT", "RAW", "HEX", "BASE64", "LONG"];
            let variables =
                names.map(|name| (format!("{name}_FILE"), given.folder.join(name.to_lowercase())));
            let live = Secrets::live(Environment::from_vars(variables)).unwrap();
            let secrets = live.current();
            assert_eq!((secrets.text.expose_secret(), secrets.raw.expose_secret()), (given.text, given.key));
            assert_eq!(
                (secrets.hex.expose_secret().as_slice(), secrets.base64.expose_secret().as_slice()),
                (given.key, given.other)
            );
            assert_eq!(secrets.long.len(), given.text.len() * 200);
            assert!(!live.reload().unwrap());
        },
        needles: config,
    },
    Operation {
        name: "config, a secret replaced",
        work: |given| {
            palisade::secrets! { struct Secrets { text: "TEXT", hex: "HEX" as KeyBytes<32> } }
            let file = |name: &str| given.folder.join(name.to_lowercase());
            let variables = ["TEXT", "HEX"].map(|name| (format!("{name}_FILE"), file(name)));
            let live = Secrets::live(Environment::from_vars(variables)).unwrap();
            let old = live.current();
            assert_eq!((old.text.expose_secret(), &old.hex.expose_secret()[..]), (given.text, given.key));
            std::fs::write(file("TEXT"), "what came in its place").unwrap();
            std::fs::write(file("HEX"), "0123456789abcdef".repeat(4)).unwrap();
            assert!(live.reload().unwrap());
            drop(old);
            // As in a service, which goes on with the new ones.
            std::mem::forget(live);
        },
        needles: config,
    },
    Operation {
        name: "config, from the environment",
        work: |given| {
            palisade::secrets! { struct Secrets { text: "ERASURE_TEXT", hex: "ERASURE_HEX" as KeyBytes<32> } }
            let secrets = Secrets::from_env().unwrap();
            assert_eq!(
                (secrets.text.expose_secret(), secrets.hex.expose_secret().as_slice()),
                (given.text, given.key)
            );
        },
        needles: config,
    },
    Operation {
        name: "one-time codes",
        work: |given| {
            let ring = given.ring();
            let sealer = Sealer::new(&ring);
            let (secret, otp) = (OtpSecret::generate().unwrap(), Otp::default());
            let text = secret.expose_base32();
            tell_secret("secret in base32", text.expose_secret().as_bytes());
            assert_eq!(OtpSecret::from_base32(text.expose_secret()).unwrap().expose_base32().len(), 32);
            let sealed = secret.seal(&sealer, "17").unwrap();
            tell("sealed", &sealed);
            let uri = otp.provisioning_uri(&secret, "Acme", "ann").unwrap();
            assert!(uri.expose().len() > 32);
            let verifier = OtpVerifier::new(sealer, MemoryCodeStore::new(10), LoginGuard::new().unwrap());
            for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
                let code = Otp::default().algorithm(algorithm).hotp(&secret, 7);
                assert_eq!(code.expose().len(), 6);
            }
            let code = otp.at(&secret, std::time::SystemTime::now()).unwrap();
            let verified = verifier.verify("17", [127, 0, 0, 1].into(), &sealed, code.expose()).unwrap();
            let codes = verifier.replace_recovery_codes(&verified).unwrap();
            tell_codes(&codes);
            assert!(
                verifier
                    .spend_recovery_code("17", [127, 0, 0, 1].into(), codes.expose().next().unwrap())
                    .is_ok()
            );
        },
        needles: |given, told, needles| {
            let text = &told.secrets("secret in base32")[0];
            needles.secret("code secret in base32", text);
            let mut secret = vec![0; 20];
            <base32ct::Base32UpperUnpadded as base32ct::Encoding>::decode(text, &mut secret).unwrap();
            needles.mac_key("code secret", &secret);
            needles.sha1_mac_key("code secret", &secret);
            needles.sha512_mac_key("code secret", &secret);
            let ring = needles.ring_key(given.key);
            needles.message_key(&ring, &told.public("sealed")[0], &["palisade otp secret", "17"]);
            for code in told.secrets("recovery code") {
                needles.secret("recovery code", &code);
                needles.secret(
                    "recovery code's digits",
                    &code.iter().filter(|byte| **byte != b'-').copied().collect::<Vec<_>>(),
                );
            }
        },
    },
    Operation {
        name: "cookies and CSRF tokens",
        work: |given| {
            let ring = given.ring();
            let sealed = SessionCookie::new("login").unwrap().sealed(&ring);
            let set = sealed.set(given.text).unwrap();
            let value = set.split(';').next().unwrap();
            assert!(sealed.read(value.as_bytes()).unwrap().matches(given.text));
            tell("sealed", from_base64url(value.split_once('=').unwrap().1));
            let signed = SessionCookie::new("session").unwrap().signed(&ring);
            let token = SplitToken::generate().unwrap();
            let set = Zeroizing::new(signed.set(token.expose()).unwrap());
            let value = set.split(';').next().unwrap();
            assert_eq!(signed.read(value.as_bytes()), Some(token.expose()));
            tell_secret("token", token.expose().as_bytes());
            tell_secret("cookie", value.split_once('=').unwrap().1.as_bytes());
            let csrf = CsrfTokens::new(&ring);
            let hidden = Zeroizing::new(csrf.issue(given.other).unwrap());
            assert!(csrf.check(given.other, &hidden).is_ok());
            tell_secret("CSRF token", hidden.as_bytes());
        },
        needles: |given, told, needles| {
            needles.secret("plaintext", given.text.as_bytes());
            needles.secret("session's id", given.other);
            split(&told.secrets("token")[0], needles);
            let token = &told.secrets("CSRF token")[0];
            needles.secret("CSRF token", token);
            let token = from_base64url(str::from_utf8(token).unwrap());
            let (random, tag) = token[4..].split_at(16);
            needles.secret("CSRF token's tag", tag);
            let ring = needles.ring_key(given.key);
            needles.message_key(&ring, &told.public("sealed")[0], &["palisade cookie", "__Host-login"]);
            let key = needles.derived_mac_key(&ring, &[b"palisade csrf v1"]);
            used(&key, &[&(given.other.len() as u64).to_be_bytes(), given.other, random], tag);
            let key = needles.derived_mac_key(&ring, &[b"palisade cookie v1", b"__Host-session"]);
            let cookie = String::from_utf8(told.secrets("cookie")[0].clone()).unwrap();
            let (_, rest) = cookie.split_once('.').unwrap();
            let (tag, value) = rest.split_once('.').unwrap();
            needles.secret("cookie's tag", &from_base64url(tag));
            used(&key, &[value.as_bytes()], &from_base64url(tag));
        },
    },
    Operation {
        name: "redaction, registered and forgotten",
        work: |given| {
            let redactor = Redactor::default();
            redactor.register(given.text).unwrap();
            redactor.register(given.key).unwrap();
            assert!(redactor.forget(given.text) && redactor.forget(given.key));
            redactor.register("another secret").unwrap();
            std::mem::forget(redactor);
        },
        needles: registered,
    },
    Operation {
        name: "redaction, lines with a registered secret",
        work: |given| {
            let redactor = Redactor::default();
            redactor.register(given.text).unwrap();
            redactor.register(given.key).unwrap();
            redact_lines(given, &redactor);
        },
        needles: registered,
    },
    Operation {
        name: "redaction, lines with a password",
        work: |given| redact_lines(given, &Redactor::default()),
        needles: |given, _, needles| needles.secret("secret", given.text.as_bytes()),
    },
    Operation {
        name: "audit, under a ring",
        work: |given| {
            let ring = given.ring();
            let log = AuditLog::new(Vec::new(), &ring);
            log.record(Event::authentication_failure().subject("ann")).unwrap();
            tell("log", log.into_inner().unwrap());
        },
        needles: |given, told, needles| {
            let ring = needles.ring_key(given.key);
            let log = String::from_utf8(told.public("log")[0].clone()).unwrap();
            let key = needles.derived_mac_key(&ring, &[b"palisade audit v1", &chain(&log)]);
            starts(&log, &key);
        },
    },
    Operation {
        name: "audit, under a ratchet",
        work: |given| {
            let path = given.folder.join("ratchet");
            Ratchet::create(&path, given.ring()).unwrap();
            tell("ratchet", std::fs::read(&path).unwrap());
            let log = AuditLog::new(Vec::new(), Ratchet::open(&path).unwrap());
            log.record(Event::authentication_failure().subject("ann")).unwrap();
            let text = log.into_inner().unwrap();
            let stored = given.folder.join("audit.jsonl");
            for _ in 0..2 {
                let log = AuditLog::open(&stored, Ratchet::open(&path).unwrap()).unwrap();
                log.record(Event::authentication_failure().subject("ann")).unwrap();
            }
            tell("log", text);
        },
        needles: |given, told, needles| {
            let ring = needles.ring_key(given.key);
            let ratchet = String::from_utf8(told.public("ratchet")[0].clone()).unwrap();
            let id = base16ct::lower::decode_vec(ratchet.split(' ').nth(2).unwrap()).unwrap();
            let mut secret = ring_secret(&ring, &[b"palisade audit ratchet v1", &id]);
            let log = String::from_utf8(told.public("log")[0].clone()).unwrap();
            for epoch in 0..3 {
                needles.mac_key("ratchet's secret", &secret);
                let hkdf = hkdf::Hkdf::<sha2::Sha256>::from_prk(&secret).unwrap();
                let key = needles.derived_mac_key(&hkdf, &[b"chain", &chain(&log)]);
                if epoch == 0 {
                    starts(&log, &key);
                }
                secret = ring_secret(&hkdf, &[b"next"]);
            }
        },
    },
    #[cfg(feature = "tls")]
    Operation {
        name: "TLS, a private key",
        work: |given| {
            let chain = std::fs::read(given.folder.join("chain.pem")).unwrap();
            let key = given.folder.join("key.pem");
            assert!(
                palisade::transport::tls::Identity::from_files(given.folder.join("chain.pem"), &key).is_ok()
            );
            let key = SecretBytes::read_from(std::fs::File::open(key).unwrap(), 4096).unwrap();
            let identity = palisade::transport::tls::Identity::from_pem(&chain, &key).unwrap();
            assert!(palisade::transport::tls::HardenedServer::new(identity).is_ok());
        },
        needles: |given, _, needles| {
            let pem = std::fs::read_to_string(given.folder.join("key.pem")).unwrap();
            let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let der = <base64ct::Base64 as base64ct::Encoding>::decode_vec(&text).unwrap();
            // RFC 5915 §3: the number is an octet string of 32 bytes.
            let at = memchr::memmem::find(&der, &[0x04, 0x20]).unwrap() + 2;
            let number = &der[at..at + 32];
            needles.secret("key's number", number);
            needles.secret("key's number in limbs", &number.iter().rev().copied().collect::<Vec<_>>());
            needles.secret("key's number in ring's form", &montgomery(number));
        },
    },
];

/// What lies in the folder and the environment of an operation before it begins.
pub(crate) fn prepare(operation: &str, given: &Given<'_>) -> Vec<(&'static str, String)> {
    let write = |name: &str, content: &[u8]| std::fs::write(given.folder.join(name), content).unwrap();
    let hex = base16ct::lower::encode_string(given.key);
    match operation {
        "key ring, in a file" => write("wrapping", hex.as_bytes()),
        "config, a secret replaced" => {
            write("text", given.text.as_bytes());
            write("hex", hex.as_bytes());
        }
        "config, from files" => {
            write("text", given.text.as_bytes());
            write("raw", given.key);
            write("hex", hex.as_bytes());
            write("base64", <base64ct::Base64 as base64ct::Encoding>::encode_string(given.other).as_bytes());
            write("long", given.text.repeat(200).as_bytes());
        }
        "config, from the environment" => {
            return vec![("ERASURE_TEXT", given.text.to_owned()), ("ERASURE_HEX", hex)];
        }
        "password, PBKDF2 of Django" => {
            let mut output = [0; 32];
            pbkdf2::pbkdf2_hmac::<sha2::Sha256>(given.text.as_bytes(), b"seasalt", 1000, &mut output);
            let output = <base64ct::Base64 as base64ct::Encoding>::encode_string(&output);
            write("row", format!("pbkdf2_sha256$1000$seasalt${output}").as_bytes());
        }
        #[cfg(feature = "bcrypt")]
        "password, bcrypt" => write("row", bcrypt_row(given.text.as_bytes()).as_bytes()),
        #[cfg(feature = "bcrypt")]
        "password, bcrypt of Django" => {
            let digest = base16ct::lower::encode_string(&<sha2::Sha256 as sha2::Digest>::digest(given.text));
            write("row", format!("bcrypt_sha256${}", bcrypt_row(digest.as_bytes())).as_bytes());
        }
        "password, scrypt of better-auth" => {
            let (salt, mut output) = ("00112233445566778899aabbccddeeff", [0; 64]);
            let params = scrypt::Params::new(14, 16, 1).unwrap();
            scrypt::scrypt(given.text.as_bytes(), salt.as_bytes(), &params, &mut output).unwrap();
            write("row", format!("{salt}:{}", base16ct::lower::encode_string(&output)).as_bytes());
        }
        #[cfg(feature = "tls")]
        "TLS, a private key" => {
            let key = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(["example.com".to_owned()]).unwrap();
            write("chain.pem", params.self_signed(&key).unwrap().pem().as_bytes());
            write("key.pem", key.serialize_pem().as_bytes());
        }
        _ => {}
    }
    Vec::new()
}

#[cfg(feature = "bcrypt")]
fn bcrypt_row(password: &[u8]) -> String {
    let output = bcrypt::bcrypt(4, [7; 16], &[password, &[0]].concat());
    let text = <base64ct::Base64Bcrypt as base64ct::Encoding>::encode_string;
    format!("$2b$04${}{}", text(&[7; 16]), text(&output[..23]))
}

const CONTEXT: [&str; 2] = ["users.card", "17"];

fn hash_and_verify(hasher: &Hasher, given: &Given<'_>) {
    let stored = hasher.hash(given.text).unwrap();
    tell("row", stored.as_str());
    assert!(hasher.verify(given.text, stored.as_str()).is_ok());
    // A wrong one, and one that is composed first: "e", then an accent.
    let mut wrong = Zeroizing::new(String::with_capacity(given.text.len() + 3));
    wrong.push_str(given.text);
    wrong.push_str("e\u{301}");
    assert!(hasher.verify(&wrong, stored.as_str()).is_err());
    assert!(hasher.verify_user_and_upgrade(&wrong, None).is_err());
}

fn verify_foreign(given: &Given<'_>, formats: &[Format]) {
    let row = std::fs::read_to_string(given.folder.join("row")).unwrap();
    let mut builder = Hasher::builder().scheme(Scheme::scrypt(10, 8, 1));
    for format in formats {
        builder = builder.import(format.clone());
    }
    let hasher = builder.build().unwrap();
    assert!(hasher.verify(given.text, &row).is_ok());
    let wrong = Zeroizing::new([given.text, "e\u{301}"].concat());
    assert!(hasher.verify(&wrong, &row).is_err());
}

fn redact_lines(given: &Given<'_>, redactor: &Redactor) {
    let mut line = Zeroizing::new(String::with_capacity(1024));
    for part in ["{\"user\":\"ann\",\"password\":\"", given.text, "\",\"n\":1}\n"] {
        line.push_str(part);
    }
    assert!(!redactor.redact(line.trim_end()).contains(given.text));
    let mut writer = redactor.writer(Vec::new());
    for piece in line.as_bytes().chunks(5) {
        writer.write_all(piece).unwrap(); // so that the line is held back
    }
    writer.write_all(line.as_bytes()).unwrap();
    let out = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert!(!out.contains(given.text) && out.contains("[REDACTED]"));
}

fn tell_codes(codes: &RecoveryCodes) {
    codes.expose().for_each(|code| tell_secret("recovery code", code.as_bytes()));
}

fn password(given: &Given<'_>, _: &Told, needles: &mut Needles) {
    needles.mac_key("password", given.text.as_bytes());
}

/// The pepper's tag of a password, which is hashed in its place.
fn peppered(given: &Given<'_>, told: &Told, needles: &mut Needles) -> Vec<u8> {
    password(given, told, needles);
    let ring = needles.ring_key(given.key);
    let key = needles.derived_mac_key(&ring, &[b"palisade pepper v1"]);
    let tag = mac(&key, &[b"password", given.text.as_bytes()]);
    needles.mac_key("peppered password", &tag);
    tag
}

fn mac(key: &[u8], message: &[&[u8]]) -> Vec<u8> {
    let mut mac = <hmac::Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
    for part in message {
        hmac::Mac::update(&mut mac, part);
    }
    hmac::Mac::finalize(mac).into_bytes().to_vec()
}

/// What was stored.
fn row(told: &Told) -> String {
    String::from_utf8(told.public("row")[0].clone()).unwrap()
}

fn config(given: &Given<'_>, _: &Told, needles: &mut Needles) {
    needles.secret("text", given.text.as_bytes());
    let squeezed: String = given.text.chars().filter(char::is_ascii_alphanumeric).collect();
    needles.secret("squeezed text", squeezed.to_ascii_lowercase().as_bytes());
    needles.secret("key", given.key);
    needles.secret("other key", given.other);
}

fn registered(given: &Given<'_>, _: &Told, needles: &mut Needles) {
    needles.secret("secret", given.text.as_bytes());
    needles.secret("secret key", given.key);
    needles.looked_up("secret", given.text.as_bytes());
    needles.looked_up("secret key", given.key);
}

/// A number of the curve P-256 times 2^256, modulo the order of its group, last byte first: as ring keeps it.
#[cfg(feature = "tls")]
fn montgomery(number: &[u8]) -> Vec<u8> {
    // NIST SP 800-186 §3.2.1.3.
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order = base16ct::lower::decode_vec(order).unwrap();
    let mut number = number.to_vec();
    for _ in 0..256 {
        let is_beyond = number[0] >> 7 == 1;
        for at in 0..32 {
            number[at] = number[at] << 1 | number.get(at + 1).map_or(0, |next| next >> 7);
        }
        if is_beyond || number >= order {
            let mut borrowed = 0;
            for at in (0..32).rev() {
                let less = i16::from(number[at]) - i16::from(order[at]) - borrowed;
                borrowed = i16::from(less < 0);
                number[at] = u8::try_from(less.rem_euclid(256)).unwrap();
            }
        }
    }
    number.reverse();
    number
}

/// The half of a split token that is secret.
fn split(token: &[u8], needles: &mut Needles) {
    let verifier = &token[23..];
    needles.secret("verifier", verifier);
    needles.secret("verifier's bytes", &from_base64url(str::from_utf8(verifier).unwrap()));
}

/// The chain that a log starts with.
fn chain(log: &str) -> Vec<u8> {
    let (_, rest) = log.split_once("\"chain\":\"").unwrap();
    base16ct::lower::decode_vec(rest.split('"').next().unwrap()).unwrap()
}

/// The key is that of a log, whose first record shows it.
fn starts(log: &str, key: &[u8]) {
    let at = log.find(r#""mac":""#).unwrap() + 7;
    let (signed, rest) = log.split_at(at);
    let tag = base16ct::lower::decode_vec(rest.split('"').next().unwrap()).unwrap();
    used(key, &[b"record", &[0; 32], signed.as_bytes()], &tag);
}

/// The key that is looked for is the one that a tag was made under.
fn used(key: &[u8], message: &[&[u8]], tag: &[u8]) {
    assert_eq!(mac(key, message), tag, "another key was used");
}

fn ring_secret(hkdf: &hkdf::Hkdf<sha2::Sha256>, info: &[&[u8]]) -> Vec<u8> {
    let mut secret = vec![0; 32];
    hkdf.expand_multi_info(info, &mut secret).unwrap();
    secret
}
