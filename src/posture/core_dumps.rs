//! `/proc/self/limits` and `core_pattern`: what becomes of the memory of a process that crashes.

use super::check::Check;
use super::report::{Finding, Outcome};

pub(super) fn judge(limits: Option<&str>, pattern: Option<&str>) -> Finding {
    let finding = |outcome, found: &str| Finding::new(Check::CoreDumps, outcome, found);
    let Some(limit) = limits.and_then(limit) else {
        return finding(Outcome::Unknown, "the limit is not told");
    };
    // `|` pipes them to a program, `@` sends them to a socket: the first character alone decides.
    match (limit, pattern.and_then(|pattern| pattern.bytes().next())) {
        // A limit of 1 is how the kernel is told to pipe none: core(5). To a socket they are sent even so.
        (1, Some(b'|')) => finding(Outcome::Pass, "none is written, and none is piped"),
        (0..PAGE, Some(b'|' | b'@')) => finding(
            Outcome::Fail,
            "none is written, but they are handed to a program, for which the limit does not hold",
        ),
        (0..PAGE, Some(_)) => finding(Outcome::Pass, "none is written"), // no core is as small as a page
        (0..PAGE, None) => finding(Outcome::Unknown, "none is written; whether they are piped is not told"),
        _ => finding(Outcome::Fail, "they are written"),
    }
}

/// The soft limit in bytes: `Max core file size  0  unlimited  bytes`.
fn limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size "))?;
    match line.split_ascii_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

const PAGE: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Fail, Pass, Unknown};

    #[test]
    fn a_pipe_is_stopped_by_a_limit_of_one_alone() {
        let piped = "|/usr/lib/systemd/systemd-coredump %P %u\n";
        for (limit, to_a_file, to_a_pipe) in [
            ("0", Pass, Fail),
            ("1", Pass, Pass),
            ("4095", Pass, Fail),
            ("4096", Fail, Fail),
            ("unlimited", Fail, Fail),
        ] {
            let limits = format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max cpu time              unlimited            unlimited            seconds   \n\
                 Max core file size        {limit:<20} unlimited            bytes     \n"
            );
            assert_eq!(judge(Some(&limits), Some("core\n")).outcome(), to_a_file, "{limit}");
            assert_eq!(judge(Some(&limits), Some(piped)).outcome(), to_a_pipe, "{limit}");
            assert_eq!(judge(Some(&limits), Some("@/run/cores\n")).outcome(), Fail, "{limit}");
        }
    }

    #[test]
    fn what_is_not_told_is_unknown() {
        for limits in ["", "Max core file size", "Max core file size ", "Max core file size  -1  x", "core 0"]
        {
            assert_eq!(judge(Some(limits), Some("core")).outcome(), Unknown, "{limits}");
        }
        assert_eq!(judge(None, Some("core")).outcome(), Unknown);
        for limits in ["Max core file size  0  0  bytes", "Max core file size  1  0  bytes"] {
            assert_eq!(judge(Some(limits), None).outcome(), Unknown, "{limits}");
            assert_eq!(judge(Some(limits), Some("")).outcome(), Unknown, "{limits}");
        }
    }
}
