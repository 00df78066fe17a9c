//! Runs palisade's paths of secrets under valgrind's memcheck, each secret marked as undefined, and holds what is told against
//! `expected.txt`: `cargo run --release --manifest-path constant_time/Cargo.toml`.

mod cases;
mod memcheck;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

use cases::leaky;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if memcheck::is_running() {
        let name = env::args().nth(1).ok_or("no case is named")?;
        let case = cases::ALL.iter().chain(leaky::ALL).find(|(case, _, _)| *case == name);
        let given = case.ok_or("there is no such case")?.2();
        println!("{}", memcheck::tainted(&given));
        return Ok(ExitCode::SUCCESS);
    }
    let mut good = true;
    let (expected, mut seen) = (expected(), BTreeSet::new());
    println!("{:24} {:70} bytes that depend on it", "case", "secret");
    for (name, secret, _) in cases::ALL {
        let (given, sites) = run(name)?;
        println!("{name:24} {:70} {given}", secret.trim());
        for site in &sites {
            let known = reason(&expected, name, site);
            println!("    {site}: {}", known.as_ref().map_or("NOT EXPECTED", |(_, reason)| reason));
            good &= known.is_some();
            seen.extend(known.map(|(key, _)| key));
        }
        if given == 0 && sites.is_empty() {
            println!("    NOT EXERCISED: nothing that came of it depends on the secret");
            good = false;
        }
    }
    for (case, site) in expected.keys().filter(|key| !seen.contains(*key)) {
        println!("expected.txt: {case} | {site}: NO LONGER TOLD");
        good = false;
    }
    for (name, leak, _) in leaky::ALL {
        let (_, sites) = run(name)?;
        // What is right in the case that a control is a copy of is none of its leak.
        let original = name.trim_start_matches("leaky_");
        let caught = sites.iter().any(|site| reason(&expected, original, site).is_none());
        println!("{name:24} {leak:70} {}", if caught { "caught" } else { "NOT CAUGHT" });
        good &= caught;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a case under valgrind, by itself, as places that were told of once are not told again: how many bytes of what it gave
/// depend on its secret, and where something else does.
fn run(case: &str) -> Result<(usize, BTreeSet<String>), Box<dyn Error>> {
    let report = env::temp_dir().join(format!("palisade-constant-time-{}.xml", std::process::id()));
    let output = Command::new("valgrind")
        .args(["--xml=yes", "--read-inline-info=yes", "--num-callers=40", "--error-limit=no"])
        .arg(format!("--xml-file={}", report.display()))
        .args([env::current_exe()?.as_os_str(), case.as_ref()])
        .output()?;
    let xml = fs::read_to_string(&report)?;
    fs::remove_file(&report)?;
    if !output.status.success() {
        return Err(format!("{case}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok((String::from_utf8(output.stdout)?.trim().parse()?, sites(&xml)))
}

/// What `expected.txt` says of a site, or of all that its line calls, or of all in its file, and the reason.
fn reason<'a>(expected: &Expected<'a>, case: &str, site: &str) -> Option<((String, String), &'a str)> {
    let file = site.split_once(": ").map(|(file, _)| format!("{file}: *"));
    let line = site.split_once(" > ").map(|(line, _)| format!("{line} > *"));
    let keys = [Some(site.to_owned()), line, file].into_iter().flatten().map(|site| (case.to_owned(), site));
    keys.into_iter().find_map(|key| expected.get(&key).copied().map(|reason| (key, reason)))
}

/// By case and site, why something depends on a secret there.
fn expected() -> Expected<'static> {
    let mut expected = Expected::new();
    for line in
        include_str!("../expected.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let mut fields = line.splitn(3, " | ");
        let mut next = || fields.next().expect("a line of cases, a reason and a site");
        let (cases, reason, site) = (next(), next(), next());
        expected.extend(cases.split(' ').map(|case| ((case.to_owned(), site.to_owned()), reason)));
    }
    expected
}

type Expected<'a> = BTreeMap<(String, String), &'a str>;

/// Where a jump or an address depends on a secret: the file and the line of palisade that does it or calls what does; what does,
/// if that is neither palisade's nor the standard library's; and whether it is an address.
///
/// All of them, so that no reason stands for another fault nearby: whoever changes the line says again why it is right.
fn sites(xml: &str) -> BTreeSet<String> {
    xml.split("<error>").skip(1).map(site).collect()
}

fn site(error: &str) -> String {
    let stack = field(error, "stack").unwrap_or_default();
    let frames: Vec<Frame> = stack.split("<frame>").skip(1).map(Frame::read).collect();
    let innermost = frames.first().map(|frame| frame.function.clone()).unwrap_or_default();
    let mut site = match frames.iter().find_map(Frame::of_palisade) {
        Some(line) if frames[0].of_palisade().is_some() || frames[0].is_of_std() => line,
        Some(line) => format!("{line} > {innermost}"),
        None => innermost,
    };
    if field(error, "kind").is_some_and(|kind| kind == "UninitValue") {
        site += ": an address";
    }
    site
}

/// A function that runs, without its types, and where it stands.
struct Frame {
    function: String,
    path: String,
    line: usize,
}

impl Frame {
    fn read(frame: &str) -> Self {
        let of = |name| field(frame, name).unwrap_or_default();
        let function = of("fn");
        let types = function.get(1..).and_then(|rest| rest.find('<')).map_or(function.len(), |at| at + 1);
        Self {
            function: function[..types].to_owned(),
            path: format!("{}/{}", of("dir"), of("file")),
            line: of("line").parse().unwrap_or_default(),
        }
    }

    /// The file and the line, as it is written, if it is one of palisade.
    fn of_palisade(&self) -> Option<String> {
        let root = fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../src")).ok()?;
        let path = Path::new(&self.path).strip_prefix(&root).ok()?;
        let source = fs::read_to_string(&self.path).ok()?;
        Some(format!("{}: {}", path.display(), source.lines().nth(self.line.checked_sub(1)?)?.trim()))
    }

    fn is_of_std(&self) -> bool {
        self.path.starts_with("/rustc/") || self.path.contains("/rustlib/src/")
    }
}

fn field(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
