//! Known answers, properties and refusals of stored passwords.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use palisade::password::{
    Budget, BuildErrorKind, Ceilings, Defect, HashErrorKind, Hasher, MAX_PASSWORD_BYTES, Scheme, StoredHash,
    VerifyErrorKind,
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
