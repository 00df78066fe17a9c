use std::hint::black_box;
use std::str::FromStr;

use email_address::EmailAddress;
use palisade::validate::{Email, Hostname, IdnHostname};
use palisade_peers::{Race, Report, values};
use validator::ValidateEmail;

pub fn races(report: &mut Report) {
    hosts(report, "a host name", values("HOSTS").unwrap_or(HOSTS), "≤ 60 ns");
    hosts(report, "a host name with an A-label, by IDNA2008", A_LABELS, "");

    let [mut ours, mut idna] = [(); 2].map(|()| cycle(UNICODE));
    Race::new("a host name in Unicode, by IDNA2008", "")
        .contender("palisade", move || IdnHostname::parse(ours()).is_ok(), |right| *right)
        .contender("idna 1.1.0: UTS 46", move || idna::domain_to_ascii_strict(idna()).is_ok(), |right| *right)
        .run(report);

    let emails = values("EMAILS").unwrap_or(EMAILS);
    let [mut ours, mut email_address, mut addr, mut validator, mut garde] = [(); 5].map(|()| cycle(emails));
    Race::new("an e-mail address", "≤ 120 ns")
        .contender("palisade", move || Email::parse(ours()).is_ok(), is_expected(emails, EMAILS))
        .yardstick("palisade: RFC forms", rfc(emails), is_expected(emails, EMAILS))
        .contender(
            "email_address 0.2.9",
            move || EmailAddress::from_str(email_address()).is_ok(),
            is_expected(emails, EMAILS),
        )
        .contender(
            "addr 0.15.6",
            move || addr::parse_email_address(addr()).is_ok(),
            is_expected(emails, EMAILS),
        )
        .contender("validator 0.21.0", move || validator().validate_email(), is_expected(emails, EMAILS))
        .contender(
            "garde 0.23.0",
            move || garde::rules::email::parse_email(garde()).is_ok(),
            is_expected(emails, EMAILS),
        )
        .run(report);

    let long: &'static str = Box::leak(["a"; 1 << 19].join(".").into_boxed_str());
    Race::new("refuse a mebibyte as a host name", "constant")
        .contender("palisade", move || Hostname::parse(black_box(long)).is_err(), |right| *right)
        .contender(
            "hostname-validator 1.1.1",
            move || !hostname_validator::is_valid(black_box(long)),
            |right| *right,
        )
        .contender(
            "idna 1.1.0: UTS 46",
            move || idna::domain_to_ascii_strict(black_box(long)).is_err(),
            |right| *right,
        )
        .run(report);
}

fn hosts(report: &mut Report, work: &'static str, names: &'static [&'static str], goal: &'static str) {
    let known = if goal.is_empty() { A_LABELS } else { HOSTS };
    let [mut ours, mut hostname_validator, mut addr, mut idna] = [(); 4].map(|()| cycle(names));
    Race::new(work, goal)
        .contender("palisade", move || Hostname::parse(ours()).is_ok(), is_expected(names, known))
        .contender(
            "hostname-validator 1.1.1: no A-label check",
            move || hostname_validator::is_valid(hostname_validator()),
            is_expected(names, known),
        )
        .contender(
            "addr 0.15.6: no A-label check",
            move || addr::parse_domain_name(addr()).is_ok(),
            is_expected(names, known),
        )
        .contender(
            "idna 1.1.0: UTS 46",
            move || idna::domain_to_ascii_strict(idna()).is_ok(),
            is_expected(names, known),
        )
        .run(report);
}

/// Of our own lists every answer is known; of a file some are valid and some are not.
fn is_expected(texts: &'static [&'static str], known: &'static [&'static str]) -> impl Fn(&bool) -> bool {
    let is_file = texts != known;
    move |right| *right || is_file
}

fn rfc(texts: &'static [&'static str]) -> impl FnMut() -> bool {
    let mut texts = cycle(texts);
    move || Email::parse_rfc(texts()).is_ok()
}

/// One after the other, so that no branch is learnt by heart.
fn cycle(texts: &'static [&'static str]) -> impl FnMut() -> &'static str {
    let mut texts = texts.iter().cycle();
    move || black_box(*texts.next().expect("a cycle never ends"))
}

const HOSTS: &[&str] = &[
    "example.com",
    "www.example.co.uk",
    "localhost",
    "api-3.eu-west-1.compute.example.net",
    "mail.example.org",
    "a.b",
    "static.Example.com",
    "3com.com",
    "a-rather-long-name-of-a-service.in-some-namespace.svc.cluster.example",
];

const A_LABELS: &[&str] = &[
    "xn--bcher-kva.example", "www.xn--mnchen-3ya.de", "xn--r8jz45g.xn--zckzah", "xn--80ak6aa92e.com",
    "xn--4dbrk0ce",
];

const UNICODE: &[&str] = &["bücher.example", "www.münchen.de", "例え.テスト", "яндекс.рф", "ישראל"];

const EMAILS: &[&str] = &[
    "ann@example.com",
    "ann.lee+newsletter@mail.example.co.uk",
    "x@a.example",
    "first.last@a-company-name.example.org",
    "o'neil_1987@Example.com",
    "someone.with.a.long.name@department.university.example.edu",
];
