//! Clients against servers of OpenSSL that have every fault there is, and our server against its client.
//!
//! Each refusal has a positive control: OpenSSL's own client, which does not mind, connects to the same server.
//!
//! `cargo test --all-features --test tls_openssl -- --ignored`

#![cfg(all(feature = "tls", unix))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

#[path = "support/openssl.rs"]
mod openssl;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use openssl::{Pki, Server};
use palisade::secret::SecretBytes;
use palisade::transport::tls::{
    HardenedClient, HardenedClientBuilder, HardenedServer, Identity, Pin, Refusal, Roots, TlsErrorKind,
};

const ANY: &str = "-cipher ALL:eNULL:aNULL:@SECLEVEL=0";

fn client_of(pki: &Pki) -> HardenedClientBuilder {
    HardenedClient::builder().roots(Roots::None).authority(&pki.read("root.pem"))
}

/// A request of HTTP and its answer.
fn ask(client: &HardenedClient, host: &str, server: &Server) -> Result<(), Refusal> {
    let tcp = TcpStream::connect(server.at()).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = client.connect(host, tcp)?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.0 200");
    Ok(())
}

#[test]
#[ignore = "needs openssl"]
fn certificates_with_a_fault_are_refused_for_it() {
    let pki = Pki::new();
    pki.issue("good", "localhost", "subjectAltName=DNS:localhost", "");
    pki.issue("address", "x", "subjectAltName=IP:127.0.0.1", "");
    pki.issue("wildcard", "x", "subjectAltName=DNS:*.example.com", "");
    pki.issue("no-names", "localhost", "basicConstraints=CA:FALSE", "");
    pki.issue(
        "expired",
        "x",
        "subjectAltName=DNS:localhost",
        "-startdate 20000101000000Z -enddate 20010101000000Z",
    );
    pki.issue(
        "early",
        "x",
        "subjectAltName=DNS:localhost",
        "-startdate 20480101000000Z -enddate 20490101000000Z",
    );
    pki.issue("client", "x", "subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth", "");
    pki.issue("authority", "x", "subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:TRUE", "");
    pki.issue("critical", "x", "subjectAltName=DNS:localhost\n1.2.3.4=critical,ASN1:NULL", "");
    pki.issue("sha1", "x", "subjectAltName=DNS:localhost", "-md sha1");
    pki.issue("revoked", "x", "subjectAltName=DNS:localhost", "");
    pki.run("ca -config root.cnf -revoke revoked.pem");
    pki.run("ca -config root.cnf -gencrl -out root.crl");
    pki.run("genrsa -out weak.key 1024");
    pki.issue_for("weak.key", "weak", "x", "subjectAltName=DNS:localhost", "");
    pki.authority("other");
    pki.issue_by("other", "stranger", "subjectAltName=DNS:localhost");
    pki.run("req -x509 -key key.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 9 -out self.pem");
    pki.authority_below_root(
        "limited",
        "nameConstraints=critical,permitted;DNS:.example.com,permitted;DNS:example.com",
    );
    pki.issue_by("limited", "outside", "subjectAltName=DNS:localhost");
    pki.issue_by("limited", "inside", "subjectAltName=DNS:a.example.com");
    pki.run("genrsa -out thin.key 1024");
    pki.authority_below_root_with("thin.key", "thin", "");
    pki.issue_by("thin", "below-weak", "subjectAltName=DNS:localhost");

    let plain = client_of(&pki).build().unwrap();
    let listed = client_of(&pki).crls(&pki.read("root.crl")).build().unwrap();
    let good_pin = Pin::of_certificate(&pki.read("good.pem")).unwrap();
    let weak_pin = Pin::of_certificate(&pki.read("weak.pem")).unwrap();
    let pinned = client_of(&pki).pins([weak_pin, good_pin]).build().unwrap();
    let mispinned = client_of(&pki).pins([weak_pin]).build().unwrap();
    for (certificate, host, client, expected) in [
        ("good", "localhost", &plain, Ok(())),
        ("good", "LOCALHOST.", &plain, Ok(())),
        ("good", "localhost", &listed, Ok(())),
        ("good", "localhost", &pinned, Ok(())),
        ("good", "localhost", &mispinned, Err(Refusal::PinMismatch)),
        ("good", "example.com", &plain, Err(Refusal::WrongHost)),
        ("good", "127.0.0.1", &plain, Err(Refusal::WrongHost)),
        ("address", "127.0.0.1", &plain, Ok(())),
        ("address", "localhost", &plain, Err(Refusal::WrongHost)),
        ("wildcard", "a.example.com", &plain, Ok(())),
        ("wildcard", "a.b.example.com", &plain, Err(Refusal::WrongHost)),
        ("wildcard", "example.com", &plain, Err(Refusal::WrongHost)),
        ("no-names", "localhost", &plain, Err(Refusal::WrongHost)),
        ("expired", "localhost", &plain, Err(Refusal::Expired)),
        ("early", "localhost", &plain, Err(Refusal::NotYetValid)),
        ("client", "localhost", &plain, Err(Refusal::WrongPurpose)),
        ("authority", "localhost", &plain, Err(Refusal::CaAsLeaf)),
        ("critical", "localhost", &plain, Err(Refusal::Malformed)),
        ("sha1", "localhost", &plain, Err(Refusal::WeakSignature)),
        ("weak", "localhost", &plain, Err(Refusal::WeakKey)),
        ("below-weak", "localhost", &plain, Err(Refusal::WeakKey)),
        ("revoked", "localhost", &plain, Ok(())), // nothing is fetched
        ("revoked", "localhost", &listed, Err(Refusal::Revoked)),
        ("inside", "a.example.com", &listed, Err(Refusal::UnknownRevocation)),
        ("stranger", "localhost", &plain, Err(Refusal::UnknownIssuer)),
        ("self", "localhost", &plain, Err(Refusal::UnknownIssuer)),
        ("outside", "localhost", &plain, Err(Refusal::NameConstraint)),
        ("inside", "a.example.com", &plain, Ok(())),
    ] {
        for version in ["-tls1_2", "-tls1_3"] {
            let server = pki.serve(certificate, &format!("{version} {ANY}"));
            assert_eq!(ask(client, host, &server), expected, "{certificate} {host} {version}");
            assert!(pki.connects(&server, &format!("{version} {ANY}")), "{certificate}: the server is dead");
        }
    }
    // What verification asks for is there: with the right root, the stranger is let in.
    let other =
        HardenedClient::builder().roots(Roots::None).authority(&pki.read("other.pem")).build().unwrap();
    assert_eq!(ask(&other, "localhost", &pki.serve("stranger", ANY)), Ok(()));
}

