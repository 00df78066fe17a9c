//! `/proc/self/mountinfo`: what can be written.

use std::collections::BTreeSet;

use super::check::Check;
use super::report::{Finding, Outcome};

/// The file systems that paths lead to: those that another covers are left out.
pub(super) struct Mounts<'a>(Vec<Mount<'a>>);

/// One line. Paths are as the kernel writes them, spaces as `\040`.
pub(super) struct Mount<'a> {
    id: &'a str,
    parent: &'a str,
    /// The path within its file system that is mounted.
    pub(super) root: &'a str,
    pub(super) point: &'a str,
    writable: bool,
    pub(super) kind: &'a str,
    /// Options of the file system, such as the controllers of a control group.
    pub(super) options: &'a str,
}

impl<'a> Mounts<'a> {
    /// `None` when a line is not understood, or there is none.
    pub(super) fn parse(mountinfo: &'a str) -> Option<Self> {
        let all: Vec<_> = mountinfo.lines().map(Mount::parse).collect::<Option<_>>()?;
        // What is mounted over `/` covers nothing: paths begin at the root of the process, below it.
        let others = all.iter().filter(|mount| mount.point != "/");
        let covers: BTreeSet<_> = others.map(|mount| (mount.parent, mount.point)).collect();
        let seen = |mount: &Mount<'_>| !covers.contains(&(mount.id, mount.point));
        let seen: Vec<_> = all.into_iter().filter(seen).collect();
        (!seen.is_empty()).then_some(Self(seen))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Mount<'a>> {
        self.0.iter()
    }

    /// Of the mounts at `/`, the one that the others are on.
    pub(super) fn root(&self) -> Option<&Mount<'a>> {
        let at_root = || self.iter().filter(|mount| mount.point == "/");
        let is_on_another = |mount: &&Mount<'_>| {
            at_root().any(|other| other.id == mount.parent && other.id != mount.id) // the kernel's first is on itself
        };
        let mut lowest = at_root().filter(|mount| !is_on_another(mount));
        lowest.next().filter(|_| lowest.next().is_none())
    }
}

