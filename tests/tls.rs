//! Clients and servers of TLS, both in this process.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

#[path = "support/pki.rs"]
mod pki;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use palisade::secret::SecretBytes;
use palisade::transport::tls::{
    HardenedClient, HardenedServer, Identity, Pin, Refusal, Roots, TlsError, TlsErrorKind,
};
use pki::{Authority, Pair, authority, authority_params, client_of, issue};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, ExtendedKeyUsagePurpose as Purpose, KeyIdMethod,
    KeyPair, NameConstraints, RevokedCertParams, SerialNumber, date_time_ymd,
};

type Connected = Result<(rustls::ProtocolVersion, Option<Vec<u8>>, u8), Refusal>;

/// One handshake and one byte each way; what the client and the server say of it.
fn talk(client: &HardenedClient, host: &str, server: &HardenedServer) -> (Connected, Result<(), Refusal>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::scope(|scope| {
        let serving = scope.spawn(|| {
            let tcp = listener.accept().unwrap().0;
            tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let mut stream = server.accept(tcp)?;
            let mut byte = [0];
            let echoed = stream.read_exact(&mut byte).and_then(|()| stream.write_all(&byte));
            stream.conn.send_close_notify();
            echoed.and_then(|()| stream.flush()).map_err(|error| Refusal::from(&error))
        });
        let tcp = TcpStream::connect(at).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let connected = client.connect(host, tcp).and_then(|mut stream| {
            let mut byte = [0];
            let echoed = stream.write_all(b"!").and_then(|()| stream.read_exact(&mut byte));
            echoed.map_err(|error| Refusal::from(&error))?;
            let alpn = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
            Ok((stream.conn.protocol_version().unwrap(), alpn, byte[0]))
        });
        (connected, serving.join().unwrap())
    })
}

fn refused(client: &HardenedClient, host: &str, server: &HardenedServer) -> Refusal {
    talk(client, host, server).0.unwrap_err()
}

fn kind<T: std::fmt::Debug>(result: Result<T, TlsError>) -> TlsErrorKind {
    result.unwrap_err().kind()
}

fn server_of(pair: &Pair) -> HardenedServer {
    HardenedServer::new(pair.identity()).unwrap()
}

/// A server of plain rustls, which shows whatever it is given.
fn careless(pair: &Pair) -> rustls::ServerConfig {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let chain = CertificateDer::pem_slice_iter(pair.chain.as_bytes()).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap()
}

/// What the client says to a server of plain rustls.
fn against(client: &HardenedClient, host: &str, config: rustls::ServerConfig) -> Result<(), Refusal> {
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let at = listener.local_addr().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut tcp = listener.accept().unwrap().0;
            let mut connection = rustls::ServerConnection::new(config).unwrap();
            while connection.is_handshaking() && connection.complete_io(&mut tcp).is_ok() {}
        });
        client.connect(host, TcpStream::connect(at).unwrap()).map(drop)
    })
}

/// A revocation list that ends with the year.
fn crl(authority: &Authority, revoked: &[u64], year: i32) -> String {
    let revoked = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: date_time_ymd(2001, 1, 1),
        reason_code: None,
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2000, 1, 1),
        next_update: date_time_ymd(year, 12, 31),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(authority).unwrap().pem().unwrap()
}

fn of_serial(serial: u64) -> impl FnOnce(&mut CertificateParams) {
    move |params| params.serial_number = Some(SerialNumber::from(serial))
}

#[test]
fn both_versions_connect_and_each_side_can_ask_for_the_newer() {
    let root = authority("root");
    let pair = issue(&root, "localhost", |_| {});
    let (any, newer) = (client_of(&root), client_of(&root).tls13_only().build().unwrap());
    let any = any.alpn(["h2", "http/1.1"]).build().unwrap();
    let server = HardenedServer::builder(pair.identity()).alpn(["http/1.1"]).build().unwrap();
    let connected = talk(&any, "localhost", &server).0;
    assert_eq!(connected, Ok((rustls::ProtocolVersion::TLSv1_3, Some(b"http/1.1".to_vec()), b'!')));

    let older = |mut config: rustls::ServerConfig| {
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        config
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let only_12 = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&careless(&pair).cert_resolver));
    assert_eq!(against(&any, "localhost", older(only_12.clone())), Ok(()));
    assert_eq!(against(&newer, "localhost", only_12), Err(Refusal::ProtocolVersion));

    let strict = HardenedServer::builder(pair.identity()).tls13_only().build().unwrap();
    assert!(talk(&newer, "localhost", &strict).0.is_ok());
}

