use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::detect::Span;
use super::error::{RedactError, RedactErrorKind};
use super::finding::{Counts, Finding};
use super::key::{self, Under, Verdict};
use super::kind::{Kind, Kinds};
use super::known::Known;
use super::mask::{self, Mask};
use super::rule::{Rule, Rules};
use super::scan::{self, Settings};
use super::writer::Writer;
use crate::secret::erase;

/// Hides secrets in lines of a log.
///
/// A clone shares what the original counts and the secrets that are registered with either.
///
/// ```
/// use palisade::redact::Redactor;
///
/// let redactor = Redactor::default();
/// assert_eq!(redactor.redact(r#"{"user":"ann","password":"hunter2"}"#), r#"{"user":"ann","password":"[REDACTED]"}"#);
/// assert_eq!(redactor.redact("GET /?token=c2VjcmV0&page=2"), "GET /?token=[REDACTED]&page=2");
/// assert_eq!(redactor.redact("Failed password for root"), "Failed password for root");
/// ```
#[derive(Clone)]
pub struct Redactor {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    mask: Mask,
    masks: Vec<(Kind, Mask)>,
    longest: usize,
    known: RwLock<Arc<Known>>,
    /// Held while what is known is changed.
    registering: Mutex<()>,
    /// Whether any secret is registered: read before the lock is taken.
    knows: AtomicBool,
    counts: [AtomicU64; Kind::ALL.len()],
}

