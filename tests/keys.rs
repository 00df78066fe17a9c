//! Key rings: states, files, reloads, and texts that were tampered with.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use palisade::clock::ManualClock;
use palisade::config::{Environment, KeyBytes};
use palisade::keys::{KeyErrorKind, KeyFile, KeyId, KeyRing, KeyState, Reloaded, Wrapping};
use palisade::secret::{SecretBytes, SecretString};
use proptest::prelude::*;

palisade::secrets! { struct Secrets { wrapping: "WRAPPING" as KeyBytes<32> } }

fn wrapping(first: u8) -> Wrapping {
    let text = format!("{first:02x}{}", "0123456789abcdef".repeat(4));
    let environment = Environment::from_vars([("WRAPPING", &text[..64])]);
    Wrapping::key(&Secrets::from_source(&environment).unwrap().wrapping)
}

fn id(number: u32) -> KeyId {
    KeyId::from_bytes(number.to_be_bytes())
}

fn kind<T: std::fmt::Debug>(result: Result<T, palisade::keys::KeyError>) -> KeyErrorKind {
    result.unwrap_err().kind()
}

/// A folder of this test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn ring(&self) -> KeyFile {
        KeyFile::new(self.0.join("keys"), wrapping(1))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn states_change_only_along_their_way() {
    let ring = KeyRing::generate().unwrap();
    let old = ring.primary();
    assert_eq!(kind(ring.retire(old)), KeyErrorKind::Primary);
    assert_eq!(kind(ring.destroy(old)), KeyErrorKind::Primary);
    assert_eq!(kind(ring.promote(id(7))), KeyErrorKind::Unknown);

    let new = ring.add_generated().unwrap();
    assert_eq!(ring.state(new), Some(KeyState::Accepted));
    assert_eq!(kind(ring.destroy(new)), KeyErrorKind::NotRetired);
    ring.promote(new).unwrap();
    ring.promote(new).unwrap();
    assert_eq!((ring.primary(), ring.state(old)), (new, Some(KeyState::Accepted)));

    ring.retire(old).unwrap();
    assert_eq!(kind(ring.promote(old)), KeyErrorKind::Retired);
    assert_eq!(kind(ring.promote_now(old)), KeyErrorKind::Retired);
    ring.destroy(old).unwrap();
    assert_eq!(ring.state(old), None);
    assert_eq!(kind(ring.destroy(old)), KeyErrorKind::Unknown);
}

#[test]
fn a_refused_change_changes_nothing() {
    let ring = KeyRing::generate().unwrap();
    let (version, keys) = (ring.version(), ring.keys());
    let _ = ring.retire(ring.primary()).unwrap_err();
    let _ = ring.add(id(9), SecretBytes::from(vec![1; 31])).unwrap_err();
    let _ = ring.add(ring.primary(), SecretBytes::from(vec![1; 32])).unwrap_err();
    assert_eq!((ring.version(), ring.keys()), (version, keys));
}

#[test]
fn keys_from_elsewhere_have_32_bytes_and_ids_of_their_own() {
    for len in [0, 16, 31, 33, 64] {
        assert_eq!(kind(KeyRing::from_key(id(1), SecretBytes::from(vec![7; len]))), KeyErrorKind::Length);
    }
    let ring = KeyRing::from_key(id(1), SecretBytes::from(vec![7; 32])).unwrap();
    assert_eq!(kind(ring.add(id(1), SecretBytes::from(vec![8; 32]))), KeyErrorKind::Exists);
    assert_eq!(kind(ring.add(id(2), SecretBytes::from(vec![7; 32]))), KeyErrorKind::Exists); // by another name
    ring.add(id(2), SecretBytes::from(vec![8; 32])).unwrap();
    assert_eq!(ring.keys().len(), 2);
}

#[test]
fn a_ring_is_full_at_1024_keys() {
    let ring = KeyRing::from_key(id(0), SecretBytes::from(vec![7; 32])).unwrap();
    for number in 1..1024_u32 {
        let bytes = [number.to_be_bytes(); 8].concat();
        ring.add(id(number), SecretBytes::from(bytes)).unwrap();
    }
    assert_eq!(kind(ring.add_generated()), KeyErrorKind::Full);
    let text = ring.to_text(&wrapping(1)).unwrap();
    assert_eq!(KeyRing::from_text(&text, &wrapping(1)).unwrap().keys(), ring.keys());
}

