use http::header::USER_AGENT;
use http::{HeaderValue, Method, Request, Uri};

use super::super::{Header, Nonce};
use super::{ClientIp, Refused, RequestId};
use crate::audit::{Event, TraceContext};

/// What is known of a request when its response is made.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) id: Option<RequestId>,
    pub(super) trace: Option<TraceContext>,
    pub(super) client: Option<ClientIp>,
    pub(super) nonce: Option<Nonce>,
    /// A policy for other origins has spoken.
    pub(super) cors: Option<Vec<Header>>,
    /// `RateLimit`
    pub(super) limit: Option<String>,
    pub(super) retry_after: Option<u64>,
    /// Kept where somebody listens.
    pub(super) asked: Option<Box<Asked>>,
}

/// What was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    method: Method,
    uri: Uri,
    agent: Option<HeaderValue>,
}

impl Asked {
    pub(super) fn of<B>(request: &Request<B>) -> Box<Self> {
        Box::new(Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            agent: request.headers().get(USER_AGENT).cloned(),
        })
    }
}

impl Context {
    /// What the audit log is told of a refusal. Queries stay out: they hold tokens.
    pub(super) fn event(&self, refused: Refused) -> Event {
        let mut event = refused.event();
        if let Some(asked) = &self.asked {
            event = event.request(asked.method.as_str(), asked.uri.path());
            if let Some(agent) = &asked.agent {
                event = event.user_agent(String::from_utf8_lossy(agent.as_bytes()));
            }
        }
        if let Some(id) = self.id {
            event = event.request_id(id.as_str());
        }
        if let Some(trace) = self.trace {
            event = event.trace(trace);
        }
        if let Some(ClientIp(address)) = self.client {
            event = event.source_ip(address);
        }
        event
    }
}
