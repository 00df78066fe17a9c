use std::fmt;
use std::process::Command;
use std::thread;
use std::time::SystemTime;

/// Where figures come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Origin {
    /// As 2026-11-23, in UTC.
    pub(crate) date: String,
    /// Of this repository, with a plus if there were changes.
    pub(crate) revision: String,
    pub(crate) rustc: String,
    pub(crate) machine: String,
}

impl Origin {
    /// Of a run that ends now.
    pub(crate) fn here() -> Self {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let changes = answer("git", &["status", "--porcelain", "--", ":/", ":(top,exclude)benches/results"]);
        let mark = if changes.is_some_and(|changes| changes.is_empty()) { "" } else { "+" };
        let revision = answer("git", &["rev-parse", "--short=10", "HEAD"]);
        Self {
            date: now.chars().take(10).collect(),
            revision: revision.map_or("unknown".to_owned(), |revision| revision + mark),
            rustc: answer("rustc", &["-V"]).unwrap_or("an unknown compiler".to_owned()),
            machine: machine(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, revision, rustc, machine } = self;
        write!(f, "{date}, revision {revision}, {rustc}, {machine}")
    }
}

fn machine() -> String {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, {} {}", std::env::consts::OS, kernel.trim())
}

/// What a program prints, in this crate's folder, if it ends well.
fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let folder = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
