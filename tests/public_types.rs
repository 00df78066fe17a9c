//! What all public types promise: they cross threads, and their `Debug` shows no secret.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use palisade::audit::{
    AuditError, AuditLog, Builder, ChainKey, Checkpoint, CheckpointError, CheckpointFile, CheckpointStore,
    Counts, Detail, Event, Finding, FindingKind, Fsync, Kind, KindError, Level, LogFile, Outcome, Queue,
    Ratchet, Record, Sink, Tampering, TraceContext, TraceContextError, Verified as VerifiedLog,
    VerifyError as LogVerifyError, WhenFull,
};
use palisade::clock::{Clock, ManualClock, SystemClock};
use palisade::config::{ConfigError, Environment, KeyBytes, Live, Problem, Reason, Value, Watcher};
use palisade::keys::{KeyError, KeyFile, KeyId, KeyInfo, KeyRing, KeyState, Wrapping};
use palisade::password::{
    Acceptable, Budget, BuildError, Ceilings, Defect, Format, HashError, Hasher, HasherBuilder, Policy,
    Refusal, Rules, Scheme, SchemeError, StoredHash, Verified, VerifyError,
};
use palisade::posture::{
    Check, Finding as PostureFinding, Outcome as CheckOutcome, Refusal as PostureRefusal, Report, Severity,
};
use palisade::process::{Exit, Output, ProcessError, Programs, ProgramsBuilder, StrictCommand};
use palisade::random::RandomError;
use palisade::rate_limit::store::{AsyncStore, Limit, Memory, MemoryBuilder, Op, Store, StoreError};
use palisade::rate_limit::{
    Allowed, AnsweredBy, AsyncSharedLimiter, Attempt, Balance, Charge, Decision, Denied, Fields, IpKey,
    LoginDenied, LoginGuard, LoginGuardBuilder, OnError, Quota, RateKey, RateLimitError, RateLimiter,
    RateLimiterBuilder, SharedLimiter, SharedLimiterBuilder, SharedStats, Stats,
};
use palisade::rbac::{
    Authorized, Bound, BoundSubject, Change, Denied as Refused, Explanation, Granted, Guarded, LivePolicy,
    PermSet, Permit, Policy as Rights, PolicyAuthorized, PolicyBuilder, PolicyDenied, PolicyError,
    PolicyGrant, Role, Session,
};
use palisade::redact::{Finding as Redaction, Mask, RedactError, Redactor, Rule, Writer};
use palisade::seal::{Context, OpenReader, Opened, SealError, SealWriter, Sealer};
use palisade::secret::{NotUtf8, SecretBytes, SecretString};
use palisade::session::otp::{
    Algorithm, AsyncCodeStore, CodeStore, CodeStoreError, MemoryCodeStore, Method, Otp, OtpCode, OtpError,
    OtpErrorKind, OtpParameterError, OtpSecret, OtpSecretError, OtpVerifier, ProvisioningUri, RecoveryCodes,
    Verified as VerifiedCode,
};
use palisade::sql::{Dialect, Like, Query, Value as Parameter};
use palisade::token::{
    DigestError, MemoryOnceStore, OnceStore, OnceStoreError, PrefixError, PresentedSplit, SignError, Signer,
    SplitToken, Token, TokenDigest, TokenError, TokenFormat, WellFormed,
};
use palisade::transport::ssh::{SshCommand, SshError, SshErrorKind};
use palisade::validate::{
    Allowlist, CharSpec, Cidr, CidrSet, CommandArg, DnsName, Email, FileName, HeaderValue, Hostname,
    IdnHostname, Invalid, Pattern, PatternError, Port, RelPath, RfcEmail, SafeLines, SafeText, SqlIdent, Uri,
    Username, Uuid,
};

use palisade::web::{
    CacheRule, CookieError, CorsBuilder, CorsDecision, CorsError, CorsPolicy, CorsProblem, Csp, CspBuilder,
    CspError, CspProblem, CsrfGuard, CsrfRefusal, CsrfRequest, CsrfTokenError, CsrfTokens, Directive,
    Embedder, Hsts, Nonce, Opener, Permission, PermissionsPolicy, Preflight, ReferrerPolicy, RenderContext,
    Resource, SealedCookie, SecurityHeaders, SessionCookie, SignedCookie, Source, XssProtection,
};

