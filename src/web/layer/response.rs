//! What every response carries.

use http::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::super::{Nonce, RenderContext, SecurityHeaders};
use super::context::Context;
use super::strictness::{Rule, denials, kept, rule};
use super::{Settings, cookies};

/// The headers of all responses, rendered once but for the nonce.
#[derive(Debug)]
pub(super) struct Prepared {
    fixed: HeaderMap,
    /// Policies in pieces, between which the nonce belongs.
    policies: Vec<(HeaderName, Vec<String>)>,
    pub(super) needs_nonce: bool,
}

impl Prepared {
    pub(super) fn new(settings: &Settings) -> Self {
        let needs_nonce = settings.headers.needs_nonce();
        let mut prepared = Self { fixed: HeaderMap::new(), policies: Vec::new(), needs_nonce };
        for (name, value) in settings.headers.render(&render_context(settings, Some(&Nonce::mark()))) {
            if value.contains(Nonce::MARK) {
                let pieces = value.split(Nonce::MARK).map(str::to_owned).collect();
                prepared.policies.push((header_name(name), pieces));
            } else {
                prepared.fixed.insert(header_name(name), header_value(value));
            }
        }
        prepared
    }

    /// Completes a response.
    pub(super) fn finish<A>(&self, settings: &Settings, context: &mut Context, response: &mut Response<A>) {
        let of_this_response = response.extensions_mut().remove::<SecurityHeaders>();
        // Ours are copied as one, and the few that a handler sets are added: half of what the reverse takes.
        let mut headers = match (of_this_response, &context.nonce) {
            (None, nonce) if nonce.is_some() || !self.needs_nonce => self.headers(nonce.as_ref()),
            (other, nonce) => {
                let context = render_context(settings, nonce.as_ref());
                let rendered = other.as_ref().unwrap_or(&settings.headers).render(&context);
                rendered.into_iter().map(|(name, value)| (header_name(name), header_value(value))).collect()
            }
        };
        std::mem::swap(response.headers_mut(), &mut headers);
        let (ours, mut theirs) = (response.headers_mut(), headers);
        cookies::harden(&mut theirs, &settings.for_scripts);
        join(ours, &theirs);
        context.add(ours);
        if let Some(limit) = &settings.limit {
            ours.append(RATELIMIT_POLICY, limit.policy.clone());
        }
    }

    fn headers(&self, nonce: Option<&Nonce>) -> HeaderMap {
        let mut headers = self.fixed.clone();
        for (name, pieces) in &self.policies {
            let nonce = nonce.map(Nonce::as_str).unwrap_or_default();
            headers.insert(name.clone(), header_value(pieces.join(nonce)));
        }
        headers
    }
}

impl Context {
    fn add(&mut self, headers: &mut HeaderMap) {
        if let Some(id) = self.id {
            headers.insert(X_REQUEST_ID, header_value(id.as_str().to_owned()));
        }
        if let Some(limit) = self.limit.take() {
            headers.append(RATELIMIT, header_value(limit));
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

/// Adds the headers that the service has set to ours, which yield only to stricter ones.
fn join(headers: &mut HeaderMap, theirs: &HeaderMap) {
    for name in theirs.keys() {
        let values = theirs.get_all(name);
        let (Some(ours), Some(first)) = (headers.get(name), values.iter().next()) else {
            values.iter().for_each(|value| _ = headers.append(name, value.clone()));
            continue;
        };
        match rule(name.as_str()) {
            Rule::Both => values.iter().for_each(|value| _ = headers.append(name, value.clone())),
            Rule::Theirs => {
                headers.insert(name, first.clone());
                values.iter().skip(1).for_each(|value| _ = headers.append(name, value.clone()));
            }
            Rule::Denials => {
                let denied = values.iter().flat_map(|value| denials(value.as_bytes()));
                let all = denied.fold(ours.as_bytes().to_vec(), |all, entry| {
                    [&all, &b", "[..], entry.as_bytes()].concat()
                });
                headers.insert(name, HeaderValue::try_from(all).expect("parts of values are values"));
            }
            // Of several values browsers may heed none: one stays.
            Rule::Stricter => {
                let kept: Option<Vec<_>> =
                    values.iter().map(|value| kept(name.as_str(), value, ours)).collect();
                if let Some(kept) = kept.and_then(|kept| kept.into_iter().next()) {
                    headers.insert(name, kept);
                }
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

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
