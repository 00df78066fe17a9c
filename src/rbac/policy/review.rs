//! Questions about a policy: for its authors, its auditors, and whoever asks why.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::{self, Write as _};

use super::compiled::Subject;
use super::error::PolicyDenied;
use super::scope::{Effect, View};
use super::{Policy, decide};

/// Why a policy decides as it does: see [`Policy::explain`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'policy> {
    outcome: Result<(), PolicyDenied>,
    allowed_by: Vec<Path<'policy>>,
    denied_by: Vec<Path<'policy>>,
}

/// The roles from one that is assigned to one that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'policy> {
    roles: Vec<&'policy str>,
}

/// Something that a subject may do under one policy and not under another: see [`Policy::diff`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    subject: String,
    tenant: Option<String>,
    permission: String,
    is_gain: bool,
}

/// A name that stands in a policy and does nothing: see [`Policy::loose_ends`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LooseEnd {
    /// A permission that no role allows.
    Permission(String),
    /// A role that no subject has, itself or by inheritance.
    Role(String),
    /// A tenant in which no subject has a role of its own.
    Tenant(String),
}

impl Policy {
    /// Why `subject` has `permission`, or has not: which of its roles allow and which deny it, and by way of which.
    ///
    /// ```
    /// use palisade::rbac::Policy;
    ///
    /// let policy = Policy::builder()
    ///     .allow("reader", "doc:read").inherits("editor", "reader").inherits("chief", "editor")
    ///     .assign("ann", "chief").build()?;
    /// assert_eq!(
    ///     policy.explain("ann", "doc:read").to_string(),
    ///     "allowed\n  allow: chief > editor > reader\n"
    /// );
    /// assert_eq!(policy.explain("ann", "doc:print").to_string(), "denied: the policy does not know the permission\n");
    /// # Ok::<(), palisade::rbac::PolicyError>(())
    /// ```
    pub fn explain(&self, subject: &str, permission: &str) -> Explanation<'_> {
        self.explain_at(None, subject, permission)
    }

    /// Why `subject` has `permission` in `tenant`, or has not.
    pub fn explain_in(&self, tenant: &str, subject: &str, permission: &str) -> Explanation<'_> {
        match self.compiled.tenants.number(tenant) {
            Some(tenant) => self.explain_at(Some(tenant), subject, permission),
            None => Explanation::refused(PolicyDenied::UnknownTenant),
        }
    }

    fn explain_at(&self, tenant: Option<u32>, subject: &str, permission: &str) -> Explanation<'_> {
        let (found, permission) = match (self.subject(subject), self.permission(permission)) {
            (Ok((_, found)), Ok(permission)) => (found, permission),
            (Err(denied), _) | (_, Err(denied)) => return Explanation::refused(denied),
        };
        let view = self.compiled.view(tenant);
        let paths = |effect| {
            let roles = self.compiled.held(found, tenant);
            roles.filter_map(|role| self.path(view, effect, role, permission)).collect::<Vec<_>>()
        };
        Explanation {
            outcome: self.decides(found, tenant, permission),
            allowed_by: paths(Effect::Allow),
            denied_by: paths(Effect::Deny),
        }
    }

    /// The shortest way from `role` to one that a rule about `permission` is for.
    fn path(&self, view: View<'_>, effect: Effect, role: u32, permission: u32) -> Option<Path<'_>> {
        let mut from: HashMap<u32, u32> = HashMap::from([(role, role)]);
        let mut queue = VecDeque::from([role]);
        while let Some(here) = queue.pop_front() {
            if view.own(effect, here).binary_search(&permission).is_ok() {
                let mut roles = vec![self.compiled.roles.name(here)];
                let mut at = here;
                while at != role {
                    at = from.get(&at).copied().unwrap_or(role);
                    roles.push(self.compiled.roles.name(at));
                }
                roles.reverse();
                return Some(Path { roles });
            }
            for &junior in view.juniors(here) {
                from.entry(junior).or_insert_with(|| {
                    queue.push_back(junior);
                    here
                });
            }
        }
        None
    }

    /// What `subject` may do outside of tenants, in the order in which rules name it. Of a subject that the policy does not
    /// know, nothing.
    ///
    /// # Source
    /// `UserPermissions` of INCITS 359-2012.
    pub fn permissions_of(&self, subject: &str) -> Vec<&str> {
        self.permissions_at(None, subject)
    }

    /// What `subject` may do in `tenant`.
    pub fn permissions_in(&self, tenant: &str, subject: &str) -> Vec<&str> {
        match self.compiled.tenants.number(tenant) {
            Some(tenant) => self.permissions_at(Some(tenant), subject),
            None => Vec::new(),
        }
    }

    fn permissions_at(&self, tenant: Option<u32>, subject: &str) -> Vec<&str> {
        let Ok((_, found)) = self.subject(subject) else { return Vec::new() };
        let mut allowed = BTreeSet::new();
        for role in self.compiled.held(found, tenant) {
            allowed.extend(self.compiled.view(tenant).allowed(role));
        }
        allowed.retain(|&permission| self.decides(found, tenant, permission).is_ok());
        allowed.into_iter().map(|permission| self.compiled.permissions.name(permission)).collect()
    }

    /// The roles that are assigned to `subject`, and in which tenant; `None` holds in all and outside of them.
    ///
    /// # Source
    /// `AssignedRoles` of INCITS 359-2012.
    pub fn assigned_roles(&self, subject: &str) -> Vec<(&str, Option<&str>)> {
        let Ok((_, found)) = self.subject(subject) else { return Vec::new() };
        self.assignments(found).collect()
    }

    /// All roles that `subject` has outside of tenants, those that it inherits included.
    ///
    /// # Source
    /// `AuthorizedRoles` of INCITS 359-2012.
    pub fn authorized_roles(&self, subject: &str) -> Vec<&str> {
        self.authorized_at(None, subject)
    }

    /// All roles that `subject` has in `tenant`, those that it inherits included.
    pub fn authorized_roles_in(&self, tenant: &str, subject: &str) -> Vec<&str> {
        self.tenant(tenant).map_or_else(|_| Vec::new(), |tenant| self.authorized_at(Some(tenant), subject))
    }

    fn authorized_at(&self, tenant: Option<u32>, subject: &str) -> Vec<&str> {
        let Ok((_, found)) = self.subject(subject) else { return Vec::new() };
        self.compiled.covered(found, tenant).into_iter().map(|role| self.compiled.roles.name(role)).collect()
    }

    /// Whom `role` is assigned to, and in which tenant; `None` holds in all and outside of them. It looks at every subject.
    ///
    /// # Source
    /// `AssignedUsers` of INCITS 359-2012.
    pub fn assigned_users(&self, role: &str) -> Vec<(&str, Option<&str>)> {
        let mut users = Vec::new();
        for (name, found) in &self.compiled.subjects {
            let places = self.assignments(found).filter(|(assigned, _)| *assigned == role);
            users.extend(places.map(|(_, tenant)| (&**name, tenant)));
        }
        users.sort_unstable();
        users
    }

    fn assignments<'a>(&'a self, found: &'a Subject) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let compiled = &*self.compiled;
        let everywhere = compiled.roles_of(found).iter().map(|&role| (role, None));
        let there = compiled.tenants_of(found).flat_map(move |tenant| {
            compiled
                .roles_in(found, tenant)
                .iter()
                .map(move |&role| (role, Some(compiled.tenants.name(tenant))))
        });
        everywhere.chain(there).map(|(role, tenant)| (compiled.roles.name(role), tenant))
    }

    /// Who may do `permission`, and in which tenant; `None` is outside of tenants. It asks for every subject in every tenant.
    ///
    /// # Source
    /// `PermissionUsers`, after `AssignedUsers` of INCITS 359-2012.
    pub fn users_with(&self, permission: &str) -> Vec<(&str, Option<&str>)> {
        let Ok(permission) = self.permission(permission) else { return Vec::new() };
        let mut users = Vec::new();
        for (name, found) in &self.compiled.subjects {
            for tenant in self.places() {
                if self.decides(found, tenant, permission).is_ok() {
                    users.push((&**name, tenant.map(|tenant| self.compiled.tenants.name(tenant))));
                }
            }
        }
        users.sort_unstable();
        users
    }

    /// Who gains and who loses what when `self` is replaced by `new`. It asks both for every subject in every tenant; it does
    /// not tell what changes for sessions alone, by constraints on active roles.
    ///
    /// ```
    /// use palisade::rbac::Policy;
    ///
    /// let old = Policy::builder().allow("editor", "doc:write").assign("ann", "editor").build()?;
    /// let new = Policy::builder().allow("editor", "doc:write").assign("bob", "editor").build()?;
    /// let changes: Vec<String> = old.diff(&new).iter().map(ToString::to_string).collect();
    /// assert_eq!(changes, ["- ann doc:write", "+ bob doc:write"]);
    /// # Ok::<(), palisade::rbac::PolicyError>(())
    /// ```
    pub fn diff(&self, new: &Self) -> Vec<Change> {
        let both = |names: fn(&Self) -> BTreeSet<&str>| &names(self) | &names(new);
        let subjects = both(|policy| policy.compiled.subjects.keys().map(|name| &**name).collect());
        let tenants = both(|policy| policy.compiled.tenants.iter().collect());
        let places: Vec<Option<&str>> = std::iter::once(None).chain(tenants.into_iter().map(Some)).collect();
        let mut changes = Vec::new();
        for subject in subjects {
            for &tenant in &places {
                let (before, after) = (self.set_of(tenant, subject), new.set_of(tenant, subject));
                for permission in before.symmetric_difference(&after) {
                    changes.push(Change {
                        subject: subject.to_owned(),
                        tenant: tenant.map(str::to_owned),
                        permission: (*permission).to_owned(),
                        is_gain: after.contains(permission),
                    });
                }
            }
        }
        changes
    }

    fn set_of(&self, tenant: Option<&str>, subject: &str) -> BTreeSet<&str> {
        let permissions = match tenant {
            None => self.permissions_of(subject),
            Some(tenant) => self.permissions_in(tenant, subject),
        };
        permissions.into_iter().collect()
    }

    /// What stands in the policy and does nothing: often a name that is misspelt.
    ///
    /// ```
    /// use palisade::rbac::Policy;
    ///
    /// let policy = Policy::builder()
    ///     .allow("editor", "doc:write").deny("suspended", "doc:wirte")
    ///     .assign("ann", "editor")
    ///     .build()?;
    /// let loose_ends: Vec<String> = policy.loose_ends().iter().map(ToString::to_string).collect();
    /// assert_eq!(loose_ends, ["no role allows doc:wirte", "nobody has the role suspended"]);
    /// # Ok::<(), palisade::rbac::PolicyError>(())
    /// ```
    pub fn loose_ends(&self) -> Vec<LooseEnd> {
        let compiled = &*self.compiled;
        let (mut held, mut used) = (BTreeSet::new(), BTreeSet::new());
        for found in compiled.subjects.values() {
            for tenant in std::iter::once(None).chain(compiled.tenants_of(found).map(Some)) {
                held.extend(compiled.covered(found, tenant));
                used.extend(tenant);
            }
        }
        let allowed: BTreeSet<u32> = compiled.allowed_anywhere().collect();
        let permissions =
            (0..compiled.permissions.count()).filter(|permission| !allowed.contains(permission));
        let roles = (0..compiled.roles.count()).filter(|role| !held.contains(role));
        let tenants = (0..compiled.tenants.count()).filter(|tenant| !used.contains(tenant));
        permissions
            .map(|permission| LooseEnd::Permission(compiled.permissions.name(permission).to_owned()))
            .chain(roles.map(|role| LooseEnd::Role(compiled.roles.name(role).to_owned())))
            .chain(tenants.map(|tenant| LooseEnd::Tenant(compiled.tenants.name(tenant).to_owned())))
            .collect()
    }

    /// The roles and what they inherit, as a graph for Graphviz: `dot -Tsvg`. What holds in one tenant alone says so.
    pub fn to_dot(&self) -> String {
        let compiled = &*self.compiled;
        let mut dot = String::from("digraph roles {\n  rankdir=BT;\n  node [shape=box];\n");
        let tenants = compiled.tenants_by_role();
        for (role, name) in (0..).zip(compiled.roles.iter()) {
            let (mut label, mut edges) = (quoted(name), String::new());
            let reaching = tenants.get(&role).into_iter().flatten().map(|&tenant| Some(tenant));
            for tenant in std::iter::once(None).chain(reaching) {
                let (view, everywhere) = (compiled.view(tenant), compiled.view(None));
                let place = tenant.map(|tenant| quoted(compiled.tenants.name(tenant)));
                let (inside, style) = match &place {
                    Some(place) => (format!(" in {place}"), format!(" [style=dashed, label=\"{place}\"]")),
                    None => (String::new(), String::new()),
                };
                let is_new = |own: &[u32], one: &u32| tenant.is_none() || own.binary_search(one).is_err();
                for (sign, effect) in [('+', Effect::Allow), ('-', Effect::Deny)] {
                    let known = everywhere.own(effect, role);
                    for permission in view.own(effect, role).iter().filter(|one| is_new(known, one)) {
                        let permission = quoted(compiled.permissions.name(*permission));
                        let _ = write!(label, "\\n{sign}{permission}{inside}");
                    }
                }
                let known = everywhere.juniors(role);
                for junior in view.juniors(role).iter().filter(|one| is_new(known, one)) {
                    let (senior, junior) = (quoted(name), quoted(compiled.roles.name(*junior)));
                    let _ = writeln!(edges, "  \"{senior}\" -> \"{junior}\"{style};");
                }
            }
            let _ = write!(dot, "  \"{}\" [label=\"{label}\"];\n{edges}", quoted(name)); // a String takes all
        }
        dot.push_str("}\n");
        dot
    }

    /// Outside of tenants, and each tenant.
    fn places(&self) -> impl Iterator<Item = Option<u32>> + use<> {
        std::iter::once(None).chain((0..).map(Some).take(self.compiled.tenants.len()))
    }

    fn decides(&self, found: &Subject, tenant: Option<u32>, permission: u32) -> Result<(), PolicyDenied> {
        decide(self.compiled.view(tenant), permission, self.compiled.held(found, tenant))
    }
}

