//! Secrets from environment, files and folders: order, refusals, and what errors say.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use palisade::config::{ConfigError, Environment, KeyBytes, Reason, Source, Value};
use palisade::secret::{ExposeSecret, SecretBytes, SecretString};
use proptest::prelude::*;

palisade::secrets! {
    /// The struct of the seed.
    pub struct AppSecrets {
        db_password: "DB_PASSWORD",
        api_key: "API_KEY",
        /// Signs sessions.
        jwt_secret: "JWT_SECRET"
    }
}

palisade::secrets! {
    struct Typed {
        text: "TEXT" { min_len: 8 },
        bytes: "BYTES" as SecretBytes,
        key: "KEY" as KeyBytes<32>,
        optional: "OPTIONAL" as Option<SecretString> { min_len: 8 },
    }
}

palisade::secrets! { struct One { value: "A_NAME" } }
palisade::secrets! { struct OneKey { value: "A_NAME" as KeyBytes<16> } }
palisade::secrets! { struct OneBytes { value: "A_NAME" as SecretBytes } }

/// A folder of this test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("config-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> OsString {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn one(value: &str) -> Result<String, Reason> {
    from_vars([("A_NAME", OsString::from(value))])
}

fn from_vars<const N: usize>(variables: [(&str, OsString); N]) -> Result<String, Reason> {
    let secrets = One::from_source(&Environment::from_vars(variables));
    secrets.map(|one| one.value.expose_secret().to_owned()).map_err(|error| error.problems()[0].reason())
}

#[test]
fn every_missing_name_is_in_one_error() {
    let error = AppSecrets::from_source(&Environment::from_vars([("API_KEY", "")])).unwrap_err();
    assert_eq!(error.missing().collect::<Vec<_>>(), ["DB_PASSWORD", "API_KEY", "JWT_SECRET"]);
    let shown = error.to_string();
    assert!(
        ["DB_PASSWORD", "API_KEY", "JWT_SECRET", "DB_PASSWORD_FILE"].iter().all(|name| shown.contains(name))
    );
}

#[test]
fn values_are_found_and_never_shown() {
    let variables = [("DB_PASSWORD", "pw-one-1"), ("API_KEY", "key-two-2"), ("JWT_SECRET", "jwt-three-3")];
    let secrets = AppSecrets::from_source(&Environment::from_vars(variables)).unwrap();
    assert_eq!(secrets.db_password.expose_secret(), "pw-one-1");
    assert_eq!(secrets.api_key.expose_secret(), "key-two-2");
    assert_eq!(secrets.jwt_secret.expose_secret(), "jwt-three-3");
    let shown = format!("{secrets:?}");
    assert!(variables.iter().all(|(_, value)| !shown.contains(value)), "{shown}");
}

#[test]
fn a_file_wins_over_nothing_and_loses_one_newline() {
    let folder = Folder::new("newline");
    let cases: [(&[u8], &str); 7] = [
        (b"s3cr3t-value", "s3cr3t-value"),
        (b"s3cr3t-value\n", "s3cr3t-value"),
        (b"s3cr3t-value\r\n", "s3cr3t-value"),
        (b"s3cr3t-value\n\n", "s3cr3t-value\n"),
        (b"s3cr3t-value\r", "s3cr3t-value\r"),
        (b" s3cr3t value ", " s3cr3t value "),
        ("s3cr3t-\u{fc}\0".as_bytes(), "s3cr3t-\u{fc}\0"),
    ];
    for (content, expected) in cases {
        let path = folder.write("secret", content);
        assert_eq!(from_vars([("A_NAME_FILE", path)]).as_deref(), Ok(expected));
    }
    assert_eq!(one("s3cr3t-value\n").as_deref(), Ok("s3cr3t-value\n")); // not from a file: every byte counts
}

#[test]
fn binary_files_keep_every_byte() {
    let folder = Folder::new("binary");
    let path = folder.write("secret", b"\xff\x00\xfe\n");
    let environment = Environment::from_vars([("A_NAME_FILE", path)]);
    let secrets = OneBytes::from_source(&environment).unwrap();
    assert_eq!(secrets.value.expose_secret(), b"\xff\x00\xfe\n");
}

