//! Ten thousand hostile requests over TCP to a real server: none reaches a handler, and no valid request in between is lost.

#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::ServiceExt;
use axum::extract::{Path, Request};
use axum::routing::get;
use palisade::web::{Settings, hardened};

const HOSTILE: usize = 10_000;
const CLIENTS: usize = 4;

#[test]
fn ten_thousand_hostile_requests_lose_no_valid_one() {
    let reached = Arc::new(AtomicUsize::new(0));
    let address = serve(Arc::clone(&reached));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            std::thread::spawn(move || {
                let mut kept = connect(address);
                for number in (client..HOSTILE).step_by(CLIENTS) {
                    let shown = attack(address, number);
                    assert!(!shown.contains(" 200 "), "{number} was served: {shown}");
                    if number % 7 == client {
                        assert_valid(&mut kept, number);
                    }
                    if number % 70 == client {
                        assert_valid(&mut connect(address), number);
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0, "a handler was reached by what should not");
}

/// A handler that counts what is not one of the valid requests.
fn serve(reached: Arc<AtomicUsize>) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let others = async move |_: Request| {
                reached.fetch_add(1, Ordering::SeqCst);
                "reached"
            };
            let valid = async |Path(number): Path<u32>, body: String| format!("valid {number} {body}");
            let app = Router::new().route("/valid/{number}", get(valid).post(valid)).fallback(others);
            let app = hardened(app, &Settings::secure().max_body(10_000));
            let app = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
            axum::serve(listener, app).await.unwrap();
        });
    });
    receiver.recv().unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    connection
}

/// Sends one hostile request and answers what came back, if anything did.
fn attack(address: SocketAddr, number: usize) -> String {
    let mut connection = connect(address);
    // The server may hang up before all of it is written.
    let _ = connection.write_all(&hostile(number));
    let _ = connection.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn assert_valid(connection: &mut TcpStream, number: usize) {
    write!(connection, "POST /valid/{number} HTTP/1.1\r\nhost: a\r\nsec-fetch-site: same-origin\r\ncontent-length: 4\r\n\r\nbody").unwrap();
    let expected = format!("valid {number} body");
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while !answer.ends_with(expected.as_bytes()) {
        let read = connection.read(&mut chunk).unwrap();
        assert!(read > 0, "a valid request was lost: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&chunk[..read]);
    }
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("x-frame-options: DENY\r\n"),
        "{answer}"
    );
}

/// Every kind in turn, each time of another size.
fn hostile(number: usize) -> Vec<u8> {
    let size = number.wrapping_mul(2_654_435_761) % 60_000;
    let long = |least: usize| "a".repeat(least + size);
    let same = "host: a\r\nsec-fetch-site: same-origin\r\n";
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n").into_bytes();
    match number % 27 {
        0 => get(&format!("/{}", long(8200))),
        1 => get(&format!("/?{}", long(8200))),
        2 => format!("GET /b HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", long(16_400)).into_bytes(),
        3 => format!("GET /b HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(200 + size / 10)).into_bytes(),
        4 => get("/../../etc/passwd"),
        5 => get("/%2e%2e/%2e%2e/etc/passwd"),
        6 => get("/..%2f..%2fetc%2fpasswd"),
        7 => get("/b/..%5c..%5cwindows"),
        8 => get("/b%00.html"),
        9 => get("/b%0d%0aset-cookie:%20a=b"),
        10 => get("/b%zz"),
        11 => format!("POST /b HTTP/1.1\r\n{same}content-length: {}\r\n\r\n{}", 10_001 + size, long(10_001))
            .into_bytes(),
        12 => format!(
            "POST /valid/1 HTTP/1.1\r\n{same}transfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
            10_001 + size,
            long(10_001)
        )
        .into_bytes(),
        13 => format!("POST /b HTTP/1.1\r\n{same}content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef")
            .into_bytes(),
        14 => format!("POST /b HTTP/1.1\r\n{same}content-length: -1\r\n\r\n").into_bytes(),
        15 => {
            format!("POST /valid/1 HTTP/1.1\r\n{same}transfer-encoding: chunked\r\n\r\nzz\r\n").into_bytes()
        }
        16 => b"GET /b HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".to_vec(),
        17 => b"GET /b HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n".to_vec(),
        18 => b"GET /b HTTP/1.1\r\nhost: a\r\n folded: b\r\n\r\n".to_vec(),
        19 => b"GET /b HTTP/1.1\r\nhost : a\r\n\r\n".to_vec(),
        20 => b"GET /b HTTP/9.9\r\nhost: a\r\n\r\n".to_vec(),
        21 => {
            b"POST /b HTTP/1.1\r\nhost: a\r\nsec-fetch-site: cross-site\r\ncontent-length: 0\r\n\r\n".to_vec()
        }
        22 => b"POST /b HTTP/1.1\r\nhost: a\r\norigin: null\r\ncontent-length: 0\r\n\r\n".to_vec(),
        23 => b"TRACE /b HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
        24 => (0..=size).map(|index| u8::try_from(index.wrapping_mul(number) % 251).unwrap()).collect(),
        25 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), // TLS, where there is none
        _ => format!("GET /b HTTP/1.1\r\nhost: a\r\nx: {}", long(0)).into_bytes(), // never ends
    }
}
