//! Headers are judged by what browsers get: as they are rendered.

use super::Report;
use crate::posture::Severity::{High, Low, Medium};
use crate::web::{Nonce, RenderContext, SecurityHeaders};

impl Report {
    /// Looks at the headers of responses.
    pub fn headers(self, headers: &SecurityHeaders) -> Self {
        self.rendered(headers, RenderContext::tls())
    }

    pub(super) fn rendered(mut self, headers: &SecurityHeaders, context: RenderContext<'_>) -> Self {
        let Ok(nonce) = Nonce::generate() else {
            let found = "the operating system's random source is unavailable";
            self.add(("headers.scripts", High), false, found, "allow the system call getrandom");
            return self;
        };
        let rendered = headers.render(&context.nonce(&nonce));
        let value = |name: &str| {
            let header = rendered.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            header.map_or("", |(_, value)| value.as_str())
        };
        let policy = Policy(value("Content-Security-Policy"));
        let says =
            |name: &str| if value(name).is_empty() { "no header".to_owned() } else { value(name).to_owned() };

        // Each is what the one before it says, unless it says so itself.
        let scripts = policy.sources("script-src");
        let others =
            ["script-src-elem", "script-src-attr", "worker-src"].map(|name| (name, policy.own(name)));
        let weak =
            others.iter().find(|(_, sources)| sources.as_ref().is_some_and(|sources| !are_named(sources)));
        let (name, weakest) = match weak {
            Some((name, Some(sources))) if are_named(&scripts) => (*name, sources),
            _ => ("script-src", &scripts),
        };
        self.add(
            ("headers.scripts", High),
            are_named(weakest),
            format!("{name} {}", shown(weakest)),
            "Csp::page(), whose scripts carry the nonce of the response",
        );
        let (object, base) = (policy.sources("object-src"), policy.own("base-uri").unwrap_or_default());
        let are_none = [&object, &base].iter().all(|sources| **sources == ["'none'"]);
        let found = format!("object-src {}, base-uri {}", shown(&object), shown(&base));
        self.add(
            ("headers.base", Medium),
            are_none,
            found,
            "leave Directive::Object and Directive::BaseUri denied",
        );
        let ancestors = policy.own("frame-ancestors").unwrap_or_default();
        self.add(
            ("headers.framing", Medium),
            ancestors == ["'none'"] || ancestors == ["'self'"],
            format!("frame-ancestors {}", shown(&ancestors)),
            "leave Directive::FrameAncestors denied, or allow Source::SELF; for one route, by the response's own SecurityHeaders",
        );
        let hsts = value("Strict-Transport-Security");
        self.add(
            ("headers.hsts", Medium),
            covers_a_year(hsts),
            says("Strict-Transport-Security"),
            "Hsts::default()",
        );
        let referrer = value("Referrer-Policy");
        let tells_no_paths =
            ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"];
        self.add(
            ("headers.referrer", Low),
            tells_no_paths.contains(&referrer),
            says("Referrer-Policy"),
            "ReferrerPolicy::NoReferrer",
        );
        let opener = value("Cross-Origin-Opener-Policy");
        self.add(
            ("headers.opener", Low),
            opener == "same-origin",
            says("Cross-Origin-Opener-Policy"),
            "Opener::SameOrigin",
        );
        let cache = value("Cache-Control");
        self.add(
            ("headers.cache", Low),
            !cache.is_empty(),
            says("Cache-Control"),
            "CacheRule::NoStore, but for what is public",
        );
        let filter = value("X-XSS-Protection");
        self.add(
            ("headers.xss_filter", Low),
            !filter.starts_with('1'),
            says("X-XSS-Protection"),
            "XssProtection::Off",
        );
        self
    }
}

/// The text of a content security policy.
struct Policy<'a>(&'a str);

impl<'a> Policy<'a> {
    /// The sources of a directive that `default-src` stands in for.
    fn sources(&self, directive: &str) -> Vec<&'a str> {
        self.own(directive).or_else(|| self.own("default-src")).unwrap_or_default()
    }

    fn own(&self, directive: &str) -> Option<Vec<&'a str>> {
        let mut directives = self.0.split(';').map(str::split_whitespace);
        directives.find_map(|mut words| (words.next() == Some(directive)).then(|| words.collect()))
    }
}

/// Whether scripts are told by content or by own origin, and no text runs as one. Beside a nonce or a hash browsers ignore
/// `'unsafe-inline'`, and beside `'strict-dynamic'` hosts and schemes.
fn are_named(sources: &[&str]) -> bool {
    let by_content =
        sources.iter().any(|source| source.starts_with("'nonce-") || source.starts_with("'sha256-"));
    let dynamic = by_content && sources.contains(&"'strict-dynamic'");
    let is_fine = |source: &&str| match *source {
        "'none'" | "'self'" | "'strict-dynamic'" | "'report-sample'" | "'wasm-unsafe-eval'" => true,
        "'unsafe-inline'" => by_content,
        "'unsafe-eval'" => false,
        // A list of hosts, each of which may serve a script that runs what it is told.
        place => dynamic || place.starts_with("'nonce-") || place.starts_with("'sha256-"),
    };
    !sources.is_empty() && sources.iter().all(is_fine)
}

fn covers_a_year(hsts: &str) -> bool {
    let mut directives = hsts.split(';').map(str::trim);
    let seconds = directives.next().and_then(|first| first.strip_prefix("max-age=")?.parse::<u64>().ok());
    seconds.is_some_and(|seconds| seconds >= 31_536_000)
        && directives.any(|directive| directive == "includeSubDomains")
}

/// The nonce is of no interest, and of none but this report.
fn shown(sources: &[&str]) -> String {
    let shown = |source: &&str| {
        if source.starts_with("'nonce-") { "'nonce-…'".to_owned() } else { (*source).to_owned() }
    };
    if sources.is_empty() {
        "is not there".to_owned()
    } else {
        sources.iter().map(shown).collect::<Vec<_>>().join(" ")
    }
}
