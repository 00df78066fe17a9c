use std::borrow::Cow;
use std::time::SystemTime;

use super::chain::Head;
use super::event::{Detail, Event, Name};
use super::line::Rfc3339;
use super::{Checkpoint, Kind, Level, Outcome};

/// Also hears of every event, such as a metrics facade or a collector of logs.
///
/// # Contract
/// - It is called after the event was recorded or failed to be, by the thread that recorded it, and not in an order that
///   is the same for all threads: [`Record::seq`] tells.
/// - It should not block, and it must not record events: each would call it again.
/// - A panic of it is caught. What it makes of an event is not part of the chain.
pub trait Sink: Send + Sync {
    /// Hears of one event.
    fn accept(&self, record: &Record<'_>);
}

/// An event as a [`Sink`] sees it: redacted, and with its place in the log.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub(super) event: &'a Event,
    pub(super) app: &'a str,
    pub(super) time: SystemTime,
    pub(super) at: Option<Head>,
}

impl<'a> Record<'a> {
    /// Its number in the chain; `None` when it could not be recorded.
    pub fn seq(&self) -> Option<u64> {
        self.at.map(|at| at.seq)
    }

    /// What the chain came to with it, as a checkpoint; `None` when it could not be recorded.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.at.map(|head| Checkpoint { head })
    }

    /// What it is called in the log.
    pub fn name(&self) -> Cow<'a, str> {
        match self.event.name {
            Name::Application(name) => Cow::Owned(format!("{}{name}", self.event.name.prefix())),
            name => Cow::Borrowed(name.as_str()),
        }
    }

    /// Its kind; `None` for the application's own.
    pub fn kind(&self) -> Option<Kind> {
        self.event.kind()
    }

    /// How urgent it is.
    pub const fn level(&self) -> Level {
        self.event.level
    }

    /// How it ended.
    pub const fn outcome(&self) -> Outcome {
        self.event.outcome
    }

    /// When it happened.
    pub const fn time(&self) -> SystemTime {
        self.time
    }

    /// The application's name; empty when it was given none.
    pub const fn app(&self) -> &'a str {
        self.app
    }

    /// A field by its name in the log, such as `subject` or `source_ip`; not the details.
    pub fn field(&self, name: &str) -> Option<Cow<'a, str>> {
        self.fields().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All fields that are there, by their names in the log; not escaped.
    pub fn fields(&self) -> Vec<(&'static str, Cow<'a, str>)> {
        let event = self.event;
        let mut fields = Vec::with_capacity(event.texts.len().saturating_add(3));
        if let Some(address) = event.source_ip {
            fields.push(("source_ip", Cow::Owned(address.to_string())));
        }
        fields.extend(event.texts.iter().map(|(field, text)| (field.name(), Cow::Borrowed(text.as_str()))));
        if let Some(trace) = event.trace {
            fields.push(("trace_id", Cow::Owned(trace.trace_id())));
            fields.push(("span_id", Cow::Owned(trace.span_id())));
        }
        fields
    }

    /// The event's details; their texts are not escaped.
    pub fn details(&self) -> &'a [(&'static str, Detail)] {
        &self.event.details
    }

    /// When it happened, as in the log: RFC 3339, in UTC.
    pub fn datetime(&self) -> String {
        Rfc3339(self.time).to_string()
    }
}
