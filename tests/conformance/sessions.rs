//! The suite of stores for sessions. A new store runs [`suite`] and names what happens when it fails.
//!
//! It takes two handles of one store, such as two connections to one server: what one does the other sees.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use palisade::session::store::{AsyncStore, StoreError};
use palisade::session::{LoginRecord, Record, SessionId, SessionKey};
use palisade::token::{SplitToken, TokenDigest};

pub(crate) type Handle = Arc<dyn AsyncStore>;

/// All that holds for every store, for users whose names begin with `name`. No other may be in the store.
pub(crate) async fn suite(one: &Handle, other: &Handle, name: &str) {
    let user = |part: &str| format!("{name} {part}");
    records_come_back_as_they_went_in(one, other, &user("records")).await;
    users_are_told_apart(one, other, name).await;
    what_does_not_fit_is_refused_or_kept(one, other, &user("fits")).await;
    a_key_is_taken_once(one, other, &user("taken")).await;
    what_is_replaced_is_gone(one, other, &user("replaced")).await;
    what_is_gone_is_not_replaced(one, other, &user("gone")).await;
    lists_follow_whoever_logs_in(one, other, &user("follows")).await;
    uses_only_move_ahead(one, other, &user("touched")).await;
    one_is_removed_once(one, other, &user("removed")).await;
    all_of_one_user_are_removed(one, other, &user("all")).await;
    what_is_over_is_swept(one, other, &user("swept")).await;
    of_two_that_replace_one_wins(one, other, &user("two replace")).await;
    who_is_logged_out_does_not_rotate_out_of_it(one, other, &user("replace or end")).await;
    who_is_logged_out_everywhere_does_not_rotate_out_of_it(one, other, &user("everywhere")).await;
    a_use_brings_nothing_back(one, other, &user("use")).await;
}

async fn records_come_back_as_they_went_in(one: &Handle, other: &Handle, user: &str) {
    let mut records = vec![visit(), record(user), record(&long_name(user))];
    for name in ["\u{e1}nn", "a\u{301}nn", "漢字 🦀", "a'\"\\%_nn", "a\nnn"] {
        records.push(record(&format!("{user} {name}")));
    }
    for device in
        ["", "Firefox on Linux", "移动电话 🦀", "'; DROP TABLE palisade_sessions; --", " \\x00 ", "NULL"]
    {
        records.push(Record { device: device.into(), ..record(user) });
    }
    for digest in [[0; 32], [0xff; 32], *b"\0\n\r'\"\\%_\x80\xff0123456789abcdef012345"] {
        let digest = TokenDigest::from_bytes(digest);
        records.push(Record { digest, binding: Some(digest), ..record(user) });
        records.push(Record { digest, binding: Some(digest), ..visit() });
    }
    for second_factor in [None, Some(now()), Some(UNIX_EPOCH)] {
        let mut record = record(user);
        record.login.as_mut().unwrap().second_factor = second_factor;
        records.push(record);
    }
    let mut times = record(user);
    times.created = UNIX_EPOCH + Duration::from_millis(1);
    times.last_used = now() + Duration::from_millis(1);
    times.expires = UNIX_EPOCH + Duration::from_millis(253_402_300_799_999); // the end of the year 9999
    times.login.as_mut().unwrap().authenticated = UNIX_EPOCH;
    records.push(times);

    for record in &records {
        one.insert(record).await.unwrap();
        assert_eq!(other.find(&record.key).await.unwrap().as_ref(), Some(record));
    }
    let mut listed = other.list(user).await.unwrap();
    let mut expected: Vec<Record> =
        records.into_iter().filter(|record| record.user() == Some(user)).collect();
    listed.sort_by_key(|record| record.key);
    expected.sort_by_key(|record| record.key);
    assert_eq!(listed, expected);
}

