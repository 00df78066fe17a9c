//! The audit log from outside: what it finds, what it survives, and what it refuses.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak, mpsc};
use std::thread;
use std::time::Duration;

use palisade::audit::{
    self, AuditError, AuditErrorKind, AuditLog, Checkpoint, CheckpointFile, CheckpointStore, Event,
    FindingKind, Fsync, Kind, Level, Outcome, Queue, Ratchet, Record, Sink, TraceContext, Verified,
    VerifyError, WhenFull,
};
use palisade::clock::ManualClock;
use palisade::keys::{KeyId, KeyRing};
use palisade::secret::SecretBytes;
use proptest::prelude::*;

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit").join(name);
    let _gone = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn ring() -> KeyRing {
    KeyRing::from_key(KeyId::from_bytes([0x1a, 0x2b, 0x3c, 0x4d]), SecretBytes::from(vec![7; 32])).unwrap()
}

fn event(number: u32) -> Event {
    Event::authentication_failure().subject(format!("user {number}")).detail("number", number)
}

/// A log of so many events, its lines, and what it came to.
fn log_of(events: u32) -> (Vec<String>, Checkpoint) {
    let log = AuditLog::new(Vec::new(), ring());
    (0..events).for_each(|number| log.record(event(number)).unwrap());
    let checkpoint = log.checkpoint().unwrap();
    let text = String::from_utf8(log.into_inner().unwrap()).unwrap();
    (text.split_inclusive('\n').map(str::to_owned).collect(), checkpoint)
}

fn first_finding(text: &str, checkpoint: Option<&Checkpoint>) -> Option<(u64, FindingKind)> {
    let result = match checkpoint {
        Some(checkpoint) => audit::verify_against(text.as_bytes(), ring(), checkpoint),
        None => audit::verify(text.as_bytes(), ring()),
    };
    match result {
        Ok(_) => None,
        Err(VerifyError::Tampered(tampering)) => Some((tampering.first().line, tampering.first().kind)),
        Err(error) => unreachable!("{error:?}"),
    }
}

fn verify_file(path: &Path) -> Verified {
    audit::verify(File::open(path).unwrap(), ring()).unwrap()
}

/// Small numbers from a fixed seed: a failure is the same one next time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn logs_of_the_description_verify() {
    let key = SecretBytes::from((0..32).collect::<Vec<u8>>());
    let ring = KeyRing::from_key("1a2b3c4d".parse().unwrap(), key).unwrap();
    for (name, log, records) in [
        ("chain", &include_bytes!("vectors/audit/chain.jsonl")[..], 5),
        ("ratchet", &include_bytes!("vectors/audit/ratchet.jsonl")[..], 4),
    ] {
        let verified = audit::verify(log, &ring).unwrap();
        assert_eq!((verified.records, verified.first), (records, 0), "{name}");
    }
}

#[test]
fn every_random_change_is_found() {
    let (lines, checkpoint) = log_of(1000);
    assert_eq!(first_finding(&lines.concat(), Some(&checkpoint)), None);
    let mut dice = Dice(20_261_122);
    let mut found_without_checkpoint = 0;
    for round in 0..1000 {
        let mut changed = lines.clone();
        let at = dice.below(lines.len());
        match round % 5 {
            0 => {
                let position = dice.below(lines[at].len());
                let mut bytes = lines[at].clone().into_bytes();
                bytes[position] ^= 1 << dice.below(7); // stays ASCII
                changed[at] = String::from_utf8(bytes).unwrap();
            }
            1 => {
                changed.remove(at);
            }
            2 => {
                let other = (at + 1 + dice.below(lines.len() - 1)) % lines.len();
                changed.swap(at, other);
            }
            3 => changed.insert(dice.below(lines.len() + 1), lines[at].clone()),
            _ => {
                let position = dice.below(lines[at].len());
                changed[at].insert(position, 'x');
            }
        }
        let text = changed.concat();
        assert!(first_finding(&text, Some(&checkpoint)).is_some(), "round {round}, line {}", at + 1);
        // Without a checkpoint only the removal of the last record is invisible.
        let last_removed = round % 5 == 1 && at == lines.len() - 1;
        assert_eq!(first_finding(&text, None).is_none(), last_removed, "round {round}, line {}", at + 1);
        found_without_checkpoint += u32::from(!last_removed);
    }
    assert!(found_without_checkpoint > 990);
}

#[test]
fn every_byte_of_a_short_log_matters() {
    let (lines, _) = log_of(3);
    let text = lines.concat().into_bytes();
    for position in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone();
            changed[position] ^= 1 << bit;
            assert!(audit::verify(&changed[..], ring()).is_err(), "bit {bit} of byte {position}");
        }
    }
}

#[test]
fn every_truncation_shows_against_the_checkpoint() {
    let (lines, checkpoint) = log_of(1000);
    for kept in 0..lines.len() {
        let finding = first_finding(&lines[..kept].concat(), Some(&checkpoint)).unwrap();
        let expected = if kept == 0 { FindingKind::Empty } else { FindingKind::Truncated(1000) };
        assert_eq!(finding.1, expected);
    }
    let (lines, checkpoint) = log_of(4);
    let text = lines.concat();
    for end in 0..text.len() {
        assert!(first_finding(&text[..end], Some(&checkpoint)).is_some(), "{end}");
    }
}

#[test]
fn changes_are_told_apart_and_located() {
    let (lines, checkpoint) = log_of(10); // lines 1 to 11, records 0 to 10
    let without = |at: std::ops::Range<usize>| [&lines[..at.start], &lines[at.end..]].concat().concat();
    let replaced = |line: usize, text: String| {
        let mut changed = lines.clone();
        changed[line - 1] = text;
        changed.concat()
    };
    let find = |text: &str| first_finding(text, None).unwrap();

    assert_eq!(find(&replaced(5, lines[4].replace("user 3", "user 9"))), (5, FindingKind::Edited));
    assert_eq!(find(&without(4..5)), (5, FindingKind::Missing { from: 4, to: 4 }));
    assert_eq!(find(&without(4..8)), (5, FindingKind::Missing { from: 4, to: 7 }));
    assert_eq!(find(&without(0..1)), (1, FindingKind::NoStart));
    assert_eq!(find(&replaced(5, "{}\n".to_owned())), (5, FindingKind::Malformed));
    assert_eq!(find(&replaced(5, format!("{}\n", "x".repeat(1 << 20)))), (5, FindingKind::Malformed));
    assert_eq!(find(&replaced(5, format!("\n{}", lines[4]))), (5, FindingKind::Malformed));
    assert_eq!(find(&lines.concat().replace('\n', "\r\n")), (1, FindingKind::Malformed));
    assert_eq!(find(&replaced(5, lines[4].repeat(2))), (6, FindingKind::Repeated));
    assert_eq!(find(lines.concat().trim_end()), (11, FindingKind::Incomplete));
    assert_eq!(find(""), (1, FindingKind::Empty));
    let mut swapped = lines.clone();
    swapped.swap(4, 6);
    assert_eq!(find(&swapped.concat()), (5, FindingKind::Missing { from: 4, to: 5 }));
    let moved_back = [&lines[..8], &lines[3..4], &lines[8..]].concat().concat();
    assert_eq!(find(&moved_back), (9, FindingKind::OutOfOrder));
    let (other, elsewhere) = log_of(3);
    assert_eq!(find(&[lines.concat(), other.concat()].concat()), (12, FindingKind::OtherChain));
    assert_eq!(first_finding(&lines.concat(), Some(&elsewhere)).unwrap().1, FindingKind::OtherChain);

    // One edit is one finding, however long the log.
    match audit::verify(replaced(5, lines[4].replace("user 3", "user 9")).as_bytes(), ring()) {
        Err(VerifyError::Tampered(tampering)) => {
            assert_eq!(tampering.findings().count(), 1);
            assert_eq!(tampering.first().offset, lines[..4].concat().len() as u64);
            assert_eq!(tampering.to_string(), "line 5: the record, or the MAC before it, was changed");
        }
        other => unreachable!("{other:?}"),
    }
    let unknown = audit::verify(lines.concat().as_bytes(), KeyRing::generate().unwrap()).unwrap_err();
    assert!(unknown.to_string().contains("key 1a2b3c4d, which the ring does not have"), "{unknown}");
    assert!(first_finding(&lines.concat(), Some(&checkpoint)).is_none());
}

