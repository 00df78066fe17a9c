use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::builder::{Assigned, Effect, PolicyBuilder, When};
use super::error::{PolicyError, PolicyErrorKind};
use super::hook::Hook;
use super::lists::Lists;
use super::names::Names;

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
    /// What roles are worth outside of tenants, and in those that have no rules of their own.
    everywhere: Scope,
    /// What they are worth in the others.
    scopes: HashMap<u32, Scope>,
    pub(super) active: Vec<(Vec<u32>, usize)>,
    pub(super) hook: Hook,
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

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    len: u32,
}

/// What each role is worth, what it inherits included.
#[derive(Debug)]
pub(super) struct Scope {
    /// The role itself and those that it inherits.
    pub(super) covers: Lists,
    pub(super) allow: Lists,
    pub(super) deny: Lists,
    /// Without what is inherited: for explanations.
    pub(super) juniors: Lists,
    pub(super) own_allow: Lists,
    pub(super) own_deny: Lists,
}

impl Compiled {
    pub(super) fn of(builder: &PolicyBuilder) -> Result<Self, PolicyError> {
        check_names(builder)?;
        let (mut roles, mut permissions, mut tenants) =
            (Names::default(), Names::default(), Names::default());
        for role in &builder.declared {
            roles.number_or_add(role);
        }
        for rule in &builder.rules {
            roles.number_or_add(&rule.role);
            permissions.number_or_add(&rule.permission);
        }
        for edge in &builder.inherits {
            roles.number_or_add(&edge.senior);
        }
        for tenant in builder.tenants() {
            tenants.number_or_add(tenant);
        }
        for permission in &builder.known_permissions {
            permissions.number_or_add(permission);
        }
        let known = |role: &str, rule: String| {
            roles.number(role).ok_or_else(|| PolicyError::new(PolicyErrorKind::UnknownRole, rule))
        };
        for edge in &builder.inherits {
            known(&edge.junior, format!("inherits {} {}", edge.senior, edge.junior))?;
        }
        let mut budget = MOST_ITEMS;
        let mut scope = |tenant: Option<&str>| Scope::of(builder, tenant, &roles, &permissions, &mut budget);
        let everywhere = scope(None)?;
        let with_rules: BTreeSet<&str> = builder
            .rules
            .iter()
            .filter_map(|rule| rule.tenant.as_deref())
            .chain(builder.inherits.iter().filter_map(|edge| edge.tenant.as_deref()))
            .collect();
        let scopes = with_rules
            .into_iter()
            .filter_map(|tenant| Some((tenants.number(tenant)?, tenant)))
            .map(|(number, tenant)| Ok((number, scope(Some(tenant))?)))
            .collect::<Result<HashMap<_, _>, PolicyError>>()?;

        let mut by_subject: BTreeMap<&str, BTreeMap<Option<u32>, BTreeSet<u32>>> = BTreeMap::new();
        for Assigned { tenant, subject, role } in &builder.assigned {
            let role = known(role, format!("assign {subject} {role}"))?;
            let tenant = tenant.as_deref().and_then(|tenant| tenants.number(tenant));
            by_subject.entry(subject).or_default().entry(tenant).or_default().insert(role);
        }
        let mut exclusive = Vec::new();
        for set in &builder.exclusive {
            let rule = || format!("exclusive {}", set.roles.join(" "));
            let numbers =
                set.roles.iter().map(|role| known(role, rule())).collect::<Result<BTreeSet<_>, _>>()?;
            if numbers.len() < 2 || set.at_most >= numbers.len() {
                return Err(PolicyError::new(PolicyErrorKind::Vacuous, rule()));
            }
            exclusive.push((numbers.into_iter().collect::<Vec<_>>(), set.at_most, set.when));
        }
        let prerequisites = builder
            .prerequisites
            .iter()
            .map(|(role, required)| {
                let rule = || format!("requires {role} {required}");
                Ok((known(role, rule())?, known(required, rule())?))
            })
            .collect::<Result<Vec<_>, PolicyError>>()?;
        let mut most: BTreeMap<u32, usize> = BTreeMap::new();
        for (role, at_most) in &builder.most {
            let least = most.entry(known(role, format!("at_most {role} {at_most}"))?).or_insert(*at_most);
            *least = (*least).min(*at_most);
        }
        let inheriting = builder.inherits.iter().filter_map(|edge| edge.tenant.as_deref());
        let inheriting: BTreeSet<u32> = inheriting.filter_map(|tenant| tenants.number(tenant)).collect();

        let mut compiled = Self {
            roles,
            permissions,
            tenants,
            subjects: HashMap::with_capacity(by_subject.len()),
            assigned: Vec::with_capacity(builder.assigned.len()),
            assigned_in: Vec::new(),
            everywhere,
            scopes,
            active: Vec::new(),
            hook: builder.hook.clone(),
        };
        for (subject, in_tenants) in by_subject {
            compiled.add(subject, in_tenants);
        }
        let (assigned, active): (Vec<_>, Vec<_>) =
            exclusive.into_iter().partition(|(_, _, when)| *when == When::Assigned);
        compiled.hold(&assigned, &prerequisites, &most, &inheriting)?;
        compiled.active = active.into_iter().map(|(roles, at_most, _)| (roles, at_most)).collect();
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
        let span = Span { start: number(self.assigned.len()), len: number(roles.len()) };
        self.assigned.extend(roles);
        span
    }

