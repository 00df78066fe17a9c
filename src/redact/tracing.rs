//! Keep secrets out of what subscribers of [`tracing`](https://docs.rs/tracing) write.
//!
//! Most programs need one call: [`Redactor::make_writer`] takes what `with_writer` takes, and whatever the format, what
//! is written is redacted as a whole event.
//!
//! ```
//! use palisade::redact::Redactor;
//!
//! let redactor = Redactor::default();
//! tracing_subscriber::fmt().with_writer(redactor.make_writer(std::io::stderr)).init();
//!
//! tracing::info!(user = "ann", "connected to postgres://app:hunter2@db/orders");
//! // INFO example: connected to postgres://app:[REDACTED]@db/orders user="ann"
//! ```
//!
//! A writer sees text. Where a value of several words ends, and what belongs to which name, only the formatters know:
//! [`Redactor::event_format`] wraps that of events, [`Redactor::fmt_fields`] that of spans, each under the name of the
//! method it is handed to. They hide the values of sensitive fields whole, look through all other texts, and leave numbers
//! and booleans what they are, so that JSON keeps its types:
//!
//! ```
//! use palisade::redact::Redactor;
//! use tracing_subscriber::fmt::format::{JsonFields, format};
//!
//! let redactor = Redactor::default();
//! tracing_subscriber::fmt()
//!     .event_format(redactor.event_format(format().json()))
//!     .fmt_fields(redactor.fmt_fields(JsonFields::new())) // or DefaultFields, or Pretty
//!     .with_writer(redactor.make_writer(std::io::stderr))
//!     .init();
//!
//! let span = tracing::info_span!("login", api_key = "k7Wq0pZt", attempt = 2).entered();
//! tracing::info!(password = %"correct horse battery", status = 200, "welcome");
//! // {…,"fields":{"message":"welcome","password":"[REDACTED]","status":200},"span":{"api_key":"[REDACTED]","attempt":2,…
//! ```
//!
//! | wrapped | what it adds |
//! |---|---|
//! | writer | whatever is written, in any format: messages, fields, spans, targets |
//! | event format | `password=correct horse` is hidden to its end, and JSON keeps its types |
//! | span fields | the same for fields of spans, when a span begins and when it records more |
//!
//! What one field of an event hides is hidden in the others as well, and in the message.
//!
//! # Security
//! The formats hide a number by its name alone; the writer also finds one that is registered, or a card's. So wrap all three.
//! Layers beside the wrapped one, such as exporters, see events as they were recorded.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use ::tracing::callsite::Identifier;
use ::tracing::field::{DebugValue, Field, FieldSet, Value, ValueSet, Visit, debug};
use ::tracing::span::Record;
use ::tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{self as subscriber, FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::held::{Held, Taken};
use super::key::Under;
use super::kind::Kind;
use super::redactor::Redactor;
use crate::encoding;

impl Redactor {
    /// Wraps what `with_writer` of a `tracing_subscriber` takes, so that secrets are hidden in what it writes.
    ///
    /// ```
    /// # use palisade::redact::Redactor;
    /// let redactor = Redactor::default();
    /// tracing_subscriber::fmt().json().with_writer(redactor.make_writer(std::io::stdout)).init();
    /// ```
    pub fn make_writer<M>(&self, inner: M) -> MakeWriter<M> {
        MakeWriter { redactor: self.clone(), inner }
    }

    /// Wraps what `event_format` of a `tracing_subscriber` takes, so that fields of events are hidden by their names.
    ///
    /// See [the module](self) for an example.
    pub fn event_format<F>(&self, inner: F) -> EventFormat<F> {
        EventFormat { names: Names::new(self), inner }
    }

    /// Wraps what `fmt_fields` of a `tracing_subscriber` takes, so that fields of spans are hidden by their names.
    ///
    /// See [the module](self) for an example.
    pub fn fmt_fields<F>(&self, inner: F) -> FieldFormat<F> {
        FieldFormat { names: Names::new(self), inner }
    }
}

/// Makes writers that hide secrets: see [`Redactor::make_writer`].
#[derive(Clone, Debug)]
pub struct MakeWriter<M> {
    redactor: Redactor,
    inner: M,
}

impl<'a, M: subscriber::MakeWriter<'a>> subscriber::MakeWriter<'a> for MakeWriter<M> {
    type Writer = EventWriter<'a, M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        EventWriter::new(&self.redactor, self.inner.make_writer())
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        EventWriter::new(&self.redactor, self.inner.make_writer_for(metadata))
    }
}

