//! What the guide names is there: test functions, steps of CI, files.
//!
//! Reads `src/guide/*.md` for code such as `tests/seal.rs::whatever_is_sealed_opens` or `examples/audit.rs`, and fails on one that
//! leads nowhere. A row of the catalogue names at least one test or step.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

#[test]
fn what_the_guide_names_is_there() {
    let mut known = Known::default();
    let mut named = 0;
    let mut missing = Vec::new();
    for (page, text) in pages() {
        for reference in references(&text) {
            named += 1;
            if !known.has(&reference) {
                missing.push(format!("{page}: {}", reference.text()));
            }
        }
    }
    assert!(named > 200, "only {named} references were found: does the reader still read?");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_row_of_the_catalogue_names_a_test() {
    let text = fs::read_to_string(root().join("src/guide/catalogue.md")).unwrap();
    let rows: Vec<&str> = rows(&text).collect();
    assert!(rows.len() > 60, "only {} rows", rows.len());
    let without = rows.into_iter().filter(|row| references(row).iter().all(|found| found.function.is_none()));
    let without: Vec<&str> = without.collect();
    assert!(without.is_empty(), "{}", without.join("\n"));
}

#[test]
fn the_reader_finds_tests_steps_and_files_and_misses_the_others() {
    let found = |text: &str| references(text).iter().map(Reference::text).collect::<Vec<_>>();
    assert_eq!(found("see `tests/a.rs::b`, `src/c` and `cargo test`"), ["tests/a.rs::b", "src/c"]);
    assert_eq!(found("`tests/` | `examples/x.rs` |"), ["tests/", "examples/x.rs"]);
    assert_eq!(found("```text\n`tests/a.rs`\n```\n`.ci/run::docs`"), [".ci/run::docs"]);

    let tests = |code: &str| tests_in(code.parse().unwrap()).into_iter().collect::<Vec<_>>();
    assert_eq!(tests("#[test] fn a() { fn b() {} } fn c() {}"), ["a"]);
    assert_eq!(tests("#[cfg(test)] mod tests { fn a() {} #[test] #[ignore = \"why\"] fn b() {} }"), ["b"]);
    assert_eq!(tests("proptest! { #[test] fn a(x in 0..1) {} }"), ["a"]);
    assert_eq!(tests("#[tokio::test(flavor = \"multi_thread\")] async fn a() {} struct B; fn c() {}"), ["a"]);

    let mut known = Known::default();
    let mut has = |text: &str| references(&format!("`{text}`")).iter().all(|reference| known.has(reference));
    assert!(has("tests/guide.rs::what_the_guide_names_is_there") && has("tests/guide.rs") && has("src/"));
    assert!(!has("tests/guide.rs::tests_in") && !has("tests/guide.rs::nothing") && !has("tests/nothing.rs"));
    assert_eq!(rows("|a|b|\n|---|---|\n|1|2|\n\ntext\n").collect::<Vec<_>>(), ["|1|2|"]);
}

/// A file, and a function in it.
struct Reference {
    path: String,
    function: Option<String>,
}

impl Reference {
    fn text(&self) -> String {
        let function = self.function.as_ref().map(|name| format!("::{name}"));
        format!("{}{}", self.path, function.unwrap_or_default())
    }
}

/// The tests of files that were looked into.
#[derive(Default)]
struct Known(BTreeMap<String, BTreeSet<String>>);

impl Known {
    fn has(&mut self, Reference { path, function }: &Reference) -> bool {
        let file = root().join(path);
        let Some(function) = function else { return file.exists() };
        let read =
            || fs::read_to_string(&file).map_or_else(|_| BTreeSet::new(), |text| functions(path, &text));
        self.0.entry(path.clone()).or_insert_with(read).contains(function)
    }
}

/// Tests of Rust; of a shell script what it runs as a step.
fn functions(path: &str, text: &str) -> BTreeSet<String> {
    if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
        return tests_in(text.parse().unwrap());
    }
    let steps = text.lines().filter_map(|line| line.strip_prefix("step \"")?.split_once("\" "));
    steps.filter_map(|(_, call)| call.split(' ').next().map(str::to_owned)).collect()
}

/// The functions below an attribute `test`, at any depth.
fn tests_in(tokens: TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut is_test, mut is_attribute, mut is_name) = (false, false, false);
    for token in tokens {
        match &token {
            TokenTree::Group(group) if is_attribute => {
                let mut words = group.stream().into_iter();
                is_test |= words.any(|word| matches!(&word, TokenTree::Ident(ident) if ident == "test"));
            }
            TokenTree::Group(group) => found.extend(tests_in(group.stream())),
            TokenTree::Ident(name) if is_name && is_test => {
                found.insert(name.to_string());
                is_test = false;
            }
            _ => {}
        }
        is_attribute = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        is_name = matches!(&token, TokenTree::Ident(ident) if ident == "fn");
    }
    found
}

/// Code in the text that names something of this repository.
fn references(text: &str) -> Vec<Reference> {
    let outside = text.split("```").step_by(2);
    let spans = outside.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    let named = spans.filter(|span| FOLDERS.iter().any(|folder| span.starts_with(folder)));
    let named = named.filter(|span| !span.contains([' ', '<', '…', '*']));
    named
        .map(|span| match span.split_once("::") {
            Some((path, function)) => Reference { path: path.into(), function: Some(function.into()) },
            None => Reference { path: span.into(), function: None },
        })
        .collect()
}

/// The rows of all tables, without their heads.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().zip(text.lines().skip(1));
    lines.filter_map(|(before, line)| (before.starts_with('|') && is_row(line)).then_some(line))
}

fn is_row(line: &str) -> bool {
    line.starts_with('|') && !line.starts_with("|---")
}

fn pages() -> Vec<(String, String)> {
    let read = |path: PathBuf| (path.display().to_string(), fs::read_to_string(&path).unwrap());
    let entries = fs::read_dir(root().join("src/guide")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).map(read).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const FOLDERS: [&str; 7] = ["tests/", "src/", "examples/", "fuzz/", "loom/", "benches/", ".ci/"];
