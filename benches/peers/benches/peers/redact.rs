//! Lines of logs, one by one, as a logger hands them over.
//!
//! `LOGS=folder` takes the lines from the `*.log` files of a folder; without it they are made up.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hint::black_box;
use std::rc::Rc;
use std::{env, fs};

use aho_corasick::packed::{Config, MatchKind, Searcher};
use dd_sds::{MatchAction, RegexRuleConfig, RootRuleConfig, Scanner};
use palisade::redact::{Redactor, Rule};
use palisade_peers::{Race, Report, Row};
use regex::bytes::Regex;

pub fn races(report: &mut Report) {
    let clean = Rc::new(logs());
    lines(report, &clean);
    rules(report);
    lengths(report);
}

fn lines(report: &mut Report, clean: &Rc<Vec<String>>) {
    let json = Rc::new(json_access_log(2_000));
    let dirty: Rc<Vec<String>> = Rc::new(
        clean
            .iter()
            .enumerate()
            .map(
                |(i, line)| {
                    if i % 10 == 0 { format!("{line} password=hunter2 user=ann") } else { line.clone() }
                },
            )
            .collect(),
    );
    let plain = Redactor::default();
    for (name, goal, lines) in [
        ("a clean line", "≥ 1 GB/s; ≤ 2.5 × the search", clean),
        ("a line of JSON access logs", "≤ 4 × the search", &json),
    ] {
        let bytes: usize = lines.iter().map(String::len).sum();
        let (redactor, stems, seeds) = (plain.clone(), stems(), seeds());
        let [ours, search, regexes] = [(); 3].map(|()| Rc::clone(lines));
        // Ours leave lines without secrets as they are; of other people's lines nothing is known.
        let as_expected = |&changed: &usize| changed == 0 || env::var_os("LOGS").is_some();
        Race::new(format!("{name}, {} bytes", bytes / lines.len()), goal)
            .of(lines.len())
            .contender(
                "palisade",
                move || changed(&ours, |line| redactor.redact_bytes(line).len()),
                as_expected,
            )
            .yardstick(
                "aho-corasick 1.1.5: bare search for 56 stems",
                move || search.iter().map(|line| count(&stems, black_box(line.as_bytes()))).sum::<usize>(),
                |_| true,
            )
            .contender(
                "regex 1.13.2: the three everyone copies",
                move || chain(&regexes, &seeds),
                as_expected,
            )
            .run(report);
    }
    let (redactor, same) = (plain.clone(), plain.clone());
    let (planted, all) = (dirty.len().div_ceil(10), clean.len());
    let as_expected = move |&changed: &usize| changed == planted || env::var_os("LOGS").is_some();
    let unchanged = Rc::clone(clean);
    Race::new("a line, one in ten with a password", "≤ 1.67 × clean")
        .of(all)
        .contender("palisade", move || changed(&dirty, |line| redactor.redact_bytes(line).len()), as_expected)
        .yardstick(
            "palisade: clean lines",
            move || changed(&unchanged, |line| same.redact_bytes(line).len()),
            |_| true,
        )
        .run(report);
    Race::new("building the default redactor", "≤ 10 ms")
        .contender("palisade", Redactor::default, |_| true)
        .run(report);
}

/// Lines that were made to cost time, at two lengths: the ratio says whether twice the length costs twice the time. Of all, what
/// grew most and what took longest.
pub fn hostile(report: &mut Report) {
    let strict = Redactor::builder().personal_data(true).build().unwrap();
    let mut all = Report::default();
    for line in include_str!("../../../../tests/vectors/redact/hostile.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let unit: String = serde_json::from_str(line).unwrap();
        let whole = unit.repeat((1 << 20) / unit.len());
        let half = unit.repeat((1 << 19) / unit.len());
        let [first, second] = [(); 2].map(|()| strict.clone());
        Race::new(format!("1 MiB of {line}"), "≤ 2.2 ×")
            .contender("palisade", move || first.redact(black_box(&whole)).len(), |_| true)
            .yardstick("palisade: 512 KiB", move || second.redact(black_box(&half)).len(), |_| true)
            .run(&mut all);
    }
    let count = all.rows.len() / 2;
    // What else the machine did is in the fastest rounds the least.
    let growth = |rows: &[Row]| rows[0].fastest / rows[1].fastest;
    let time = |rows: &[Row]| rows[0].fastest;
    for (what, figure) in [("grew most", &growth as &dyn Fn(&[Row]) -> f64), ("took longest", &time)] {
        let worst = all.rows.chunks(2).max_by(|one, other| figure(one).total_cmp(&figure(other)));
        report.rows.extend(worst.into_iter().flatten().cloned().map(|row| {
            let work = format!("{}, which {what} of {count} hostile texts", row.work);
            Row { work, ..row }
        }));
    }
}