/// By every byte: no case, accent or space is passed over, and no two names run into each other.
async fn users_are_told_apart(one: &Handle, other: &Handle, name: &str) {
    let users = [
        "ann", "Ann", "ann ", " ann", "a", "a:n", "a%n", "a*n", "a_n", "a'n", "\u{e1}nn", "a\u{301}nn", "漢",
        "17", "017", "17.0",
    ];
    let users = users.map(|user| format!("{name} {user}"));
    for user in &users {
        one.insert(&record(user)).await.unwrap();
    }
    for user in &users {
        let listed = other.list(user).await.unwrap();
        assert_eq!(listed.iter().map(Record::user).collect::<Vec<_>>(), [Some(user.as_str())]);
    }
    for (at, user) in users.iter().enumerate() {
        assert_eq!(one.end_all(user, None).await.unwrap(), 1, "{user}");
        assert!(other.list(user).await.unwrap().is_empty());
        for user in &users[at + 1..] {
            assert_eq!(other.list(user).await.unwrap().len(), 1, "{user}");
        }
    }
}

/// A store may have no room for a value; but what it takes it holds.
async fn what_does_not_fit_is_refused_or_kept(one: &Handle, other: &Handle, user: &str) {
    let named = record(&format!("{user} a\0n"));
    let mut before = record(user);
    before.created = UNIX_EPOCH - Duration::from_secs(1);
    let after = Record { expires: UNIX_EPOCH + Duration::from_secs(1 << 60), ..record(user) };
    for record in [named, before, after] {
        let kept = one.insert(&record).await.is_ok().then_some(&record);
        assert_eq!(other.find(&record.key).await.unwrap().as_ref(), kept);
    }
}

async fn a_key_is_taken_once(one: &Handle, other: &Handle, user: &str) {
    let (first, second) = (record(user), record(user));
    one.insert(&first).await.unwrap();
    one.insert(&second).await.unwrap();
    let third = Record { key: first.key, ..record(&format!("{user} not")) };
    assert!(other.insert(&third).await.is_err());
    assert!(other.replace(&second.key, &third).await.is_err());
    assert_eq!(one.find(&first.key).await.unwrap(), Some(first));
    assert_eq!(one.find(&second.key).await.unwrap(), Some(second));
    assert_eq!(one.list(user).await.unwrap().len(), 2);
    assert!(one.list(third.user().unwrap()).await.unwrap().is_empty());
}

async fn what_is_replaced_is_gone(one: &Handle, other: &Handle, user: &str) {
    let first = Record { binding: Some(TokenDigest::of("a certificate")), ..record(user) };
    let mut second = Record { device: "another".into(), ..record(user) };
    second.login.as_mut().unwrap().second_factor = Some(now());
    one.insert(&first).await.unwrap();
    assert!(one.replace(&first.key, &second).await.unwrap());
    assert_eq!(other.find(&first.key).await.unwrap(), None);
    assert_eq!(other.find(&second.key).await.unwrap().as_ref(), Some(&second));
    assert_eq!(other.list(user).await.unwrap(), [second.clone()]);
    assert!(!other.end(user, &first.id).await.unwrap());
    // Its other values, under the key that it has.
    let same = Record { last_used: second.last_used + Duration::from_secs(1), binding: None, ..second };
    assert!(other.replace(&same.key, &same).await.unwrap());
    assert_eq!(one.list(user).await.unwrap(), [same]);
}

async fn what_is_gone_is_not_replaced(one: &Handle, other: &Handle, user: &str) {
    let (first, second) = (record(user), record(user));
    assert!(!one.replace(&first.key, &second).await.unwrap());
    one.insert(&first).await.unwrap();
    assert!(other.end(user, &first.id).await.unwrap());
    assert!(!one.replace(&first.key, &second).await.unwrap());
    for key in [&first.key, &second.key] {
        assert_eq!(other.find(key).await.unwrap(), None);
    }
    assert!(other.list(user).await.unwrap().is_empty());
}

