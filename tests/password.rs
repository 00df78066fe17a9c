//! Known answers, properties and refusals of stored passwords.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use palisade::keys::{KeyErrorKind, KeyRing};
use palisade::password::{
    Budget, BuildErrorKind, Ceilings, Defect, HashErrorKind, Hasher, MAX_PASSWORD_BYTES, Policy, Refusal,
    Rules, Scheme, StoredHash, VerifyErrorKind,
};
use proptest::prelude::*;

#[path = "support/vectors.rs"]
mod vectors;

/// Costs that take microseconds; for tests only.
fn cheap() -> Hasher {
    Hasher::builder().scheme(Scheme::scrypt(4, 1, 1)).build().unwrap()
}

/// Every file but the raw ones: a password, a stored text, and what comes of them.
#[test]
fn known_answers_come_out_as_marked() {
    let builder = Hasher::builder().scheme(Scheme::scrypt(4, 1, 1)).import_all();
    #[cfg(feature = "firebase")]
    let builder =
        builder.import(palisade::password::Format::Firebase(palisade::password::FirebaseProject::new(
            palisade::secret::SecretBytes::from((0..64).collect::<Vec<u8>>()),
            &[7],
            8,
            10,
        )));
    let hasher = builder.build().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/password");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_off = match name {
            "scrypt_raw" => true, // read by the scheme's own tests
            "bcrypt" => cfg!(not(feature = "bcrypt")),
            "firebase" => cfg!(not(feature = "firebase")),
            _ => false,
        };
        if is_off {
            continue;
        }
        let is_ours = ["scrypt", "argon2id"].contains(&name);
        for case in vectors::cases(&fs::read_to_string(&path).unwrap()) {
            count += 1;
            let id = format!("{} in {}", case["id"], path.display());
            let password: String = serde_json::from_str(&format!("\"{}\"", case["password"])).unwrap();
            let stored = &case["stored"];
            let answer = hasher.verify(&password, stored);
            match case["result"].as_str() {
                "valid" => {
                    let verified = answer.unwrap_or_else(|error| unreachable!("{id}: {error:?}"));
                    assert!(is_ours || verified.needs_rehash(), "{id}");
                }
                "invalid" => assert_eq!(answer.unwrap_err().kind(), VerifyErrorKind::Rejected, "{id}"),
                "unusable" => {
                    let error = answer.unwrap_err();
                    assert_eq!(
                        (error.kind(), error.defect()),
                        (VerifyErrorKind::Rejected, Some(Defect::Unusable))
                    );
                    continue;
                }
                defect => {
                    let error = answer.unwrap_err();
                    assert_ne!(error.kind(), VerifyErrorKind::Rejected, "{id}");
                    assert_eq!(format!("{:?}", error.defect().unwrap()), defect, "{id}");
                    assert_eq!(hasher.parse(stored).unwrap_err(), error, "{id}");
                    continue;
                }
            }
            assert_eq!(hasher.parse(stored).unwrap().as_str(), stored, "{id}");
        }
    }
    assert!(count > 250, "only {count} cases were read");
}

#[test]
fn every_foreign_format_brings_known_answers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in fs::read_dir(root.join("src/password/import")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        let vectors = root.join(format!("tests/vectors/password/{name}.txt"));
        assert!(name == "mod" || vectors.exists(), "{name} has no known answers");
        count += 1;
    }
    assert!(count > 10);
}

#[test]
fn default_policy_is_owasps_scrypt() {
    let hasher = Hasher::default();
    let stored = hasher.hash("correct horse battery staple").unwrap();
    assert!(stored.as_str().starts_with("$scrypt$ln=17,r=8,p=1$"));
    let fields: Vec<usize> = stored.as_str().split('$').map(str::len).collect();
    assert_eq!(fields[3..], [22, 43]); // 16 and 32 bytes of base64
    assert!(!hasher.verify("correct horse battery staple", stored.as_str()).unwrap().needs_rehash());
    assert_ne!(stored, hasher.hash("correct horse battery staple").unwrap());
}