#[test]
fn protocols_above_that_differ_are_refused() {
    let root = authority("root");
    let server = HardenedServer::builder(issue(&root, "localhost", |_| {}).identity()).alpn(["h2"]);
    let client = client_of(&root).alpn(["http/1.1"]).build().unwrap();
    let (client, server) = talk(&client, "localhost", &server.build().unwrap());
    assert_eq!(
        (client.unwrap_err(), server.unwrap_err()),
        (Refusal::NoCommonProtocol, Refusal::NoCommonProtocol)
    );
    for name in ["", &"a".repeat(256)] {
        assert_eq!(kind(client_of(&root).alpn([name]).build()), TlsErrorKind::Alpn);
    }
}

#[test]
fn names_decide_whom_a_certificate_is_for() {
    let root = authority("root");
    let client = client_of(&root).build().unwrap();
    for (name, host, expected) in [
        ("localhost", "localhost", Ok(())),
        ("localhost", "LOCALHOST.", Ok(())),
        ("localhost", "localhost.example", Err(Refusal::WrongHost)),
        ("*.example.com", "a.example.com", Ok(())),
        ("*.example.com", "a.b.example.com", Err(Refusal::WrongHost)),
        ("*.example.com", "example.com", Err(Refusal::WrongHost)),
        ("127.0.0.1", "127.0.0.1", Ok(())),
        ("::1", "[::1]", Ok(())),
        ("127.0.0.1", "127.0.0.2", Err(Refusal::WrongHost)),
        ("localhost", "127.0.0.1", Err(Refusal::WrongHost)),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", Ok(())),
        ("localhost", "bücher.example", Err(Refusal::Host)),
    ] {
        let server = server_of(&issue(&root, name, |_| {}));
        let connected = match expected {
            Err(Refusal::Host) => client.connect(host, io::empty()).map(drop),
            _ => talk(&client, host, &server).0.map(drop),
        };
        assert_eq!(connected, expected, "{name} {host}");
    }
}

#[test]
fn each_fault_of_a_certificate_has_its_reason_and_no_server_of_ours_shows_it() {
    let (root, other) = (authority("root"), authority("other"));
    let mut limited = authority_params("limited");
    limited.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("example.com".to_owned())],
        excluded_subtrees: vec![],
    });
    let limited = Authority::signed_by(limited, KeyPair::generate().unwrap(), &root).unwrap();
    let mut constrained = issue(&limited, "localhost", |_| {});
    constrained.chain += &limited.pem();
    let mut strayed = issue(&other, "localhost", |_| {});
    strayed.chain += &limited.pem();

    let client = client_of(&root).build().unwrap();
    for (pair, refusal, shown) in [
        (
            issue(&root, "localhost", |params| params.not_after = date_time_ymd(2020, 1, 1)),
            Refusal::Expired,
            false,
        ),
        (
            issue(&root, "localhost", |params| params.not_before = date_time_ymd(2999, 1, 1)),
            Refusal::NotYetValid,
            false,
        ),
        (
            issue(&root, "localhost", |params| params.extended_key_usages = vec![Purpose::ClientAuth]),
            Refusal::WrongPurpose,
            false,
        ),
        (
            issue(&root, "localhost", |params| {
                params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            }),
            Refusal::CaAsLeaf,
            false,
        ),
        (constrained, Refusal::NameConstraint, false),
        (strayed, Refusal::UnknownIssuer, false),
        // Nobody but the client knows whom it trusts.
        (issue(&other, "localhost", |_| {}), Refusal::UnknownIssuer, true),
    ] {
        assert_eq!(against(&client, "localhost", careless(&pair)), Err(refusal));
        let own = HardenedServer::new(pair.identity()).map_err(|error| error.kind());
        match own {
            Ok(_) => assert!(shown, "{refusal}"),
            Err(kind) => assert_eq!((kind, shown), (TlsErrorKind::OwnCertificate(refusal), false)),
        }
    }
    let good = issue(&root, "localhost", |_| {});
    assert_eq!(against(&client, "localhost", careless(&good)), Ok(()));
}

