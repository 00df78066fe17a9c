use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use palisade::audit::{self, AuditLog, Event, Fsync};
use palisade::keys::KeyRing;
use palisade::secret::SecretBytes;
use palisade_peers::{Race, Report};
use ring::hmac;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

pub fn races(report: &mut Report) {
    let folder = std::env::temp_dir().join(format!("palisade-bench-audit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();

    let log = AuditLog::builder(ring()).fsync(Fsync::Never).open(folder.join("palisade.jsonl")).unwrap();
    let mut plain = file(&folder.join("plain.jsonl"));
    let mut chained = file(&folder.join("chained.jsonl"));
    let (key, mut before, mut seq) = (hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), [0; 32], 0_u64);
    Race::new("record an event, to a file without fsync", "≤ 5 µs (200,000 a second)")
        .contender(
            "palisade: chained and escaped",
            move || log.record(login_failure()).is_ok(),
            |recorded| *recorded,
        )
        .contender(
            "by hand, chained: serde_json, ring's HMAC, one write",
            move || {
                seq += 1;
                let mut line = json(seq);
                line.pop();
                let mut context = hmac::Context::with_key(&key);
                context.update(&before);
                context.update(line.as_bytes());
                before.copy_from_slice(context.sign().as_ref());
                line.push_str(",\"mac\":\"");
                before.iter().for_each(|byte| line.push_str(&format!("{byte:02x}")));
                line.push_str("\"}\n");
                chained.write_all(black_box(line.as_bytes())).is_ok()
            },
            |written| *written,
        )
        .contender(
            "by hand, no chain: serde_json, one write",
            move || {
                let mut line = json(1);
                line.push('\n');
                plain.write_all(black_box(line.as_bytes())).is_ok()
            },
            |written| *written,
        )
        .run(report);

    let log = AuditLog::new(Vec::new(), ring());
    (0..1000).for_each(|_| log.record(login_failure()).unwrap());
    let written = log.into_inner().unwrap();
    let ring = ring();
    Race::new("verify 1,000 records", "")
        .contender(
            "palisade",
            move || audit::verify(black_box(&written[..]), &ring).unwrap(),
            |verified| verified.records == 1001,
        )
        .run(report);
    std::fs::remove_dir_all(&folder).unwrap();
}

fn ring() -> KeyRing {
    KeyRing::from_key("1a2b3c4d".parse().unwrap(), SecretBytes::from(vec![7; 32])).unwrap()
}

fn file(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(PathBuf::from(path)).unwrap()
}

fn login_failure() -> Event {
    Event::authentication_failure()
        .subject("alice@example.com")
        .source_ip(ADDRESS)
        .user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        .reason("wrong password")
        .request_id("0198f2a4-6c3e-7d10-9c55-3f6b1f0a2d11")
}

fn json(seq: u64) -> String {
    serde_json::json!({
        "seq": seq,
        "datetime": humantime::format_rfc3339_micros(std::time::SystemTime::now()).to_string(),
        "event": "authn_login_fail",
        "level": "WARN",
        "subject": "alice@example.com",
        "source_ip": ADDRESS.to_string(),
        "useragent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "reason": "wrong password",
        "request_id": "0198f2a4-6c3e-7d10-9c55-3f6b1f0a2d11",
    })
    .to_string()
}
