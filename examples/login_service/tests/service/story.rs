//! What users of the service live through, over HTTP, in the order in which they do.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::browser::{Answer, Browser};
use crate::server::Server;
use palisade::session::otp::{Otp, OtpSecret};

#[test]
#[expect(clippy::too_many_lines, reason = "it is one story")]
fn an_account_from_its_registration_to_the_log_out() {
    let mut server = Server::start("story");

    // Ann registers, and is logged in.
    let mut ann = server.browser("Firefox of Ann");
    assert_eq!(register(&mut ann, "Ann", FIRST).location(), "/notes");
    assert!(ann.get("/api/me").says(r#"{"name":"ann","role":"member","second_factor":false}"#));

    // She keeps a note, which the disk does not tell.
    let kept = ann.submit("/notes", "/notes", &[("text", "the cat is called <Tom>\r\nand eats fish")]);
    assert_eq!(kept.location(), "/notes");
    assert!(ann.get("/notes").says("the cat is called &#60;Tom&#62;\nand eats fish"));
    for file in fs::read_dir(&server.folder).unwrap() {
        let content = fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains("the cat is called"));
    }

    // She logs in elsewhere, sees it in the list, and ends it from here.
    let mut library = server.browser("A computer in the library");
    assert_eq!(log_in(&mut library, "ann", FIRST).location(), "/notes");
    let devices = ann.get("/account");
    assert!(
        devices.says("Firefox of Ann <strong>(this one)</strong>")
            && devices.says("A computer in the library")
    );
    let id = devices.hidden("id");
    assert_eq!(
        ann.submit("/account", "/account/sessions/end", &[("id", &id)]).location(),
        "/account?done=sessions"
    );
    assert_eq!(library.get("/notes").location(), "/login?next=/notes");
    assert_eq!(ann.get("/notes").status, 200);

    // A changed password ends the sessions elsewhere, and changes the token of this one.
    assert_eq!(log_in(&mut library, "ann", FIRST).location(), "/notes");
    let wrong = ann.submit("/account/password", "/account/password", &[("old", SECOND), ("new", SECOND)]);
    assert_eq!((wrong.status, wrong.says("The password is wrong.")), (403, true));
    let mut before = ann.clone();
    let changed = ann.submit("/account/password", "/account/password", &[("old", FIRST), ("new", SECOND)]);
    assert_eq!(changed.location(), "/account?done=password");
    for ended in [&mut library, &mut before] {
        assert_eq!(ended.get("/notes").location(), "/login?next=/notes");
    }
    assert_eq!(ann.get("/notes").status, 200);

    // She forgets it, and is sent a link that works once. Nobody learns whether there is such an account.
    let mut lost = server.browser("Firefox of Ann");
    let sent = lost.submit("/forgot", "/forgot", &[("name", "ann")]);
    let nobody = lost.submit("/forgot", "/forgot", &[("name", "nobody")]);
    assert_eq!(sent.between("<main", "</main>"), nobody.between("<main", "</main>"));
    let letter = server.letter();
    assert!(letter.starts_with("To ann@example.com: "));
    let (_, link) = letter.split_once(&server.origin).unwrap();
    let form = lost.get(link);
    let (csrf, ticket) = (form.hidden("csrf"), form.hidden("ticket"));
    let fields = [("csrf", csrf.as_str()), ("name", "ann"), ("ticket", &ticket), ("password", THIRD)];
    assert_eq!(lost.post("/reset", &fields).location(), "/login?reset=done");
    assert_eq!(lost.post("/reset", &fields).status, 404);
    assert_eq!(lost.get(link).status, 404);
    assert_eq!(ann.get("/notes").location(), "/login?next=/notes");
    assert_eq!(log_in(&mut ann, "ann", SECOND).status, 403);
    assert_eq!(log_in(&mut ann, "ann", THIRD).location(), "/notes");

    // She sets up a second factor, and logs in with it.
    let enrolment = ann.submit("/account/second-factor", "/account/second-factor/begin", &[]);
    assert!(enrolment.says("<svg "));
    let secret = OtpSecret::from_base32(&enrolment.between("<code>", "</code>")).unwrap();
    let csrf = enrolment.hidden("csrf");
    let finish = |ann: &mut Browser, code: &str| {
        ann.post("/account/second-factor/finish", &[("csrf", csrf.as_str()), ("code", code)])
    };
    assert_eq!(finish(&mut ann, &code_in(&secret, Duration::from_secs(3000))).status, 403);
    let enrolled = code_in(&secret, Duration::ZERO);
    let codes = finish(&mut ann, &enrolled);
    assert_eq!(codes.body.matches("<li>").count(), 10, "{}", codes.body);
    let recovery = codes.between("<li><code>", "</code>");
    assert!(ann.get("/api/me").says(r#""second_factor":true"#));

    let mut phone = server.browser("Telephone of Ann");
    let second = log_in(&mut phone, "ann", THIRD);
    assert_eq!((second.status, phone.get("/notes").location()), (200, "/login?next=/notes"));
    let wrong = show_code(&mut phone, &second, &enrolled); // once is all
    assert_eq!((wrong.status, wrong.says("The code is not valid.")), (403, true));
    let next_code = code_in(&secret, Duration::from_secs(30));
    assert_eq!(show_code(&mut phone, &second, &next_code).location(), "/notes");

    let mut tablet = server.browser("Tablet of Ann");
    let second = log_in(&mut tablet, "ann", THIRD);
    assert_eq!(show_code(&mut tablet, &second, &recovery).location(), "/notes");
    assert!(tablet.get("/account/second-factor").says("You have 9 recovery codes left."));

    // Before a step that matters she is asked once more, and her session goes on under a new token.
    let codes: Vec<&str> = codes.body.split("<li><code>").skip(2).map(|rest| &rest[..19]).collect();
    let mut before = tablet.clone();
    let confirm = |browser: &mut Browser, proof| {
        browser.submit("/confirm", "/confirm", &[("proof", proof), ("next", "/account")])
    };
    assert_eq!(confirm(&mut tablet, &recovery).status, 403); // it was spent
    assert_eq!(confirm(&mut tablet, codes[0]).location(), "/account");
    assert_eq!(before.get("/notes").location(), "/login?next=/notes");
    assert_eq!(tablet.get("/notes").status, 200);

    // Whoever runs the service makes her an administrator. Sessions outlive the restart.
    let mut bob = server.browser("Opera of Bob");
    register(&mut bob, "bob", FIRST);
    assert_eq!(bob.get("/admin").status, 403);
    server.restart(&["--admin", "ann"]);
    for browser in [&mut ann, &mut bob] {
        browser.origin.clone_from(&server.origin);
    }
    let users = ann.get("/admin");
    assert!(users.says("bob@example.com"), "{}", users.body);
    assert_eq!(bob.get("/admin").status, 403);
    assert_eq!(ann.submit("/admin", "/admin/role", &[("name", "ann"), ("role", "member")]).status, 403);
    assert_eq!(ann.submit("/admin", "/admin/role", &[("name", "bob"), ("role", "emperor")]).status, 404);
    assert_eq!(
        ann.submit("/admin", "/admin/role", &[("name", "bob"), ("role", "admin")]).location(),
        "/admin"
    );
    // An administrator without a second factor sets one up first.
    assert_eq!(bob.get("/admin").location(), "/account/second-factor");

    // The audit log is whole, until somebody edits it.
    let audit = ann.get("/admin/audit");
    assert!(audit.says("The log is whole") && audit.says("authz_change"), "{}", audit.body);
    let path = server.folder.join("audit.jsonl");
    let log = fs::read_to_string(&path).unwrap();
    assert!(!log.contains(FIRST) && !log.contains(&ticket));
    fs::write(&path, log.replacen("Firefox of Ann", "Firefox of Eve", 1)).unwrap();
    let audit = ann.get("/admin/audit");
    assert!(audit.says("class=\"alarm\"") && audit.says("not as it was written"), "{}", audit.body);

    // She takes the second factor away, which ends her sessions elsewhere.
    let removed = ann.submit("/account/second-factor", "/account/second-factor/remove", &[]);
    assert_eq!(removed.location(), "/account/second-factor");
    tablet.origin.clone_from(&server.origin);
    assert_eq!(tablet.get("/notes").location(), "/login?next=/notes");
    assert_eq!(ann.get("/admin").location(), "/account/second-factor");

    // She logs out: the session has ended, and the browser forgets what it saw.
    let mut stolen = ann.clone();
    let out = ann.submit("/notes", "/logout", &[]);
    assert_eq!(out.location(), "/login");
    assert_eq!(out.header("clear-site-data"), Some("\"cache\", \"cookies\", \"storage\""));
    assert_eq!(stolen.get("/notes").location(), "/login?next=/notes");
}

fn register(browser: &mut Browser, name: &str, password: &str) -> Answer {
    let email = format!("{}@example.com", name.to_lowercase());
    let fields = [("name", name), ("email", &email), ("password", password)];
    browser.submit("/register", "/register", &fields)
}

fn log_in(browser: &mut Browser, name: &str, password: &str) -> Answer {
    browser.submit("/login", "/login", &[("name", name), ("password", password), ("next", "")])
}

/// The second step of a log-in.
fn show_code(browser: &mut Browser, page: &Answer, code: &str) -> Answer {
    let hidden = |name| page.hidden(name);
    let (csrf, name, ticket) = (hidden("csrf"), hidden("name"), hidden("ticket"));
    let fields =
        [("csrf", csrf.as_str()), ("name", &name), ("ticket", &ticket), ("next", ""), ("code", code)];
    browser.post("/login/code", &fields)
}

/// What the authenticator will show then.
fn code_in(secret: &OtpSecret, wait: Duration) -> String {
    Otp::default().at(secret, SystemTime::now() + wait).unwrap().expose().to_owned()
}

const FIRST: &str = "correct horse battery staple";
const SECOND: &str = "eleven purple teapots dancing";
const THIRD: &str = "seven quiet lanterns floating";
