use tracing::{Level as TracingLevel, event};

use crate::audit::line;
use crate::audit::{Level, Record, Sink};

/// Passes events on to `tracing`, under the target `palisade::audit`.
///
/// Critical ones have its level `ERROR`. Texts are escaped as in the log, since not every subscriber does.
///
/// ```
/// use palisade::audit::{AuditLog, sink};
/// use palisade::keys::KeyRing;
///
/// let log = AuditLog::builder(KeyRing::generate()?).also(sink::Tracing).writer(std::io::sink());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing;

impl Sink for Tracing {
    fn accept(&self, record: &Record<'_>) {
        macro_rules! emit {
            ($level:expr) => {{
                if !tracing::enabled!(target: TARGET, $level) {
                    return;
                }
                let fields: Vec<(&str, String)> =
                    record.fields().into_iter().map(|(name, text)| (name, escaped(&text))).collect();
                let field =
                    |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str());
                let mut details = String::new();
                if !record.details().is_empty() {
                    line::details(&mut details, record.details());
                }
                event!(
                    target: TARGET,
                    $level,
                    event = escaped(&record.name()).as_str(),
                    seq = record.seq(),
                    outcome = record.outcome().as_str(),
                    subject = field("subject"),
                    session = field("session"),
                    source_ip = field("source_ip"),
                    useragent = field("useragent"),
                    resource = field("resource"),
                    action = field("action"),
                    reason = field("reason"),
                    description = field("description"),
                    request_id = field("request_id"),
                    request_method = field("request_method"),
                    request_uri = field("request_uri"),
                    trace_id = field("trace_id"),
                    span_id = field("span_id"),
                    details = (!details.is_empty()).then_some(details.as_str()),
                );
            }};
        }
        match record.level() {
            Level::Info => emit!(TracingLevel::INFO),
            Level::Warn => emit!(TracingLevel::WARN),
            Level::Critical => emit!(TracingLevel::ERROR),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    line::escape(&mut line, text);
    line
}

const TARGET: &str = "palisade::audit";