#[test]
fn two_copies_that_were_both_continued_are_a_fork() {
    let folder = folder("fork");
    let (path, copy) = (folder.join("audit.jsonl"), folder.join("copy.jsonl"));
    AuditLog::open(&path, ring()).unwrap().record(event(1)).unwrap();
    fs::copy(&path, &copy).unwrap();
    AuditLog::open(&path, ring()).unwrap().record(event(2)).unwrap();
    let log = AuditLog::open(&copy, ring()).unwrap();
    log.record(event(3)).unwrap();
    let checkpoint = log.checkpoint().unwrap();

    let of = |path: &Path| fs::read_to_string(path).unwrap();
    let last_of_copy = of(&copy).split_inclusive('\n').next_back().unwrap().to_owned();
    assert_eq!(first_finding(&(of(&path) + &last_of_copy), None).unwrap(), (4, FindingKind::Forked));
    assert_eq!(first_finding(&of(&path), Some(&checkpoint)).unwrap(), (3, FindingKind::Rewritten));
}

#[test]
fn a_log_is_continued_after_a_restart_and_has_one_writer() {
    let folder = folder("restart");
    let path = folder.join("audit.jsonl");
    for start in 0..5_u64 {
        let log = AuditLog::open(&path, ring()).unwrap();
        assert_eq!(AuditLog::open(&path, ring()).unwrap_err().kind(), AuditErrorKind::Locked);
        assert_eq!(log.checkpoint().unwrap().seq(), start * 10);
        (0..10).for_each(|number| log.record(event(number)).unwrap());
    }
    let verified = verify_file(&path);
    assert_eq!((verified.records, verified.first, verified.anchored), (51, 0, false));
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let link = folder.join("link.jsonl");
        symlink(&path, &link).unwrap();
        let log = AuditLog::open(&path, ring()).unwrap();
        assert_eq!(AuditLog::open(&link, ring()).unwrap_err().kind(), AuditErrorKind::Locked);
        drop(log);
    }
}

#[test]
fn a_line_that_a_crash_cut_off_is_removed_and_that_is_recorded() {
    let folder = folder("torn");
    let path = folder.join("audit.jsonl");
    let log = AuditLog::open(&path, ring()).unwrap();
    (0..3).for_each(|number| log.record(event(number)).unwrap());
    drop(log);
    let whole = fs::read(&path).unwrap();
    let ends: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let kept = ends.iter().rposition(|end| *end <= cut).map_or(0, |last| last + 1) as u64;
        let torn = cut - ends.iter().rev().find(|end| **end <= cut).unwrap_or(&0);
        let lacks_line_break = ends.contains(&(cut + 1));
        AuditLog::open(&path, ring()).unwrap().record(event(9)).unwrap();
        // A record that lacks only its line break gets it. If none is left, a chain starts.
        let expected = (kept + u64::from(lacks_line_break)).max(1) + u64::from(torn > 0) + 1;
        assert_eq!(verify_file(&path).records, expected, "cut at {cut}");
        let told = if lacks_line_break { 0 } else { torn };
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.contains(&format!("\"cut_bytes\":{told}}}")), torn > 0, "cut at {cut}");
    }
    // What a file system may leave after a power failure.
    fs::write(&path, [&whole[..], &[0; 5000]].concat()).unwrap();
    drop(AuditLog::open(&path, ring()).unwrap());
    assert_eq!(verify_file(&path).records, 5);
}

#[test]
fn a_forged_or_foreign_end_is_not_continued() {
    let folder = folder("damaged");
    let path = folder.join("audit.jsonl");
    let log = AuditLog::open(&path, ring()).unwrap();
    (0..3).for_each(|number| log.record(event(number)).unwrap());
    drop(log);
    let whole = fs::read_to_string(&path).unwrap();
    let refused = |text: &[u8], kind| {
        fs::write(&path, text).unwrap();
        assert_eq!(AuditLog::open(&path, ring()).unwrap_err().kind(), kind);
        assert_eq!(fs::read(&path).unwrap(), text, "a refused log is left as it was");
    };
    refused(whole.replace("user 2", "user 0").as_bytes(), AuditErrorKind::Damaged);
    refused((whole.clone() + "\n").as_bytes(), AuditErrorKind::Damaged);
    refused((whole.clone() + "hello\n").as_bytes(), AuditErrorKind::Damaged);
    refused(whole.replace("1a2b3c4d", "00000000").as_bytes(), AuditErrorKind::UnknownKey);
    refused(&vec![b'x'; 1 << 20], AuditErrorKind::Damaged);
    refused(b"{\"not\":\"a log\"}", AuditErrorKind::Damaged);
    refused(whole.replace('\n', " ").as_bytes(), AuditErrorKind::Damaged);
    refused(whole.replacen('\n', " ", 3).trim_end().as_bytes(), AuditErrorKind::Damaged);
    refused(&vec![b'\n'; 1 << 20], AuditErrorKind::Damaged);
    refused(whole.split_inclusive('\n').skip(1).collect::<String>().as_bytes(), AuditErrorKind::Damaged);

    let log = AuditLog::builder(ring()).set_aside_damaged().open(&path).unwrap();
    log.record(event(4)).unwrap();
    drop(log);
    assert_eq!(verify_file(&path).records, 3);
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("\"event\":\"audit_chain_damaged\",\"level\":\"CRITICAL\"")
    );
    let aside = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let aside: Vec<PathBuf> = aside.filter(|path| path.to_string_lossy().contains(".damaged-")).collect();
    assert_eq!(fs::read(&aside[0]).unwrap().len(), whole.len() - whole.find('\n').unwrap() - 1);
}

#[test]
fn files_are_rotated_and_verified_together() {
    let folder = folder("rotation");
    let path = folder.join("audit.jsonl");
    let open = || AuditLog::builder(ring()).rotate_at(4000).open(&path).unwrap();
    for _ in 0..3 {
        let log = open();
        (0..20).for_each(|number| log.record(event(number)).unwrap());
    }
    let mut archives: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    archives.retain(|path| path.extension().is_some_and(|extension| extension.len() == 12));
    archives.sort();
    assert!(archives.len() >= 3, "{archives:?}");
    let mut all: Box<dyn Read> = Box::new(io::empty());
    for part in archives.iter().chain([&path]) {
        all = Box::new(all.chain(File::open(part).unwrap()));
    }
    let verified = audit::verify(all, ring()).unwrap();
    assert_eq!((verified.records, verified.first), (61 + archives.len() as u64, 0));
    fs::write(folder.join("audit.jsonl.7"), "not an archive").unwrap();
    assert_eq!(audit::verify(audit::read_all(&path).unwrap(), ring()).unwrap(), verified);
    assert!(audit::read_all(folder.join("elsewhere.jsonl")).is_err());
    // Each alone says where it begins, and that it was cut out of a whole.
    let second = audit::verify(File::open(&archives[1]).unwrap(), ring()).unwrap();
    assert!(second.first > 0);
    let late = audit::verify_against(File::open(&path).unwrap(), ring(), &second.checkpoint);
    assert!(late.unwrap_err().to_string().contains("the log begins here, after record"));
    // Without one in the middle.
    let gap = File::open(&archives[0]).unwrap().chain(File::open(&archives[2]).unwrap());
    assert!(audit::verify(gap, ring()).unwrap_err().to_string().contains("are missing before it"));

    // A crash between the two renames.
    let log = open();
    let end = log.checkpoint().unwrap();
    drop(log);
    fs::rename(&path, folder.join("audit.jsonl.new")).unwrap();
    assert_eq!(open().checkpoint().unwrap(), end);
    // An archive is never overwritten: the file grows on, and the caller is told.
    let log = open();
    (0..200)
        .for_each(|number| File::create(folder.join(format!("audit.jsonl.{number:012}"))).map(drop).unwrap());
    let errors = (0..20).filter_map(|number| log.record(event(number)).err());
    let errors: Vec<_> = errors.map(|error| (error.kind(), error.is_recorded())).collect();
    assert!(errors.contains(&(AuditErrorKind::NotRotated, true)), "{errors:?}");
    drop(log);
    assert!(audit::verify(File::open(&path).unwrap(), ring()).unwrap().records > 20);
}

