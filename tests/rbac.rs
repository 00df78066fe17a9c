//! What no rule allows is denied, and what a policy decides is what a model of plain sets decides.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

#[path = "support/dice.rs"]
mod dice;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use allocation_counter::measure;
use palisade::rbac::{
    AnyOf, Authorizable, Authorized, Denied, DeniedReason, Granted, LivePolicy, PermSet, Permission, Permit,
    Policy, PolicyBuilder, PolicyDenied, PolicyErrorKind, PolicyGrant, PolicyRule, Role, require_permission,
};

use dice::Dice;

palisade::permissions! {
    /// What may be done with documents.
    pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write", Delete = "doc:delete" }
}

palisade::permissions! { enum BillPerm in bill { Pay = "bill:pay" } }

const EDITOR: Role<DocPerm> = Role::new("editor", DocPerm::set(&[DocPerm::Read, DocPerm::Write]));

#[derive(Default)]
struct User {
    docs: PermSet<DocPerm>,
    denied: PermSet<DocPerm>,
    is_gone: bool,
    heard: RefCell<Vec<(DocPerm, bool)>>,
}

impl Authorizable<DocPerm> for User {
    fn effective(&self) -> PermSet<DocPerm> {
        self.docs
    }

    fn denied(&self) -> PermSet<DocPerm> {
        self.denied
    }

    fn is_active(&self) -> bool {
        !self.is_gone
    }

    fn decided(&self, permission: DocPerm, outcome: Result<(), Denied>) {
        self.heard.borrow_mut().push((permission, outcome.is_ok()));
    }
}

impl Authorizable<BillPerm> for User {
    fn effective(&self) -> PermSet<BillPerm> {
        PermSet::EMPTY
    }
}

struct Reader {
    name: &'static str,
    is_gone: bool,
}

impl Authorizable<DocPerm> for Reader {
    fn effective(&self) -> PermSet<DocPerm> {
        EDITOR.permissions()
    }

    fn denied(&self) -> PermSet<DocPerm> {
        DocPerm::set(&[DocPerm::Write])
    }

    fn is_active(&self) -> bool {
        !self.is_gone
    }
}

fn editor() -> User {
    User { docs: EDITOR.permissions(), ..User::default() }
}

#[test]
fn a_denial_counts_more_than_a_role() {
    let user = User { denied: DocPerm::set(&[DocPerm::Write, DocPerm::Delete]), ..editor() };
    let reason = |permission| user.check(permission).map_err(|denied| denied.reason());
    assert_eq!(reason(DocPerm::Read), Ok(()));
    assert_eq!(reason(DocPerm::Write), Err(DeniedReason::ExplicitDeny));
    assert_eq!(reason(DocPerm::Delete), Err(DeniedReason::NotGranted));
    assert_eq!(user.check(BillPerm::Pay).unwrap_err().permission(), "bill:pay");
    let gone = User { is_gone: true, ..editor() };
    assert_eq!(gone.check(DocPerm::Read).unwrap_err().reason(), DeniedReason::Inactive);
    assert!(gone.grant::<perm::Read>().is_err() && gone.permit::<perm::Read>().is_err());
}

#[test]
fn a_refusal_tells_operators_what_was_missing_and_callers_nothing() {
    let user = User { denied: DocPerm::set(&[DocPerm::Write]), ..editor() };
    let told = |permission| user.check(permission).unwrap_err().to_string();
    assert_eq!(told(DocPerm::Write), "doc:write is denied explicitly");
    assert_eq!(told(DocPerm::Delete), "doc:delete is not granted");
    let of_another = user.authorize::<perm::Read, _>(7, |_, owner| *owner == 8).unwrap_err();
    assert_eq!(of_another.to_string(), "doc:read is granted, but not on this resource");
    let gone = User { is_gone: true, ..editor() }.check(DocPerm::Read).unwrap_err();
    assert_eq!(gone.to_string(), "the subject is not active, doc:read was asked for");
    assert!([of_another, gone].iter().all(|denied| denied.public_message() == "not permitted"));
}

#[test]
fn a_proof_gives_back_what_it_is_about() {
    let user = editor();
    let read = || user.authorize::<perm::Read, _>(vec![7], |_, _| true).unwrap();
    assert_eq!(read().resource(), &[7]);
    assert_eq!(read().into_resource(), [7]);
    let (granted, resource) = read().into_parts();
    assert_eq!((format!("{granted:?}"), resource), ("Granted(doc:read)".to_owned(), vec![7]));
    assert_eq!(format!("{:?}", read()), "Authorized { granted: Granted(doc:read), resource: [7] }");
    let (first, second) = user.grant::<(perm::Read, perm::Write)>().unwrap().split();
    assert_eq!(format!("{first:?} {second:?}"), "Granted(doc:read) Granted(doc:write)");

    let permit = Reader { name: "ann", is_gone: false }.permit::<perm::Read>().unwrap();
    assert_eq!((permit.subject().name, permit.into_subject().name), ("ann", "ann"));
}

#[test]
fn who_is_pointed_at_may_do_what_he_may() {
    let [ann, gone] = [false, true].map(|is_gone| Arc::new(Reader { name: "ann", is_gone }));
    assert!(ann.grant::<perm::Read>().is_ok());
    assert_eq!(ann.check(DocPerm::Write).unwrap_err().reason(), DeniedReason::ExplicitDeny);
    assert_eq!(gone.check(DocPerm::Read).unwrap_err().reason(), DeniedReason::Inactive);
    let user = editor();
    assert!((&&user).grant::<perm::Delete>().is_err());
    assert_eq!(*user.heard.borrow(), [(DocPerm::Delete, false)]);
}

