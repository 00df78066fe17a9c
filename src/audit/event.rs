use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;

use super::{Kind, Level, Outcome, TraceContext};

/// Something that happened: who, what, where, when, and how it ended.
///
/// Everything but the kind is optional: a failed login often has no user. Texts may come from an attacker; they are
/// cut at 1,024 bytes and written so that they can neither end the line nor colour a terminal.
///
/// ```
/// use palisade::audit::{Event, Kind, TraceContext};
///
/// let event = Event::authentication_failure()
///     .subject("alice")
///     .source_ip("203.0.113.7".parse()?)
///     .reason("wrong password")
///     .trace(TraceContext::receive(["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])?)
///     .detail("attempt", 3_u64);
///
/// let other = Event::new(Kind::TokenReuse).subject("alice");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// No event takes a password, a token or a session id: give a row's number, or a digest. What a text holds by
/// accident is the business of [`Builder::redact`](super::Builder::redact).
#[derive(Clone, Debug)]
#[must_use = "an event that nobody records did not happen"]
pub struct Event {
    pub(super) name: Name,
    pub(super) level: Level,
    pub(super) outcome: Outcome,
    pub(super) at: Option<SystemTime>,
    pub(super) source_ip: Option<IpAddr>,
    pub(super) trace: Option<TraceContext>,
    /// Each field once.
    pub(super) texts: Vec<(Field, String)>,
    /// Each name once; at most `MAX_DETAILS`.
    pub(super) details: Vec<(&'static str, Detail)>,
    /// Of how many like it this one was kept.
    pub(super) one_in: Option<u32>,
    /// Something was left out because there was too much of it.
    pub(super) is_cut: bool,
}

/// What an event is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Kind(Kind),
    /// The application's own.
    Application(&'static str),
    /// About the log itself.
    Log(&'static str),
}

/// A part of an event that is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Subject,
    Session,
    UserAgent,
    Resource,
    Action,
    Reason,
    Description,
    RequestId,
    RequestMethod,
    RequestUri,
}

/// The value of a detail: a text, a number, or yes and no.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detail {
    /// A text, cut and escaped as all are.
    Text(String),
    /// A number.
    Unsigned(u64),
    /// A number that may be negative.
    Signed(i64),
    /// Yes or no.
    Bool(bool),
}

impl Event {
    /// An event of one of the vocabulary's kinds, with its level and outcome.
    pub fn new(kind: Kind) -> Self {
        Self::named(Name::Kind(kind), kind.level(), kind.outcome())
    }

    /// An event of the application's own, such as a page that was viewed; the log calls it `app.` and the name.
    ///
    /// Only such events may be sampled, with [`Builder::keep_one_in`](super::Builder::keep_one_in).
    pub fn application(name: &'static str) -> Self {
        Self::named(Name::Application(name), Level::Info, Outcome::Unknown)
    }

    /// A login, token or key was refused.
    pub fn authentication_failure() -> Self {
        Self::new(Kind::AuthenticationFailure)
    }

    /// Somebody asked for what they may not have.
    pub fn authorization_denied() -> Self {
        Self::new(Kind::AuthorizationDenied)
    }

    /// A caller was too fast.
    pub fn rate_limit_exceeded() -> Self {
        Self::new(Kind::RateLimitExceeded)
    }

    /// Input was not of its type.
    pub fn invalid_input_rejected() -> Self {
        Self::new(Kind::InvalidInputRejected)
    }

    /// A certificate was not accepted.
    pub fn certificate_error() -> Self {
        Self::new(Kind::CertificateError)
    }

    /// Several events together look like an attack.
    pub fn suspicious_pattern_detected() -> Self {
        Self::new(Kind::SuspiciousPatternDetected)
    }

    pub(super) fn named(name: Name, level: Level, outcome: Outcome) -> Self {
        let (texts, details) = (Vec::with_capacity(4), Vec::new());
        let (at, source_ip, trace, one_in, is_cut) = (None, None, None, None, false);
        Self { name, level, outcome, at, source_ip, trace, texts, details, one_in, is_cut }
    }

    /// How urgent it is, where the kind's own level does not fit.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// How it ended, where the kind's own outcome does not fit.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// When it happened; when it is recorded, if nothing is said.
    pub fn at(mut self, time: SystemTime) -> Self {
        self.at = Some(time);
        self
    }