#[test]
fn a_file_that_ends_before_its_checkpoint_is_refused() {
    let folder = folder("checkpoints");
    let (path, kept) = (folder.join("audit.jsonl"), folder.join("kept"));
    let builder = || AuditLog::builder(ring()).checkpoints(CheckpointFile::new(&kept), 5);
    let log = builder().open(&path).unwrap();
    (0..12).for_each(|number| log.record(event(number)).unwrap());
    let latest = CheckpointFile::new(&kept).latest().unwrap().unwrap();
    assert_eq!(latest.seq(), 10);
    drop(log);
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let with = |lines: &[&str]| {
        fs::write(&path, lines.concat()).unwrap();
        fs::write(&kept, format!("{latest}\n")).unwrap();
        builder().open(&path).map(|log| log.checkpoint().unwrap().seq())
    };
    assert_eq!(with(&lines[..11]).unwrap(), 10);
    for end in 0..11 {
        assert_eq!(with(&lines[..end]).unwrap_err().kind(), AuditErrorKind::Truncated, "{end} lines");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(builder().open(&path).unwrap_err().kind(), AuditErrorKind::Truncated, "deleted");
    let log = builder().set_aside_damaged().open(&path).unwrap();
    assert_ne!(log.checkpoint().unwrap().chain(), latest.chain());
    drop(log);
    drop(builder().open(&path).unwrap());
    fs::write(&kept, "something else").unwrap();
    assert_eq!(builder().open(&path).unwrap_err().kind(), AuditErrorKind::Malformed);
}

/// A second place that can be switched off.
#[derive(Clone, Default)]
struct Elsewhere {
    fails: Arc<AtomicBool>,
    kept: Arc<Mutex<Option<Checkpoint>>>,
}

impl CheckpointStore for Elsewhere {
    fn save(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        *self.kept.lock().unwrap() = Some(*checkpoint);
        Ok(())
    }

    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        Ok(*self.kept.lock().unwrap())
    }
}

#[test]
fn a_checkpoint_that_is_not_saved_is_told_and_tried_again() {
    let store = Elsewhere::default();
    let log = AuditLog::builder(ring()).checkpoints(store.clone(), 2).writer(Vec::new());
    log.record(event(0)).unwrap();
    store.fails.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        let error = log.record(event(1)).unwrap_err();
        assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::NotCheckpointed, true));
    }
    store.fails.store(false, Ordering::Relaxed);
    log.record(event(2)).unwrap();
    assert_eq!(store.latest().unwrap().unwrap().seq(), 5);
    let verified =
        audit::verify_against(&log.into_inner().unwrap()[..], ring(), &store.latest().unwrap().unwrap())
            .unwrap();
    assert!(verified.anchored);
}

#[test]
fn what_is_not_in_the_last_checkpoint_is_in_one_when_the_log_is_dropped() {
    let store = Elsewhere::default();
    let log = || AuditLog::builder(ring()).checkpoints(store.clone(), 100).writer(Vec::new());
    assert_eq!(log().into_inner().unwrap(), b"", "nothing was recorded, and no chain begins");
    assert_eq!(store.latest().unwrap(), None);
    let log = log();
    log.record(event(0)).unwrap();
    assert_eq!(store.latest().unwrap(), None);
    drop(log);
    assert_eq!(store.latest().unwrap().unwrap().seq(), 1);
}

#[test]
fn any_record_of_a_long_log_is_found_by_its_checkpoint() {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let path = folder("long").join("audit.jsonl");
    let log = AuditLog::builder(ring()).fsync(Fsync::Never).open(&path).unwrap();
    let mut checkpoints = vec![log.checkpoint().unwrap()];
    for number in 0..900_u32 {
        let details = NAMES.iter().take((number * 7919 % 9) as usize);
        let text = "x".repeat((number * 37 % 1024) as usize);
        log.record(details.fold(event(number), |event, name| event.detail(name, &*text))).unwrap();
        if number % 7 == 0 {
            checkpoints.push(log.checkpoint().unwrap());
        }
    }
    drop(log);
    assert!(fs::metadata(&path).unwrap().len() > 1_500_000);
    for kept in checkpoints {
        let open = |kept| {
            let store = Elsewhere { kept: Arc::new(Mutex::new(Some(kept))), ..Elsewhere::default() };
            AuditLog::builder(ring()).checkpoints(store, 100).open(&path).map(drop)
        };
        open(kept).unwrap();
        let mut other = kept.to_string();
        let last = if other.pop() == Some('0') { '1' } else { '0' };
        other.push(last);
        assert_eq!(open(other.parse().unwrap()).unwrap_err().kind(), AuditErrorKind::Truncated, "{kept}");
    }
}

#[test]
fn keys_are_rotated_while_a_log_is_open() {
    let (ring, folder) = (KeyRing::generate().unwrap(), folder("keys"));
    let path = folder.join("audit.jsonl");
    let log = AuditLog::open(&path, &ring).unwrap();
    let old = ring.primary();
    log.record(event(0)).unwrap();
    let new = ring.add_generated().unwrap();
    ring.promote(new).unwrap();
    log.record(event(1)).unwrap();
    ring.retire(old).unwrap();
    log.record(event(2)).unwrap();
    let verify = || audit::verify(File::open(&path).unwrap(), &ring);
    assert_eq!(verify().unwrap().records, 4);
    let text = fs::read_to_string(&path).unwrap();
    let made_under = |key: KeyId| text.matches(&format!("\"key\":\"{key}\"")).count();
    assert_eq!((made_under(old), made_under(new)), (2, 2));

    ring.destroy(old).unwrap();
    let error = verify().unwrap_err().to_string();
    assert!(error.contains(&format!("line 1: it was made under key {old}")), "{error}");
    drop(log);
    AuditLog::open(&path, &ring).unwrap().record(event(3)).unwrap(); // the end is under a key that is there
}

#[test]
fn a_ratchet_forgets_what_its_epochs_were_made_under() {
    let (folder, clock) = (folder("ratchet"), ManualClock::new());
    let (path, state) = (folder.join("audit.jsonl"), folder.join("ratchet"));
    Ratchet::create(&state, ring()).unwrap();
    assert_eq!(Ratchet::create(&state, ring()).unwrap_err().kind(), AuditErrorKind::FileExists);
    let open = || {
        let ratchet = Ratchet::open(&state).unwrap().epoch_length(Duration::from_secs(3600));
        AuditLog::builder(ratchet).clock(clock.clone()).open(&path)
    };
    let log = open().unwrap();
    assert_eq!(Ratchet::open(&state).unwrap_err().kind(), AuditErrorKind::Locked);
    let mut states = BTreeSet::from([fs::read_to_string(&state).unwrap()]);
    for number in 0..5 {
        log.record(event(number)).unwrap();
        clock.advance(Duration::from_secs(1800));
        states.insert(fs::read_to_string(&state).unwrap());
    }
    assert_eq!(states.len(), 3);
    drop(log);
    assert_eq!(verify_file(&path).records, 1 + 5 + 2);
    assert!(!states.iter().any(|text| format!("{:?}", Ratchet::open(&state).unwrap()).contains(&text[80..])));

    // Every start is an epoch. After a crash between a turn's record and the saving of it, the log goes on.
    let before = fs::read(&state).unwrap();
    drop(open().unwrap());
    fs::write(&state, before).unwrap();
    open().unwrap().record(event(9)).unwrap();
    let verified = verify_file(&path);
    assert_eq!(verified.records, 8 + 1 + 2);
    // An older copy of the ratchet does not fit.
    fs::write(&state, states.first().unwrap()).unwrap();
    assert_eq!(open().unwrap_err().kind(), AuditErrorKind::Damaged);
    assert_eq!(AuditLog::open(&path, ring()).unwrap_err().kind(), AuditErrorKind::UnknownKey);
    fs::write(&state, "no ratchet").unwrap();
    assert_eq!(Ratchet::open(&state).unwrap_err().kind(), AuditErrorKind::Malformed);

    let lines = fs::read_to_string(&path).unwrap();
    assert_eq!(lines.matches("\"event\":\"audit_epoch_started\"").count(), 4);
    for (number, line) in lines.split_inclusive('\n').enumerate() {
        let without = lines.replacen(line, "", 1);
        let is_last = number as u64 + 1 == verified.records;
        assert_eq!(first_finding(&without, None).is_none(), is_last, "line {}", number + 1);
    }
}