impl<'a> Mount<'a> {
    /// `36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/sda rw,errors=continue`
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split(' ');
        let (id, parent, _device) = (fields.next()?, fields.next()?, fields.next()?);
        let (root, point, own) = (fields.next()?, fields.next()?, fields.next()?);
        fields.find(|&field| field == "-")?;
        let (kind, _source, options) = (fields.next()?, fields.next()?, fields.next()?);
        // A read-only bind of a file system that others write: the mount's own options say ro, those of the file system rw.
        let (own, whole) = (is_writable(own)?, is_writable(options)?);
        let writable = own && whole;
        point.starts_with('/').then_some(Self { id, parent, root, point, writable, kind, options })
    }

    /// Whether it is there to be written, or is the kernel's own and its files say who may.
    fn is_expected(&self) -> bool {
        let below = |folder: &&str| {
            self.point.strip_prefix(*folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.kind == "proc" || EXPECTED.iter().any(below)
    }
}

/// The kernel's own word is the first; others may hold a path, such as `lowerdir=/a,ro`.
fn is_writable(options: &str) -> Option<bool> {
    match options.split(',').next()? {
        "rw" => Some(true),
        "ro" => Some(false),
        _ => None,
    }
}

/// `memory` in `rw,cpu,memory`.
pub(super) fn has(options: &str, option: &str) -> bool {
    options.split(',').any(|one| one == option)
}

pub(super) fn judge(mounts: Option<&Mounts<'_>>) -> [Finding; 2] {
    let finding = Finding::new;
    let Some(mounts) = mounts else {
        return [Check::ReadOnlyRoot, Check::WritableMounts]
            .map(|check| finding(check, Outcome::Unknown, "the mounted file systems are not told"));
    };
    let root = match mounts.root() {
        Some(root) if root.writable => finding(Check::ReadOnlyRoot, Outcome::Fail, "writable"),
        Some(_) => finding(Check::ReadOnlyRoot, Outcome::Pass, "read-only"),
        None => finding(Check::ReadOnlyRoot, Outcome::Unknown, "which mount it is on is not told"),
    };
    let unexpected =
        mounts.iter().filter(|mount| mount.writable && mount.point != "/" && !mount.is_expected());
    let points: Vec<_> = unexpected.map(|mount| mount.point.escape_debug().to_string()).collect();
    let shown = points.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let (outcome, found) = match points.len() {
        0 => (Outcome::Pass, "none but where it is expected".to_owned()),
        count if count <= SHOWN => (Outcome::Fail, shown),
        count => (Outcome::Fail, format!("{shown} and {} more", count - SHOWN)),
    };
    let writable = Finding::new(Check::WritableMounts, outcome, found);
    [root, writable]
}

/// Folders of passing files, and files that runtimes of containers mount.
const EXPECTED: &[&str] =
    &["/dev", "/tmp", "/var/tmp", "/run", "/var/run", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

/// More mounts than these are counted.
const SHOWN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Fail, Pass, Unknown};

    const DOCKER: &str = "\
        601 540 0:61 / / ro,relatime master:201 - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w\n\
        602 601 0:64 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n\
        603 601 0:65 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755\n\
        604 603 0:66 / /dev/pts rw,nosuid,noexec - devpts devpts rw,gid=5\n\
        605 601 0:67 / /sys ro,nosuid,nodev,noexec - sysfs sysfs ro\n\
        606 605 0:30 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n\
        607 601 8:1 /c/hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw,discard\n\
        608 601 0:70 / /tmp rw,nosuid,nodev,noexec - tmpfs tmpfs rw\n";

    fn judged(mountinfo: &str) -> ([Outcome; 2], String) {
        let [root, writable] = judge(Mounts::parse(mountinfo).as_ref());
        ([root.outcome(), writable.outcome()], writable.found().to_owned())
    }

    #[test]
    fn options_of_the_mount_decide_and_not_those_of_the_file_system() {
        assert_eq!(judged(DOCKER).0, [Pass, Pass]);
        assert_eq!(judged(&DOCKER.replace("/ / ro", "/ / rw")).0, [Fail, Pass]);
        let read_only_file_system = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda ro\n";
        assert_eq!(judged(read_only_file_system).0, [Pass, Pass]);
        let a_path_says_so = "27 1 0:61 / / rw,lowerdir=/l,ro - overlay overlay rw,lowerdir=/l,ro,/m\n";
        assert_eq!(judged(a_path_says_so).0, [Fail, Pass]);
    }

    #[test]
    fn writable_volumes_are_named() {
        let with = |line: &str| judged(&format!("{DOCKER}{line}\n"));
        let volume = "700 601 8:1 /v /var/lib/app rw - ext4 /dev/sda1 rw";
        assert_eq!(with(volume), ([Pass, Fail], "/var/lib/app".to_owned()));
        assert_eq!(with(&volume.replace(" rw -", " ro -")).0, [Pass, Pass]);
        assert_eq!(with(&volume.replace("/var/lib/app", "/tmpfiles")).0, [Pass, Fail]); // not below /tmp
        assert_eq!(with(&volume.replace("/var/lib/app", "/a\\040b\u{1b}[2J")).1, "/a\\\\040b\\u{1b}[2J");
        let many: Vec<_> =
            (0..20).map(|n| format!("{} 601 8:1 /v /v{n} rw - ext4 d rw\n", 800 + n)).collect();
        assert!(judged(&format!("{DOCKER}{}", many.concat())).1.ends_with("/v7 and 12 more"));
    }

    #[test]
    fn a_mount_that_is_covered_does_not_count() {
        let volume = "700 601 8:1 /v /data rw - ext4 d rw\n";
        let covering = "701 700 0:9 / /data ro - tmpfs t ro\n";
        assert_eq!(judged(&format!("{DOCKER}{volume}{covering}")).0, [Pass, Pass]);
        assert_eq!(judged(&format!("{DOCKER}{covering}{volume}")).0, [Pass, Pass]);
        let below = covering.replace("/data", "/data/below");
        assert_eq!(judged(&format!("{DOCKER}{volume}{below}")).0, [Pass, Fail]);
    }

    #[test]
    fn what_is_mounted_over_the_root_is_not_the_root() {
        // As measured on Linux 6.18: `/` still leads to 30.
        let over =
            "30 1 8:1 / / rw - ext4 d rw\n31 30 0:9 / / ro - tmpfs t ro\n32 31 0:9 / / ro - tmpfs t ro\n";
        assert_eq!(judged(over).0, [Fail, Pass]);
        let swapped: String = over.split_inclusive('\n').rev().collect();
        assert_eq!(judged(&swapped).0, [Fail, Pass]);
        let first = "1 1 0:1 / / ro - rootfs rootfs rw\n2 1 8:1 / / rw - ext4 d rw\n";
        assert_eq!(judged(first).0, [Pass, Pass]);
        let two = "30 1 8:1 / / ro - ext4 d rw\n31 2 8:2 / / ro - ext4 d rw\n";
        assert_eq!(judged(two).0, [Unknown, Pass]);
        let ring = "30 31 8:1 / / ro - ext4 d rw\n31 30 8:2 / / ro - ext4 d rw\n";
        assert_eq!(judged(ring).0, [Unknown, Pass]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_added_makes_a_writable_root_read_only(
            added in "([0-9]{1,2} (30|31|32) 0:1 / (/|/a|/a/b) (ro|rw) - t t (ro|rw)\n){0,8}",
            noise in "[ -~\n]{0,80}",
        ) {
            // Ids are no two mounts' at once; those that are added begin at 31.
            let renumber = |(at, line): (usize, &str)| format!("{} {}", 31 + at, line.split_once(' ').unwrap().1);
            let renumbered: Vec<_> = added.split_inclusive('\n').enumerate().map(renumber).collect();
            let writable = format!("30 1 8:1 / / rw - ext4 d rw\n{}", renumbered.concat());
            proptest::prop_assert_ne!(judged(&writable).0[0], Pass);
            proptest::prop_assert_ne!(judged(&format!("{writable}{noise}\n")).0[0], Pass);
        }
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        assert_eq!(judged("").0, [Unknown; 2]);
        let without_root: String = DOCKER.split_inclusive('\n').skip(1).collect();
        assert_eq!(judged(&without_root).0, [Unknown, Pass]); // after chroot
        for line in [
            "x",
            "1 2 3 / /",
            "1 0 8:1 / / rw ext4 d rw",
            "1 0 8:1 / / rw - ext4",
            "1 0 8:1 / / - ext4 d rw",
            "1 0 8:1 / / noatime,ro - ext4 d rw",
            "1 0 8:1 / / ro - ext4 d noatime",
            "1 0 8:1 / tmp rw - ext4 d rw",
            " ",
        ] {
            assert_eq!(judged(line).0, [Unknown; 2], "{line}");
            assert_eq!(judged(&format!("{DOCKER}{line}\n")).0, [Unknown; 2], "{line}");
        }
    }
}