#[test]
fn debug_shows_ids_and_states_only() {
    let ring =
        KeyRing::from_key(id(0x1a2b_3c4d), SecretBytes::from(b"0123456789abcdefghijklmnopqrstuv".to_vec()))
            .unwrap();
    assert_eq!(format!("{ring:?}"), "KeyRing {KeyId(1a2b3c4d): Primary}");
    assert_eq!(format!("{:?}", wrapping(1)), "Wrapping");
}

#[test]
fn text_comes_back_under_the_same_secret_only() {
    let ring = KeyRing::generate().unwrap();
    let new = ring.add_generated().unwrap();
    ring.promote(new).unwrap();
    ring.add_generated().unwrap();
    let passphrase = |text: &str| Wrapping::passphrase(SecretString::from(text));
    for (right, wrong) in [(wrapping(1), wrapping(2)), (passphrase("right"), passphrase("wrong"))] {
        let text = ring.to_text(&right).unwrap();
        let back = KeyRing::from_text(&text, &right).unwrap();
        assert_eq!((back.keys(), back.version()), (ring.keys(), ring.version()));
        assert_eq!(kind(KeyRing::from_text(&text, &wrong)), KeyErrorKind::Rejected);
        assert!(KeyRing::from_text(&format!("{text}\n"), &right).is_ok());
        assert_ne!(text, ring.to_text(&right).unwrap(), "a salt was used twice");
    }
    let text = ring.to_text(&wrapping(1)).unwrap();
    assert_eq!(kind(KeyRing::from_text(&text, &passphrase("right"))), KeyErrorKind::Rejected);
}

#[test]
fn a_passphrase_costs_what_is_promised() {
    let text = KeyRing::generate().unwrap().to_text(&Wrapping::passphrase(SecretString::from("x"))).unwrap();
    assert!(text.starts_with("$palisade-keys$v=1$argon2id$m=65536,t=3,p=1$"), "{text}");
}

#[test]
fn a_pepper_is_destroyed_only_when_its_rows_are_as_many_as_is_known() {
    let ring = KeyRing::generate().unwrap();
    let old = ring.primary();
    ring.promote(ring.add_generated().unwrap()).unwrap();
    ring.retire(old).unwrap();
    let counted = |prefix: &str| {
        assert_eq!(prefix, format!("{{pepper:{old}}}"));
        Ok(3)
    };
    assert_eq!(kind(ring.destroy_pepper(old, 2, counted)), KeyErrorKind::Peppers);
    assert_eq!(kind(ring.destroy_pepper(old, 4, counted)), KeyErrorKind::Peppers);
    ring.destroy_pepper(old, 3, counted).unwrap();
    assert_eq!(ring.state(old), None);
}

#[test]
fn a_file_that_is_not_there_is_told_with_what_the_system_said() {
    let error = KeyFile::new("no such folder/keys", wrapping(1)).open().unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (KeyErrorKind::Unavailable, "the key file is unavailable")
    );
    let system = std::error::Error::source(&error).unwrap().downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(system.kind(), std::io::ErrorKind::NotFound);
    let error = KeyRing::generate().unwrap().reload().unwrap_err();
    assert_eq!(error.to_string(), "the ring is in memory only, it has no file");
    assert!(std::error::Error::source(&error).is_none());
}

#[test]
fn every_changed_character_and_every_truncation_is_refused() {
    let text = KeyRing::generate().unwrap().to_text(&wrapping(1)).unwrap();
    for position in 0..text.len() {
        assert!(KeyRing::from_text(&text[..position], &wrapping(1)).is_err(), "cut at {position}");
        for replacement in ["A", "B", "$", "0", "\u{e4}", "\0"] {
            let mut changed = text.clone();
            changed.replace_range(position..=position, replacement);
            if changed != text {
                assert!(KeyRing::from_text(&changed, &wrapping(1)).is_err(), "{replacement} at {position}");
            }
        }
    }
}

