//! Role-based access control beside casbin-rs, which scans its rules.

use std::collections::{HashMap, HashSet};
use std::hint::black_box;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use palisade::rbac::{Authorizable, PermSet, Policy};
use palisade_peers::{Race, Report, Walk};

palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write", Delete = "doc:delete" } }

struct User {
    permissions: PermSet<DocPerm>,
}

impl Authorizable<DocPerm> for User {
    fn effective(&self) -> PermSet<DocPerm> {
        self.permissions
    }
}

pub fn races(report: &mut Report) {
    typed(report);
    small(report);
    large(report);
}

fn typed(report: &mut Report) {
    let user = User { permissions: DocPerm::set(&[DocPerm::Read, DocPerm::Write]) };
    let proof = User { permissions: user.permissions };
    // As axum-login asks: the user's permissions and the group's, each a set of names.
    let sets: [HashSet<String>; 2] =
        [HashSet::from(["doc:read".to_owned()]), HashSet::from(["doc:write".to_owned()])];
    Race::new("typed check", "≤ 3 ns")
        .contender(
            "palisade, check",
            move || black_box(&user).check(black_box(DocPerm::Write)).is_ok(),
            |&ok| ok,
        )
        .contender("palisade, grant", move || black_box(&proof).grant::<perm::Write>().is_ok(), |&ok| ok)
        .contender(
            "two hash sets of names",
            move || black_box(&sets).iter().any(|set| set.contains(black_box("doc:write"))),
            |&ok| ok,
        )
        .run(report);
}

/// 1,000 users, 100 roles of a permission each.
fn small(report: &mut Report) {
    let policy = policy(1_000, 100);
    let casbin = casbin(1_000, 100);
    let (mut turn, mut other) = (0, 0);
    let users: Vec<(String, String)> =
        (0..1_000).map(|user| (name("user", user), format!("{}:read", name("data", user / 10)))).collect();
    let pairs: Vec<(String, String)> =
        (0..1_000).map(|user| (name("user", user), name("data", user / 10))).collect();
    Race::new("policy of 1,000 users and 100 roles, each user in turn", "≤ 100 ns")
        .contender(
            "palisade",
            move || {
                turn = (turn + 1) % users.len();
                let (user, permission) = &users[turn];
                policy.check(user, permission).is_ok()
            },
            |&ok| ok,
        )
        .contender(
            "casbin 2.20.0",
            move || {
                other = (other + 1) % pairs.len();
                let (user, data) = &pairs[other];
                casbin.enforce((user.as_str(), data.as_str(), "read")).unwrap()
            },
            |&ok| ok,
        )
        .run(report);
}

/// 100,000 users, 10,000 roles, in random order.
fn large(report: &mut Report) {
    const USERS: usize = 100_000;
    let policy = policy(USERS, 10_000);
    let names: HashMap<String, usize> = (0..USERS).map(|user| (name("user", user), user)).collect();
    let asked: Vec<(String, String)> =
        (0..USERS).map(|user| (name("user", user), format!("{}:read", name("data", user / 10)))).collect();
    let same: Vec<String> = asked.iter().map(|(user, _)| user.clone()).collect();
    let (mut one, mut other) = (Walk(1), Walk(1));
    Race::new("65536 checks, 100,000 users and 10,000 roles in random order", "≤ 2 ×")
        .contender(
            "palisade",
            move || {
                (0..1 << 16)
                    .filter(|_| {
                        let (user, permission) = &asked[one.step(USERS)];
                        policy.check(user, permission).is_ok()
                    })
                    .count()
            },
            |&allowed| allowed == 1 << 16,
        )
        .contender(
            "one HashMap<String, _>::get of the same names",
            move || (0..1 << 16).filter(|_| names.contains_key(&same[other.step(USERS)])).count(),
            |&found| found == 1 << 16,
        )
        .run(report);
}

fn name(kind: &str, number: usize) -> String {
    format!("{kind}{number}")
}

/// Ten users a role, each role for one thing to read.
fn policy(users: usize, roles: usize) -> Policy {
    let mut builder = Policy::builder();
    for role in 0..roles {
        builder = builder.allow(&name("group", role), &format!("{}:read", name("data", role)));
    }
    for user in 0..users {
        builder = builder.assign(&name("user", user), &name("group", user / 10));
    }
    builder.build().unwrap()
}

fn casbin(users: usize, roles: usize) -> Enforcer {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let model = DefaultModel::from_str(
            "[request_definition]\nr = sub, obj, act\n[policy_definition]\np = sub, obj, act\n[role_definition]\ng = _, _\n\
             [policy_effect]\ne = some(where (p.eft == allow))\n\
             [matchers]\nm = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act\n",
        )
        .await
        .unwrap();
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
        let rules = (0..roles).map(|role| vec![name("group", role), name("data", role), "read".into()]).collect();
        enforcer.add_policies(rules).await.unwrap();
        let members = (0..users).map(|user| vec![name("user", user), name("group", user / 10)]).collect();
        enforcer.add_grouping_policies(members).await.unwrap();
        enforcer
    })
}
