//! Servers of Redis and Valkey, and what can go wrong with them.

use std::io::Read;
use std::net::TcpListener;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use palisade::rate_limit::store::redis::{AsyncRedis, Redis, RedisBuildErrorKind, RedisBuilder};
use palisade::rate_limit::store::{AsyncStore, Limit, Memory, Op, Store, StoreErrorKind};
use palisade::rate_limit::{
    AnsweredBy, AsyncSharedLimiter, Decision, OnError, Quota, RateKey, Reason, SharedLimiter,
};
use tokio::runtime::{Builder, Runtime};

use crate::fake::Blocking;
use crate::server::{Server, free_port};
use crate::store;

/// Long enough for a busy machine, where the timeout is not what is tested.
const PATIENT: Duration = Duration::from_secs(10);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn patient(server: &Server) -> RedisBuilder {
    Redis::builder(&server.url()).timeout(PATIENT)
}

/// Both kinds of stores on the same server, called alike.
fn both(builder: RedisBuilder) -> [Box<dyn Store>; 2] {
    let asynchronous = builder.clone().build_async().unwrap();
    [Box::new(builder.build().unwrap()), Box::new(Blocking::new(asynchronous, runtime()))]
}

fn hourly(key: &RateKey, capacity: u64) -> Limit<'_> {
    Limit { name: "hourly", key, quota: Quota::per_hour(1).burst(capacity), cost: 1 }
}

