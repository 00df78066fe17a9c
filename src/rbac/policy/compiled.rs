use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::builder::{Exclusive, PolicyBuilder};
use super::constraints::{AtMost, Constraints};
use super::error::{PolicyError, PolicyErrorKind};
use super::names::{MOST_BYTES, Names};
use super::rule::{PolicyRule, Statement};
use super::scope::{Rules, Scope, View};

/// A policy as checks read it: numbers for names, and all that is inherited written out.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) roles: Names,
    pub(super) permissions: Names,
    pub(super) tenants: Names,
    pub(super) subjects: HashMap<Box<str>, Subject>,
    /// The subjects' roles, and the tenants in which they have more.
    assigned: Vec<u32>,
    assigned_in: Vec<InTenant>,
    everywhere: Scope,
    /// Of the tenants that have rules of their own.
    scopes: HashMap<u32, Scope>,
    pub(super) active: Vec<AtMost>,
}

/// Where a subject's roles stand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Subject {
    roles: Span,
    tenants: Span,
}

#[derive(Clone, Copy, Debug)]
struct InTenant {
    tenant: u32,
    roles: Span,
}

/// A piece of a list. Of one role alone, `start` is the role itself: most subjects have no other, and a check reads one place
/// of memory less.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    len: u32,
}

/// Roles by tenant; `None` holds everywhere.
type Assigned<'a> = BTreeMap<&'a str, BTreeMap<Option<u32>, BTreeSet<u32>>>;

impl Compiled {
    pub(super) fn of(builder: &PolicyBuilder) -> Result<Self, PolicyError> {
        check_names(builder)?;
        let (roles, permissions, tenants) = (roles(builder), permissions(builder)?, tenants(builder)?);
        let constraints = Constraints::of(builder, &roles)?;

        let (mut rules, mut assigned) = (BTreeMap::<Option<u32>, Rules>::new(), Assigned::new());
        for rule in &builder.rules {
            let tenant = rule.tenant.as_deref().and_then(|tenant| tenants.number(tenant));
            let known = |role: &str| roles.known(role, || rule.to_string());
            let here = rules.entry(tenant).or_default();
            match &rule.statement {
                Statement::Allow { role, permission } => {
                    here.entry(known(role)?).or_default().allow.extend(permissions.number(permission));
                }
                Statement::Deny { role, permission } => {
                    here.entry(known(role)?).or_default().deny.extend(permissions.number(permission));
                }
                Statement::Inherits { senior, junior } => {
                    let junior = known(junior)?;
                    here.entry(known(senior)?).or_default().juniors.push(junior);
                }
                Statement::Assign { subject, role } => {
                    let role = known(role)?;
                    assigned.entry(subject).or_default().entry(tenant).or_default().insert(role);
                }
            }
        }
        let mut budget = MOST_ITEMS;
        let everywhere = Scope::everywhere(&rules.remove(&None).unwrap_or_default(), &roles, &mut budget)?;
        let seniors = everywhere.seniors(roles.count());
        let mut scopes = HashMap::new();
        for (tenant, rules) in rules {
            let (Some(tenant), false) = (tenant, rules.is_empty()) else { continue };
            let scope = Scope::of_tenant(&rules, &everywhere, &seniors, &roles, &mut budget);
            scopes.insert(tenant, scope.map_err(|error| error.within(tenants.name(tenant)))?);
        }

        let mut compiled = Self {
            roles,
            permissions,
            tenants,
            subjects: HashMap::with_capacity(assigned.len()),
            assigned: Vec::new(),
            assigned_in: Vec::new(),
            everywhere,
            scopes,
            active: Vec::new(),
        };
        for (subject, in_tenants) in assigned {
            compiled.add(subject, in_tenants);
        }
        constraints.hold(&compiled)?;
        compiled.active = constraints.active;
        Ok(compiled)
    }

