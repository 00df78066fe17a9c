use argon2::{Algorithm, Argon2, Params, Version};
use orion::pwhash;
use palisade::password::{Budget, Hasher, Scheme, StoredHash};
use palisade_peers::{Race, Report};

use crate::python::Python;

const PASSWORD: &str = "correct horse battery staple";

pub fn races(report: &mut Report) {
    let python = Python::start();
    let openssl = format!("{}: as Python's hashlib has it", python.openssl());
    for (log_n, work) in [(17, "verify scrypt N=2^17 r=8 p=1"), (14, "verify scrypt N=2^14 r=8 p=1")] {
        let hasher = Hasher::builder().scheme(Scheme::scrypt(log_n, 8, 1)).build().unwrap();
        let stored = hasher.hash(PASSWORD).unwrap().into_string();
        let copy = stored.clone();
        let params = scrypt::Params::new(log_n, 8, 1).unwrap();
        let goal = if log_n == 17 { "≤ 0.70 × OpenSSL" } else { "≤ 0.85 × OpenSSL" };
        Race::new(work, goal)
            .contender(
                "palisade: memory wiped",
                move || hasher.verify(PASSWORD, &stored).is_ok(),
                |right| *right,
            )
            .contender(
                "scrypt 0.12.0: raw",
                move || {
                    let mut output = [0; 32];
                    scrypt::scrypt(PASSWORD.as_bytes(), b"sixteen byte sal", &params, &mut output).unwrap();
                    output
                },
                |output| *output != [0; 32],
            )
            .contender(
                "password-auth 1.0.0",
                move || password_auth::verify_password(PASSWORD, &copy).is_ok(),
                |right| *right,
            )
            .contender(
                &openssl,
                {
                    let python = python.clone();
                    move || python.hash("scrypt-openssl", [u32::from(log_n), 8, 1])
                },
                |output| output.len() == 64,
            )
            .run(report);
    }

    lanes(report, &python, &openssl);
    two_logins(report);
    threads(report);

    for (memory, passes, work) in [
        (19_456, 2, "verify argon2id 19,456 KiB, 2 passes"),
        (47_104, 1, "verify argon2id 47,104 KiB, 1 pass"),
    ] {
        let goal = if passes == 1 { "≤ 0.75 × libsodium, ≤ 0.5 × libargon2" } else { "" };
        let hasher = Hasher::builder().scheme(Scheme::argon2id(memory, passes, 1)).build().unwrap();
        let stored = hasher.hash(PASSWORD).unwrap().into_string();
        let copy = stored.clone();
        let params = Params::new(memory, passes, 1, None).unwrap();
        let password = pwhash::Password::try_from(PASSWORD.as_bytes()).unwrap();
        let cost = if passes == 1 { pwhash::OWASP_ARGON2ID_1ST } else { pwhash::OWASP_ARGON2ID_2ND };
        let orions = pwhash::hash_password(&password, &cost).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Race::new(work, goal)
            .contender(
                "palisade: memory wiped",
                move || hasher.verify(PASSWORD, &stored).is_ok(),
                |right| *right,
            )
            .contender(
                "argon2 0.6.0: raw",
                move || {
                    let mut output = [0; 32];
                    argon2.hash_password_into(PASSWORD.as_bytes(), b"sixteen byte sal", &mut output).unwrap();
                    output
                },
                |output| *output != [0; 32],
            )
            .contender(
                "password-auth 1.0.0",
                move || password_auth::verify_password(PASSWORD, &copy).is_ok(),
                |right| *right,
            )
            .contender(
                "orion 0.18.1",
                move || pwhash::hash_password_verify(&orions, &password).is_ok(),
                |right| *right,
            )
            .contender(
                "libsodium: as PyNaCl 1.6.2 has it",
                {
                    let python = python.clone();
                    move || python.hash("argon2id-libsodium", [memory, passes, 1])
                },
                |output| output.len() == 64,
            )
            .contender(
                "libargon2: as argon2-cffi 25.1.0 has it",
                {
                    let python = python.clone();
                    move || python.hash("argon2id-libargon2", [memory, passes, 1])
                },
                |output| output.len() == 64,
            )
            .run(report);
    }

    let salt_and_hash = "$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2SAXJlRUU";
    for (work, row) in [
        ("refuse a stored ln=48", format!("$scrypt$ln=48,r=8,p=1{salt_and_hash}")),
        ("refuse 1 MiB of damaged text", format!("$scrypt$ln=4,r=1,p=1${}", "A".repeat(1 << 20))),
    ] {
        Race::new(work, "< 100 µs")
            .contender("palisade", move || StoredHash::parse(&row).is_err(), |refused| *refused)
            .run(report);
    }
}

