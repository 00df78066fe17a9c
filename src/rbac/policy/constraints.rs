//! What no policy may be: two roles in one hand that exclude each other, a role without the one that it requires, more holders
//! than there may be.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::builder::{PolicyBuilder, When};
use super::compiled::{Compiled, Subject};
use super::error::{PolicyError, PolicyErrorKind};
use super::names::Names;
use super::scope::spend;

/// Roles of which no more than so many go together.
#[derive(Debug)]
pub(super) struct AtMost {
    pub(super) roles: Vec<u32>,
    pub(super) at_most: usize,
}

#[derive(Debug, Default)]
pub(super) struct Constraints {
    pub(super) assigned: Vec<AtMost>,
    pub(super) active: Vec<AtMost>,
    /// A role, and the one that it requires.
    prerequisites: Vec<(u32, u32)>,
    most: BTreeMap<u32, usize>,
}

impl Constraints {
    pub(super) fn of(builder: &PolicyBuilder, roles: &Names) -> Result<Self, PolicyError> {
        let mut constraints = Self::default();
        for set in &builder.exclusive {
            let rule = || format!("exclusive {}", set.roles.join(" "));
            let numbers: BTreeSet<u32> =
                set.roles.iter().map(|role| roles.known(role, rule)).collect::<Result<_, _>>()?;
            if numbers.len() < 2 || set.at_most >= numbers.len() {
                return Err(PolicyError::new(PolicyErrorKind::Vacuous, rule()));
            }
            let set_of = AtMost { roles: numbers.into_iter().collect(), at_most: set.at_most };
            match set.when {
                When::Assigned => constraints.assigned.push(set_of),
                When::Active => constraints.active.push(set_of),
            }
        }
        for (role, required) in &builder.prerequisites {
            let rule = || format!("requires {role} {required}");
            constraints.prerequisites.push((roles.known(role, rule)?, roles.known(required, rule)?));
        }
        for (role, at_most) in &builder.most {
            let role = roles.known(role, || format!("at_most {role} {at_most}"))?;
            let least = constraints.most.entry(role).or_insert(*at_most);
            *least = (*least).min(*at_most);
        }
        Ok(constraints)
    }

    /// Holds every subject in every tenant against them.
    pub(super) fn hold(&self, policy: &Compiled) -> Result<(), PolicyError> {
        if self.assigned.is_empty() && self.prerequisites.is_empty() && self.most.is_empty() {
            return Ok(());
        }
        let mut subjects: Vec<(&str, &Subject)> =
            policy.subjects.iter().map(|(name, subject)| (&**name, subject)).collect();
        subjects.sort_unstable_by_key(|(name, _)| *name); // the same error every time
        let mut holders: HashMap<u32, usize> = HashMap::new();
        let differing = tenants_where_roles_differ(policy);
        let constraints = self.steps();
        let mut steps = MOST_STEPS;
        for (name, subject) in subjects {
            let mut anywhere = BTreeSet::new();
            // A role that a subject has everywhere may be worth more in a tenant with rules of its own.
            let more = policy.roles_of(subject).iter().filter_map(|role| differing.get(role)).flatten();
            let tenants: BTreeSet<u32> = policy.tenants_of(subject).chain(more.copied()).collect();
            for tenant in std::iter::once(None).chain(tenants.into_iter().map(Some)) {
                let view = policy.view(tenant);
                let covers = policy.held(subject, tenant).map(|role| view.covers(role).len());
                spend(&mut steps, constraints.saturating_add(covers.sum()))?;
                let covered = policy.covered(subject, tenant);
                self.hold_one(policy, name, tenant, &covered)?;
                anywhere.extend(covered);
            }
            for (role, at_most) in self.most.iter().filter(|(role, _)| anywhere.contains(role)) {
                let holders = holders.entry(*role).or_default();
                *holders += 1;
                if *holders > *at_most {
                    let rule = format!("{name}: {} has {at_most} already", policy.roles.name(*role));
                    return Err(PolicyError::new(PolicyErrorKind::TooManySubjects, rule));
                }
            }
        }
        Ok(())
    }

    /// For each subject in each tenant.
    fn steps(&self) -> usize {
        let sets = self.assigned.iter().map(|set| set.roles.len()).sum::<usize>();
        1 + sets + self.prerequisites.len() + self.most.len()
    }

    fn hold_one(
        &self,
        policy: &Compiled,
        subject: &str,
        tenant: Option<u32>,
        covered: &[u32],
    ) -> Result<(), PolicyError> {
        let is_covered = |role: &u32| covered.binary_search(role).is_ok();
        let name = |role: &u32| policy.roles.name(*role);
        let place = || tenant.map_or(String::new(), |tenant| format!(" in {}", policy.tenants.name(tenant)));
        for set in &self.assigned {
            let held: Vec<&str> = set.roles.iter().filter(|role| is_covered(role)).map(name).collect();
            if held.len() > set.at_most {
                let rule = format!("{subject}{}: {}", place(), held.join(" and "));
                return Err(PolicyError::new(PolicyErrorKind::Exclusive, rule));
            }
        }
        for (role, required) in &self.prerequisites {
            if is_covered(role) && !is_covered(required) {
                let rule = format!("{subject}{}: {} without {}", place(), name(role), name(required));
                return Err(PolicyError::new(PolicyErrorKind::Prerequisite, rule));
            }
        }
        Ok(())
    }
}

/// By role: the tenants where it inherits others than elsewhere.
fn tenants_where_roles_differ(policy: &Compiled) -> HashMap<u32, BTreeSet<u32>> {
    let mut tenants = policy.tenants_by_role();
    for (&role, tenants) in &mut tenants {
        let elsewhere = policy.view(None).covers(role);
        tenants.retain(|&tenant| policy.view(Some(tenant)).covers(role) != elsewhere);
    }
    tenants
}

/// Roles looked at for all subjects in all tenants: seconds.
const MOST_STEPS: usize = 1 << 27;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_of_each_constraint_is_a_step() {
        let set = |roles: &[u32]| AtMost { roles: roles.to_vec(), at_most: 1 };
        let constraints = Constraints {
            assigned: vec![set(&[1, 2]), set(&[1, 2, 3])],
            active: vec![set(&[1, 2, 3, 4, 5, 6, 7])],
            prerequisites: vec![(1, 2), (2, 3)],
            most: BTreeMap::from([(1, 1), (2, 1), (3, 1)]),
        };
        assert_eq!((Constraints::default().steps(), constraints.steps()), (1, 11));
    }
}
