//! What browsers are told, and what is made of what they tell.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::collections::BTreeMap;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use palisade::keys::KeyRing;
use palisade::seal::Sealer;
use palisade::secret::{ExposeSecret, SecretBytes};
use palisade::web::{
    CacheRule, CookieError, CorsPolicy, CorsProblem, Csp, CspProblem, CsrfGuard, CsrfRefusal, CsrfRequest,
    CsrfTokenError, CsrfTokens, Directive, Hsts, Nonce, Preflight, RenderContext, SealedCookie,
    SecurityHeaders, SessionCookie, Source, XssProtection,
};
use proptest::prelude::*;

#[path = "support/vectors.rs"]
mod vectors;

fn by_name(headers: Vec<(&'static str, String)>) -> BTreeMap<&'static str, String> {
    let count = headers.len();
    let named: BTreeMap<_, _> = headers.into_iter().collect();
    assert_eq!(named.len(), count, "a header came twice");
    named
}

#[test]
fn presets_send_what_is_documented() {
    for mut case in vectors::cases(include_str!("vectors/web/headers.txt")) {
        let nonce = Nonce::generate().unwrap();
        let id = case.remove("id").unwrap();
        let preset = match case.remove("preset").unwrap().as_str() {
            "page" => SecurityHeaders::page(),
            "api" => SecurityHeaders::api(),
            other => unreachable!("{other}"),
        };
        let context = match case.remove("tls").unwrap().as_str() {
            "yes" => RenderContext::tls().nonce(&nonce),
            _ => RenderContext::plain().nonce(&nonce),
        };
        let sent = by_name(preset.render(&context));
        let sent: BTreeMap<String, String> = sent
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.replace(&nonce.to_string(), "NONCE")))
            .collect();
        assert_eq!(sent, case, "{id}");
    }
}

#[test]
fn headers_follow_each_choice() {
    let headers = SecurityHeaders::api()
        .xss_protection(XssProtection::Block)
        .cache(CacheRule::PrivateRevalidate)
        .hsts(Hsts::preload());
    let sent = by_name(headers.render(&RenderContext::tls()));
    assert_eq!(sent["X-XSS-Protection"], "1; mode=block");
    assert_eq!(sent["Cache-Control"], "private, no-cache");
    assert_eq!(sent["Strict-Transport-Security"], "max-age=63072000; includeSubDomains; preload");

    let headers = headers.xss_protection(XssProtection::Unset).cache(CacheRule::Unset).hsts(None);
    let sent = by_name(headers.render(&RenderContext::tls()));
    for name in ["X-XSS-Protection", "Cache-Control", "Strict-Transport-Security"] {
        assert!(!sent.contains_key(name), "{name}");
    }
    assert_eq!(Hsts::this_host_for(Duration::ZERO).to_string(), "max-age=0");
}

#[test]
fn frame_options_say_what_the_policy_says() {
    let framed_by = |sources: Vec<Source>| {
        let policy = Csp::builder().allow(Directive::FrameAncestors, sources).build().unwrap();
        by_name(SecurityHeaders::page().csp(policy).render(&RenderContext::tls()))
    };
    assert_eq!(framed_by(vec![])["X-Frame-Options"], "DENY");
    assert_eq!(framed_by(vec![Source::SELF])["X-Frame-Options"], "SAMEORIGIN");
    let partner = Source::host("https://partner.example").unwrap();
    assert!(!framed_by(vec![Source::SELF, partner]).contains_key("X-Frame-Options"));
}

#[test]
fn a_response_without_its_nonce_runs_no_script() {
    let fallback = [Source::NONCE, Source::STRICT_DYNAMIC, Source::UNSAFE_INLINE, Source::HTTPS];
    let policy = Csp::builder().allow(Directive::Script, fallback).build().unwrap();
    assert!(policy.needs_nonce());
    let nonce = Nonce::generate().unwrap();
    let script = format!("script-src 'nonce-{nonce}' 'strict-dynamic' 'unsafe-inline' https:;");
    assert!(policy.render(Some(&nonce)).contains(&script));
    assert!(policy.render(None).contains("script-src 'none';"));
    assert!(!SecurityHeaders::api().needs_nonce());
}