#[test]
fn a_ratcheted_log_rotates_and_turns_while_nothing_happens() {
    let folder = folder("ratchet-rotation");
    let (path, state) = (folder.join("audit.jsonl"), folder.join("ratchet"));
    Ratchet::create(&state, ring()).unwrap();
    let ratchet = Ratchet::open(&state).unwrap().epoch_length(Duration::from_secs(1));
    let log = AuditLog::builder(ratchet).rotate_at(1500).open(&path).unwrap();
    log.record(event(0)).unwrap();
    let first = fs::read(&state).unwrap();
    while fs::read(&state).unwrap() == first {
        thread::yield_now(); // until the watcher has turned it
    }
    (0..20).for_each(|number| log.record(event(number)).unwrap());
    drop(log);
    let mut parts: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.retain(|part| part.extension().is_some_and(|extension| extension.len() == 12));
    parts.sort();
    parts.push(path);
    assert!(parts.len() > 3);
    let text: String = parts.iter().map(|part| fs::read_to_string(part).unwrap()).collect();
    assert!(audit::verify(text.as_bytes(), ring()).unwrap().records > 25);
    for part in &parts {
        assert!(verify_file(part).records > 1);
    }
}

/// Run by the tests below in a process of its own.
#[test]
fn helper_that_writes_until_it_is_stopped() {
    let Ok(path) = std::env::var("PALISADE_TEST_AUDIT_WRITER") else { return };
    let log = AuditLog::builder(ring()).fsync(Fsync::Never).open(path).unwrap();
    let mut out = io::stdout().lock();
    for number in 0.. {
        match log.record(event(number)) {
            Ok(()) => writeln!(out, "recorded {number}").unwrap(),
            Err(error) => {
                writeln!(out, "failed {number} {:?} {}", error.kind(), error.is_recorded()).unwrap();
                let again = log.record(event(number)).unwrap_err();
                assert!(!again.is_recorded());
                return;
            }
        }
    }
}

fn writer(path: &Path, before: &str) -> Command {
    let mut command = Command::new("bash");
    command.args([
        "-c",
        &format!("{before} exec \"$0\" helper_that_writes_until_it_is_stopped --exact --nocapture"),
    ]);
    command.arg(std::env::current_exe().unwrap()).env("PALISADE_TEST_AUDIT_WRITER", path);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[test]
#[cfg(unix)]
fn nothing_recorded_is_lost_to_kill_9() {
    let folder = folder("killed");
    let path = folder.join("audit.jsonl");
    for round in 1..=10_u64 {
        let mut child = writer(&path, "").spawn().unwrap();
        let mut told = String::new();
        let mut out = child.stdout.take().unwrap();
        // Some first output means that it writes; then it may be anywhere.
        let mut buffer = [0; 4096];
        while !told.contains("recorded") {
            let count = out.read(&mut buffer).unwrap();
            told.push_str(str::from_utf8(&buffer[..count]).unwrap());
        }
        thread::sleep(Duration::from_millis(round * 3));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        out.read_to_string(&mut told).unwrap();
        let whole = told.rfind('\n').unwrap();
        let last: u32 = told[..whole].rsplit(' ').next().unwrap().parse().unwrap();

        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("\"number\":{last}}}")), "round {round}: what was confirmed is there");
        drop(AuditLog::open(&path, ring()).unwrap());
        assert!(verify_file(&path).records > u64::from(last));
    }
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_an_error_and_the_log_goes_on_when_there_is_room() {
    let folder = folder("full");
    let path = folder.join("audit.jsonl");
    // A limit on the size of files stands in for the end of the disk: the last write is cut short as there.
    let output = writer(&path, "trap '' XFSZ; ulimit -f 16;").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    let confirmed = told.matches("recorded ").count() as u64;
    assert!(told.contains(&format!("failed {confirmed} Unavailable false")), "{told}");
    // What was confirmed is there, and no part of what was not.
    assert_eq!(verify_file(&path).records, confirmed + 1);
    AuditLog::open(&path, ring()).unwrap().record(event(0)).unwrap();
    assert_eq!(verify_file(&path).records, confirmed + 2);
    #[cfg(target_os = "linux")]
    {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = AuditLog::new(full, ring()).record(event(0)).unwrap_err();
        assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::Unavailable, false));
    }
}

#[test]
fn a_file_that_somebody_else_changes_takes_no_more() {
    let folder = folder("changed");
    let path = folder.join("audit.jsonl");
    let log = AuditLog::open(&path, ring()).unwrap();
    log.record(event(0)).unwrap();
    let whole = fs::read(&path).unwrap();
    let change = |change: &dyn Fn(&mut File)| {
        change(&mut OpenOptions::new().append(true).open(&path).unwrap());
        let error = log.record(event(1)).unwrap_err();
        assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::Changed, false));
    };
    change(&|file| file.write_all(b"x").unwrap());
    change(&|file| file.set_len(whole.len() as u64 - 1).unwrap());
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole);
    log.record(event(1)).unwrap();
    #[cfg(unix)]
    {
        fs::remove_file(&path).unwrap();
        assert_eq!(log.record(event(2)).unwrap_err().kind(), AuditErrorKind::Changed);
    }
}

/// Takes so many bytes, and then fails.
struct Short(usize, Vec<u8>);

impl Write for Short {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.0 - self.1.len());
        self.1.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(count) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes seven bytes at a time, and is interrupted before each.
struct Interrupted(Vec<u8>, bool);

impl Write for Interrupted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            Err(io::ErrorKind::Interrupted.into())
        } else {
            self.0.write(&bytes[..bytes.len().min(7)])
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_is_interrupted_goes_on() {
    let log = AuditLog::new(Interrupted(Vec::new(), false), ring());
    (0..3).for_each(|number| log.record(event(number)).unwrap());
    let written = log.into_inner().unwrap().0;
    assert_eq!(audit::verify(written.as_slice(), ring()).unwrap().records, 4);
}

#[test]
fn a_writer_that_took_half_a_record_gets_nothing_more() {
    let (lines, _) = log_of(3);
    let length = lines.concat().len();
    for room in 0..length {
        let log = AuditLog::new(Short(room, Vec::new()), ring());
        let kinds: Vec<_> =
            (0..3).filter_map(|number| log.record(event(number)).err()).map(|error| error.kind()).collect();
        let ends_whole = lines
            .iter()
            .scan(0, |end, line| {
                Some({
                    *end += line.len();
                    *end
                })
            })
            .any(|end| end == room);
        let expected =
            if ends_whole || room == 0 { AuditErrorKind::Unavailable } else { AuditErrorKind::Broken };
        assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == expected), "{room}: {kinds:?}");
    }
}

#[test]
fn many_threads_write_one_chain() {
    let folder = folder("threads");
    let path = folder.join("audit.jsonl");
    let log = AuditLog::builder(ring()).rotate_at(100_000).open(&path).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..250).for_each(|number| log.record(event(number)).unwrap()));
        }
    });
    assert_eq!(log.counts(Kind::AuthenticationFailure).total, 2000);
    drop(log);
    let mut parts: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.retain(|part| part.extension().is_some_and(|extension| extension != "lock"));
    parts.sort();
    parts.rotate_left(1); // the one without a number is the newest
    let text: String = parts.iter().map(|part| fs::read_to_string(part).unwrap()).collect();
    assert_eq!(audit::verify(text.as_bytes(), ring()).unwrap().records, 2000 + parts.len() as u64);
}

/// Keeps what it hears.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<HeardEvent>>>);

type HeardEvent = (String, Level, Option<u64>);

impl Sink for Heard {
    fn accept(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push((record.name().into_owned(), record.level(), record.seq()));
    }
}

