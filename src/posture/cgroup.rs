//! Control groups, both versions: what memory and how many processes there may be.

use std::io;

use super::check::Check;
use super::mounts::{Mount, Mounts, has};
use super::report::{Finding, Outcome};

/// A limit of a control group, or of one above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Of(u64),
    None,
    Unknown,
}

/// The least limit that `files`, in version 2 and in version 1, set from the process's group upwards.
///
/// `groups` is `/proc/self/cgroup`: a line `id:controllers:path` for each hierarchy, where version 2 is `0::path`.
pub(super) fn limit(
    mounts: Option<&Mounts<'_>>,
    groups: &str,
    controller: &str,
    [v2, v1]: &[&str; 2],
    read: impl Fn(&str) -> io::Result<String>,
) -> Limit {
    let mut found = Limit::Unknown;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(id), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            return Limit::Unknown;
        };
        let unified = id == "0" && controllers.is_empty();
        if !unified && !has(controllers, controller) {
            continue;
        }
        let is_there = |mount: &&Mount<'_>| {
            if unified {
                mount.kind == "cgroup2"
            } else {
                mount.kind == "cgroup" && has(mount.options, controller)
            }
        };
        let mut there = mounts.into_iter().flat_map(Mounts::iter).filter(is_there);
        let Some((mount, below)) = there.find_map(|mount| Some((mount, below(path, mount.root)?))) else {
            continue;
        };
        found = found.and(least(mount, below, if unified { v2 } else { v1 }, &read));
    }
    found
}

pub(super) fn judge(check: Check, limit: Limit) -> Finding {
    match limit {
        Limit::Of(most) => Finding::new(check, Outcome::Pass, format!("at most {most}")),
        Limit::None => Finding::new(check, Outcome::Fail, "no limit"),
        Limit::Unknown => Finding::new(check, Outcome::Unknown, "the control groups are not told"),
    }
}

/// Where a group is below the part of the hierarchy that is mounted; the limits of another part are not its own. What lies
/// above the namespace of control groups begins with `/..`, in both.
fn below<'a>(path: &'a str, mounted: &str) -> Option<&'a str> {
    let below = path.strip_prefix(mounted.trim_end_matches('/'))?.trim_end_matches('/');
    let is_below = below.is_empty() || below.starts_with('/') && !below.split('/').any(|part| part == "..");
    is_below.then_some(below)
}

/// From the group that is `below` up to where its file system is mounted.
fn least(mount: &Mount<'_>, below: &str, file: &str, read: impl Fn(&str) -> io::Result<String>) -> Limit {
    let mut group = format!("{}{below}", mount.point);
    let mut found = Limit::None;
    while group.len() >= mount.point.len() {
        found = found.and(match read(&format!("{group}/{file}")) {
            Ok(text) => parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Limit::None, // the group above all has none
            Err(_) => return Limit::Unknown,
        });
        let Some((above, _)) = group.rsplit_once('/') else { break };
        group.truncate(above.len());
    }
    found
}

fn parse(text: &str) -> Limit {
    match text.trim_end() {
        "max" => Limit::None,
        number => match number.parse() {
            Ok(most) if most >= UNLIMITED => Limit::None,
            Ok(most) => Limit::Of(most),
            Err(_) => Limit::Unknown,
        },
    }
}

impl Limit {
    /// Both hold; what one hierarchy does not tell another may.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Of(one), Self::Of(two)) => Self::Of(one.min(two)),
            (Self::Of(one), _) | (_, Self::Of(one)) => Self::Of(one),
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::Unknown, Self::Unknown) => Self::Unknown,
        }
    }
}

