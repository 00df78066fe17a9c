//! What the service refuses, whoever asks; and that each refusal is on record.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::browser::{Answer, Browser};
use crate::server::Server;

#[test]
fn forms_without_their_token_and_from_elsewhere_change_nothing() {
    let server = Server::start("forms");
    let mut ann = registered(&server, "ann");
    let mut bob = registered(&server, "bob");
    let note = ("text", "from elsewhere");
    let (own, others) = (ann.get("/notes").hidden("csrf"), bob.get("/notes").hidden("csrf"));
    let own = ("csrf", own.as_str());
    let same_site = [("Sec-Fetch-Site", "same-origin")];

    assert_eq!(ann.post("/notes", &[note]).status, 403);
    assert_eq!(ann.post("/notes", &[("csrf", "AAAA"), note]).status, 403);
    assert_eq!(ann.post("/notes", &[("csrf", &others), note]).status, 403);
    assert_eq!(ann.post_with("/notes", &[own, note], &[("Sec-Fetch-Site", "cross-site")]).status, 403);
    assert_eq!(ann.post_with("/notes", &[own, note], &[("Sec-Fetch-Site", "same-site")]).status, 403);
    assert_eq!(ann.post_with("/notes", &[own, note], &[("Origin", "https://evil.example")]).status, 403);
    assert_eq!(ann.post_with("/notes", &[own, note], &[("Origin", "null")]).status, 403);
    assert_eq!(ann.post_with("/notes", &[own, note], &[]).status, 403);
    assert!(!ann.get("/notes").says("from elsewhere"));

    assert_eq!(ann.post_with("/notes", &[own, note], &same_site).location(), "/notes");
    assert!(ann.get("/notes").says("from elsewhere"));
    recorded(
        &server,
        &[
            "the token is not one of this session",
            "made by a page of another origin",
            "neither Sec-Fetch-Site nor Origin",
        ],
    );
}

#[test]
fn a_token_from_before_the_log_in_is_none_after_it() {
    let server = Server::start("fixation");
    let mut ann = server.browser("Ann");
    let form = ann.get("/register");
    let (token, planted) = (form.hidden("csrf"), ann.cookies.clone());
    let fields =
        [("csrf", token.as_str()), ("name", "ann"), ("email", "ann@example.com"), ("password", PASSWORD)];
    assert_eq!(ann.post("/register", &fields).location(), "/notes");
    assert_eq!(ann.post("/notes", &[("csrf", &token), ("text", "late")]).status, 403);

    // Whoever planted the visitor's cookie is not logged in with its user, by either cookie.
    let mut planter = server.browser("Mallory");
    planter.cookies.clone_from(&planted);
    assert_eq!(planter.get("/notes").location(), "/login?next=/notes");
    planter.cookies = planted.into_values().map(|token| ("__Host-session".to_owned(), token)).collect();
    assert_eq!(planter.get("/notes").location(), "/login?next=/notes");
}

#[test]
fn an_unknown_name_and_a_wrong_password_get_one_answer_until_guesses_are_limited() {
    let server = Server::start("guesses");
    registered(&server, "ann");
    let mut mallory = server.browser("Mallory");
    let unknown = log_in(&mut mallory, "zoe", "a wrong password, somehow");
    let wrong = log_in(&mut mallory, "ann", "a wrong password, somehow");
    let shown = |answer: &Answer| answer.between("<main", "</main>").replace(&answer.hidden("csrf"), "");
    assert_eq!((unknown.status, wrong.status), (403, 403));
    assert_eq!(shown(&unknown).replace("\"zoe\"", "\"ann\""), shown(&wrong));

    for _ in 0..9 {
        assert_eq!(log_in(&mut mallory, "ann", "a wrong password, somehow").status, 403);
    }
    let limited = log_in(&mut mallory, "ann", PASSWORD); // it is not looked at any more
    assert_eq!(limited.status, 429);
    assert!(limited.header("retry-after").unwrap().parse::<u64>().unwrap() > 60);
    for _ in 0..9 {
        log_in(&mut mallory, "zoe", "a wrong password, somehow");
    }
    assert_eq!(log_in(&mut mallory, "zoe", PASSWORD).status, 429); // nor does that tell who has an account
    recorded(&server, &["rate_limit_exceeded", "wrong password or no account"]);
}