#[test]
#[ignore = "needs openssl"]
fn old_versions_and_weak_suites_are_refused() {
    let pki = Pki::new();
    pki.issue("good", "localhost", "subjectAltName=DNS:localhost", "");
    let (any, newer) = (client_of(&pki).build().unwrap(), client_of(&pki).tls13_only().build().unwrap());
    let suite = |name: &str| format!("-tls1_2 -cipher {name}:@SECLEVEL=0");
    for (options, client, expected) in [
        (format!("-tls1 {ANY}"), &any, Err(Refusal::ProtocolVersion)),
        (format!("-tls1_1 {ANY}"), &any, Err(Refusal::ProtocolVersion)),
        (format!("-tls1_2 {ANY}"), &any, Ok(())),
        (format!("-tls1_2 {ANY}"), &newer, Err(Refusal::ProtocolVersion)),
        (format!("-tls1_3 {ANY}"), &any, Ok(())),
        (format!("-tls1_3 {ANY}"), &newer, Ok(())),
        (suite("ECDHE-RSA-AES128-GCM-SHA256"), &any, Ok(())),
        (suite("ECDHE-RSA-CHACHA20-POLY1305"), &any, Ok(())),
        (suite("ECDHE-RSA-AES128-SHA256"), &any, Err(Refusal::NoCommonSuite)), // CBC
        (suite("ECDHE-RSA-AES128-SHA"), &any, Err(Refusal::NoCommonSuite)),
        (suite("AES128-GCM-SHA256"), &any, Err(Refusal::NoCommonSuite)), // the key exchange of RSA, without forward secrecy
        (suite("DHE-RSA-AES128-GCM-SHA256"), &any, Err(Refusal::NoCommonSuite)),
        (suite("ECDHE-RSA-NULL-SHA"), &any, Err(Refusal::NoCommonSuite)),
        (suite("NULL-SHA256"), &any, Err(Refusal::NoCommonSuite)),
        (suite("ADH-AES128-GCM-SHA256"), &any, Err(Refusal::NoCommonSuite)), // anonymous
        (suite("AECDH-AES128-SHA"), &any, Err(Refusal::NoCommonSuite)),
        ("-tls1_3 -groups X448".to_owned(), &any, Err(Refusal::NoCommonSuite)),
    ] {
        let server = pki.serve("good", &options);
        assert_eq!(ask(client, "localhost", &server), expected, "{options}");
        assert!(pki.connects(&server, &options), "{options}: the server is dead");
    }
    let server = pki.serve_without_extended_master_secret("good", &format!("-tls1_2 {ANY}"));
    assert_eq!(ask(&any, "localhost", &server), Err(Refusal::NoExtendedMasterSecret));
    assert!(pki.connects(&server, &format!("-tls1_2 {ANY}")));
}

