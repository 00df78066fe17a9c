use super::{CspBuilder, Directive, Header, Nonce, Source};

/// A content security policy: what a page may load, run, send and be framed by.
///
/// ```
/// use palisade::web::{Csp, Directive, Source};
///
/// let policy = Csp::builder() // nothing is allowed
///     .allow(Directive::Script, [Source::NONCE, Source::STRICT_DYNAMIC])
///     .allow(Directive::Image, [Source::SELF, Source::host("https://images.example")?])
///     .build()?;
/// # Ok::<(), palisade::web::CspError>(())
/// ```
///
/// # Security
/// A directive that asks for a nonce is `'none'` in a response that has none: scripts then do not run, which is seen.
///
/// # Source
/// Content Security Policy Level 3; Reporting API; Trusted Types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csp {
    /// INVARIANT: sorted by directive, one entry each.
    pub(super) directives: Vec<(Directive, Vec<Source>)>,
    pub(super) trusted_types: Option<Vec<String>>,
    pub(super) upgrades: bool,
    pub(super) endpoint: Option<Endpoint>,
}

/// Where reports go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) name: String,
    pub(super) address: String,
}

impl Csp {
    /// Begins with a policy that allows nothing.
    pub fn builder() -> CspBuilder {
        CspBuilder::new()
    }

    /// For pages: scripts by nonce, all else from the page's own origin, framed by nobody.
    pub fn page() -> Self {
        let own = || vec![Source::SELF];
        let mut page = Self::nothing();
        page.set(Directive::Script, vec![Source::NONCE, Source::STRICT_DYNAMIC]);
        for directive in
            [Directive::Style, Directive::Image, Directive::Font, Directive::Connect, Directive::FormAction]
        {
            page.set(directive, own());
        }
        page
    }

    /// For responses that are not pages: if a browser shows one all the same, it loads and runs nothing.
    pub fn api() -> Self {
        Self::nothing()
    }

    /// Changes a policy that is there.
    pub fn to_builder(&self) -> CspBuilder {
        CspBuilder::from(self.clone())
    }

    /// The value of the header.
    pub fn render(&self, nonce: Option<&Nonce>) -> String {
        self.text(nonce, self.upgrades)
    }

    /// Whether responses need a [`Nonce`].
    pub fn needs_nonce(&self) -> bool {
        self.directives.iter().any(|(_, sources)| sources.iter().any(Source::is_nonce))
    }

    /// As enforced.
    pub(super) fn header(&self, nonce: Option<&Nonce>) -> Header {
        ("Content-Security-Policy", self.render(nonce))
    }

    /// As tried out. `upgrade-insecure-requests` is not reported, and browsers complain when it is there.
    pub(super) fn report_only_header(&self, nonce: Option<&Nonce>) -> Header {
        ("Content-Security-Policy-Report-Only", self.text(nonce, false))
    }

    /// What browsers of before frame-ancestors understand of it.
    pub(super) fn frame_options(&self) -> Option<&'static str> {
        let (_, sources) = self.directives.iter().find(|(name, _)| *name == Directive::FrameAncestors)?;
        match sources.as_slice() {
            [] => Some("DENY"),
            [source] if *source == Source::SELF => Some("SAMEORIGIN"),
            _ => None,
        }
    }

    pub(super) fn nothing() -> Self {
        let denied = [
            Directive::Default,
            Directive::Object,
            Directive::BaseUri,
            Directive::FormAction,
            Directive::FrameAncestors,
        ];
        Self {
            directives: denied.map(|directive| (directive, Vec::new())).into(),
            trusted_types: None,
            upgrades: false,
            endpoint: None,
        }
    }

    pub(super) fn set(&mut self, directive: Directive, sources: Vec<Source>) {
        self.directives.retain(|(there, _)| *there != directive);
        let place = self.directives.partition_point(|(there, _)| *there < directive);
        self.directives.insert(place, (directive, sources));
    }

    fn text(&self, nonce: Option<&Nonce>, upgrades: bool) -> String {
        let mut parts: Vec<String> = self
            .directives
            .iter()
            .map(|(directive, sources)| sources_text(*directive, sources, nonce))
            .collect();
        if let Some(policies) = &self.trusted_types {
            let names = if policies.is_empty() { "'none'".to_owned() } else { policies.join(" ") };
            parts.push("require-trusted-types-for 'script'".to_owned());
            parts.push(format!("trusted-types {names}"));
        }
        if upgrades {
            parts.push("upgrade-insecure-requests".to_owned());
        }
        if let Some(Endpoint { name, address }) = &self.endpoint {
            // CSP 3 §6.5.1: browsers that know report-to ignore report-uri, which the others need.
            parts.push(format!("report-to {name}"));
            parts.push(format!("report-uri {address}"));
        }
        parts.join("; ")
    }
}

fn sources_text(directive: Directive, sources: &[Source], nonce: Option<&Nonce>) -> String {
    let mut text = directive.name().to_owned();
    let sources: Option<Vec<_>> = sources.iter().map(|source| source.render(nonce)).collect();
    // Without the nonce, what stands beside it as a fallback for old browsers would be all there is.
    let sources = sources.filter(|sources| !sources.is_empty()).unwrap_or_else(|| vec!["'none'".into()]);
    for source in sources {
        text.push(' ');
        text.push_str(&source);
    }
    text
}
