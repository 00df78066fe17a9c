//! Is this process contained as it should be?
//!
//! ```no_run
//! use palisade::posture::{self, Severity};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let report = posture::probe(); // once, at start
//!     println!("{report}"); // a table, for the log
//!     report.require(Severity::High)?; // does not start as root, with capabilities, on a writable root …
//!     Ok(())
//! }
//! ```
//!
//! | check | severity | passes when |
//! |---|---|---|
//! | [`User`](Check::User) | high | no user id is 0, here or outside of its user namespace |
//! | [`Capabilities`](Check::Capabilities) | high | none is held but `NET_BIND_SERVICE` |
//! | [`NoNewPrivileges`](Check::NoNewPrivileges) | high | programs it starts gain nothing by setuid or file capabilities |
//! | [`ReadOnlyRoot`](Check::ReadOnlyRoot) | high | `/` is mounted read-only |
//! | [`Group`](Check::Group) | medium | no group id is 0, here or outside of its user namespace |
//! | [`BoundingSet`](Check::BoundingSet) | medium | none can be gained but `NET_BIND_SERVICE` |
//! | [`Seccomp`](Check::Seccomp) | medium | system calls are filtered |
//! | [`WritableMounts`](Check::WritableMounts) | medium | nothing can be written but `/tmp`, `/run`, `/dev` and their like |
//! | [`Memory`](Check::Memory) | medium | a control group limits it |
//! | [`Processes`](Check::Processes) | medium | a control group limits them |
//! | [`CoreDumps`](Check::CoreDumps) | low | a crash writes no memory to disk, and hands none to a program |
//! | [`Container`](Check::Container) | low | something hints at a container |
//!
//! It asks Linux, by reading `/proc` and `/sys`, and changes nothing. What cannot be read or understood is
//! [`Outcome::Unknown`], on other systems all is [`Outcome::Unsupported`]; both fail [`Report::require`].
//!
//! It does not see the network, the host's configuration, security modules such as `AppArmor`, sockets of a container runtime
//! that were handed in, or whether a filter of system calls is a good one.
//!
//! # Security
//! It finds mistakes of configuration. Whoever controls the process, its `/proc` or its kernel makes it say anything. All
//! threads are looked at, since one with capabilities gives them to whoever controls another.
//!
//! # Source
//! `proc(5)`, `capabilities(7)`, `cgroups(7)`, `core(5)` of the Linux manual pages; Kubernetes Pod Security Standards,
//! profile "restricted", which knows no read-only root.

mod cgroup;
mod check;
mod container;
mod core_dumps;
mod mounts;
mod report;
mod status;

use std::fs;
use std::io;

pub use check::{Check, Severity};
pub use report::{Finding, Outcome, Refusal, Report};

use mounts::Mounts;

/// Looks at this process, in a few milliseconds.
pub fn probe() -> Report {
    if !cfg!(target_os = "linux") {
        let unsupported = |&check| Finding::new(check, Outcome::Unsupported, "asked of Linux only");
        return Report::new(Check::ALL.iter().map(unsupported).collect());
    }
    let mounts = read("/proc/self/mountinfo");
    let mounts = mounts.as_deref().ok().and_then(Mounts::parse);
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    let limit = |check, controller, v2, v1| {
        cgroup::judge(check, cgroup::limit(mounts.as_ref(), &groups, controller, &[v2, v1], read))
    };
    let mut findings = status::judge(&threads(), &ids("uid_map"), &ids("gid_map"));
    findings.extend(mounts::judge(mounts.as_ref()));
    findings.push(limit(Check::Memory, "memory", "memory.max", "memory.limit_in_bytes"));
    findings.push(limit(Check::Processes, "pids", "pids.max", "pids.max"));
    findings.push(core_dumps::judge(
        read("/proc/self/limits").ok().as_deref(),
        read("/proc/sys/kernel/core_pattern").ok().as_deref(),
    ));
    findings.push(container::judge(&container::hints(&groups, mounts.as_ref())));
    Report::new(findings)
}

/// `status` of every thread; an empty text for one that cannot be read.
fn threads() -> Vec<String> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let text = |task: io::Result<fs::DirEntry>| match task
        .and_then(|task| fs::read(task.path().join("status")))
    {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        // A thread that has ended since it was listed.
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH) => None,
        Err(_) => Some(String::new()),
    };
    tasks.filter_map(text).collect()
}

/// Who ids are outside of the user namespace. A kernel without such namespaces has no file, and no id is another outside.
fn ids(map: &str) -> String {
    match read(&format!("/proc/self/{map}")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => "0 0 4294967295".to_owned(),
        map => map.unwrap_or_default(),
    }
}

/// A path may be of any bytes, and what is not UTF-8 is none that is looked for.
fn read(path: &str) -> io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// No such process.
const ESRCH: i32 = 3;