async fn lists_follow_whoever_logs_in(one: &Handle, other: &Handle, user: &str) {
    let (visit, session) = (visit(), record(user));
    one.insert(&visit).await.unwrap();
    assert!(other.list(user).await.unwrap().is_empty());
    assert!(one.replace(&visit.key, &session).await.unwrap());
    assert_eq!(other.list(user).await.unwrap(), std::slice::from_ref(&session));
    let another = record(&format!("{user} not"));
    assert!(one.replace(&session.key, &another).await.unwrap());
    assert!(other.list(user).await.unwrap().is_empty());
    assert_eq!(other.end_all(user, None).await.unwrap(), 0);
    assert_eq!(other.end_all(another.user().unwrap(), None).await.unwrap(), 1);
    assert_eq!(one.find(&another.key).await.unwrap(), None);
}

async fn uses_only_move_ahead(one: &Handle, other: &Handle, user: &str) {
    let (first, second, gone) = (record(user), visit(), record(user));
    one.insert(&first).await.unwrap();
    one.insert(&second).await.unwrap();
    let at = |millis| first.last_used + Duration::from_millis(millis);
    one.touch(&[]).await.unwrap();
    one.touch(&[(gone.key, at(7)), (first.key, at(5)), (second.key, at(9))]).await.unwrap();
    assert_eq!(other.find(&first.key).await.unwrap(), Some(Record { last_used: at(5), ..first.clone() }));
    assert_eq!(other.find(&second.key).await.unwrap(), Some(Record { last_used: at(9), ..second.clone() }));
    assert_eq!(other.find(&gone.key).await.unwrap(), None);
    other.touch(&[(first.key, at(4)), (second.key, at(10))]).await.unwrap();
    assert_eq!(one.find(&first.key).await.unwrap().unwrap().last_used, at(5));
    assert_eq!(one.find(&second.key).await.unwrap().unwrap().last_used, at(10));
    one.touch(&[(first.key, at(8)), (first.key, at(9)), (first.key, at(6))]).await.unwrap();
    assert_eq!(other.find(&first.key).await.unwrap().unwrap().last_used, at(9));
    let many: Vec<_> = (0..300).map(|_| (visit().key, at(1))).chain([(first.key, at(20))]).collect();
    one.touch(&many).await.unwrap();
    assert_eq!(other.list(user).await.unwrap(), [Record { last_used: at(20), ..first.clone() }]);
}

async fn one_is_removed_once(one: &Handle, other: &Handle, user: &str) {
    let (record, another) = (record(user), record(user));
    assert!(!one.end(user, &record.id).await.unwrap());
    one.insert(&record).await.unwrap();
    one.insert(&another).await.unwrap();
    assert!(!one.end(&format!("{user} not"), &record.id).await.unwrap(), "it is somebody else's");
    assert!(one.end(user, &record.id).await.unwrap());
    assert!(!other.end(user, &record.id).await.unwrap());
    assert_eq!(other.find(&record.key).await.unwrap(), None);
    assert_eq!(other.list(user).await.unwrap(), [another]);
    assert_eq!(other.end_all(user, None).await.unwrap(), 1);

    let visit = visit();
    one.insert(&visit).await.unwrap();
    for user in ["", user] {
        assert!(!one.end(user, &visit.id).await.unwrap(), "it is nobody's");
        assert_eq!(one.end_all(user, None).await.unwrap(), 0);
        assert!(one.list(user).await.unwrap().is_empty());
    }
    assert_eq!(other.find(&visit.key).await.unwrap(), Some(visit));
}