impl Redactor {
    /// A redactor with settings of its own.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Hides what is secret in `line`: a line of a log, or an event of several lines. What is clean is returned as it is,
    /// without an allocation.
    ///
    /// Valid JSON stays valid JSON, and to redact twice is to redact once.
    ///
    /// # Security
    /// A line longer than [`Builder::longest_line`] is not shown at all: `[REDACTED: unscanned 9000000 bytes]` stands for it.
    pub fn redact<'a>(&self, line: &'a str) -> Cow<'a, str> {
        self.redact_under(Under::NOTHING, line)
    }

    /// As [`redact`](Self::redact), for bytes of any encoding that contains ASCII.
    pub fn redact_bytes<'a>(&self, line: &'a [u8]) -> Cow<'a, [u8]> {
        self.redact_event(line, Under::NOTHING).bytes.map_or(Cow::Borrowed(line), Cow::Owned)
    }

    /// Hides `text` whole if its name says that it is a secret, and what is secret in it otherwise: for fields of structured
    /// logs, such as those that `audit::Builder::redact` passes on.
    ///
    /// ```
    /// use palisade::redact::Redactor;
    ///
    /// let redactor = Redactor::default();
    /// assert_eq!(redactor.redact_field("db_password", "hunter2"), "[REDACTED]");
    /// assert_eq!(redactor.redact_field("reason", "password=hunter2 is too short"), "password=[REDACTED] is too short");
    /// ```
    pub fn redact_field<'a>(&self, name: &str, text: &'a str) -> Cow<'a, str> {
        self.redact_under(key::judge(name.as_bytes()), text)
    }

    /// As [`redact_field`](Self::redact_field), for a name that was judged.
    pub(super) fn redact_under<'a>(&self, under: Under, text: &'a str) -> Cow<'a, str> {
        match self.redact_event(text.as_bytes(), under).bytes {
            None => Cow::Borrowed(text),
            // INVARIANT: masks are text, and spans begin and end between characters.
            Some(redacted) => {
                Cow::Owned(String::from_utf8(redacted).unwrap_or_else(|_| unscanned(text.len())))
            }
        }
    }

    /// Registers a secret, to be hidden wherever it appears from now on: as it is; in base64 and base64url, in each of the
    /// three alignments it may have in a longer text; in hexadecimal; percent-encoded; and escaped for JSON, up to three
    /// strings deep, or for XML. Of a secret of several lines, each line is hidden. It takes effect for all clones.
    ///
    /// Other encodings of it, such as base64 twice, are not found.
    ///
    /// ```
    /// use palisade::redact::Redactor;
    /// use palisade::secret::SecretString;
    ///
    /// let redactor = Redactor::default();
    /// redactor.register(&SecretString::from("correct horse"))?;
    /// assert_eq!(redactor.redact("he said correct horse twice"), "he said [REDACTED] twice");
    /// assert_eq!(redactor.redact("GET /correct%20horse"), "GET /[REDACTED]");
    /// assert_eq!(redactor.redact("basic Y29ycmVjdCBob3JzZQ=="), "basic [REDACTED]Q=="); // Q holds two bits of it
    /// # Ok::<(), palisade::redact::RedactError>(())
    /// ```
    ///
    /// # Errors
    /// The secret is shorter than 8 bytes, so that it would be found in harmless words, or longer than 16 KiB.
    ///
    /// # Security
    /// The redactor keeps copies, which are erased when the secret is forgotten.
    pub fn register<S: Registrable + ?Sized>(&self, secret: &S) -> Result<(), RedactError> {
        // INVARIANT: what one change builds is not lost by another, and readers wait for neither.
        let _one = self.shared.registering.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known().unwrap_or_default();
        let more = known.with(secret.registered())?;
        if self.shared.settings.is_part_of_mask(secret.registered()) {
            return Err(RedactErrorKind::Mask.into());
        }
        self.swap(more);
        Ok(())
    }

    /// Forgets a registered secret, as when it was rotated and its last use is over. Returns whether it was registered.
    pub fn forget<S: Registrable + ?Sized>(&self, secret: &S) -> bool {
        let _one = self.shared.registering.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(without) = self.known().and_then(|known| known.without(secret.registered())) else {
            return false;
        };
        self.swap(without);
        true
    }

    fn swap(&self, known: Known) {
        let any = !known.is_empty();
        // INVARIANT: nothing panics while the lock is held for writing.
        *self.shared.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        self.shared.knows.store(any, Ordering::Release);
    }

    /// Whether a name, such as that of a field or a header, says that its value is a secret, or may be one if it looks random
    /// (`session`, `signature`). What [`redact_field`](Self::redact_field) hides depends on the value as well.
    ///
    /// ```
    /// use palisade::redact::Redactor;
    ///
    /// let redactor = Redactor::default();
    /// assert!(["password", "X-Api-Key", "dbPassword", "Authorization"].iter().all(|name| redactor.is_sensitive_key(name)));
    /// assert!(["monkey", "primary_key", "token_count", "author"].iter().all(|name| !redactor.is_sensitive_key(name)));
    /// ```
    pub fn is_sensitive_key(&self, name: &str) -> bool {
        key::judge(name.as_bytes()).verdict > Verdict::Plain
    }

    /// What is found in `line`, where, and why; without the values.
    ///
    /// ```
    /// use palisade::redact::Redactor;
    ///
    /// let found = Redactor::default().explain("login password=hunter2");
    /// assert_eq!(found[0].to_string(), "15..22 key (password)");
    /// ```
    pub fn explain(&self, line: &str) -> Vec<Finding> {
        self.explain_bytes(line.as_bytes())
    }

    /// As [`explain`](Self::explain), for bytes.
    pub fn explain_bytes(&self, line: &[u8]) -> Vec<Finding> {
        if line.len() > self.shared.longest {
            return vec![Finding::new(Kind::Unscanned, 0..line.len(), None)];
        }
        scan::find(&self.shared.settings, self.known().as_deref(), Under::NOTHING, line)
            .spans
            .iter()
            .map(|span| Finding::of(span, line))
            .collect()
    }

    /// How much of each kind was hidden so far, by this redactor and its clones.
    pub fn counts(&self) -> Counts {
        Counts::new(self.shared.counts.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }

    /// A writer that hides secrets in what is written, and passes it on line by line.
    pub fn writer<W: Write>(&self, inner: W) -> Writer<W> {
        Writer::new(self.clone(), inner)
    }

    /// Hides what is secret in `line`.
    pub(super) fn redact_event(&self, line: &[u8], under: Under) -> Redacted {
        if line.len() > self.shared.longest {
            return self.give_up(line, false);
        }
        let known = self.known();
        let found = scan::find(&self.shared.settings, known.as_deref(), under, line);
        let open_armour = found.open_armour;
        if found.spans.is_empty() {
            return Redacted { bytes: None, open_armour };
        }
        found.spans.iter().for_each(|span| self.count(span.kind, 1));
        let mut bytes = self.masked(line, &found.spans);
        // What is hidden changes what is around it: look again until there is nothing more to hide, so that redacting what
        // was redacted changes nothing. One more look is the rule.
        for _ in 0..MOST_PASSES {
            let again = scan::find(&self.shared.settings, known.as_deref(), under, &bytes);
            if again.spans.is_empty() {
                return Redacted { bytes: Some(bytes), open_armour };
            }
            let masked = self.masked(&bytes, &again.spans);
            erase(&mut bytes);
            bytes = masked;
        }
        self.give_up(line, open_armour)
    }

    /// Shows nothing of a line but its length.
    fn give_up(&self, line: &[u8], open_armour: bool) -> Redacted {
        self.count(Kind::Unscanned, 1);
        let first = line.trim_ascii_start().first().copied().unwrap_or(0);
        let bytes = notice(line.len(), first);
        Redacted { bytes: Some(bytes.into_bytes()), open_armour }
    }

    /// Tells a redactor, with its clones, from others that are alive.
    #[cfg(feature = "tracing")]
    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.shared).addr()
    }

    pub(super) fn longest_line(&self) -> usize {
        self.shared.longest
    }

    pub(super) fn count(&self, kind: Kind, more: u64) {
        if let Some(count) = self.shared.counts.get(kind.index()) {
            count.fetch_add(more, Ordering::Relaxed);
        }
    }

    pub(super) fn mask(&self, kind: Kind) -> &Mask {
        self.shared
            .masks
            .iter()
            .find(|(masked, _)| *masked == kind)
            .map_or(&self.shared.mask, |(_, mask)| mask)
    }

    fn known(&self) -> Option<Arc<Known>> {
        self.shared
            .knows
            .load(Ordering::Acquire)
            .then(|| Arc::clone(&self.shared.known.read().unwrap_or_else(PoisonError::into_inner)))
    }

    fn masked(&self, line: &[u8], spans: &[Span]) -> Vec<u8> {
        let mut out = Vec::with_capacity(line.len() + spans.len() * 16);
        let mut shown = 0;
        for span in spans {
            out.extend_from_slice(line.get(shown..span.start).unwrap_or_default());
            let quote = |out: &mut Vec<u8>| {
                if let Some(quote) = span.wrap {
                    out.extend(std::iter::repeat_n(b'\\', quote.backslashes));
                    out.push(quote.byte);
                }
            };
            quote(&mut out);
            self.mask(span.kind).write(
                span.kind,
                line.get(span.start..span.end).unwrap_or_default(),
                &mut out,
            );
            quote(&mut out);
            shown = span.end;
        }
        out.extend_from_slice(line.get(shown..).unwrap_or_default());
        out
    }
}

