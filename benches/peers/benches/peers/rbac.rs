//! Role-based access control beside axum-login, which collects a user's permissions, and casbin-rs, which scans its rules.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::hint::black_box;
use std::rc::Rc;

use axum_login::{AuthUser, AuthnBackend, AuthzBackend};
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

/// Who may read by itself, and write by its group.
#[derive(Clone, Debug)]
struct Member;

impl AuthUser for Member {
    type Id = u64;

    fn id(&self) -> u64 {
        17
    }

    fn session_auth_hash(&self) -> &[u8] {
        b"hash"
    }
}

#[derive(Clone)]
struct Backend;

impl AuthnBackend for Backend {
    type User = Member;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Member>, Infallible> {
        Ok(Some(Member))
    }

    async fn get_user(&self, _: &u64) -> Result<Option<Member>, Infallible> {
        Ok(Some(Member))
    }
}

impl AuthzBackend for Backend {
    type Permission = &'static str;

    async fn get_user_permissions(&self, _: &Member) -> Result<HashSet<&'static str>, Infallible> {
        Ok(HashSet::from(["doc:read"]))
    }

    async fn get_group_permissions(&self, _: &Member) -> Result<HashSet<&'static str>, Infallible> {
        Ok(HashSet::from(["doc:write"]))
    }
}

pub fn races(report: &mut Report) {
    typed(report);
    small(report);
    large(report);
    growing(report);
}

fn typed(report: &mut Report) {
    let user = User { permissions: DocPerm::set(&[DocPerm::Read, DocPerm::Write]) };
    let proof = User { permissions: user.permissions };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sets: [HashSet<String>; 2] =
        [HashSet::from(["doc:read".to_owned()]), HashSet::from(["doc:write".to_owned()])];
    Race::new("typed check", "≤ 3 ns")
        .contender(
            "palisade: check",
            move || black_box(&user).check(black_box(DocPerm::Write)).is_ok(),
            |&ok| ok,
        )
        .yardstick("palisade: grant", move || black_box(&proof).grant::<perm::Write>().is_ok(), |&ok| ok)
        .contender(
            "two hash sets of names",
            move || black_box(&sets).iter().any(|set| set.contains(black_box("doc:write"))),
            |&ok| ok,
        )
        .contender(
            "axum-login 0.18.0: has_perm, sets in memory",
            move || runtime.block_on(black_box(&Backend).has_perm(&Member, "doc:write")).unwrap(),
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
    Race::new("policy of 1,000 users and 100 roles", "≤ 100 ns")
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
    Race::new("policy of 100,000 users and 10,000 roles", "≤ 2 × the get")
        .of(1 << 16)
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
        .yardstick(
            "one HashMap<String, _>::get of the same names",
            move || (0..1 << 16).filter(|_| names.contains_key(&same[other.step(USERS)])).count(),
            |&found| found == 1 << 16,
        )
        .run(report);
}

/// Ten users a role, asked in random order.
fn growing(report: &mut Report) {
    const CHECKS: usize = 64;
    for roles in [10, 100, 1_000, 10_000] {
        let users = roles * 10;
        let (policy, casbin) = (policy(users, roles), casbin(users, roles));
        let (mut one, mut other) = (Walk(1), Walk(1));
        let asked: Rc<Vec<[String; 3]>> = Rc::new(
            (0..users)
                .map(|user| {
                    let data = name("data", user / 10);
                    [name("user", user), format!("{data}:read"), data]
                })
                .collect(),
        );
        let same = Rc::clone(&asked);
        Race::new("a check of a policy, ten users a role", "")
            .of(CHECKS)
            .at("roles", roles as u64)
            .contender(
                "palisade",
                move || {
                    let mut is_allowed = || {
                        let [user, permission, _] = &asked[one.step(users)];
                        policy.check(user, permission).is_ok()
                    };
                    (0..CHECKS).filter(|_| is_allowed()).count()
                },
                |&allowed| allowed == CHECKS,
            )
            .contender(
                "casbin 2.20.0",
                move || {
                    let mut is_allowed = || {
                        let [user, _, data] = &same[other.step(users)];
                        casbin.enforce((user.as_str(), data.as_str(), "read")).unwrap()
                    };
                    (0..CHECKS).filter(|_| is_allowed()).count()
                },
                |&allowed| allowed == CHECKS,
            )
            .run(report);
    }
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
