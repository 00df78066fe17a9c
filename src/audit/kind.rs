use std::fmt;
use std::str::FromStr;

/// How urgent an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// To be found later.
    Info,
    /// To be looked at.
    Warn,
    /// To be acted on.
    Critical,
}

/// How what was tried ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused, or failed.
    Failure,
    /// It is not known, or not the point of the event.
    Unknown,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $owasp:expr, $level:ident, $outcome:ident;)*) => {
        /// What happened, as one of a fixed vocabulary that alerts can rely on.
        ///
        /// ```
        /// use palisade::audit::{Kind, Level};
        ///
        /// assert_eq!(Kind::AuthenticationFailure.as_str(), "authentication_failure");
        /// assert_eq!(Kind::AuthenticationFailure.owasp(), Some("authn_login_fail"));
        /// assert_eq!("authn_token_reuse".parse::<Kind>()?.level(), Level::Critical);
        /// assert!("authn_login_sucess".parse::<Kind>().is_err()); // what is unknown stays unknown
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        ///
        /// # Source
        /// OWASP Application Logging Vocabulary Cheat Sheet, with its levels.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its name in the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Its name in OWASP's vocabulary, which lacks two of ours.
            pub const fn owasp(self) -> Option<&'static str> {
                match self { $(Self::$kind => $owasp,)* }
            }

            /// The level that an event of it has until told otherwise.
            pub const fn level(self) -> Level {
                match self { $(Self::$kind => Level::$level,)* }
            }

            /// The outcome that an event of it has until told otherwise.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$kind => Outcome::$outcome,)* }
            }
        }
    };
}