#[test]
fn only_weaker_or_foreign_hashes_ask_for_a_rehash() {
    let stored = |scheme| Hasher::builder().scheme(scheme).build().unwrap().hash("pw").unwrap();
    let policy = |scheme| Hasher::builder().scheme(scheme).build().unwrap();
    let cases = [
        (Scheme::scrypt(6, 8, 1), Scheme::scrypt(6, 8, 1), false),
        (Scheme::scrypt(7, 8, 1), Scheme::scrypt(6, 8, 1), false), // stronger
        (Scheme::scrypt(6, 8, 2), Scheme::scrypt(6, 8, 1), false), // stronger
        (Scheme::scrypt(5, 16, 1), Scheme::scrypt(6, 8, 1), false), // the same memory and work
        (Scheme::scrypt(5, 8, 1), Scheme::scrypt(6, 8, 1), true),
        (Scheme::scrypt(5, 8, 4), Scheme::scrypt(6, 8, 1), true), // more work, but less memory
        (Scheme::scrypt(6, 8, 1), Scheme::scrypt(6, 8, 2), true),
        (Scheme::argon2id(64, 2, 1), Scheme::argon2id(64, 2, 1), false),
        (Scheme::argon2id(64, 3, 1), Scheme::argon2id(64, 2, 1), false), // stronger
        (Scheme::argon2id(64, 1, 1), Scheme::argon2id(64, 2, 1), true),
        (Scheme::argon2id(32, 4, 1), Scheme::argon2id(64, 2, 1), true),
        (Scheme::argon2id(64, 2, 1), Scheme::scrypt(4, 1, 1), true), // another scheme
    ];
    for (old, new, expected) in cases {
        let verified = policy(new).verify("pw", stored(old).as_str()).unwrap();
        assert_eq!(verified.needs_rehash(), expected, "{old} under {new}");
    }
}

#[test]
fn short_salts_and_outputs_ask_for_a_rehash_and_the_snippet_always_does() {
    let hasher = cheap();
    for case in vectors::cases(include_str!("vectors/password/scrypt.txt")) {
        if case["id"] == "salt-8-output-10" {
            assert!(hasher.verify(&case["password"], &case["stored"]).unwrap().needs_rehash());
        }
    }
    for case in vectors::cases(include_str!("vectors/password/python_snippet.txt")) {
        if case["result"] == "valid" {
            assert!(hasher.verify(&case["password"], &case["stored"]).unwrap().needs_rehash());
        }
    }
}

#[test]
fn upgrade_returns_a_string_only_when_one_is_due() {
    let (old, new) = (Scheme::scrypt(4, 1, 1), Scheme::scrypt(5, 1, 1));
    let policy = Hasher::builder().scheme(new).build().unwrap();
    let stored = Hasher::builder().scheme(old).build().unwrap().hash("pw").unwrap();

    let upgraded = policy.verify_and_upgrade("pw", stored.as_str()).unwrap().unwrap();
    assert_eq!(upgraded.scheme(), new);
    assert_eq!(policy.verify_and_upgrade("pw", upgraded.as_str()).unwrap(), None);
    let refused = policy.verify_and_upgrade("no", stored.as_str()).unwrap_err();
    assert_eq!(refused.kind(), VerifyErrorKind::Rejected);
}

#[test]
fn unknown_users_are_rejected_like_wrong_passwords() {
    let hasher = cheap();
    let stored = hasher.hash("pw").unwrap();
    assert!(hasher.verify_user("pw", Some(stored.as_str())).is_ok());
    let absent = hasher.verify_user("pw", None).unwrap_err();
    assert_eq!(absent, hasher.verify_user("no", Some(stored.as_str())).unwrap_err());
    assert_eq!(absent, hasher.verify_absent("pw"));
}

#[test]
fn overlong_passwords_are_refused_alike_everywhere() {
    let hasher = cheap();
    let longest = "x".repeat(MAX_PASSWORD_BYTES);
    let overlong = "x".repeat(MAX_PASSWORD_BYTES + 1);
    let stored = hasher.hash(&longest).unwrap();
    assert!(hasher.verify(&longest, stored.as_str()).is_ok());
    assert_eq!(hasher.hash(&overlong).unwrap_err().kind(), HashErrorKind::TooLong);
    for row in [Some(stored.as_str()), Some("$scrypt$damaged"), None] {
        assert_eq!(hasher.verify_user(&overlong, row).unwrap_err().kind(), VerifyErrorKind::Rejected);
    }
}

#[test]
fn a_damaged_row_is_told_from_a_wrong_password() {
    let hasher = cheap();
    let row = "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2S/AXJlRU";
    let damaged = &row[..row.len() - 1];
    let password = "correct horse battery staple";
    assert_eq!(hasher.verify(password, damaged).unwrap_err().kind(), VerifyErrorKind::Malformed);
    assert_eq!(hasher.verify("no", row).unwrap_err().kind(), VerifyErrorKind::Rejected);
}