    fn add(&mut self, name: &str, mut in_tenants: BTreeMap<Option<u32>, BTreeSet<u32>>) {
        let everywhere = in_tenants.remove(&None).unwrap_or_default();
        let roles = self.span_of(everywhere);
        let start = self.assigned_in.len();
        for (tenant, roles) in in_tenants {
            let (Some(tenant), roles) = (tenant, self.span_of(roles)) else { continue };
            self.assigned_in.push(InTenant { tenant, roles });
        }
        let tenants = Span { start: number(start), len: number(self.assigned_in.len() - start) };
        self.subjects.insert(name.into(), Subject { roles, tenants });
    }

    fn span_of(&mut self, roles: BTreeSet<u32>) -> Span {
        if let (Some(&role), 1) = (roles.first(), roles.len()) {
            return Span { start: role, len: 1 };
        }
        let span = Span { start: number(self.assigned.len()), len: number(roles.len()) };
        self.assigned.extend(roles);
        span
    }

    #[inline]
    fn roles_in_span<'a>(&'a self, span: &'a Span) -> &'a [u32] {
        if span.len == 1 {
            return std::slice::from_ref(&span.start);
        }
        self.assigned.get(span.range()).unwrap_or(&[])
    }

    /// A subject's name as the policy holds it, and where its roles stand.
    #[inline]
    pub(super) fn subject(&self, name: &str) -> Option<(&str, &Subject)> {
        if name.len() > MOST_BYTES {
            return None;
        }
        self.subjects.get_key_value(name).map(|(name, subject)| (&**name, subject))
    }

    /// The roles that a subject has everywhere.
    #[inline]
    pub(super) fn roles_of<'a>(&'a self, subject: &'a Subject) -> &'a [u32] {
        self.roles_in_span(&subject.roles)
    }

    /// The roles that it has in one tenant besides.
    #[inline]
    pub(super) fn roles_in(&self, subject: &Subject, tenant: u32) -> &[u32] {
        let tenants = self.assigned_in.get(subject.tenants.range()).unwrap_or(&[]);
        let found = tenants.binary_search_by_key(&tenant, |one| one.tenant).ok();
        found.and_then(|index| tenants.get(index)).map_or(&[], |one| self.roles_in_span(&one.roles))
    }

    /// All roles that are assigned to a subject in a tenant, or outside of all.
    #[inline]
    pub(super) fn held<'a>(
        &'a self,
        subject: &'a Subject,
        tenant: Option<u32>,
    ) -> impl Iterator<Item = u32> + Clone + use<'a> {
        let there = tenant.map_or(&[][..], |tenant| self.roles_in(subject, tenant));
        self.roles_of(subject).iter().chain(there).copied()
    }

    /// The tenants in which a subject has roles besides.
    pub(super) fn tenants_of(&self, subject: &Subject) -> impl Iterator<Item = u32> {
        self.assigned_in.get(subject.tenants.range()).unwrap_or(&[]).iter().map(|one| one.tenant)
    }

    /// What roles are worth in a tenant, or outside of all.
    #[inline]
    pub(super) fn view(&self, tenant: Option<u32>) -> View<'_> {
        View::new(&self.everywhere, tenant.and_then(|tenant| self.scopes.get(&tenant)))
    }

    /// All roles that a subject has in a tenant, those that it inherits included.
    pub(super) fn covered(&self, subject: &Subject, tenant: Option<u32>) -> Vec<u32> {
        let view = self.view(tenant);
        let mut covered: Vec<u32> =
            self.held(subject, tenant).flat_map(|role| view.covers(role)).copied().collect();
        covered.sort_unstable();
        covered.dedup();
        covered
    }

    /// Whether a subject has a role in a tenant, itself or by inheritance.
    pub(super) fn is_covered(&self, subject: &Subject, tenant: Option<u32>, role: u32) -> bool {
        let view = self.view(tenant);
        self.held(subject, tenant).any(|held| view.covers(held).binary_search(&role).is_ok())
    }

    /// The permissions that rules allow, in any tenant.
    pub(super) fn allowed_anywhere(&self) -> impl Iterator<Item = u32> {
        self.scopes.values().chain([&self.everywhere]).flat_map(Scope::allowed_by_rules)
    }

    /// By role: the tenants whose rules reach it.
    pub(super) fn tenants_by_role(&self) -> HashMap<u32, BTreeSet<u32>> {
        let mut tenants: HashMap<u32, BTreeSet<u32>> = HashMap::new();
        for (&tenant, scope) in &self.scopes {
            for &role in scope.roles() {
                tenants.entry(role).or_default().insert(tenant);
            }
        }
        tenants
    }
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// The roles that rules define: by a permission, a role that they inherit, or a denial that holds everywhere. A denial in one
/// tenant is about a role that there is, or its name is misspelt.
fn roles(builder: &PolicyBuilder) -> Names {
    let mut roles = Names::default();
    for role in &builder.known_roles {
        roles.number_or_add(role);
    }
    if builder.are_roles_closed {
        return roles;
    }
    for rule in &builder.rules {
        match &rule.statement {
            Statement::Deny { .. } if rule.tenant.is_some() => continue,
            Statement::Allow { role, .. } | Statement::Deny { role, .. } => roles.number_or_add(role),
            Statement::Inherits { senior, .. } => roles.number_or_add(senior),
            Statement::Assign { .. } => continue,
        };
    }
    let is_new = |set: &&Exclusive| set.roles.iter().all(|role| roles.number(role).is_none());
    let declaring: Vec<_> = builder.exclusive.iter().filter(is_new).collect();
    for role in declaring.into_iter().flat_map(|set| &set.roles) {
        roles.number_or_add(role);
    }
    roles
}

