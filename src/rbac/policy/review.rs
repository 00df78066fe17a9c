//! Questions about a policy: for its authors, its auditors, and whoever asks why.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;

use super::compiled::{Scope, Subject};
use super::error::PolicyDenied;
use super::lists::Lists;
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
        let scope = self.compiled.scope(tenant);
        let paths = |own: &Lists| {
            let roles = self.held(found, tenant);
            roles.filter_map(|role| self.path(scope, own, role, permission)).collect::<Vec<_>>()
        };
        Explanation {
            outcome: self.decides(found, tenant, permission),
            allowed_by: paths(&scope.own_allow),
            denied_by: paths(&scope.own_deny),
        }
    }

    /// The shortest way from `role` to one that a rule about `permission` is for.
    fn path(&self, scope: &Scope, own: &Lists, role: u32, permission: u32) -> Option<Path<'_>> {
        let mut from: HashMap<u32, u32> = HashMap::from([(role, role)]);
        let mut queue = VecDeque::from([role]);
        while let Some(here) = queue.pop_front() {
            if own.holds(here, permission) {
                let mut roles = vec![self.compiled.roles.name(here)];
                let mut at = here;
                while at != role {
                    at = from.get(&at).copied().unwrap_or(role);
                    roles.push(self.compiled.roles.name(at));
                }
                roles.reverse();
                return Some(Path { roles });
            }
            for &junior in scope.juniors.list(here) {
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
        for role in self.held(found, tenant) {
            allowed.extend(self.compiled.scope(tenant).allow.list(role));
        }
        allowed.retain(|&permission| self.decides(found, tenant, permission).is_ok());
        allowed.into_iter().map(|permission| self.compiled.permissions.name(permission)).collect()
    }

    /// Who may do `permission`, and in which tenant; `None` is outside of tenants. It asks for every subject.
    ///
    /// # Source
    /// `PermissionUsers`, after `AssignedUsers` of INCITS 359-2012.
    pub fn users_with(&self, permission: &str) -> Vec<(&str, Option<&str>)> {
        let Ok(permission) = self.permission(permission) else { return Vec::new() };
        let mut users = Vec::new();
        for (name, &found) in &self.compiled.subjects {
            for tenant in self.places() {
                if self.decides(found, tenant, permission).is_ok() {
                    users.push((&**name, tenant.map(|tenant| self.compiled.tenants.name(tenant))));
                }
            }
        }
        users.sort_unstable();
        users
    }

    /// Who gains and who loses what when `self` is replaced by `new`.
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
        let (before, after) = (self.everything(), new.everything());
        let lost = before.difference(&after).map(|one| (one, false));
        let gained = after.difference(&before).map(|one| (one, true));
        let mut changes: Vec<Change> = lost
            .chain(gained)
            .map(|(&(subject, tenant, permission), is_gain)| Change {
                subject: subject.to_owned(),
                tenant: tenant.map(str::to_owned),
                permission: permission.to_owned(),
                is_gain,
            })
            .collect();
        changes.sort_unstable();
        changes
    }

    fn everything(&self) -> BTreeSet<(&str, Option<&str>, &str)> {
        let mut everything = BTreeSet::new();
        for name in self.compiled.subjects.keys() {
            for tenant in self.places() {
                let place = tenant.map(|tenant| self.compiled.tenants.name(tenant));
                let allowed = self.permissions_at(tenant, name);
                everything.extend(allowed.into_iter().map(|permission| (&**name, place, permission)));
            }
        }
        everything
    }

    /// The roles and what they inherit, as a graph for Graphviz: `dot -Tsvg`.
    pub fn to_dot(&self) -> String {
        let compiled = &*self.compiled;
        let scope = compiled.scope(None);
        let mut dot = String::from("digraph roles {\n  rankdir=BT;\n  node [shape=box];\n");
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        for (role, name) in (0..).zip(compiled.roles.iter()) {
            let mut label = quoted(name);
            for (sign, own) in [("+", &scope.own_allow), ("-", &scope.own_deny)] {
                for &permission in own.list(role) {
                    label.push_str("\\n");
                    label.push_str(sign);
                    label.push_str(&quoted(compiled.permissions.name(permission)));
                }
            }
            dot.push_str(&["  \"", &quoted(name), "\" [label=\"", &label, "\"];\n"].concat());
            for &junior in scope.juniors.list(role) {
                let junior = quoted(compiled.roles.name(junior));
                dot.push_str(
                    &[
                        "  \"",
                        &quoted(name),
                        "\" -> \"",
                        &junior,
                        "\";
",
                    ]
                    .concat(),
                );
            }
        }
        dot.push_str("}\n");
        dot
    }

    /// Outside of tenants, and each tenant.
    fn places(&self) -> impl Iterator<Item = Option<u32>> + use<> {
        std::iter::once(None).chain((0..).map(Some).take(self.compiled.tenants.len()))
    }

    fn held(&self, found: Subject, tenant: Option<u32>) -> impl Iterator<Item = u32> {
        let besides = tenant.map_or(&[][..], |tenant| self.compiled.roles_in(found, tenant));
        self.compiled.roles_of(found).iter().chain(besides).copied()
    }

    fn decides(&self, found: Subject, tenant: Option<u32>, permission: u32) -> Result<(), PolicyDenied> {
        let besides = tenant.map_or(&[][..], |tenant| self.compiled.roles_in(found, tenant));
        decide(&self.compiled, tenant, permission, self.compiled.roles_of(found), besides)
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

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_gain { '+' } else { '-' };
        write!(f, "{sign} {} {}", self.subject, self.permission)?;
        self.tenant.as_ref().map_or(Ok(()), |tenant| write!(f, " in {tenant}"))
    }
}