fn kind(answer: Result<Decision, palisade::rate_limit::store::StoreError>) -> StoreErrorKind {
    answer.unwrap_err().kind()
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn redis_keeps_the_contract() {
    let server = Server::start();
    let [blocking, awaited] = both(patient(&server));
    store::suite(&*blocking, "blocking");
    store::suite(&*awaited, "awaited");
    let [blocking, awaited] = both(patient(&server).prefix("other").hash_tag("one"));
    store::suite(&*blocking, "blocking");
    store::suite(&*awaited, "awaited");
    let keys = server.keys();
    assert!(keys.iter().any(|key| key.starts_with("palisade:{")));
    assert!(keys.iter().any(|key| key.starts_with("other:{one}:")));
    assert!(keys.iter().all(|key| key.len() <= 8 + 1 + 5 + 1 + 24 + 1 + 64), "names are bounded");
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn a_peek_and_a_denial_store_nothing() {
    let server = Server::start();
    let store = patient(&server).build().unwrap();
    let (key, other) = (RateKey::new("a"), RateKey::new("b"));
    let _ = store.decide(Op::Peek, &[hourly(&key, 5)]).unwrap();
    let _ = store.decide(Op::Refund, &[hourly(&key, 5)]).unwrap();
    assert_eq!(
        store.decide(Op::Check, &[Limit { cost: 6, ..hourly(&key, 5) }]).unwrap(),
        Decision::Impossible
    );
    assert_eq!(server.number(&["DBSIZE"]), 0);
    assert!(store.decide(Op::Check, &[hourly(&key, 1)]).unwrap().is_allowed());
    assert_eq!(server.number(&["DBSIZE"]), 1);
    let before = server.text(&["GET", &server.keys()[0]]);
    assert!(!store.decide(Op::Check, &[hourly(&other, 1), hourly(&key, 1)]).unwrap().is_allowed());
    assert_eq!((server.number(&["DBSIZE"]), server.text(&["GET", &server.keys()[0]])), (1, before));
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn a_decision_is_one_round_trip_whatever_the_number_of_limits() {
    let server = Server::start();
    let commands = || {
        let info = server.text(&["INFO", "commandstats"]);
        let calls = |name: &str| {
            let line = info.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:")));
            line.map_or(0, |line| {
                line.split("calls=").nth(1).unwrap().split(',').next().unwrap().parse().unwrap()
            })
        };
        let all: [u64; 3] = [calls("evalsha"), calls("eval"), calls("script|load")];
        all
    };
    let names: Vec<String> = (0..64).map(|number| number.to_string()).collect();
    let key = RateKey::new("trips");
    let limits: Vec<Limit<'_>> = names.iter().map(|name| Limit { name, ..hourly(&key, 50) }).collect();
    for store in both(patient(&server)) {
        server.ask(&["SCRIPT", "FLUSH"]);
        server.ask(&["CONFIG", "RESETSTAT"]);
        for _ in 0..10 {
            assert!(store.decide(Op::Check, &limits).unwrap().is_allowed());
        }
        // The first was not known by its digest, and sent in full: that loads it.
        assert_eq!(commands(), [10, 1, 0]);
        server.ask(&["SCRIPT", "FLUSH"]);
        assert!(store.decide(Op::Check, &limits).unwrap().is_allowed());
        assert_eq!(commands(), [11, 2, 0]);
    }
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn what_a_server_refuses_is_an_error_and_charges_nothing() {
    let server = Server::start();
    let key = RateKey::new("refused");
    for store in both(patient(&server)) {
        assert!(store.decide(Op::Check, &[hourly(&key, 9)]).unwrap().is_allowed());
        let name = server.keys().remove(0);
        for damage in [&["SET", &name, "1.79e15"][..], &["DEL", &name], &["RPUSH", &name, "1"]] {
            server.ask(damage);
            if damage[0] != "DEL" {
                let error = store.decide(Op::Check, &[hourly(&key, 9)]).unwrap_err();
                assert_eq!(error.kind(), StoreErrorKind::Corrupt);
            }
        }
        server.ask(&["DEL", &name]);

        server.ask(&["CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction"]);
        for op in [Op::Check, Op::Debit] {
            let error = store.decide(op, &[hourly(&key, 9)]).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(source, "the server answered with the error OOM");
        }
        assert!(store.decide(Op::Peek, &[hourly(&key, 9)]).unwrap().is_allowed(), "reading is possible");
        server.ask(&["CONFIG", "SET", "maxmemory", "0"]);

        server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
        assert_eq!(kind(store.decide(Op::Check, &[hourly(&key, 9)])), StoreErrorKind::Unavailable);
        server.ask(&["REPLICAOF", "NO", "ONE"]);
        assert!(store.decide(Op::Check, &[hourly(&key, 9)]).unwrap().is_allowed());
        server.ask(&["FLUSHALL"]);
    }
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn clients_of_one_server_share_a_limit() {
    let server = Server::start();
    let [one, other] = both(patient(&server));
    let key = RateKey::new("shared");
    let admitted: usize = std::thread::scope(|scope| {
        let ask = |store: &dyn Store| {
            (0..60).filter(|_| store.decide(Op::Check, &[hourly(&key, 100)]).unwrap().is_allowed()).count()
        };
        let threads: Vec<_> =
            [&one, &other, &one, &other].map(|store| scope.spawn(move || ask(&**store))).into();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(admitted, 100);
    // Another prefix is another limit.
    let apart = patient(&server).prefix("apart").build().unwrap();
    assert!(apart.decide(Op::Check, &[hourly(&key, 100)]).unwrap().is_allowed());
}

/// Accepts connections, reads what comes, and says nothing.
fn silent_server() -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            let mut stream = stream.unwrap();
            std::thread::spawn(move || while stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {});
        }
    });
    (port, connections)
}

#[test]
fn a_server_that_never_answers_is_given_up_in_time() {
    let (port, connections) = silent_server();
    let key = RateKey::new("silent");
    for timeout in [Duration::from_millis(30), Duration::from_millis(150)] {
        let url = format!("redis://:secret@127.0.0.1:{port}/");
        for (index, store) in both(Redis::builder(&url).timeout(timeout)).iter().enumerate() {
            for _ in 0..3 {
                let started = Instant::now();
                assert_eq!(
                    kind(store.decide(Op::Check, &[hourly(&key, 1)])),
                    StoreErrorKind::TimedOut,
                    "{index}"
                );
                let took = started.elapsed();
                assert!(took >= timeout && took < timeout + Duration::from_millis(500), "{took:?}");
            }
        }
    }
    assert_eq!(connections.load(Ordering::SeqCst), 12, "no connection is used again");
}

#[test]
fn a_late_answer_is_nobodys() {
    // A server that answers the first question late, and the second with what the first asked for, if the connection is the same.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let connections = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                use std::io::Write;
                let mut buffer = [0; 4096];
                while let Ok(read) = stream.read(&mut buffer) {
                    let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                    if read == 0 {
                        break;
                    } else if text.contains("SETINFO") {
                        let _ = stream.write_all(b"+OK\r\n+OK\r\n");
                    } else {
                        std::thread::sleep(Duration::from_millis(120));
                        // Allowed, from rest.
                        let _ = stream.write_all(b"*3\r\n:1\r\n:0\r\n:0\r\n");
                    }
                }
            });
        }
    });
    for store in both(Redis::builder(&url).timeout(Duration::from_millis(60))) {
        connections.store(0, Ordering::SeqCst);
        for asked in 1..=3 {
            assert_eq!(
                kind(store.decide(Op::Check, &[hourly(&RateKey::new("late"), 1)])),
                StoreErrorKind::TimedOut
            );
            std::thread::sleep(Duration::from_millis(100));
            assert_eq!(connections.load(Ordering::SeqCst), asked);
        }
    }
}

