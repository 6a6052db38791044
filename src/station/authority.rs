//! What somebody may do, as values that use cases ask for: a value is made from a person whose role allows it, or
//! at the command line, where the operating system's rights over the station's folder decide.

use crate::domain::person::{Actor, Role};
use crate::station::people::Person;

/// The right to do one kind of thing; holding a value is having the right.
pub trait Authority: Sized + 'static {
    /// Whether every role gives this right: what it shows may stay on a screen that nobody touches.
    const FOR_EVERYBODY: bool;
    /// The right of this person, if their role gives it.
    fn of(person: &Person) -> Option<Self>;
    /// Who acts, for the records.
    fn actor(&self) -> &Actor;
}

macro_rules! authorities {
    ($($(#[$doc:meta])* $name:ident for $($role:ident)|+;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Actor);

        impl $name {
            /// The right of whoever may use the station's folder at the command line.
            pub fn at_the_terminal(actor: Actor) -> $name {
                $name(actor)
            }
        }

        impl Authority for $name {
            const FOR_EVERYBODY: bool = [$(Role::$role),*].len() == Role::ALL.len();

            fn of(person: &Person) -> Option<$name> {
                let may = matches!(person.role, $(Role::$role)|+);
                may.then(|| $name(Actor::Person { name: person.name.clone() }))
            }

            fn actor(&self) -> &Actor {
                &self.0
            }
        }
    )*};
}

authorities! {
    /// Sees the Line page.
    Watching for Operator | Engineer | Administrator | Auditor;
    /// Reads the records.
    Reading for Engineer | Administrator | Auditor;
    /// Runs the line: scans, starts, tries again, confirms, prints labels.
    Operating for Operator | Engineer | Administrator;
    /// Work orders, re-work, withdrawal of identities, the outbox, batches.
    Engineering for Engineer | Administrator;
    /// People, clients, secrets, the CA.
    Administering for Administrator;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(role: Role) -> Person {
        Person { name: "ada".parse().unwrap(), role }
    }

    #[test]
    fn an_auditor_reads_and_changes_nothing() {
        let auditor = person(Role::Auditor);
        assert!(Watching::of(&auditor).is_some() && Reading::of(&auditor).is_some());
        assert!(Operating::of(&auditor).is_none());
        assert!(Engineering::of(&auditor).is_none());
        assert!(Administering::of(&auditor).is_none());
    }

    #[test]
    fn an_operator_runs_the_line_only() {
        let operator = person(Role::Operator);
        assert!(Operating::of(&operator).is_some() && Watching::of(&operator).is_some());
        assert!(Reading::of(&operator).is_none());
        assert!(Engineering::of(&operator).is_none());
        assert!(Administering::of(&operator).is_none());
    }

    #[test]
    fn only_the_line_page_is_for_everybody() {
        const { assert!(Watching::FOR_EVERYBODY) };
        const { assert!(!Reading::FOR_EVERYBODY && !Operating::FOR_EVERYBODY) };
        const { assert!(!Engineering::FOR_EVERYBODY && !Administering::FOR_EVERYBODY) };
    }

    #[test]
    fn only_an_administrator_administers() {
        let may = Role::ALL.map(|role| Administering::of(&person(role)).is_some());
        assert_eq!(may, [false, false, true, false]);
    }
}