#[test]
fn a_chain_is_followed_to_the_root() {
    let root = authority("root");
    let between =
        Authority::signed_by(authority_params("between"), KeyPair::generate().unwrap(), &root).unwrap();
    let client = client_of(&root).build().unwrap();
    let mut pair = issue(&between, "localhost", |_| {});
    assert_eq!(refused(&client, "localhost", &server_of(&pair)), Refusal::UnknownIssuer);
    pair.chain += &between.pem();
    assert!(talk(&client, "localhost", &server_of(&pair)).0.is_ok());
}

#[test]
fn pins_are_asked_for_after_everything_else() {
    let (root, other) = (authority("root"), authority("other"));
    let pair = issue(&root, "localhost", |_| {});
    let server = server_of(&pair);
    let right = Pin::of_certificate(pair.chain.as_bytes()).unwrap();
    let backup = Pin::of_certificate(issue(&other, "localhost", |_| {}).chain.as_bytes()).unwrap();
    assert_eq!(Pin::parse(&right.to_string()).unwrap(), right);

    let client = client_of(&root).pins([backup, right]).build().unwrap();
    assert!(talk(&client, "localhost", &server).0.is_ok());
    assert_eq!(refused(&client, "localhost.example", &server), Refusal::WrongHost);
    let client = client_of(&root).pins([backup]).build().unwrap();
    assert_eq!(refused(&client, "localhost", &server), Refusal::PinMismatch);
    let client = client_of(&other).pins([right]).build().unwrap();
    assert_eq!(refused(&client, "localhost", &server), Refusal::UnknownIssuer);
    // An authority's pin is none of the server's, also when the server sends the authority along.
    let mut with_root = issue(&root, "localhost", |_| {});
    with_root.chain += &root.pem();
    let of_root = Pin::of_certificate(root.pem().as_bytes()).unwrap();
    let client = client_of(&root).pins([of_root]).build().unwrap();
    assert_eq!(refused(&client, "localhost", &server_of(&with_root)), Refusal::PinMismatch);

    assert_eq!(kind(client_of(&root).pins([]).build()), TlsErrorKind::Pin);
    for text in ["", "sha256/", "sha256/AAAA", "sha1/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="] {
        assert_eq!(kind(Pin::parse(text)), TlsErrorKind::Pin, "{text}");
    }
}

#[test]
fn revocation_lists_cover_the_whole_chain_or_nobody_connects() {
    let root = authority("root");
    let between =
        Authority::signed_by(authority_params("between"), KeyPair::generate().unwrap(), &root).unwrap();
    let mut pair = issue(&between, "localhost", of_serial(7));
    pair.chain += &between.pem();
    let server = server_of(&pair);
    let with = |lists: &[String]| {
        let client = lists.iter().fold(client_of(&root), |client, list| client.crls(list.as_bytes()));
        talk(&client.build().unwrap(), "localhost", &server).0.map(drop)
    };
    assert_eq!(with(&[]), Ok(())); // nobody asked
    assert_eq!(with(&[crl(&root, &[], 2999), crl(&between, &[8], 2999)]), Ok(()));
    assert_eq!(with(&[crl(&root, &[], 2999) + &crl(&between, &[8], 2999)]), Ok(()));
    assert_eq!(with(&[crl(&root, &[], 2999), crl(&between, &[7], 2999)]), Err(Refusal::Revoked));
    assert_eq!(with(&[crl(&between, &[8], 2999)]), Err(Refusal::UnknownRevocation));
    assert_eq!(with(&[crl(&root, &[], 2999)]), Err(Refusal::UnknownRevocation));
    assert_eq!(with(&[crl(&root, &[], 2999), crl(&between, &[8], 2020)]), Err(Refusal::ExpiredCrl));
    let forged = authority("between"); // of the same name, with another key
    assert_eq!(with(&[crl(&root, &[], 2999), crl(&forged, &[], 2999)]), Err(Refusal::BadCrl));
    let (old, new) = (crl(&between, &[], 2999), crl(&between, &[7], 2999)); // of two, the first alone would be asked
    for lists in [[&old, &new], [&new, &old]] {
        let client = client_of(&root).crls(lists[0].as_bytes()).crls(lists[1].as_bytes());
        assert_eq!(kind(client.build()), TlsErrorKind::TwoCrls);
        assert_eq!(
            kind(client_of(&root).crls(lists.map(String::as_str).concat().as_bytes()).build()),
            TlsErrorKind::TwoCrls
        );
    }
    for text in ["", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", &root.pem()] {
        assert_eq!(kind(client_of(&root).crls(text.as_bytes()).build()), TlsErrorKind::Crls, "{text}");
    }
}

