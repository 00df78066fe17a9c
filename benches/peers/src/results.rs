//! The folder of results: a file of values for each room, and what is made of them all.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bars::bars;
use crate::curves::curves;
use crate::origin::Origin;
use crate::room::{Report, Room};
use crate::strip::strip;
use crate::svg::THEMES;

/// Writes what rooms came to, each with where its figures come from, and makes the tables and pictures anew, of all rooms
/// that have results, in the order of `all`. What a room had before is gone; other rooms keep theirs, and their dates.
///
/// # Panics
/// The folder cannot be written, or a file of values there is damaged.
pub fn write(reports: Vec<(&str, Report)>, all: &[&str]) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of benches").join("results");
    fs::create_dir_all(&folder).expect("a folder for results");
    let origin = Origin::here();
    for (name, report) in reports {
        let room = Room { name: name.to_owned(), origin: origin.clone(), report };
        save(&folder.join(format!("{name}.tsv")), &room.to_tsv());
    }
    let files =
        fs::read_dir(&folder).expect("the folder of results").map(|entry| entry.expect("a file").path());
    for picture in files.filter(|file| file.extension().is_some_and(|extension| extension == "svg")) {
        fs::remove_file(picture).expect("a picture that is made anew");
    }
    let rooms: Vec<Room> = all.iter().filter_map(|name| read(&folder.join(format!("{name}.tsv")))).collect();
    page(&rooms, &folder);
    folder
}

fn read(file: &Path) -> Option<Room> {
    let text = fs::read_to_string(file).ok()?;
    Some(Room::from_tsv(&text).unwrap_or_else(|| panic!("{} is damaged: delete it", file.display())))
}

fn save(file: &Path, text: &str) {
    fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// The page of all tables and pictures, and the pictures.
fn page(rooms: &[Room], folder: &Path) {
    let mut page = String::from(HEAD);
    let all = origins(rooms);
    for theme in &THEMES {
        save(&folder.join(format!("rooms-{}.svg", theme.name)), &strip(rooms, &all, theme));
        save(&folder.join(format!("works-{}.svg", theme.name)), &bars(rooms, &all, theme));
    }
    page += &picture("rooms", "by room, palisade's time divided by each peer's");
    for room in rooms {
        let caption = room.origin.to_string();
        for curve in room.report.curves() {
            let name = format!("{}-{}", room.name, curve[0].axis).replace([' ', '_'], "-");
            for theme in &THEMES {
                save(
                    &folder.join(format!("{name}-{}.svg", theme.name)),
                    &curves(curve, &room.name, &caption, theme),
                );
            }
            page += &picture(&name, &format!("{}, by {}", curve[0].work, curve[0].axis));
        }
    }
    page += &picture("works", "by work, palisade's time divided by each peer's");
    for room in rooms {
        let _ = write!(page, "\n{}", room.to_markdown());
    }
    save(&folder.join("README.md"), &page);
}

/// Where the figures of all rooms come from, if that is one; else from when to when.
fn origins(rooms: &[Room]) -> String {
    let Some(first) = rooms.first().map(|room| &room.origin) else { return String::new() };
    if rooms.iter().all(|room| room.origin == *first) {
        return first.to_string();
    }
    let dates = || rooms.iter().map(|room| room.origin.date.as_str());
    let [from, to] = [dates().min(), dates().max()].map(Option::unwrap_or_default);
    let when = if from == to { from.to_owned() } else { format!("{from} to {to}") };
    format!("{when}, in several runs: the tables tell which")
}

/// A picture that is as dark as its page.
fn picture(name: &str, told: &str) -> String {
    format!(
        "\n<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"{name}-dark.svg\">\
         <img src=\"{name}-light.svg\" alt=\"{told}\"></picture>\n"
    )
}

const HEAD: &str = "# Results

Written by `cargo bench --manifest-path benches/peers/Cargo.toml`; what it means and how it is measured is told in
[benches/README.md](../README.md). Times are medians of 31 rounds, or 9 of slow work; *ours/theirs* below 1 means that palisade
is faster. The same values are in a file of tabs for each room, `ROOM.tsv`, in nanoseconds.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::tests::room;

    #[test]
    fn rooms_of_several_runs_say_so() {
        assert_eq!(origins(&[room(), room()]), room().origin.to_string());
        let mut later = room();
        later.origin.revision = "9876543210".to_owned();
        assert_eq!(origins(&[later, room()]), "2026-11-23, in several runs: the tables tell which");
        let mut later = room();
        later.origin.date = "2027-01-05".to_owned();
        assert_eq!(
            origins(&[later, room()]),
            "2026-11-23 to 2027-01-05, in several runs: the tables tell which"
        );
    }

    #[test]
    fn the_page_has_every_room_and_shows_every_picture() {
        let folder = std::env::temp_dir().join(format!("palisade-peers-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        page(&[room()], &folder);
        let text = fs::read_to_string(folder.join("README.md")).expect("a page");
        assert!(text.contains("\n## things\n"));
        for name in ["rooms", "works", "things-keys"] {
            for theme in &THEMES {
                let file = format!("{name}-{}.svg", theme.name);
                assert!(text.contains(&format!("\"{file}\"")), "{file}");
                assert!(fs::read_to_string(folder.join(&file)).expect("a picture").ends_with("</svg>\n"));
            }
        }
        fs::remove_dir_all(&folder).expect("gone");
    }
}