#[test]
fn cookies_that_were_not_issued_open_nothing() {
    let server = Server::start("cookies");
    let mut ann = registered(&server, "ann");
    let token = ann.cookies["__Host-session"].clone();
    let (key, secret) = token.split_once('.').unwrap();
    for forged in [
        format!("{key}.{}", "A".repeat(secret.len())),
        format!("{}.{secret}", "A".repeat(key.len())),
        "x".to_owned(),
        format!("{token}; __Host-session={token}"),
    ] {
        let mut mallory = server.browser("Mallory");
        mallory.cookies.insert("__Host-session".to_owned(), forged);
        assert_eq!(mallory.get("/notes").location(), "/login?next=/notes");
        assert_eq!(mallory.get("/api/me").status, 401);
    }
    assert_eq!(ann.get("/notes").status, 200);
    recorded(&server, &["session: Malformed", "session: Mismatch", "session: Unknown"]);
}

#[test]
fn what_is_somebody_elses_is_as_if_it_were_not_there() {
    let server = Server::start("others");
    let (mut ann, mut bob) = (registered(&server, "ann"), registered(&server, "bob"));
    ann.submit("/notes", "/notes", &[("text", "of Ann alone")]);
    let delete = ann.get("/notes").between("action=\"/notes/", "\"");
    let delete = format!("/notes/{delete}");
    let (others, missing) =
        (bob.submit("/notes", &delete, &[]), bob.submit("/notes", "/notes/AAAA/delete", &[]));
    assert_eq!((others.status, missing.status), (404, 404));
    assert_eq!(others.body, missing.body);
    assert!(ann.get("/notes").says("of Ann alone"));

    let mut again = server.browser("Another of Ann");
    log_in(&mut again, "ann", PASSWORD);
    let session = ann.get("/account").hidden("id");
    assert_eq!(bob.submit("/account", "/account/sessions/end", &[("id", &session)]).status, 404);
    assert_eq!(again.get("/notes").status, 200);

    assert_eq!(bob.get("/admin").status, 403);
    assert_eq!(bob.get("/admin/audit").status, 403);
    recorded(&server, &["users:manage is not granted", "audit:read is not granted"]);
}

#[test]
fn what_cannot_be_taken_is_said_beside_its_field() {
    let server = Server::start("fields");
    let mut ann = server.browser("Ann");
    let fields = [("name", "x"), ("email", "nowhere"), ("password", "short")];
    let refused = ann.submit("/register", "/register", &fields);
    assert_eq!(refused.status, 422);
    for field in ["name", "email", "password"] {
        assert!(refused.says(&format!("id=\"{field}-error\"")), "{field}: {}", refused.body);
    }
    assert!(refused.says("at least 15 characters, please") && !refused.says("short"));
    registered(&server, "ann");
    let taken = register(&mut ann, "Ann");
    assert_eq!((taken.status, taken.says("This name is taken.")), (422, true));
}

#[test]
fn a_log_in_leads_to_pages_of_this_site_alone() {
    let server = Server::start("targets");
    let mut ann = registered(&server, "ann");
    ann.submit("/notes", "/logout", &[]);
    for (next, leads_to) in [
        ("/account", "/account"),
        ("https://evil.example", "/notes"),
        ("//evil.example", "/notes"),
        ("/\\evil.example", "/notes"),
    ] {
        let mut browser = server.browser("Ann");
        let answer =
            browser.submit("/login", "/login", &[("name", "ann"), ("password", PASSWORD), ("next", next)]);
        assert_eq!(answer.location(), leads_to);
    }
}

#[test]
fn every_answer_has_the_headers_and_none_is_kept() {
    let server = Server::start("headers");
    let mut ann = registered(&server, "ann");
    for (path, status) in
        [("/notes", 200), ("/nowhere", 404), ("/admin", 403), ("/logout", 405), ("/api/me", 200)]
    {
        let answer = ann.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"), "{path}");
    }
    let page = ann.get("/notes");
    let nonce = page.between("<script nonce=\"", "\"");
    assert!(page.header("content-security-policy").unwrap().contains(&format!("'nonce-{nonce}'")));
    assert_ne!(nonce, ann.get("/notes").between("<script nonce=\"", "\""));
}

fn registered(server: &Server, name: &str) -> Browser {
    let mut browser = server.browser(name);
    assert_eq!(register(&mut browser, name).location(), "/notes");
    browser
}

fn register(browser: &mut Browser, name: &str) -> Answer {
    let email = format!("{name}@example.com");
    browser.submit("/register", "/register", &[("name", name), ("email", &email), ("password", PASSWORD)])
}

fn log_in(browser: &mut Browser, name: &str, password: &str) -> Answer {
    browser.submit("/login", "/login", &[("name", name), ("password", password), ("next", "")])
}

/// Waits until all `texts` are on record: a thread of its own writes the audit log.
fn recorded(server: &Server, texts: &[&str]) {
    for _ in 0..200 {
        let log = fs::read_to_string(server.folder.join("audit.jsonl")).unwrap();
        if texts.iter().all(|text| log.contains(text)) {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("{texts:?} are not all on record");
}

const PASSWORD: &str = "correct horse battery staple";