#[test]
fn order_is_file_then_credential_folder_then_variable() {
    let folder = Folder::new("order");
    let file = folder.write("some-file", "from-the-file");
    folder.write("A_NAME", "from-the-folder\n");
    let directory = || ("CREDENTIALS_DIRECTORY", OsString::from(&folder.0));
    let value = || ("A_NAME", OsString::from("from-the-variable"));
    assert_eq!(from_vars([("A_NAME_FILE", file.clone()), directory()]).as_deref(), Ok("from-the-file"));
    assert_eq!(from_vars([directory(), value()]).as_deref(), Ok("from-the-folder"));
    assert_eq!(from_vars([value()]).as_deref(), Ok("from-the-variable"));
    assert_eq!(from_vars([("A_NAME_FILE", file), value()]), Err(Reason::SetTwice));

    let empty = Folder::new("order-empty");
    let other = ("CREDENTIALS_DIRECTORY", OsString::from(&empty.0));
    assert_eq!(from_vars([other.clone(), value()]).as_deref(), Ok("from-the-variable"));
    assert_eq!(from_vars([other.clone()]), Err(Reason::Missing));
    empty.write("A_NAME", "\n");
    assert_eq!(from_vars([other, value()]).as_deref(), Ok("from-the-variable"));
    assert_eq!(one(" \t\r\n"), Err(Reason::Missing));
    assert_eq!(from_vars([("A_NAME_FILE", OsString::new()), value()]).as_deref(), Ok("from-the-variable"));
}

#[test]
fn files_that_cannot_be_read_are_errors_and_not_absences() {
    let folder = Folder::new("unreadable");
    let absent = folder.0.join("absent").into();
    assert_eq!(from_vars([("A_NAME_FILE", absent)]), Err(Reason::Unreadable(io::ErrorKind::NotFound)));
    let directory = OsString::from(&folder.0);
    assert_eq!(from_vars([("A_NAME_FILE", directory)]), Err(Reason::Unreadable(io::ErrorKind::IsADirectory)));
    let nul = OsString::from("with\0nul");
    assert_eq!(from_vars([("A_NAME_FILE", nul)]), Err(Reason::Unreadable(io::ErrorKind::InvalidInput)));
    let empty = folder.write("empty", "\n");
    assert_eq!(from_vars([("A_NAME_FILE", empty)]), Err(Reason::Missing));
    let blank = folder.write("blank", "\r\n \n");
    assert_eq!(from_vars([("A_NAME_FILE", blank)]), Err(Reason::Missing));
    let huge = folder.write("huge", vec![b'x'; 65_537]);
    assert_eq!(from_vars([("A_NAME_FILE", huge)]), Err(Reason::TooLong));
    let latin = folder.write("latin", b"gr\xfc\xdfe-an-alle");
    assert_eq!(from_vars([("A_NAME_FILE", latin)]), Err(Reason::NotUtf8));
    let optional = Environment::from_vars([("OPTIONAL_FILE", folder.0.join("absent"))]);
    let error = Typed::from_source(&optional).unwrap_err();
    assert!(error.problems().iter().any(|problem| problem.name() == "OPTIONAL"), "{error}");
    let emptied = Environment::from_vars([("OPTIONAL_FILE", folder.write("emptied", ""))]);
    assert!(Typed::from_source(&emptied).unwrap_err().missing().any(|name| name == "OPTIONAL"));
}

#[cfg(target_os = "linux")]
#[test]
fn endless_files_are_refused_in_bounded_memory() {
    assert_eq!(from_vars([("A_NAME_FILE", OsString::from("/dev/zero"))]), Err(Reason::TooLong));
    assert_eq!(from_vars([("A_NAME_FILE", OsString::from("/dev/null"))]), Err(Reason::Missing));
}