/// MD5 and SHA-1 of `password`: whoever has such rows has them wrapped or reset, and does not log in by them.
#[test]
fn rows_of_fast_hashes_are_not_read() {
    let hasher = Hasher::builder().scheme(cheap().scheme()).import_all().build().unwrap();
    for row in [
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "md5$seasalt$1e9bf2bf5606aa5c39852cc30f0f6f22",
        "sha1$seasalt$6292fe549ea4fd63a742ce4c58115c04e58732ea",
        "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
    ] {
        let kind = hasher.verify("password", row).unwrap_err().kind();
        assert!(
            matches!(kind, VerifyErrorKind::Malformed | VerifyErrorKind::UnknownScheme),
            "{row}: {kind:?}"
        );
    }
}

/// A scrypt hash cut at a whole byte is a shorter scrypt hash of the same password: it verifies, and asks for a rehash.
/// Any other cut is `Malformed`; none is ever called a wrong password.
#[test]
fn a_row_cut_off_anywhere_is_never_called_a_wrong_password() {
    let hasher = cheap();
    for _ in 0..40 {
        let stored = hasher.hash("pw").unwrap();
        for end in "$scrypt$".len()..stored.as_str().len() {
            match hasher.verify("pw", &stored.as_str()[..end]) {
                Ok(verified) => assert!(verified.needs_rehash(), "cut to {end}"),
                Err(error) => assert_eq!(error.kind(), VerifyErrorKind::Malformed, "cut to {end}"),
            }
        }
    }
}

#[test]
fn a_full_budget_answers_busy_and_hashes_nothing() {
    let budget = Budget::default().hashes(1).wait(Duration::ZERO);
    let hasher = Hasher::builder().scheme(Scheme::scrypt(14, 8, 1)).budget(budget).build().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let _: Result<StoredHash, _> = hasher.hash("one after the other");
            }
        });
        // A clone shares the budget; it is refused while the other thread hashes, and never waits.
        let clone = hasher.clone();
        while clone.verify_absent("pw").kind() != VerifyErrorKind::Busy {}
        while clone.hash("pw").map_err(|error| error.kind()) != Err(HashErrorKind::Busy) {}
        done.store(true, Ordering::SeqCst);
    });
}

#[test]
fn ceilings_are_raised_and_lowered_by_policy() {
    let row = "$scrypt$ln=10,r=8,p=16$TmFDbGFiY2Q$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI";
    let lowered = Ceilings::default().scrypt_work(1 << 16);
    let strict = Hasher::builder().scheme(Scheme::scrypt(4, 1, 1)).ceilings(lowered).build().unwrap();
    assert_eq!(strict.parse(row).unwrap_err().kind(), VerifyErrorKind::CostAboveCeiling);
    assert!(cheap().parse(row).is_ok());

    let heavy =
        "$argon2id$v=19$m=524288,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2SAXJlRUU";
    assert_eq!(cheap().parse(heavy).unwrap_err().kind(), VerifyErrorKind::CostAboveCeiling);
    let raised = Ceilings::default().memory(1 << 30);
    let unmatched = Hasher::builder().ceilings(raised).build().unwrap_err();
    assert_eq!(unmatched.kind(), BuildErrorKind::CeilingAboveBudget);
    let small = Hasher::builder().budget(Budget::default().memory(128 << 20)).build().unwrap();
    let row =
        "$argon2id$v=19$m=131073,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2SAXJlRUU";
    assert_eq!(small.parse(row).unwrap_err().kind(), VerifyErrorKind::CostAboveCeiling); // never an endless Busy
    let roomy = Hasher::builder().ceilings(raised).budget(Budget::default().memory(1 << 30)).build().unwrap();
    assert!(roomy.parse(heavy).is_ok());
}

