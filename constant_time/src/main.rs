//! Runs palisade's paths of secrets under valgrind's memcheck, each secret marked as undefined, and holds what is told against
//! `expected.txt`: `cargo run --release --manifest-path constant_time/Cargo.toml`.

mod cases;
mod memcheck;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
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

/// The line of `expected.txt` for a site, by its name or by that of all that its function calls, and the reason.
fn reason<'a>(expected: &Expected<'a>, case: &str, site: &str) -> Option<((String, String), &'a str)> {
    let function = site.split_once(" > ").map_or(site, |(function, _)| function);
    let keys = [site.to_owned(), format!("{function} > *")].map(|site| (case.to_owned(), site));
    keys.into_iter().find_map(|key| expected.get(&key).copied().map(|reason| (key, reason)))
}

/// By case and function, why something depends on a secret there.
fn expected() -> Expected<'static> {
    let lines =
        include_str!("../expected.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let mut fields = line.splitn(3, " | ").map(str::trim);
            let mut next = || fields.next().expect("a line of a case, a function and a reason");
            ((next().to_owned(), next().to_owned()), next())
        })
        .collect()
}

type Expected<'a> = BTreeMap<(String, String), &'a str>;

/// Where a jump or an address depends on a secret: the function of palisade that does it or calls what does; what does, if that
/// is another; and whether it is an address.
///
/// All three, so that no reason stands for another fault in the same function, such as a comparison of the standard library's.
fn sites(xml: &str) -> BTreeSet<String> {
    let between = |text: &str, from: &str, to: &str| -> Option<String> {
        let (_, rest) = text.split_once(from)?;
        Some(rest.split_once(to)?.0.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    };
    let mut sites = BTreeSet::new();
    for error in xml.split("<error>").skip(1) {
        let stack = between(error, "<stack>", "</stack>").unwrap_or_default();
        let frames = stack.split("<frame>").skip(1);
        let functions: Vec<String> = frames.filter_map(|frame| between(frame, "<fn>", "</fn>")).collect();
        let innermost = functions.first().cloned().unwrap_or_default();
        let of_palisade = |name: &&String| name.starts_with("palisade::") || name.starts_with("<palisade::");
        let mut site = functions.iter().find(of_palisade).unwrap_or(&innermost).clone();
        if site != innermost {
            site += &format!(" > {innermost}");
        }
        if between(error, "<kind>", "</kind>").is_some_and(|kind| kind == "UninitValue") {
            site += ": an address";
        }
        sites.insert(site);
    }
    sites
}