#[test]
fn roles_are_found_by_name_and_add_up() {
    const READER: Role<DocPerm> = Role::new("reader", DocPerm::set(&[DocPerm::Read]));
    let roles = [READER, EDITOR];
    assert_eq!(Role::find(&roles, "editor"), Some(EDITOR));
    assert_eq!((Role::find(&roles, "Editor"), Role::find(&roles, "edit")), (None, None));
    assert_eq!(Role::all(&roles), EDITOR.permissions());
    assert_eq!(Role::<DocPerm>::all(&[]), PermSet::EMPTY);
    assert!(READER.has(DocPerm::Read) && !READER.has(DocPerm::Write));
    assert_eq!(READER.name(), "reader");
    assert_ne!(READER, Role::new("reader", EDITOR.permissions()));
    assert_ne!(READER, Role::new("other", READER.permissions()));
    assert_eq!(format!("{EDITOR:?}"), r#"Role { name: "editor", permissions: {"doc:read", "doc:write"} }"#);
}

#[test]
fn a_proof_takes_no_memory() {
    assert_eq!(size_of::<Granted<'_, perm::Read>>(), 0);
    assert_eq!(size_of::<Authorized<'_, perm::Read, u64>>(), size_of::<u64>());
    assert_eq!(size_of::<Permit<u64, perm::Read>>(), size_of::<u64>());
}

#[test]
fn checks_allocate_nothing() {
    struct Plain(PermSet<DocPerm>);
    impl Authorizable<DocPerm> for Plain {
        fn effective(&self) -> PermSet<DocPerm> {
            self.0
        }
    }
    let user = Plain(EDITOR.permissions());
    let policy = Policy::builder().allow("editor", "doc:read").deny("editor", "doc:delete");
    let policy = policy.assign("ann", "editor").build().unwrap();
    let used = measure(|| {
        assert!(user.check(DocPerm::Read).is_ok() && user.check(DocPerm::Delete).is_err());
        assert!(user.grant::<(perm::Read, perm::Write)>().is_ok() && user.grant::<perm::Delete>().is_err());
        assert!(user.authorize::<perm::Write, _>(1, |_, _| true).is_ok());
        assert!(policy.check("ann", "doc:read").is_ok() && policy.check("ann", "doc:delete").is_err());
        assert!(policy.check("ann", "doc:none").is_err() && policy.check("bob", "doc:read").is_err());
    });
    assert_eq!(used.count_total, 0);
}

#[test]
fn every_decision_is_told_once() {
    let user = editor();
    user.check(DocPerm::Delete).unwrap_err();
    let granted = user.grant::<(perm::Read, perm::Write)>().unwrap();
    assert_eq!(format!("{granted:?}"), "Granted(doc:read, doc:write)");
    let _ = user.authorize::<perm::Write, _>(1, |_, _| false).unwrap_err();
    let _ = user.authorize::<perm::Write, _>(1, |_, _| true).unwrap();
    let heard = [
        (DocPerm::Delete, false),
        (DocPerm::Read, true),
        (DocPerm::Write, true),
        (DocPerm::Write, false),
        (DocPerm::Write, true),
    ];
    assert_eq!(*user.heard.borrow(), heard);
}

#[test]
fn a_rule_about_a_resource_is_asked_of_those_who_hold_the_permission_alone() {
    let user = editor();
    let denied = user.authorize::<perm::Delete, _>((), |_, ()| panic!("asked")).unwrap_err();
    assert_eq!(denied.reason(), DeniedReason::NotGranted);
    let denied = user.authorize::<AnyOf<(perm::Delete, perm::Write)>, _>((), |_, ()| false).unwrap_err();
    assert_eq!(denied.reason(), DeniedReason::Rule);
}

#[test]
fn guarded_functions_are_not_called_without_the_permission() {
    let guarded = require_permission::<perm::Delete, _>(|_: Granted<'_, perm::Delete>, ()| panic!("called"));
    assert_eq!(format!("{guarded:?}"), "Guarded { .. }");
    let outcome: Result<(), _> = guarded.call(&editor(), ());
    assert_eq!(outcome.unwrap_err().to_string(), "doc:delete is not granted");
}

mod inner {
    pub(crate) mod deep {
        palisade::permissions! { pub(super) enum Near in near { Do = "near:do" } }
        palisade::permissions! { pub(in crate::inner) enum Within in within { Do = "within:do" } }
        palisade::permissions! { pub(crate) enum Wide in wide { Do = "wide:do" } }
    }

    pub(crate) fn names() -> [&'static str; 2] {
        use palisade::rbac::{Marker, Permission};
        [deep::near::Do::PERMISSION.name(), <deep::within::Do as Marker>::PERMISSION.name()]
    }
}

#[test]
fn permissions_are_seen_where_their_list_is() {
    assert_eq!(inner::names(), ["near:do", "within:do"]);
    assert_eq!(inner::deep::Wide::Do.name(), "wide:do");
    assert_eq!(size_of::<Granted<'_, inner::deep::wide::Do>>(), 0);
}

#[tokio::test]
async fn guarded_functions_run_in_tasks() {
    #[derive(Debug)]
    struct Reader;
    impl Authorizable<DocPerm> for Reader {
        fn effective(&self) -> PermSet<DocPerm> {
            DocPerm::set(&[DocPerm::Read])
        }
    }
    async fn read(_: Granted<'_, perm::Read>, id: u64) -> u64 {
        tokio::task::yield_now().await;
        id
    }
    let task = tokio::spawn(async {
        let guarded = require_permission::<perm::Read, _>(read);
        guarded.call_async(&Reader, 17).await
    });
    assert_eq!(task.await.unwrap(), Ok(17));
    let permit: Permit<Reader, perm::Read> = Reader.permit().unwrap();
    assert_eq!(format!("{permit:?}"), "Permit { subject: Reader, .. }");
    assert_eq!(tokio::spawn(async move { read(permit.granted(), 18).await }).await.unwrap(), 18);
}

#[test]
fn sets_do_the_algebra_of_sets() {
    let (read, write) = (DocPerm::set(&[DocPerm::Read]), DocPerm::set(&[DocPerm::Write]));
    assert_eq!(read.union(write), EDITOR.permissions());
    assert_eq!(EDITOR.permissions().minus(read), write);
    assert_eq!(EDITOR.permissions().intersection(read), read);
    assert!(
        read.is_disjoint(write)
            && read.is_subset(EDITOR.permissions())
            && !EDITOR.permissions().is_subset(read)
    );
    assert_eq!((DocPerm::every().len(), PermSet::<DocPerm>::EMPTY.is_empty()), (3, true));
    assert_eq!(DocPerm::every().iter().collect::<Vec<_>>(), DocPerm::ALL);
    assert_eq!(DocPerm::from_name("doc:readx"), None);
}

fn names(policy: &Policy, subject: &str) -> Vec<String> {
    policy.permissions_of(subject).into_iter().map(str::to_owned).collect()
}

#[test]
fn what_no_rule_knows_is_denied() {
    let policy = Policy::builder().allow("a", "x").allow("b", "y").assign("ann", "a").build().unwrap();
    assert!(policy.check("ann", "x").is_ok());
    for (subject, permission, denied) in [
        ("ann", "y", PolicyDenied::NotGranted),
        ("ann", "z", PolicyDenied::UnknownPermission),
        ("bob", "x", PolicyDenied::UnknownSubject),
        ("a", "x", PolicyDenied::UnknownSubject),
        ("", "x", PolicyDenied::UnknownSubject),
        ("Ann", "x", PolicyDenied::UnknownSubject),
        ("ann", "X", PolicyDenied::UnknownPermission),
    ] {
        let refused = policy.check(subject, permission).unwrap_err();
        assert_eq!(refused, denied, "{subject} {permission}");
        assert_eq!(refused.public_message(), "not permitted");
    }
    assert_eq!(policy.check_in("t", "ann", "x").unwrap_err(), PolicyDenied::UnknownTenant);
}

#[test]
fn tenants_are_kept_apart() {
    let policy = Policy::builder()
        .allow("reader", "read")
        .allow("admin", "write")
        .allow_in("blue", "reader", "print")
        .deny_in("red", "admin", "write")
        .inherits_in("blue", "reader", "admin")
        .assign("root", "admin")
        .assign_in("red", "ann", "reader")
        .assign_in("blue", "ann", "reader")
        .assign_in("green", "bob", "admin")
        .build()
        .unwrap();
    let may = |tenant, subject, permission| policy.check_in(tenant, subject, permission).is_ok();
    assert!(may("red", "ann", "read") && !may("red", "ann", "print") && !may("red", "ann", "write"));
    assert!(may("blue", "ann", "read") && may("blue", "ann", "print") && may("blue", "ann", "write"));
    assert!(!may("green", "ann", "read") && policy.check("ann", "read").is_err());
    assert!(
        may("green", "root", "write")
            && may("blue", "root", "write")
            && policy.check("root", "write").is_ok()
    );
    assert!(!may("red", "root", "write"), "denied there");
    assert!(may("green", "bob", "write") && !may("blue", "bob", "write"));
    assert_eq!(policy.users_with("print"), [("ann", Some("blue"))]);
    assert_eq!(policy.permissions_in("blue", "ann"), ["read", "write", "print"]);
}

#[test]
fn policies_that_contradict_themselves_are_not_built() {
    let base = || Policy::builder().allow("a", "x").allow("b", "y").allow("c", "z");
    let kind = |builder: PolicyBuilder| builder.build().unwrap_err().kind();
    for (builder, expected) in [
        (base().assign("ann", "d"), PolicyErrorKind::UnknownRole),
        (base().assign_in("t", "ann", "A"), PolicyErrorKind::UnknownRole),
        (base().inherits("a", "d"), PolicyErrorKind::UnknownRole),
        (base().exclusive(&["a", "d"], 1), PolicyErrorKind::UnknownRole),
        (base().exclusive(&["d", "e"], 1).assign("ann", "d").assign("ann", "e"), PolicyErrorKind::Exclusive),
        (base().deny_in("t", "d", "x"), PolicyErrorKind::UnknownRole),
        (base().only_roles(["a", "b"]), PolicyErrorKind::UnknownRole),
        (base().only_roles(["a", "b", "c"]).exclusive(&["d", "e"], 1), PolicyErrorKind::UnknownRole),
        (base().only_tenants(["t"]).deny_in("u", "a", "x"), PolicyErrorKind::UnknownTenant),
        (base().assign("ann\u{202e}", "a"), PolicyErrorKind::Name),
        (base().assign("ann\u{2028}", "a"), PolicyErrorKind::Name),
        (base().only_permissions(["x", "y"]), PolicyErrorKind::UnknownPermission),
        (base().only_permissions(["x", "y"]).only_permissions(["Z"]), PolicyErrorKind::UnknownPermission),
        (base().requires("a", "d"), PolicyErrorKind::UnknownRole),
        (base().at_most("d", 1), PolicyErrorKind::UnknownRole),
        (base().inherits("a", "a"), PolicyErrorKind::Cycle),
        (base().inherits("a", "b").inherits("b", "c").inherits("c", "a"), PolicyErrorKind::Cycle),
        (base().inherits("a", "b").inherits_in("t", "b", "a"), PolicyErrorKind::Cycle),
        (base().exclusive(&["a", "b"], 2), PolicyErrorKind::Vacuous),
        (base().exclusive(&["a", "a"], 1), PolicyErrorKind::Vacuous),
        (base().exclusive(&[], 0), PolicyErrorKind::Vacuous),
        (base().exclusive(&["a", "b"], 1).assign("ann", "a").assign("ann", "b"), PolicyErrorKind::Exclusive),
        (base().exclusive(&["a", "b"], 0).assign("ann", "a"), PolicyErrorKind::Exclusive),
        (
            base().exclusive(&["a", "b"], 1).inherits("c", "a").assign("ann", "c").assign("ann", "b"),
            PolicyErrorKind::Exclusive,
        ),
        (
            base().exclusive(&["a", "b"], 1).assign("ann", "a").assign_in("t", "ann", "b"),
            PolicyErrorKind::Exclusive,
        ),
        (
            base().exclusive(&["a", "b"], 1).assign("ann", "c").assign("ann", "b").inherits_in("t", "c", "a"),
            PolicyErrorKind::Exclusive,
        ),
        (base().requires("a", "b").assign("ann", "a"), PolicyErrorKind::Prerequisite),
        (base().at_most("a", 1).assign("ann", "a").assign("bob", "a"), PolicyErrorKind::TooManySubjects),
        (base().assign("", "a"), PolicyErrorKind::Name),
        (base().allow("a", "x\n"), PolicyErrorKind::Name),
        (base().assign(&"n".repeat(257), "a"), PolicyErrorKind::Name),
    ] {
        assert_eq!(kind(builder), expected);
    }
    let error = base().assign("ann", "editr").build().unwrap_err();
    assert!(error.to_string().starts_with("assign ann editr: no rule defines this role"), "{error}");
    let error = base().inherits("b", "c").inherits_in("t", "c", "a").inherits("a", "b").build().unwrap_err();
    assert_eq!(error.rule(), "inherits a > b > c > a in t");
    for (len, dots) in [(16, false), (17, true), (40, true)] {
        let role = |number: usize| format!("r{}", number % len);
        let builder =
            (0..len).fold(base(), |builder, number| builder.inherits(&role(number), &role(number + 1)));
        let error = builder.build().unwrap_err();
        let shown: Vec<_> = error.rule().split(" > ").collect();
        assert_eq!((shown.len(), shown.contains(&"…")), (if dots { 18 } else { 17 }, dots), "{error}");
        assert_eq!(shown[0].strip_prefix("inherits "), shown.last().copied(), "{error}");
    }
    let error = base().allow_in("t", "a", "w").only_permissions(["x", "y", "z"]).build().unwrap_err();
    assert_eq!(error.rule(), "allow a w in t");
    assert!(base().only_permissions(["x", "y", "z"]).permission("w").allow("a", "w").build().is_ok());
    assert!(
        base().exclusive(&["d", "e"], 1).assign("ann", "d").build().is_ok(),
        "the set declares its roles"
    );
    let fine = base().exclusive(&["a", "b"], 1).assign_in("red", "ann", "a").assign_in("blue", "ann", "b");
    assert!(fine.build().is_ok(), "in one tenant each");
    let fine = base().inherits("a", "b").inherits("a", "c").inherits("b", "c").assign("ann", "a");
    assert_eq!(names(&fine.build().unwrap(), "ann"), ["x", "y", "z"], "two ways are no cycle");
    assert!(base().requires("a", "b").inherits("a", "b").assign("ann", "a").build().is_ok());
}

#[test]
fn policies_answer_as_the_vectors_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/rbac");
    let (mut policies, mut answers) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        for block in fs::read_to_string(&path).unwrap().split("\n: ").skip(1) {
            let (title, lines) = block.split_once('\n').unwrap();
            answers += play(&format!("{}: {title}", path.display()), lines);
            policies += 1;
        }
    }
    assert!(policies > 40 && answers > 80, "{policies} policies, {answers} answers");
}

/// Builds the policy of a block and asks its questions; answers how many.
fn play(title: &str, lines: &str) -> usize {
    let mut builder = Policy::builder();
    let (mut questions, mut error) = (Vec::new(), None);
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let (rule, tenant) = match words.as_slice() {
            [rule @ .., "in", tenant] => (rule, Some(*tenant)),
            rule => (rule, None),
        };
        let of = |rule: PolicyRule| tenant.iter().fold(rule, |rule, tenant| rule.within(*tenant));
        builder = match rule {
            ["allow", role, permission] => builder.rule(of(PolicyRule::allow(*role, *permission))),
            ["deny", role, permission] => builder.rule(of(PolicyRule::deny(*role, *permission))),
            ["inherits", senior, junior] => builder.rule(of(PolicyRule::inherits(*senior, *junior))),
            ["assign", subject, role] => builder.rule(of(PolicyRule::assign(*subject, *role))),
            ["role", role] => builder.role(role),
            ["permission", permission] => builder.permission(permission),
            ["tenant", tenant] => builder.tenant(tenant),
            ["exclusive", at_most, roles @ ..] => builder.exclusive(roles, at_most.parse().unwrap()),
            ["active", at_most, roles @ ..] => builder.exclusive_when_active(roles, at_most.parse().unwrap()),
            ["requires", role, required] => builder.requires(role, required),
            ["most", role, number] => builder.at_most(role, number.parse().unwrap()),
            ["only", permissions @ ..] => builder.only_permissions(permissions.iter().copied()),
            ["error", ..] => {
                let (kind, rule) = line["error ".len()..].split_once(' ').unwrap();
                error = Some((kind, rule));
                builder
            }
            ["yes" | "no" | "session" | "no-session", ..] => {
                questions.push(words);
                builder
            }
            _ => panic!("{title}: {line}"),
        };
    }
    let policy = match (builder.build(), error) {
        (Ok(policy), None) => policy,
        (Err(found), Some((kind, rule))) => {
            assert_eq!((&*format!("{:?}", found.kind()), found.rule()), (kind, rule), "{title}");
            return 1;
        }
        (outcome, error) => panic!("{title}: {outcome:?}, where {error:?} was expected"),
    };
    for question in &questions {
        let reason = |checked: Result<PolicyGrant<'_>, PolicyDenied>| {
            checked.map_or_else(|denied| format!("{denied:?}"), |_| "yes".to_owned())
        };
        let (answer, expected) = match question.as_slice() {
            ["yes", subject, permission] => (reason(policy.check(subject, permission)), "yes"),
            ["no", subject, permission, denied] => (reason(policy.check(subject, permission)), *denied),
            ["yes", subject, permission, "in", tenant] => {
                (reason(policy.check_in(tenant, subject, permission)), "yes")
            }
            ["no", subject, permission, "in", tenant, denied] => {
                (reason(policy.check_in(tenant, subject, permission)), *denied)
            }
            [word, subject, roles @ ..] => {
                let answer = if policy.activate(subject, roles).is_ok() { "session" } else { "no-session" };
                (answer.to_owned(), *word)
            }
            _ => panic!("{title}: {question:?}"),
        };
        assert_eq!(answer, expected, "{title}: {}", question.join(" "));
    }
    questions.len().max(1)
}

fn chain(roles: u32) -> PolicyBuilder {
    let mut builder = Policy::builder().allow("r0", "x");
    for number in 1..roles {
        builder = builder.inherits(&format!("r{number}"), &format!("r{}", number - 1));
    }
    builder.assign("ann", &format!("r{}", roles - 1))
}

#[test]
fn a_chain_of_roles_is_no_deeper_than_the_stack_and_no_larger_than_the_budget() {
    assert!(chain(2_000).build().unwrap().check("ann", "x").is_ok());
    assert_eq!(chain(100_000).build().unwrap_err().kind(), PolicyErrorKind::TooLarge);
    // What is said twice costs once.
    let twice = (0..100_000).fold(chain(100), |builder, _| builder.allow("r0", "x").inherits("r1", "r0"));
    assert!(twice.build().unwrap().check("ann", "x").is_ok());
}

#[test]
fn a_tenant_costs_what_its_rules_reach_and_not_what_the_policy_has() {
    // Of 5,000 roles and 5,000 tenants, each tenant speaks of one role: written out densely, that were 25 million.
    let mut builder = Policy::builder();
    for number in 0..5_000 {
        let (role, tenant) = (format!("role-{number}"), format!("tenant-{number}"));
        builder = builder.allow(&role, "read").allow(&role, "write").inherits_in(&tenant, &role, "guest");
        builder = builder.deny_in(&tenant, &role, "write").assign(&format!("user-{}", number % 100), &role);
    }
    let builder = builder.allow("guest", "visit");
    let exclusive = builder.clone().exclusive(&["guest", "role-17"], 1).build().unwrap_err();
    assert_eq!(exclusive.rule(), "user-17 in tenant-17: role-17 and guest");
    let policy = builder.exclusive(&["nobody", "none"], 1).build().unwrap();
    let may = |tenant, permission| policy.check_in(tenant, "user-17", permission).is_ok();
    assert!(may("tenant-17", "visit") && may("tenant-117", "visit") && !may("tenant-18", "visit"));
    assert!(!may("tenant-17", "write") && !may("tenant-117", "write") && may("tenant-18", "write"));
}

#[test]
fn a_role_that_inherits_one_of_which_a_tenant_speaks_is_worth_something_else_there() {
    let policy = Policy::builder()
        .allow("staff", "read")
        .inherits("nurse", "staff")
        .inherits("head", "nurse")
        .allow("porter", "lift")
        .deny_in("red", "staff", "read")
        .inherits_in("blue", "staff", "porter")
        .allow_in("blue", "porter", "drive")
        .assign("ann", "head")
        .assign("bob", "porter")
        .build()
        .unwrap();
    let may = |tenant, subject, permission| policy.check_in(tenant, subject, permission).is_ok();
    assert!(policy.check("ann", "read").is_ok() && !may("red", "ann", "read") && may("blue", "ann", "read"));
    assert!(may("blue", "ann", "lift") && may("blue", "ann", "drive") && !may("red", "ann", "lift"));
    assert!(may("red", "bob", "lift") && may("blue", "bob", "drive") && !may("red", "bob", "drive"));
    assert_eq!(policy.authorized_roles_in("blue", "ann"), ["staff", "nurse", "head", "porter"]);
    let explained = policy.explain_in("blue", "ann", "drive").to_string();
    assert_eq!(explained, "allowed\n  allow: head > nurse > staff > porter\n");
    let explained = policy.explain_in("red", "ann", "read").to_string();
    assert!(explained.contains("  deny: head > nurse > staff\n"), "{explained}");
    let dot = policy.to_dot();
    assert!(dot.contains(r#""staff" -> "porter" [style=dashed, label="blue"];"#), "{dot}");
    assert!(dot.contains(r#"[label="staff\n+read\n-read in red"];"#), "{dot}");
}

#[test]
fn reviews_tell_assigned_roles_from_inherited_ones() {
    let policy = Policy::builder()
        .allow("staff", "read")
        .inherits("nurse", "staff")
        .assign("ann", "staff")
        .assign_in("red", "ann", "nurse")
        .assign("bob", "staff")
        .tenant("blue")
        .role("idle")
        .build()
        .unwrap();
    assert_eq!(policy.assigned_roles("ann"), [("staff", None), ("nurse", Some("red"))]);
    assert_eq!(policy.assigned_users("staff"), [("ann", None), ("bob", None)]);
    assert_eq!(policy.assigned_users("nurse"), [("ann", Some("red"))]);
    assert_eq!(policy.authorized_roles("ann"), ["staff"]);
    assert_eq!(policy.authorized_roles_in("red", "ann"), ["staff", "nurse"]);
    assert!(policy.assigned_roles("eve").is_empty() && policy.assigned_users("none").is_empty());
    assert!(policy.authorized_roles_in("nowhere", "ann").is_empty());
    let ends = |policy: &Policy| policy.loose_ends().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(ends(&policy), ["nobody has the role idle", "nobody has a role of its own in blue"]);
    let policy =
        Policy::builder().allow("a", "x").assign("ann", "a").deny_in("rde", "a", "x").build().unwrap();
    assert_eq!(ends(&policy), ["nobody has a role of its own in rde"]);
}

#[test]
fn constraints_over_more_roles_than_can_be_looked_at_are_refused_before_they_are() {
    // Each of 1,000 roles inherits all before it, one subject has them all in each of 400 tenants: 2 * 10^8 steps.
    let mut builder = chain(1_000).exclusive(&["r0", "x"], 1).role("x");
    for role in 0..1_000 {
        builder = builder.assign("eve", &format!("r{role}"));
    }
    for tenant in 0..400 {
        builder = builder.assign_in(&format!("t{tenant}"), "eve", "r0");
    }
    assert_eq!(builder.build().unwrap_err().kind(), PolicyErrorKind::TooLarge);
}

#[test]
fn a_reload_does_not_end_the_audit() {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = |heard: &Arc<AtomicUsize>| {
        let heard = Arc::clone(heard);
        move |_: &palisade::rbac::PolicyDecision<'_>| {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    };
    let base = || Policy::builder().allow("a", "x").assign("ann", "a");
    let live = LivePolicy::new(base().on_decision(count(&heard)).on_decision(count(&heard)).build().unwrap());
    assert!(live.current().check("ann", "x").is_ok());
    assert_eq!(heard.load(Ordering::Relaxed), 2, "both listeners");
    live.replace(base().build().unwrap());
    assert!(live.current().check("ann", "y").is_err());
    assert_eq!(heard.load(Ordering::Relaxed), 4, "the new policy has none of its own");
    live.replace(base().on_decision(|_| ()).build().unwrap());
    assert!(live.current().check("ann", "x").is_ok());
    assert_eq!(heard.load(Ordering::Relaxed), 4, "it has one");
}

#[test]
fn names_that_are_too_long_are_known_to_nobody() {
    let policy = Policy::builder().allow("a", "x").assign("ann", "a").tenant("t").build().unwrap();
    let long = "n".repeat(1 << 20);
    assert_eq!(policy.check(&long, "x").unwrap_err(), PolicyDenied::UnknownSubject);
    assert_eq!(policy.check("ann", &long).unwrap_err(), PolicyDenied::UnknownPermission);
    assert_eq!(policy.check_in(&long, "ann", "x").unwrap_err(), PolicyDenied::UnknownTenant);

    let named = |name: &str| {
        let rules =
            Policy::builder().allow(name, name).assign(name, name).allow_in(name, name, "in a tenant");
        rules.assign_in(name, name, name).build()
    };
    let longest = "n".repeat(256);
    let policy = named(&longest).unwrap();
    assert!(policy.check(&longest, &longest).is_ok());
    assert!(policy.check_in(&longest, &longest, "in a tenant").is_ok());
    assert!(named(&"n".repeat(257)).is_err());
}

#[test]
fn every_decision_about_a_bound_subject_is_told_to_its_policy() {
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let policy = Policy::builder()
        .allow("editor", "doc:read")
        .allow("editor", "doc:write")
        .deny("guest", "doc:write")
        .permission("doc:delete")
        .tenant("t")
        .assign("ann", "editor")
        .assign_in("t", "ann", "guest")
        .on_decision(move |decision| {
            let tenant = decision.tenant.unwrap_or("-");
            let line = format!("{tenant} {} {} {:?}", decision.subject, decision.asked, decision.outcome);
            listener.lock().unwrap().push(line);
        })
        .build()
        .unwrap();
    let bound = policy.bind::<DocPerm>().unwrap();
    let (ann, in_a_tenant) = (bound.subject("ann").unwrap(), bound.subject_in("t", "ann").unwrap());
    assert!(ann.check(DocPerm::Write).is_ok() && ann.check(DocPerm::Delete).is_err());
    assert!(ann.authorize::<perm::Read, _>(1, |_, _| false).is_err());
    assert!(in_a_tenant.check(DocPerm::Write).is_err() && bound.subject("eve").is_err());
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "- ann doc:write Ok(())",
            "- ann doc:delete Err(NotGranted)",
            "- ann doc:read Err(Rule)",
            "t ann doc:write Err(ExplicitDeny)",
            "- eve all that the subject may do Err(UnknownSubject)",
        ]
    );
}

#[test]
fn what_is_declared_is_known() {
    let policy = Policy::builder()
        .allow("a", "x")
        .permission("later")
        .tenant("empty")
        .role("idle")
        .assign("ann", "a")
        .assign("bob", "idle")
        .at_most("a", 2)
        .at_most("a", 1)
        .build()
        .unwrap();
    assert!(policy.check_in("empty", "ann", "x").is_ok() && policy.check_in("other", "ann", "x").is_err());
    let shown = "Policy { roles: 2, permissions: 2, subjects: 2, tenants: 1, .. }";
    assert_eq!(format!("{policy:?}"), shown);
    let (silent, told) = (Policy::builder(), Policy::builder().on_decision(|_| ()));
    assert!(format!("{silent:?}").ends_with("hook: None }") && format!("{told:?}").ends_with("hook: Hook }"));
    assert_eq!(policy.check("ann", "later").unwrap_err(), PolicyDenied::NotGranted);
    assert_eq!(policy.check("bob", "x").unwrap_err(), PolicyDenied::NotGranted);
}

#[test]
fn sessions_have_the_roles_that_are_active() {
    let policy = Policy::builder()
        .allow("clerk", "enter")
        .allow("approver", "approve")
        .allow("boss", "fire")
        .deny("trainee", "approve")
        .inherits("boss", "approver")
        .assign("ann", "clerk")
        .assign("ann", "boss")
        .assign_in("t", "bob", "approver")
        .assign("bob", "trainee")
        .exclusive_when_active(&["clerk", "approver"], 1)
        .build()
        .unwrap();
    let session = policy.activate("ann", &["clerk"]).unwrap();
    assert!(session.check("enter").is_ok());
    assert_eq!(session.check("approve").unwrap_err(), PolicyDenied::NotGranted);
    assert!(policy.activate("ann", &["approver"]).unwrap().check("fire").is_err(), "less than the boss");
    for roles in [&["clerk", "boss"][..], &["trainee"], &["nobody"], &["clerk", "approver"]] {
        assert_eq!(policy.activate("ann", roles).unwrap_err(), PolicyDenied::NotActivated, "{roles:?}");
    }
    assert!(policy.activate("eve", &[]).is_err());
    assert!(policy.is_same(&policy.clone()) && !policy.is_same(&Policy::builder().build().unwrap()));
    assert!(policy.activate("ann", &[]).unwrap().check("enter").is_err());
    let bob = policy.activate_in("t", "bob", &["approver"]).unwrap();
    assert_eq!(bob.check("approve").unwrap_err(), PolicyDenied::ExplicitDeny, "by a role that is not active");
}

#[test]
fn every_check_of_a_policy_is_told_with_the_names_that_were_asked_for() {
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let policy = Policy::builder()
        .allow("a", "x")
        .assign("ann", "a")
        .assign_in("t", "ann", "a")
        .on_decision(move |decision| {
            let (subject, asked) = (decision.subject.to_owned(), decision.asked.to_string());
            let line = (subject, asked, decision.tenant.map(str::to_owned), decision.outcome);
            listener.lock().unwrap().push(line);
        })
        .build()
        .unwrap();
    let _ = policy.check("ann", "x").is_ok();
    let _ = policy.check("eve", "y").is_ok();
    let _ = policy.check_in("t", "ann", "z").is_ok();
    let _ = policy.check_in("nowhere", "ann", "x").is_ok();
    let _ = policy.activate("ann", &["a"]).unwrap().check("x").is_ok();
    assert!(policy.activate_in("t", "ann", &["a", "b"]).is_err());
    assert!(policy.authorize("ann", "x", 1, |_| false).is_err());
    assert!(policy.check_in("t", "ann", "x").unwrap().on(1, |_| false).is_err());
    assert!(policy.clone().bind::<BillPerm>().is_err(), "of the program's making, and told to nobody");
    let line = |subject: &str, permission: &str, tenant: Option<&str>, outcome| {
        (subject.to_owned(), permission.to_owned(), tenant.map(str::to_owned), outcome)
    };
    assert_eq!(
        *heard.lock().unwrap(),
        [
            line("ann", "x", None, Ok(())),
            line("eve", "y", None, Err(PolicyDenied::UnknownSubject)),
            line("ann", "z", Some("t"), Err(PolicyDenied::UnknownPermission)),
            line("ann", "x", Some("nowhere"), Err(PolicyDenied::UnknownTenant)),
            line("ann", "roles a", None, Ok(())),
            line("ann", "x", None, Ok(())),
            line("ann", "roles a, b", Some("t"), Err(PolicyDenied::NotActivated)),
            line("ann", "x", None, Err(PolicyDenied::Rule)),
            line("ann", "x", Some("t"), Ok(())),
            line("ann", "x", Some("t"), Err(PolicyDenied::Rule)),
        ]
    );
}

#[test]
fn a_policy_asks_about_the_resource_where_it_grants_and_in_the_tenant_alone() {
    let rules = [PolicyRule::assign("ann", "reader")];
    let policy = Policy::builder().extend(rules).allow_in("t", "reader", "read").build().unwrap();
    let authorized = policy.authorize_in("t", "ann", "read", 7, |owner| *owner == 7).unwrap();
    assert_eq!(authorized.grant().to_string(), "ann may do read in t");
    assert_eq!((authorized.grant().subject(), authorized.grant().permission()), ("ann", "read"));
    assert_eq!((authorized.grant().tenant(), *authorized.resource()), (Some("t"), 7));
    assert_eq!(authorized.into_resource(), 7);
    let refused = |tenant, subject, owner| {
        policy.authorize_in(tenant, subject, "read", owner, |owner| *owner == 7).unwrap_err()
    };
    assert_eq!(refused("t", "ann", 8), PolicyDenied::Rule);
    assert_eq!(refused("u", "ann", 7), PolicyDenied::UnknownTenant);
    assert_eq!(refused("t", "bob", 7), PolicyDenied::UnknownSubject);
    assert_eq!(policy.authorize("ann", "read", 7, |_| true).unwrap_err(), PolicyDenied::NotGranted);
    assert_eq!(format!("{policy:?}"), "Policy { roles: 1, permissions: 1, subjects: 1, tenants: 1, .. }");
    let grant = policy.authorize_in("t", "ann", "read", (), |()| true).unwrap();
    assert_eq!(format!("{:?}", grant.grant()), "PolicyGrant(ann may do read in t)");
}

#[test]
fn what_is_not_known_is_explained_by_a_refusal() {
    let policy = Policy::builder().allow("reader", "read").assign("ann", "reader").build().unwrap();
    let explained = policy.explain("ann", "read");
    assert_eq!(explained.outcome(), Ok(()));
    assert_eq!(
        explained.allowed_by().iter().map(palisade::rbac::Path::roles).collect::<Vec<_>>(),
        [["reader"]]
    );
    assert!(explained.denied_by().is_empty());
    for (explained, why) in [
        (policy.explain("bob", "read"), PolicyDenied::UnknownSubject),
        (policy.explain("ann", "write"), PolicyDenied::UnknownPermission),
        (policy.explain_in("t", "ann", "read"), PolicyDenied::UnknownTenant),
    ] {
        assert_eq!(explained.outcome(), Err(why));
        assert!(explained.allowed_by().is_empty() && explained.denied_by().is_empty());
    }
    assert!(policy.permissions_in("t", "ann").is_empty() && policy.permissions_of("bob").is_empty());
    let policy = Policy::builder().allow("reader", "read").deny("guest", "read");
    let policy = policy.assign("ann", "reader").assign("ann", "guest").assign("bob", "reader").tenant("t");
    let policy = policy.build().unwrap();
    let explained = policy.explain("ann", "read");
    assert_eq!(explained.outcome(), Err(PolicyDenied::ExplicitDeny));
    let roles = |paths: &[palisade::rbac::Path<'_>]| {
        paths.iter().flat_map(|path| path.roles().to_vec()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        (roles(explained.allowed_by()), roles(explained.denied_by())),
        (vec!["reader".to_owned()], vec!["guest".to_owned()])
    );
    assert_eq!(policy.users_with("read"), [("bob", None), ("bob", Some("t"))]);
}

#[test]
fn a_change_of_a_policy_is_told_by_who_gains_and_loses_what_and_where() {
    let before = Policy::builder().allow("reader", "read").assign("ann", "reader").build().unwrap();
    let after = Policy::builder().allow("editor", "write").assign_in("t", "bob", "editor").build().unwrap();
    let changes = before.diff(&after);
    assert_eq!(
        changes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["- ann read", "+ bob write in t"]
    );
    let gain = changes.last().unwrap();
    assert_eq!((gain.subject(), gain.permission()), ("bob", "write"));
    assert_eq!((gain.tenant(), gain.is_gain()), (Some("t"), true));
    assert!(before.diff(&before).is_empty());
    let both = || Policy::builder().allow("reader", "read").assign("ann", "reader").tenant("t");
    let (before, after) = (both().build().unwrap(), both().deny_in("t", "reader", "read").build().unwrap());
    let changes: Vec<String> = before.diff(&after).iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["- ann read in t"], "of a subject and a tenant that both know");
    let loose = Policy::builder().permission("later").role("idle").tenant("empty").build().unwrap();
    let ends: Vec<_> = loose.loose_ends().iter().map(ToString::to_string).collect();
    assert_eq!(
        ends,
        ["no role allows later", "nobody has the role idle", "nobody has a role of its own in empty"]
    );
}

#[test]
fn explanations_name_every_way_and_every_denial() {
    let policy = Policy::builder()
        .allow("reader", "read")
        .inherits("editor", "reader")
        .inherits("chief", "editor")
        .deny("leaver", "read")
        .assign("ann", "chief")
        .assign("ann", "reader")
        .assign("ann", "leaver")
        .build()
        .unwrap();
    let explained = policy.explain("ann", "read").to_string();
    let lines: BTreeSet<&str> = explained.lines().collect();
    assert_eq!(
        lines,
        BTreeSet::from([
            "denied: a role of the subject is denied the permission",
            "  deny: leaver",
            "  allow: reader",
            "  allow: chief > editor > reader",
        ])
    );
    let dot = policy.to_dot();
    assert!(
        dot.contains(r#""chief" -> "editor";"#) && dot.contains(r#""leaver" [label="leaver\n-read"];"#),
        "{dot}"
    );
}

/// The rules as they are said, without an index: (tenant or all, role, permission).
#[derive(Clone, Default)]
struct Model {
    allow: Vec<(Option<u64>, u64, u64)>,
    deny: Vec<(Option<u64>, u64, u64)>,
    inherits: Vec<(Option<u64>, u64, u64)>,
    assigned: Vec<(Option<u64>, u64, u64)>,
}

impl Model {
    fn random(dice: &mut Dice) -> Self {
        let mut model = Self::default();
        let place = |dice: &mut Dice| (dice.roll(3) == 0).then(|| dice.roll(TENANTS));
        for role in 0..ROLES {
            model.allow.push((None, role, dice.roll(PERMISSIONS)));
        }
        for _ in 0..dice.roll(30) {
            let rule = (place(dice), dice.roll(ROLES), dice.roll(PERMISSIONS));
            if dice.roll(4) == 0 { model.deny.push(rule) } else { model.allow.push(rule) }
        }
        for _ in 0..dice.roll(12) {
            let (senior, junior) = (1 + dice.roll(ROLES - 1), dice.roll(ROLES));
            if junior < senior {
                model.inherits.push((place(dice), senior, junior));
            }
        }
        for subject in 0..SUBJECTS {
            for _ in 0..dice.roll(4) {
                model.assigned.push((place(dice), subject, dice.roll(ROLES)));
            }
        }
        model
    }

    fn build(&self) -> Policy {
        let (role, permission, subject, tenant) = (
            |n| format!("role-{n}"),
            |n| format!("do:{n}"),
            |n| format!("user-{n}"),
            |n| format!("tenant-{n}"),
        );
        let mut builder = Policy::builder();
        for &(place, of, what) in &self.allow {
            builder = match place {
                None => builder.allow(&role(of), &permission(what)),
                Some(place) => builder.allow_in(&tenant(place), &role(of), &permission(what)),
            };
        }
        for &(place, of, what) in &self.deny {
            builder = match place {
                None => builder.deny(&role(of), &permission(what)),
                Some(place) => builder.deny_in(&tenant(place), &role(of), &permission(what)),
            };
        }
        for &(place, senior, junior) in &self.inherits {
            builder = match place {
                None => builder.inherits(&role(senior), &role(junior)),
                Some(place) => builder.inherits_in(&tenant(place), &role(senior), &role(junior)),
            };
        }
        for &(place, who, of) in &self.assigned {
            builder = match place {
                None => builder.assign(&subject(who), &role(of)),
                Some(place) => builder.assign_in(&tenant(place), &subject(who), &role(of)),
            };
        }
        builder.build().unwrap()
    }

    fn decides(&self, tenant: Option<u64>, subject: u64, permission: u64) -> bool {
        let holds = |place: Option<u64>| place.is_none() || place == tenant;
        let mut roles: BTreeSet<u64> =
            self.assigned.iter().filter(|one| holds(one.0) && one.1 == subject).map(|one| one.2).collect();
        loop {
            let before = roles.len();
            let more = self.inherits.iter().filter(|edge| holds(edge.0) && roles.contains(&edge.1));
            let more: Vec<u64> = more.map(|edge| edge.2).collect();
            roles.extend(more);
            if roles.len() == before {
                break;
            }
        }
        let says = |rules: &[(Option<u64>, u64, u64)]| {
            rules.iter().any(|rule| holds(rule.0) && roles.contains(&rule.1) && rule.2 == permission)
        };
        says(&self.allow) && !says(&self.deny)
    }
}

const TENANTS: u64 = 3;
const ROLES: u64 = 8;
const PERMISSIONS: u64 = 10;
const SUBJECTS: u64 = 6;

fn every_question(mut ask: impl FnMut(Option<u64>, u64, u64)) {
    for subject in 0..SUBJECTS {
        for permission in 0..PERMISSIONS {
            for tenant in [None, Some(0), Some(1), Some(2)] {
                ask(tenant, subject, permission);
            }
        }
    }
}

fn answer(policy: &Policy, tenant: Option<u64>, subject: u64, permission: u64) -> bool {
    let (subject, permission) = (format!("user-{subject}"), format!("do:{permission}"));
    match tenant {
        None => policy.check(&subject, &permission).is_ok(),
        Some(tenant) => policy.check_in(&format!("tenant-{tenant}"), &subject, &permission).is_ok(),
    }
}

#[test]
fn a_million_decisions_are_those_of_plain_sets() {
    let (mut asked, mut allowed) = (0, 0);
    for seed in 1..=4_200_u64 {
        let model = Model::random(&mut Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let policy = model.build();
        every_question(|tenant, subject, permission| {
            let expected = model.decides(tenant, subject, permission);
            // A tenant that no rule names is unknown, where the model knows what holds everywhere.
            let is_known = tenant.is_none_or(|tenant| {
                let rules = [&model.allow, &model.deny, &model.inherits, &model.assigned];
                rules.iter().any(|rules| rules.iter().any(|rule| rule.0 == Some(tenant)))
            });
            assert_eq!(answer(&policy, tenant, subject, permission), expected && is_known, "seed {seed}");
            asked += 1;
            allowed += u64::from(expected);
        });
    }
    assert!(asked > 1_000_000 && allowed > 100_000, "{asked} {allowed}");
}

#[test]
fn more_denials_never_allow_more_and_more_roles_never_allow_less_unless_they_deny() {
    for seed in 1..=300_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let model = Model::random(&mut dice);
        let mut stricter = model.clone();
        stricter.deny.push((None, dice.roll(ROLES), dice.roll(PERMISSIONS)));
        let mut richer = Model { deny: Vec::new(), ..model.clone() };
        let free = richer.build();
        richer.assigned.push((None, dice.roll(SUBJECTS), dice.roll(ROLES)));
        let (policy, stricter, richer) = (model.build(), stricter.build(), richer.build());
        every_question(|tenant, subject, permission| {
            let ask = |policy| answer(policy, tenant, subject, permission);
            assert!(ask(&policy) || !ask(&stricter));
            assert!(!ask(&free) || ask(&richer));
        });
        for change in policy.diff(&stricter) {
            assert!(!change.is_gain(), "{change}");
        }
    }
}

#[test]
fn a_policy_that_is_replaced_is_never_mixed() {
    // Each of the two gives one right and not the other: whoever sees both or neither sees a mixture.
    let one = Policy::builder().allow("r", "one").allow("s", "two").assign("ann", "r").build().unwrap();
    let two = Policy::builder().allow("r", "one").allow("s", "two").assign("ann", "s").build().unwrap();
    let live = LivePolicy::new(one.clone());
    thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let (mut seen, mut reads) = (BTreeSet::new(), 0);
                while reads < 20_000 || seen.len() < 2 {
                    let policy = live.current();
                    let rights = (policy.check("ann", "one").is_ok(), policy.check("ann", "two").is_ok());
                    assert!(rights.0 != rights.1 && reads < 1_000_000_000, "{rights:?} after {reads}");
                    seen.insert(rights);
                    reads += 1;
                }
            })
        });
        let mut turn = 0;
        while readers.iter().any(|reader| !reader.is_finished()) {
            live.replace(if turn % 2 == 0 { two.clone() } else { one.clone() });
            turn += 1;
        }
    });
}