#[test]
fn answers_that_are_not_the_scripts_are_errors() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let answers = [
        "+OK\r\n",
        "$-1\r\n",
        ":1\r\n",
        "*0\r\n",
        "*1\r\n:1\r\n",
        "*2\r\n:1\r\n:0\r\n",
        "*4\r\n:1\r\n:0\r\n:0\r\n:0\r\n",
        "*3\r\n:2\r\n:0\r\n:0\r\n",
        "*3\r\n:1\r\n:-1\r\n:0\r\n",
        "*3\r\n:1\r\n:0\r\n:1000\r\n",
        "*3\r\n:1\r\n:9223372036854775807\r\n:0\r\n",
        "*3\r\n:1\r\n$1\r\n0\r\n:0\r\n",
        // What says "all conform" of a caller that owes an hour, and the other way round.
        "*3\r\n:1\r\n:3600000000\r\n:0\r\n",
        "*3\r\n:0\r\n:0\r\n:0\r\n",
        "-ERR no\r\n",
        "-\r\n",
        "?\r\n",
        "-NOSCRIPT no\r\n",
    ];
    std::thread::spawn(move || {
        let mut next = answers.into_iter().cycle();
        for stream in listener.incoming() {
            use std::io::Write;
            let mut stream = stream.unwrap();
            let answer = next.next().unwrap();
            std::thread::spawn(move || {
                let mut buffer = [0; 8192];
                while let Ok(read @ 1..) = stream.read(&mut buffer) {
                    let is_greeting = String::from_utf8_lossy(&buffer[..read]).contains("SETINFO");
                    let answer = if is_greeting { "+OK\r\n+OK\r\n" } else { answer };
                    if stream.write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    for store in 0..2 {
        for answer in answers {
            let builder = Redis::builder(&url).timeout(PATIENT);
            let store = &both(builder)[store];
            let key = RateKey::new("k");
            assert_eq!(
                kind(store.decide(Op::Check, &[hourly(&key, 1)])),
                StoreErrorKind::Unavailable,
                "{answer:?}"
            );
        }
    }
}

#[test]
fn stores_are_built_while_their_server_is_away_and_show_no_secret() {
    let url = format!("redis://ann:hunter2@127.0.0.1:{}/", free_port());
    let builder = Redis::builder(&url);
    let cluster = Redis::cluster([&url]);
    assert!(!format!("{builder:?} {cluster:?}").contains("hunter2"));
    for builder in [builder, cluster] {
        let (blocking, awaited) = (builder.clone().build().unwrap(), builder.clone().build_async().unwrap());
        assert!(!format!("{blocking:?} {awaited:?}").contains("hunter2"));
        for store in both(builder) {
            let error = store.decide(Op::Check, &[hourly(&RateKey::new("away"), 1)]).unwrap_err();
            assert!(
                matches!(error.kind(), StoreErrorKind::Unavailable | StoreErrorKind::TimedOut),
                "{error:?}"
            );
            assert!(!format!("{error:?}").contains("hunter2") && !format!("{error:?}").contains("127.0.0.1"));
        }
    }
    for (builder, kind) in [
        (Redis::builder("http://hunter2@127.0.0.1/"), RedisBuildErrorKind::Url),
        (Redis::builder("hunter2"), RedisBuildErrorKind::Url),
        (Redis::builder(""), RedisBuildErrorKind::Url),
        (Redis::cluster([] as [&str; 0]), RedisBuildErrorKind::Url),
        (Redis::builder(&url).timeout(Duration::ZERO), RedisBuildErrorKind::Timeout),
        (Redis::builder(&url).timeout(Duration::MAX), RedisBuildErrorKind::Timeout),
        (Redis::builder(&url).prefix("{"), RedisBuildErrorKind::Name),
        (Redis::builder(&url).hash_tag(""), RedisBuildErrorKind::Name),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn idle_connections_that_a_restart_closed_cost_no_failure() {
    let mut server = Server::start();
    let key = RateKey::new("restart");
    for store in both(patient(&server)) {
        let ask = || store.decide(Op::Check, &[hourly(&key, 100)]).unwrap().is_allowed();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..5).all(|_| ask()));
            }
        });
        server.restart();
        for _ in 0..10 {
            assert!(ask());
        }
    }
}

/// A server is killed and started again under load. Whatever the policy, callers are answered at once, nothing panics, and the
/// store is used again by itself.
#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn a_server_that_dies_under_load_is_missed_and_found_again() {
    let mut server = Server::start();
    let local = Memory::builder().nodes(NonZeroU32::new(2).unwrap()).build().unwrap();
    for (number, policy) in [OnError::Deny, OnError::Allow, OnError::Local(local)].into_iter().enumerate() {
        let by = [AnsweredBy::Policy, AnsweredBy::Policy, AnsweredBy::Local][number];
        let quota = Quota::per_hour(1_000_000).burst(10_000_000);
        let blocking = SharedLimiter::builder(Redis::connect(&server.url()).unwrap(), policy.clone())
            .limit("a", quota)
            .build()
            .unwrap();
        let awaited =
            AsyncSharedLimiter::builder(AsyncRedis::connect(&server.url()).unwrap(), policy.clone())
                .limit("a", quota)
                .build()
                .unwrap();
        let runtime = runtime();
        let stop = AtomicBool::new(false);
        let slowest = AtomicU64::new(0);
        let key = RateKey::new("load").part(u64::try_from(number).unwrap());
        std::thread::scope(|scope| {
            let load = |check: &(dyn Fn() -> Decision + Sync)| {
                while !stop.load(Ordering::Relaxed) {
                    let started = Instant::now();
                    let decision = check();
                    slowest
                        .fetch_max(u64::try_from(started.elapsed().as_millis()).unwrap(), Ordering::Relaxed);
                    assert!(
                        matches!(decision.answered_by(), AnsweredBy::Limiter) || decision.answered_by() == by
                    );
                    if let Decision::Deny(denied) = decision {
                        assert_eq!(denied.reason(), Reason::Unavailable);
                        assert!(matches!(policy, OnError::Deny));
                    }
                }
            };
            let (blocking_check, awaited_check) =
                (|| blocking.check(&key), || runtime.block_on(awaited.check(&key)));
            scope.spawn(move || load(&blocking_check));
            scope.spawn(move || load(&awaited_check));
            for _ in 0..2 {
                until(|| {
                    !blocking.check(&key).is_degraded()
                        && !runtime.block_on(awaited.check(&key)).is_degraded()
                });
                server.kill();
                until(|| {
                    blocking.check(&key).is_degraded() && runtime.block_on(awaited.check(&key)).is_degraded()
                });
                let opened = (blocking.stats().opened, awaited.stats().opened);
                until(|| {
                    blocking.stats().opened >= opened.0.max(1) && awaited.stats().opened >= opened.1.max(1)
                });
                // Now that it is left alone, an answer does not wait for it.
                let started = Instant::now();
                (0..100).for_each(|_| assert!(blocking.check(&key).is_degraded()));
                assert!(started.elapsed() < Duration::from_millis(250), "{:?}", started.elapsed());
                server.restart();
            }
            until(|| {
                !blocking.check(&key).is_degraded() && !runtime.block_on(awaited.check(&key)).is_degraded()
            });
            stop.store(true, Ordering::Relaxed);
        });
        let slowest = slowest.load(Ordering::Relaxed);
        assert!(slowest < 500, "an answer took {slowest} ms");
    }
}

fn until(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENT, "it has not come about");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn futures_that_are_dropped_leave_the_connection_to_others() {
    let server = Server::start();
    let runtime = runtime();
    let store = patient(&server).build_async().unwrap();
    let (dropped, kept) = (RateKey::new("dropped"), RateKey::new("kept"));
    runtime.block_on(async {
        for round in 0..200_u64 {
            let limits = [hourly(&dropped, 1_000_000)];
            let asked = AsyncStore::decide(&store, Op::Check, &limits);
            let _ = tokio::time::timeout(Duration::from_micros(round), asked).await;
            let limits = [hourly(&kept, 1000)];
            let decision = AsyncStore::decide(&store, Op::Check, &limits).await.unwrap();
            let Decision::Allow(allowed) = decision else { panic!("{decision}") };
            assert_eq!(allowed.remaining(), 999 - round, "the answer of another question");
        }
    });
    assert!(server.number(&["DBSIZE"]) >= 1);
    let clients = server.text(&["CLIENT", "LIST"]);
    assert!(clients.lines().count() <= 3, "{clients}");
}

/// The connection belongs to the runtime that made it.
#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn a_store_outlives_the_runtime_that_it_was_first_used_on() {
    let server = Server::start();
    let store = patient(&server).build_async().unwrap();
    let key = RateKey::new("runtimes");
    for rest in (0..5).rev() {
        let limits = [hourly(&key, 5)];
        let decision = runtime().block_on(AsyncStore::decide(&store, Op::Check, &limits)).unwrap();
        let Decision::Allow(allowed) = decision else { panic!("{decision}") };
        assert_eq!(allowed.remaining(), rest);
    }
}

