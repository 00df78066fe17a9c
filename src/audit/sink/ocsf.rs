use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::audit::line;
use crate::audit::{Kind, Level, Outcome, Record, Sink};

/// Writes events as lines of JSON in the Open Cybersecurity Schema Framework, version 1.8.0, for collectors that
/// read it.
///
/// ```
/// use palisade::audit::{AuditLog, sink};
/// use palisade::keys::KeyRing;
///
/// let log = AuditLog::builder(KeyRing::generate()?).also(sink::Ocsf::new(std::io::sink())).writer(std::io::sink());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What the schema has no place for, such as a span's id and all details, is under `unmapped`.
///
/// # Source
/// OCSF 1.8.0: Authentication 3002, Account Change 3001, User Access Management 3005, Detection Finding 2004, API
/// Activity 6003, Network Activity 4001, Application Lifecycle 6002, Base Event 0.
pub struct Ocsf<W> {
    writer: Mutex<(W, Option<io::Error>)>,
}

impl<W: Write> Ocsf<W> {
    /// Writes to `writer`, each event in one call.
    pub fn new(writer: W) -> Self {
        Self { writer: Mutex::new((writer, None)) }
    }

    /// Why an event could not be written, if that happened since this was asked last.
    pub fn take_error(&self) -> Option<io::Error> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).1.take()
    }
}

impl<W: Write + Send> Sink for Ocsf<W> {
    fn accept(&self, record: &Record<'_>) {
        let mut line = json(record);
        line.push('\n');
        let (writer, failed) = &mut *self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writer.write_all(line.as_bytes()).and_then(|()| writer.flush()) {
            *failed = Some(error);
        }
    }
}

impl<W> fmt::Debug for Ocsf<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ocsf")
    }
}

/// A class of the schema, with the activities we have for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Base,
    DetectionFinding,
    AccountChange,
    Authentication,
    UserAccess,
    NetworkActivity,
    ApplicationLifecycle,
    ApiActivity,
}

impl Class {
    /// `category_uid` and `class_uid`.
    const fn ids(self) -> (u32, u32) {
        match self {
            Self::Base => (0, 0),
            Self::DetectionFinding => (2, 2004),
            Self::AccountChange => (3, 3001),
            Self::Authentication => (3, 3002),
            Self::UserAccess => (3, 3005),
            Self::NetworkActivity => (4, 4001),
            Self::ApplicationLifecycle => (6, 6002),
            Self::ApiActivity => (6, 6003),
        }
    }
}

/// The class and `activity_id` of a kind.
const fn classify(kind: Kind) -> (Class, u32) {
    use Class::{
        AccountChange, ApiActivity, ApplicationLifecycle, Authentication, DetectionFinding, NetworkActivity,
        UserAccess,
    };
    match kind {
        Kind::AuthenticationFailure
        | Kind::LoginSuccess
        | Kind::LoginSuccessAfterFail
        | Kind::LoginFailMax
        | Kind::SessionCreated => (Authentication, LOGON),
        Kind::SessionExpired => (Authentication, LOGOFF),
        Kind::TokenCreated => (Authentication, TICKET),
        Kind::TokenRevoked
        | Kind::TokenReuse
        | Kind::TokenDelete
        | Kind::SessionRenewed
        | Kind::SessionUseAfterExpire => (Authentication, OTHER),
        Kind::PasswordChange | Kind::PasswordChangeFail => (AccountChange, PASSWORD_CHANGE),
        Kind::LoginLock => (AccountChange, LOCK),
        Kind::UserCreated => (AccountChange, CREATE),
        Kind::UserArchived => (AccountChange, DISABLE),
        Kind::UserDeleted => (AccountChange, DELETE_ACCOUNT),
        Kind::UserUpdated => (AccountChange, OTHER),
        Kind::AuthorizationChange => (UserAccess, OTHER),
        Kind::CertificateError => (NetworkActivity, FAIL),
        Kind::SuspiciousPatternDetected
        | Kind::ImpossibleTravel
        | Kind::MaliciousExcess404
        | Kind::MaliciousExtraneous
        | Kind::MaliciousAttackTool
        | Kind::MaliciousCors
        | Kind::MaliciousDirectReference => (DetectionFinding, CREATE),
        Kind::SystemStartup => (ApplicationLifecycle, START),
        Kind::SystemShutdown => (ApplicationLifecycle, STOP),
        Kind::SystemRestart => (ApplicationLifecycle, RESTART),
        Kind::MonitorEnabled => (ApplicationLifecycle, ENABLE),
        Kind::MonitorDisabled => (ApplicationLifecycle, DISABLE_APPLICATION),
        Kind::SystemCrash => (ApplicationLifecycle, OTHER),
        Kind::SensitiveCreate | Kind::UploadComplete | Kind::UploadStored => (ApiActivity, CREATE),
        Kind::SensitiveRead => (ApiActivity, READ),
        Kind::SensitiveUpdate | Kind::PermissionsChanged => (ApiActivity, UPDATE),
        Kind::SensitiveDelete | Kind::UploadDelete => (ApiActivity, DELETE),
        Kind::AuthorizationDenied
        | Kind::RateLimitExceeded
        | Kind::InvalidInputRejected
        | Kind::InputDiscreteFail
        | Kind::AdminActivity
        | Kind::DecryptFail
        | Kind::EncryptFail
        | Kind::UploadValidation
        | Kind::SequenceFail => (ApiActivity, OTHER),
    }
}

