use palisade::secret::SecretString;

palisade::secrets! {
    /// What the environment, or files that it names, may tell the service. All of it is optional.
    pub(crate) struct Secrets {
        postgres_url: "POSTGRES_URL" as Option<SecretString>,
        redis_url: "REDIS_URL" as Option<SecretString>,
        keys_passphrase: "KEYS_PASSPHRASE" as Option<SecretString> { min_len: 15 },
    }
}