    /// The roles that a subject has everywhere.
    #[inline]
    pub(super) fn roles_of(&self, subject: Subject) -> &[u32] {
        self.assigned.get(subject.roles.range()).unwrap_or(&[])
    }

    /// The roles that it has in one tenant besides.
    #[inline]
    pub(super) fn roles_in(&self, subject: Subject, tenant: u32) -> &[u32] {
        let tenants = self.assigned_in.get(subject.tenants.range()).unwrap_or(&[]);
        let found = tenants.binary_search_by_key(&tenant, |one| one.tenant).ok();
        let roles = found.and_then(|index| tenants.get(index)).map(|one| one.roles.range());
        roles.and_then(|range| self.assigned.get(range)).unwrap_or(&[])
    }

    /// The tenants in which a subject has roles besides.
    pub(super) fn tenants_of(&self, subject: Subject) -> impl Iterator<Item = u32> {
        self.assigned_in.get(subject.tenants.range()).unwrap_or(&[]).iter().map(|one| one.tenant)
    }

    /// What roles are worth in a tenant, or outside of all.
    #[inline]
    pub(super) fn scope(&self, tenant: Option<u32>) -> &Scope {
        match tenant {
            Some(tenant) if !self.scopes.is_empty() => self.scopes.get(&tenant).unwrap_or(&self.everywhere),
            _ => &self.everywhere,
        }
    }

    /// All roles that a subject has in a tenant, those that it inherits included.
    pub(super) fn covered(&self, subject: Subject, tenant: Option<u32>) -> BTreeSet<u32> {
        let scope = self.scope(tenant);
        let besides = tenant.map_or(&[][..], |tenant| self.roles_in(subject, tenant));
        let roles = self.roles_of(subject).iter().chain(besides);
        roles.flat_map(|&role| scope.covers.list(role)).copied().collect()
    }

