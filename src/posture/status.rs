//! `/proc/…/status`: users, groups, capabilities, and what programs may gain.

use super::check::Check;
use super::report::{Finding, Outcome};

/// Judges all threads, of which the worst counts. `users` and `groups` say who ids are outside of the user namespace:
/// `uid_map` and `gid_map`.
pub(super) fn judge(threads: &[String], users: &str, groups: &str) -> Vec<Finding> {
    let worst = |check| {
        let mut findings = threads.iter().map(|text| judge_one(check, text, users, groups));
        let unknown = Finding::new(check, Outcome::Unknown, "no thread could be read");
        let first = findings.next().unwrap_or(unknown);
        findings.fold(first, |worst, next| if rank(&next) > rank(&worst) { next } else { worst })
    };
    [
        Check::User,
        Check::Group,
        Check::Capabilities,
        Check::BoundingSet,
        Check::NoNewPrivileges,
        Check::Seccomp,
    ]
    .map(worst)
    .into()
}

fn rank(finding: &Finding) -> u8 {
    match finding.outcome() {
        Outcome::Pass => 0,
        Outcome::Fail => 2,
        _ => 1,
    }
}

fn judge_one(check: Check, status: &str, users: &str, groups: &str) -> Finding {
    let judged = match check {
        Check::User => user(status, users),
        Check::Group => group(status, groups),
        Check::Capabilities => capabilities(status, &["CapEff", "CapPrm", "CapInh", "CapAmb"]),
        Check::BoundingSet => capabilities(status, &["CapBnd"]),
        Check::NoNewPrivileges => no_new_privileges(status),
        _ => seccomp(status),
    };
    let (outcome, found) = judged.unwrap_or((Outcome::Unknown, "the kernel does not say".to_owned()));
    Finding::new(check, outcome, found)
}

type Judged = Option<(Outcome, String)>;

fn user(status: &str, map: &str) -> Judged {
    let ids = ids(field(status, "Uid")?)?;
    let [real, effective, _, _] = *ids.as_slice() else { return None };
    Some(unless_root(&ids, map, format!("user {real}, effective {effective}")))
}

fn group(status: &str, map: &str) -> Judged {
    let mut all = ids(field(status, "Gid")?)?;
    let [real, effective, _, _] = *all.as_slice() else { return None };
    let others = ids(field(status, "Groups")?)?;
    let found = format!("group {real}, effective {effective}, and {} others", others.len());
    all.extend(others);
    Some(unless_root(&all, map, found))
}

/// An id that is root, here or outside of the user namespace, may write what is root's.
fn unless_root(ids: &[u32], map: &str, found: String) -> (Outcome, String) {
    if ids.contains(&0) {
        return (Outcome::Fail, found);
    }
    match ids.iter().map(|&id| outside(id, map)).collect::<Option<Vec<_>>>() {
        Some(outside) if outside.contains(&0) => {
            (Outcome::Fail, format!("{found}: root outside of its user namespace"))
        }
        Some(_) => (Outcome::Pass, found),
        None => (Outcome::Unknown, format!("{found}: who that is outside of its user namespace is not told")),
    }
}

/// A line of a map is the first id, the first outside, and how many there are.
fn outside(id: u32, map: &str) -> Option<u32> {
    map.lines().find_map(|line| {
        let numbers = ids(line)?;
        let [first, outside, count] = *numbers.as_slice() else { return None };
        let offset = id.checked_sub(first).filter(|&offset| offset < count)?;
        outside.checked_add(offset)
    })
}

fn capabilities(status: &str, sets: &[&str]) -> Judged {
    let mut all = 0;
    for set in sets {
        let digits = field(status, set)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None; // a sign is no digit
        }
        all |= u64::from_str_radix(digits, 16).ok()?;
    }
    let found = match all {
        0 => "none".to_owned(),
        NET_BIND_SERVICE => "NET_BIND_SERVICE only".to_owned(),
        _ => format!("{} capabilities: {all:#018x}", all.count_ones()),
    };
    Some((unless(all & !NET_BIND_SERVICE != 0), found))
}

fn no_new_privileges(status: &str) -> Judged {
    match field(status, "NoNewPrivs")? {
        "1" => Some((Outcome::Pass, "set".to_owned())),
        "0" => Some((Outcome::Fail, "not set".to_owned())),
        _ => None,
    }
}

fn seccomp(status: &str) -> Judged {
    match field(status, "Seccomp")? {
        "2" => Some((Outcome::Pass, "a filter".to_owned())),
        "1" => Some((Outcome::Pass, "strict".to_owned())),
        "0" => Some((Outcome::Fail, "all system calls are let through".to_owned())),
        _ => None,
    }
}

const fn unless(failed: bool) -> Outcome {
    if failed { Outcome::Fail } else { Outcome::Pass }
}

/// The value of a field that stands there once: twice is no text of a kernel.
fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
    let mut found = status.lines().filter_map(value);
    let only = found.next()?;
    found.next().is_none().then(|| only.trim())
}

fn ids(numbers: &str) -> Option<Vec<u32>> {
    numbers.split_ascii_whitespace().map(|number| number.parse().ok()).collect()
}