#[test]
fn a_burst_raises_an_alert_in_the_log_and_to_sinks() {
    let (clock, heard) = (ManualClock::new(), Heard::default());
    let log = AuditLog::builder(ring())
        .clock(clock.clone())
        .also(heard.clone())
        .alert(Kind::AuthenticationFailure, 5, Duration::from_secs(60))
        .writer(Vec::new());
    for number in 0..20 {
        log.record(event(number)).unwrap();
        clock.advance(Duration::from_secs(20));
    }
    assert_eq!(log.counts(Kind::SuspiciousPatternDetected).total, 0, "three a minute are no burst");
    (0..20).for_each(|number| log.record(event(number)).unwrap());
    let counts = log.counts(Kind::AuthenticationFailure);
    assert_eq!((counts.total, counts.last_minute, counts.last_hour), (40, 22, 40));
    assert_eq!(log.counts(Kind::SuspiciousPatternDetected).last_minute, 1);
    let heard = heard.0.lock().unwrap();
    let alerts: Vec<_> = heard.iter().filter(|(name, ..)| name == "suspicious_pattern_detected").collect();
    assert_eq!(alerts, [&("suspicious_pattern_detected".to_owned(), Level::Critical, Some(24))]);
    drop(heard);
    let text = String::from_utf8(log.into_inner().unwrap()).unwrap();
    assert!(
        text.contains(r#""details":{"of":"authentication_failure","count":5,"within_ms":60000}"#),
        "{text}"
    );
    assert_eq!(audit::verify(text.as_bytes(), ring()).unwrap().records, 42);
}

#[test]
fn only_the_applications_own_events_are_sampled() {
    let heard = Heard::default();
    let log = AuditLog::builder(ring()).keep_one_in(10).also(heard.clone()).writer(Vec::new());
    for _ in 0..100 {
        log.record(Event::application("page_viewed")).unwrap();
        log.record(Event::application("page_deleted")).unwrap();
        log.record(Event::application("page_defaced").level(Level::Warn)).unwrap();
        log.record(Event::new(Kind::LoginSuccess)).unwrap();
    }
    let text = String::from_utf8(log.into_inner().unwrap()).unwrap();
    assert_eq!(
        text.matches(r#""event":"app.page_viewed","level":"INFO","outcome":"unknown","one_in":10"#).count(),
        10
    );
    assert_eq!(text.matches("\"event\":\"app.page_deleted\"").count(), 10);
    assert_eq!(text.matches("\"event\":\"app.page_defaced\"").count(), 100);
    assert_eq!(text.matches("\"event\":\"authn_login_success\"").count(), 100);
    assert_eq!(heard.0.lock().unwrap().len(), 221);
}

#[test]
fn a_line_says_that_something_was_cut() {
    let long = "a".repeat(1025);
    let name = Box::leak(long.clone().into_boxed_str());
    for (app, event, is_cut) in [
        ("shop", Event::authorization_denied().subject(&long[1..]).detail("of", &long[1..]), false),
        (&long, Event::authorization_denied(), true),
        ("shop", Event::authorization_denied().subject(&*long), true),
        ("shop", Event::authorization_denied().subject("ann").detail("of", &*long).detail("or", 1), true),
        ("shop", Event::authorization_denied().subject("a".repeat(3000)).session("5f2a"), true),
        ("shop", Event::authorization_denied().detail(name, 1).detail("or", 1), true),
    ] {
        let log = AuditLog::builder(ring()).app(app).writer(Vec::new());
        log.record(event).unwrap();
        let text = String::from_utf8(log.into_inner().unwrap()).unwrap();
        let line = text.lines().last().unwrap();
        assert_eq!(line.contains(r#","cut":true,"#), is_cut, "{line}");
    }
}

#[test]
fn every_part_of_an_event_is_in_its_line() {
    let log = AuditLog::builder(ring()).app("shop").clock(ManualClock::new()).writer(Vec::new());
    log.record(
        Event::authorization_denied()
            .level(Level::Warn)
            .outcome(Outcome::Unknown)
            .subject("al\"ice\n")
            .session("5f2a")
            .source_ip("2001:db8::1".parse().unwrap())
            .user_agent("curl/8 \x1b[2J")
            .resource("invoice 17")
            .action("invoice:delete")
            .reason("not the owner")
            .description("Alice asked for what is Bob's")
            .request_id("r-1")
            .request("DELETE", "/invoices/17")
            .trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse::<TraceContext>().unwrap())
            .detail("owner", "bob")
            .detail("attempt", 2_u64)
            .detail("delta", -2_i64)
            .detail("mfa", false),
    )
    .unwrap();
    let text = String::from_utf8(log.into_inner().unwrap()).unwrap();
    let line = text.lines().nth(1).unwrap();
    let read: serde_json::Value = serde_json::from_str(line).unwrap();
    let mut expected = serde_json::json!({
        "v": 1, "seq": 1, "datetime": "2026-01-01T00:00:00.000000Z", "appid": "shop",
        "event": "authorization_denied", "owasp": "authz_fail", "level": "WARN", "outcome": "unknown",
        "source_ip": "2001:db8::1", "subject": "al\"ice\n", "session": "5f2a", "useragent": "curl/8 \u{1b}[2J",
        "resource": "invoice 17", "action": "invoice:delete", "reason": "not the owner",
        "description": "Alice asked for what is Bob's", "request_id": "r-1", "request_method": "DELETE",
        "request_uri": "/invoices/17", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
        "details": { "owner": "bob", "attempt": 2, "delta": -2, "mfa": false }, "key": "1a2b3c4d",
    });
    expected["mac"] = read["mac"].clone();
    assert_eq!(read, expected);
    assert!(!line.contains('\u{1b}'));
}

/// Blocks until it is let go, and fails while it is told to.
#[derive(Clone)]
struct Gate {
    entered: mpsc::Sender<()>,
    open: Arc<Mutex<mpsc::Receiver<()>>>,
    failures: Arc<AtomicU32>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _nobody_waits = self.entered.send(());
        let _let_go = self.open.lock().unwrap().recv(); // an error when the other end is gone: open for ever
        if self.failures.load(Ordering::Relaxed) > 0 {
            self.failures.fetch_sub(1, Ordering::Relaxed);
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.written.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gate() -> (Gate, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let ((entered, has_entered), (let_go, open)) = (mpsc::channel(), mpsc::channel());
    let (open, failures, written) = (Arc::new(Mutex::new(open)), Arc::default(), Arc::default());
    (Gate { entered, open, failures, written }, has_entered, let_go)
}

#[test]
fn a_full_queue_refuses_and_tells_in_the_log_how_many() {
    let (gate, has_entered, let_go) = gate();
    let log = AuditLog::builder(ring())
        .alert(Kind::RateLimitExceeded, 1, Duration::from_secs(1))
        .writer(gate.clone());
    let queue = Queue::new(log, 3, WhenFull::Refuse).unwrap();
    queue.record(event(0)).unwrap();
    has_entered.recv().unwrap(); // the first is being written
    (1..4).for_each(|number| queue.record(event(number)).unwrap());
    for number in 4..9 {
        assert_eq!(queue.record(event(number)).unwrap_err().kind(), AuditErrorKind::Full);
    }
    assert_eq!(queue.record(Event::rate_limit_exceeded()).unwrap_err().kind(), AuditErrorKind::Full);
    assert_eq!(queue.len(), 4, "the alert found room");
    drop(let_go);
    queue.flush().unwrap();
    assert_eq!(queue.log().counts(Kind::AuthenticationFailure).total, 9);
    drop(queue);
    let text = String::from_utf8(gate.written.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains(r#""event":"audit_events_lost""#) && text.contains(r#""details":{"count":6}"#),
        "{text}"
    );
    assert_eq!(audit::verify(text.as_bytes(), ring()).unwrap().records, 1 + 4 + 1 + 1);
}

#[test]
fn a_queue_keeps_events_while_the_log_fails() {
    let (gate, has_entered, let_go) = gate();
    let clock = ManualClock::new();
    let log = AuditLog::builder(ring()).clock(clock.clone()).writer(gate.clone());
    let queue = Queue::new(log, 10, WhenFull::WaitAtMost(Duration::ZERO)).unwrap();
    gate.failures.store(2, Ordering::Relaxed);
    (0..3).for_each(|number| queue.record(event(number)).unwrap());
    clock.advance(Duration::from_secs(3600));
    has_entered.recv().unwrap();
    let_go.send(()).unwrap();
    has_entered.recv().unwrap(); // it failed, and is tried again
    assert_eq!(queue.last_error().unwrap().kind(), AuditErrorKind::Unavailable);
    drop(let_go);
    while queue.flush().is_err() {}
    assert!(queue.last_error().is_none());
    drop(queue);
    let text = String::from_utf8(gate.written.lock().unwrap().clone()).unwrap();
    assert_eq!(audit::verify(text.as_bytes(), ring()).unwrap().records, 4);
    assert_eq!(
        text.matches("2026-01-01T00:00:00.000000Z").count(),
        3,
        "dated when they were handed over: {text}"
    );
}

#[test]
fn a_waiting_queue_loses_nothing() {
    let log = AuditLog::new(Vec::new(), ring());
    let queue = Queue::new(log, 2, WhenFull::Wait).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..250).for_each(|number| queue.record(event(number)).unwrap()));
        }
    });
    queue.flush().unwrap();
    assert_eq!(queue.log().checkpoint().unwrap().seq(), 1000);
}

/// Panics when it is told of a critical event.
struct Panics;

impl Sink for Panics {
    fn accept(&self, record: &Record<'_>) {
        assert!(record.level() != Level::Critical, "a sink's own fault");
    }
}

#[test]
fn a_panicking_sink_or_store_does_not_stop_the_log() {
    let log = AuditLog::builder(ring()).also(Panics).writer(Vec::new());
    log.record(Event::authorization_denied()).unwrap();
    log.record(event(1)).unwrap();
    assert_eq!(audit::verify(&log.into_inner().unwrap()[..], ring()).unwrap().records, 3);

    let queue =
        Queue::new(AuditLog::builder(ring()).also(Panics).writer(Vec::new()), 5, WhenFull::Wait).unwrap();
    queue.record(Event::authorization_denied()).unwrap();
    queue.record(event(1)).unwrap();
    queue.flush().unwrap();
    assert_eq!(queue.log().checkpoint().unwrap().seq(), 2);

    let log = AuditLog::builder(ring()).checkpoints(PanickingStore, 1).writer(Vec::new());
    for _ in 0..2 {
        let error = log.record(event(1)).unwrap_err();
        assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::NotCheckpointed, true));
    }
}