#[test]
fn typed_lists_are_held_against_the_policy() {
    let policy = Policy::builder()
        .allow("reader", "doc:read")
        .allow("editor", "doc:write")
        .deny("leaver", "doc:delete")
        .allow_in("t", "reader", "doc:delete")
        .assign("ann", "editor")
        .assign("bob", "leaver")
        .assign_in("t", "bob", "reader")
        .build()
        .unwrap();
    let bound = policy.bind::<DocPerm>().unwrap();
    let ann = bound.subject("ann").unwrap();
    assert!(ann.check(DocPerm::Write).is_ok() && ann.check(DocPerm::Read).is_err());
    let bob = bound.subject_in("t", "bob").unwrap();
    assert!(bob.grant::<perm::Read>().is_ok());
    assert_eq!(bob.check(DocPerm::Delete).unwrap_err().reason(), DeniedReason::ExplicitDeny);
    let outside = bound.subject("bob").unwrap();
    assert_eq!(Authorizable::<DocPerm>::effective(&outside), PermSet::EMPTY, "nothing is allowed there");
    let error = policy.bind::<BillPerm>().unwrap_err();
    assert_eq!((error.kind(), error.rule()), (PolicyErrorKind::UnknownPermission, "bill:pay"));
    assert!(bound.subject("eve").is_err() && bound.subject_in("nowhere", "ann").is_err());
    assert_eq!((bob.name(), bob.tenant(), outside.tenant()), ("bob", Some("t"), None));
    assert!(bob.policy().is_same(&policy));
    let session = policy.activate_in("t", "bob", &["reader", "reader"]).unwrap();
    assert_eq!((session.tenant(), session.roles().count()), (Some("t"), 1));
    assert_eq!((session.subject(), session.policy().is_same(&policy)), ("bob", true));
    assert_eq!(
        format!("{session:?}"),
        r#"Session { subject: "bob", tenant: Some("t"), roles: ["reader"], .. }"#
    );
    let bound = session.bind::<DocPerm>().unwrap();
    assert!(bound.check(DocPerm::Read).is_ok());
    assert_eq!(
        bound.check(DocPerm::Delete).unwrap_err().reason(),
        DeniedReason::ExplicitDeny,
        "by a role that is not active"
    );
    assert_eq!(
        format!("{bound:?}"),
        r#"BoundSubject { name: "bob", tenant: Some("t"), allowed: {"doc:read"}, .. }"#
    );
    assert!(session.bind::<BillPerm>().is_err());
    let typo = Policy::builder().only_permissions_of::<DocPerm>().allow("reader", "doc:raed").build();
    assert_eq!(typo.unwrap_err().kind(), PolicyErrorKind::UnknownPermission);
}