#[test]
#[ignore = "needs redis-server; .ci/run runs it"]
fn a_cluster_keeps_the_contract() {
    let nodes: Vec<Server> = (0..3).map(|_| cluster_node()).collect();
    join(&nodes);
    let urls: Vec<String> = nodes.iter().map(Server::url).collect();
    let tagged = both(Redis::cluster(&urls).timeout(PATIENT).hash_tag("one"));
    store::suite(&*tagged[0], "blocking cluster");
    store::suite(&*tagged[1], "awaited cluster");

    let key = |number: u32| RateKey::new("spread").part(number);
    for (which, store) in
        both(Redis::cluster(&urls[..1]).timeout(PATIENT).prefix("spread")).iter().enumerate()
    {
        for number in 0..60_u32 {
            let key = RateKey::new("spread").part(which).part(number);
            let two = [hourly(&key, 2), Limit { name: "other", ..hourly(&key, 3) }];
            for _ in 0..2 {
                assert!(store.decide(Op::Check, &two).unwrap().is_allowed());
            }
            assert!(!store.decide(Op::Check, &two).unwrap().is_allowed());
            assert!(store.decide(Op::Refund, &two).unwrap().is_allowed());
            assert!(store.decide(Op::Check, &two).unwrap().is_allowed());
        }
        let (one, other) = (key(1), key(2));
        assert_eq!(
            kind(store.decide(Op::Check, &[hourly(&one, 1), hourly(&other, 1)])),
            StoreErrorKind::CrossSlot
        );
    }
    for node in &nodes {
        let spread = node.keys().iter().filter(|key| key.starts_with("spread")).count();
        assert!(spread > 20, "one node has {spread} of 240 keys");
    }
    // A client of one server that is part of a cluster learns that it is the wrong one for some keys.
    let single = patient(&nodes[0]).build().unwrap();
    let mut seen = (0, 0);
    for number in 100..160 {
        match single.decide(Op::Check, &[hourly(&key(number), 1)]) {
            Ok(_) => seen.0 += 1,
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable);
                seen.1 += 1;
            }
        }
    }
    assert!(seen.0 > 5 && seen.1 > 15, "{seen:?}");
}

fn cluster_node() -> Server {
    let bus = free_port().to_string();
    Server::with(&["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "2000"])
}

/// Gives each of three nodes a third of the slots, and makes them known to each other.
fn join(nodes: &[Server]) {
    for (node, (from, to)) in nodes.iter().zip([(0, 5460), (5461, 10922), (10923, 16383)]) {
        node.ask(&["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()]);
    }
    for node in &nodes[1..] {
        let (port, bus) = (node.port().to_string(), node.bus_port().to_string());
        nodes[0].ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
    }
    until(|| {
        nodes.iter().all(|node| {
            let info = node.text(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        })
    });
}