struct PanickingStore;

impl CheckpointStore for PanickingStore {
    fn save(&self, _: &Checkpoint) -> io::Result<()> {
        unreachable!("a store's own fault")
    }

    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        Ok(None)
    }
}

#[test]
fn history_written_anew_by_a_key_holder_does_not_pass_the_checkpoint() {
    let folder = folder("rewritten");
    let (path, kept) = (folder.join("audit.jsonl"), folder.join("kept"));
    let builder = || AuditLog::builder(ring()).checkpoints(CheckpointFile::new(&kept), 3).rotate_at(100_000);
    let log = builder().open(&path).unwrap();
    (0..7).for_each(|number| log.record(event(number)).unwrap());
    drop(log); // with a last checkpoint
    let latest = CheckpointFile::new(&kept).latest().unwrap().unwrap();
    assert_eq!(latest.seq(), 7);

    // The first three records stay; then, with the key, other ones are made up, and more of them.
    let text = fs::read_to_string(&path).unwrap();
    let start: String = text.split_inclusive('\n').take(3).collect();
    fs::write(&path, start).unwrap();
    let forged = AuditLog::open(&path, ring()).unwrap();
    (0..400).for_each(|number| forged.record(event(100 + number)).unwrap());
    drop(forged);
    assert_eq!(verify_file(&path).records, 403);
    assert_eq!(builder().open(&path).unwrap_err().kind(), AuditErrorKind::Truncated);

    // The true file is taken, wherever in it the checkpoint lies, and whatever was rotated since.
    fs::write(&path, text).unwrap();
    let plain = || AuditLog::open(&path, ring()).unwrap();
    for more in [0, 1, 10, 1000, 5000] {
        fs::write(&kept, format!("{latest}\n")).unwrap();
        let log = plain();
        (0..more).for_each(|number| log.record(event(number)).unwrap());
        drop(log);
        fs::write(&kept, format!("{latest}\n")).unwrap();
        let log = AuditLog::builder(ring()).checkpoints(CheckpointFile::new(&kept), 3).open(&path).unwrap();
        assert!(log.checkpoint().unwrap().seq() >= latest.seq() + u64::from(more));
    }
    drop(builder().open(&path).unwrap()); // not rotated before something is recorded
    let log = builder().open(&path).unwrap();
    log.record(event(0)).unwrap(); // rotated
    drop(log);
    assert!(verify_file(&path).first > 0);
    drop(builder().open(&path).unwrap());
}

#[test]
fn a_missing_checkpoint_is_told_and_a_bad_one_refused() {
    let folder = folder("missing-checkpoint");
    let (path, kept) = (folder.join("audit.jsonl"), folder.join("kept"));
    let builder = || AuditLog::builder(ring()).checkpoints(CheckpointFile::new(&kept), 3);
    drop(builder().open(&path).unwrap());
    fs::remove_file(&kept).unwrap();
    drop(builder().open(&path).unwrap());
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("\"event\":\"audit_checkpoint_missing\",\"level\":\"WARN\"")
    );
    fs::write(&kept, "something else").unwrap();
    assert_eq!(builder().open(&path).unwrap_err().kind(), AuditErrorKind::Malformed);
    let below_a_file = CheckpointFile::new(kept.join("checkpoint"));
    assert!(cfg!(windows) || below_a_file.latest().is_err(), "nothing is known of it");
    #[cfg(unix)]
    {
        let elsewhere = folder.join("elsewhere");
        fs::remove_file(&kept).unwrap();
        fs::write(&elsewhere, "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &kept).unwrap();
        CheckpointFile::new(&kept).save(&log_of(1).1).unwrap();
        assert!(fs::symlink_metadata(&kept).unwrap().is_symlink());
        assert!(fs::read_to_string(&elsewhere).unwrap().starts_with("palisade-audit-v1:"));
    }
}

#[test]
#[cfg(unix)]
fn a_log_that_is_moved_or_replaced_takes_no_more() {
    let folder = folder("moved");
    let path = folder.join("audit.jsonl");
    for fsync in [Fsync::Each, Fsync::Never, Fsync::Every(Duration::from_millis(1))] {
        let _gone = fs::remove_file(&path);
        let log = AuditLog::builder(ring()).fsync(fsync).open(&path).unwrap();
        log.record(event(0)).unwrap();
        fs::rename(&path, folder.join("moved.jsonl")).unwrap();
        fs::write(&path, "somebody else's").unwrap();
        let errors = (0..1_000_000).filter_map(|number| log.record(event(number)).err());
        assert_eq!(errors.map(|error| error.kind()).next(), Some(AuditErrorKind::Changed), "{fsync:?}");
    }
    // Nor is what stands in its place rotated away.
    let _gone = fs::remove_file(&path);
    let log = AuditLog::builder(ring()).fsync(Fsync::Never).rotate_at(1200).open(&path).unwrap();
    log.record(event(0)).unwrap();
    fs::rename(&path, folder.join("moved.jsonl")).unwrap();
    fs::write(&path, "somebody else's").unwrap();
    let kinds: Vec<_> =
        (0..5).filter_map(|number| log.record(event(number)).err()).map(|e| e.kind()).collect();
    assert_eq!(kinds[..2], [AuditErrorKind::NotRotated, AuditErrorKind::Changed]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
}

#[test]
#[cfg(unix)]
fn links_that_lead_nowhere_yet_mean_one_log() {
    let folder = folder("links");
    let (path, link) = (folder.join("audit.jsonl"), folder.join("link"));
    std::os::unix::fs::symlink("audit.jsonl", &link).unwrap();
    let log = AuditLog::open(&link, ring()).unwrap();
    assert_eq!(AuditLog::open(&path, ring()).unwrap_err().kind(), AuditErrorKind::Locked);
    log.record(event(0)).unwrap();
    drop(log);
    assert_eq!(verify_file(&path).records, 2);
    std::os::unix::fs::symlink("round", folder.join("round")).unwrap();
    assert_eq!(AuditLog::open(folder.join("round"), ring()).unwrap_err().kind(), AuditErrorKind::Unavailable);
}

#[test]
fn what_a_crash_left_of_an_earlier_rotation_is_not_taken_for_this_one() {
    let folder = folder("stale");
    let (path, new) = (folder.join("audit.jsonl"), folder.join("audit.jsonl.new"));
    let log = AuditLog::builder(ring()).rotate_at(600).open(&path).unwrap();
    (0..2).for_each(|number| log.record(event(number)).unwrap());
    drop(log);
    let continued = fs::read(&path).unwrap();
    assert!(verify_file(&path).first > 0);
    fs::write(&new, &continued).unwrap();
    drop(AuditLog::open(&path, ring()).unwrap());
    assert!(!new.exists(), "removed, while the log is there");
    // Nor when the file that it would follow ends otherwise.
    fs::write(&new, &continued).unwrap();
    fs::remove_file(&path).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let archive = entry.unwrap().path();
        if archive.to_string_lossy().contains("jsonl.0") {
            fs::remove_file(archive).unwrap();
        }
    }
    assert_eq!(AuditLog::open(&path, ring()).unwrap().checkpoint().unwrap().seq(), 0);
}