kinds! {
    /// A login, token or key was refused.
    AuthenticationFailure "authentication_failure" Some("authn_login_fail"), Warn, Failure;
    /// Somebody asked for what they may not have.
    AuthorizationDenied "authorization_denied" Some("authz_fail"), Critical, Failure;
    /// A caller was too fast.
    RateLimitExceeded "rate_limit_exceeded" Some("excess_rate_limit_exceeded"), Warn, Failure;
    /// Input was not of its type.
    InvalidInputRejected "invalid_input_rejected" Some("input_validation_fail"), Warn, Failure;
    /// A certificate was not accepted.
    CertificateError "certificate_error" None, Warn, Failure;
    /// Several events together look like an attack.
    SuspiciousPatternDetected "suspicious_pattern_detected" None, Critical, Unknown;

    /// A login.
    LoginSuccess "authn_login_success" Some("authn_login_success"), Info, Success;
    /// A login after failed ones.
    LoginSuccessAfterFail "authn_login_successafterfail" Some("authn_login_successafterfail"), Info, Success;
    /// The last failed login that is allowed.
    LoginFailMax "authn_login_fail_max" Some("authn_login_fail_max"), Warn, Failure;
    /// An account was locked.
    LoginLock "authn_login_lock" Some("authn_login_lock"), Warn, Success;
    /// A password was changed.
    PasswordChange "authn_password_change" Some("authn_password_change"), Info, Success;
    /// A password was not changed.
    PasswordChangeFail "authn_password_change_fail" Some("authn_password_change_fail"), Critical, Failure;
    /// One user in two distant places.
    ImpossibleTravel "authn_impossible_travel" Some("authn_impossible_travel"), Critical, Unknown;
    /// A token was issued.
    TokenCreated "authn_token_created" Some("authn_token_created"), Info, Success;
    /// A token was revoked.
    TokenRevoked "authn_token_revoked" Some("authn_token_revoked"), Info, Success;
    /// A revoked or used token was presented.
    TokenReuse "authn_token_reuse" Some("authn_token_reuse"), Critical, Failure;
    /// A token was deleted.
    TokenDelete "authn_token_delete" Some("authn_token_delete"), Warn, Success;
    /// Somebody's entitlements were changed.
    AuthorizationChange "authz_change" Some("authz_change"), Warn, Success;
    /// An administrator did something.
    AdminActivity "authz_admin" Some("authz_admin"), Warn, Success;
    /// Something did not decrypt.
    DecryptFail "crypt_decrypt_fail" Some("crypt_decrypt_fail"), Warn, Failure;
    /// Something was not encrypted.
    EncryptFail "crypt_encrypt_fail" Some("crypt_encrypt_fail"), Warn, Failure;
    /// A file arrived.
    UploadComplete "upload_complete" Some("upload_complete"), Info, Success;
    /// A file was stored.
    UploadStored "upload_stored" Some("upload_stored"), Info, Success;
    /// A file was looked into; critical when it failed.
    UploadValidation "upload_validation" Some("upload_validation"), Info, Success;
    /// A file was deleted.
    UploadDelete "upload_delete" Some("upload_delete"), Info, Success;
    /// A value was not one of a short list that the page offered.
    InputDiscreteFail "input_validation_discrete_fail" Some("input_validation_discrete_fail"), Warn, Failure;
    /// Many requests for what does not exist.
    MaliciousExcess404 "malicious_excess_404" Some("malicious_excess_404"), Warn, Failure;
    /// Input that nobody asked for.
    MaliciousExtraneous "malicious_extraneous" Some("malicious_extraneous"), Critical, Failure;
    /// A tool of attackers showed itself.
    MaliciousAttackTool "malicious_attack_tool" Some("malicious_attack_tool"), Critical, Failure;
    /// A request from a foreign origin.
    MaliciousCors "malicious_cors" Some("malicious_cors"), Critical, Failure;
    /// An object was asked for by its name, past the checks.
    MaliciousDirectReference "malicious_direct_reference" Some("malicious_direct_reference"), Critical, Failure;
    /// An object's permissions were changed.
    PermissionsChanged "privilege_permissions_changed" Some("privilege_permissions_changed"), Warn, Success;
    /// Sensitive data was made.
    SensitiveCreate "sensitive_create" Some("sensitive_create"), Warn, Success;
    /// Sensitive data was read.
    SensitiveRead "sensitive_read" Some("sensitive_read"), Warn, Success;
    /// Sensitive data was changed.
    SensitiveUpdate "sensitive_update" Some("sensitive_update"), Warn, Success;
    /// Sensitive data was deleted.
    SensitiveDelete "sensitive_delete" Some("sensitive_delete"), Warn, Success;
    /// A step was taken out of its order.
    SequenceFail "sequence_fail" Some("sequence_fail"), Critical, Failure;
    /// A session began.
    SessionCreated "session_created" Some("session_created"), Info, Success;
    /// A session was prolonged.
    SessionRenewed "session_renewed" Some("session_renewed"), Info, Success;
    /// A session ended, by time, logout or revocation.
    SessionExpired "session_expired" Some("session_expired"), Info, Success;
    /// An ended session was used.
    SessionUseAfterExpire "session_use_after_expire" Some("session_use_after_expire"), Critical, Failure;
    /// The application started.
    SystemStartup "sys_startup" Some("sys_startup"), Warn, Success;
    /// The application is stopping.
    SystemShutdown "sys_shutdown" Some("sys_shutdown"), Warn, Success;
    /// The application is starting again.
    SystemRestart "sys_restart" Some("sys_restart"), Warn, Success;
    /// The application stopped without having been asked.
    SystemCrash "sys_crash" Some("sys_crash"), Warn, Failure;
    /// A guard was switched off.
    MonitorDisabled "sys_monitor_disabled" Some("sys_monitor_disabled"), Warn, Success;
    /// A guard was switched on.
    MonitorEnabled "sys_monitor_enabled" Some("sys_monitor_enabled"), Warn, Success;
    /// A user was made.
    UserCreated "user_created" Some("user_created"), Warn, Success;
    /// A user was changed.
    UserUpdated "user_updated" Some("user_updated"), Warn, Success;
    /// A user was archived.
    UserArchived "user_archived" Some("user_archived"), Warn, Success;
    /// A user was deleted.
    UserDeleted "user_deleted" Some("user_deleted"), Warn, Success;
}

impl FromStr for Kind {
    type Err = KindError;

    /// Reads either name.
    fn from_str(text: &str) -> Result<Self, KindError> {
        let known = Self::ALL.iter().find(|kind| kind.as_str() == text || kind.owasp() == Some(text));
        known.copied().ok_or(KindError)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Level {
    /// Its name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Outcome {
    /// Its name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text names no kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not the name of a kind of event")]
#[non_exhaustive]
pub struct KindError;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_is_read_back_from_both_names_and_names_differ() {
        let mut names = BTreeSet::new();
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(kind.owasp().unwrap_or(kind.as_str()).parse(), Ok(*kind));
            assert!(names.insert(kind.as_str()) && kind.as_str().len() < 64);
        }
        assert_eq!("Authentication_failure".parse::<Kind>(), Err(KindError));
    }
}
