use std::fmt;

/// What is looked at. The table in [the module](super) says when each passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Check {
    /// The real, effective, saved and file system user.
    User,
    /// The same of the group, and the other groups.
    Group,
    /// Effective, permitted, inheritable and ambient capabilities.
    Capabilities,
    /// Capabilities that a program it starts could gain.
    BoundingSet,
    /// Whether programs that it starts may gain privileges: `allowPrivilegeEscalation` of Kubernetes.
    NoNewPrivileges,
    /// The filter of system calls.
    Seccomp,
    /// The root file system.
    ReadOnlyRoot,
    /// Other mounted file systems.
    WritableMounts,
    /// How much memory it may use.
    Memory,
    /// How many processes and threads it may start.
    Processes,
    /// What a crash writes.
    CoreDumps,
    /// Whether it seems to run in a container. No proof: what one runtime leaves behind another does not.
    Container,
}

/// How much it matters that a check fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// A layer that is missing behind others.
    Medium,
    /// Whoever takes the process over has more than it needs.
    High,
}

impl Check {
    /// All of them, in the order of a report.
    pub const ALL: &[Self] = &[
        Self::User,
        Self::Group,
        Self::Capabilities,
        Self::BoundingSet,
        Self::NoNewPrivileges,
        Self::Seccomp,
        Self::ReadOnlyRoot,
        Self::WritableMounts,
        Self::Memory,
        Self::Processes,
        Self::CoreDumps,
        Self::Container,
    ];

    /// How much it matters.
    pub const fn severity(self) -> Severity {
        match self {
            Self::User | Self::Capabilities | Self::NoNewPrivileges | Self::ReadOnlyRoot => Severity::High,
            Self::Group
            | Self::BoundingSet
            | Self::Seccomp
            | Self::WritableMounts
            | Self::Memory
            | Self::Processes => Severity::Medium,
            Self::CoreDumps | Self::Container => Severity::Low,
        }
    }

    /// What to do when it fails, for Kubernetes, Docker or systemd.
    pub const fn mend(self) -> &'static str {
        match self {
            Self::User => {
                "runAsUser: 1000 and runAsNonRoot: true; USER 1000:1000 in the image; User= of systemd"
            }
            Self::Group => "runAsGroup: 1000; USER 1000:1000 in the image; Group= of systemd",
            Self::Capabilities => {
                "capabilities: drop: [ALL]; --cap-drop=ALL; AmbientCapabilities= of systemd, empty"
            }
            Self::BoundingSet => {
                "capabilities: drop: [ALL]; --cap-drop=ALL; CapabilityBoundingSet= of systemd, empty"
            }
            Self::NoNewPrivileges => {
                "allowPrivilegeEscalation: false; --security-opt=no-new-privileges; NoNewPrivileges=yes"
            }
            Self::Seccomp => {
                "seccompProfile: type: RuntimeDefault; Docker's default; SystemCallFilter=@system-service"
            }
            Self::ReadOnlyRoot => "readOnlyRootFilesystem: true; --read-only; ProtectSystem=strict",
            Self::WritableMounts => {
                "readOnly: true on volumes; :ro on --volume; ReadOnlyPaths=; accept the check where data is kept"
            }
            Self::Memory => "resources: limits: memory; --memory; MemoryMax=",
            Self::Processes => "podPidsLimit of the kubelet; --pids-limit; TasksMax=",
            Self::CoreDumps => {
                "--ulimit core=1; LimitCORE=1: the one limit that also holds where cores are piped to a program"
            }
            Self::Container => "run it in a container, or accept the check",
        }
    }
}

/// As in serialised reports: `no_new_privileges`.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Capabilities => "capabilities",
            Self::BoundingSet => "bounding_set",
            Self::NoNewPrivileges => "no_new_privileges",
            Self::Seccomp => "seccomp",
            Self::ReadOnlyRoot => "read_only_root",
            Self::WritableMounts => "writable_mounts",
            Self::Memory => "memory",
            Self::Processes => "processes",
            Self::CoreDumps => "core_dumps",
            Self::Container => "container",
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}
