//! Text, names and UUIDs beside the crates that check or repair them, and a program run strictly beside one run plainly.

use std::hint::black_box;
use std::process::{Command, Stdio};

use palisade::process::{Programs, StrictCommand};
use palisade::validate::{CharSpec, CommandArg, FileName, HeaderValue, RelPath, SafeText, Username, Uuid};
use palisade_peers::{Race, Report};
use regex::Regex;

const LABEL: CharSpec =
    CharSpec::ascii_alphanumeric().or(b"-").first(CharSpec::ascii_alphabetic()).len(1..=63);

pub fn races(report: &mut Report) {
    Race::new("file name", "")
        .contender("palisade", || FileName::parse(black_box(FILE)), Result::is_ok)
        .contender(
            "sanitize-filename 0.6.0: is_sanitized",
            || sanitize_filename::is_sanitized(black_box(FILE)),
            |ok| *ok,
        )
        .run(report);
    Race::new("UUID", "")
        .contender("palisade: as text", || Uuid::parse(black_box(ID)), Result::is_ok)
        .contender("uuid 1.29.3: as bytes", || uuid::Uuid::try_parse(black_box(ID)), Result::is_ok)
        .run(report);
    let expression = Regex::new("^[A-Za-z][A-Za-z0-9-]{0,62}$").unwrap();
    Race::new("label of a rule of one's own", "")
        .contender("palisade: CharSpec", || LABEL.parse(black_box("eu-west-1")), Result::is_ok)
        .contender("regex 1.13.2", move || expression.is_match(black_box("eu-west-1")), |ok| *ok)
        .run(report);
    Race::new("text of 44 bytes, ASCII and not", "")
        .contender("palisade: SafeText, ASCII", || SafeText::parse(black_box(LINE)), Result::is_ok)
        .yardstick("palisade: SafeText, accents", || SafeText::parse(black_box(ACCENTS)), Result::is_ok)
        .yardstick("palisade: HeaderValue", || HeaderValue::parse(black_box(LINE)), Result::is_ok)
        .yardstick("palisade: CommandArg", || CommandArg::parse(black_box(LINE)), Result::is_ok)
        .yardstick("palisade: RelPath", || RelPath::parse(black_box(PATH)), Result::is_ok)
        .yardstick("palisade: Username", || Username::parse(black_box("ann.smith_42")), Result::is_ok)
        .run(report);
    if let Ok(programs) = Programs::builder().program("true", "/bin/true").build() {
        let strict = move || StrictCommand::from(&programs, "true").unwrap().run().unwrap().success().is_ok();
        let plain =
            || Command::new("/bin/true").env_clear().stdin(Stdio::null()).output().unwrap().status.success();
        Race::new("run a program that does nothing", "")
            .contender("palisade: with timeout and limits", strict, |ok| *ok)
            .contender("std: without", plain, |ok| *ok)
            .run(report);
    }
}

const FILE: &str = "quarterly report 2024-03 (final).pdf";
const ID: &str = "919108f7-52d1-4320-9bac-f847db4148a8";
const LINE: &str = "The quick brown fox jumps over the lazy dog.";
const ACCENTS: &str = "Zwölf Boxkämpfer jagen Viktor über den Deich";
const PATH: &str = "photos/2024/summer/quarterly-report.final.jpg";
