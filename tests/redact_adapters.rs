//! Redaction as subscribers of `tracing` and loggers of `log` meet it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]
#![cfg(any(feature = "tracing", feature = "log"))]

use palisade::redact::Redactor;

/// Its marks are in two pieces, for programs that look for keys in source.
fn private_key() -> String {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n".repeat(3);
    let mark = |word: &str| format!("-----{word} PRIVATE KEY-----");
    format!("{}\n{body}{}", mark("BEGIN"), mark("END"))
}

#[cfg(feature = "tracing")]
mod tracing_adapters {
    use super::*;
    use serde_json::{Value, json};
    use std::error::Error;
    use std::fmt;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing::{Dispatch, dispatcher, error, info, info_span};
    use tracing_subscriber::fmt::format::{self, DefaultFields, FmtSpan, JsonFields, Pretty};
    use tracing_subscriber::fmt::{MakeWriter, SubscriberBuilder};

    #[derive(Clone, Debug, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>, Arc<Mutex<usize>>);

    impl Buffer {
        fn text(&self) -> String {
            String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
        }
    }

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            *self.1.lock().unwrap() += 1;
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Buffer {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Wrapped {
        Nothing,
        Writer,
        Formats,
        All,
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Form {
        Full,
        Compact,
        Pretty,
        Json,
        FlatJson,
    }

    const FORMS: [Form; 5] = [Form::Full, Form::Compact, Form::Pretty, Form::Json, Form::FlatJson];

    fn base() -> SubscriberBuilder {
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE)
    }

    fn dispatch(form: Form, ansi: bool, wrapped: Wrapped, buffer: &Buffer) -> Dispatch {
        let redactor = Redactor::default();
        macro_rules! build {
            ($format:expr, $fields:expr) => {{
                let (format, fields) = ($format, $fields);
                let base = base().with_ansi(ansi).with_span_events(FmtSpan::NEW);
                match wrapped {
                    Wrapped::Nothing => {
                        base.event_format(format).fmt_fields(fields).with_writer(buffer.clone()).into()
                    }
                    Wrapped::Writer => base
                        .event_format(format)
                        .fmt_fields(fields)
                        .with_writer(redactor.make_writer(buffer.clone()))
                        .into(),
                    Wrapped::Formats => base
                        .event_format(redactor.event_format(format))
                        .fmt_fields(redactor.fmt_fields(fields))
                        .with_writer(buffer.clone())
                        .into(),
                    Wrapped::All => base
                        .event_format(redactor.event_format(format))
                        .fmt_fields(redactor.fmt_fields(fields))
                        .with_writer(redactor.make_writer(buffer.clone()))
                        .into(),
                }
            }};
        }
        match form {
            Form::Full => build!(format::format().without_time(), DefaultFields::new()),
            Form::Compact => build!(format::format().without_time().compact(), DefaultFields::new()),
            Form::Pretty => build!(format::format().without_time().pretty(), Pretty::default()),
            Form::Json => build!(format::format().without_time().json(), JsonFields::new()),
            Form::FlatJson => {
                build!(format::format().without_time().json().flatten_event(true), JsonFields::new())
            }
        }
    }

    /// What is written of what `code` does.
    fn written(form: Form, ansi: bool, wrapped: Wrapped, code: impl Fn()) -> String {
        let buffer = Buffer::default();
        dispatcher::with_default(&dispatch(form, ansi, wrapped, &buffer), code);
        buffer.text()
    }

    #[derive(Debug)]
    struct Failure(&'static str, Option<Box<Failure>>);

    impl fmt::Display for Failure {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Failure {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    fn failure(text: &'static str, source: &'static str) -> Failure {
        Failure(text, Some(Box::new(Failure(source, None))))
    }

    #[test]
    fn clean_events_are_written_as_without_the_adapters() {
        let code = || {
            let outer = info_span!("outer", user = "ann", size = 17, later = tracing::field::Empty).entered();
            info!("plain");
            outer.record("later", "a \"quoted\" text");
            let _inner = info_span!("inner", ?FORMS, ratio = 0.5, ok = true).entered();
            outer.record("later", 3);
            let failed = failure("outer failure", "inner failure");
            error!(
                error = &failed as &(dyn Error + 'static),
                small = -1_i64,
                large = 1_u128 << 100,
                bytes = &b"abc"[..],
                text = "two\nlines\u{1b}[31m",
                shown = %"a b",
                none = ?None::<u8>,
                password = ?None::<&str>,
                "{} of {}", 1, 2
            );
            info!(parent: None, kind = "root");
            info!(parent: outer.id(), "child");
            info!(name: "named", target: "elsewhere", { a.b = 1, r#type = "x" }, "dotted");
        };
        for form in FORMS {
            for ansi in [false, true] {
                let bare = written(form, ansi, Wrapped::Nothing, code);
                assert!(bare.contains("inner failure") || form as u8 >= Form::Json as u8);
                for wrapped in [Wrapped::Writer, Wrapped::Formats, Wrapped::All] {
                    assert_eq!(
                        written(form, ansi, wrapped, code),
                        bare,
                        "{form:?}, ANSI {ansi}, {wrapped:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn secrets_are_hidden_in_every_format() {
        let secrets = ["hunter2", "k7Wq0pZt", "s3cr3tpart", "n0tSh0wn", "R4nd0mW0rd"];
        let code = || {
            let span = info_span!("login", api_key = "k7Wq0pZt", later = 1, token = tracing::field::Empty);
            let _span = span.enter();
            span.record("token", "n0tSh0wn");
            info!(password = "hunter2", url = "https://u:s3cr3tpart@host/", "welcome");
            info!("login password={}", "hunter2");
            let failed = failure("failed", "password=R4nd0mW0rd");
            error!(error = &failed as &(dyn Error + 'static), secret = ?Some("hunter2"));
        };
        for form in FORMS {
            for ansi in [false, true] {
                for wrapped in [Wrapped::Writer, Wrapped::Formats, Wrapped::All] {
                    let text = written(form, ansi, wrapped, code);
                    for secret in secrets {
                        assert!(
                            !text.contains(secret),
                            "{form:?}, ANSI {ansi}, {wrapped:?} shows {secret}:\n{text}"
                        );
                    }
                    assert!(text.contains("[REDACTED]") && text.contains("welcome"));
                    assert_eq!(text.contains('\u{1b}'), ansi && form as u8 <= Form::Pretty as u8);
                }
            }
        }
    }

    #[test]
    fn formats_hide_values_whole_by_their_names() {
        let code = || {
            let _span = info_span!("span", passphrase = %"correct horse battery", cvv = 4711).entered();
            info!(password = %"correct horse battery", card_cvv = 4711, session_token = ?Some("staple of wood"));
        };
        for form in FORMS {
            for wrapped in [Wrapped::Formats, Wrapped::All] {
                let text = written(form, false, wrapped, code);
                for shown in ["correct", "horse", "battery", "staple", "4711"] {
                    assert!(!text.contains(shown), "{form:?}, {wrapped:?} shows {shown}:\n{text}");
                }
            }
        }
    }

    #[test]
    fn full_format_shows_masks_in_place() {
        let code = || {
            let _span = info_span!("span", cvv = 4711, user = "ann").entered();
            info!(password = "hunter2", key = %"correct horse", status = 200, "welcome");
        };
        let text = written(Form::Full, false, Wrapped::Formats, code);
        let last = text.lines().last().unwrap();
        assert_eq!(
            last,
            " INFO span{cvv=[REDACTED] user=\"ann\"}: redact_adapters::tracing_adapters: welcome \
             password=\"[REDACTED]\" key=correct horse status=200"
        );
    }

    #[test]
    fn json_stays_json_and_keeps_types() {
        let code = || {
            let span = info_span!(
                "login",
                api_key = "k7Wq0pZt",
                attempt = 2,
                ratio = 0.5,
                late = tracing::field::Empty
            );
            let _span = span.enter();
            span.record("late", "password=\"a \\ b\"");
            let _inner = info_span!("inner", ok = true, cvv = 4711).entered();
            info!(password = 12_345_678, status = 200, quoted = r#"{"password":"x\"y z"}"#, ok = false, "in");
        };
        for wrapped in [Wrapped::Formats, Wrapped::All] {
            let text = written(Form::Json, false, wrapped, code);
            let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let last = lines.last().unwrap();
            let fields = &last["fields"];
            assert_eq!(fields["password"], "[REDACTED]");
            assert_eq!((&fields["status"], &fields["ok"]), (&json!(200), &json!(false)));
            assert_eq!(fields["quoted"], r#"{"password":"[REDACTED]"}"#);
            assert_eq!(last["span"], json!({"name": "inner", "ok": true, "cvv": "[REDACTED]"}));
            let login = &last["spans"][0];
            assert_eq!(login["api_key"], "[REDACTED]");
            assert_eq!((&login["attempt"], &login["ratio"]), (&json!(2), &json!(0.5)));
            assert_eq!(login["late"], "password=\"[REDACTED]\"");
        }
        for line in written(Form::Json, false, Wrapped::Writer, code).lines() {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }

    #[test]
    fn what_one_field_hides_no_other_shows() {
        let code = || {
            info!(password = "R4nd0mW0rd", retry = %"with R4nd0mW0rd", raw = "R4nd0mW0rd", "tried R4nd0mW0rd");
            info!(url = "https://u:s3cr3tpart@host/", part = "s3cr3tpart", "at last");
            info!(authorization = "Bearer R4nd0mW0rd77", "sent R4nd0mW0rd77");
        };
        for form in FORMS {
            for wrapped in [Wrapped::Writer, Wrapped::Formats, Wrapped::All] {
                let text = written(form, false, wrapped, code);
                assert!(!text.contains("R4nd0mW0rd"), "{form:?}, {wrapped:?}: {text}");
                assert!(!text.contains("s3cr3tpart"), "{form:?}, {wrapped:?}: {text}");
            }
        }
    }

    #[test]
    fn callsites_may_have_many_fields() {
        macro_rules! thirty_and {
            ($($more:tt)*) => {
                info!(
                    a0 = 0, a1 = 1, a2 = 2, a3 = 3, a4 = 4, a5 = 5, a6 = 6, a7 = 7, a8 = 8, a9 = 9,
                    b0 = 0, b1 = 1, b2 = 2, b3 = 3, b4 = 4, b5 = 5, b6 = 6, b7 = 7, b8 = 8, b9 = 9,
                    c0 = 0, c1 = 1, c2 = 2, c3 = 3, c4 = 4, c5 = 5, c6 = 6, c7 = 7, c8 = 8, c9 = 9,
                    $($more)*
                )
            };
        }
        let code = || {
            thirty_and!(user = "ann", password = "correct horse");
            thirty_and!(user = "ann", password = "correct horse", d0 = 17);
        };
        let bare = written(Form::Json, false, Wrapped::Nothing, code);
        let text = written(Form::Json, false, Wrapped::Formats, code);
        assert_eq!(text, bare.replace("correct horse", "[REDACTED]"));
        assert_eq!(serde_json::from_str::<Value>(text.lines().last().unwrap()).unwrap()["fields"]["d0"], 17);
    }

    #[test]
    fn private_keys_of_several_lines_are_hidden() {
        let code = || info!("loaded\n{}\nand more", private_key());
        for form in FORMS {
            for wrapped in [Wrapped::Writer, Wrapped::Formats, Wrapped::All] {
                let text = written(form, false, wrapped, code);
                assert!(!text.contains("MIIEv") && !text.contains("VJTUt"), "{form:?}, {wrapped:?}: {text}");
                assert!(text.contains("loaded") && text.contains("and more"));
            }
        }
    }

    #[test]
    fn events_of_spans_have_fields_of_their_own() {
        let buffer = Buffer::default();
        let redactor = Redactor::default();
        let subscriber = base()
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .event_format(redactor.event_format(format::format()))
            .fmt_fields(redactor.fmt_fields(DefaultFields::new()))
            .with_writer(buffer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            drop(info_span!("work", password = "hunter2", token = "k7Wq0pZt").entered());
        });
        let text = buffer.text();
        assert_eq!(text.matches("password=\"[REDACTED]\" token=\"[REDACTED]\"").count(), 4, "{text}");
        assert!(text.contains(": new") && text.contains(": close") && text.contains("time.busy="));
    }

    #[test]
    fn each_format_alone_hides_what_it_formats() {
        let redactor = Redactor::default();
        let events = Buffer::default();
        let spans = Buffer::default();
        let other = Buffer::default();
        let base = || base().with_ansi(false);
        let code = || {
            let _span = info_span!("span", password = "hunter2").entered();
            info!(password = %"correct horse");
        };
        let subscriber =
            base().event_format(redactor.event_format(format::format())).with_writer(events.clone()).finish();
        tracing::subscriber::with_default(subscriber, code);
        let subscriber =
            base().fmt_fields(redactor.fmt_fields(DefaultFields::new())).with_writer(spans.clone()).finish();
        tracing::subscriber::with_default(subscriber, code);
        // Fields that one redactor has looked at are not clean for another.
        let strict = Redactor::default();
        strict.register("swordfish").unwrap();
        let subscriber = base()
            .event_format(redactor.event_format(format::format()))
            .fmt_fields(strict.fmt_fields(DefaultFields::new()))
            .with_writer(other.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || info!("swordfish"));
        let (events, spans, other) = (events.text(), spans.text(), other.text());
        assert!(events.contains("span{password=\"hunter2\"}") && !events.contains("horse"), "{events}");
        assert!(!spans.contains("hunter2") && !spans.contains("horse"), "{spans}");
        assert!(other.contains("[REDACTED]") && !other.contains("swordfish"), "{other}");
    }

    #[test]
    fn an_event_leaves_in_one_write() {
        let buffer = Buffer::default();
        let maker = Redactor::default().make_writer(buffer.clone());
        maker.make_writer().write_all(b"a password=hunter2\nb password=hunter3\n").unwrap();
        assert_eq!(*buffer.1.lock().unwrap(), 1);
        assert_eq!(buffer.text(), "a password=[REDACTED]\nb password=[REDACTED]\n");
    }

    #[test]
    fn an_event_in_pieces_is_held_back() {
        let buffer = Buffer::default();
        let maker = Redactor::default().make_writer(buffer.clone());
        let mut writer = maker.make_writer();
        assert_eq!(writer.write(b"password=hun").unwrap(), 12);
        assert_eq!(buffer.text(), "");
        assert_eq!(writer.write(b"ter2 user=ann\n").unwrap(), 14);
        assert_eq!(buffer.text(), "password=[REDACTED] user=ann\n");
        writer.write_all(b"token=k7Wq").unwrap();
        writer.flush().unwrap();
        assert_eq!(buffer.text(), "token=[REDACTED]");
        writer.write_all(b"no line break").unwrap();
        drop(writer);
        assert_eq!(buffer.text(), "no line break");
    }

    #[test]
    fn a_key_in_pieces_is_hidden_however_it_is_cut() {
        let text = format!("before\n{}\nafter password=hunter2\n", private_key());
        for length in [1, 7, 40, 65, 100, 1000] {
            for flushed in [false, true] {
                let buffer = Buffer::default();
                let maker = Redactor::default().make_writer(buffer.clone());
                let mut writer = maker.make_writer();
                for piece in text.as_bytes().chunks(length).chain([&b"last\n"[..]]) {
                    writer.write_all(piece).unwrap();
                    if flushed && piece.ends_with(b"\n") {
                        writer.flush().unwrap();
                    }
                }
                drop(writer);
                let shown = buffer.text();
                assert!(!shown.contains("MIIEv") && !shown.contains("VJTUt"), "{length}: {shown}");
                assert!(shown.starts_with("before\n") && shown.ends_with("password=[REDACTED]\nlast\n"));
            }
        }
    }

    #[test]
    fn an_event_that_is_too_long_is_not_shown() {
        let redactor = Redactor::builder().longest_line(1024).build().unwrap();
        let buffer = Buffer::default();
        let maker = redactor.make_writer(buffer.clone());
        let long = format!("{}password=hunter2\n", "x".repeat(2000));
        maker.make_writer().write_all(long.as_bytes()).unwrap();
        assert_eq!(buffer.text(), "[REDACTED: unscanned 2017 bytes]\n");
        let mut writer = maker.make_writer();
        long.as_bytes().chunks(100).for_each(|piece| writer.write_all(piece).unwrap());
        drop(writer);
        assert_eq!(buffer.text(), "[REDACTED: unscanned 2017 bytes]\n");
    }

    #[test]
    fn threads_log_at_once() {
        let buffer = Buffer::default();
        let dispatch = dispatch(Form::Json, false, Wrapped::All, &buffer);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let dispatch = dispatch.clone();
                scope.spawn(move || {
                    dispatcher::with_default(&dispatch, || {
                        for i in 0..200 {
                            info!(thread, i, password = format!("hunter2 {i}"), "token=k7Wq0pZt{}", i);
                        }
                    });
                });
            }
        });
        let text = buffer.text();
        assert_eq!(text.lines().count(), 1600);
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["fields"]["password"], "[REDACTED]");
            assert_eq!(line["fields"]["message"], "token=[REDACTED]");
            assert!(line["fields"]["i"].is_u64() || line["fields"]["i"].is_i64());
        }
    }

    #[test]
    fn a_value_that_logs_while_it_is_formatted_is_no_problem() {
        struct Chatty;
        impl fmt::Display for Chatty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                info!(password = "hunter2", "from inside");
                f.write_str("outside")
            }
        }
        let code = || info!(value = %Chatty, "message");
        for form in FORMS {
            let bare = written(form, false, Wrapped::Nothing, code);
            assert!(bare.contains("outside"));
            assert_eq!(written(form, false, Wrapped::All, code), bare.replace("hunter2", "[REDACTED]"));
        }
    }

    #[test]
    fn registered_secrets_are_hidden_in_fields() {
        let redactor = Redactor::default();
        let buffer = Buffer::default();
        let subscriber = base()
            .event_format(redactor.event_format(format::format()))
            .fmt_fields(redactor.fmt_fields(DefaultFields::new()))
            .with_writer(buffer.clone())
            .finish();
        redactor.register("correct horse").unwrap();
        tracing::subscriber::with_default(subscriber, || info!(said = "correct horse", "correct horse"));
        assert!(!buffer.text().contains("horse"));
    }
}

#[cfg(feature = "log")]
mod log_adapter {
    use super::*;
    use log::kv::{Error, Key, Source, Value, VisitSource};
    use log::{Level, Log, Metadata, Record};
    use std::fmt::{self, Write as _};
    use std::sync::{Arc, Mutex};

    type Again = dyn Fn(&Record<'_>) + Send + Sync;

    /// Keeps what it receives as text, and may log it once more.
    #[derive(Clone, Default)]
    struct Seen {
        lines: Arc<Mutex<Vec<String>>>,
        again: Option<Arc<Again>>,
        deaf: bool,
    }

    impl Log for Seen {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            !self.deaf
        }

        fn log(&self, record: &Record<'_>) {
            struct Pairs(String);
            impl<'kvs> VisitSource<'kvs> for Pairs {
                fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
                    write!(self.0, " {key}={value:?}").map_err(Error::from)
                }
            }
            let mut pairs = Pairs(String::new());
            record.key_values().visit(&mut pairs).unwrap();
            let line = format!("{} {}: {}{}", record.level(), record.target(), record.args(), pairs.0);
            self.lines.lock().unwrap().push(line);
            if let Some(again) = &self.again {
                again(record);
            }
        }

        fn flush(&self) {
            self.lines.lock().unwrap().push("flushed".into());
        }
    }

    impl Seen {
        fn lines(&self) -> Vec<String> {
            std::mem::take(&mut self.lines.lock().unwrap())
        }
    }

    /// What is left of one record.
    fn seen(args: fmt::Arguments<'_>, pairs: &dyn Source) -> String {
        let inner = Seen::default();
        let logger = Redactor::default().logger(inner.clone());
        logger.log(&Record::builder().args(args).target("t").key_values(pairs).build());
        inner.lines().pop().unwrap()
    }

    const NONE: &[(&str, Value<'static>)] = &[];

    #[test]
    fn messages_are_redacted() {
        let name = String::from("hunter2");
        assert_eq!(seen(format_args!("login password={name}"), &NONE), "INFO t: login password=[REDACTED]");
        assert_eq!(seen(format_args!("password=hunter2"), &NONE), "INFO t: password=[REDACTED]");
        assert_eq!(seen(format_args!("nothing {}", 1), &NONE), "INFO t: nothing 1");
        let text = seen(format_args!("loaded\n{}\nand more", private_key()), &NONE);
        assert!(
            text.starts_with("INFO t: loaded\n") && text.ends_with("\nand more") && !text.contains("MIIE")
        );
    }

    #[test]
    fn pairs_are_hidden_by_name_and_by_content() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "it is printed")]
        struct Account {
            user: &'static str,
            password: &'static str,
        }
        let account = Account { user: "ann", password: "correct horse" };
        let clean = Account { user: "ann", password: "" };
        let pairs: &[(&str, Value<'_>)] = &[
            ("password", "correct horse battery".into()),
            ("cvv", 4711.into()),
            ("status", 200.into()),
            ("ok", true.into()),
            ("secret", Value::null()),
            ("url", "https://u:s3cr3t@host/".into()),
            ("account", Value::from_debug(&account)),
            ("clean", Value::from_debug(&clean)),
            ("ratio", 0.5.into()),
        ];
        assert_eq!(
            seen(format_args!("in"), &pairs),
            "INFO t: in password=\"[REDACTED]\" cvv=\"[REDACTED]\" status=200 ok=true secret=None \
             url=\"https://u:[REDACTED]@host/\" \
             account=\"Account { user: \\\"ann\\\", password: \\\"[REDACTED]\\\" }\" \
             clean=Account { user: \"ann\", password: \"\" } ratio=0.5"
        );
    }

    #[test]
    fn pairs_keep_their_types_and_can_be_asked_for() {
        struct Ask;
        impl Log for Ask {
            fn enabled(&self, _: &Metadata<'_>) -> bool {
                true
            }
            fn log(&self, record: &Record<'_>) {
                let pairs = record.key_values();
                assert_eq!(pairs.count(), 3);
                assert_eq!(pairs.get(Key::from("status")).unwrap().to_u64(), Some(200));
                assert_eq!(pairs.get(Key::from("ok")).unwrap().to_bool(), Some(true));
                assert_eq!(pairs.get(Key::from("api_key")).unwrap().to_borrowed_str(), Some("[REDACTED]"));
                assert_eq!(
                    (record.line(), record.file(), record.module_path()),
                    (Some(7), Some("f"), Some("m"))
                );
                assert_eq!(record.level(), Level::Warn);
            }
            fn flush(&self) {}
        }
        let pairs: &[(&str, Value<'_>)] =
            &[("status", 200.into()), ("ok", true.into()), ("api_key", "k7Wq".into())];
        let record = Record::builder()
            .args(format_args!("x"))
            .level(Level::Warn)
            .line(Some(7))
            .file(Some("f"))
            .module_path(Some("m"))
            .key_values(&pairs)
            .build();
        Redactor::default().logger(Ask).log(&record);
    }

    #[test]
    fn what_one_field_hides_no_other_shows() {
        let pairs: &[(&str, Value<'_>)] =
            &[("said", "with R4nd0mW0rd".into()), ("password", "R4nd0mW0rd".into())];
        assert_eq!(
            seen(format_args!("tried R4nd0mW0rd"), &pairs),
            "INFO t: tried [REDACTED] said=\"with [REDACTED]\" password=\"[REDACTED]\""
        );
    }

    #[test]
    fn a_disabled_record_is_not_formatted() {
        struct Never;
        impl fmt::Display for Never {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                unreachable!("nobody listens")
            }
        }
        let inner = Seen { deaf: true, ..Seen::default() };
        let logger = Redactor::default().logger(inner.clone());
        logger.log(&Record::builder().args(format_args!("{Never}")).build());
        assert!(inner.lines().is_empty());
        logger.flush();
        assert_eq!(inner.lines(), ["flushed"]);
    }

    #[test]
    fn a_logger_that_logs_itself_is_no_problem() {
        let second = Seen::default();
        let logger = Arc::new(Redactor::default().logger(second.clone()));
        let inner = {
            let logger = Arc::clone(&logger);
            let again = move |record: &Record<'_>| {
                logger.log(&Record::builder().args(format_args!("again: {}", record.args())).build());
                logger.log(&Record::builder().args(format_args!("token={}", "k7Wq0pZt")).build());
            };
            Seen { again: Some(Arc::new(again)), ..Seen::default() }
        };
        let outer = Redactor::default().logger(inner.clone());
        let secret = String::from("hunter2");
        for _ in 0..2 {
            outer.log(&Record::builder().args(format_args!("password={secret}")).build());
            assert_eq!(inner.lines(), ["INFO : password=[REDACTED]"]);
            assert_eq!(second.lines(), ["INFO : again: password=[REDACTED]", "INFO : token=[REDACTED]"]);
        }
    }

    #[test]
    fn threads_log_at_once() {
        let inner = Seen::default();
        let logger = Redactor::default().logger(inner.clone());
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let logger = &logger;
                scope.spawn(move || {
                    for i in 0..200 {
                        let args = format_args!("{thread} {i} password=hunter{i}");
                        logger.log(&Record::builder().args(args).build());
                    }
                });
            }
        });
        let lines = inner.lines();
        assert_eq!(lines.len(), 1600);
        assert!(lines.iter().all(|line| line.ends_with("password=[REDACTED]")));
    }
}
