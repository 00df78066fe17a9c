//! A policy file that is read decides the same for a check and for a review, and denies what it does not know.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::rbac::PolicyFile;

fuzz_target!(|input: (&str, &str, &str)| {
    let (text, subject, permission) = input;
    let Ok(file) = serde_json::from_str::<PolicyFile>(text) else { return };
    let Ok(policy) = file.build() else { return };
    let is_allowed = policy.check(subject, permission).is_ok();
    assert_eq!(is_allowed, policy.permissions_of(subject).contains(&permission));
    assert_eq!(is_allowed, policy.users_with(permission).contains(&(subject, None)));
    assert_eq!(policy.explain(subject, permission).outcome().is_ok(), is_allowed);
    assert!(policy.diff(&policy).is_empty());
    for (user, tenant) in policy.users_with(permission) {
        let checked = match tenant {
            None => policy.check(user, permission),
            Some(tenant) => policy.check_in(tenant, user, permission),
        };
        assert!(checked.is_ok());
    }
});