async fn all_of_one_user_are_removed(one: &Handle, other: &Handle, user: &str) {
    let bystanders = [visit(), record(&format!("{user} not"))];
    for record in &bystanders {
        one.insert(record).await.unwrap();
    }
    assert_eq!(one.end_all(user, None).await.unwrap(), 0);
    let mut records = Vec::new();
    for _ in 0..5 {
        records.push(record(user));
        one.insert(&records[records.len() - 1]).await.unwrap();
    }
    assert_eq!(one.end_all(user, Some(&records[3].id)).await.unwrap(), 4);
    assert_eq!(other.list(user).await.unwrap(), [records[3].clone()]);
    assert_eq!(one.end_all(user, Some(&records[3].id)).await.unwrap(), 0);
    // Another's, or one that is gone, keeps nothing.
    assert_eq!(one.end_all(user, Some(&bystanders[1].id)).await.unwrap(), 1);
    for record in &records {
        assert_eq!(other.find(&record.key).await.unwrap(), None);
    }
    for record in &bystanders {
        assert_eq!(other.find(&record.key).await.unwrap().as_ref(), Some(record));
    }
}

async fn what_is_over_is_swept(one: &Handle, other: &Handle, user: &str) {
    let (hour, tick) = (Duration::from_secs(3600), Duration::from_millis(1));
    let (end, since) = (now() + hour, now() - hour);
    let mut kept = vec![record(user), visit()];
    let mut over = Vec::new();
    for new in [|user: &str| record(user), |_: &str| visit()] {
        kept.push(Record { expires: end + tick, ..new(user) });
        kept.push(Record { last_used: since + tick, ..new(user) });
        over.push(Record { expires: end, ..new(user) });
        over.push(Record { expires: end - tick, ..new(user) });
        over.push(Record { last_used: since, ..new(user) });
        over.push(Record { last_used: since - tick, ..new(user) });
        over.push(Record { last_used: since - hour, expires: end - tick, ..new(user) });
    }
    for record in kept.iter().chain(&over) {
        one.insert(record).await.unwrap();
    }
    assert_eq!(other.sweep(end, since).await.unwrap(), over.len() as u64);
    assert_eq!(one.sweep(end, since).await.unwrap(), 0);
    for record in &kept {
        assert_eq!(one.find(&record.key).await.unwrap().as_ref(), Some(record));
    }
    for record in &over {
        assert_eq!(one.find(&record.key).await.unwrap(), None);
    }
    assert_eq!(one.list(user).await.unwrap().len(), 3);
    // More than a store may read at a time.
    for _ in 0..1_200 {
        one.insert(&Record { last_used: since, ..visit() }).await.unwrap();
    }
    assert_eq!(other.sweep(end, since).await.unwrap(), 1_200);
}

async fn of_two_that_replace_one_wins(one: &Handle, other: &Handle, user: &str) {
    for round in 0..ROUNDS {
        let old = record(user);
        let new = [record(user), record(user)];
        one.insert(&old).await.unwrap();
        let (key, first, second) = (old.key, new[0].clone(), new[1].clone());
        let (first, second) = together(
            one,
            |store| async move { store.replace(&key, &first).await },
            other,
            |store| async move { store.replace(&key, &second).await },
        )
        .await;
        assert_ne!(first.unwrap(), second.unwrap(), "round {round}");
        let listed = one.list(user).await.unwrap();
        assert!(listed.len() == 1 && new.contains(&listed[0]), "round {round}: {listed:?}");
        assert_eq!(one.find(&key).await.unwrap(), None);
        assert_eq!(one.end_all(user, None).await.unwrap(), 1);
    }
}

async fn who_is_logged_out_does_not_rotate_out_of_it(one: &Handle, other: &Handle, user: &str) {
    for round in 0..ROUNDS {
        let old = record(user);
        let new = Record { id: old.id, ..record(user) };
        one.insert(&old).await.unwrap();
        let (key, id, put, name) = (old.key, old.id, new.clone(), user.to_owned());
        let (replaced, ended) = together(
            one,
            |store| async move { store.replace(&key, &put).await },
            other,
            |store| async move { store.end(&name, &id).await },
        )
        .await;
        replaced.unwrap();
        assert!(ended.unwrap(), "round {round}: it has the same name before and after");
        for key in [&old.key, &new.key] {
            assert_eq!(one.find(key).await.unwrap(), None, "round {round}");
        }
        assert!(other.list(user).await.unwrap().is_empty(), "round {round}");
    }
}

