//! Checks of sessions and of one-time codes.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use palisade::session::otp::{Otp, OtpSecret};
use palisade::session::store::{Memory, Sqlite, Store};
use palisade::session::{AuthLevel, Login, Sessions};
use palisade_peers::{Race, Report, Walk};
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_memory_store::MemoryStore;

pub fn races(report: &mut Report) {
    check(report);
    file(report);
    code(report);
}

/// 1,000 users who are logged in, each in turn.
fn check(report: &mut Report) {
    let sessions = Sessions::new(Memory::default());
    let tokens = log_in(&sessions);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let theirs = MemoryStore::default();
    let ids: Vec<Id> = (0..USERS)
        .map(|user| {
            let expiry_date = (SystemTime::now() + Duration::from_secs(3600)).into();
            let data = [("user".to_owned(), format!("user-{user}").into())].into();
            let mut record = Record { id: Id::default(), data, expiry_date };
            runtime.block_on(theirs.create(&mut record)).unwrap();
            record.id
        })
        .collect();
    let (mut one, mut other) = (Walk(1), Walk(1));
    Race::new("check a session in memory, of 1,000", "≤ 400 ns")
        .contender(
            "palisade: digest, idle and absolute expiry",
            move || sessions.check(black_box(&tokens[one.step(USERS)])).is_ok(),
            |ok| *ok,
        )
        .contender(
            "tower-sessions 0.15.0: its memory store, raw ids",
            move || {
                let id = Id(black_box(ids[other.step(USERS)].0));
                runtime.block_on(theirs.load(&id)).unwrap().is_some()
            },
            |ok| *ok,
        )
        .run(report);
}

fn file(report: &mut Report) {
    let path = std::env::temp_dir().join(format!("palisade-peers-{}.sqlite", std::process::id()));
    let sessions = Sessions::new(Sqlite::open(&path).unwrap());
    let tokens = log_in(&sessions);
    let mut walk = Walk(1);
    Race::new("check a session in SQLite, of 1,000", "≤ 20 µs")
        .contender(
            "palisade: one look-up in a file",
            move || sessions.check(black_box(&tokens[walk.step(USERS)])).is_ok(),
            |ok| *ok,
        )
        .run(report);
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
}

fn log_in<S: Store>(sessions: &Sessions<S>) -> Vec<String> {
    let issue = |user| {
        let login = Login::by(AuthLevel::Password).device("Firefox on Linux");
        sessions.log_in(&format!("user-{user}"), login).unwrap().expose().to_owned()
    };
    (0..USERS).map(issue).collect()
}

fn code(report: &mut Report) {
    let secret = OtpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
    let theirs = totp_rs::Builder::new().with_secret(b"12345678901234567890".to_vec()).build().unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_111_111_109);
    Race::new("make the code of a time", "")
        .contender(
            "palisade",
            move || Otp::default().at(black_box(&secret), now).map(|code| code.expose().to_owned()),
            |code| code.as_deref().is_ok_and(|code| code == "081804"),
        )
        .contender(
            "totp-rs 6.0.0",
            move || theirs.generate(black_box(1_111_111_109)),
            |code| code.to_string() == "081804",
        )
        .run(report);
}

const USERS: usize = 1_000;
