//! Lines of logs, one by one, as a logger hands them over.
//!
//! `LOGS=folder` takes the lines from the `*.log` files of a folder; without it they are made up.

use std::fmt::Write as _;
use std::hint::black_box;
use std::rc::Rc;
use std::{env, fs};

use aho_corasick::packed::{Config, MatchKind, Searcher};
use dd_sds::{MatchAction, RegexRuleConfig, RootRuleConfig, Scanner};
use palisade::redact::{Redactor, Rule};
use palisade_peers::{Race, Report};
use regex::bytes::Regex;

pub fn races(report: &mut Report) {
    lines(report);
    hostile(report);
}

fn lines(report: &mut Report) {
    let clean = Rc::new(logs());
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
        ("clean lines", "≥ 1 GB/s; ≤ 2.5 × the search", &clean),
        ("JSON access log", "≤ 4 × the search", &json),
    ] {
        let bytes: usize = lines.iter().map(String::len).sum();
        let (redactor, stems, seeds) = (plain.clone(), stems(), seeds());
        let [ours, search, regexes] = [(); 3].map(|()| Rc::clone(lines));
        let changed = lines.iter().filter(|line| plain.redact(line) != line.as_str()).count();
        Race::new(format!("{name}: {} lines, {} KB ({changed} changed)", lines.len(), bytes / 1000), goal)
            .contender(
                "palisade",
                move || {
                    ours.iter()
                        .map(|line| redactor.redact_bytes(black_box(line.as_bytes())).len())
                        .sum::<usize>()
                },
                |_| true,
            )
            .contender(
                "aho-corasick 1.1.5, bare search for 56 stems",
                move || search.iter().map(|line| count(&stems, black_box(line.as_bytes()))).sum::<usize>(),
                |_| true,
            )
            .contender(
                "regex 1.13.1, the three regexes everyone copies",
                move || {
                    regexes
                        .iter()
                        .map(|line| {
                            seeds
                                .iter()
                                .map(|seed| {
                                    seed.replace_all(black_box(line.as_bytes()), &b"[REDACTED]"[..]).len()
                                })
                                .sum::<usize>()
                        })
                        .sum::<usize>()
                },
                |_| true,
            )
            .run(report);
    }
    let (redactor, same) = (plain.clone(), plain.clone());
    Race::new("one dirty line in ten", "≤ 1.67 × clean")
        .contender(
            "palisade, one in ten dirty",
            move || {
                dirty
                    .iter()
                    .map(|line| redactor.redact_bytes(black_box(line.as_bytes())).len())
                    .sum::<usize>()
            },
            |_| true,
        )
        .contender(
            "palisade, clean",
            {
                let clean = Rc::clone(&clean);
                move || {
                    clean
                        .iter()
                        .map(|line| same.redact_bytes(black_box(line.as_bytes())).len())
                        .sum::<usize>()
                }
            },
            |_| true,
        )
        .run(report);
    equal_rules(report, &clean);
    Race::new("building the default redactor", "≤ 10 ms")
        .contender("palisade", Redactor::default, |_| true)
        .run(report);
}

/// Lines that were made to cost time, at two lengths: the ratio says whether twice the length costs twice the time.
fn hostile(report: &mut Report) {
    let strict = Redactor::builder().personal_data(true).build().unwrap();
    for line in include_str!("../../../../tests/vectors/redact/hostile.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let unit: String = serde_json::from_str(line).unwrap();
        let whole = unit.repeat((1 << 21) / unit.len());
        let half = unit.repeat((1 << 20) / unit.len());
        let [first, second] = [(); 2].map(|()| strict.clone());
        Race::new(format!("hostile: {line}"), "≤ 2.2 ×")
            .contender("2 MiB", move || first.redact(black_box(&whole)).len(), |_| true)
            .contender("1 MiB", move || second.redact(black_box(&half)).len(), |_| true)
            .run(report);
    }
}

/// Fifty rules of one form in both programs.
fn equal_rules(report: &mut Report, lines: &Rc<Vec<String>>) {
    let names: Vec<String> = (0..50).map(|i| format!("svc{i:02}_")).collect();
    let pattern = |name: &str| format!("{name}[a-z0-9]{{32}}");
    let mut builder = Redactor::builder();
    for name in &names {
        builder = builder.rule(Rule::new(name, name, &pattern(name)).unwrap()).unwrap();
    }
    let ours = builder.build().unwrap();
    let rules: Vec<_> = names
        .iter()
        .map(|name| {
            RootRuleConfig::new(RegexRuleConfig::new(&pattern(name)).build())
                .match_action(MatchAction::Redact { replacement: "[REDACTED]".into() })
        })
        .collect();
    let scanner = Scanner::builder(&rules).build().unwrap();
    let [mine, theirs] = [(); 2].map(|()| Rc::clone(lines));
    Race::new("50 equal rules", "≤ 0.1 ×")
        .contender(
            "palisade, with all it finds besides",
            move || {
                mine.iter().map(|line| ours.redact_bytes(black_box(line.as_bytes())).len()).sum::<usize>()
            },
            |_| true,
        )
        .contender(
            "dd-sensitive-data-scanner 0.1.0-20261029",
            move || {
                theirs
                    .iter()
                    .map(|line| scanner.scan(&mut black_box(line).clone()).unwrap().len())
                    .sum::<usize>()
            },
            |_| true,
        )
        .run(report);
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

/// As snippets for redaction on the web have them.
fn seeds() -> [Regex; 3] {
    [
        r#"(?i)(password|secret|token|key)["']?\s*[:=]\s*["']?[^\s"',}]+"#,
        r"(?i)bearer\s+[A-Za-z0-9\-._~+/]+=*",
        r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
    ]
    .map(|pattern| Regex::new(pattern).unwrap())
}

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