#[test]
fn clients_without_a_certificate_of_the_authority_are_let_in_nowhere() {
    let (root, clients, other) = (authority("root"), authority("clients"), authority("other"));
    let pair = issue(&root, "localhost", |_| {});
    let server = |list: Option<String>| {
        let builder = HardenedServer::builder(pair.identity()).client_authority(clients.pem().as_bytes());
        let builder = list.iter().fold(builder, |builder, list| builder.client_crls(list.as_bytes()));
        builder.build().unwrap()
    };
    let client = |identity: Option<Identity>| {
        let builder = client_of(&root);
        identity.map_or(builder.clone(), |identity| builder.identity(identity)).build().unwrap()
    };
    let ann = client(Some(issue(&clients, "ann", of_serial(7)).identity()));
    let strict = server(None);
    assert!(talk(&ann, "localhost", &strict).0.is_ok());

    let (nobody, told) = talk(&client(None), "localhost", &strict);
    assert_eq!(
        (nobody.unwrap_err(), told.unwrap_err()),
        (Refusal::CertificateRequired, Refusal::NoCertificate)
    );
    let mallory = client(Some(issue(&other, "ann", |_| {}).identity()));
    let (mallory, told) = talk(&mallory, "localhost", &strict);
    assert_eq!((mallory.unwrap_err(), told.unwrap_err()), (Refusal::OwnCertificate, Refusal::UnknownIssuer));

    let revoking = server(Some(crl(&clients, &[8], 2999)));
    assert!(talk(&ann, "localhost", &revoking).0.is_ok());
    assert_eq!(kind(revoking.reload_crls(b"")), TlsErrorKind::Crls);
    assert!(talk(&ann, "localhost", &revoking).0.is_ok()); // the old ones stay
    revoking.reload_crls(crl(&clients, &[7], 2999).as_bytes()).unwrap();
    let (again, told) = talk(&ann, "localhost", &revoking); // and is not resumed
    assert_eq!((again.unwrap_err(), told.unwrap_err()), (Refusal::OwnCertificate, Refusal::Revoked));

    for (change, refusal) in [
        (
            (|params| params.not_after = date_time_ymd(2020, 1, 1)) as fn(&mut CertificateParams),
            Refusal::Expired,
        ),
        (|params| params.extended_key_usages = vec![Purpose::ServerAuth], Refusal::WrongPurpose),
    ] {
        let identity = issue(&clients, "ann", change).identity();
        assert_eq!(kind(client_of(&root).identity(identity).build()), TlsErrorKind::OwnCertificate(refusal));
    }
    let builder = HardenedServer::builder(pair.identity()).client_crls(crl(&clients, &[], 2999).as_bytes());
    assert_eq!(kind(builder.build()), TlsErrorKind::CrlsWithoutAuthority);
    assert_eq!(kind(server_of(&pair).reload_crls(b"")), TlsErrorKind::CrlsWithoutAuthority);
}

#[test]
fn a_certificate_is_replaced_under_handshakes_and_a_bad_one_is_not() {
    let root = authority("root");
    let pairs: Vec<Pair> = (0..4).map(|_| issue(&root, "localhost", |_| {})).collect();
    let expired = issue(&root, "localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
    let server = server_of(&pairs[0]);
    let pins = pairs.iter().map(|pair| Pin::of_certificate(pair.chain.as_bytes()).unwrap());
    let client = client_of(&root).pins(pins.clone()).build().unwrap();
    thread::scope(|scope| {
        let talking: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| (0..30).all(|_| talk(&client, "localhost", &server).0.is_ok())))
            .collect();
        for round in 0..200 {
            server.reload(pairs[round % 4].identity()).unwrap();
            let refused = TlsErrorKind::OwnCertificate(Refusal::Expired);
            assert_eq!(kind(server.reload(expired.identity())), refused);
        }
        assert!(talking.into_iter().all(|thread| thread.join().unwrap()));
    });
    server.reload(pairs[3].identity()).unwrap();
    let last = client_of(&root).pins(pins.skip(3)).build().unwrap();
    assert!(talk(&last, "localhost", &server).0.is_ok());
}

