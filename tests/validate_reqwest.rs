//! A client of `reqwest` under a policy, with a real server: what it is told to do by redirects and by names that change.

#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use palisade::validate::reqwest::OutboundClient;
use palisade::validate::{Cidr, Invalid, InvalidKind, Resolver, TargetError, UrlPolicy};
use reqwest::{Client, StatusCode};

#[tokio::test]
async fn the_server_that_is_allowed_is_reached_by_its_name() {
    let server = Server::new(|_| "204 No Content".into());
    let (policy, client) = server.client(&[&["127.0.0.1"]]);
    let url = policy.parse(&format!("http://hook.example:{}/path", server.port)).unwrap();
    assert_eq!(client.get(&url).unwrap().send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn names_that_lead_inside_are_not_connected_to() {
    let server = Server::new(|_| "200 OK".into());
    for answers in [
        &["127.0.0.2"][..],
        &["127.0.0.1", "127.0.0.2"],
        &["8.8.8.8", "10.0.0.1"],
        &["::1"],
        &["::ffff:127.0.0.2"],
    ] {
        let (policy, client) = server.client(&[answers]);
        let url = policy.parse(&format!("http://hook.example:{}/", server.port)).unwrap();
        let error = client.get(&url).unwrap().send().await.unwrap_err();
        assert!(matches!(cause::<TargetError>(&error), Some(TargetError::NotPublic)), "{error:?}");
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_name_of_somebody_else_leads_to_no_network_of_ours() {
    let server = Server::new(|_| "200 OK".into());
    let (policy, client) = server.client(&[&["127.0.0.1"]]);
    let url = policy.parse(&format!("http://evil.example:{}/", server.port)).unwrap();
    let error = client.get(&url).unwrap().send().await.unwrap_err();
    assert!(matches!(cause::<TargetError>(&error), Some(TargetError::NotPublic)), "{error:?}");
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_name_that_changes_between_two_hops_is_judged_again() {
    // Each answer closes its connection, so that the next request looks the name up again.
    let server = Server::new(|_| "302 Found\r\nLocation: /next".into());
    let (policy, client) = server.client(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let url = policy.parse(&format!("http://hook.example:{}/", server.port)).unwrap();
    let error = client.get(&url).unwrap().send().await.unwrap_err();
    assert!(matches!(cause::<TargetError>(&error), Some(TargetError::NotPublic)), "{error:?}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn redirects_to_what_the_policy_refuses_are_not_followed() {
    for (location, kind) in [
        ("http://169.254.169.254/latest/meta-data/", InvalidKind::Reserved),
        ("http://127.0.0.2/", InvalidKind::Reserved),
        ("http://[::1]/", InvalidKind::Reserved),
        ("http://0x7f000002/", InvalidKind::Reserved),
        ("http://localhost/", InvalidKind::Reserved),
        ("//metadata.google.internal/", InvalidKind::Reserved),
        ("http://user:password@example.com/", InvalidKind::NotAllowed),
        ("http://example.com:1/", InvalidKind::NotAllowed),
    ] {
        let server = Server::new(move |_| format!("302 Found\r\nLocation: {location}"));
        let (policy, client) = server.client(&[&["127.0.0.1"]]);
        let url = policy.parse(&format!("http://hook.example:{}/", server.port)).unwrap();
        let error = client.get(&url).unwrap().send().await.unwrap_err();
        assert_eq!(cause::<Invalid>(&error).map(Invalid::kind), Some(kind), "{location}: {error:?}");
        assert_eq!(server.requests(), 1, "{location}");
    }
}

#[tokio::test]
async fn no_other_scheme_is_followed() {
    for location in ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com/"] {
        let server = Server::new(move |_| format!("302 Found\r\nLocation: {location}"));
        let (policy, client) = server.client(&[&["127.0.0.1"]]);
        let url = policy.parse(&format!("http://hook.example:{}/", server.port)).unwrap();
        // What reqwest cannot read as an address at all is handed to the caller as it came.
        let outcome = client.get(&url).unwrap().send().await.map(|answer| answer.status());
        assert!(outcome.is_err() || outcome.is_ok_and(|status| status == StatusCode::FOUND), "{location}");
        assert_eq!(server.requests(), 1, "{location}");
    }
}

#[tokio::test]
async fn redirects_are_counted() {
    let server = Server::new(|_| "302 Found\r\nLocation: /again".into());
    let (policy, client) = server.client(&[&["127.0.0.1"][..]; 9]);
    let url = policy.parse(&format!("http://hook.example:{}/", server.port)).unwrap();
    let error = client.get(&url).unwrap().send().await.unwrap_err();
    assert_eq!(cause::<Invalid>(&error).map(Invalid::kind), Some(InvalidKind::Range), "{error:?}");
    assert_eq!(server.requests(), 6); // the first, and five redirects
}

#[tokio::test]
async fn what_another_policy_let_through_is_not_requested() {
    let (_, client) = Server::new(|_| "200 OK".into()).client(&[]);
    let wider = UrlPolicy::default().allow_ports(1..=1).parse("https://example.com:1/").unwrap();
    assert_eq!(client.get(&wider).unwrap_err().kind(), InvalidKind::NotAllowed);
}

/// The first error of a kind among what led to `error`.
fn cause<'error, E: Error + 'static>(error: &'error (dyn Error + 'static)) -> Option<&'error E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Answers every request in the same way, on a connection of its own.
struct Server {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn new(answer: impl Fn(usize) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), requests: Arc::default() };
        let requests = Arc::clone(&server.requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let number = requests.fetch_add(1, Ordering::SeqCst);
                let lines = BufReader::new(&stream).lines();
                let head = lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
                assert!(head.count() > 0);
                let answer = answer(number);
                write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
            }
        });
        server
    }

    /// A client that may reach 127.0.0.1 and no other address that is not public, and whose names lead where `answers` say.
    fn client(&self, answers: &[&[&str]]) -> (UrlPolicy, OutboundClient) {
        let policy = UrlPolicy::default()
            .allow_http()
            .allow_ports(self.port..=self.port)
            .allow_network(Cidr::parse("127.0.0.1").unwrap())
            .allow_host("hook.example")
            .unwrap();
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        let resolver = Answers(Mutex::new(answers.iter().rev().map(parse).collect()));
        let client = OutboundClient::build_with(Client::builder(), policy.clone(), resolver).unwrap();
        (policy, client)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// The last one first, then an error.
struct Answers(Mutex<Vec<Vec<IpAddr>>>);

impl Resolver for Answers {
    fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().unwrap().pop().ok_or(io::ErrorKind::NotFound.into())
    }
}