palisade::permissions! {
    /// One permission.
    pub enum Perm in perm { Do = "do" }
}

const fn crosses_threads<T: Send + Sync + ?Sized>() {}

const _: () = {
    crosses_threads::<dyn Clock>();
    crosses_threads::<(ManualClock, SystemClock)>();
    crosses_threads::<(ConfigError, Environment, KeyBytes<32>, Problem, Reason, Value)>();
    crosses_threads::<Live<SecretString>>();
    crosses_threads::<(Budget, BuildError, Ceilings, Defect, HashError, Hasher, HasherBuilder, Scheme)>();
    crosses_threads::<(StoredHash, Verified, VerifyError)>();
    crosses_threads::<(Acceptable<'static>, Format, Policy, Refusal, Rules, SchemeError)>();
    crosses_threads::<(Redaction, Mask, RedactError, Redactor, Rule, Writer<Vec<u8>>)>();
    crosses_threads::<(palisade::redact::Builder, palisade::redact::Counts, palisade::redact::Kind)>();
    crosses_threads::<(Allowed, Attempt<'static>, Balance, Charge<'static>, Decision, Denied, Fields, IpKey)>(
    );
    crosses_threads::<(LoginDenied, LoginGuard, LoginGuardBuilder, Quota, RateKey, RateLimitError)>();
    crosses_threads::<(RateLimiter, RateLimiterBuilder, Stats)>();
    crosses_threads::<(AnsweredBy, AsyncSharedLimiter, OnError, SharedLimiter, SharedStats)>();
    crosses_threads::<SharedLimiterBuilder<dyn Store>>();
    crosses_threads::<SharedLimiterBuilder<dyn AsyncStore>>();
    crosses_threads::<(Limit<'static>, Memory, MemoryBuilder, Op, StoreError)>();
    #[cfg(feature = "redis")]
    {
        use palisade::rate_limit::store::redis::{AsyncRedis, Redis, RedisBuildError, RedisBuilder};
        crosses_threads::<(AsyncRedis, Redis, RedisBuildError, RedisBuilder)>();
        is_error::<RedisBuildError>();
    }
    crosses_threads::<(Authorized<'static, perm::Do, u8>, Granted<'static, perm::Do>, Permit<u8, perm::Do>)>(
    );
    #[cfg(feature = "tower")]
    {
        use palisade::rbac::{GuardedFuture, GuardedService, Refused, RequirePermission};
        crosses_threads::<(GuardedFuture<u8>, GuardedService<u8, perm::Do, u8>, Refused)>();
        crosses_threads::<RequirePermission<u8, perm::Do>>();
        is_error::<Refused>();
    }
    #[cfg(feature = "axum")]
    crosses_threads::<(palisade::rbac::DeclaredRoute, palisade::rbac::GuardedRouter)>();
    crosses_threads::<(Bound<Perm>, BoundSubject<Perm>, PermSet<Perm>, Role<Perm>, Guarded<perm::Do, u8>)>();
    crosses_threads::<(Change, Explanation<'static>, LivePolicy, Rights, PolicyAuthorized<'static, u8>)>();
    crosses_threads::<(PolicyBuilder, PolicyDenied, PolicyError, PolicyGrant<'static>, Refused, Session)>();
    crosses_threads::<(RandomError, NotUtf8, SecretBytes, SecretString)>();
    crosses_threads::<(DigestError, PrefixError, PresentedSplit<'static>, SplitToken, Token)>();
    crosses_threads::<(KeyError, KeyFile, KeyId, KeyInfo, KeyRing, KeyState, Wrapping, Watcher)>();
    crosses_threads::<(Context, OpenReader<&[u8]>, Opened, SealError, SealWriter<Vec<u8>>, Sealer)>();
    crosses_threads::<(Algorithm, MemoryCodeStore, Method, Otp, OtpCode, OtpSecret, OtpVerifier<u8>)>();
    crosses_threads::<(ProvisioningUri, RecoveryCodes, VerifiedCode, CodeStoreError, OtpError)>();
    crosses_threads::<(OtpErrorKind, OtpParameterError, OtpSecretError)>();
    crosses_threads::<dyn CodeStore>();
    crosses_threads::<dyn AsyncCodeStore>();
    {
        use palisade::session::store::{AsyncStore, Memory, Store, StoreError};
        crosses_threads::<Memory>();
        crosses_threads::<(Box<dyn Store>, Box<dyn AsyncStore>)>();
        is_error::<StoreError>();
    }
    #[cfg(feature = "postgres")]
    crosses_threads::<palisade::session::store::Postgres<std::sync::Arc<tokio_postgres::Client>>>();
    #[cfg(feature = "redis")]
    crosses_threads::<palisade::session::store::Redis>();
    #[cfg(feature = "rusqlite")]
    crosses_threads::<palisade::session::store::Sqlite>();
    crosses_threads::<(Cidr, CidrSet, Port, Uri)>();
    #[cfg(feature = "url")]
    {
        use palisade::validate::{
            LocalTarget, Origin, OutboundUrl, PinnedTarget, Redirects, SystemResolver, TargetError, UrlPolicy,
        };
        crosses_threads::<(LocalTarget, Origin, OutboundUrl, PinnedTarget, Redirects<'static>)>();
        crosses_threads::<(SystemResolver, TargetError, UrlPolicy)>();
        is_error::<TargetError>();
    }
    #[cfg(feature = "reqwest")]
    crosses_threads::<palisade::validate::reqwest::OutboundClient>();
    crosses_threads::<(MemoryOnceStore, OnceStoreError, SignError, Signer)>();
    crosses_threads::<dyn OnceStore + Send + Sync>();
    crosses_threads::<(AuditError, AuditLog, AuditLog<Vec<u8>>, Builder, ChainKey, Queue, Ratchet, LogFile)>(
    );
    crosses_threads::<(Checkpoint, CheckpointError, CheckpointFile, Counts, Detail, Event, Record<'static>)>(
    );
    crosses_threads::<(Finding, FindingKind, Fsync, Kind, KindError, Level, Outcome, Tampering, WhenFull)>();
    crosses_threads::<(TraceContext, TraceContextError, VerifiedLog, LogVerifyError)>();
    crosses_threads::<dyn CheckpointStore>();
    crosses_threads::<dyn Sink>();
    #[cfg(feature = "tls")]
    {
        use palisade::transport::tls::{
            HardenedClient, HardenedClientBuilder, HardenedServer, HardenedServerBuilder, Identity, Pin,
            Refusal, Roots, TlsError, TlsErrorKind,
        };
        crosses_threads::<(HardenedClient, HardenedClientBuilder, HardenedServer, HardenedServerBuilder)>();
        crosses_threads::<(Identity, Pin, Refusal, Roots, TlsErrorKind)>();
        is_error::<Refusal>();
        is_error::<TlsError>();
    }
    crosses_threads::<(Allowlist<&'static str>, Pattern, PatternError, SqlIdent)>();
    crosses_threads::<(Dialect, Like, Parameter, Query)>();
    crosses_threads::<(TokenDigest, TokenError, TokenFormat, WellFormed<'static>)>();
    crosses_threads::<(DnsName, Email, Hostname, IdnHostname, RfcEmail)>();
    crosses_threads::<(CharSpec, CommandArg, FileName, HeaderValue, RelPath, SafeLines, SafeText, Username)>(
    );
    crosses_threads::<(Invalid, Uuid)>();
    {
        use palisade::session::store::{Memory, StoreError};
        use palisade::session::{
            AsyncSessions, Issued, Login, Proven, Record, Session, SessionError, SessionInfo, Sessions,
            SessionsBuildError, SessionsBuilder, StepUp, Visitor,
        };
        crosses_threads::<(Sessions<Memory>, AsyncSessions<Memory>, SessionsBuilder<Memory>, Memory)>();
        crosses_threads::<(Issued<Session>, Issued<Visitor>, Login, Proven<'static, ()>, Record, SessionInfo)>(
        );
        #[cfg(feature = "tokio")]
        crosses_threads::<palisade::session::store::Blocking<Memory>>();
        is_error::<SessionError>();
        is_error::<SessionsBuildError>();
        is_error::<StepUp>();
        is_error::<StoreError>();
    }
    crosses_threads::<(SshCommand, SshError, SshErrorKind)>();
    crosses_threads::<(Check, PostureFinding, CheckOutcome, PostureRefusal, Report, Severity)>();
    crosses_threads::<(Exit, Output, ProcessError, Programs, ProgramsBuilder, StrictCommand)>();
    crosses_threads::<(CacheRule, Embedder, Hsts, Nonce, Opener, ReferrerPolicy, Resource, XssProtection)>();
    crosses_threads::<(CorsBuilder, CorsDecision, CorsPolicy, Csp, CspBuilder, Directive, Preflight<'static>)>(
    );
    crosses_threads::<(CsrfGuard, CsrfRequest<'static>, CsrfTokens, Permission, PermissionsPolicy)>();
    crosses_threads::<(
        RenderContext<'static>,
        SealedCookie,
        SecurityHeaders,
        SessionCookie,
        SignedCookie,
        Source,
    )>();
    {
        use palisade::doctor::{Finding, Refusal, Report};
        crosses_threads::<(Finding, Refusal, Report)>();
        is_error::<Refusal>();
    }
    #[cfg(feature = "tower")]
    {
        use palisade::web::{
            ClientIp, Hardened, HardenedFuture, HardenedLayer, PeerAddr, Refused, RequestId, Settings,
        };
        crosses_threads::<(
            ClientIp,
            Hardened<()>,
            HardenedFuture<()>,
            HardenedLayer,
            PeerAddr,
            RequestId,
            Settings,
        )>();
        is_error::<Refused>();
    }
    #[cfg(feature = "files")]
    {
        use palisade::validate::{BaseDir, BaseDirError, BaseDirErrorKind};
        crosses_threads::<(BaseDir, BaseDirError, BaseDirErrorKind)>();
        is_error::<BaseDirError>();
    }
};

const fn is_error<E: std::error::Error + Send + Sync + 'static>() {}

const _: () = {
    is_error::<ConfigError>();
    is_error::<Problem>();
    is_error::<BuildError>();
    is_error::<HashError>();
    is_error::<Refusal>();
    is_error::<SchemeError>();
    is_error::<VerifyError>();
    is_error::<Invalid>();
    is_error::<LoginDenied>();
    is_error::<RateLimitError>();
    is_error::<PatternError>();
    is_error::<PolicyDenied>();
    is_error::<PolicyError>();
    is_error::<Refused>();
    is_error::<RandomError>();
    is_error::<StoreError>();
    is_error::<NotUtf8>();
    is_error::<DigestError>();
    is_error::<PrefixError>();
    is_error::<TokenError>();
    is_error::<KeyError>();
    is_error::<AuditError>();
    is_error::<CheckpointError>();
    is_error::<KindError>();
    is_error::<LogVerifyError>();
    is_error::<TraceContextError>();
    is_error::<CodeStoreError>();
    is_error::<OtpError>();
    is_error::<OtpErrorKind>();
    is_error::<OtpParameterError>();
    is_error::<OtpSecretError>();
    is_error::<SealError>();
    is_error::<SignError>();
    is_error::<OnceStoreError>();
    is_error::<Invalid>();
    is_error::<PostureRefusal>();
    is_error::<SshError>();
    is_error::<ProcessError>();
    is_error::<CookieError>();
    is_error::<CorsError>();
    is_error::<CorsProblem>();
    is_error::<CspError>();
    is_error::<CspProblem>();
    is_error::<CsrfRefusal>();
    is_error::<CsrfTokenError>();
};

#[test]
fn debug_shows_no_secret() {
    let secret = "hunter2hunter2";
    let bytes = SecretBytes::from(secret.as_bytes());
    assert_eq!(format!("{bytes:?} {:?}", SecretString::from(secret)), "SecretBytes SecretString");
    assert_eq!(format!("{:?}", Value::exact(bytes)), "Value { bytes: SecretBytes, file: false }");
    let environment = Environment::from_vars([("A_SECRET", secret)]);
    assert_eq!(format!("{environment:?}"), "Environment");

    let token = Token::generate().unwrap();
    assert!(!format!("{token:?} {:?}", token.digest()).contains(&token.digest().to_hex()));
    let split = SplitToken::generate().unwrap();
    let presented = SplitToken::parse(split.expose()).unwrap();
    assert_eq!(format!("{token:?} {split:?} {presented:?}"), "Token SplitToken PresentedSplit");
    let format = TokenFormat::new("k").unwrap();
    let key = format.generate().unwrap();
    assert_eq!(format!("{:?}", format.check(key.expose()).unwrap()), "WellFormed");
}