#[test]
#[cfg(unix)]
fn a_ratchet_that_cannot_be_saved_is_not_left_behind() {
    use std::os::unix::fs::symlink;

    let folder = folder("ratchet-unsaved");
    let (path, state) = (folder.join("audit.jsonl"), folder.join("ratchet"));
    Ratchet::create(&state, ring()).unwrap();
    let open = || AuditLog::builder(Ratchet::open(&state).unwrap()).set_aside_damaged().open(&path);
    open().unwrap().record(event(0)).unwrap();
    // Saving goes through `ratchet.new`, which cannot be made while a folder has its name.
    let blocked = folder.join("ratchet.new");
    fs::create_dir(&blocked).unwrap();
    for _ in 0..4 {
        assert_eq!(open().unwrap_err().kind(), AuditErrorKind::NotRatcheted);
    }
    fs::remove_dir(&blocked).unwrap();
    let mut names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.any(|name| name.to_string_lossy().contains("damaged")), "it was set aside");
    let log = open().unwrap();
    log.record(event(1)).unwrap();
    drop(log);
    assert_eq!(audit::verify(File::open(&path).unwrap(), ring()).unwrap().epoch, Some(0));
    // A thief of the ratchet who begins anew is told from the log that was there.
    fs::remove_file(&path).unwrap();
    open().unwrap().record(event(1)).unwrap();
    assert!(verify_file(&path).epoch.unwrap() > 0);
    let link = folder.join("link");
    symlink(&state, &link).unwrap();
    let held = Ratchet::open(&state).unwrap();
    assert_eq!(Ratchet::open(&link).unwrap_err().kind(), AuditErrorKind::Locked);
    drop(held);
}

#[test]
fn sinks_hear_what_the_log_says_of_itself() {
    let folder = folder("heard");
    let path = folder.join("audit.jsonl");
    fs::write(&path, "damaged\n").unwrap();
    let heard = Heard::default();
    let builder = || AuditLog::builder(ring()).also(heard.clone()).set_aside_damaged().rotate_at(700);
    builder().open(&path).unwrap().record(event(0)).unwrap();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"v\":1,\"se").unwrap();
    drop(builder().open(&path).unwrap());
    let heard = heard.0.lock().unwrap();
    let names: Vec<&str> = heard.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "audit_chain_started", "audit_chain_damaged", "audit_chain_continued", "authentication_failure",
            "audit_log_recovered"
        ]
    );
    assert_eq!(heard[3].2, Some(2));
}

#[test]
fn a_closing_queue_tries_again_and_flush_waits_for_what_was_there() {
    let (gate, has_entered, let_go) = gate();
    let heard = Heard::default();
    let log = AuditLog::builder(ring()).also(heard.clone()).writer(gate.clone());
    let queue = Queue::new(log, 1000, WhenFull::Wait).unwrap();
    (0..500).for_each(|number| queue.record(event(number)).unwrap());
    has_entered.recv().unwrap();
    gate.failures.store(2, Ordering::Relaxed);
    drop(let_go);
    queue.close().unwrap();
    let written = gate.written.lock().unwrap().clone();
    assert_eq!(audit::verify(&written[..], ring()).unwrap().records, 501);

    // An event that was given up is told, though the next ones were recorded.
    let (gate, has_entered, let_go) = self::gate();
    let queue = Queue::new(AuditLog::new(gate.clone(), ring()), 1000, WhenFull::Wait).unwrap();
    queue.record(event(0)).unwrap();
    has_entered.recv().unwrap();
    (1..5).for_each(|number| queue.record(event(number)).unwrap());
    gate.failures.store(3, Ordering::Relaxed);
    let closing = thread::spawn(move || queue.close().map(drop));
    drop(let_go);
    drop(has_entered);
    let closed = closing.join().unwrap();
    let text = String::from_utf8(gate.written.lock().unwrap().clone()).unwrap();
    let lost = text.contains("\"event\":\"audit_events_lost\"");
    assert_eq!(closed.map_err(|error| error.kind()).err(), lost.then_some(AuditErrorKind::Unavailable));

    // When it fails for good, what is lost is told, and nobody waits for ever.
    let (gate, _has_entered, let_go) = self::gate();
    gate.failures.store(u32::MAX, Ordering::Relaxed);
    drop(let_go);
    let heard = Heard::default();
    let log = AuditLog::builder(ring()).also(heard.clone()).writer(gate);
    let queue = Queue::new(log, 1000, WhenFull::Wait).unwrap();
    (0..5).for_each(|number| queue.record(event(number)).unwrap());
    assert_eq!(queue.close().unwrap_err().kind(), AuditErrorKind::Unavailable);
    let unrecorded = heard.0.lock().unwrap().iter().filter(|(.., seq)| seq.is_none()).count();
    assert_eq!(unrecorded, 6, "five events, and that they were lost");
}

#[test]
fn flush_tells_what_failed_after_an_event_was_recorded() {
    let store = Elsewhere::default();
    store.fails.store(true, Ordering::Relaxed);
    let log = AuditLog::builder(ring()).checkpoints(store, 1).writer(Vec::new());
    let queue = Queue::new(log, 1000, WhenFull::Wait).unwrap();
    (0..200).for_each(|number| queue.record(event(number)).unwrap());
    let error = queue.flush().unwrap_err();
    assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::NotCheckpointed, true));
    assert!(queue.is_empty());
    queue.flush().unwrap();
}

/// Takes nothing so many times, and is not flushed so many times.
#[derive(Default)]
struct Fickle {
    written: Vec<u8>,
    writes: Arc<AtomicU32>,
    flushes: u32,
}

impl Write for Fickle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.writes.load(Ordering::Relaxed) > 0 {
            self.writes.fetch_sub(1, Ordering::Relaxed);
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.flushes > 0 {
            self.flushes -= 1;
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }
}

#[test]
fn a_chain_that_could_not_begin_leaves_nothing_to_the_next() {
    let state = folder("fickle").join("ratchet");
    Ratchet::create(&state, ring()).unwrap();
    let fickle = Fickle { writes: Arc::new(2.into()), ..Fickle::default() };
    let log = AuditLog::new(fickle, Ratchet::open(&state).unwrap());
    for recorded in [false, false, true, true] {
        let outcome = log.record(event(0)).map_err(|error| error.kind());
        assert_eq!(outcome, if recorded { Ok(()) } else { Err(AuditErrorKind::Unavailable) });
    }
    let written = log.into_inner().unwrap().written;
    assert_eq!(audit::verify(written.as_slice(), ring()).unwrap().records, 3);
}