/// Four lanes, on the cores that there are.
fn lanes(report: &mut Report, python: &Python, openssl: &str) {
    let hasher = Hasher::builder().scheme(Scheme::scrypt(17, 8, 4)).build().unwrap();
    let stored = hasher.hash(PASSWORD).unwrap().into_string();
    let python = python.clone();
    Race::new("verify scrypt N=2^17 r=8 p=4", "≤ 0.40 × OpenSSL on 2 cores")
        .contender("palisade: memory wiped", move || hasher.verify(PASSWORD, &stored).is_ok(), |right| *right)
        .contender(openssl, move || python.hash("scrypt-openssl", [17, 8, 4]), |output| output.len() == 64)
        .run(report);
}

/// Two users log in at once where one hash may run at a time.
fn two_logins(report: &mut Report) {
    for (log_n, work) in [(17, "two logins on one core, N=2^17"), (14, "two logins on one core, N=2^14")] {
        let budget = Budget::default().hashes(1);
        let hasher = Hasher::builder().scheme(Scheme::scrypt(log_n, 8, 1)).budget(budget).build().unwrap();
        let stored = hasher.hash(PASSWORD).unwrap().into_string();
        let (alone, row) = (hasher.clone(), stored.clone());
        Race::new(work, "≤ 1.65 × one")
            .contender(
                "palisade: both",
                move || {
                    std::thread::scope(|scope| {
                        let verify = || hasher.verify(PASSWORD, &stored).is_ok();
                        let other = scope.spawn(verify);
                        verify() && other.join().unwrap()
                    })
                },
                |right| *right,
            )
            .yardstick("palisade: one login", move || alone.verify(PASSWORD, &row).is_ok(), |right| *right)
            .run(report);
    }
}

/// As many log in at once as there are threads: the time is that of all, shared among them.
fn threads(report: &mut Report) {
    for threads in [1, 2, 4, 8] {
        let hasher = Hasher::builder().scheme(Scheme::scrypt(14, 8, 1)).build().unwrap();
        let stored = hasher.hash(PASSWORD).unwrap().into_string();
        let copy = stored.clone();
        let params = scrypt::Params::new(14, 8, 1).unwrap();
        Race::new("verify scrypt N=2^14 r=8 p=1, one in each thread", "")
            .of(threads)
            .at("threads", threads as u64)
            .contender(
                "palisade",
                move || at_once(threads, || hasher.verify(PASSWORD, &stored).is_ok()),
                |right| *right,
            )
            .contender(
                "scrypt 0.12.0: raw",
                move || {
                    at_once(threads, || {
                        let mut output = [0; 32];
                        scrypt::scrypt(PASSWORD.as_bytes(), b"sixteen byte sal", &params, &mut output)
                            .unwrap();
                        output != [0; 32]
                    })
                },
                |right| *right,
            )
            .contender(
                "password-auth 1.0.0",
                move || at_once(threads, || password_auth::verify_password(PASSWORD, &copy).is_ok()),
                |right| *right,
            )
            .run(report);
    }
}

/// Whether all of them say so.
fn at_once(threads: usize, work: impl Fn() -> bool + Sync) -> bool {
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        others.into_iter().all(|other| other.join().unwrap())
    })
}
