//! Arrows point down only: adapters know rooms, rooms know keys and the floor, nobody knows what lies above.
//!
//! Reads every path in `src` that starts at the crate's root, imports and inline ones, or that climbs there by
//! `super`, and fails on one that leads upward or from room to room.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// From the floor up. A module may know those of lower layers, and its own.
const LAYERS: &[&[&str]] = &[
    &["secret", "compare", "random", "clock", "encoding", "file", "sync", "unquoted"],
    &["keys", "config"],
    &[
        "token", "session", "password", "rbac", "validate", "redact", "rate_limit", "seal", "audit", "web",
        "transport", "sql", "process", "posture",
    ],
];

/// Modules of one layer that may know each other, each for a reason.
const NEIGHBOURS: &[(&str, &str)] = &[
    // The floor is one: a secret compares itself, randomness arrives as a secret, a lock is waited for.
    ("secret", "compare"),
    ("random", "secret"),
    ("encoding", "random"),
    ("encoding", "secret"),
    ("file", "clock"),
    ("file", "sync"),
    ("secret", "unquoted"),
    ("keys", "config"),
    // Sinks take validated types.
    ("sql", "validate"),
    ("process", "validate"),
    ("web", "validate"),
    ("transport", "validate"),
    // ssh is a program that is run as others are: with an end, and without a shell on this side.
    ("transport", "process"),
    ("session", "token"),
    // Secrets of one-time codes are sealed at rest, and guesses at the codes are limited before a code is looked at.
    ("session", "seal"),
    ("session", "rate_limit"),
    // Cookies that their holder must not read are sealed.
    ("web", "seal"),
];

/// Exported macros, and the reader of known answers that unit tests share with `tests`.
const AT_THE_ROOT: &[&str] =
    &["hostname", "one_of", "permissions", "secrets", "slug", "sql_ident", "vectors"];

/// Folders that know rooms and that no room knows.
const ADAPTERS: &[&str] = &[
    "redact/tracing", "redact/log", "redact/json", "rate_limit/store/redis", "rbac/layer", "rbac/axum",
    "validate/reqwest", "web/layer", "audit/sink", "doctor",
];

#[test]
fn arrows_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    let mut arrows = 0;
    let mut wrong = Vec::new();
    for file in &files {
        let module = module_of(file.strip_prefix(&src).unwrap());
        let Some(room) = module.first().cloned() else { continue }; // lib.rs knows all
        let tokens: TokenStream = fs::read_to_string(file).unwrap().parse().unwrap();
        for target in roots(tokens, module.len()) {
            arrows += 1;
            if !is_adapter(&module) && !AT_THE_ROOT.contains(&target.as_str()) && !may_know(&room, &target) {
                wrong.push(format!("{}: {room} must not know {target}", file.display()));
            }
        }
    }
    assert!(arrows > 30, "only {arrows} paths were found: does the reader still read?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_layer() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(src).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            matches!(name.as_str(), "lib" | "guide" | "doctor") || layer(&name).is_some(),
            "{name} has no layer"
        );
    }
}

#[test]
fn the_reader_finds_upward_paths_in_every_form() {
    let found = |code: &str, depth| roots(code.parse().unwrap(), depth).into_iter().collect::<Vec<_>>();
    assert_eq!(found("use crate::token::Token;", 1), ["token"]);
    assert_eq!(found("use crate::{token::Token, secret, config as c};", 1), ["config", "secret", "token"]);
    assert_eq!(found("use crate::{self as root, {nested::deep}};", 1), ["nested"]);
    assert_eq!(found("fn f() { crate::token::check(); }", 1), ["token"]);
    assert_eq!(found("macro_rules! m { () => { $crate::config::load() } }", 1), ["config"]);
    assert_eq!(found("use super::token;", 1), ["token"]);
    assert_eq!(found("use super::super::{token, config};", 2), ["config", "token"]);
    assert_eq!(found("use super::sibling;", 2), [] as [&str; 0]);
    assert_eq!(found("mod tests { use super::sibling; use super::super::token; }", 1), ["token"]);
    assert_eq!(found("pub(crate) fn f() {} pub(in crate::token) fn g() {}", 1), ["token"]);
    assert_eq!(found("/// See crate::token.\nfn f() { \"crate::token\"; }", 1), [] as [&str; 0]);
    assert!(
        !may_know("secret", "token") && !may_know("token", "password") && !may_know("config", "password")
    );
    assert!(may_know("token", "secret") && may_know("session", "token") && !may_know("token", "session"));
}

fn may_know(from: &str, to: &str) -> bool {
    let (Some(from_layer), Some(to_layer)) = (layer(from), layer(to)) else { return false };
    from == to || to_layer < from_layer || NEIGHBOURS.contains(&(from, to))
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn is_adapter(module: &[String]) -> bool {
    ADAPTERS.iter().any(|adapter| module.join("/").starts_with(adapter))
}

/// `password/scheme/scrypt.rs` is `password::scheme::scrypt`.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_str().unwrap().to_owned())
        .collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The top-level modules that `tokens`, the content of a module `depth` levels below the root, name.
fn roots(tokens: TokenStream, depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(ident) if ident == "crate" => named_after(&tokens[at + 1..], &mut found),
            TokenTree::Ident(ident) if ident == "super" => {
                let mut climbed = 1;
                while is_path_separator(&tokens[at + 1..])
                    && matches!(tokens.get(at + 3), Some(TokenTree::Ident(next)) if next == "super")
                {
                    climbed += 1;
                    at += 3;
                }
                if climbed >= depth {
                    named_after(&tokens[at + 1..], &mut found);
                }
            }
            TokenTree::Group(group) => {
                let module = at >= 2
                    && group.delimiter() == Delimiter::Brace
                    && matches!(&tokens[at - 2], TokenTree::Ident(keyword) if keyword == "mod");
                found.extend(roots(group.stream(), depth + usize::from(module)));
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads `::name` or `::{name::…, name}` after a root.
fn named_after(tokens: &[TokenTree], found: &mut BTreeSet<String>) {
    if !is_path_separator(tokens) {
        return;
    }
    match tokens.get(2) {
        Some(TokenTree::Ident(name)) => {
            found.insert(name.to_string());
        }
        Some(TokenTree::Group(group)) => named_in(group.stream(), found),
        _ => {}
    }
}

/// The first name of each entry of an import group.
fn named_in(group: TokenStream, found: &mut BTreeSet<String>) {
    let mut first = true;
    for token in group {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => first = true,
            TokenTree::Ident(name) if first => {
                if name != "self" {
                    found.insert(name.to_string());
                }
                first = false;
            }
            TokenTree::Group(nested) if first => named_in(nested.stream(), found),
            _ => first = false,
        }
    }
}

fn is_path_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(one), TokenTree::Punct(two), ..] if one.as_char() == ':' && two.as_char() == ':')
}
