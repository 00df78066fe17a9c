//! What is told of a configuration, and what to do.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::time::{Duration, SystemTime};

use palisade::clock::ManualClock;
use palisade::doctor::Report;
use palisade::keys::{KeyFile, KeyRing, Wrapping};
use palisade::password::{Hasher, Scheme};
use palisade::posture::{Outcome, Severity};
use palisade::secret::SecretString;
use palisade::web::{
    CacheRule, CorsPolicy, Csp, CsrfGuard, Directive, Hsts, Opener, ReferrerPolicy, SecurityHeaders,
    SessionCookie, Source, XssProtection,
};

/// The checks of a room that did not pass.
fn failed(report: &Report, room: &str) -> Vec<String> {
    let findings = report.findings().iter().filter(|finding| finding.check().starts_with(room));
    findings
        .filter(|finding| finding.outcome() == Outcome::Fail)
        .map(|finding| finding.check().to_owned())
        .collect()
}

fn headers(headers: &SecurityHeaders) -> Vec<String> {
    failed(&palisade::doctor().headers(headers), "headers.")
}

#[test]
fn what_the_crate_gives_by_default_passes() {
    assert_eq!(headers(&SecurityHeaders::page()), [] as [&str; 0]);
    assert_eq!(headers(&SecurityHeaders::api()), [] as [&str; 0]);
    let report = palisade::doctor()
        .cookie(&SessionCookie::new("session").unwrap())
        .cors(&CorsPolicy::builder().origin("https://app.example").unwrap().build().unwrap())
        .csrf(Some(&CsrfGuard::fetch_metadata()))
        .keys("sessions", &KeyRing::generate().unwrap())
        .passwords(&Hasher::builder().pepper(KeyRing::generate().unwrap()).build().unwrap());
    for room in ["cookie.", "cors.", "csrf.", "keys.", "passwords."] {
        assert!(report.findings().iter().any(|finding| finding.check().starts_with(room)), "{room}");
        assert_eq!(failed(&report, room), [] as [&str; 0]);
    }
}

#[test]
fn every_weakness_of_headers_is_told_by_its_name() {
    let csp = |directive, sources: &[Source]| {
        let policy = Csp::page().to_builder().allow(directive, sources.iter().cloned()).build().unwrap();
        headers(&SecurityHeaders::page().csp(policy))
    };
    for weak in [
        &[Source::UNSAFE_INLINE][..],
        &[Source::SELF, Source::UNSAFE_EVAL],
        &[Source::HTTPS],
        &[Source::DATA],
        &[Source::SELF, Source::host("https://cdn.example").unwrap()],
    ] {
        assert_eq!(csp(Directive::Script, weak), ["headers.scripts"], "{weak:?}");
    }
    for fine in [
        &[][..],
        &[Source::SELF],
        &[Source::of_inline("start()")],
        &[Source::NONCE, Source::UNSAFE_INLINE],
        &[Source::NONCE, Source::STRICT_DYNAMIC, Source::HTTPS, Source::UNSAFE_INLINE],
    ] {
        assert_eq!(csp(Directive::Script, fine), [] as [&str; 0], "{fine:?}");
    }
    for directive in [Directive::ScriptElement, Directive::ScriptAttribute, Directive::Worker] {
        assert_eq!(csp(directive, &[Source::HTTPS]), ["headers.scripts"], "{directive:?}");
        assert_eq!(csp(directive, &[Source::SELF]), [] as [&str; 0], "{directive:?}");
    }
    assert_eq!(csp(Directive::Object, &[Source::SELF]), ["headers.base"]);
    assert_eq!(csp(Directive::BaseUri, &[Source::SELF]), ["headers.base"]);
    assert_eq!(csp(Directive::FrameAncestors, &[Source::HTTPS]), ["headers.framing"]);
    assert_eq!(csp(Directive::FrameAncestors, &[Source::SELF]), [] as [&str; 0]);

    let page = SecurityHeaders::page;
    let year = Duration::from_secs(31_536_000);
    for (weak, check) in [
        (page().hsts(None), "headers.hsts"),
        (page().hsts(Hsts::this_host_for(year)), "headers.hsts"),
        (page().hsts(Hsts::with_subdomains_for(Duration::from_secs(31_535_999))), "headers.hsts"),
        (page().opener(Opener::UnsafeNone), "headers.opener"),
        (page().cache(CacheRule::Unset), "headers.cache"),
        (page().xss_protection(XssProtection::Block), "headers.xss_filter"),
    ] {
        assert_eq!(headers(&weak), [check]);
    }
    assert_eq!(headers(&page().referrer(ReferrerPolicy::StrictOrigin)), [] as [&str; 0]);
}