fn permissions(builder: &PolicyBuilder) -> Result<Names, PolicyError> {
    let mut permissions = Names::default();
    for rule in &builder.rules {
        let (Statement::Allow { permission, .. } | Statement::Deny { permission, .. }) = &rule.statement
        else {
            continue;
        };
        if builder.are_permissions_closed && !builder.known_permissions.contains(permission) {
            return Err(PolicyError::new(PolicyErrorKind::UnknownPermission, rule.to_string()));
        }
        permissions.number_or_add(permission);
    }
    for permission in &builder.known_permissions {
        permissions.number_or_add(permission);
    }
    Ok(permissions)
}

fn tenants(builder: &PolicyBuilder) -> Result<Names, PolicyError> {
    let mut tenants = Names::default();
    for rule in &builder.rules {
        let Some(tenant) = &rule.tenant else { continue };
        if builder.are_tenants_closed && !builder.known_tenants.contains(tenant) {
            return Err(PolicyError::new(PolicyErrorKind::UnknownTenant, rule.to_string()));
        }
        tenants.number_or_add(tenant);
    }
    for tenant in &builder.known_tenants {
        tenants.number_or_add(tenant);
    }
    Ok(tenants)
}

fn check_names(builder: &PolicyBuilder) -> Result<(), PolicyError> {
    let declared = [&builder.known_roles, &builder.known_permissions, &builder.known_tenants];
    let of_constraints = builder.exclusive.iter().flat_map(|set| &set.roles);
    let of_constraints = of_constraints
        .chain(builder.prerequisites.iter().flat_map(|(role, required)| [role, required]))
        .chain(builder.most.iter().map(|(role, _)| role));
    let besides = declared.into_iter().flatten().chain(of_constraints).map(String::as_str);
    for name in builder.rules.iter().flat_map(PolicyRule::names).chain(besides) {
        if name.is_empty() || name.len() > MOST_BYTES || name.chars().any(misleads) {
            let shown: String = name.chars().take(64).collect();
            return Err(PolicyError::new(PolicyErrorKind::Name, format!("{shown:?}")));
        }
    }
    Ok(())
}

/// Whether a character breaks a line of a log, or turns the text after it around.
fn misleads(character: char) -> bool {
    let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 of them fit into memory")
}

/// Roles, what they inherit and what they may, in all tenants that have rules of their own: 268 MB.
const MOST_ITEMS: usize = 1 << 26;
