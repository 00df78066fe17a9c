//! Keep secrets out of what loggers of the [`log`](https://docs.rs/log) facade receive.
//!
//! [`Redactor::logger`] wraps any of them. Secrets are hidden in messages, and in key-values also by their names:
//!
//! ```
//! use palisade::redact::Redactor;
//! # struct Inner;
//! # impl log::Log for Inner {
//! #     fn enabled(&self, _: &log::Metadata<'_>) -> bool { true }
//! #     fn log(&self, record: &log::Record<'_>) {
//! #         assert_eq!(record.args().to_string(), "login with password=[REDACTED]");
//! #         assert_eq!(record.key_values().get("api_key".into()).unwrap().to_string(), "[REDACTED]");
//! #         assert_eq!(record.key_values().get("status".into()).unwrap().to_u64(), Some(200));
//! #     }
//! #     fn flush(&self) {}
//! # }
//! # let inner = Inner; // env_logger::Builder::from_default_env().build();
//!
//! // let inner = env_logger::Builder::from_default_env().build();
//! log::set_boxed_logger(Box::new(Redactor::default().logger(inner)))?;
//! log::set_max_level(log::LevelFilter::Info);
//!
//! log::info!(api_key = "correct horse", status = 200; "login with password={}", "hunter2");
//! // login with password=[REDACTED] api_key=[REDACTED] status=200
//! # Ok::<(), log::SetLoggerError>(())
//! ```
//!
//! Targets, module paths and file names are passed on as they are.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::{self, Write};

use ::log::kv::{Error, Key, Source, Value, VisitSource, VisitValue};
use ::log::{Log, Metadata, Record};

use super::fields::Fields;
use super::mask;
use super::redactor::Redactor;
use crate::secret::erase;

impl Redactor {
    /// Wraps a logger of the `log` facade, so that secrets are hidden in what it receives.
    ///
    /// ```
    /// use palisade::redact::Redactor;
    /// # struct Inner;
    /// # impl log::Log for Inner {
    /// #     fn enabled(&self, _: &log::Metadata<'_>) -> bool { true }
    /// #     fn log(&self, _: &log::Record<'_>) {}
    /// #     fn flush(&self) {}
    /// # }
    /// # let inner = Inner;
    /// log::set_boxed_logger(Box::new(Redactor::default().logger(inner)))?;
    /// # Ok::<(), log::SetLoggerError>(())
    /// ```
    pub fn logger<L: Log>(&self, inner: L) -> Logger<L> {
        Logger { redactor: self.clone(), inner }
    }
}

/// Hides secrets, and passes records on: see [`Redactor::logger`].
///
/// Numbers stay numbers, unless they stand under a sensitive name; booleans always stay what they are. A structured value
/// in which something is hidden becomes text.
#[derive(Clone, Debug)]
pub struct Logger<L> {
    redactor: Redactor,
    inner: L,
}

impl<L: Log> Log for Logger<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.inner.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.inner.enabled(record.metadata()) {
            return;
        }
        let mut fields = Fields::new(&self.redactor);
        let mut pairs = Pairs::new(record.key_values(), &mut fields);
        let mut message = Message::take();
        let fixed = record.args().as_str();
        let text = fixed.unwrap_or_else(|| message.format(record.args()));
        let mut shown = fields.text("", false, text).map_or(Cow::Borrowed(text), Cow::Owned);
        if let Some(repeated) = fields.repeated(&shown) {
            shown = Cow::Owned(repeated);
        }
        pairs.repeat(&fields);
        let pass_on = |args: fmt::Arguments<'_>| {
            self.inner.log(&record.to_builder().args(args).key_values(&pairs).build());
        };
        match shown {
            Cow::Borrowed(_) if fixed.is_some() => pass_on(*record.args()),
            shown => pass_on(format_args!("{shown}")),
        }
    }

    fn flush(&self) {
        self.inner.flush();
    }
}

/// The text of a message, in memory that the thread uses again.
///
/// It is taken, not borrowed: a logger, and what is formatted, may log.
struct Message(String);

thread_local! {
    static MESSAGE: Cell<String> = const { Cell::new(String::new()) };
}

/// The memory of longer messages is not kept.
const KEPT: usize = 1 << 16;

impl Message {
    fn take() -> Self {
        Self(MESSAGE.try_with(Cell::take).unwrap_or_default())
    }