#[test]
fn nonces_are_new_each_time_fit_the_grammar_and_are_not_printed() {
    let (one, two) = (Nonce::generate().unwrap(), Nonce::generate().unwrap());
    assert_ne!(one.to_string(), two.to_string());
    assert!(one.to_string().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert_eq!(format!("{one:?}"), "Nonce");
}

#[test]
fn inline_scripts_are_named_by_the_hash_of_the_specification() {
    // Source: Content Security Policy Level 3, §8.3, the hash of alert('Hello, world.');
    let source = Source::of_inline("alert('Hello, world.');");
    let policy = Csp::builder().allow(Directive::Script, [source]).build().unwrap();
    assert!(
        policy.render(None).contains("script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=';")
    );
}

#[test]
fn reports_are_sent_both_ways_and_trials_beside_what_is_enforced() {
    let enforced = Csp::page().to_builder().report_to("csp", "/csp-reports").build().unwrap();
    let tried = Csp::builder()
        .trusted_types([])
        .upgrade_insecure_requests()
        .report_to("trial", "https://reports.example/a")
        .build()
        .unwrap();
    assert!(tried.render(None).ends_with(
        "require-trusted-types-for 'script'; trusted-types 'none'; upgrade-insecure-requests; report-to trial; report-uri https://reports.example/a"
    ));
    let headers = SecurityHeaders::page().csp(enforced).csp_report_only(tried);
    let sent = by_name(headers.render(&RenderContext::tls()));
    assert!(sent["Content-Security-Policy"].ends_with("; report-to csp; report-uri /csp-reports"));
    assert!(!sent["Content-Security-Policy-Report-Only"].contains("upgrade-insecure-requests"));
    assert_eq!(sent["Reporting-Endpoints"], "csp=\"/csp-reports\", trial=\"https://reports.example/a\"");
}

#[test]
fn all_that_is_wrong_with_a_policy_is_reported_at_once() {
    let error = Csp::builder()
        .allow(Directive::FrameAncestors, [Source::NONCE])
        .allow(Directive::Image, [Source::UNSAFE_INLINE])
        .allow(Directive::Script, [Source::STRICT_DYNAMIC])
        .allow(Directive::Style, [Source::NONCE, Source::STRICT_DYNAMIC])
        .allow(Directive::Worker, [Source::NONCE])
        .report_to("Csp\"", "//evil.example")
        .trusted_types(["a; script-src *"])
        .build()
        .unwrap_err();
    assert_eq!(
        error.problems(),
        [
            CspProblem::OnlyPlaces(Directive::FrameAncestors),
            CspProblem::OnlyPlaces(Directive::Image),
            CspProblem::NothingToTrust(Directive::Script),
            CspProblem::NotOfScripts(Directive::Style),
            CspProblem::OnlyPlaces(Directive::Worker),
            CspProblem::EndpointName,
            CspProblem::Endpoint,
            CspProblem::TrustedTypes,
        ]
    );
    assert!(
        error.to_string().starts_with("frame-ancestors does not take nonces, hashes or keywords; img-src ")
    );
}

#[test]
fn hosts_are_taken_only_as_browsers_write_them() {
    for host in [
        "https://cdn.example",
        "https://cdn.example:8443/lib/a.js",
        "https://*.cdn.example",
        "wss://*.cdn.example:444",
        "http://localhost:3000",
        "https://192.0.2.1:8443",
        "https://xn--bcher-kva.example/%c3%bc",
    ] {
        assert!(Source::host(host).is_ok(), "{host}");
    }
    for text in [
        "",
        "*",
        "'self'",
        "'unsafe-inline'",
        "'nonce-abc'",
        "none",
        "cdn.example",
        "https:",
        "data:",
        "https://*",
        "https://*.com",
        "https://*.com:8443",
        "https://a.*.example",
        "https://cdn.example:443",
        "https://cdn.example;",
        "https://cdn.example/a;script-src",
        "https://cdn.example/a,b",
        "https://cdn.example/a b",
        "https://cdn.example/\r\nX: y",
        "https://cdn.example/'self'",
        "https://cdn.example/?q",
        "https://cdn.example/#f",
        "https://user@cdn.example",
        "https://CDN.example",
        "ftp://cdn.example",
        "https://[::1]:8443",
        "https://cdn_1.example",
        "https://cdn.example:*",
        "https://cdn.example:0443",
        "https://cdn.example.",
        "https://cdn.example/\0",
        "https://cdn.example/\"",
        "https://cdn.example\\lib",
        "https:///lib",
        "https://*.:8443",
        "https://*.*.cdn.example",
        "https://*.192.0.2.1",
        "https://b\u{fc}cher.example",
    ] {
        assert!(Source::host(text).is_err(), "{text:?}");
    }
}

fn cors() -> CorsPolicy {
    let builder = CorsPolicy::builder().origins([
        "https://app.example",
        "https://app.example:8443",
        "http://localhost:3000",
        "https://[2001:db8::1]",
    ]);
    let builder = builder.unwrap().credentials().method("PUT").header("X-Request-Id").header("content-type");
    builder.expose("ETag").max_age(Duration::from_secs(60)).build().unwrap()
}

#[test]
fn only_listed_origins_may_read_and_every_answer_varies() {
    for case in vectors::cases(include_str!("vectors/web/cors.txt")) {
        let (origin, id) = (&case["origin"], &case["id"]);
        let decision = cors().decide(Some(origin.as_bytes()));
        assert_eq!(decision.is_allowed(), case["allowed"] == "yes", "{id}");
        let sent = by_name(decision.headers().to_vec());
        assert_eq!(sent["Vary"], "Origin", "{id}");
        assert_eq!(sent.get("Access-Control-Allow-Origin"), decision.is_allowed().then_some(origin), "{id}");
        assert_eq!(sent.len(), if decision.is_allowed() { 4 } else { 1 }, "{id}");
    }
    for origin in [None, Some(&b"https://app.example\xff"[..]), Some(b"https://app.example\0")] {
        let decision = cors().decide(origin);
        assert!(!decision.is_allowed());
        assert_eq!(decision.headers(), [("Vary", "Origin".to_owned())]);
    }
}

#[test]
fn preflights_are_allowed_by_origin_method_and_headers_together() {
    let good = Preflight {
        origin: Some(b"https://app.example"),
        method: b"PUT",
        headers: Some(b"content-type, X-Request-ID"),
        private_network: false,
    };
    let decision = cors().decide_preflight(&good);
    assert!(decision.is_allowed());
    let sent = by_name(decision.headers().to_vec());
    assert_eq!(sent["Access-Control-Allow-Origin"], "https://app.example");
    assert_eq!(sent["Access-Control-Allow-Credentials"], "true");
    assert_eq!(sent["Access-Control-Allow-Methods"], "GET, HEAD, POST, PUT");
    assert_eq!(sent["Access-Control-Allow-Headers"], "content-type, x-request-id");
    assert_eq!(sent["Access-Control-Max-Age"], "60");
    let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    assert_eq!(sent["Vary"], vary);
    assert!(cors().decide_preflight(&Preflight { headers: None, ..good }).is_allowed());

    let many = vec![b','; 5000];
    for refused in [
        Preflight { origin: Some(b"https://evil.example"), ..good },
        Preflight { origin: None, ..good },
        Preflight { method: b"DELETE", ..good },
        Preflight { method: b"put", ..good },
        Preflight { method: b"", ..good },
        Preflight { headers: Some(b"authorization"), ..good },
        Preflight { headers: Some(b"content-type,,x-request-id"), ..good },
        Preflight { headers: Some(b"*"), ..good },
        Preflight { headers: Some(b""), ..good },
        Preflight { headers: Some(&many), ..good },
        Preflight { private_network: true, ..good },
    ] {
        let decision = cors().decide_preflight(&refused);
        assert!(!decision.is_allowed(), "{refused:?}");
        assert_eq!(decision.headers(), [("Vary", vary.to_owned())]);
    }
}

#[test]
fn any_origin_gets_a_star_and_no_cookies() {
    let policy = CorsPolicy::builder().any_origin().build().unwrap();
    for origin in [None, Some(&b"null"[..]), Some(b"https://anyone.example")] {
        let decision = policy.decide(origin);
        assert!(decision.is_allowed());
        assert_eq!(decision.headers(), [("Access-Control-Allow-Origin", "*".to_owned())]);
    }
}

#[test]
fn unsafe_cors_policies_do_not_build() {
    let problems = |result: Result<_, palisade::web::CorsError>| result.unwrap_err().problems().to_vec();
    let origins = [
        "null", "*", "https://*.app.example", "https://app.example/", "https://APP.example",
        "http://app.example",
    ];
    assert_eq!(
        problems(CorsPolicy::builder().origins(origins).map(drop)),
        [
            CorsProblem::Null,
            CorsProblem::Wildcard,
            CorsProblem::Wildcard,
            CorsProblem::NotCanonical,
            CorsProblem::NotCanonical,
            CorsProblem::Insecure,
        ]
    );
    assert_eq!(problems(CorsPolicy::builder().build().map(drop)), [CorsProblem::Origins]);
    let all = CorsPolicy::builder()
        .origin("https://app.example")
        .unwrap()
        .any_origin()
        .credentials()
        .method("TRACE")
        .method("patch")
        .method("*")
        .header("*")
        .header("a b")
        .expose("")
        .max_age(Duration::from_secs(86_401))
        .build();
    assert_eq!(
        problems(all.map(drop)),
        [
            CorsProblem::Method,
            CorsProblem::Method,
            CorsProblem::Method,
            CorsProblem::Header,
            CorsProblem::Header,
            CorsProblem::Header,
            CorsProblem::AnyWithCredentials,
            CorsProblem::Origins,
            CorsProblem::MaxAge,
        ]
    );
}

#[test]
fn cookies_are_read_only_when_they_are_there_once() {
    let cookie = SessionCookie::new("session").unwrap();
    for case in vectors::cases(include_str!("vectors/web/cookie.txt")) {
        let expected = Some(case["value"].as_str()).filter(|value| *value != "-");
        assert_eq!(cookie.read(case["header"].as_bytes()), expected, "{}", case["id"]);
    }
    for header in [&b"__Host-session=a\xff"[..], b"__Host-session=a\0", b"__Host-session=a\r\nb"] {
        assert_eq!(cookie.read(header), None);
    }
    let padded = |len: usize| format!("__Host-session=a; b={}", "c".repeat(len - 20)).into_bytes();
    assert_eq!(cookie.read(&padded(16 * 1024)), Some("a"));
    assert_eq!(cookie.read(&padded(16 * 1024 + 1)), None);
}

#[test]
fn cookies_are_set_under_the_host_prefix_with_all_its_attributes() {
    let strict = SessionCookie::new("session").unwrap();
    assert_eq!(strict.clear(), "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    assert_eq!(strict.log_out()[1].1, "\"cache\", \"cookies\", \"storage\"");
    let lax = strict.clone().lax().max_age(Duration::from_secs(3600));
    let set = "__Host-session=a; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600";
    assert_eq!(lax.set("a").unwrap(), set);

    for value in ["", "a b", "a;b", "a,b", "a\"b", "a\\b", "a\r\nb", "\u{e4}", "a\u{7f}"] {
        assert_eq!(strict.set(value), Err(CookieError::Value), "{value:?}");
    }
    assert!(strict.set(&"a".repeat(4096 - "__Host-session".len())).is_ok());
    assert_eq!(strict.set(&"a".repeat(4097 - "__Host-session".len())), Err(CookieError::TooLong));
    for name in ["", "a=b", "a;b", "a b", "__Host-a=", "\u{e4}"] {
        assert_eq!(SessionCookie::new(name), Err(CookieError::Name), "{name:?}");
    }
}

#[test]
fn signed_cookies_survive_rotation_until_their_key_is_retired() {
    let ring = KeyRing::generate().unwrap();
    let cookie = SessionCookie::new("session").unwrap().signed(&ring);
    let set = cookie.set("q2V9.x").unwrap();
    let sent = set.split(';').next().unwrap().to_owned();
    assert_eq!(cookie.read(sent.as_bytes()), Some("q2V9.x"));

    let other_name = SessionCookie::new("other").unwrap().signed(&ring);
    assert_eq!(other_name.read(sent.replace("session", "other").as_bytes()), None);
    let other_ring = SessionCookie::new("session").unwrap().signed(KeyRing::generate().unwrap());
    assert_eq!(other_ring.read(sent.as_bytes()), None);
    let value = "__Host-session=".len();
    for at in value..sent.len() {
        let mut forged = sent.clone().into_bytes();
        forged[at] ^= 1;
        assert_eq!(cookie.read(&forged), None, "byte {at}");
        assert_eq!(cookie.read(&sent.as_bytes()[..at]), None, "cut at {at}");
    }

    let old = ring.primary();
    ring.promote(ring.add_generated().unwrap()).unwrap();
    assert_eq!(cookie.read(sent.as_bytes()), Some("q2V9.x"));
    ring.retire(old).unwrap();
    assert_eq!(cookie.read(sent.as_bytes()), None);
    assert_eq!(cookie.set("a b"), Err(CookieError::Value));
}

#[test]
fn sealed_cookies_hold_any_text_that_nobody_reads_until_their_key_is_retired() {
    let ring = KeyRing::generate().unwrap();
    let cookie = SessionCookie::new("login").unwrap().sealed(&ring);
    let read = |cookie: &SealedCookie, sent: &[u8]| {
        cookie.read(sent).map(|opened| opened.expose_secret().to_owned())
    };
    for value in ["", "q2V9", "{\"a\": \"b; c\"}\r\n", "gr\u{fc}\u{df}e"] {
        let set = cookie.set(value).unwrap();
        assert!(set.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"));
        assert_eq!(read(&cookie, set.split(';').next().unwrap().as_bytes()).as_deref(), Some(value));
        assert_ne!(cookie.set(value).unwrap(), set);
    }
    let longest = (4096 - "__Host-login".len()) * 3 / 4 - 77;
    assert!(cookie.set(&"a".repeat(longest)).is_ok());
    for len in [longest + 1, 4096, 5000] {
        assert_eq!(cookie.set(&"a".repeat(len)), Err(CookieError::TooLong));
    }

    let set = cookie.set("q2V9").unwrap();
    let sent = set.split(';').next().unwrap().to_owned();
    let other_name = SessionCookie::new("other").unwrap().sealed(&ring);
    assert!(other_name.read(sent.replace("login", "other").as_bytes()).is_none());
    let other_ring = SessionCookie::new("login").unwrap().sealed(KeyRing::generate().unwrap());
    assert!(other_ring.read(sent.as_bytes()).is_none());
    let signed = SessionCookie::new("login").unwrap().signed(&ring);
    assert!(signed.read(sent.as_bytes()).is_none());
    for at in "__Host-login=".len()..sent.len() {
        let mut forged = sent.clone().into_bytes();
        forged[at] ^= 1;
        assert!(cookie.read(&forged).is_none(), "byte {at}");
        assert!(cookie.read(&sent.as_bytes()[..at]).is_none(), "cut at {at}");
    }
    let bytes = Sealer::new(&ring).seal(b"\xff", ["palisade cookie", "__Host-login"]).unwrap();
    let not_text = format!("__Host-login={}", Base64UrlUnpadded::encode_string(&bytes));
    assert!(cookie.read(not_text.as_bytes()).is_none());

    let old = ring.primary();
    ring.promote(ring.add_generated().unwrap()).unwrap();
    assert_eq!(read(&cookie, sent.as_bytes()).as_deref(), Some("q2V9"));
    ring.retire(old).unwrap();
    assert!(cookie.read(sent.as_bytes()).is_none());
}

#[test]
fn what_the_formats_describe_is_read() {
    let key = SecretBytes::from((0..32).collect::<Vec<u8>>());
    let ring = KeyRing::from_key("1a2b3c4d".parse().unwrap(), key).unwrap();
    for case in vectors::cases(include_str!("vectors/web/formats.txt")) {
        let (id, of, written) = (&case["id"], &case["of"], &case["written"]);
        if case["kind"] == "csrf" {
            assert_eq!(CsrfTokens::new(&ring).check(of.as_bytes(), written), Ok(()), "{id}");
            continue;
        }
        let cookie = SessionCookie::new(of.strip_prefix("__Host-").unwrap()).unwrap();
        let header = format!("{of}={written}");
        match case["kind"].as_str() {
            "signed" => {
                assert_eq!(cookie.signed(&ring).read(header.as_bytes()), Some(&*case["value"]), "{id}");
            }
            "sealed" => {
                let opened = cookie.sealed(&ring).read(header.as_bytes()).unwrap();
                assert_eq!(opened.expose_secret(), case["value"], "{id}");
            }
            other => unreachable!("{other}"),
        }
    }
}

#[test]
fn requests_of_other_sites_are_refused() {
    let guard = CsrfGuard::new("https://app.example").unwrap().trust("https://partner.example").unwrap();
    let anywhere = CsrfGuard::fetch_metadata().trust("https://partner.example").unwrap();
    for case in vectors::cases(include_str!("vectors/web/csrf.txt")) {
        let header = |name: &str| Some(case[name].as_bytes()).filter(|value| *value != b"-");
        let request = CsrfRequest {
            method: &case["method"],
            fetch_site: header("fetch-site"),
            origin: header("origin"),
        };
        let expected = match case["answer"].as_str() {
            "passes" => Ok(()),
            "cross-origin" => Err(CsrfRefusal::CrossOrigin),
            "unmarked" => Err(CsrfRefusal::Unmarked),
            other => unreachable!("{other}"),
        };
        assert_eq!(guard.check(&request), expected, "{}", case["id"]);
        // Where the site's own origin is not told, nothing but the browser's word or a trusted origin tells it.
        let own = request.fetch_site.is_none() && request.origin == Some(b"https://app.example");
        let untold = if own { Err(CsrfRefusal::CrossOrigin) } else { expected };
        assert_eq!(anywhere.check(&request), untold, "{}", case["id"]);
        let unmarked = expected.or_else(|refusal| match refusal {
            CsrfRefusal::Unmarked => Ok(()),
            other => Err(other),
        });
        assert_eq!(guard.clone().allow_unmarked().check(&request), unmarked, "{}", case["id"]);
    }
    for origin in ["null", "*", "http://app.example", "https://app.example/", "https://App.example", ""] {
        assert!(CsrfGuard::new(origin).is_err() && guard.clone().trust(origin).is_err(), "{origin:?}");
    }
}

#[test]
fn csrf_tokens_are_of_one_session_and_of_keys_that_are_not_retired() {
    let ring = KeyRing::generate().unwrap();
    let tokens = CsrfTokens::new(&ring);
    let token = tokens.issue(b"session").unwrap();
    assert_eq!(token.len(), 70);
    assert_ne!(tokens.issue(b"session").unwrap(), token);
    assert_eq!(tokens.check(b"session", &token), Ok(()));
    for session in [&b""[..], b"sessio", b"session2", b"session\0"] {
        assert_eq!(tokens.check(session, &token), Err(CsrfRefusal::Token));
    }
    assert_eq!(tokens.issue(b""), Err(CsrfTokenError::Session));
    for at in 0..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'Q' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(tokens.check(b"session", &forged).is_err(), "byte {at}");
        assert!(tokens.check(b"session", &token[..at]).is_err(), "cut at {at}");
    }
    assert!(tokens.check(b"session", &format!("{token}A")).is_err());

    let old = ring.primary();
    ring.promote(ring.add_generated().unwrap()).unwrap();
    assert!(tokens.check(b"session", &token).is_ok());
    ring.retire(old).unwrap();
    assert!(tokens.check(b"session", &token).is_err());
}

proptest! {
    #[test]
    fn no_text_adds_a_directive_a_header_or_a_source(text in "(https://|wss://|/)?[ -~\\r\\n\\t\u{e4}]{0,24}", name in "[ -~]{0,8}") {
        let mut builder = Csp::builder();
        if let Ok(source) = Source::host(&text) {
            builder = builder.allow(Directive::Image, [source]);
        }
        let policy = builder.clone().report_to(&name, &text).trusted_types([name.as_str()]).build();
        for policy in [builder.build(), policy].into_iter().flatten() {
            let sent = by_name(SecurityHeaders::page().csp(policy).render(&RenderContext::tls()));
            for (header, value) in &sent {
                prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", header);
            }
            let policy = &sent["Content-Security-Policy"];
            prop_assert!(!policy.contains(','));
            for directive in policy.split("; ") {
                prop_assert!(!directive.contains(';') && directive.split(' ').count() <= 2);
            }
        }
    }

    #[test]
    fn only_the_listed_bytes_are_an_origin(origin: Vec<u8>, near in "https://app[.]example.{0,3}") {
        for origin in [&origin[..], near.as_bytes()] {
            let listed = [&b"https://app.example"[..], b"https://app.example:8443"].contains(&origin);
            prop_assert_eq!(cors().decide(Some(origin)).is_allowed(), listed);
        }
    }

    #[test]
    fn what_a_cookie_sets_it_reads_and_nothing_ends_its_value(value in "[ -~]{0,12}", others in "[ -~]{0,20}") {
        let cookie = SessionCookie::new("session").unwrap();
        if let Ok(set) = cookie.set(&value) {
            prop_assert_eq!(set.split("; ").count(), 5);
            let pair = set.split("; ").next().unwrap();
            let sent = format!("{others}; {pair}");
            prop_assert_eq!(cookie.read(sent.as_bytes()), Some(value.as_str()));
        } else {
            prop_assert!(value.is_empty() || value.contains([' ', '"', ',', ';', '\\']));
        }
    }

    #[test]
    fn no_bytes_from_outside_panic(bytes: Vec<u8>, text in ".{0,80}") {
        let cookie = SessionCookie::new("session").unwrap().signed(KeyRing::generate().unwrap());
        let header = [b"__Host-session=", &bytes[..]].concat();
        prop_assert_eq!(cookie.read(&header), None);
        prop_assert!(CsrfTokens::new(KeyRing::generate().unwrap()).check(&bytes, &text).is_err());
        let asked = Preflight { origin: Some(&bytes), method: &bytes, headers: Some(&bytes), private_network: false };
        prop_assert!(!cors().decide_preflight(&asked).is_allowed());
    }
}