#[test]
fn placeholders_are_refused_with_a_reason() {
    for placeholder in [
        "changeme",
        "ChangeMe",
        "change-me",
        "CHANGE_ME!",
        "please-change-me-in-production",
        "admin123",
        "password",
        "Password1",
        "secret",
        "s-e-c-r-e-t",
        "your-api-key-here",
        "<placeholder>",
        "replace_me",
        "todo",
        "null",
        "example",
        "hunter2",
        "REDACTED",
        "your-256-bit-secret",
        "minioadmin",
        "insert-key-here",
        "TODO: set",
        "1234",
        "REDACTED",
        "your-256-bit-secret",
        "minioadmin",
        "insert-key-here",
        "TODO: set",
        "12345678",
        "sk-1234567890abcdef",
        "letmein",
        " secret ",
    ] {
        assert_eq!(one(placeholder), Err(Reason::Placeholder), "{placeholder}");
    }
    for own in ["A_NAME", "a_name", "a-name", "aname"] {
        assert_eq!(one(own), Err(Reason::OwnName), "{own}");
    }
    for unfilled in [
        "$DB_PASSWORD", "__DB_PASSWORD__", "op://vault/db/password", "#{db}", "ENC[AES256]",
        "${DB_PASSWORD}", "{{ db_password }}", "<db password>", "$(cat /run/x)", "%DB_PASSWORD%",
    ] {
        assert_eq!(one(unfilled), Err(Reason::Unfilled), "{unfilled}");
    }
    for repeated in ["xxxxxxxx", "0", "********", "ääää"] {
        assert_eq!(one(repeated), Err(Reason::Repetition), "{repeated}");
    }
    for real in [
        "correct horse battery staple",
        "Pa55w0rd-but-longer-than-that",
        "9f86d081884c7d65",
        "kN3$",
        "passwordless-4711",
    ] {
        assert_eq!(one(real).as_deref(), Ok(real), "{real}");
    }
}

#[test]
fn types_and_lengths_are_checked_field_by_field() {
    let variables = |text: &str, key: &str| {
        let pairs = [("TEXT", text), ("BYTES", "some bytes"), ("KEY", key)];
        Typed::from_source(&Environment::from_vars(pairs))
    };
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let good = variables("longer than eight", hex).unwrap();
    assert_eq!(good.key.expose_secret()[31], 31);
    assert_eq!(good.bytes.expose_secret(), b"some bytes");
    assert!(good.optional.is_none());
    assert_eq!(good.text.len(), 17);

    let bad = variables("short", "tooshort").unwrap_err();
    let reasons: Vec<_> = bad.problems().iter().map(|problem| (problem.name(), problem.reason())).collect();
    assert_eq!(reasons, [("TEXT", Reason::TooShort(8)), ("KEY", Reason::NotKeyBytes(32))]);
}

#[test]
fn key_bytes_read_every_common_spelling_and_no_other_length() {
    let key = |text: &str| {
        let secrets = OneKey::from_source(&Environment::from_vars([("A_NAME", text)]));
        secrets.map(|secrets| *secrets.value.expose_secret()).map_err(|error| error.problems()[0].reason())
    };
    let bytes = [0xfb, 0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xfc];
    for text in [
        "fbff02030405060708090a0b0c0d0efc",
        "FBFF02030405060708090A0B0C0D0EFC",
        "+/8CAwQFBgcICQoLDA0O/A==",
        "+/8CAwQFBgcICQoLDA0O/A",
        "-_8CAwQFBgcICQoLDA0O_A==",
        "-_8CAwQFBgcICQoLDA0O_A",
    ] {
        assert_eq!(key(text), Ok(bytes), "{text}");
    }
    for text in [
        "fbff02030405060708090a0b0c0d0ef",
        "fbff02030405060708090a0b0c0d0efc00",
        "fbff02030405060708090a0b0c0d0efg",
        "+/8CAwQFBgcICQoLDA0O/B==",
        "+/8CAwQFBgcICQoLDA0O/A=",
        "+_8CAwQFBgcICQoLDA0O/A",
        "+/8CAwQFBgcICQoLDA0O",
    ] {
        assert_eq!(key(text), Err(Reason::NotKeyBytes(16)), "{text}");
    }
}

#[test]
fn a_source_that_is_down_is_not_an_absence() {
    struct Down;
    impl Source for Down {
        fn value(&self, _: &str) -> Result<Option<Value>, Reason> {
            Err(Reason::Unavailable)
        }
    }
    let error: ConfigError = Typed::from_source(&Down).unwrap_err();
    assert_eq!(error.problems().len(), 4); // the optional field too
    assert_eq!(error.missing().count(), 0);
}