#[cfg(feature = "serde")]
#[test]
fn a_file_with_an_unknown_word_or_role_is_refused_by_its_place() {
    use palisade::rbac::PolicyFile;

    let read = |text: &str| serde_json::from_str::<PolicyFile>(text);
    let error = read("{\n \"roles\": {\n  \"a\": { \"alow\": [\"x\"] }\n } }").unwrap_err().to_string();
    assert!(error.contains("unknown field `alow`") && error.contains("line 3"), "{error}");
    let error = read(r#"{"subjects": {"ann": ["editr"]}}"#).unwrap().build().unwrap_err();
    assert_eq!(error.rule(), "assign ann editr");
    for text in [
        r#"{"roles": {"a": {"deny": ["x"]}, "a": {"allow": ["x"]}}}"#,
        r#"{"subjects": {"ann": [], "ann": []}}"#,
        r#"{"tenants": {"t": {}, "t": {}}}"#,
        r#"{"tenants": {"t": {"roles": {"a": {}, "a": {}}}}}"#,
    ] {
        assert!(read(text).unwrap_err().to_string().contains("stands twice"), "{text}");
    }
    for text in [
        r#"{"permissions": null}"#,
        r#"[["x"], {}]"#,
        r#"{"roles": {"a": [["x"], ["y"]]}}"#,
        r#"{"exclusive": [[["a", "b"], 1]]}"#,
        r#"{"tenants": {"t": [{}]}}"#,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    for (text, expected) in [
        (r#"{"roles": {"a": ["x"]}}"#, "expected a map with names of its parts"),
        (r#"{"roles": ["a"]}"#, "expected a map of names"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    for (text, rule) in [
        (
            r#"{"roles": {"Clerk": {}, "Approver": {}}, "exclusive": [{"roles": ["clerk", "approver"], "at_most": 1}]}"#,
            "exclusive clerk approver",
        ),
        (r#"{"permissions": ["x"], "roles": {"a": {"deny": ["X"]}}}"#, "deny a X"),
        (r#"{"roles": {"a": {}}, "tenants": {"t": {"subjects": {"ann": ["A"]}}}}"#, "assign ann A in t"),
    ] {
        assert_eq!(read(text).unwrap().build().unwrap_err().rule(), rule);
    }
    let file: PolicyFile = toml::from_str(
        "permissions = ['x']\n[roles.a]\nallow = ['x']\n[subjects]\nann = ['a']\n[tenants.t.roles.a]\ndeny = ['x']\n",
    )
    .unwrap();
    let policy = file.build().unwrap();
    assert!(policy.check("ann", "x").is_ok() && policy.check_in("t", "ann", "x").is_err());
    assert!(read("{}").unwrap().build().unwrap().check("ann", "x").is_err());
}
