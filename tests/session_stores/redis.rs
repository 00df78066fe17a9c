//! Sessions on a server of Redis or Valkey.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use palisade::session::otp::AsyncCodeStore;
use palisade::session::store::{AsyncStore, Redis};
use palisade::session::{AsyncSessions, AuthLevel, Login, Record, SessionErrorKind};
use palisade::token::TokenDigest;

use crate::awaited::{self, Awaited};
use crate::dice::Dice;
use crate::redis_server::Server;
use crate::sessions::{self, Handle};
use crate::{codes, crash, storm};

/// Patient: the tests share the machine.
fn store(server: &Server) -> Redis {
    Redis::connect(&server.url()).unwrap().timeout(Duration::from_secs(30))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server of Redis"]
async fn redis_keeps_the_contract() {
    let server = Server::start();
    let (one, other): (Handle, Handle) = (Arc::new(store(&server)), Arc::new(store(&server)));
    sessions::suite(&one, &other, "redis").await;
    let (one, other): (Handle, Handle) = (
        Arc::new(store(&server).prefix("another [a-z]*")),
        Arc::new(store(&server).prefix("another [a-z]*")),
    );
    sessions::suite(&one, &other, "redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server of Redis"]
async fn redis_lets_in_nobody_whose_time_is_over() {
    let server = Server::start();
    let stores = [(); 2].map(|()| Arc::new(store(&server)));
    let handles = stores.clone().map(|store| -> Handle { store });
    storm::lets_in_nobody_whose_time_is_over(
        handles,
        stores.map(|store| -> Arc<dyn AsyncCodeStore> { store }),
    )
    .await;
}

#[test]
#[ignore = "needs a server of Redis"]
fn redis_keeps_the_contract_of_codes() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    codes::suite(&Awaited(store(&server), runtime.handle().clone()), "redis");
    runtime.block_on(awaited::codes_are_used_once(store(&server)));
}

#[tokio::test]
#[ignore = "needs a server of Redis"]
async fn a_check_is_one_round_trip() {
    let server = Server::start();
    let sessions = AsyncSessions::new(store(&server));
    let issued = sessions.log_in("ann", Login::by(AuthLevel::Password)).await.unwrap();
    let commands = || {
        let stats = server.text(&["INFO", "stats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix("total_commands_processed:"));
        line.unwrap().parse::<u64>().unwrap()
    };
    let own = {
        let before = commands();
        commands() - before
    };
    let before = commands();
    for _ in 0..100 {
        assert!(sessions.check(issued.expose()).await.is_ok());
    }
    assert_eq!(commands() - before - own, 100);
}

#[tokio::test]
#[ignore = "needs a server of Redis"]
async fn keys_go_with_what_they_hold() {
    let server = Server::start();
    let store = store(&server);
    let hour = Duration::from_secs(3600);
    let first = sessions::record("ann");
    let second = Record { expires: first.expires + hour, ..sessions::record("ann") };
    for record in [&second, &first] {
        store.insert(record).await.unwrap();
    }
    let millis = |time: SystemTime| {
        i64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap()
    };
    let ends = |key: &str| server.number(&["PEXPIRETIME", key]);
    assert_eq!(ends(&format!("palisade:s:{}", first.key)), millis(first.expires));
    assert_eq!(ends("palisade:u:ann"), millis(second.expires));
    // One that was over when it came is not kept, and neither is its name.
    let over = Record { expires: first.created - hour, ..sessions::record("ann") };
    store.insert(&over).await.unwrap();
    assert_eq!(store.find(&over.key).await.unwrap(), None);
    assert_eq!(server.number(&["ZCARD", "palisade:u:ann"]), 2);
    assert_eq!(ends("palisade:u:ann"), millis(second.expires));
    assert_eq!(store.end_all("ann", None).await.unwrap(), 2);
    assert_eq!(server.keys(), [""; 0]);
}

#[tokio::test]
#[ignore = "needs a server of Redis"]
async fn prefixes_share_nothing() {
    let server = Server::start();
    let (one, other) = (store(&server), store(&server).prefix("another"));
    let record = sessions::record("ann");
    one.insert(&record).await.unwrap();
    assert_eq!(other.find(&record.key).await.unwrap(), None);
    assert!(other.list("ann").await.unwrap().is_empty());
    assert_eq!(other.end_all("ann", None).await.unwrap(), 0);
    assert_eq!(other.sweep(record.expires, record.expires).await.unwrap(), 0);
    assert_eq!(one.sweep(record.expires, record.expires).await.unwrap(), 1);
}

#[tokio::test]
#[ignore = "needs a server of Redis"]
async fn what_was_damaged_lets_nobody_in() {
    let server = Server::start();
    let sessions = AsyncSessions::new(store(&server));
    for (field, value) in [
        ("second_factor", Some("-1")),
        ("second_factor", Some("one")),
        ("id", Some("short")),
        ("id", None),
        ("user", None),
        ("authenticated", None),
        ("authenticated", Some("-1")),
        ("digest", Some("short")),
        ("digest", None),
        ("binding", Some("")),
        ("created", Some("-1")),
        ("last_used", Some("9223372036854775807")),
        ("expires", Some("1e3")),
        ("expires", None),
        ("device", None),
    ] {
        let issued = sessions.log_in("ann", Login::by(AuthLevel::SecondFactor)).await.unwrap();
        assert!(sessions.check(issued.expose()).await.is_ok());
        let key = format!("palisade:s:{}", &issued.expose()[..22]);
        match value {
            Some(value) => server.ask(&["HSET", &key, field, value]),
            None => server.ask(&["HDEL", &key, field]),
        };
        let error = sessions.check(issued.expose()).await.unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::Unavailable, "{field}");
        server.ask(&["FLUSHALL"]);
    }
}

#[tokio::test]
#[ignore = "needs a server of Redis"]
async fn a_server_that_comes_back_is_connected_to() {
    let mut server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = store(&server);
    let record = sessions::record("ann");
    store.insert(&record).await.unwrap();
    assert!(store.advance("ann", 7).await.unwrap());
    store.replace_codes("ann", &[TokenDigest::of("a code")]).await.unwrap();
    server.kill();
    assert!(store.find(&record.key).await.is_err());
    server.restart();
    assert_eq!(store.find(&record.key).await.unwrap(), Some(record));
    server.restart();
    assert!(!store.advance("ann", 7).await.unwrap());
    server.restart();
    assert!(store.spend_code("ann", &TokenDigest::of("a code")).await.unwrap());
}

#[tokio::test]
#[ignore = "needs a server of Redis"]
async fn a_server_that_hangs_ends_a_call_in_time() {
    let server = Server::start();
    let store = store(&server);
    let record = sessions::record("ann");
    store.insert(&record).await.unwrap();
    server.ask(&["CLIENT", "PAUSE", "60000", "ALL"]);
    let impatient = store.clone().timeout(Duration::from_millis(50));
    assert!(impatient.find(&record.key).await.is_err());
    assert!(impatient.insert(&sessions::record("ann")).await.is_err());
}

#[tokio::test]
#[ignore = "needs a server of Redis"]
async fn callers_that_go_away_leave_the_connection_to_others() {
    let server = Server::start();
    let store = store(&server);
    let record = sessions::record("ann");
    store.insert(&record).await.unwrap();
    let connections = || {
        let stats = server.text(&["INFO", "stats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        line.unwrap().parse::<u64>().unwrap()
    };
    let before = connections();
    server.ask(&["CLIENT", "PAUSE", "60000", "WRITE"]);
    for _ in 0..5 {
        let unanswered = tokio::time::timeout(Duration::from_millis(20), store.end_all("ann", None)).await;
        assert!(unanswered.is_err());
    }
    server.ask(&["CLIENT", "UNPAUSE"]);
    store.find(&record.key).await.unwrap();
    assert_eq!(connections(), before + 3, "the server's own three questions");
}

#[tokio::test]
#[ignore = "needs a server of Redis"]
async fn a_full_server_is_an_error_and_forgets_nothing() {
    let server = Server::start();
    let store = store(&server);
    let record = sessions::record("ann");
    store.insert(&record).await.unwrap();
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(store.insert(&sessions::record("ann")).await.is_err());
    assert!(store.advance("ann", 7).await.is_err());
    assert_eq!(store.list("ann").await.unwrap(), std::slice::from_ref(&record));
    // One that takes the place of another needs no room.
    let next = sessions::record("ann");
    assert!(store.replace(&record.key, &next).await.unwrap());
    assert_eq!(store.list("ann").await.unwrap(), [next]);
}

#[test]
fn errors_do_not_show_passwords() {
    for url in ["redis://:hunter2@", "http://:hunter2@127.0.0.1/", "hunter2"] {
        let error = Redis::connect(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server of Redis"]
async fn a_server_that_is_killed_leaves_one_good_token_at_most() {
    let mut server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let sessions = Arc::new(AsyncSessions::new(store(&server)));
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for round in 0..12 {
        let after = 3 + usize::try_from(dice.roll(300)).unwrap();
        crash::leaves_one_good_token_at_most(Arc::clone(&sessions), round, after, || server.restart()).await;
    }
}