#[test]
fn hostile_costs_are_refused_before_any_work() {
    let passphrase = || Wrapping::passphrase(SecretString::from("x"));
    let text = |costs: &str| format!("$palisade-keys$v=1$argon2id${costs}$AAAAAAAAAAAAAAAAAAAAAA$AAAA");
    for costs in ["m=4294967295,t=1,p=1", "m=262145,t=1,p=1", "m=262144,t=5,p=1", "m=8,t=4294967295,p=1"] {
        assert_eq!(
            kind(KeyRing::from_text(&text(costs), &passphrase())),
            KeyErrorKind::CostAboveCeiling,
            "{costs}"
        );
    }
    for costs in [
        "m=7,t=1,p=1", "m=65536,t=0,p=1", "m=065536,t=3,p=1", "m=65536,t=3,p=2", "t=3,m=65536,p=1", "",
        "m=+8,t=1,p=1",
    ] {
        assert_eq!(kind(KeyRing::from_text(&text(costs), &passphrase())), KeyErrorKind::Malformed, "{costs}");
    }
}

#[test]
fn a_file_that_is_too_long_is_no_ring_however_it_begins() {
    let folder = Folder::new("long");
    // Cut off where texts end at the latest, it could be one: under another secret, as it would then be said.
    let head = "$palisade-keys$v=1$key$AAAAAAAAAAAAAAAAAAAAAA$";
    for len in [98_304, 98_305, 98_307, 200_000] {
        fs::write(folder.0.join("keys"), format!("{head}{}", "A".repeat(len - head.len()))).unwrap();
        let expected = if len == 98_304 { KeyErrorKind::Rejected } else { KeyErrorKind::Malformed };
        assert_eq!(kind(folder.ring().open()), expected, "{len}");
    }
}

#[test]
fn a_file_is_created_once_and_shared_by_processes() {
    let folder = Folder::new("shared");
    let one = folder.ring().create().unwrap();
    assert_eq!(kind(folder.ring().create()), KeyErrorKind::FileExists);
    let two = folder.ring().open().unwrap();
    assert_eq!(two.keys(), one.keys());
    assert_eq!(two.reload().unwrap(), Reloaded::Unchanged);

    let new = one.add_generated().unwrap();
    assert_eq!(two.state(new), None);
    assert_eq!(two.reload().unwrap(), Reloaded::Updated);
    assert_eq!(two.state(new), Some(KeyState::Accepted));

    // Both change without having reloaded: neither change is lost.
    let (three, four) = (one.add_generated().unwrap(), two.add_generated().unwrap());
    one.reload().unwrap();
    two.reload().unwrap();
    assert!([three, four].iter().all(|&key| one.state(key).is_some() && two.state(key).is_some()));
    assert_eq!(one.version(), two.version());
}

#[test]
fn a_young_key_of_a_file_is_not_promoted() {
    let folder = Folder::new("young");
    let clock = ManualClock::new();
    let ring = folder.ring().clock(clock.clone()).reload_interval(Duration::from_secs(30)).create().unwrap();
    let new = ring.add_generated().unwrap();
    assert!(
        matches!(kind(ring.promote(new)), KeyErrorKind::TooYoung(left) if left <= Duration::from_secs(31))
    );
    clock.advance(Duration::from_secs(30));
    assert_eq!(kind(ring.promote(new)), KeyErrorKind::TooYoung(Duration::from_secs(1)));
    clock.advance(Duration::from_secs(1));
    ring.promote(new).unwrap();

    let urgent = ring.add_generated().unwrap();
    clock.set_wall(std::time::SystemTime::UNIX_EPOCH); // a clock stepped back makes keys younger, never older
    assert!(matches!(kind(ring.promote(urgent)), KeyErrorKind::TooYoung(_)));
    ring.promote_now(urgent).unwrap();
    assert_eq!(ring.primary(), urgent);
}

#[test]
fn a_key_of_a_file_is_not_retired_or_destroyed_while_others_may_use_it() {
    let folder = Folder::new("retire");
    let clock = ManualClock::new();
    let ring =
        folder.ring().clock(clock.clone()).reload_interval(Duration::from_millis(29_500)).create().unwrap();
    let (old, new) = (ring.primary(), ring.add_generated().unwrap());
    clock.advance(Duration::from_secs(31));
    ring.promote(new).unwrap();
    assert_eq!(kind(ring.retire(old)), KeyErrorKind::TooYoung(Duration::from_secs(31))); // 30, rounded up, and one
    clock.advance(Duration::from_secs(31));
    ring.retire(old).unwrap();
    ring.retire(old).unwrap();
    assert!(matches!(kind(ring.destroy(old)), KeyErrorKind::TooYoung(_)));
    clock.advance(Duration::from_secs(31));
    ring.destroy(old).unwrap();

    let leaked = ring.add_generated().unwrap();
    ring.retire_now(leaked).unwrap();
    assert_eq!(ring.state(leaked), Some(KeyState::Retired));
    assert_eq!(kind(ring.retire_now(new)), KeyErrorKind::Primary);
}