/// Bit 10: ports below 1024. Pod Security Standards let it be added.
const NET_BIND_SERVICE: u64 = 1 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Fail, Pass, Unknown};

    const CONTAINED: &str = "Name:\tapp\nUmask:\t0022\nState:\tR (running)\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\n\
        Groups:\t1000 \nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n\
        CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

    const INITIAL: &str = "         0          0 4294967295\n";

    fn outcomes(threads: &[&str]) -> Vec<Outcome> {
        outcomes_under(INITIAL, threads)
    }

    fn outcomes_under(map: &str, threads: &[&str]) -> Vec<Outcome> {
        let threads: Vec<_> = threads.iter().map(|&text| text.to_owned()).collect();
        judge(&threads, map, map).iter().map(Finding::outcome).collect()
    }

    #[test]
    fn a_contained_process_passes_and_root_fails() {
        assert_eq!(outcomes(&[CONTAINED]), [Pass; 6]);
        let root = CONTAINED
            .replace("1000", "0")
            .replace("CapEff:\t0000000000000000", "CapEff:\t000001ffffffffff")
            .replace("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb")
            .replace("NoNewPrivs:\t1", "NoNewPrivs:\t0")
            .replace("Seccomp:\t2", "Seccomp:\t0");
        assert_eq!(outcomes(&[&root]), [Fail; 6]);
        assert_eq!(judge(&[root], INITIAL, INITIAL)[3].found(), "14 capabilities: 0x00000000a80425fb");
    }

    #[test]
    fn a_user_namespace_hides_no_root() {
        for (map, expected) in [
            ("1000 0 1\n", Fail),                 // unshare --map-user=1000, as root
            ("1000 1000 1\n", Pass),              // as user 1000
            ("0 1000 1\n1 100000 65536\n", Pass), // a container without root
            ("0 100000 1000\n1000 0 1\n", Fail),  // a later line
            ("995 4294967290 100\n", Pass),       // 4294967295: nobody that the namespace outside knows
            ("990 4294967290 100\n", Unknown),    // no such id
            ("", Unknown),                        // no map yet: every id is shown as nobody
            ("0 0 1000\n", Unknown),
            ("1001 0 5\n", Unknown),
            ("1000 0\n", Unknown),
            ("1000 5 1 1\n", Unknown),
            ("1000 -5 1\n", Unknown),
        ] {
            assert_eq!(outcomes_under(map, &[CONTAINED])[..2], [expected; 2], "{map}");
            let root = CONTAINED.replace("1000", "0");
            assert_eq!(outcomes_under(map, &[&root])[..2], [Fail; 2], "{map}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_added_contains_a_root(
            before in "[ -~\t\n]{0,60}",
            after in "((Uid|Gid|Groups|CapEff|CapBnd|NoNewPrivs|Seccomp):\t[0-2]{0,4}(\t1000){0,4}\n){0,4}",
            map in "[0-9 \n]{0,30}",
        ) {
            let root = CONTAINED
                .replace("1000", "0")
                .replace(":\t0000000000000000", ":\t000001ffffffffff")
                .replace("NoNewPrivs:\t1", "NoNewPrivs:\t0")
                .replace("Seccomp:\t2", "Seccomp:\t0");
            let outcomes = outcomes_under(&map, &[&format!("{before}\n{root}{after}")]);
            proptest::prop_assert!(!outcomes.contains(&Pass), "{:?}", outcomes);
        }
    }

    #[test]
    fn each_id_and_each_set_counts() {
        for place in 0..4 {
            let mut ids = ["1000"; 4];
            ids[place] = "0";
            let status =
                CONTAINED.replace("Uid:\t1000\t1000\t1000\t1000", &format!("Uid:\t{}", ids.join("\t")));
            assert_eq!(outcomes(&[&status])[0], Fail, "{place}");
        }
        assert_eq!(outcomes(&[&CONTAINED.replace("Groups:\t1000", "Groups:\t1000 0")])[1], Fail);
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            let status =
                |bits| CONTAINED.replace(&format!("{set}:\t0000000000000000"), &format!("{set}:\t{bits}"));
            assert_eq!(outcomes(&[&status("0000000000200000")])[2], Fail, "{set}");
            assert_eq!(outcomes(&[&status("0000000000000400")])[2], Pass, "{set}");
            assert_eq!(outcomes(&[&status("0000000000000401")])[2], Fail, "{set}");
        }
    }

    #[test]
    fn the_worst_thread_counts() {
        let root = CONTAINED.replace("Uid:\t1000", "Uid:\t0");
        assert_eq!(outcomes(&[CONTAINED, &root, CONTAINED, ""])[0], Fail);
        assert_eq!(outcomes(&[CONTAINED, ""]), [Unknown; 6]);
        assert_eq!(outcomes(&[]), [Unknown; 6]);
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        let twice = format!("{CONTAINED}Uid:\t1000\t1000\t1000\t1000\nSeccomp:\t2\n");
        assert_eq!(outcomes(&[&twice])[0], Unknown);
        assert_eq!(outcomes(&[&twice])[5], Unknown);
        for (from, to, at) in [
            ("Uid:\t1000\t1000", "Uid:\t1000", 0),
            ("Uid:\t1000", "Uid:\t4294967296", 0),
            ("Uid:\t1000", "Uid:\t-1", 0),
            ("Uid:", "Uld:", 0),
            ("Groups:", "Groves:", 1),
            ("CapEff:\t0", "CapEff:\t+", 2),
            ("CapEff:\t0000", "CapEff:\t", 2),
            ("CapAmb:\t0000000000000000", "CapAmb:\t", 2),
            ("CapBnd:\t0", "CapBnd:\t00", 3),
            ("NoNewPrivs:\t1", "NoNewPrivs:\t2", 4),
            ("Seccomp:\t2", "Seccomp:\t3", 5),
            ("Seccomp:\t2", "Seccomp:\t", 5),
        ] {
            let outcome = outcomes(&[&CONTAINED.replacen(from, to, 1)])[at];
            assert!(outcome != Fail, "{to}");
            // A number with more or fewer zeros in front is the same number.
            assert_eq!(outcome == Pass, to == "CapEff:\t" || to == "CapBnd:\t00", "{to}");
        }
    }
}