/// Rules of one form in all programs, and a line in ten that one of them is for.
fn rules(report: &mut Report) {
    let lines: Rc<Vec<String>> =
        Rc::new(
            made_up(2_000)
                .into_iter()
                .enumerate()
                .map(|(i, line)| {
                    if i % 10 == 0 { format!("{line} svc000_{}", "0123456789abcdef".repeat(2)) } else { line }
                })
                .collect(),
        );
    let planted = lines.len() / 10;
    for count in [1, 5, 20, 50, 100, 200] {
        let names: Vec<String> = (0..count).map(|i| format!("svc{i:03}_")).collect();
        let patterns: Vec<String> = names.iter().map(|name| format!("{name}[a-z0-9]{{32}}")).collect();
        let mut builder = Redactor::builder();
        for (name, pattern) in names.iter().zip(&patterns) {
            builder = builder.rule(Rule::new(name, name, pattern).unwrap()).unwrap();
        }
        let (ours, scanner) = (builder.build().unwrap(), scanner(&patterns));
        let regexes: Vec<Regex> = patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
        let [mine, theirs, others] = [(); 3].map(|()| Rc::clone(&lines));
        Race::new("a line, one in ten with a secret", "≤ 0.1 × dd-sds at 50")
            .of(lines.len())
            .at("rules", count)
            .contender(
                "palisade: and all it finds besides",
                move || changed(&mine, |line| ours.redact_bytes(line).len()),
                move |&changed| changed == planted,
            )
            .contender(
                "regex 1.13.2: one after the other",
                move || chain(&theirs, &regexes),
                move |&changed| changed == planted,
            )
            .contender(DD_SDS, move || scan(&others, &scanner), move |&found| found == planted)
            .run(report);
    }
}

/// One line with a password at its end.
fn lengths(report: &mut Report) {
    let text = made_up(2_000).join(" ");
    for length in [128, 512, 2_048, 8_192, 32_768, 131_072] {
        let secret = " password=hunter2";
        let line = Rc::new(vec![format!("{}{secret}", &text[..length - secret.len()])]);
        let [mine, theirs, others] = [(); 3].map(|()| Rc::clone(&line));
        let (redactor, seeds) = (Redactor::default(), seeds());
        let scanner = scanner(&SEEDS.map(str::to_owned));
        Race::new("a line with a password at its end", "")
            .at("bytes", length as u64)
            .contender(
                "palisade",
                move || changed(&mine, |line| redactor.redact_bytes(line).len()),
                |&changed| changed == 1,
            )
            .contender("regex 1.13.2: three regexes", move || chain(&theirs, &seeds), |&changed| changed == 1)
            .contender(DD_SDS, move || scan(&others, &scanner), |&found| found == 1)
            .run(report);
    }
}

/// Of how many lines the length is another afterwards.
fn changed(lines: &[String], redacted: impl Fn(&[u8]) -> usize) -> usize {
    lines.iter().filter(|line| redacted(black_box(line.as_bytes())) != line.len()).count()
}

/// Of how many lines regexes, one after the other, each on what the one before left, make another.
fn chain(lines: &[String], regexes: &[Regex]) -> usize {
    lines
        .iter()
        .filter(|line| {
            let mut text = Cow::Borrowed(black_box(line.as_bytes()));
            for regex in regexes {
                if let Cow::Owned(replaced) = regex.replace_all(&text, &b"[REDACTED]"[..]) {
                    text = Cow::Owned(replaced);
                }
            }
            matches!(text, Cow::Owned(_))
        })
        .count()
}

fn scanner(patterns: &[String]) -> Scanner {
    let rules: Vec<_> = patterns
        .iter()
        .map(|pattern| {
            RootRuleConfig::new(RegexRuleConfig::new(pattern).build())
                .match_action(MatchAction::Redact { replacement: "[REDACTED]".into() })
        })
        .collect();
    Scanner::builder(&rules).build().unwrap()
}