#[test]
fn keys_and_chains_that_do_not_fit_are_refused() {
    let root = authority("root");
    let (pair, other) = (issue(&root, "localhost", |_| {}), issue(&root, "localhost", |_| {}));
    let read = |chain: &str, key: &str| {
        kind(Identity::from_pem(chain.as_bytes(), &SecretBytes::from(key.as_bytes())))
    };
    assert_eq!(read(&pair.chain, &other.key), TlsErrorKind::KeyMismatch);
    assert_eq!(read(&(root.pem() + &pair.chain), &pair.key), TlsErrorKind::KeyMismatch); // the wrong way round
    assert_eq!(read("", &pair.key), TlsErrorKind::Chain);
    assert_eq!(read(&pair.key, &pair.key), TlsErrorKind::Chain);
    assert_eq!(read(&(pair.chain.clone() + &pair.key), &pair.key), TlsErrorKind::Chain);
    assert_eq!(read(&pair.chain, ""), TlsErrorKind::Key);
    assert_eq!(read(&pair.chain, &pair.chain), TlsErrorKind::Key);
    assert_eq!(read(&pair.chain, &(pair.key.clone() + &other.key)), TlsErrorKind::Key);
    assert_eq!(read(&pair.chain, &pair.key.replace("PRIVATE", "ENCRYPTED PRIVATE")), TlsErrorKind::Key);
    assert_eq!(read(&pair.chain, &pair.key.replacen('M', "\0", 1)), TlsErrorKind::Key);
    assert_eq!(
        read("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", &pair.key),
        TlsErrorKind::Chain
    );

    let missing = Identity::from_files("/nowhere/chain.pem", "/nowhere/key.pem");
    assert_eq!(kind(missing), TlsErrorKind::Unreadable(io::ErrorKind::NotFound));
    if cfg!(unix) {
        let endless = Identity::from_files("/dev/zero", "/dev/zero");
        assert_eq!(kind(endless), TlsErrorKind::Unreadable(io::ErrorKind::InvalidData));
    }
    let folder = std::env::temp_dir().join(format!("palisade-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    std::fs::write(&chain, &pair.chain).unwrap();
    std::fs::write(&key, &pair.key).unwrap();
    assert_eq!(format!("{:?}", Identity::from_files(&chain, &key).unwrap()), "Identity");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn no_authority_is_passed_over() {
    let (root, other) = (authority("root"), authority("other"));
    let server = server_of(&issue(&root, "localhost", |_| {}));
    let with = |pem: &str| HardenedClient::builder().roots(Roots::None).authority(pem.as_bytes()).build();
    let (one, two) = (root.pem(), other.pem());
    for text in [
        two.clone() + "a line between\n" + &one,
        two.clone() + &one.replace('\n', "\r\n"),
        format!("# NUL \0 and \u{fffd}\n{one}"),
        two.clone() + &one + &two.repeat(500),
    ] {
        assert!(talk(&with(&text).unwrap(), "localhost", &server).0.is_ok());
    }
    let half = &one[..one.len() / 2];
    for text in [
        String::new(),
        "no PEM at all".to_owned(),
        half.to_owned(),
        one.clone() + half,
        half.to_owned() + &two,
        one.clone() + &two.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        one.clone() + &two.replace("-----BEGIN", "  -----BEGIN"),
        one.clone() + &issue(&root, "localhost", |_| {}).key,
        one.clone() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        one.clone() + "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        one.replacen("MII", "M\0I", 1),
        "-----BEGIN CERTIFICATE-----\n".repeat(100_000),
        "-----BEGIN ".to_owned() + &"-".repeat(1 << 20),
    ] {
        assert_eq!(kind(with(&text)), TlsErrorKind::Authorities, "{}", &text[..text.len().min(80)]);
    }
    assert_eq!(kind(HardenedClient::builder().roots(Roots::None).build()), TlsErrorKind::NoRoots);
}

fn hello(tcp: &mut TcpStream) {
    let read = tcp.read(&mut [0; 4096]).unwrap();
    assert!(read > 0);
}

#[test]
fn servers_that_do_not_speak_tls_are_told_apart() {
    let client = client_of(&authority("root")).build().unwrap();
    let against = |answer: fn(TcpStream)| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let serving = thread::spawn(move || answer(listener.accept().unwrap().0));
        let tcp = TcpStream::connect(at).unwrap();
        tcp.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let refusal = client.connect("localhost", tcp).unwrap_err();
        serving.join().unwrap();
        refusal
    };
    let http = |mut tcp: TcpStream| {
        hello(&mut tcp);
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    };
    assert_eq!(against(http), Refusal::Protocol);
    let closes = |mut tcp: TcpStream| {
        hello(&mut tcp);
        tcp.shutdown(Shutdown::Both).unwrap();
    };
    assert_eq!(against(closes), Refusal::Closed);
    let breaks_off = |mut tcp: TcpStream| {
        hello(&mut tcp);
        tcp.write_all(&[22, 3, 3, 0, 100, 2, 0, 0, 96, 3, 3]).unwrap();
    };
    assert_eq!(against(breaks_off), Refusal::Closed);
    let stalls = |mut tcp: TcpStream| {
        hello(&mut tcp);
        while tcp.read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
    };
    assert_eq!(against(stalls), Refusal::TimedOut);
    let alert = |mut tcp: TcpStream| {
        hello(&mut tcp);
        tcp.write_all(&[21, 3, 3, 0, 2, 2, 80]).unwrap(); // internal_error
    };
    assert_eq!(against(alert), Refusal::Alert);
    assert_eq!(client.connect("localhost", io::empty()).map(drop), Err(Refusal::Closed));
}

#[test]
fn a_server_outlives_what_clients_send() {
    let root = authority("root");
    let server = server_of(&issue(&root, "localhost", |_| {}));
    for garbage in [
        &b""[..],
        b"GET / HTTP/1.1\r\n\r\n",
        &[22, 3, 1, 255, 255],
        &[0; 5000],
        &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0],
    ] {
        let stream = io::Cursor::new(garbage.to_vec());
        let refusal = server.accept(stream).unwrap_err();
        assert!(matches!(refusal, Refusal::Protocol | Refusal::Closed), "{refusal:?} {garbage:?}");
    }
    // A ClientHello of TLS 1.1.
    let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    let refusal = server.accept(io::Cursor::new(hello)).unwrap_err();
    assert_eq!(refusal, Refusal::ProtocolVersion);
    assert!(talk(&client_of(&root).build().unwrap(), "localhost", &server).0.is_ok());
}

#[test]
fn reasons_are_found_inside_the_errors_of_others() {
    #[derive(Debug, thiserror::Error)]
    #[error("the request failed")]
    struct Request(#[source] io::Error);

    let error = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
    let nested = Request(io::Error::other(io::Error::other(error)));
    assert_eq!(Refusal::find(&nested), Some(Refusal::Expired));
    assert_eq!(Refusal::find(&Request(io::ErrorKind::ConnectionRefused.into())), None);
    assert_eq!(Refusal::from(&io::Error::from(io::ErrorKind::ConnectionRefused)), Refusal::Connection);

    let mut names: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.as_str()).collect();
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Refusal::ALL.len());
}

