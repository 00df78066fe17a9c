//! palisade beside its peers: `cargo bench --manifest-path benches/peers/Cargo.toml [-- ROOM …]`.

mod audit;
mod compare;
mod lists;
mod login;
mod names;
mod network;
mod password;
mod python;
mod rate_limit;
mod rbac;
mod redact;
mod seal;
mod secret;
mod session;
mod text;
mod token;
mod web;

use palisade_peers::{INPUTS, Report};

/// A room's name and its races.
type Room = (&'static str, fn(&mut Report));

const ROOMS: &[Room] = &[
    ("compare", compare::races),
    ("secret", secret::races),
    ("token", token::races),
    ("password", password::races),
    ("seal", seal::races),
    ("audit", audit::races),
    ("login", login::races),
    ("redact", redact::races),
    ("hostile", redact::hostile),
    ("rate_limit", rate_limit::races),
    ("rbac", rbac::races),
    ("session", session::races),
    ("web", web::races),
    ("names", names::races),
    ("network", network::races),
    ("text", text::races),
    ("lists", lists::races),
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let all: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(&name.as_str())) {
        eprintln!("no room is named {unknown}; there are: {}", all.join(", "));
        std::process::exit(2);
    }
    let mut reports = Vec::new();
    for (room, races) in ROOMS {
        if wanted.is_empty() || wanted.iter().any(|name| name == room) {
            eprintln!("{room}");
            let mut report = Report::default();
            races(&mut report);
            println!("\n## {room}\n{}", report.to_markdown());
            reports.push((*room, report));
        }
    }
    // Results are what everybody gets by the same command.
    if INPUTS.iter().all(|name| std::env::var_os(name).is_none()) {
        println!("\nWritten to {}", palisade_peers::write(reports, &all).display());
    }
}
