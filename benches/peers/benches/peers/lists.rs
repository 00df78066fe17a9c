use std::collections::HashSet;
use std::hint::black_box;

use palisade::validate::{Allowlist, Pattern, SqlIdent};
use palisade_peers::{Race, Report, Walk, values};
use regex::Regex;

pub fn races(report: &mut Report) {
    sql_ident(report);
    allowlist(report);
    pattern(report);
}

fn sql_ident(report: &mut Report) {
    let anchored = Regex::new(r"\A[A-Za-z_][A-Za-z0-9_]{0,62}\z").unwrap();
    let names = values("COLUMNS");
    let [mut ours, mut same, mut copied] = [(); 3].map(|()| names.unwrap_or(&["created_at"]).iter().cycle());
    let mut next = move || black_box(*same.next().expect("a cycle never ends"));
    Race::new("the name of a column", "≤ 25 ns")
        .contender(
            "palisade",
            move || SqlIdent::parse(black_box(ours.next().expect("a cycle never ends"))).is_ok(),
            move |ok| *ok || names.is_some(),
        )
        .contender(
            "regex 1.13.2: anchored by hand, and a copy",
            move || {
                let text = next();
                anchored.is_match(text).then(|| text.to_owned()).is_some()
            },
            move |ok| *ok || names.is_some(),
        )
        .yardstick("a String alone", move || copied.next().map(|text| black_box(*text).to_owned()), |_| true)
        .run(report);
}

fn allowlist(report: &mut Report) {
    let two = Allowlist::new(["asc", "desc"]);
    let set = HashSet::from(["asc", "desc"]);
    Race::new("one of two: desc", "≤ 1.2 × HashSet")
        .contender("palisade", move || two.parse(black_box("desc")), |found| *found == Ok("desc"))
        .contender("std's HashSet", move || set.get(black_box("desc")).copied(), |found| found.is_some())
        .run(report);

    let names: Vec<String> = (0..1000).map(|number| format!("column_{number}")).collect();
    let list = Allowlist::of(names.iter().map(|name| (name.as_str(), ())));
    let set: HashSet<String> = names.iter().cloned().collect();
    let (mut walk, mut same_walk, asked) = (Walk(7), Walk(7), names.clone());
    Race::new("one of 1,000", "≤ 1.2 × HashSet")
        .contender("palisade", move || list.parse(&asked[walk.step(1000)]).is_ok(), |ok| *ok)
        .contender("std's HashSet", move || set.contains(&names[same_walk.step(1000)]), |ok| *ok)
        .run(report);
}

fn pattern(report: &mut Report) {
    const LABEL: &str = "(?i)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
    let anchored = Regex::new(r"\A(?i-u:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)\z").unwrap();
    for (work, text) in [("a pattern: 12 bytes", "web-server-1"), ("a pattern: 63 bytes", SIXTY_THREE)] {
        let pattern = Pattern::new(LABEL).unwrap();
        let [anchored, of_garde, of_validator] = [(); 3].map(|()| anchored.clone());
        Race::new(work, "")
            .contender("palisade", move || pattern.parse(black_box(text)).is_ok(), |ok| *ok)
            .contender("regex 1.13.2: anchored by hand", move || anchored.is_match(black_box(text)), |ok| *ok)
            .contender(
                "garde 0.23.0: anchored by hand",
                move || garde::rules::pattern::apply(black_box(&text), (&of_garde,)).is_ok(),
                |ok| *ok,
            )
            .contender(
                "validator 0.21.0: anchored by hand",
                move || validator::ValidateRegex::validate_regex(black_box(&text), &of_validator),
                |ok| *ok,
            )
            .run(report);
    }
}

const SIXTY_THREE: &str = "a-label-that-is-as-long-as-a-label-in-a-host-name-may-be-012345";