#[test]
fn policies_that_cannot_work_are_not_built() {
    let kind = |scheme| Hasher::builder().scheme(scheme).build().unwrap_err().kind();
    for undefined in [
        Scheme::scrypt(0, 8, 1),
        Scheme::scrypt(4, 0, 1),
        Scheme::argon2id(8, 0, 1),
        Scheme::argon2id(8, 1, 2),
    ] {
        assert_eq!(kind(undefined), BuildErrorKind::CostUndefined, "{undefined}");
    }
    for heavy in [Scheme::scrypt(20, 8, 1), Scheme::scrypt(255, 1, 1), Scheme::argon2id(u32::MAX, 1, 1)] {
        assert_eq!(kind(heavy), BuildErrorKind::CostAboveCeiling, "{heavy}");
    }
    let empty = Hasher::builder().budget(Budget::default().hashes(0)).build().unwrap_err();
    assert_eq!(empty.kind(), BuildErrorKind::EmptyBudget);
}

#[test]
fn hostile_rows_are_parsed_without_work() {
    // A hostile row costs as much as its length, 512 bytes at most; numbers inside it cost nothing. The bench
    // prints the times.
    let long = format!("$scrypt$ln=4,r=1,p=1${}$", "A".repeat(1 << 20));
    let dollars = "$".repeat(1 << 20);
    let commas = format!("$scrypt${}", "ln=1,".repeat(90));
    let digits = format!("$scrypt$ln={},r=8,p=1$AAAA$AAAA", "9".repeat(400));
    let nul = "$scrypt$ln=4,r=1,p=1\0$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVHw";
    for row in [long.as_str(), &dollars, &commas, &digits, nul] {
        assert_ne!(StoredHash::parse(row).unwrap_err().kind(), VerifyErrorKind::Rejected);
    }
    let overlong = "$".repeat(513);
    assert_eq!(StoredHash::parse(&overlong).unwrap_err().defect(), Some(Defect::TooLong));
    assert_eq!(StoredHash::parse(&overlong[1..]).unwrap_err().defect(), Some(Defect::SchemeUnknown));
}

