//! What every response carries.

use http::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, Entry, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::super::{Nonce, RenderContext, SecurityHeaders};
use super::context::Context;
use super::strictness::{Rule, denials, is_at_least, rule};
use super::{Settings, cookies};

/// The headers of all responses, rendered once but for the nonce.
#[derive(Debug)]
pub(super) struct Prepared {
    fixed: Vec<(HeaderName, HeaderValue)>,
    /// Policies in pieces, between which the nonce belongs.
    policies: Vec<(HeaderName, Vec<String>)>,
    pub(super) needs_nonce: bool,
}

impl Prepared {
    pub(super) fn new(settings: &Settings) -> Self {
        let needs_nonce = settings.headers.needs_nonce();
        let mut prepared = Self { fixed: Vec::new(), policies: Vec::new(), needs_nonce };
        for (name, value) in settings.headers.render(&render_context(settings, Some(&Nonce::mark()))) {
            if value.contains(Nonce::MARK) {
                let pieces = value.split(Nonce::MARK).map(str::to_owned).collect();
                prepared.policies.push((header_name(name), pieces));
            } else {
                prepared.fixed.push((header_name(name), header_value(value)));
            }
        }
        if let Some(limit) = &settings.limit {
            let policy = limit.fields.policy().to_string();
            prepared.fixed.push((HeaderName::from_static("ratelimit-policy"), header_value(policy)));
        }
        prepared
    }

    /// Completes a response.
    pub(super) fn finish<A>(&self, settings: &Settings, context: &mut Context, response: &mut Response<A>) {
        let of_this_response = response.extensions_mut().remove::<SecurityHeaders>();
        let headers = response.headers_mut();
        headers.reserve(self.fixed.len() + 6);
        match (of_this_response, &context.nonce) {
            (None, nonce) if nonce.is_some() || !self.needs_nonce => self.add(headers, nonce.as_ref()),
            (other, nonce) => {
                let rendered = other.as_ref().unwrap_or(&settings.headers);
                for (name, value) in rendered.render(&render_context(settings, nonce.as_ref())) {
                    set(headers, header_name(name), header_value(value));
                }
            }
        }
        cookies::harden(headers, &settings.for_scripts);
        context.add(headers);
    }

    fn add(&self, headers: &mut HeaderMap, nonce: Option<&Nonce>) {
        for (name, value) in &self.fixed {
            set(headers, name.clone(), value.clone());
        }
        for (name, pieces) in &self.policies {
            let nonce = nonce.map(Nonce::as_str).unwrap_or_default();
            set(headers, name.clone(), header_value(pieces.join(nonce)));
        }
    }
}

impl Context {
    fn add(&mut self, headers: &mut HeaderMap) {
        if let Some(id) = self.id {
            headers.insert("x-request-id", header_value(id.as_str().to_owned()));
        }
        if let Some(limit) = self.limit.take() {
            headers.insert("ratelimit", header_value(limit));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        let Some(cors) = self.cors.take() else { return };
        headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        for (name, value) in cors {
            let name = header_name(name);
            if name == VARY {
                headers.append(name, header_value(value));
            } else {
                headers.insert(name, header_value(value));
            }
        }
    }
}

fn render_context<'a>(settings: &Settings, nonce: Option<&'a Nonce>) -> RenderContext<'a> {
    let context = if settings.tls { RenderContext::tls() } else { RenderContext::plain() };
    match nonce {
        Some(nonce) => context.nonce(nonce),
        None => context,
    }
}

/// Sets a header, without taking away what the service has asked for beyond it.
fn set(headers: &mut HeaderMap, name: HeaderName, ours: HeaderValue) {
    let mut theirs = match headers.entry(name) {
        Entry::Vacant(vacant) => {
            vacant.insert(ours);
            return;
        }
        Entry::Occupied(occupied) => occupied,
    };
    match rule(theirs.key().as_str()) {
        Rule::Both => theirs.append(ours),
        Rule::Theirs => {}
        Rule::Denials => {
            let mut entries = vec![String::from_utf8_lossy(ours.as_bytes()).into_owned()];
            entries.extend(theirs.iter().flat_map(|value| denials(value.as_bytes())).map(str::to_owned));
            theirs.insert(HeaderValue::try_from(entries.join(", ")).unwrap_or(ours));
        }
        Rule::Stricter => {
            let name = theirs.key().as_str();
            if !theirs.iter().all(|value| is_at_least(name, value.as_bytes(), ours.as_bytes())) {
                theirs.insert(ours);
            }
        }
    }
}

fn header_name(name: &'static str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).expect("names of headers are those of standards")
}

fn header_value(value: String) -> HeaderValue {
    HeaderValue::try_from(value).expect("values of headers are put together from checked parts")
}