fn json(record: &Record<'_>) -> String {
    let (class, activity) = record.kind().map_or((Class::Base, OTHER), classify);
    let (category, class_uid) = class.ids();
    let fields = record.fields();
    let field = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, text)| &**text);
    let app = if record.app().is_empty() { "unknown" } else { record.app() };
    let time = record.time().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let severity = match record.level() {
        Level::Info => 1,
        Level::Warn => 3,
        Level::Critical => 5,
    };
    let is_refusal = class == Class::ApiActivity && record.outcome() == Outcome::Failure;

    let mut event = Object::new();
    event.number("activity_id", activity.into());
    event.number("category_uid", category.into());
    event.number("class_uid", class_uid.into());
    event.number("type_uid", (class_uid * 100 + activity).into());
    event.number("severity_id", severity);
    // The schema counts milliseconds in 64 signed bits.
    event.number("time", u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(i64::MAX as u64));
    event.object("metadata", |metadata| {
        metadata.text("version", "1.8.0");
        metadata.object("product", |product| product.text("name", app));
        metadata.text("event_code", &record.name());
        if let Some(seq) = record.seq() {
            metadata.number("sequence", seq.min(i64::MAX as u64));
        }
        if let Some(id) = field("request_id").or_else(|| field("trace_id")) {
            metadata.text("correlation_uid", id);
        }
        if is_refusal {
            metadata.raw("profiles", "[\"security_control\"]");
        }
    });
    // A finding has states of its own here: this one is new.
    let status = match (class, record.outcome()) {
        (Class::DetectionFinding, _) | (_, Outcome::Success) => 1,
        (_, Outcome::Failure) => 2,
        (_, Outcome::Unknown) => 0,
    };
    event.number("status_id", status);
    if let Some(reason) = field("reason") {
        event.text("status_detail", reason);
    }
    if let Some(message) = field("description") {
        event.text("message", message);
    }
    required(&mut event, class, record, app, is_refusal);
    event.object("unmapped", |unmapped| {
        for (name, text) in &fields {
            unmapped.text(name, text);
        }
        if !record.details().is_empty() {
            let mut details = String::new();
            line::details(&mut details, record.details());
            unmapped.raw("details", &details);
        }
    });
    event.finish()
}

/// What the class asks for.
fn required(event: &mut Object, class: Class, record: &Record<'_>, app: &str, is_refusal: bool) {
    let fields = record.fields();
    let field = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, text)| &**text);
    let or_unknown = |name: &str| field(name).unwrap_or("unknown");
    match class {
        Class::Base => {}
        Class::Authentication => {
            event.object("user", |user| user.text("name", or_unknown("subject")));
            event.object("service", |service| service.text("name", app));
        }
        Class::AccountChange => event.object("user", |user| user.text("name", or_unknown("subject"))),
        Class::UserAccess => {
            event.object("user", |user| user.text("name", or_unknown("subject")));
            let mut privilege = String::from("[\"");
            line::escape(&mut privilege, or_unknown("action"));
            event.raw("privileges", &(privilege + "\"]"));
        }
        Class::DetectionFinding => event.object("finding_info", |finding| {
            let uid = record.checkpoint().map_or_else(
                || format!("{}:{}", record.name(), record.datetime()),
                |checkpoint| format!("{}:{}", checkpoint.chain(), checkpoint.seq()),
            );
            finding.text("uid", &uid);
            finding.text("title", &record.name());
        }),
        Class::NetworkActivity => {
            event.object("dst_endpoint", |endpoint| endpoint.text("hostname", or_unknown("resource")));
        }
        Class::ApplicationLifecycle => event.object("app", |object| object.text("name", app)),
        Class::ApiActivity => {
            event.object("actor", |actor| {
                actor.object("user", |user| user.text("name", or_unknown("subject")));
            });
            let name = record.name();
            event.object("api", |api| api.text("operation", field("action").unwrap_or(&name)));
            if is_refusal {
                event.number("action_id", 2); // denied
                event.number("disposition_id", 2); // blocked
            }
        }
    }
    let has_source = matches!(
        class,
        Class::Authentication | Class::AccountChange | Class::UserAccess | Class::NetworkActivity
    );
    match field("source_ip") {
        Some(address) if has_source || class == Class::ApiActivity => {
            event.object("src_endpoint", |endpoint| endpoint.text("ip", address));
        }
        None if class == Class::ApiActivity => {
            event.object("src_endpoint", |endpoint| endpoint.text("name", "unknown"));
        }
        _ => {}
    }
}

/// A JSON object under way.
struct Object(String);

impl Object {
    fn new() -> Self {
        Self(String::with_capacity(512))
    }

    fn raw(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        let _infallible = write!(self.0, "\"{name}\":{value}");
    }

    fn number(&mut self, name: &str, value: u64) {
        self.raw(name, &value.to_string());
    }

    fn text(&mut self, name: &str, value: &str) {
        self.raw(name, "\"");
        line::escape(&mut self.0, value);
        self.0.push('"');
    }

    fn object(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        let mut inner = Self::new();
        fill(&mut inner);
        self.raw(name, &inner.finish());
    }

    fn finish(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

// `activity_id`, whose meaning depends on the class.
const OTHER: u32 = 99;
const LOGON: u32 = 1;
const LOGOFF: u32 = 2;
const TICKET: u32 = 3;
const CREATE: u32 = 1;
const READ: u32 = 2;
const UPDATE: u32 = 3;
const DELETE: u32 = 4;
const PASSWORD_CHANGE: u32 = 3;
const DISABLE: u32 = 5;
const DELETE_ACCOUNT: u32 = 6;
const LOCK: u32 = 9;
const FAIL: u32 = 4;
const START: u32 = 3;
const STOP: u32 = 4;
const RESTART: u32 = 5;
const ENABLE: u32 = 6;
const DISABLE_APPLICATION: u32 = 7;