/// A line that was looked at.
pub(super) struct Redacted {
    /// What to show instead, unless it is clean.
    pub(super) bytes: Option<Vec<u8>>,
    /// It ends inside of a private key.
    pub(super) open_armour: bool,
}

/// Each pass hides what the last one uncovered; two are usual, and a line that needs more than this was made to.
const MOST_PASSES: usize = 8;

/// As [`unscanned`], so that a document of JSON, told by the first byte, stays one.
pub(super) fn notice(bytes: usize, first: u8) -> String {
    let notice = unscanned(bytes);
    if matches!(first, b'{' | b'[' | b'"') { format!("\"{notice}\"") } else { notice }
}

/// What stands for a line that was not looked at.
pub(super) fn unscanned(bytes: usize) -> String {
    format!("[REDACTED: unscanned {bytes} bytes]")
}

impl Default for Redactor {
    /// Every secret is looked for, no personal data; `[REDACTED]` stands for all.
    fn default() -> Self {
        Self::builder().build().expect("the default mask is sound")
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("mask", &self.shared.mask).finish_non_exhaustive()
    }
}

/// What can be [registered](Redactor::register): secrets, texts and bytes.
///
/// It is no way to read a secret:
///
/// ```compile_fail,E0599
/// use palisade::redact::Registrable;
/// palisade::secret::SecretString::from("hunter2").registered();
/// ```
pub trait Registrable: sealed::Registrable {}

impl<S: sealed::Registrable + ?Sized> Registrable for S {}

mod sealed {
    use crate::secret::{ExposeSecret, SecretBytes, SecretString};

    /// In a private module, so that the one way to read a secret stays [`ExposeSecret`].
    pub trait Registrable {
        fn registered(&self) -> &[u8];
    }

    impl Registrable for SecretString {
        fn registered(&self) -> &[u8] {
            self.expose_secret().as_bytes()
        }
    }

    impl Registrable for SecretBytes {
        fn registered(&self) -> &[u8] {
            self.expose_secret()
        }
    }

    macro_rules! registrable {
        ($($type:ty),+) => {$(
            impl Registrable for $type {
                fn registered(&self) -> &[u8] {
                    self.as_ref()
                }
            }
        )+};
    }

    registrable!(str, String, [u8], Vec<u8>);
}

/// Settings of a [`Redactor`].
///
/// ```
/// use palisade::redact::{Kind, Mask, Redactor};
///
/// let redactor = Redactor::builder()
///     .personal_data(true)          // e-mail, cards, IBAN, SSN, IP, MAC, telephone
///     .detect(Kind::Ip, false)      // but no IP addresses
///     .allow("user:user@localhost") // a value that is shown
///     .mask(Mask::text("(gone)"))
///     .build()?;
/// assert_eq!(redactor.redact("password=hunter2 from 10.0.0.7"), "password=(gone) from 10.0.0.7");
/// # Ok::<(), palisade::redact::RedactError>(())
/// ```
#[derive(Debug)]
pub struct Builder {
    kinds: Kinds,
    mask: Mask,
    masks: Vec<(Kind, Mask)>,
    rules: Vec<Rule>,
    allowed: HashSet<Box<[u8]>>,
    longest: usize,
}

