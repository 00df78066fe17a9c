//! What runtimes of containers leave behind, none of which is a proof.

use std::env;
use std::path::Path;

use super::check::Check;
use super::mounts::Mounts;
use super::report::{Finding, Outcome};

/// The hints there are. `groups` is `/proc/self/cgroup`.
pub(super) fn hints(groups: &str, mounts: Option<&Mounts<'_>>) -> Vec<&'static str> {
    let there = |path: &str| Path::new(path).exists();
    let layered = mounts.and_then(Mounts::root).is_some_and(|root| root.kind == "overlay");
    [
        ("the file /.dockerenv", there("/.dockerenv")),
        ("the file /run/.containerenv", there("/run/.containerenv")),
        ("the variable container", env::var_os("container").is_some()),
        ("the variable KUBERNETES_SERVICE_HOST", env::var_os("KUBERNETES_SERVICE_HOST").is_some()),
        ("the name of a control group", is_named_by_a_runtime(groups)),
        ("layers under the root file system", layered),
    ]
    .into_iter()
    .filter_map(|(hint, found)| found.then_some(hint))
    .collect()
}

pub(super) fn judge(hints: &[&str]) -> Finding {
    match hints {
        [] => Finding::new(Check::Container, Outcome::Fail, "nothing hints at one"),
        hints => Finding::new(Check::Container, Outcome::Pass, format!("hints: {}", hints.join(", "))),
    }
}

fn is_named_by_a_runtime(groups: &str) -> bool {
    let paths = groups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let mut parts = paths.flat_map(|path| path.split('/'));
    parts.any(|part| {
        RUNTIMES.iter().any(|name| {
            part.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
        })
    })
}

/// With which the names of their groups begin: `/docker/4f…`, `/kubepods.slice/…`, `libpod-4f….scope`.
const RUNTIMES: &[&str] =
    &["docker", "kubepods", "libpod", "lxc", "lxc.payload", "crio", "cri-containerd", "machine"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_runtimes_are_whole_words() {
        for named in [
            "0::/docker/4f5a",
            "3:cpu:/kubepods.slice/kubepods-burstable.slice/x\n0::/",
            "0::/machine.slice/libpod-4f.scope",
            "0::/system.slice/docker-4f.scope",
            "1:name=systemd:/lxc/web",
        ] {
            assert!(is_named_by_a_runtime(named), "{named}");
        }
        for other in
            ["", "0::/", "0::/user.slice/dockerish", "docker", "0:docker:/", "0::/system.slice/ssh.service"]
        {
            assert!(!is_named_by_a_runtime(other), "{other}");
        }
    }

    #[test]
    fn hints_are_told_as_hints() {
        assert_eq!(judge(&[]).outcome(), Outcome::Fail);
        assert_eq!(judge(&["a", "b"]).found(), "hints: a, b");
    }
}