/// Writes one event, and hides its secrets: what a [`MakeWriter`] makes.
///
/// An event of any number of lines that arrives in one write, as from `tracing_subscriber`, leaves in one write. One that
/// arrives in pieces is held back until a piece ends in a line break outside of a private key, until
/// [`flush`](Write::flush), or until the writer is dropped. [`Redactor::writer`] is made for streams.
pub struct EventWriter<'a, W: Write> {
    redactor: &'a Redactor,
    inner: W,
    held: Held,
    /// So long must what is held be to be looked at again: what ends inside of a private key is not at every line.
    next_look: usize,
}

impl<'a, W: Write> EventWriter<'a, W> {
    fn new(redactor: &'a Redactor, inner: W) -> Self {
        Self { redactor, inner, held: Held::default(), next_look: 0 }
    }

    /// Passes on what has arrived; what ends inside of a private key only at the end. Returns whether it did.
    fn pass_on(&mut self, event: &[u8], at_end: bool) -> io::Result<bool> {
        let redacted = self.redactor.redact_event(event, Under::NOTHING);
        if redacted.open_armour && !at_end {
            self.next_look = event.len().saturating_mul(2);
            return Ok(false);
        }
        self.next_look = 0;
        match redacted.bytes {
            None => self.inner.write_all(event)?,
            Some(mut bytes) => {
                // A mask that stands for the end of the event must not join it with the next.
                if event.ends_with(b"\n") && !bytes.ends_with(b"\n") {
                    bytes.push(b'\n');
                }
                self.inner.write_all(&bytes)?;
            }
        }
        Ok(true)
    }

    fn pass_on_held(&mut self, at_end: bool) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        match self.held.take() {
            Taken::Whole(mut held) => {
                let passed = self.pass_on(&held, at_end);
                if !matches!(passed, Ok(false)) {
                    held.clear(); // its memory is used again
                }
                self.held.put_back(held);
                passed.map(|_| ())
            }
            Taken::Dropped(notice) => {
                self.redactor.count(Kind::Unscanned, 1);
                self.inner.write_all((notice + "\n").as_bytes())
            }
        }
    }
}

impl<W: Write> Write for EventWriter<'_, W> {
    /// Takes all of `bytes`.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let ends = bytes.ends_with(b"\n");
        if ends && self.held.is_empty() && self.pass_on(bytes, false)? {
            return Ok(bytes.len());
        }
        self.held.push(bytes, self.redactor.longest_line());
        if ends && self.held.len() >= self.next_look.max(1) {
            self.pass_on_held(false)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on_held(false)?;
        self.inner.flush()
    }
}

impl<W: Write> Drop for EventWriter<'_, W> {
    fn drop(&mut self) {
        // Nobody is left to be told of an error.
        let _ = self.pass_on_held(true);
    }
}

impl<W: Write> fmt::Debug for EventWriter<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWriter").field("held_back", &self.held.len()).finish_non_exhaustive()
    }
}

/// Formats events, and hides fields by their names: see [`Redactor::event_format`].
///
/// It wraps any formatter, and hands it an event in which secrets are hidden. What the application's `Debug` and
/// `Display` say, it says once; a formatter that asks for `{:#?}` is given what `{:?}` said.
#[derive(Clone, Debug)]
pub struct EventFormat<F> {
    names: Names,
    inner: F,
}

impl<S, N, F> FormatEvent<S, N> for EventFormat<F>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut collector = Collector::new(&self.names);
        event.record(&mut collector);
        let metadata = event.metadata();
        collector.finish().with(metadata.fields(), |values| {
            let shown = match event.parent() {
                Some(parent) => Event::new_child_of(parent.clone(), metadata, values),
                None if event.is_root() => Event::new_child_of(None, metadata, values),
                None => Event::new(metadata, values),
            };
            let _showing = Showing::begin(&self.names.redactor, metadata.callsite());
            self.inner.format_event(ctx, writer, &shown)
        })
    }
}

/// Formats the fields of spans, and hides them by their names: see [`Redactor::fmt_fields`].
#[derive(Clone, Debug)]
pub struct FieldFormat<F> {
    names: Names,
    inner: F,
}

/// An event with its secrets hidden is being formatted: the format of its fields, if wrapped as well, need not look again.
struct Showing {
    before: Option<(usize, Identifier)>,
}

thread_local! {
    /// The redactor and the event's callsite. Other fields that are formatted meanwhile have another callsite.
    static SHOWING: Cell<Option<(usize, Identifier)>> = const { Cell::new(None) };
}

impl Showing {
    fn begin(redactor: &Redactor, callsite: Identifier) -> Self {
        let now = Some((redactor.address(), callsite));
        Self { before: SHOWING.try_with(|showing| showing.replace(now)).ok().flatten() }
    }