#[test]
fn a_handshake() {
    let root = authority("root");
    let server = server_of(&issue(&root, "localhost", |_| {}));
    assert!(talk(&client_of(&root).build().unwrap(), "localhost", &server).0.is_ok());
}

/// Whether `new` finds roots, as the environment says.
#[test]
#[ignore = "run by another test, with an environment of its own"]
fn the_systems_roots() {
    let expected = std::env::var("EXPECTED_ROOTS").unwrap();
    assert_eq!(HardenedClient::new().map_err(|error| error.kind()).is_ok(), expected == "some");
}

fn run_with(test: &str, environment: &[(&str, &std::path::Path)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--include-ignored"]).env_remove("SSL_CERT_DIR");
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
fn no_keys_are_logged_and_roots_are_the_systems() {
    let folder = std::env::temp_dir().join(format!("palisade-tls-environment-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let keys = folder.join("keys");
    run_with("a_handshake", &[("SSLKEYLOGFILE", &keys)]);
    assert!(!keys.exists());

    let roots = folder.join("roots.pem");
    std::fs::write(&roots, authority("root").pem()).unwrap();
    run_with("the_systems_roots", &[("SSL_CERT_FILE", &roots), ("EXPECTED_ROOTS", "some".as_ref())]);
    std::fs::write(&roots, "").unwrap();
    run_with("the_systems_roots", &[("SSL_CERT_FILE", &roots), ("EXPECTED_ROOTS", "none".as_ref())]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[cfg(feature = "tls-bundled-roots")]
#[test]
fn bundled_roots_trust_nobody_here() {
    let client = HardenedClient::builder().roots(Roots::Bundled).build().unwrap();
    let server = server_of(&issue(&authority("root"), "localhost", |_| {}));
    assert_eq!(refused(&client, "localhost", &server), Refusal::UnknownIssuer);
}