#[test]
fn no_event_is_recorded_in_an_epoch_that_is_over() {
    let (folder, clock, writes) = (folder("epochs"), ManualClock::new(), Arc::new(AtomicU32::new(0)));
    let state = folder.join("ratchet");
    Ratchet::create(&state, ring()).unwrap();
    let ratchet = Ratchet::open(&state).unwrap().epoch_length(Duration::from_secs(60));
    let fickle = Fickle { writes: Arc::clone(&writes), ..Fickle::default() };
    let log = AuditLog::builder(ratchet).clock(clock.clone()).writer(fickle);
    log.record(event(0)).unwrap();
    // One that cannot begin.
    clock.advance(Duration::from_secs(60));
    writes.store(1, Ordering::Relaxed);
    let error = log.record(event(1)).unwrap_err();
    assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::Unavailable, false));
    // One that begins, and cannot be saved: saving goes through `ratchet.new`.
    let blocked = folder.join("ratchet.new");
    fs::create_dir(&blocked).unwrap();
    let error = log.record(event(2)).unwrap_err();
    assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::NotRatcheted, true));
    fs::remove_dir(&blocked).unwrap();
    log.record(event(3)).unwrap();
    let written = log.into_inner().unwrap().written;
    let verified = audit::verify(written.as_slice(), ring()).unwrap();
    assert_eq!((verified.records, verified.epoch), (5, Some(0)), "it began in epoch 0");
}

#[test]
fn who_records_is_told_that_it_was_not_flushed() {
    let log = AuditLog::new(Fickle { flushes: 2, ..Fickle::default() }, ring());
    let error = log.record(event(0)).unwrap_err();
    assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::NotSynced, true));
    let source =
        std::error::Error::source(&error).and_then(|source| source.downcast_ref::<io::Error>()).unwrap();
    assert_eq!(source.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(log.sync().unwrap_err().kind(), AuditErrorKind::NotSynced);
    log.record(event(1)).unwrap();
    let written = log.into_inner().unwrap().written;
    assert_eq!(audit::verify(written.as_slice(), ring()).unwrap().records, 3);
}

#[test]
fn nobody_waits_for_a_log_that_takes_no_more() {
    let folder = folder("hopeless");
    let path = folder.join("audit.jsonl");
    let queue = Queue::new(AuditLog::open(&path, ring()).unwrap(), 2, WhenFull::Wait).unwrap();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
    let errors = (0..10).filter_map(|number| queue.record(event(number)).err());
    assert_eq!(errors.map(|error| error.kind()).next(), Some(AuditErrorKind::Changed));
}

#[test]
fn an_alert_that_is_not_recorded_leaves_its_event_recorded() {
    let (lines, _) = log_of(1);
    let room = lines.concat().len() + 100;
    let log = AuditLog::builder(ring())
        .alert(Kind::AuthenticationFailure, 1, Duration::from_secs(60))
        .writer(Short(room, Vec::new()));
    let error = log.record(event(0)).unwrap_err();
    assert_eq!((error.kind(), error.is_recorded()), (AuditErrorKind::NotAlerted, true));
}

/// Panics at its second line.
struct PanickingWriter(u32);

impl Write for PanickingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += 1;
        assert!(self.0 < 2, "as part of a test");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_queue_whose_writer_panicked_does_not_close_as_if_all_were_recorded() {
    let queue = Queue::new(AuditLog::new(PanickingWriter(0), ring()), 5, WhenFull::Wait).unwrap();
    queue.record(event(1)).unwrap();
    let kind = |error: AuditError| error.kind();
    assert_eq!(queue.close().map(drop).map_err(kind), Err(AuditErrorKind::Closed));
}

/// Waits for the queue that calls it.
struct Impatient(Arc<OnceLock<Weak<Queue<Vec<u8>>>>>, mpsc::Sender<AuditErrorKind>);

impl Sink for Impatient {
    fn accept(&self, _: &Record<'_>) {
        if let Some(queue) = self.0.get().and_then(Weak::upgrade) {
            self.1.send(queue.flush().unwrap_err().kind()).unwrap();
        }
    }
}

#[test]
fn a_sink_that_waits_for_its_own_queue_is_told() {
    let (place, (told, hears)) = (Arc::new(OnceLock::new()), mpsc::channel());
    let log = AuditLog::builder(ring()).also(Impatient(Arc::clone(&place), told)).writer(Vec::new());
    let queue = Arc::new(Queue::new(log, 5, WhenFull::Wait).unwrap());
    place.set(Arc::downgrade(&queue)).unwrap();
    queue.record(event(1)).unwrap();
    assert_eq!(hears.recv_timeout(Duration::from_secs(60)), Ok(AuditErrorKind::WaitsForItself));
    queue.flush().unwrap();
}

#[test]
fn texts_pass_through_the_redaction_before_they_are_recorded() {
    let log = AuditLog::builder(ring())
        .redact(|field, text| match field {
            "note" => Cow::Borrowed("gone"),
            _ => text.replace("hunter2", "[REDACTED]").into(),
        })
        .writer(Vec::new());
    log.record(event(1).reason("tried hunter2").detail("note", "private").detail("tries", 2)).unwrap();
    let text = String::from_utf8(log.into_inner().unwrap()).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("private"), "{text}");
    for kept in [r#""reason":"tried [REDACTED]""#, r#""note":"gone""#, r#""tries":2"#, "user 1"] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    assert_eq!(audit::verify(text.as_bytes(), ring()).unwrap().records, 2);
}

#[test]
fn debug_tells_of_a_log_and_shows_no_key() {
    let builder = AuditLog::builder(ring()).app("shop");
    let shown = format!("{builder:?}");
    assert!(shown.starts_with(r#"Builder { app: "shop", "#) && shown.contains("1a2b3c4d"), "{shown}");
    assert!(!shown.contains("7, 7, 7, 7"), "{shown}");
    let log = builder.writer(Vec::new());
    log.sync().unwrap();
    let checkpoint = log.checkpoint().unwrap();
    assert_eq!(format!("{checkpoint:?}"), format!("Checkpoint({checkpoint})"));
    let shown = format!("{log:?}");
    assert!(shown.starts_with("AuditLog { head: ") && !shown.contains("7, 7, 7, 7"), "{shown}");
    let queue = Queue::new(log, 8, WhenFull::Wait).unwrap();
    queue.record(event(1)).unwrap();
    queue.flush().unwrap();
    assert!(format!("{queue:?}").starts_with("Queue { len: 0, log: AuditLog { "), "{queue:?}");
    queue.close().unwrap();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(format!("{:?}", trace.parse::<TraceContext>().unwrap()), format!("TraceContext({trace})"));
    assert_eq!(
        format!("{} {} {}", Kind::ALL[0], Level::Warn, Outcome::Failure),
        format!("{} {} {}", Kind::ALL[0].as_str(), Level::Warn.as_str(), Outcome::Failure.as_str())
    );
}

#[test]
fn a_checkpoint_has_one_spelling() {
    let (_, checkpoint) = log_of(2);
    let text = checkpoint.to_string();
    assert_eq!(text.parse::<Checkpoint>().unwrap(), checkpoint);
    for wrong in [
        text.to_uppercase(),
        text.replace(":2:", ":02:"),
        text.replace(":2:", ":+2:"),
        format!("{text}:"),
        format!("{text}\n"),
        text[..text.len() - 1].to_owned(),
        String::new(),
    ] {
        assert!(wrong.parse::<Checkpoint>().is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_stays_in_its_line_and_is_read_back(subject in any::<String>(), value in any::<String>()) {
        let log = AuditLog::new(Vec::new(), ring());
        log.record(event(0).subject(subject.clone()).detail("value", value.clone())).unwrap();
        let written = log.into_inner().unwrap();
        prop_assert!(audit::verify(&written[..], ring()).is_ok());
        let text = String::from_utf8(written).unwrap();
        prop_assert_eq!(text.matches('\n').count(), 2);
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        let read: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        if read.get("cut").is_none() {
            prop_assert_eq!(read["subject"].as_str(), Some(&*subject));
            prop_assert_eq!(read["details"]["value"].as_str(), Some(&*value));
        }
    }

    #[test]
    fn no_input_is_verified_by_accident(input in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(audit::verify(&input[..], ring()).is_err());
    }
}
