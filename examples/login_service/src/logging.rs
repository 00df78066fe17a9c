use palisade::redact::Redactor;
use tracing_subscriber::fmt::format::{self, DefaultFields};

/// Sends what `tracing` says to standard error, without secrets.
pub(crate) fn start(redactor: &Redactor) {
    tracing_subscriber::fmt()
        .event_format(redactor.event_format(format::format()))
        .fmt_fields(redactor.fmt_fields(DefaultFields::new()))
        .with_writer(redactor.make_writer(std::io::stderr))
        .init();
}