    /// Checks what may not be, for every subject in every tenant.
    fn hold(
        &self,
        exclusive: &[(Vec<u32>, usize, When)],
        prerequisites: &[(u32, u32)],
        most: &BTreeMap<u32, usize>,
        inheriting: &BTreeSet<u32>,
    ) -> Result<(), PolicyError> {
        if exclusive.is_empty() && prerequisites.is_empty() && most.is_empty() {
            return Ok(());
        }
        let mut holders: HashMap<u32, usize> = HashMap::new();
        let mut subjects: Vec<(&str, Subject)> =
            self.subjects.iter().map(|(name, subject)| (&**name, *subject)).collect();
        subjects.sort_unstable_by_key(|(name, _)| *name); // the same error every time
        for (name, subject) in subjects {
            let mut anywhere = BTreeSet::new();
            // In a tenant of its own inheritance, a role that a subject has everywhere may be worth more than elsewhere.
            let more = (!self.roles_of(subject).is_empty()).then_some(inheriting);
            let tenants: BTreeSet<u32> =
                self.tenants_of(subject).chain(more.into_iter().flatten().copied()).collect();
            for tenant in std::iter::once(None).chain(tenants.into_iter().map(Some)) {
                let covered = self.covered(subject, tenant);
                let place =
                    || tenant.map_or(String::new(), |tenant| format!(" in {}", self.tenants.name(tenant)));
                for (roles, at_most, _) in exclusive {
                    let held: Vec<&str> = roles
                        .iter()
                        .filter(|role| covered.contains(role))
                        .map(|&role| self.roles.name(role))
                        .collect();
                    if held.len() > *at_most {
                        let rule = format!("{name}{}: {}", place(), held.join(" and "));
                        return Err(PolicyError::new(PolicyErrorKind::Exclusive, rule));
                    }
                }
                for (role, required) in prerequisites {
                    if covered.contains(role) && !covered.contains(required) {
                        let (role, required) = (self.roles.name(*role), self.roles.name(*required));
                        let rule = format!("{name}{}: {role} without {required}", place());
                        return Err(PolicyError::new(PolicyErrorKind::Prerequisite, rule));
                    }
                }
                anywhere.extend(covered);
            }
            for (role, at_most) in most {
                if anywhere.contains(role) {
                    let holders = holders.entry(*role).or_default();
                    *holders += 1;
                    if *holders > *at_most {
                        let rule = format!("{name}: {} has {at_most} already", self.roles.name(*role));
                        return Err(PolicyError::new(PolicyErrorKind::TooManySubjects, rule));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

impl Scope {
    /// The rules without a tenant, and those of `tenant`. What is written out is taken from the `budget` before it is: a
    /// policy's text may be hostile, or grow.
    fn of(
        builder: &PolicyBuilder,
        tenant: Option<&str>,
        roles: &Names,
        permissions: &Names,
        budget: &mut usize,
    ) -> Result<Self, PolicyError> {
        spend(budget, roles.len())?;
        let holds = |of: &Option<String>| of.is_none() || of.as_deref() == tenant;
        let nothing = || vec![Vec::new(); roles.len()];
        let (mut juniors, mut own_allow, mut own_deny) = (nothing(), nothing(), nothing());
        for edge in builder.inherits.iter().filter(|edge| holds(&edge.tenant)) {
            push(&mut juniors, roles.number(&edge.senior), roles.number(&edge.junior));
        }
        for rule in builder.rules.iter().filter(|rule| holds(&rule.tenant)) {
            let lists = if rule.effect == Effect::Allow { &mut own_allow } else { &mut own_deny };
            push(lists, roles.number(&rule.role), permissions.number(&rule.permission));
        }
        for list in juniors.iter_mut().chain(&mut own_allow).chain(&mut own_deny) {
            list.sort_unstable();
            list.dedup();
        }
        let covers = closure(&juniors, roles, budget)?;
        let mut gathered = |own: &[Vec<u32>]| {
            let mut all = Lists::new();
            for covered in &covers {
                let lists = covered.iter().filter_map(|&role| own.get(role as usize));
                spend(budget, lists.clone().map(Vec::len).sum())?;
                all.push(lists.flatten().copied().collect());
            }
            Ok::<_, PolicyError>(all)
        };
        let (allow, deny) = (gathered(&own_allow)?, gathered(&own_deny)?);
        let [covers, juniors, own_allow, own_deny] = [covers, juniors, own_allow, own_deny].map(lists);
        Ok(Self { covers, allow, deny, juniors, own_allow, own_deny })
    }
}

fn push(lists: &mut [Vec<u32>], index: Option<u32>, item: Option<u32>) {
    if let (Some(index), Some(item)) = (index, item)
        && let Some(list) = lists.get_mut(index as usize)
    {
        list.push(item);
    }
}

fn lists(of: Vec<Vec<u32>>) -> Lists {
    let mut lists = Lists::new();
    for list in of {
        lists.push(list);
    }
    lists
}

fn spend(budget: &mut usize, items: usize) -> Result<(), PolicyError> {
    let too_large = || PolicyError::new(PolicyErrorKind::TooLarge, "the policy");
    *budget = budget.checked_sub(items).ok_or_else(too_large)?;
    Ok(())
}

/// Each role with all that it inherits.
///
/// Without recursion, since a policy's depth is its author's choice.
fn closure(juniors: &[Vec<u32>], roles: &Names, budget: &mut usize) -> Result<Vec<Vec<u32>>, PolicyError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Entered,
        Done,
    }
    let mut seen = vec![Seen::Not; juniors.len()];
    let mut covers: Vec<Vec<u32>> = vec![Vec::new(); juniors.len()];
    for first in 0..number(juniors.len()) {
        let mut path = vec![first];
        while let Some(&role) = path.last() {
            let index = role as usize;
            let (Some(state), Some(below)) = (seen.get(index).copied(), juniors.get(index)) else { break };
            match state {
                Seen::Not => {
                    set(&mut seen, index, Seen::Entered);
                    for &junior in below {
                        match seen.get(junior as usize) {
                            Some(Seen::Entered) => {
                                let rule = format!("inherits {}", roles.name(junior));
                                return Err(PolicyError::new(PolicyErrorKind::Cycle, rule));
                            }
                            Some(Seen::Not) => path.push(junior),
                            _ => {}
                        }
                    }
                }
                Seen::Entered => {
                    let lists = below.iter().filter_map(|&junior| covers.get(junior as usize));
                    spend(budget, 1 + lists.clone().map(Vec::len).sum::<usize>())?;
                    let mut all: Vec<u32> = lists.flatten().copied().chain([role]).collect();
                    all.sort_unstable();
                    all.dedup();
                    set(&mut covers, index, all);
                    set(&mut seen, index, Seen::Done);
                    path.pop();
                }
                Seen::Done => {
                    path.pop();
                }
            }
        }
    }
    Ok(covers)
}

fn set<T>(list: &mut [T], index: usize, value: T) {
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
}

fn check_names(builder: &PolicyBuilder) -> Result<(), PolicyError> {
    let names = builder
        .declared
        .iter()
        .chain(builder.rules.iter().flat_map(|rule| [&rule.role, &rule.permission]))
        .chain(builder.rules.iter().filter_map(|rule| rule.tenant.as_ref()))
        .chain(builder.inherits.iter().flat_map(|edge| [&edge.senior, &edge.junior]))
        .chain(builder.inherits.iter().filter_map(|edge| edge.tenant.as_ref()))
        .chain(builder.assigned.iter().flat_map(|one| [&one.subject, &one.role]))
        .chain(builder.assigned.iter().filter_map(|one| one.tenant.as_ref()))
        .chain(builder.exclusive.iter().flat_map(|set| &set.roles))
        .chain(builder.prerequisites.iter().flat_map(|(role, required)| [role, required]))
        .chain(builder.most.iter().map(|(role, _)| role))
        .chain(&builder.known_tenants)
        .chain(&builder.known_permissions);
    for name in names {
        if name.is_empty() || name.len() > 256 || name.chars().any(char::is_control) {
            let shown: String = name.chars().take(64).collect();
            return Err(PolicyError::new(PolicyErrorKind::Name, format!("{shown:?}")));
        }
    }
    Ok(())
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 of them fit into memory")
}

/// Roles, what they inherit and what they may, in all tenants that have rules of their own: 268 MB.
const MOST_ITEMS: usize = 1 << 26;