/// In how many lines it finds something. It redacts in place, so each needs a copy.
fn scan(lines: &[String], scanner: &Scanner) -> usize {
    lines.iter().filter(|line| !scanner.scan(&mut black_box(*line).clone()).unwrap().is_empty()).count()
}

/// What finding the names of secrets costs, and nothing else.
fn stems() -> Searcher {
    let stems = [
        "pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "session", "bearer", "jwt", "otp",
        "sig", "csrf", "xsrf", "private", "login", "phrase",
    ];
    let mut spelled: Vec<String> = Vec::new();
    for stem in stems {
        let title = stem[..1].to_uppercase() + &stem[1..];
        spelled.extend([stem.to_owned(), title, stem.to_uppercase()]);
    }
    spelled.extend(["://".to_owned(), "eyJ".to_owned()]);
    assert_eq!(spelled.len(), 56);
    Config::new()
        .match_kind(MatchKind::LeftmostFirst)
        .builder()
        .extend(&spelled)
        .build()
        .expect("this processor has vectors")
}

fn count(searcher: &Searcher, line: &[u8]) -> usize {
    searcher.find_iter(line).count()
}

fn seeds() -> [Regex; 3] {
    SEEDS.map(|pattern| Regex::new(pattern).unwrap())
}

/// As snippets for redaction on the web have them.
const SEEDS: [&str; 3] = [
    r#"(?i)(password|secret|token|key)["']?\s*[:=]\s*["']?[^\s"',}]+"#,
    r"(?i)bearer\s+[A-Za-z0-9\-._~+/]+=*",
    r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
];

/// The scanner of Datadog, dd-sensitive-data-scanner.
const DD_SDS: &str = "dd-sds 0.1.0-20261029";

fn logs() -> Vec<String> {
    let Some(folder) = env::var_os("LOGS") else { return made_up(20_000) };
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            lines.extend(String::from_utf8_lossy(&fs::read(path).unwrap()).lines().map(str::to_owned));
        }
    }
    lines
}

/// Lines of several services without secrets, some with words that anchor a search.
fn made_up(count: usize) -> Vec<String> {
    (0..count)
        .map(|i| {
            let (second, id) = (i % 60, i * 2_654_435_761 % 4_294_967_291);
            match i % 6 {
                0 => format!("2026-11-22 10:15:{second:02},{:03} INFO dfs.DataNode$PacketResponder: Received block blk_-{id}{id} of size 67108864 from /10.251.{second}.19", i % 1000),
                1 => format!("Nov 22 10:15:{second:02} gate sshd[{}]: Failed password for root from 173.234.{second}.16 port {} ssh2", i % 30_000, i % 60_000),
                2 => format!("{id} 2026.11.22 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected, {second} since start"),
                3 => format!("2026-11-22T10:15:{second:02}Z  INFO app::http: finished request method=GET path=/v1/items/{id} status=200 latency={second}ms"),
                4 => format!("nova-api.log 2026-11-22 10:15:{second:02}.{:03} INFO nova.osapi_compute.wsgi.server [req-{id:08x}-10e6-4d2e-8b7a-{id:012x}] 10.11.10.1 \"GET /v2/servers/detail HTTP/1.1\" status: 200 len: 1893", i % 1000),
                _ => format!("2026-11-22 10:15:{second:02},{:03} - WARN  [SendWorker:{id}:QuorumCnxManager$SendWorker@688] - Send worker leaving thread", i % 1000),
            }
        })
        .collect()
}

fn json_access_log(count: usize) -> Vec<String> {
    (0..count as u64)
        .map(|i| {
            let id = u128::from(i.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * 0x1234_5678_9abc_def1_0305;
            let mut line = format!(r#"{{"timestamp":"2026-11-22T10:15:04.{:03}Z","level":"INFO","trace_id":"{id:032x}","span_id":"{:016x}","#, i % 1000, id as u64);
            let _ = write!(line, r#""request_id":"{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}","http":{{"method":"GET","path":"/api/v1/users/{}/orders","status":200,"bytes":{}}},"#, id as u32, id as u16, i % 4096, i % 4095, id as u64 & 0xffff_ffff_ffff, i, i * 17 % 90_000);
            let _ = write!(line, r#""user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","remote":"10.0.{}.{}","duration_ms":{}}}"#, i % 256, i % 251, i % 300);
            line
        })
        .collect()
}