#[test]
fn other_rooms_tell_what_is_weak() {
    let report = palisade::doctor()
        .cookie(&SessionCookie::new("session").unwrap().lax().max_age(Duration::from_secs(31 * 86_400)))
        .cors(&CorsPolicy::builder().any_origin().build().unwrap())
        .cors(&CorsPolicy::builder().origin("https://localhost:3000").unwrap().build().unwrap())
        .csrf(None)
        .csrf(Some(&CsrfGuard::fetch_metadata().allow_unmarked()))
        .csrf(Some(&CsrfGuard::fetch_metadata().trust("http://127.0.0.1").unwrap()))
        .passwords(&Hasher::builder().scheme(Scheme::scrypt(12, 8, 1)).build().unwrap());
    assert_eq!(failed(&report, "cookie."), ["cookie.same_site", "cookie.lifetime"]);
    assert_eq!(failed(&report, "cors."), ["cors.origins", "cors.origins"]);
    assert_eq!(failed(&report, "csrf."), ["csrf.guard"; 3]);
    assert_eq!(failed(&report, "passwords."), ["passwords.cost", "passwords.pepper"]);

    let text = report.to_string();
    assert!(text.contains("cookie.same_site") && text.contains("mend: leave out lax()"), "{text}");
    let refusal = report.require(Severity::High).unwrap_err();
    assert!(refusal.findings().iter().any(|finding| finding.check() == "passwords.cost"));
    assert!(
        refusal.to_string().contains("passwords.cost: scrypt(ln=12,r=8,p=1) (Hasher::default()"),
        "{refusal}"
    );
    assert!(report.accept("csrf.guard").findings().iter().all(|finding| {
        finding.check() != "csrf.guard"
            || (finding.outcome() == Outcome::Accepted && finding.mend().is_none())
    }));
}

#[test]
fn posture_is_the_beginning_of_every_report() {
    let posture = palisade::posture::probe();
    let report = palisade::doctor();
    assert_eq!(report.findings().len(), posture.findings().len());
    assert!(report.findings().iter().all(|finding| finding.check().starts_with("posture.")));
}

#[test]
fn old_keys_are_told() {
    let clock = ManualClock::new();
    clock.set_wall(SystemTime::now() - Duration::from_secs(400 * 86_400));
    let folder = std::env::temp_dir().join(format!("palisade-doctor-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let wrapping = Wrapping::passphrase(SecretString::from("a passphrase of a test, long enough"));
    let ring = KeyFile::new(folder.join("keys"), wrapping).clock(clock).create().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let report = palisade::doctor().keys("sessions", &ring);
    assert_eq!(failed(&report, "keys."), ["keys.age"]);
    assert!(report.to_string().contains("sessions: the primary key is 400 days old"));
}

#[cfg(feature = "tower")]
#[test]
fn settings_are_all_of_it() {
    use palisade::rate_limit::Quota;
    use palisade::web::Settings;

    let report = palisade::doctor().settings(&Settings::secure());
    assert_eq!(
        failed(&report, ""),
        failed(&palisade::doctor(), "")
            .into_iter()
            .chain(["limits.rate".to_owned(), "audit.refusals".to_owned()])
            .collect::<Vec<_>>()
    );
    let settings = Settings::secure().rate_limit("site", Quota::per_second(9)).unwrap().audit(drop);
    let report = palisade::doctor().settings(&settings.csrf(None));
    assert_eq!(failed(&report, "csrf."), ["csrf.guard"]);
    assert_eq!(failed(&report, "limits."), [] as [&str; 0]);
    let report = palisade::doctor().settings(&Settings::secure().origin("http://localhost:3000").unwrap());
    assert_eq!(failed(&report, "headers."), ["headers.hsts"]); // of a developer's machine, left in place
}

#[cfg(feature = "serde")]
#[test]
fn a_report_is_json_with_what_to_do() {
    let report = palisade::doctor().csrf(None);
    let json = serde_json::to_value(&report).unwrap();
    let last = json["findings"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["check"], &last["outcome"], &last["severity"]),
        (&"csrf.guard".into(), &"fail".into(), &"high".into())
    );
    assert!(last["mend"].as_str().unwrap().starts_with("CsrfGuard::new"));
}