#[test]
fn any_source_may_be_lent_or_shared() {
    struct Map(BTreeMap<&'static str, &'static str>);
    impl Source for Map {
        fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
            Ok(self.0.get(name).map(|text| Value::exact(SecretBytes::from(text.as_bytes()))))
        }
    }
    let map = Map(BTreeMap::from([("A_NAME", "from-a-vault")]));
    let lent: &dyn Source = &map;
    assert_eq!(One::from_source(lent).unwrap().value.expose_secret(), "from-a-vault");
    let boxed: Box<dyn Source> = Box::new(map);
    assert!(One::from_source(&boxed).is_ok() && One::from_source(&*boxed).is_ok());
    let shared: Arc<dyn Source> = boxed.into();
    assert!(One::from_source(&shared).is_ok());
}

#[test]
fn names_never_lead_out_of_the_credential_folder() {
    let folder = Folder::new("traversal");
    folder.write("secret", "outside-the-folder");
    let inner = folder.0.join("inner");
    fs::create_dir_all(&inner).unwrap();
    let environment = Environment::from_vars([("CREDENTIALS_DIRECTORY", &inner)]);
    for name in ["../secret", "/etc/hostname", "", "a/b", "a\0"] {
        assert!(environment.value(name).unwrap().is_none(), "{name:?}");
    }
}

#[test]
fn keys_of_one_repeated_byte_are_refused_in_every_spelling() {
    for text in ["AAAAAAAAAAAAAAAAAAAAAA==", "01010101010101010101010101010101", "/////////////////////w=="] {
        let error = OneKey::from_source(&Environment::from_vars([("A_NAME", text)])).map(|_| ()).unwrap_err();
        assert_eq!(error.problems()[0].reason(), Reason::Repetition, "{text}");
    }
}

/// `from_env()` reads the real environment: this test runs itself again with variables set.
#[test]
fn from_env_reads_the_process_environment_and_files() {
    if std::env::var_os("PALISADE_TEST_CHILD").is_some() {
        let secrets = AppSecrets::from_env().unwrap();
        assert_eq!(secrets.db_password.expose_secret(), "pw-from-file");
        assert_eq!(secrets.api_key.expose_secret(), "key-from-folder");
        assert_eq!(secrets.jwt_secret.expose_secret(), "jwt-from-variable");
        return;
    }
    let folder = Folder::new("process");
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "from_env_reads_the_process_environment_and_files", "--quiet"])
        .env("PALISADE_TEST_CHILD", "1")
        .env("DB_PASSWORD_FILE", folder.write("db", "pw-from-file\n"))
        .env("CREDENTIALS_DIRECTORY", &folder.0)
        .env("API_KEY", "key-from-variable")
        .env("JWT_SECRET", "jwt-from-variable")
        .current_dir(folder.write("API_KEY", "key-from-folder").to_str().map(|_| &folder.0).unwrap())
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    assert!(String::from_utf8_lossy(&status.stdout).contains("1 passed"), "the child ran no test");

    let missing = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "from_env_reads_the_process_environment_and_files", "--quiet"])
        .env("PALISADE_TEST_CHILD", "1")
        .output()
        .unwrap();
    assert!(!missing.status.success(), "secrets were found that nobody set");
}

proptest! {
    #[test]
    fn errors_never_contain_the_value(value in "\\PC{6,40}") {
        let pairs = [("TEXT", value.as_str()), ("BYTES", &value), ("KEY", &value), ("OPTIONAL", &value)];
        if let Err(error) = Typed::from_source(&Environment::from_vars(pairs)) {
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&value), "{}", shown);
        }
    }
}

#[test]
fn live_secrets_change_as_a_whole_and_survive_what_cannot_be_read() {
    let folder = Folder::new("live");
    let (user, password) = (folder.write("user", "user-1"), folder.write("password", "pw-number-1"));
    palisade::secrets! { struct Pair { user: "PAIR_USER", password: "PAIR_PASSWORD" } }
    let pair =
        Pair::live(Environment::from_vars([("PAIR_USER_FILE", user), ("PAIR_PASSWORD_FILE", password)]))
            .unwrap();
    let shown = |pair: &Pair| format!("{} {}", pair.user.expose_secret(), pair.password.expose_secret());
    assert!(!pair.reload().unwrap());
    let held = pair.current();
    folder.write("user", "user-2\n");
    folder.write("password", "pw-number-2\n");
    assert!(pair.clone().reload().unwrap());
    assert_eq!(shown(&pair.current()), "user-2 pw-number-2");
    assert_eq!(shown(&held), "user-1 pw-number-1"); // whoever is at work finishes with what it began with

    folder.write("password", "changeme");
    assert_eq!(pair.reload().unwrap_err().problems()[0].reason(), Reason::Placeholder);
    fs::remove_file(folder.0.join("user")).unwrap();
    assert_eq!(pair.reload().unwrap_err().problems().len(), 2);
    assert_eq!(shown(&pair.current()), "user-2 pw-number-2");
}