#[test]
fn debug_and_errors_show_neither_salt_nor_hash() {
    let stored = cheap().hash("hunter2").unwrap();
    assert_eq!(format!("{stored:?}"), "StoredHash(scrypt(ln=4,r=1,p=1))");
    let shown = format!("{:?}", cheap());
    assert!(shown.contains("scrypt(ln=4,r=1,p=1)"), "{shown}");
    let error = cheap().verify("hunter2", "$scrypt$hunter2").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[cfg(feature = "serde")]
#[test]
fn serde_form_is_the_stored_text() {
    let stored = cheap().hash("pw").unwrap();
    let json = serde_json::to_string(&stored).unwrap();
    assert_eq!(serde_json::from_str::<StoredHash>(&json).unwrap(), stored);
    assert!(serde_json::from_str::<StoredHash>("\"$scrypt$ln=48\"").is_err());
    // A policy with raised ceilings reads its own rows back: costs are the policy's to judge.
    let heavy = json.replace("ln=4", "ln=20");
    assert_eq!(serde_json::from_str::<StoredHash>(&heavy).unwrap().scheme(), Scheme::scrypt(20, 1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_hashed_verifies_and_nothing_else_does(password in any::<String>(), other in any::<String>()) {
        for scheme in [Scheme::scrypt(2, 1, 1), Scheme::argon2id(8, 1, 1)] {
            let hasher = Hasher::builder().scheme(scheme).build().unwrap();
            let stored = hasher.hash(&password).unwrap();
            prop_assert!(!hasher.verify(&password, stored.as_str()).unwrap().needs_rehash());
            prop_assert_eq!(hasher.verify(&other, stored.as_str()).is_ok(), other == password);
            prop_assert_eq!(&stored.as_str().parse::<StoredHash>().unwrap(), &stored);
        }
    }

    #[test]
    fn one_changed_character_of_a_row_never_verifies(position in 0_usize..90, replacement in "[ -~]") {
        let hasher = cheap();
        let stored = hasher.hash("pw").unwrap();
        let position = position % stored.as_str().len();
        let mut changed = stored.as_str().to_owned();
        changed.replace_range(position..=position, &replacement);
        let costs = "$scrypt$ln=".len().."$scrypt$ln=4,r=1,p=1".len();
        // Costs are left alone: changing them asks for real work, and cannot verify either.
        if changed != stored.as_str() && !costs.contains(&position) {
            prop_assert!(hasher.verify("pw", &changed).is_err());
        }
    }
}

proptest! {
    #[test]
    fn parsing_arbitrary_text_never_panics_and_never_repeats_it(
        text in any::<String>(),
        shaped in r"\$(scrypt|argon2id)(\$v=[0-9]{1,3})?\$[a-z]{1,2}=[0-9]{1,12}(,[a-z]{1,2}=[0-9]{1,12}){0,3}(\$[A-Za-z0-9+/=]{0,90}){0,3}",
    ) {
        for text in [text, shaped] {
            match StoredHash::parse(&text) {
                Ok(stored) => prop_assert_eq!(stored.as_str(), text),
                Err(error) => {
                    let shown = format!("{error} {error:?}");
                    prop_assert!(text.len() < 8 || !shown.contains(&text));
                }
            }
        }
    }
}

/// Source: the README of the firebase/scrypt repository.
#[cfg(feature = "firebase")]
#[test]
fn the_published_firebase_hash_verifies() {
    use base64ct::Encoding;
    use palisade::password::{FirebaseProject, Format};

    let signer_key =
        "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";
    let signer_key = palisade::secret::SecretBytes::from(base64ct::Base64::decode_vec(signer_key).unwrap());
    let project = FirebaseProject::new(signer_key, &[7], 8, 14);
    let hasher = Hasher::builder().import(Format::Firebase(project)).build().unwrap();
    let row = "firebase$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
    assert!(hasher.verify("user1password", row).unwrap().needs_rehash());
    assert_eq!(hasher.verify("user1passworD", row).unwrap_err().kind(), VerifyErrorKind::Rejected);
}

#[test]
fn ambiguous_shapes_are_read_only_when_asked_for() {
    use palisade::password::Format;

    let colon = format!("{}:{}", "0f".repeat(16), "0".repeat(128));
    let dot = format!("{}.{}", "0".repeat(128), "0f".repeat(16));
    for row in [&colon, &dot] {
        assert_eq!(StoredHash::parse(row).unwrap_err().defect(), Some(Defect::Shape));
        assert_eq!(cheap().verify("pw", row).unwrap_err().kind(), VerifyErrorKind::Malformed);
    }
    let node = Hasher::builder().import(Format::NodeColon).build().unwrap();
    assert_eq!(node.parse(&colon).unwrap().scheme(), Scheme::scrypt(14, 8, 1));
    assert!(node.parse(&dot).is_err());
    let better = Hasher::builder().import(Format::BetterAuth).build().unwrap();
    assert_eq!(better.parse(&colon).unwrap().scheme(), Scheme::scrypt(14, 16, 1));
}

#[test]
fn peppers_are_rotated_by_login_and_a_missing_one_is_nobodys_fault() {
    let ring = KeyRing::generate().unwrap();
    let builder = || Hasher::builder().scheme(Scheme::scrypt(4, 1, 1));
    let (plain, peppered) = (builder().build().unwrap(), builder().pepper(&ring).build().unwrap());
    let old = ring.primary();
    let row = peppered.hash("pw").unwrap();
    assert!(row.as_str().starts_with(&format!("{{pepper:{old}}}$scrypt$ln=4,r=1,p=1$")), "{}", row.as_str());
    assert!(!peppered.verify("pw", row.as_str()).unwrap().needs_rehash());
    assert_eq!(peppered.verify("no", row.as_str()).unwrap_err().kind(), VerifyErrorKind::Rejected);
    assert_eq!(StoredHash::parse(row.as_str()).unwrap().scheme(), Scheme::scrypt(4, 1, 1));

    // Without the ring, or under another: unavailable, never the user's fault.
    let other = builder().pepper(KeyRing::generate().unwrap()).build().unwrap();
    for hasher in [&plain, &other] {
        let error = hasher.verify("pw", row.as_str()).unwrap_err();
        assert_eq!(
            (error.kind(), error.defect()),
            (VerifyErrorKind::Unavailable, Some(Defect::PepperUnknown))
        );
    }
    // A row without a pepper is one that anybody could have made up.
    let unpeppered = plain.hash("pw").unwrap();
    let error = peppered.verify("pw", unpeppered.as_str()).unwrap_err();
    assert_eq!((error.kind(), error.defect()), (VerifyErrorKind::Malformed, Some(Defect::PepperMissing)));
    let bare = row.as_str().split_once('}').unwrap().1;
    assert!(plain.verify("pw", bare).is_err(), "what is hashed is not the password");
    let migrating = builder().pepper(&ring).accept_unpeppered().build().unwrap();
    let upgraded = migrating.verify_and_upgrade("pw", unpeppered.as_str()).unwrap().unwrap();
    assert!(upgraded.as_str().starts_with("{pepper:"));
    let snippet = "529371ba50e81bb05adec6cbbc3677066e68f424d6be937e70ed14018839aa8e$1d23ef8f2e2194ae1b25dd77062b7427a72a99c41e65d6d914a09931e9e93292ac8ac2c2867f1179029aa25d15c042182c21cf342e0334851c930e302fef72f6";
    assert!(migrating.verify("correct horse battery staple", snippet).unwrap().needs_rehash());
    assert!(peppered.verify("correct horse battery staple", snippet).is_err());

    let new = ring.add_generated().unwrap();
    ring.promote(new).unwrap();
    let rotated = peppered.verify_and_upgrade("pw", row.as_str()).unwrap().unwrap();
    assert!(rotated.as_str().starts_with(&format!("{{pepper:{new}}}")));
    ring.retire(old).unwrap();
    assert!(peppered.verify("pw", row.as_str()).is_ok(), "a retired key still opens what is stored");
    assert_eq!(ring.destroy(old).unwrap_err().kind(), KeyErrorKind::Peppers);
    let counted = |prefix: &str| Ok(u64::from(row.as_str().starts_with(prefix)));
    assert_eq!(ring.destroy_pepper(old, 0, counted).unwrap_err().kind(), KeyErrorKind::Peppers);
    let failing = |_: &str| Err(std::io::ErrorKind::TimedOut.into());
    assert_eq!(ring.destroy_pepper(old, 1, failing).unwrap_err().kind(), KeyErrorKind::Unavailable);
    ring.destroy_pepper(old, 1, counted).unwrap();
    assert_eq!(peppered.verify("pw", row.as_str()).unwrap_err().kind(), VerifyErrorKind::Unavailable);
    assert!(peppered.verify("pw", rotated.as_str()).is_ok());

    for damaged in
        ["{pepper:}", "{pepper:xyz}$scrypt$", "{pepper:1a2b3c4d", "{pepper:1A2B3C4D}$scrypt$ln=4,r=1,p=1$"]
    {
        let error = peppered.verify("pw", damaged).unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::Malformed, "{damaged}");
    }
    let foreign = format!("{{pepper:{new}}}{snippet}");
    assert_eq!(peppered.verify("pw", &foreign).unwrap_err().kind(), VerifyErrorKind::Malformed);
    for inserted in
        [format!("{{pepper:{new}}}x"), format!("{{pepper:{new}}}{{pepper:{new}}}"), "x".to_owned()]
    {
        let row = rotated.as_str().replacen(&format!("{{pepper:{new}}}"), &inserted, 1);
        assert!(peppered.verify("pw", &row).is_err(), "{row}");
    }
    assert!(plain.verify("pw", &unpeppered.as_str().replace("$ln", "$v=v=$ln")).is_err());
    assert!(!format!("{peppered:?}").contains(&row.as_str()[30..]));
}

#[test]
fn a_password_verifies_however_its_accents_were_typed() {
    let hasher = cheap();
    let (composed, decomposed) = ("café au lait", "cafe\u{301} au lait");
    let row = hasher.hash(decomposed).unwrap();
    for typed in [composed, decomposed] {
        assert!(!hasher.verify(typed, row.as_str()).unwrap().needs_rehash());
    }
    // Hashed as it was typed, by a program that does not compose.
    let raw = "$scrypt$ln=4,r=1,p=1$AAECAwQFBgcICQoLDA0ODw$aaCrOHpvcklGEZ/T/AgACYxGYlKpoLDKk19OhaSWh58";
    assert!(hasher.verify(decomposed, raw).unwrap().needs_rehash());
    assert_eq!(hasher.verify(composed, raw).unwrap_err().kind(), VerifyErrorKind::Rejected);
}

#[test]
fn a_policy_is_plain_data() {
    let policy = Policy {
        scheme: "argon2id(m=64,t=2,p=1)".parse().unwrap(),
        ceilings: Some(Ceilings::default().memory(1 << 20).pbkdf2_iterations(10)),
        budget: Some(Budget::default().memory(1 << 20).hashes(1)),
    };
    let hasher = Hasher::builder().policy(policy).build().unwrap();
    assert!(hasher.hash("pw").unwrap().as_str().starts_with("$argon2id$v=19$m=64,t=2,p=1$"));
    let dear = "pbkdf2_sha256$11$seasalt$r1uLUxoxpP2Ued/qxvmje7UH9PUJBkRrvf9gGPL7Cps=";
    assert_eq!(hasher.verify("pw", dear).unwrap_err().kind(), VerifyErrorKind::CostAboveCeiling);
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
        let partial: Policy = serde_json::from_str(r#"{"scheme":"scrypt(ln=15,r=8,p=3)"}"#).unwrap();
        assert_eq!(partial, Policy { scheme: Scheme::OWASP_SCRYPT[2], ..Policy::default() });
        assert!(serde_json::from_str::<Policy>(r#"{"sheme":"scrypt(ln=15,r=8,p=3)"}"#).is_err());
    }
}

#[test]
fn text_around_a_foreign_row_is_not_overlooked() {
    let row =
        "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$LfR+3mNY7Repl21PztuJehADbUMqSs7xfSY7/Ji9IKw";
    let verify = |row: &str| cheap().verify("correct horse battery staple", row).map(drop);
    assert!(
        verify(row).is_ok()
            && verify(&format!("argon2{row}")).is_ok()
            && verify(&format!("{{argon2}}{row}")).is_ok()
    );
    let scrypt = "$scrypt$ln=4,r=1,p=1$AAECAwQFBgcICQoLDA0ODw$XPnAJdWctVSDbs+wkcn9WPDn4uhL8zcDEMH/T4jDIDw";
    for wrong in [
        format!("x{row}"),
        format!("{{argon2}}x{row}"),
        format!("{{argon2}}{{pepper:00000000}}{row}"),
        format!("argon2{scrypt}"),
        row.replace("v=19", "v=v=19"),
        format!("{row}x"),
        format!("{row} "),
    ] {
        assert!(verify(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn chosen_passwords_are_judged_by_length_and_guesses_alone() {
    let rules = Rules::default().context(["alice@example.com", "Acme Shop", "x"]);
    for good in [
        "correct horse battery staple",
        "8f3KqLz0vTnW5yB",
        "ein ziemlich langer Satz",
        "漢字だけでも十五文字あれば良いです",
        "\u{0}\u{0}tab\tand nul and more",
        "alice walked to the shop for rhubarb",
    ] {
        assert!(rules.check(good).is_ok(), "{good:?}: {:?}", rules.check(good));
    }
    for (bad, reason) in [
        ("", Refusal::TooShort { least: 15 }),
        ("fourteen chars", Refusal::TooShort { least: 15 }),
        ("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", Refusal::TooShort { least: 15 }),
        ("aaaaaaaaaaaaaaaaaaaa", Refusal::Repetitive),
        ("abababababababababab", Refusal::Repetitive),
        ("abcdefghijklmnopqrstuvwxyz", Refusal::Sequence),
        ("123456789012345", Refusal::Sequence),
        ("qwertyuiopasdfghjkl", Refusal::Sequence),
        ("!@#$%^&*()_+!@#$", Refusal::Sequence),
        ("a1b2c3d4e5f6g7h8", Refusal::Sequence),
        ("20012002200120022001", Refusal::Common),
        ("alicealicealicealice", Refusal::Context),
        ("AcmeShopAcmeShop2024", Refusal::Context),
    ] {
        assert_eq!(rules.check(bad).unwrap_err(), reason, "{bad:?}");
    }
    assert_eq!(rules.check(&"x1".repeat(2049)).unwrap_err(), Refusal::TooLong);
    assert!(rules.check(&"a long sentence that nobody expects, ".repeat(110)).is_ok());
    assert!(rules.check(&("a".repeat(128) + "8f3KqLz0vTnW5yBx")).is_ok());
    let short = Rules::with_second_factor();
    assert!(short.check("x7Kp2mQv").is_ok());
    assert!(short.check("50284716").is_ok(), "digits are as good as letters");
    assert_eq!(short.clone().check("x7Kp2mQ").unwrap_err(), Refusal::TooShort { least: 8 });
    assert_eq!(short.min_chars(12).check("x7Kp2mQv").unwrap_err(), Refusal::TooShort { least: 12 });
    assert_eq!(format!("{:?}", rules.check("correct horse battery staple").unwrap()), "Acceptable");

    #[cfg(feature = "blocklist")]
    for (bad, reason) in [
        ("password1234567", Refusal::Common),
        ("P@ssw0rdP@ssw0rd", Refusal::Common),
        ("letmeinletmeinletmein", Refusal::Common),
        ("iloveyouforever!", Refusal::Common),
        ("Michael1985Jordan", Refusal::Common),
        ("p@$$w0rd12345678", Refusal::Sequence),
        ("dr@g0n1234567890", Refusal::Sequence),
        ("p a s s w o r d 1 2 3", Refusal::Common),
        ("monkeymonkey12monkey", Refusal::Common),
        ("testtesttesttest1", Refusal::Common),
        ("19871988198919901991", Refusal::Common),
    ] {
        assert_eq!(rules.check(bad).unwrap_err(), reason, "{bad:?}");
    }
}

/// Run by the test below in a process of its own: 64 threads hash at once under a budget of 64 MiB, among them older
/// policies' and other programs' rows.
#[test]
fn helper_that_hashes_in_many_threads() {
    let scheme = match std::env::var("PALISADE_TEST_FLOOD").as_deref() {
        Ok("argon2id") => Scheme::argon2id(16 * 1024, 1, 1),
        Ok("scrypt") => Scheme::scrypt(14, 8, 1),
        _ => return,
    };
    let budget = Budget::default().memory(64 << 20).hashes(8).wait(Duration::from_secs(120));
    let hasher = Hasher::builder().scheme(scheme).budget(budget).build().unwrap();
    let older = "$argon2id$v=19$m=12288,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw";
    let cheaper = "$scrypt$ln=13,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw";
    let snippet = format!("{}${}", "0f".repeat(32), "0".repeat(128));
    std::thread::scope(|scope| {
        for number in 0..64 {
            let (hasher, snippet) = (&hasher, snippet.as_str());
            scope.spawn(move || {
                hasher.hash(&format!("password {number}")).unwrap();
                let row = [older, cheaper, snippet][number % 3];
                assert_eq!(hasher.verify("wrong", row).unwrap_err().kind(), VerifyErrorKind::Rejected);
            });
        }
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_flood_of_logins_stays_within_the_budget() {
    use std::process::{Command, Stdio};

    let peak = |flood: &str| -> u64 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["helper_that_hashes_in_many_threads", "--exact", "--test-threads=1"]);
        let mut child = command.env("PALISADE_TEST_FLOOD", flood).stdout(Stdio::null()).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut most = 0;
        loop {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let kib = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib =
                kib.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
            most = most.max(kib);
            if let Some(ended) = child.try_wait().unwrap() {
                assert!(ended.success());
                return most;
            }
        }
    };
    for flood in ["argon2id", "scrypt"] {
        let peak = peak(flood);
        assert!(peak <= (64 + 16) * 1024, "{flood}: {peak} KiB");
        assert!(peak > 40 * 1024, "the flood was measured: {flood}: {peak} KiB");
    }
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::*;

    fn hasher(hashes: usize, wait: Duration) -> Hasher {
        let budget = Budget::default().hashes(hashes).wait(wait);
        Hasher::builder().scheme(Scheme::scrypt(14, 8, 1)).budget(budget).build().unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn logins_wait_their_turn_without_threads_and_are_busy_in_time() {
        let hasher = hasher(2, Duration::from_secs(60));
        let row = hasher.hash_async("pw").await.unwrap().into_string();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..40 {
            let (hasher, row) = (hasher.clone(), row.clone());
            tasks.spawn(async move {
                let password = if number % 2 == 0 { "pw" } else { "no" };
                hasher.verify_async(password, Some(row)).await.is_ok() == (number % 2 == 0)
            });
        }
        assert!(tasks.join_all().await.into_iter().all(|right| right));
        assert!(hasher.verify_and_upgrade_async("pw", Some(row)).await.unwrap().is_none());
        assert_eq!(
            hasher.verify_async("pw", None::<String>).await.unwrap_err().kind(),
            VerifyErrorKind::Rejected
        );

        let impatient = self::hasher(1, Duration::ZERO);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let impatient = impatient.clone();
            tasks.spawn(async move { impatient.hash_async("pw").await.map(drop) });
        }
        let answers = tasks.join_all().await;
        assert!(answers.iter().any(|answer| answer.is_err_and(|error| error.kind() == HashErrorKind::Busy)));
    }

    #[tokio::test]
    async fn a_future_that_is_dropped_gives_its_place_back() {
        let hasher = hasher(1, Duration::from_secs(60));
        for _ in 0..20 {
            let waits = hasher.hash_async("pw");
            drop(tokio::time::timeout(Duration::from_millis(1), waits).await);
        }
        assert!(hasher.hash_async("pw").await.is_ok());
    }
}