/// Version 1 has no word for no limit, but a number near the greatest of 63 bits.
const UNLIMITED: u64 = 1 << 62;

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";
    const V1: &str = "35 31 0:32 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
    const DOCKER_V1: &str = "35 31 0:32 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";

    fn memory(mounts: &str, groups: &str, files: &[(&str, &str)]) -> Limit {
        let read = |path: &str| {
            let found = files.iter().find(|(name, _)| format!("/sys/fs/cgroup{name}") == path);
            match found {
                Some((_, "denied")) => Err(io::ErrorKind::PermissionDenied.into()),
                Some((_, text)) => Ok((*text).to_owned()),
                None => Err(io::ErrorKind::NotFound.into()),
            }
        };
        let files = ["memory.max", "memory.limit_in_bytes"];
        limit(Mounts::parse(mounts).as_ref(), groups, "memory", &files, read)
    }

    #[test]
    fn the_least_limit_from_the_group_upwards_holds() {
        let service =
            [("/a/memory.max", "2048\n"), ("/a/b/memory.max", "max\n"), ("/a/b/c/memory.max", "4096\n")];
        assert_eq!(memory(V2, "0::/a/b/c\n", &service), Limit::Of(2048));
        assert_eq!(memory(V2, "0::/a/b\n", &service), Limit::Of(2048));
        assert_eq!(memory(V2, "0::/d\n", &service), Limit::None);
        assert_eq!(memory(V2, "0::/\n", &[("/memory.max", "1024\n")]), Limit::Of(1024)); // in a container
    }

    #[test]
    fn limits_of_groups_that_it_is_not_in_do_not_count() {
        let limit = [("/memory.max", "1024\n"), ("/a/memory.max", "512\n")];
        let mounted_at = |root: &str| V2.replace(" / /sys", &format!(" {root} /sys"));
        for (root, group, expected) in [
            ("/", "/../x", Limit::Unknown), // joined the namespaces of a container, but not its group
            ("/", "/..", Limit::Unknown),
            ("/..", "/..", Limit::Of(1024)),
            ("/..", "/../a", Limit::Of(512)),
            ("/..", "/../../a", Limit::Unknown),
            ("/pod", "/pod/a", Limit::Of(512)),
            ("/pod", "/pod", Limit::Of(1024)),
            ("/pod", "/pods", Limit::Unknown),
            ("/pod", "/other", Limit::Unknown),
            ("/pod", "pod", Limit::Unknown),
        ] {
            assert_eq!(
                memory(&mounted_at(root), &format!("0::{group}\n"), &limit),
                expected,
                "{root} {group}"
            );
        }
        let both = format!("{}{V2}", mounted_at("/pod"));
        assert_eq!(memory(&both, "0::/a\n", &limit), Limit::Of(512));
    }

    proptest::proptest! {
        #[test]
        fn no_text_names_a_limit_that_no_file_has(
            mounts in "([0-9] [0-9] 0:1 /[a./]{0,4} /[a./]{0,4} (ro|rw) - cgroup2? c rw(,memory)?\n){0,3}",
            groups in "([0-9]:(memory|pids|):/?[a./]{0,6}\n|[ -~]{0,12}\n){0,4}",
        ) {
            proptest::prop_assert!(!matches!(memory(&mounts, &groups, &[]), Limit::Of(_)));
        }
    }

    #[test]
    fn version_1_has_a_hierarchy_for_each_controller() {
        let groups = "8:pids:/x\n4:cpu,memory:/docker/ab\n0::/\n";
        let of = |number| [("/memory/memory.limit_in_bytes", number)];
        let below = [("/memory/docker/ab/memory.limit_in_bytes", "512\n")];
        assert_eq!(memory(V1, groups, &below), Limit::Of(512));
        assert_eq!(memory(DOCKER_V1, groups, &of("1024\n")), Limit::Of(1024));
        assert_eq!(memory(DOCKER_V1, groups, &of("9223372036854771712\n")), Limit::None);
        assert_eq!(memory(&format!("{V1}{V2}"), groups, &of("512\n")), Limit::Of(512));
    }

    #[test]
    fn what_is_not_told_is_unknown() {
        assert_eq!(memory("", "0::/\n", &[]), Limit::Unknown);
        assert_eq!(memory(V2, "", &[]), Limit::Unknown);
        assert_eq!(memory(V2, "no colons", &[]), Limit::Unknown);
        assert_eq!(memory(V1, "0::/\n", &[]), Limit::Unknown);
        assert_eq!(memory(V2, "0::/a\n", &[("/a/memory.max", "denied")]), Limit::Unknown);
        for text in ["", "-1", "+1x", "maximum", "18446744073709551616"] {
            let limit = memory(V2, "0::/a\n", &[("/a/memory.max", text)]);
            assert!(matches!(limit, Limit::None | Limit::Unknown), "{text}: {limit:?}");
        }
    }
}