/// What our server says to one handshake of OpenSSL's client, and whether that was content.
fn visit(pki: &Pki, server: &HardenedServer, options: &str) -> (Result<(), Refusal>, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::scope(|scope| {
        let serving = scope.spawn(|| {
            let tcp = listener.accept().unwrap().0;
            tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let mut stream = server.accept(tcp)?;
            stream.conn.send_close_notify();
            stream.flush().map_err(|error| Refusal::from(&error))
        });
        let content = pki.client(at, options).status.success();
        (serving.join().unwrap(), content)
    })
}

#[test]
#[ignore = "needs openssl"]
fn our_server_refuses_what_our_client_refuses() {
    let pki = Pki::new();
    pki.issue("good", "localhost", "subjectAltName=DNS:localhost", "");
    let server = HardenedServer::new(pki.identity("good", "key.pem").unwrap()).unwrap();
    let newer =
        HardenedServer::builder(pki.identity("good", "key.pem").unwrap()).tls13_only().build().unwrap();
    let checked = "-CAfile root.pem -verify_return_error -verify_hostname localhost";
    for options in ["-tls1_3", "-tls1_2", "-tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305"] {
        assert_eq!(visit(&pki, &server, &format!("{checked} {options}")), (Ok(()), true), "{options}");
    }
    assert!(!visit(&pki, &server, "-CAfile root.pem -verify_return_error -verify_hostname other").1);
    for (server, options, refusal) in [
        (&server, format!("-tls1 {ANY}"), Refusal::ProtocolVersion),
        (&server, format!("-tls1_1 {ANY}"), Refusal::ProtocolVersion),
        (&newer, "-tls1_2".to_owned(), Refusal::ProtocolVersion),
        (&server, "-tls1_2 -cipher ECDHE-RSA-AES128-SHA".to_owned(), Refusal::NoCommonSuite),
        (&server, "-tls1_2 -cipher AES128-GCM-SHA256".to_owned(), Refusal::NoCommonSuite),
        (&server, "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256".to_owned(), Refusal::NoCommonSuite),
        (&server, "-tls1_2 -cipher ECDHE-RSA-NULL-SHA:@SECLEVEL=0".to_owned(), Refusal::NoCommonSuite),
        (&server, "-tls1_2 -cipher ADH-AES128-GCM-SHA256:@SECLEVEL=0".to_owned(), Refusal::NoCommonSuite),
        (&server, "-tls1_3 -groups X448".to_owned(), Refusal::NoCommonSuite),
    ] {
        assert_eq!(visit(&pki, server, &options), (Err(refusal), false), "{options}");
        let careless = pki.serve("good", ANY);
        assert!(pki.connects(&careless, &options), "{options}: the client is dead");
    }
}

