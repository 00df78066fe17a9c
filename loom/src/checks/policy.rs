//! What holds for a policy that is replaced while others read it.

use std::sync::{Arc, Mutex};

use crate::orders::{self, Task};
use crate::rbac::{LivePolicy, Policy};
use crate::sync::thread;

pub(crate) const TASKS: &[Task] = &[
    Task::Check("the old one or the new one, and its listener stays", &["both read"], || {
        orders::some(30_000, || replaced_while_read(LivePolicy::replace));
    }),
    Task::Control("a look at the one before, and then another in its place", "one was lost", || {
        orders::some(30_000, || {
            replaced_while_read(|live, policy| {
                let before = live.current();
                live.replace(policy);
                before
            });
        });
    }),
    Task::Control("a listener that is taken from an earlier look", " told ", || {
        orders::some(30_000, || {
            replaced_while_read(|live, policy| {
                let heard = LivePolicy::new(live.current());
                heard.replace(policy);
                live.replace(heard.current())
            });
        });
    }),
];

/// Names of listeners that were told.
type Heard = Arc<Mutex<Vec<u8>>>;

/// A policy of this number, which tells a listener of this number, or nobody.
fn policy(number: u8, listener: Option<(u8, &Heard)>) -> Policy {
    let mut builder = Policy::builder().assign("ann", "reader");
    for kind in ["page", "file"] {
        builder = builder.allow("reader", &format!("{kind}:{number}"));
    }
    if let Some((name, heard)) = listener {
        let heard = Arc::clone(heard);
        builder = builder.on_decision(move |_| heard.lock().expect("no panic").push(name));
    }
    builder.build().expect("it is sound")
}

/// The number of a policy, which is the same wherever it is asked for, and the listener that it tells.
fn number(policy: &Policy, heard: &Heard) -> (u8, u8) {
    let asked = |kind: &str| {
        let mut numbers = 0..REPLACED + 1;
        numbers.find(|number| policy.check("ann", &format!("{kind}:{number}")).is_ok())
    };
    let number = asked("page").expect("each allows a page");
    assert_eq!(asked("file"), Some(number), "half of it is another's");
    (number, *heard.lock().expect("no panic").last().expect("somebody is told"))
}

/// Three are put in place, of which one brings a listener; meanwhile somebody reads.
fn replaced_while_read(replace: fn(&LivePolicy, Policy) -> Policy) {
    let heard = Heard::default();
    let live = LivePolicy::new(policy(0, Some((0, &heard))));
    let replacing: Vec<_> = (1..=REPLACED)
        .map(|number| {
            let (live, own) = (live.clone(), (number == BRINGS).then_some((BRINGS, &heard)));
            let policy = policy(number, own);
            thread::spawn(move || replace(&live, policy))
        })
        .collect();
    let reading = {
        let live = live.clone();
        thread::spawn(move || [(); 3].map(|()| live.current()))
    };
    let mut before: Vec<_> = replacing.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    let read = reading.join().expect("no panic").map(|policy| number(&policy, &heard).0);
    before.push(live.current());

    // Each was in place once: they stand in a row, from the first to the one that is there now.
    let mut row = vec![REPLACED + 1];
    let numbered: Vec<_> = before.iter().map(|policy| number(policy, &heard)).collect();
    let (last, all) = numbered.split_last().expect("three and one");
    let mut at = last.0;
    let mut listeners = vec![last.1];
    row[0] = at;
    while at != 0 {
        let (before, listener) = all[usize::from(at - 1)];
        assert!(!row.contains(&before), "{before} was replaced twice: {numbered:?}");
        row.insert(0, before);
        listeners.insert(0, listener);
        at = before;
    }
    assert_eq!(row.len(), usize::from(REPLACED) + 1, "one was lost: {numbered:?}");
    let brought = row.iter().position(|number| *number == BRINGS).expect("it was in place");
    for (place, listener) in listeners.iter().enumerate() {
        assert_eq!(*listener, if place < brought { 0 } else { BRINGS }, "{row:?} told {listeners:?}");
    }
    if read[0] != read[2] {
        orders::meet("both read");
    }
    let places = read.map(|number| row.iter().position(|there| *there == number));
    assert!(places.is_sorted(), "read {read:?} of {row:?}");
}

const REPLACED: u8 = 3;
/// The number of the one that brings a listener.
const BRINGS: u8 = 2;