impl<'policy> Explanation<'policy> {
    fn refused(denied: PolicyDenied) -> Self {
        Self { outcome: Err(denied), allowed_by: Vec::new(), denied_by: Vec::new() }
    }

    /// What a check answers.
    ///
    /// # Errors
    /// It refuses.
    pub fn outcome(&self) -> Result<(), PolicyDenied> {
        self.outcome
    }

    /// The ways to roles that allow it.
    pub fn allowed_by(&self) -> &[Path<'policy>] {
        &self.allowed_by
    }

    /// The ways to roles that deny it.
    pub fn denied_by(&self) -> &[Path<'policy>] {
        &self.denied_by
    }
}

impl<'policy> Path<'policy> {
    /// From the role that is assigned to the one that the rule is about.
    pub fn roles(&self) -> &[&'policy str] {
        &self.roles
    }
}

impl Change {
    /// Whose it is.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Where; `None` outside of tenants.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// What for.
    pub fn permission(&self) -> &str {
        &self.permission
    }

    /// Whether the new policy allows it; if not, the old one did.
    pub fn is_gain(&self) -> bool {
        self.is_gain
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Ok(()) => writeln!(f, "allowed")?,
            Err(denied) => writeln!(f, "denied: {denied}")?,
        }
        for (effect, paths) in [("deny", &self.denied_by), ("allow", &self.allowed_by)] {
            for path in paths {
                writeln!(f, "  {effect}: {}", path.roles.join(" > "))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for LooseEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(permission) => write!(f, "no role allows {permission}"),
            Self::Role(role) => write!(f, "nobody has the role {role}"),
            Self::Tenant(tenant) => write!(f, "nobody has a role of its own in {tenant}"),
        }
    }
}

/// A name between the quotes of Graphviz.
fn quoted(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_gain { '+' } else { '-' };
        write!(f, "{sign} {} {}", self.subject, self.permission)?;
        self.tenant.as_ref().map_or(Ok(()), |tenant| write!(f, " in {tenant}"))
    }
}