/// Tells that a reading is held up, and waits until it may go on.
type HoldUp = (Sender<()>, Receiver<()>);

/// Answers with what there is; a reading is held up once, after it has been answered.
#[derive(Clone, Default)]
struct SlowVault {
    state: Arc<Mutex<&'static str>>,
    held_up: Arc<Mutex<Option<HoldUp>>>,
    /// Answers until then.
    answers: Arc<AtomicU32>,
}

impl Source for SlowVault {
    fn value(&self, _: &str) -> Result<Option<Value>, Reason> {
        let state = *self.state.lock().unwrap();
        // Two readings in a row must be the same: the second is held up.
        if self.answers.fetch_add(1, Ordering::SeqCst) % 2 == 1
            && let Some((tell, wait)) = self.held_up.lock().unwrap().take()
        {
            tell.send(()).unwrap();
            wait.recv().unwrap();
        }
        Ok(Some(Value::exact(state.as_bytes().to_vec().into())))
    }
}

#[test]
fn a_slow_reading_is_not_put_in_place_of_a_newer_one() {
    palisade::secrets! { struct Slow { password: "SLOW_PASSWORD" } }
    let vault = SlowVault::default();
    *vault.state.lock().unwrap() = "pw-number-0";
    let slow = Slow::live(vault.clone()).unwrap();
    *vault.state.lock().unwrap() = "pw-number-1";
    let ((tell, told), (go, wait)) = (channel(), channel());
    *vault.held_up.lock().unwrap() = Some((tell, wait));
    thread::scope(|scope| {
        let first = scope.spawn(|| slow.reload().unwrap());
        told.recv().unwrap();
        *vault.state.lock().unwrap() = "pw-number-2";
        let second = scope.spawn(|| slow.reload().unwrap());
        // It waits for the first. If it did not, it would be done by then.
        for _ in 0..100 {
            if second.is_finished() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        go.send(()).unwrap();
        assert!(first.join().unwrap() && second.join().unwrap());
    });
    assert_eq!(slow.current().password.expose_secret(), "pw-number-2");
}

#[cfg(unix)]
#[test]
fn live_secrets_never_mix_two_states_of_their_files() {
    // As Kubernetes does it: a link is moved from one folder to the next, in one step.
    let folder = Folder::new("mix");
    for state in 0..2 {
        let inner = folder.0.join(format!("state-{state}"));
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("MIX_USER"), format!("user-{state}")).unwrap();
        fs::write(inner.join("MIX_PASSWORD"), format!("pw-{state}")).unwrap();
    }
    palisade::secrets! { struct Mix { user: "MIX_USER", password: "MIX_PASSWORD" } }
    let point = |state: usize| {
        let new = folder.0.join("new");
        std::os::unix::fs::symlink(folder.0.join(format!("state-{state}")), &new).unwrap();
        fs::rename(new, folder.0.join("data")).unwrap();
    };
    point(0);
    let mix = Mix::live(Environment::from_vars([("CREDENTIALS_DIRECTORY", folder.0.join("data"))])).unwrap();
    let (changes, heard) = channel();
    let watcher = mix.watch(Duration::from_micros(50), move |change| {
        let seen = change.map(|mix| {
            (mix.user.expose_secret()[5..].to_owned(), mix.password.expose_secret()[3..].to_owned())
        });
        changes.send(seen).unwrap();
    });
    for round in 1..500 {
        point(round % 2);
        let (user, password) = heard.recv().unwrap().unwrap();
        assert_eq!((&user, &password), (&(round % 2).to_string(), &user));
    }
    drop(watcher);
}