    /// Who did it: a user's name or number, or a service's.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.text(Field::Subject, subject)
    }

    /// The session it happened in: a digest or row of it, never the token.
    pub fn session(self, session: impl Into<String>) -> Self {
        self.text(Field::Session, session)
    }

    /// The address it came from.
    pub fn source_ip(mut self, address: IpAddr) -> Self {
        self.source_ip = Some(address);
        self
    }

    /// The program that asked, as it calls itself.
    pub fn user_agent(self, agent: impl Into<String>) -> Self {
        self.text(Field::UserAgent, agent)
    }

    /// What it was done to.
    pub fn resource(self, resource: impl Into<String>) -> Self {
        self.text(Field::Resource, resource)
    }

    /// What was done, such as a permission's name.
    pub fn action(self, action: impl Into<String>) -> Self {
        self.text(Field::Action, action)
    }

    /// Why it ended as it did.
    pub fn reason(self, reason: impl Into<String>) -> Self {
        self.text(Field::Reason, reason)
    }

    /// A sentence for people.
    pub fn description(self, description: impl Into<String>) -> Self {
        self.text(Field::Description, description)
    }

    /// Your own id for the request, which links its events.
    pub fn request_id(self, id: impl Into<String>) -> Self {
        self.text(Field::RequestId, id)
    }

    /// The request's method and target.
    pub fn request(self, method: impl Into<String>, uri: impl Into<String>) -> Self {
        self.text(Field::RequestMethod, method).text(Field::RequestUri, uri)
    }

    /// The trace it belongs to, across services.
    pub fn trace(mut self, trace: TraceContext) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Anything else: at most 32 values, of which a later one of the same name replaces the first.
    pub fn detail(mut self, name: &'static str, value: impl Into<Detail>) -> Self {
        let value = match value.into() {
            Detail::Text(text) => Detail::Text(cut(text, &mut self.is_cut)),
            other => other,
        };
        if let Some((_, known)) = self.details.iter_mut().find(|(known, _)| *known == name) {
            *known = value;
        } else if self.details.len() < MAX_DETAILS {
            self.details.push((name, value));
        } else {
            self.is_cut = true;
        }
        self
    }

    /// The kind; `None` for the application's own and for the log's about itself.
    pub fn kind(&self) -> Option<Kind> {
        match self.name {
            Name::Kind(kind) => Some(kind),
            Name::Application(_) | Name::Log(_) => None,
        }
    }

    fn text(mut self, field: Field, text: impl Into<String>) -> Self {
        let text = cut(text.into(), &mut self.is_cut);
        match self.texts.iter_mut().find(|(known, _)| *known == field) {
            Some((_, known)) => *known = text,
            None => self.texts.push((field, text)),
        }
        self
    }

    /// Passes every text, with the name of its field, through `redact`.
    pub(super) fn redact(&mut self, redact: &(dyn for<'a> Fn(&str, &'a str) -> Cow<'a, str> + Send + Sync)) {
        let texts = self.texts.iter_mut().map(|(field, text)| (field.name(), text));
        let details = self.details.iter_mut().filter_map(|(name, detail)| match detail {
            Detail::Text(text) => Some((*name, text)),
            _ => None,
        });
        for (name, text) in texts.chain(details) {
            let redacted = redact(name, text);
            if redacted != *text {
                *text = redacted.into_owned();
            }
        }
    }
}

impl Name {
    /// What the application's own names start with, so that none looks like one of the vocabulary's.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Application(_) => "app.",
            Self::Kind(_) | Self::Log(_) => "",
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Kind(kind) => kind.as_str(),
            Self::Application(name) | Self::Log(name) => name,
        }
    }
}

impl Field {
    /// As OWASP's vocabulary calls it, where it does.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Session => "session",
            Self::UserAgent => "useragent",
            Self::Resource => "resource",
            Self::Action => "action",
            Self::Reason => "reason",
            Self::Description => "description",
            Self::RequestId => "request_id",
            Self::RequestMethod => "request_method",
            Self::RequestUri => "request_uri",
        }
    }
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Detail {
    fn from(number: u64) -> Self {
        Self::Unsigned(number)
    }
}

impl From<u32> for Detail {
    fn from(number: u32) -> Self {
        Self::Unsigned(number.into())
    }
}

impl From<i64> for Detail {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<i32> for Detail {
    fn from(number: i32) -> Self {
        Self::Signed(number.into())
    }
}

impl From<bool> for Detail {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

/// Gives up what is far beyond the limit at once, so that a waiting event holds little memory.
fn cut(mut text: String, is_cut: &mut bool) -> String {
    if text.len() > MAX_KEPT {
        let boundary = (0..=MAX_KEPT).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
        text.truncate(boundary);
        // Half a secret is not seen by the redactor, and may come forward when it shortens what is before: the last
        // word goes, unless it is most of the text.
        if let Some(end) = text.rfind(char::is_whitespace).filter(|end| *end > MAX_KEPT / 2) {
            text.truncate(end);
        }
        text.shrink_to_fit();
        *is_cut = true;
    }
    text
}

/// Bytes of a text until it is written: more than are written, so that a secret that reaches across the cut is seen
/// whole by the redactor.
const MAX_KEPT: usize = 2048;
const MAX_DETAILS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_details_are_bounded_and_replaced() {
        let long = "é".repeat(100_000);
        let mut event = Event::authentication_failure().subject("first").subject(&*long);
        for number in 0..40 {
            event = event.detail(Box::leak(format!("detail {number}").into_boxed_str()), number);
        }
        event = event.detail("detail 0", long);
        assert_eq!(event.texts[0], (Field::Subject, "é".repeat(1024)));
        assert_eq!((event.texts.len(), event.details.len(), event.is_cut), (1, 32, true));
        assert_eq!(event.details[0], ("detail 0", Detail::Text("é".repeat(1024))));
    }

    #[test]
    fn the_last_word_of_what_is_cut_goes_unless_it_is_most_of_the_text() {
        for (first, kept) in
            [(MAX_KEPT / 2, MAX_KEPT), (MAX_KEPT / 2 + 1, MAX_KEPT / 2 + 1), (MAX_KEPT, MAX_KEPT)]
        {
            let mut is_cut = false;
            let text = cut(format!("{} {}", "a".repeat(first), "b".repeat(MAX_KEPT)), &mut is_cut);
            assert_eq!((text.len(), is_cut), (kept, true), "{first} before the last word");
        }
        let (mut is_cut, whole) = (false, "a".repeat(MAX_KEPT));
        assert_eq!(cut(whole.clone(), &mut is_cut), whole);
        assert!(!is_cut);
    }
}
