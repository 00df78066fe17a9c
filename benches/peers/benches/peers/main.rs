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
mod session;
mod text;
mod token;
mod web;

use palisade_peers::Report;

/// A room's name and its races.
type Room = (&'static str, fn(&mut Report));

const ROOMS: &[Room] = &[
    ("compare", compare::races),
    ("token", token::races),
    ("password", password::races),
    ("seal", seal::races),
    ("audit", audit::races),
    ("login", login::races),
    ("redact", redact::races),
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
    if let Some(unknown) = wanted.iter().find(|name| ROOMS.iter().all(|(room, _)| room != name)) {
        let rooms: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
        eprintln!("no room is named {unknown}; there are: {}", rooms.join(", "));
        std::process::exit(2);
    }
    for (room, races) in ROOMS {
        if wanted.is_empty() || wanted.iter().any(|name| name == room) {
            eprintln!("{room}");
            let mut report = Report::default();
            races(&mut report);
            println!("\n## {room}\n\n{}", report.table());
        }
    }
}
