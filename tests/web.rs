//! What browsers are told, and what is made of what they tell.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::collections::BTreeMap;
use std::time::Duration;

use palisade::web::{
    CacheRule, Csp, CspProblem, Directive, Hsts, Nonce, RenderContext, SecurityHeaders, Source, XssProtection,
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
        "https://[::1]:8443",
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
        "https://b\u{fc}cher.example",
    ] {
        assert!(Source::host(text).is_err(), "{text:?}");
    }
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
}