    fn format(&mut self, args: &fmt::Arguments<'_>) -> &str {
        // A `Display` that fails has shown what it could.
        let _ = self.0.write_fmt(*args);
        &self.0
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        let mut text = std::mem::take(&mut self.0).into_bytes();
        erase(&mut text);
        text.clear();
        let text = String::from_utf8(text).unwrap_or_default();
        if text.capacity() <= KEPT {
            // At the end of a thread there is nothing to keep it in.
            let _ = MESSAGE.try_with(|kept| kept.set(text));
        }
    }
}

/// Key-values, secrets hidden.
struct Pairs<'a> {
    inner: &'a dyn Source,
    /// What to show instead of each value, unless it is clean.
    shown: Vec<Option<String>>,
}

impl<'a> Pairs<'a> {
    fn new(inner: &'a dyn Source, fields: &mut Fields<'_>) -> Self {
        let mut look = Look { fields, shown: Vec::new() };
        // A source that fails here fails again for who reads the pairs, at the same one.
        let _ = inner.visit(&mut look);
        Self { inner, shown: look.shown }
    }

    /// Hides what other fields hide.
    fn repeat(&mut self, fields: &Fields<'_>) {
        if !fields.is_clean() {
            let _ = self.inner.visit(&mut Repeat { fields, shown: self.shown.iter_mut() });
        }
    }
}

impl Source for Pairs<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        self.inner.visit(&mut Show { visitor, shown: self.shown.iter() })
    }

    fn count(&self) -> usize {
        self.inner.count()
    }
}

/// Finds what to hide.
struct Look<'f, 'r> {
    fields: &'f mut Fields<'r>,
    shown: Vec<Option<String>>,
}

impl<'kvs> VisitSource<'kvs> for Look<'_, '_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let sensitive = self.fields.redactor().is_sensitive_key(key.as_str());
        let mut judge = Judge { fields: &mut *self.fields, key: key.as_str(), sensitive, shown: None };
        let judged = value.visit(&mut judge);
        let shown = judge.shown;
        self.shown.push(shown);
        judged
    }
}

/// Finds what else to hide.
struct Repeat<'f, 'r, 's> {
    fields: &'f Fields<'r>,
    shown: std::slice::IterMut<'s, Option<String>>,
}

impl<'kvs> VisitSource<'kvs> for Repeat<'_, '_, '_> {
    fn visit_pair(&mut self, _: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let Some(shown) = self.shown.next() else { return Ok(()) };
        let repeated = match shown {
            Some(text) => self.fields.repeated(text),
            None => self.fields.repeated(&value.to_string()),
        };
        *shown = repeated.or(shown.take());
        Ok(())
    }
}

/// Shows what is left.
struct Show<'v, 'kvs> {
    visitor: &'v mut dyn VisitSource<'kvs>,
    shown: std::slice::Iter<'kvs, Option<String>>,
}

impl<'kvs> VisitSource<'kvs> for Show<'_, 'kvs> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let value = match self.shown.next() {
            Some(None) => value,
            Some(Some(text)) => Value::from(text.as_str()),
            None => Value::from(mask::DEFAULT), // it was not there when the others were looked at
        };
        self.visitor.visit_pair(key, value)
    }
}

/// Decides on one value.
struct Judge<'f, 'r, 'k> {
    fields: &'f mut Fields<'r>,
    key: &'k str,
    sensitive: bool,
    shown: Option<String>,
}

impl Judge<'_, '_, '_> {
    fn text(&mut self, text: &str) {
        self.shown = self.fields.text(self.key, self.sensitive, text);
    }

    /// Numbers are hidden by their names only.
    fn number(&mut self, number: &impl ToString) {
        if self.sensitive {
            self.text(&number.to_string());
        }
    }
}

impl VisitValue<'_> for Judge<'_, '_, '_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.text(&value.to_string());
        if self.shown.is_none() {
            // An error's `Display` does not tell of its sources.
            self.text(&format!("{value:?}"));
        }
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn visit_bool(&mut self, _: bool) -> Result<(), Error> {
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.number(&value);
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.number(&value);
        Ok(())
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), Error> {
        self.number(&value);
        Ok(())
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), Error> {
        self.number(&value);
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.number(&value);
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        self.text(value);
        Ok(())
    }
}