    fn is(redactor: &Redactor, callsite: &Identifier) -> bool {
        let is = SHOWING.try_with(|showing| {
            let now = showing.take();
            let is = now
                .as_ref()
                .is_some_and(|(address, shown)| *address == redactor.address() && shown == callsite);
            showing.set(now);
            is
        });
        is.unwrap_or(false)
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        let _ = SHOWING.try_with(|showing| showing.set(self.before.take()));
    }
}

/// Finds whose fields are visited.
struct Whose(Option<Identifier>);

impl Visit for Whose {
    fn record_debug(&mut self, field: &Field, _: &dyn fmt::Debug) {
        self.0 = Some(field.callsite());
    }
}

impl<F> FieldFormat<F> {
    /// Whether there is nothing to hide: no fields, or such as are hidden already.
    fn is_shown<R: RecordFields>(&self, fields: &R) -> bool {
        let mut whose = Whose(None);
        fields.record(&mut whose);
        whose.0.is_none_or(|callsite| Showing::is(&self.names.redactor, &callsite))
    }

    fn collect<R: RecordFields>(&self, fields: &R) -> Option<(Shown, Identifier)> {
        let mut collector = Collector::new(&self.names);
        fields.record(&mut collector);
        let shown = collector.finish();
        let callsite = shown.0.first()?.0.callsite();
        Some((shown, callsite))
    }
}

impl<'writer, F> FormatFields<'writer> for FieldFormat<F>
where
    F: for<'any> FormatFields<'any>,
{
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let shown = if self.is_shown(&fields) { None } else { self.collect(&fields) };
        let Some((shown, callsite)) = shown else { return self.inner.format_fields(writer, fields) };
        shown.with(&FieldSet::new(&[], callsite), |values| {
            self.inner.format_fields(writer, Record::new(values))
        })
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let writer = current.as_writer();
        let plain = !writer.has_ansi_escapes() && writer.sanitizes_ansi_escapes();
        let Some((shown, callsite)) = self.collect(fields) else { return Ok(()) };
        shown.with(&FieldSet::new(&[], callsite), |values| {
            let values = Record::new(values);
            // What the inner formatter keeps cannot be told about colours, so only the text between old and new is its.
            if !plain && let Some(between) = self.between(&current.fields, &values) {
                current.fields.push_str(&between);
                return self.inner.format_fields(current.as_writer(), &values);
            }
            let mut inner = FormattedFields::<F>::new(std::mem::take(&mut current.fields));
            let added = self.inner.add_fields(&mut inner, &values);
            current.fields = inner.fields;
            added
        })
    }
}

impl<F> FieldFormat<F>
where
    F: for<'any> FormatFields<'any>,
{
    /// What the inner formatter writes between the fields it has and more; `None` if it does not append, as for JSON.
    fn between(&self, current: &str, more: &Record<'_>) -> Option<String> {
        if current.is_empty() {
            return Some(String::new());
        }
        let mut both = FormattedFields::<F>::new("x".to_owned());
        self.inner.add_fields(&mut both, more).ok()?;
        let mut alone = String::new();
        self.inner.format_fields(Writer::new(&mut alone), more).ok()?;
        both.fields.strip_prefix('x')?.strip_suffix(&alone).map(str::to_owned)
    }
}

/// Judges names once: a thread remembers what the redactor said of them.
#[derive(Clone, Debug)]
struct Names {
    redactor: Redactor,
    /// Of this redactor's wrapper and its clones.
    id: u64,
}

impl Names {
    fn new(redactor: &Redactor) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { redactor: redactor.clone(), id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    fn is_sensitive(&self, name: &'static str) -> bool {
        let judge = || self.redactor.is_sensitive_key(name);
        let remembered = JUDGED.try_with(|judged| {
            let slot = judged.get(slot(name))?;
            let known = slot.get();
            if known.id == self.id && known.name == name {
                return Some(known.sensitive);
            }
            let sensitive = judge();
            slot.set(Judged { id: self.id, name, sensitive });
            Some(sensitive)
        });
        remembered.ok().flatten().unwrap_or_else(judge)
    }
}

#[derive(Clone, Copy)]
struct Judged {
    id: u64,
    name: &'static str,
    sensitive: bool,
}

thread_local! {
    /// By where a name is stored: names are literals. A callsite's identity would not do, since events about a span bear
    /// the span's, but have fields of their own.
    static JUDGED: [Cell<Judged>; SLOTS] =
        const { [const { Cell::new(Judged { id: 0, name: "", sensitive: false }) }; SLOTS] };
}

/// 8 KiB for each thread that logs; two names that share a place are judged again.
const SLOTS: usize = 256;

fn slot(name: &str) -> usize {
    let spread = name.as_ptr().addr().wrapping_mul(0x9e37_79b1);
    (spread ^ spread >> 16) % SLOTS
}

/// Takes over fields, secrets hidden.
struct Collector<'n> {
    names: &'n Names,
    fields: Fields<'n>,
    shown: Vec<(Field, Item)>,
}