#[test]
fn an_older_copy_of_the_file_is_not_taken_and_said_each_time() {
    let folder = Folder::new("older");
    let path = folder.0.join("keys");
    let ring = folder.ring().create().unwrap();
    let copy = fs::read(&path).unwrap();
    let new = ring.add_generated().unwrap();
    let right = fs::read(&path).unwrap();
    fs::write(&path, &copy).unwrap();
    for _ in 0..2 {
        assert_eq!(kind(ring.reload()), KeyErrorKind::Older);
        assert_eq!(kind(ring.add_generated()), KeyErrorKind::Older);
    }
    assert!(ring.state(new).is_some());
    fs::write(&path, &right).unwrap(); // mended by hand
    assert_eq!(ring.reload().unwrap(), Reloaded::Unchanged);
    fs::write(&path, &copy).unwrap();
    ring.overwrite_file().unwrap(); // or by the process that knows better
    assert!(folder.ring().open().unwrap().state(new).is_some());
    ring.add_generated().unwrap();
}

#[test]
fn rings_that_were_changed_apart_never_swallow_each_other() {
    let folder = Folder::new("forked");
    let path = folder.0.join("keys");
    let one = folder.ring().create().unwrap();
    let copy = fs::read(&path).unwrap();
    let ones = one.add_generated().unwrap();
    fs::write(&path, &copy).unwrap(); // an old copy, on which another process starts
    let two = folder.ring().open().unwrap();
    let twos = [two.add_generated().unwrap(), two.add_generated().unwrap()]; // past the version of the first
    assert!(two.version() > one.version());
    assert_eq!(kind(one.reload()), KeyErrorKind::Forked);
    assert_eq!(kind(one.add_generated()), KeyErrorKind::Forked);
    assert!(one.state(ones).is_some() && one.state(twos[0]).is_none());
    assert!(two.state(ones).is_none() && two.reload().is_ok());
}

#[test]
fn the_file_of_another_ring_is_not_taken() {
    let (folder, other) = (Folder::new("mine"), Folder::new("others"));
    let mine = folder.ring().create().unwrap();
    let theirs = other.ring().create().unwrap();
    theirs.add_generated().unwrap();
    fs::copy(other.0.join("keys"), folder.0.join("keys")).unwrap();
    assert_eq!(kind(mine.reload()), KeyErrorKind::OtherRing);
    assert_eq!(mine.keys().len(), 1);
}

#[test]
fn many_handles_of_one_file_lose_no_change() {
    let folder = Folder::new("contention");
    drop(folder.ring().create().unwrap());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let ring = folder.ring().open().unwrap(); // a handle of its own, as another process has
                for _ in 0..8 {
                    ring.add_generated().unwrap();
                }
            });
        }
    });
    let ring = folder.ring().open().unwrap();
    assert_eq!((ring.keys().len(), ring.version()), (49, 49));
}

/// Killed at any moment, a process leaves a file that opens. This test runs itself as the one that is killed.
#[test]
fn a_process_killed_while_saving_leaves_a_ring_that_opens() {
    if let Some(path) = std::env::var_os("PALISADE_TEST_RING") {
        let ring = KeyFile::new(path, wrapping(1)).reload_interval(Duration::ZERO).open().unwrap();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            let new = ring.add_generated().unwrap();
            ring.retire(new).unwrap();
            ring.destroy(new).unwrap();
        }
        return; // whoever was to kill it is gone
    }
    let folder = Folder::new("killed");
    let mut version = folder.ring().create().unwrap().version();
    for round in 0..20 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_process_killed_while_saving_leaves_a_ring_that_opens", "--quiet"])
            .env("PALISADE_TEST_RING", folder.0.join("keys"))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let ring = folder.ring().open().unwrap();
        let started = Instant::now();
        while ring.version() < version + 10 + round {
            assert!(started.elapsed() < Duration::from_secs(60), "the process does not save");
            ring.reload().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let ring = folder.ring().open().unwrap();
        version = ring.version();
        ring.add_generated().unwrap(); // its lock is free, what it left half-written does not matter
    }
}