async fn who_is_logged_out_everywhere_does_not_rotate_out_of_it(one: &Handle, other: &Handle, user: &str) {
    for round in 0..ROUNDS {
        let records: Vec<Record> = (0..8).map(|_| record(user)).collect();
        one.insert(&records[0]).await.unwrap();
        let (chain, name) = (records.clone(), user.to_owned());
        let (rotated, removed) = together(
            one,
            |store| async move {
                for pair in chain.windows(2) {
                    if !store.replace(&pair[0].key, &pair[1]).await? {
                        break;
                    }
                }
                Ok(())
            },
            other,
            |store| async move { store.end_all(&name, None).await },
        )
        .await;
        rotated.unwrap();
        assert_eq!(removed.unwrap(), 1, "round {round}");
        assert!(one.list(user).await.unwrap().is_empty(), "round {round}");
        for record in &records {
            assert_eq!(other.find(&record.key).await.unwrap(), None, "round {round}");
        }
    }
}

async fn a_use_brings_nothing_back(one: &Handle, other: &Handle, user: &str) {
    for round in 0..ROUNDS {
        let (old, new) = (record(user), record(user));
        one.insert(&old).await.unwrap();
        let (key, put, at) = (old.key, new.clone(), old.last_used + Duration::from_secs(1));
        let (touched, replaced) = together(
            one,
            |store| async move { store.touch(&[(key, at)]).await },
            other,
            |store| async move { store.replace(&key, &put).await },
        )
        .await;
        touched.unwrap();
        assert!(replaced.unwrap());
        assert_eq!(one.find(&key).await.unwrap(), None, "round {round}");
        assert_eq!(one.list(user).await.unwrap(), [new]);
        assert_eq!(one.end_all(user, None).await.unwrap(), 1);
    }
}

/// Two calls at once, each of a task and a handle of its own.
async fn together<A, B, FutureA, FutureB>(
    one: &Handle,
    first: impl FnOnce(Handle) -> FutureA,
    other: &Handle,
    second: impl FnOnce(Handle) -> FutureB,
) -> (Result<A, StoreError>, Result<B, StoreError>)
where
    A: Send + 'static,
    B: Send + 'static,
    FutureA: Future<Output = Result<A, StoreError>> + Send + 'static,
    FutureB: Future<Output = Result<B, StoreError>> + Send + 'static,
{
    let (first, second) = (tokio::spawn(first(Arc::clone(one))), tokio::spawn(second(Arc::clone(other))));
    (first.await.unwrap(), second.await.unwrap())
}

pub(crate) fn record(user: &str) -> Record {
    let login = LoginRecord { user: user.into(), authenticated: now(), second_factor: None };
    Record { login: Some(login), device: "a device".into(), ..visit() }
}

pub(crate) fn visit() -> Record {
    let token = SplitToken::generate().unwrap();
    let id: SessionId = SplitToken::generate().unwrap().selector().parse().unwrap();
    let key: SessionKey = token.selector().parse().unwrap();
    let (digest, now) = (token.digest(), now());
    let expires = now + Duration::from_secs(12 * 3600);
    Record {
        key,
        id,
        digest,
        login: None,
        device: "".into(),
        binding: None,
        created: now,
        last_used: now,
        expires,
    }
}

/// Of 256 bytes.
fn long_name(user: &str) -> String {
    format!("{user} {}", "x".repeat(255 - user.len()))
}

/// In whole milliseconds. It is the calendar's: servers have clocks of their own.
fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UNIX_EPOCH + Duration::from_millis(since.as_millis().try_into().unwrap())
}

const ROUNDS: usize = 100;