/// What is shown of a field. Each variant is recorded as what it was.
enum Item {
    F64(f64),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    Bool(bool),
    Str(String),
    /// What `Debug` said.
    Text(DebugValue<Said>),
    Bytes(Box<[u8]>),
    /// An error and its sources; becomes `Told` in the end.
    Chain(Vec<String>),
    Told(Box<dyn Error + Send + Sync>),
}

impl<'n> Collector<'n> {
    fn new(names: &'n Names) -> Self {
        Self { names, fields: Fields::new(&names.redactor), shown: Vec::with_capacity(8) }
    }

    fn add(&mut self, field: &Field, item: Item) {
        self.shown.push((field.clone(), item));
    }

    fn text(&mut self, field: &Field, text: String) -> String {
        let sensitive = self.names.is_sensitive(field.name());
        self.fields.text(field.name(), sensitive, &text).unwrap_or(text)
    }

    fn number(&mut self, field: &Field, number: Item, text: impl fmt::Display) {
        let hidden = self
            .names
            .is_sensitive(field.name())
            .then(|| self.fields.text(field.name(), true, &text.to_string()))
            .flatten();
        self.add(field, hidden.map_or(number, |mask| Item::Text(debug(Said(mask)))));
    }

    fn finish(mut self) -> Shown {
        for (_, item) in &mut self.shown {
            if !self.fields.is_clean() {
                let texts = match item {
                    Item::Str(text) => std::slice::from_mut(text),
                    Item::Chain(texts) => texts.as_mut_slice(),
                    Item::Text(said) => {
                        if let Some(shown) = self.fields.repeated(&format!("{said:?}")) {
                            *said = debug(Said(shown));
                        }
                        &mut []
                    }
                    _ => &mut [],
                };
                for text in texts {
                    if let Some(shown) = self.fields.repeated(text) {
                        *text = shown;
                    }
                }
            }
            if let Item::Chain(texts) = item {
                let told = std::mem::take(texts)
                    .into_iter()
                    .rev()
                    .fold(None, |source, text| Some(Box::new(Told { text, source })));
                if let Some(told) = told {
                    *item = Item::Told(told);
                }
            }
        }
        Shown(self.shown)
    }
}

impl Visit for Collector<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, Item::F64(value), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, Item::I64(value), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, Item::U64(value), value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.number(field, Item::I128(value), value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.number(field, Item::U128(value), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Item::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = self.text(field, value.to_owned());
        self.add(field, Item::Str(text));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        let hidden = self
            .names
            .is_sensitive(field.name())
            .then(|| self.fields.text(field.name(), true, &encoding::hex(value)))
            .flatten();
        let item = match hidden {
            Some(mask) => Item::Str(mask),
            None => Item::Bytes(self.names.redactor.redact_bytes(value).into()),
        };
        self.add(field, item);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let texts = std::iter::successors(Some(value), |&error| error.source())
            .map(|error| self.text(field, error.to_string()))
            .collect();
        self.add(field, Item::Chain(texts));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = self.text(field, format!("{value:?}"));
        self.add(field, Item::Text(debug(Said(text))));
    }
}

/// Fields as they are shown.
struct Shown(Vec<(Field, Item)>);

impl Shown {
    /// Makes values of `fields`, of one callsite, out of them.
    fn with<T>(&self, fields: &FieldSet, then: impl FnOnce(&ValueSet<'_>) -> T) -> T {
        let Some((first, _)) = self.0.first() else { return then(&fields.value_set(&[])) };
        // Sets of values are made of arrays; a place without a value is skipped.
        macro_rules! of {
            ($length:literal) => {{
                let mut values = [(first, None::<&dyn Value>); $length];
                for (place, (field, item)) in values.iter_mut().zip(&self.0) {
                    *place = (field, Some(item.value()));
                }
                then(&fields.value_set(&values))
            }};
        }
        // What a callsite has beyond 512 fields is not shown.
        match self.0.len() {
            ..=8 => of!(8),
            9..=32 => of!(32),
            _ => of!(512),
        }
    }
}

impl Item {
    fn value(&self) -> &dyn Value {
        match self {
            Self::F64(value) => value,
            Self::I64(value) => value,
            Self::U64(value) => value,
            Self::I128(value) => value,
            Self::U128(value) => value,
            Self::Bool(value) => value,
            Self::Str(text) => text,
            Self::Text(said) => said,
            Self::Bytes(bytes) => bytes,
            Self::Chain(_) => &::tracing::field::Empty,
            Self::Told(error) => error,
        }
    }
}

/// Text that is its own `Debug`.
struct Said(String);

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An error with the text of another.
struct Told {
    text: String,
    source: Option<Box<Told>>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