#[test]
fn damaged_and_missing_files_leave_the_ring_as_it_is() {
    let folder = Folder::new("damaged");
    let path = folder.0.join("keys");
    let ring = folder.ring().create().unwrap();
    let (keys, good) = (ring.keys(), fs::read_to_string(&path).unwrap());
    for damaged in ["", "\n", "not a ring", "\u{fffd}", &good[..good.len() / 2], &"A".repeat(1 << 20)] {
        fs::write(&path, damaged).unwrap();
        let kind = kind(ring.reload());
        assert!(matches!(kind, KeyErrorKind::Malformed | KeyErrorKind::Rejected), "{} bytes", damaged.len());
    }
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(kind(ring.reload()), KeyErrorKind::Malformed);
    assert_eq!(kind(ring.add_generated()), KeyErrorKind::Malformed); // and nothing is saved over what may be mended
    fs::remove_file(&path).unwrap();
    assert_eq!(kind(ring.reload()), KeyErrorKind::Unavailable);
    assert_eq!(ring.keys(), keys);
    fs::write(&path, good).unwrap();
    assert_eq!(ring.reload().unwrap(), Reloaded::Unchanged);
    assert_eq!(kind(KeyRing::generate().unwrap().reload()), KeyErrorKind::NoFile);
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone_and_an_unwritable_folder_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("modes");
    let _ = folder.ring().create().unwrap();
    assert_eq!(fs::metadata(folder.0.join("keys")).unwrap().permissions().mode() & 0o777, 0o600);
    // Others were let in, and a change keeps them in; what lay in its way is neither followed nor reused.
    let (path, victim) = (folder.0.join("keys"), folder.0.join("victim"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, folder.0.join("keys.new")).unwrap();
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    KeyFile::new(&link, wrapping(1)).open().unwrap().add_generated().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(
        fs::symlink_metadata(&link).unwrap().is_symlink()
            && !fs::symlink_metadata(&path).unwrap().is_symlink()
    );
    assert_eq!(KeyFile::new(&link, wrapping(1)).open().unwrap().keys().len(), 2);

    let elsewhere = KeyFile::new(folder.0.join("absent").join("keys"), wrapping(1));
    assert_eq!(kind(elsewhere.create()), KeyErrorKind::Unavailable);
}

#[test]
fn a_watcher_brings_changes_and_ends_when_dropped() {
    let folder = Folder::new("watch");
    let file = || folder.ring().reload_interval(Duration::from_millis(4));
    let (writer, reader) = (file().create().unwrap(), file().open().unwrap());
    let (errors, heard) = std::sync::mpsc::channel();
    let watcher = reader.watch(move |error| errors.send(error.kind()).unwrap_or_default()).unwrap();
    let new = writer.add_generated().unwrap();
    while reader.state(new).is_none() {
        std::thread::yield_now();
    }
    fs::write(folder.0.join("keys"), "damaged").unwrap();
    assert_eq!(heard.recv().unwrap(), KeyErrorKind::Malformed);
    drop(watcher);
    assert!(heard.iter().all(|kind| kind == KeyErrorKind::Malformed)); // ends: the thread and its sender are gone
}

#[test]
fn many_threads_change_one_ring_and_lose_nothing() {
    let ring = KeyRing::generate().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let new = ring.add_generated().unwrap();
                    ring.promote(new).unwrap();
                    assert!(ring.keys().iter().filter(|key| key.state == KeyState::Primary).count() == 1);
                }
            });
        }
    });
    assert_eq!(ring.keys().len(), 161);
    assert_eq!(ring.version(), 321);
}

proptest! {
    #[test]
    fn arbitrary_text_is_no_ring(text in any::<String>(), fields in r"\$palisade-keys\$v=1\$(key|argon2id\$m=8,t=1,p=1)(\$[A-Za-z0-9_-]{0,80}){0,4}") {
        for text in [text, fields] {
            prop_assert!(KeyRing::from_text(&text, &wrapping(1)).is_err());
        }
    }
}