impl Default for Builder {
    fn default() -> Self {
        let (mask, longest) = (Mask::default(), LONGEST_LINE);
        Self {
            kinds: Kinds::secrets(),
            mask,
            masks: Vec::new(),
            rules: Vec::new(),
            allowed: HashSet::new(),
            longest,
        }
    }
}

impl Builder {
    /// Whether personal data is looked for as well; off by default.
    #[must_use]
    pub fn personal_data(mut self, wanted: bool) -> Self {
        self.kinds = Kind::ALL
            .iter()
            .filter(|kind| kind.is_personal())
            .fold(self.kinds, |kinds, &kind| kinds.with(kind, wanted));
        self
    }

    /// Whether one kind is looked for.
    #[must_use]
    pub fn detect(mut self, kind: Kind, wanted: bool) -> Self {
        self.kinds = self.kinds.with(kind, wanted);
        self
    }

    /// Adds a rule of the application's own.
    ///
    /// # Errors
    /// None: a [`Rule`] is checked when it is made. The result lets a chain of calls stay one when more can fail.
    pub fn rule(mut self, rule: Rule) -> Result<Self, RedactError> {
        self.rules.push(rule);
        Ok(self)
    }

    /// Shows a value, if it is exactly what would be hidden: a documented example, a key that is public. Registered secrets and
    /// what a [`Rule`] matches are hidden all the same.
    #[must_use]
    pub fn allow(mut self, value: impl AsRef<[u8]>) -> Self {
        self.allowed.insert(value.as_ref().into());
        self
    }

    /// What stands in the place of what is hidden; `[REDACTED]` by default.
    #[must_use]
    pub fn mask(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    /// What stands in the place of one kind.
    #[must_use]
    pub fn mask_kind(mut self, kind: Kind, mask: Mask) -> Self {
        self.masks.retain(|(masked, _)| *masked != kind);
        self.masks.push((kind, mask));
        self
    }

    /// The longest line, or event, that is scanned, in bytes; 8 MiB by default. A longer one is not shown.
    #[must_use]
    pub fn longest_line(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// Builds the redactor.
    ///
    /// # Errors
    /// A mask would break a log's format or be redacted itself; the longest line is shorter than 1 KiB.
    pub fn build(self) -> Result<Redactor, RedactError> {
        if self.longest < 1024 {
            return Err(RedactErrorKind::Limit.into());
        }
        let masks: Vec<&Mask> =
            [&self.mask].into_iter().chain(self.masks.iter().map(|(_, mask)| mask)).collect();
        masks.iter().try_for_each(|mask| mask.check())?;
        let mut fixed: Vec<Box<[u8]>> =
            masks.iter().filter_map(|mask| mask.fixed()).map(|text| text.as_bytes().into()).collect();
        fixed.push(mask::DEFAULT.as_bytes().into());
        let settings =
            Settings { kinds: self.kinds, rules: Rules::new(self.rules)?, allowed: self.allowed, fixed };
        let kinds = self
            .masks
            .iter()
            .map(|(kind, mask)| (*kind, mask))
            .chain(Kind::ALL.iter().map(|&kind| (kind, &self.mask)));
        if kinds.into_iter().any(|(kind, mask)| !stays(&settings, kind, mask)) {
            return Err(RedactErrorKind::Mask.into());
        }
        let shared = Shared {
            settings,
            mask: self.mask,
            masks: self.masks,
            longest: self.longest,
            known: RwLock::default(),
            registering: Mutex::new(()),
            knows: AtomicBool::new(false),
            counts: [const { AtomicU64::new(0) }; Kind::ALL.len()],
        };
        Ok(Redactor { shared: Arc::new(shared) })
    }
}

/// Whether a mask, where it stands for values, is found again.
fn stays(settings: &Settings, kind: Kind, mask: &Mask) -> bool {
    let mut written = Vec::new();
    mask.write(kind, b"", &mut written);
    let written = String::from_utf8_lossy(&written);
    let samples = [
        format!("{written}"),
        format!("password={written} user=x"),
        format!("password: {written}, x"),
        format!("{{\"password\":\"{written}\",\"cookie\":\"a={written}; b={written}\"}}"),
        format!("Authorization: {written}, x"),
        format!("Authorization: Bearer {written}"),
        format!("Cookie: a={written}; b={written}"),
        format!("https://x:{written}@host/"),
    ];
    samples
        .iter()
        .all(|sample| scan::find(settings, None, Under::NOTHING, sample.as_bytes()).spans.is_empty())
}

/// Longer events are dumps, not lines of a log.
const LONGEST_LINE: usize = 8 << 20;
