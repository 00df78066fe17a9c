//! This process, asked for real, and again under the containment that it should have.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use palisade::posture::{self, Check, Outcome, Severity};

#[test]
fn every_check_has_one_finding_and_one_line() {
    let report = posture::probe();
    let checks: Vec<_> = report.findings().iter().map(posture::Finding::check).collect();
    assert_eq!(checks, Check::ALL);
    let table = report.to_string();
    for check in Check::ALL {
        assert!(table.lines().any(|line| line.starts_with(&check.to_string())), "{check}");
    }
    for finding in report.findings() {
        assert_eq!(finding.outcome() == Outcome::Unsupported, !cfg!(target_os = "linux"), "{finding:?}");
        assert!(!finding.found().is_empty() && !finding.found().contains('\n'));
    }
}

#[test]
fn what_did_not_pass_is_refused_until_it_is_accepted() {
    let mut report = posture::probe();
    for severity in [Severity::High, Severity::Medium, Severity::Low] {
        let counts = |finding: &&posture::Finding| {
            finding.severity() >= severity && finding.outcome() != Outcome::Pass
        };
        let expected: Vec<_> = report.findings().iter().filter(counts).cloned().collect();
        match report.require(severity) {
            Ok(()) => assert!(expected.is_empty()),
            Err(refusal) => {
                assert_eq!(refusal.findings(), expected);
                for finding in expected {
                    assert!(refusal.to_string().contains(finding.check().mend()), "{refusal}");
                }
            }
        }
    }
    for &check in Check::ALL {
        report = report.accept(check);
    }
    assert_eq!(report.require(Severity::Low), Ok(()));
}

#[cfg(feature = "serde")]
#[test]
fn a_report_is_serialised_with_severity_and_remedy() {
    let json = serde_json::to_value(posture::probe()).unwrap();
    for (finding, check) in json["findings"].as_array().unwrap().iter().zip(Check::ALL) {
        assert_eq!(finding["check"], check.to_string());
        assert_eq!(finding["severity"], check.severity().to_string());
        let fine = matches!(finding["outcome"].as_str().unwrap(), "pass" | "accepted");
        assert_eq!(finding["mend"].is_null(), fine, "{finding}");
    }
}

/// Run by the test below, in a process that is contained.
#[test]
#[ignore = "only prints"]
fn report() {
    println!("{}", posture::probe());
}

/// Each layer of containment by itself, and all of them together.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root, unshare and setpriv"]
fn a_process_under_unshare_and_setpriv_is_contained() {
    const USER: &str = "--reuid=1000 --regid=1000 --clear-groups";
    const NO_CAPABILITIES: &str = "--bounding-set=-all --inh-caps=-all --ambient-caps=-all";
    const NO_NEW_PRIVILEGES: &str = "--no-new-privs";

    // With all of it, all of them pass; without one layer, one of them fails.
    const LAYERS: &[&str] =
        &["user", "group", "capabilities", "bounding_set", "no_new_privileges", "read_only_root"];

    let printed = under(&[], READ_ONLY, &[USER, NO_CAPABILITIES, NO_NEW_PRIVILEGES]);
    for check in LAYERS {
        assert!(has(&printed, check, "pass"), "{check}: {printed}");
    }
    for (mount, flags, failing) in [
        ("mount -o remount,bind,rw /", &[USER, NO_CAPABILITIES, NO_NEW_PRIVILEGES][..], "read_only_root"),
        // Paths still begin at the root below.
        ("mount -t tmpfs -o ro none /", &[USER, NO_CAPABILITIES, NO_NEW_PRIVILEGES], "read_only_root"),
        (READ_ONLY, &[USER, NO_CAPABILITIES], "no_new_privileges"),
        (READ_ONLY, &[USER, NO_NEW_PRIVILEGES], "bounding_set"),
        (READ_ONLY, &["--reuid=0 --regid=1000 --clear-groups", NO_CAPABILITIES, NO_NEW_PRIVILEGES], "user"),
        (
            READ_ONLY,
            &["--groups=1000,0 --reuid=1000 --regid=1000", NO_CAPABILITIES, NO_NEW_PRIVILEGES],
            "group",
        ),
    ] {
        let printed = under(&[], mount, flags);
        for check in LAYERS {
            let outcome = if *check == failing { "fail" } else { "pass" };
            assert!(has(&printed, check, outcome), "{check}, without {failing}: {printed}");
        }
    }
}

/// The kernel shows such a process user 1000, and lets it write what is root's.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root, unshare and setpriv"]
fn root_that_a_user_namespace_shows_as_another_fails() {
    let printed = under(&["--map-user=1000", "--map-group=1000"], "true", &[]);
    assert!(
        has(&printed, "user", "fail") && printed.contains("user 1000, effective 1000: root"),
        "{printed}"
    );
    assert!(has(&printed, "group", "fail"), "{printed}");
    let printed = under(&["--user"], "true", &[]); // no map: every id is shown as that of nobody
    assert!(has(&printed, "user", "unknown") && has(&printed, "group", "unknown"), "{printed}");
}

#[cfg(target_os = "linux")]
const READ_ONLY: &str = "mount -o remount,bind,ro /";

#[cfg(target_os = "linux")]
fn has(report: &str, check: &str, outcome: &str) -> bool {
    report.lines().any(|line| line.split_whitespace().take(2).eq([check, outcome]))
}

/// This very program in namespaces of its own, of mounts or those of `flags`, and with fewer privileges: what it printed.
#[cfg(target_os = "linux")]
fn under(namespaces: &[&str], mount: &str, flags: &[&str]) -> String {
    use std::process::Command;

    // Where user 1000 may read it. By another process, since a file that this one writes may still be open in a child of its own.
    let name = format!("palisade-posture-{}-{}", std::process::id(), std::thread::current().name().unwrap());
    let program = std::env::temp_dir().join(name);
    let copied = Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status().unwrap();
    assert!(copied.success());
    let script = format!(
        "set -e; {mount}; exec setpriv {} \"$0\" --exact report --ignored --nocapture",
        flags.join(" ")
    );
    let output = Command::new("unshare")
        .args(if namespaces.is_empty() { &["--mount"] } else { namespaces })
        .args(["sh", "-c", &script])
        .arg(&program)
        .output()
        .unwrap();
    std::fs::remove_file(&program).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