#[test]
#[ignore = "needs openssl"]
fn our_server_checks_certificates_of_clients() {
    let pki = Pki::new();
    let purpose = "extendedKeyUsage=clientAuth";
    pki.issue("good", "localhost", "subjectAltName=DNS:localhost", "");
    pki.issue("ann", "ann", purpose, "");
    pki.issue("revoked", "bob", purpose, "");
    pki.issue("expired", "ann", purpose, "-startdate 20000101000000Z -enddate 20010101000000Z");
    pki.issue("server", "ann", "extendedKeyUsage=serverAuth", "");
    pki.issue("sha1", "ann", purpose, "-md sha1");
    pki.run("genrsa -out weak.key 1024");
    pki.issue_for("weak.key", "weak", "ann", purpose, "");
    pki.authority("other");
    pki.issue_by("other", "stranger", purpose);
    pki.run("ca -config root.cnf -revoke revoked.pem");
    pki.run("ca -config root.cnf -gencrl -out root.crl");

    let builder = HardenedServer::builder(pki.identity("good", "key.pem").unwrap());
    let server =
        builder.client_authority(&pki.read("root.pem")).client_crls(&pki.read("root.crl")).build().unwrap();
    for version in ["-tls1_2", "-tls1_3"] {
        let nobody = visit(&pki, &server, &format!("{version} {ANY}")).0;
        assert_eq!(nobody, Err(Refusal::NoCertificate), "{version}");
        for (certificate, key, expected) in [
            ("ann", "key.pem", Ok(())),
            ("revoked", "key.pem", Err(Refusal::Revoked)),
            ("expired", "key.pem", Err(Refusal::Expired)),
            ("server", "key.pem", Err(Refusal::WrongPurpose)),
            ("sha1", "key.pem", Err(Refusal::WeakSignature)),
            ("weak", "weak.key", Err(Refusal::WeakKey)),
            ("stranger", "key.pem", Err(Refusal::UnknownIssuer)),
        ] {
            let options = format!("{version} {ANY} -cert {certificate}.pem -key {key}");
            assert_eq!(visit(&pki, &server, &options).0, expected, "{options}");
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn keys_are_read_in_every_form_that_openssl_writes() {
    let pki = Pki::new();
    let names = "subjectAltName=DNS:localhost";
    pki.run("rsa -in key.pem -traditional -out pkcs1.key");
    pki.run("ecparam -name prime256v1 -genkey -out sec1.key"); // with a section of parameters before the key
    pki.run("ecparam -name secp384r1 -genkey -noout -out p384.key");
    pki.run("genpkey -algorithm ed25519 -out ed25519.key");
    for key in ["key.pem", "pkcs1.key", "sec1.key", "p384.key", "ed25519.key"] {
        pki.issue_for(key, "good", "x", names, "");
        let server = HardenedServer::new(pki.identity("good", key).unwrap()).unwrap();
        let visited =
            visit(&pki, &server, "-CAfile root.pem -verify_return_error -verify_hostname localhost");
        assert_eq!(visited, (Ok(()), true), "{key}");
    }
    pki.run("rsa -in key.pem -aes256 -passout pass:hunter2 -out encrypted.key");
    pki.run("ecparam -name secp521r1 -genkey -noout -out p521.key");
    for key in ["encrypted.key", "p521.key"] {
        pki.issue("good", "x", names, "");
        assert_eq!(pki.identity("good", key).unwrap_err().kind(), TlsErrorKind::Key, "{key}");
    }
    pki.run("genrsa -out weak.key 1024");
    pki.issue_for("weak.key", "weak", "x", names, "");
    let weak = pki.identity("weak", "weak.key").unwrap_err();
    assert_eq!(weak.kind(), TlsErrorKind::OwnCertificate(Refusal::WeakKey));
    pki.issue("expired", "x", names, "-startdate 20000101000000Z -enddate 20010101000000Z");
    let expired = HardenedServer::new(pki.identity("expired", "key.pem").unwrap()).unwrap_err();
    assert_eq!(expired.kind(), TlsErrorKind::OwnCertificate(Refusal::Expired));

    let key = SecretBytes::from(pki.read("key.pem"));
    assert!(Identity::from_pem(&pki.read("good.pem"), &key).is_ok());
    let of_openssl = pki.run("x509 -in good.pem -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | openssl base64");
    let pin = Pin::of_certificate(&pki.read("good.pem")).unwrap();
    assert_eq!(pin.to_string(), format!("sha256/{}", of_openssl.trim()));
}
