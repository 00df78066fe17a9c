//! The formats: one row for each prefix and what follows it.

/// One format of one provider.
pub(super) struct Row {
    pub(super) provider: &'static str,
    /// What the token starts with, or the mark in it that is easiest to find.
    pub(super) prefixes: &'static [&'static str],
    /// Tells how many bytes before a mark belong to the token, and `None` when they do not fit.
    pub(super) before: Option<Before>,
    /// The bytes that may follow the prefix, as a set of [`class`]es.
    pub(super) alphabet: u32,
    /// So many of them must follow, and are what `check` is shown. More are taken unless the length is `exact`.
    pub(super) least: usize,
    pub(super) exact: bool,
    pub(super) check: fn(&[u8]) -> bool,
}

type Before = fn(&[u8]) -> Option<usize>;

impl Row {
    const fn exactly(self) -> Self {
        Self { exact: true, ..self }
    }

    const fn check(self, check: fn(&[u8]) -> bool) -> Self {
        Self { check, ..self }
    }

    const fn after(self, before: Before) -> Self {
        Self { before: Some(before), ..self }
    }
}

const fn row(provider: &'static str, prefixes: &'static [&'static str], alphabet: u32, least: usize) -> Row {
    Row { provider, prefixes, before: None, alphabet, least, exact: false, check: filled }
}

/// By provider. A prefix that is a word, or next to one, asks for an exact length or a stricter check.
#[rustfmt::skip] // one row, one line
pub(super) static ROWS: &[Row] = &[
    row("1password", &["A3-"], UPPER | DIGIT | DASH, 32).check(|body| groups(body, b'-') >= 5 && random(body)),
    row("1password", &["ops_eyJ"], BASE64 | WORD, 80),
    row("adafruit", &["aio_"], ALNUM, 28).exactly().check(random),
    row("adyen", &["AQE"], BASE64 | DASH, 60).check(|body| body.get(1..3) == Some(b"hm")),
    row("age", &["AGE-SECRET-KEY-1", "AGE-SECRET-KEY-PQ-1"], UPPER | DIGIT, 58).check(anything),
    row("airtable", &["pat"], ALNUM | DOT, 79).check(|body| groups_of(body, b'.', &[14, 64])),
    row("aiven", &["AVNS_"], WORD, 19).check(random),
    row("akamai", &["akab-"], LOWER | DIGIT | DASH, 33).check(|body| groups_of(body, b'-', &[16, 16])),
    row("alchemy", &["alcht_"], ALNUM, 30),
    row("alibaba", &["LTAI"], ALNUM, 16).check(random),
    row("amazon", &["Atza|", "Atzr|"], WORD, 80),
    row("amazon", &["amzn.mws."], HEX | DASH, 36).check(uuid),
    row("amazon", &["amzn1.oa2-cs.v1."], LOWER_HEX, 64),
    row("anthropic", &["sk-ant-"], WORD, 40).check(random),
    row("apify", &["apify_api_", "apify_proxy_"], ALNUM, 30),
    row("asaas", &["aact_"], WORD | BASE64 | COLON, 60),
    row("asana", &["0/", "1/", "2/"], DIGIT | LOWER_HEX | SLASH | COLON, 49).check(asana),
    row("atlassian", &["ATATT3", "ATCTT3", "ATSTT3"], WORD | EQUALS, 60),
    row("aws", &["ABIA", "ACCA", "AKIA"], BASE32, 16).exactly().check(spread),
    row("aws", &["ASIA"], BASE32, 16).exactly().check(|body| spread(body) && has(body, DIGIT)),
    row("aws-bedrock", &["ABSKQmVkcm9ja0FQSUtleS"], BASE64, 60).check(random),
    row("aws-bedrock", &["bedrock-api-key-"], BASE64 | PERCENT | WORD, 60),
    row("axiom", &["xaat-", "xapt-"], HEX | DASH, 36).check(uuid),
    row("azure-ad", &["~"], WORD | DOT | TILDE, 31).after(azure).check(random),
    row("backblaze", &["K001", "K002", "K003", "K004", "K005"], BASE64, 27).exactly().check(mixed),
    row("beamer", &["b_"], BASE64, 44).exactly().check(|body| body.ends_with(b"=") && mixed(body)),
    row("bip32", &["tprv", "xprv", "yprv", "zprv"], ALNUM, 107).exactly(),
    row("bitbucket", &["ATBB"], ALNUM, 32).check(random),
    row("bitwarden", &["0."], WORD | BASE64 | DOT | COLON, 90).check(|body| body.get(..36).is_some_and(uuid)),
    row("blockfrost", &["mainnet", "preprod", "preview"], ALNUM, 32).exactly().check(mixed),
    row("braintree", &["access_token$production$", "access_token$sandbox$"], LOWER | DIGIT | DOLLAR, 49),
    row("brevo", &["xkeysib-", "xsmtpsib-"], ALNUM | DASH, 80),
    row("browserbase", &["bb_live_", "bb_test_"], WORD, 20).check(random),
    row("buildkite", &["bkct_", "bkua_"], ALNUM, 40),
    row("cal-com", &["cal_live_"], LOWER_HEX, 32),
    row("canva", &["cnvca"], WORD, 40).check(random),
    row("cartesia", &["sk_car_"], WORD, 20).check(random),
    row("cerebras", &["csk-"], LOWER | DIGIT, 48),
    row("checkly", &["cu_"], LOWER_HEX, 32).exactly(),
    row("checkout", &["pk_", "pk_test_", "sk_", "sk_test_"], LOWER_HEX | DASH, 36).check(uuid),
    row("checkout", &["pk_sbox_", "sk_sbox_"], LOWER | DIGIT, 26),
    row("circleci", &["CCIPAT_", "CCIPRJ_"], ALNUM | UNDER, 50),
    row("clickhouse", &["4b1d"], ALNUM, 38).exactly().check(mixed),
    row("clickup", &["pk_"], UPPER | DIGIT | UNDER, 36).check(clickup),
    row("clojars", &["CLOJARS_"], HEX, 60),
    row("close", &["api_"], ALNUM | DOT, 45).check(|body| groups_of(body, b'.', &[22, 22])),
    row("cloudflare", &["cfat_", "cfk_", "cfut_"], ALNUM, 40).check(random),
    row("cloudflare", &["v1.0-"], LOWER_HEX | DASH, 171).check(|body| groups_of(body, b'-', &[24, 146])),
    row("cloudinary", &["cloudinary://"], WORD | COLON | AT, 43).check(cloudinary),
    row("cockroachdb", &["CCDB1_"], ALNUM | UNDER, 60),
    row("configcat", &["configcat-sdk-1/"], WORD | SLASH, 45),
    row("confluent", &["cflt"], BASE64, 60),
    row("contentful", &["CFPAT-"], WORD, 43),
    row("coralogix", &["cxtp_", "cxup_"], ALNUM, 30),
    row("courier", &["dk_prod_", "pk_prod_"], UPPER | DIGIT, 28),
    row("crates-io", &["cio"], ALNUM, 32).exactly().check(mixed),
    row("crunchy-bridge", &["cbkey_"], ALNUM, 20),
    row("databento", &["db-"], ALNUM, 29).exactly().check(mixed),
    row("databricks", &["dapi", "dose"], LOWER_HEX | DASH, 32),
    row("datadog", &["pub"], LOWER_HEX, 32).exactly(),
    row("dbt", &["dbtc_", "dbts_", "dbtu_"], WORD, 40).check(random),
    row("deepseek", &["sk-"], LOWER_HEX, 32).exactly(),
    row("defined-networking", &["dnkey-"], WORD | EQUALS, 50),
    row("deno", &["ddo_", "ddp_", "ddw_"], ALNUM, 36),
    row("depot", &["depot_org_", "depot_project_", "depot_user_"], LOWER_HEX, 64),
    row("digitalocean", &["DO00"], UPPER | DIGIT, 16).exactly().check(random),
    row("digitalocean", &["doo_v1_", "dop_v1_", "dor_v1_"], LOWER_HEX, 64),
    row("discord", &["MD", "MT", "Mj", "Mz", "ND", "NT", "Nj", "Nz", "OD", "OT"], WORD | DOT, 57).check(discord),
    row("discord", &["api/webhooks/"], WORD | SLASH, 78).check(discord_webhook),
    row("discord", &["mfa."], WORD, 80),
    row("dnsimple", &["dnsimple_a_", "dnsimple_u_"], ALNUM, 32),
    row("docker", &["dckr_oat_", "dckr_pat_"], WORD, 27),
    row("doppler", &["dp.audit.", "dp.ct.", "dp.pt.", "dp.sa.", "dp.scim.", "dp.st."], WORD | DOT, 40),
    row("dropbox", &["sl."], WORD | DOT | EQUALS, 120).check(random),
    row("dub", &["dub_"], ALNUM, 24).exactly().check(random),
    row("duffel", &["duffel_live_", "duffel_test_"], WORD | EQUALS, 40),
    row("dynatrace", &["dt0c01.", "dt0e01.", "dt0s01.", "dt0s02.", "dt0s08.", "dt0s16."], UPPER | DIGIT | DOT, 80),
    row("e2b", &["e2b_"], LOWER_HEX, 40),
    row("easypost", &["EZAK", "EZTK"], ALNUM, 54),
    row("ebay", &["PRD-", "SBX-"], LOWER_HEX | DASH, 32).check(|body| groups(body, b'-') == 4 && random(body)),
    row("elastic", &["essu_"], BASE64 | WORD, 60),
    row("elevenlabs", &["sk_"], LOWER_HEX, 48).exactly(),
    row("exoscale", &["EXO"], LOWER_HEX, 24).exactly(),
    row("facebook", &["EAA"], ALNUM, 80),
    row("facebook", &["|"], WORD, 27).exactly().after(|before| numbers(before, 13, 17)).check(random),
    row("figma", &["figd_", "figu_"], WORD, 36),
    row("firebase", &["APA91b"], WORD, 100).after(|before| parts(before, &[(b':', WORD, 11)])),
    row("firecrawl", &["fc-"], LOWER_HEX, 32).exactly(),
    row("fireworks", &["fw_"], ALNUM, 22).check(random),
    row("flagsmith", &["ser."], ALNUM, 22).exactly().check(mixed),
    row("flutterwave", &["FLWPUBK-", "FLWPUBK_TEST-", "FLWSECK-", "FLWSECK_TEST", "FLWSECK_TEST-"], ALNUM | DASH, 12),
    row("flyio", &["fm1_", "fm1a_", "fm1r_", "fm2_"], BASE64 | WORD, 80),
    row("flyio", &["fo1_"], WORD, 43),
    row("frameio", &["fio-u-"], WORD | EQUALS, 60),
    row("github", &["gho_", "ghp_", "ghr_", "ghu_"], ALNUM, 36),
    row("github", &["ghs_"], WORD | DOT, 36),
    row("github", &["github_pat_"], ALNUM | UNDER, 60),
    row("github", &["v1."], LOWER_HEX, 40).exactly(),
    row("gitlab", &["GR1348941"], WORD, 20),
    row("gitlab", &["glagent-", "glcbt-", "gldt-", "glffct-", "glft-", "glimt-", "glpat-", "glrt-", "glrtr-", "glsoat-", "glwt-"], WORD | DOT, 20),
    row("gitlab", &["gloas-"], WORD, 64),
    row("gitlab", &["glptt-"], LOWER_HEX, 40),
    row("gocardless", &["live_", "sandbox_"], WORD | EQUALS, 40).exactly().check(random),
    row("google", &["1//0"], WORD, 40).check(random),
    row("google", &["AIza"], WORD, 35).check(random),
    row("google", &["AQ.Ab8"], WORD, 40),
    row("google", &["GOCSPX-"], WORD, 28),
    row("google", &["ya29."], WORD | DOT, 40).check(random),
    row("grafana", &["eyJrIjoi"], BASE64, 60),
    row("grafana", &["glc_"], BASE64, 32).check(random),
    row("grafana", &["glsa_"], ALNUM | UNDER, 41),
    row("groq", &["gsk_"], ALNUM, 48),
    row("growthbook", &["secret_admin_", "secret_readonly_", "secret_user_"], ALNUM, 32),
    row("harness", &["pat.", "sat."], WORD | DOT, 68).check(|body| groups_of(body, b'.', &[22, 24, 20])),
    row("helicone", &["pk-helicone-", "sk-helicone-"], WORD, 28).check(random),
    row("heroku", &["HRKU-"], WORD, 36),
    row("honeycomb", &["hcaic_", "hcaik_", "hcalk_", "hcamk_", "hcbik_", "hcxik_", "hcxlk_", "hcxmk_"], LOWER | DIGIT, 40),
    row("hubspot", &["pat-ap1-", "pat-eu1-", "pat-na1-", "pat-na2-"], HEX | DASH, 36).check(uuid),
    row("hugging-face", &["api_org_", "hf_"], ALNUM, 34).exactly().check(shuffled),
    row("infracost", &["ico-"], ALNUM, 32),
    row("inngest", &["signkey-branch-", "signkey-prod-", "signkey-test-"], LOWER_HEX, 32),
    row("instagram", &["IGAA", "IGQV"], WORD, 100),
    row("intercom", &["dG9rO"], BASE64, 50),
    row("intra42", &["s-s4t2af-", "s-s4t2ud-", "u-s4t2af-", "u-s4t2ud-"], LOWER_HEX, 64),
    row("jfrog", &["AKCp"], ALNUM, 64),
    row("jfrog", &["cmVmdGtu"], ALNUM, 56),
    row("jina", &["jina_"], WORD, 56),
    row("jsr", &["jsrd_", "jsrp_", "jsrw_"], ALNUM, 30),
    row("kaggle", &["KGAT_"], LOWER_HEX, 32),
    row("klaviyo", &["pk_"], LOWER_HEX, 34).exactly(),
    row("langfuse", &["pk-lf-", "sk-lf-"], LOWER_HEX | DASH, 36).check(uuid),
    row("langsmith", &["ls__"], LOWER_HEX, 32).exactly(),
    row("langsmith", &["lsv2_pt_", "lsv2_sk_"], LOWER_HEX | UNDER, 42),
    row("launchdarkly", &["api-", "mob-", "sdk-"], LOWER_HEX | DASH, 36).exactly().check(uuid),
    row("lichess", &["lio_", "lip_"], ALNUM, 20).exactly().check(mixed),
    row("linear", &["lin_api_", "lin_oauth_", "lin_wh_"], ALNUM, 32),
    row("liveblocks", &["pk_dev_", "pk_prod_", "sk_dev_", "sk_prod_"], WORD, 40).check(random),
    row("lob", &["live_", "test_"], LOWER_HEX, 35).exactly(),
    row("lob", &["live_pub_", "test_pub_"], LOWER_HEX, 31).exactly(),
    row("locationiq", &["pk."], LOWER_HEX, 32).exactly(),
    row("logfire", &["pylf_v1_", "pylf_v2_"], ALNUM | UNDER, 43).check(random),
    row("mailchimp", &["us1", "us2", "us3", "us4", "us5", "us6", "us7", "us8", "us9"], DIGIT, 0).check(anything).after(|before| parts(before, &[(b'-', LOWER_HEX, 32)])),
    row("mailersend", &["mlsn."], LOWER_HEX, 64),
    row("mailgun", &["key-", "pubkey-"], LOWER_HEX, 32).exactly(),
    row("mapbox", &["pk.eyJ", "sk.eyJ", "tk.eyJ"], WORD | DOT, 60),
    row("matrix", &["syt_"], WORD, 30).check(random),
    row("maxmind", &["mmk"], ALNUM, 0).exactly().check(anything).after(|before| parts(before, &[(b'_', ALNUM, 29), (b'_', ALNUM, 6)])),
    row("mem0", &["m0-"], ALNUM, 40).exactly().check(mixed),
    row("mercadopago", &["APP_USR-"], WORD, 40),
    row("mercury", &["mercury_production_", "mercury_sandbox_"], WORD, 30),
    row("midtrans", &["Mid-client-", "Mid-server-", "SB-Mid-client-", "SB-Mid-server-"], WORD, 14),
    row("modal", &["ak-", "as-"], ALNUM, 22).exactly().check(mixed),
    row("mollie", &["live_", "test_"], ALNUM, 30).exactly().check(random),
    row("mongodb", &["mdb_sa_sk_"], WORD, 36),
    row("n8n", &["n8n_api_"], ALNUM, 40),
    row("nats", &["SAA", "SCA", "SNA", "SOA", "SUA", "SXA"], BASE32, 55).exactly(),
    row("near", &["ed25519:"], ALNUM, 80),
    row("neon", &["napi_"], LOWER | DIGIT, 40),
    row("netbird", &["nbp_"], ALNUM, 36),
    row("netlify", &["nfb_", "nfc_", "nfo_", "nfp_", "nfu_"], ALNUM, 36),
    row("new-relic", &["NRAK-", "NRIQ-"], ALNUM, 27),
    row("new-relic", &["NRII-"], WORD, 32),
    row("new-relic", &["NRJS-"], LOWER_HEX, 19),
    row("new-relic", &["NRRA-"], LOWER_HEX, 42),
    row("ngrok", &["ak_2", "ak_3", "cr_2", "cr_3"], ALNUM, 26).exactly().check(mixed),
    row("nightfall", &["NF-"], ALNUM, 32).exactly().check(random),
    row("nostr", &["nsec1"], LOWER | DIGIT, 58).exactly(),
    row("notion", &["ntn_"], ALNUM, 40),
    row("notion", &["secret_"], ALNUM, 43).exactly().check(random),
    row("npm", &["npm_"], ALNUM, 36),
    row("nuget", &["oy2"], LOWER | DIGIT, 43).exactly().check(random),
    row("nvidia", &["nvapi-"], WORD, 60),
    row("nylas", &["nyk_v0_"], ALNUM, 50),
    row("octopus", &["API-"], UPPER | DIGIT, 25).check(random),
    row("okta", &["00"], WORD, 40).exactly().check(mixed),
    row("omise", &["pkey_", "pkey_test_", "skey_", "skey_test_"], LOWER | DIGIT, 19).exactly().check(random),
    row("onesignal", &["os_v2_app_", "os_v2_org_"], LOWER | DIGIT, 80),
    row("openai", &["sess-", "sk-"], ALNUM, 40).check(random),
    row("openai", &["sk-None-", "sk-admin-", "sk-proj-", "sk-svcacct-"], WORD, 40).check(random),
    row("openrouter", &["sk-or-v1-"], LOWER_HEX, 64),
    row("openshift", &["sha256~"], WORD, 43),
    row("ory", &["ory_ac_", "ory_apikey_", "ory_at_", "ory_pat_", "ory_rt_", "ory_st_", "ory_wak_"], WORD | DOT, 32),
    row("packagist", &["packagist_"], LOWER | DIGIT | UNDER, 60).check(random),
    row("paddle", &["pdl_live_", "pdl_ntfset_", "pdl_sdbx_"], ALNUM | UNDER, 40),
    row("pagerduty", &["pdeu+_", "pdus+_"], WORD, 30),
    row("paseto", &["k1.local.", "k1.secret.", "k2.local.", "k2.secret.", "k3.local.", "k3.secret.", "k4.local.", "k4.secret."], WORD, 43),
    row("paseto", &["v1.local.", "v1.public.", "v2.local.", "v2.public.", "v3.local.", "v3.public.", "v4.local.", "v4.public."], WORD | DOT, 60),
    row("perplexity", &["pplx-"], ALNUM, 40),
    row("persona", &["persona_production_", "persona_sandbox_"], HEX | DASH, 36),
    row("pinecone", &["pcsk_"], ALNUM | UNDER, 60),
    row("pinterest", &["pina_"], ALNUM, 40),
    row("plaid", &["access-development-", "access-production-", "access-sandbox-"], LOWER_HEX | DASH, 36).check(uuid),
    row("planetscale", &["pscale_oauth_", "pscale_otkn_", "pscale_pw_", "pscale_tkn_"], WORD | DOT | EQUALS, 32),
    row("polar", &["polar_cit_", "polar_oat_", "polar_pat_", "polar_rt_", "polar_whs_"], WORD, 30),
    row("portainer", &["ptr_"], BASE64, 43).check(random),
    row("posthog", &["phc_", "phr_", "phs_", "phx_"], WORD, 32).check(random),
    row("postman", &["PMAK-"], LOWER_HEX | DASH, 59).check(|body| groups_of(body, b'-', &[24, 34])),
    row("postman", &["PMAT-"], UPPER | DIGIT, 26),
    row("prefect", &["pnb_", "pnu_"], ALNUM, 36),
    row("pulumi", &["pul-"], LOWER_HEX, 40),
    row("pypi", &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZ"], WORD, 50),
    row("rancher", &["token-"], LOWER | DIGIT | COLON, 60).check(|body| groups_of(body, b':', &[5, 54])),
    row("razorpay", &["rzp_live_", "rzp_test_"], ALNUM, 14).exactly(),
    row("readme", &["rdme_"], LOWER | DIGIT, 60),
    row("render", &["rnd_"], ALNUM, 28).check(random),
    row("replicate", &["r8_"], ALNUM, 37).check(random),
    row("resend", &["re_"], ALNUM | UNDER, 33).exactly().check(|body| groups_of(body, b'_', &[8, 24]) && random(body)),
    row("rfc8959", &["secret-token:"], ALNUM | DASH | UNDER | DOT | TILDE | PERCENT, 20),
    row("roblox", &["WARNING:-DO-NOT-SHARE-THIS"], WORD | DOT | BAR, 100).after(|before| before.ends_with(b"_|").then_some(2)),
    row("rootly", &["rootly_"], LOWER_HEX, 64),
    row("rubygems", &["rubygems_"], LOWER_HEX, 48),
    row("runpod", &["rpa_"], ALNUM, 40),
    row("salesforce", &["00D"], WORD | DOT | BANG, 80).check(salesforce),
    row("scaleway", &["SCW"], UPPER | DIGIT, 17).exactly().check(random),
    row("scalingo", &["tk-us-"], WORD, 48),
    row("segment", &["sgp_"], ALNUM, 64).exactly().check(mixed),
    row("sendgrid", &["SG."], WORD | DOT | EQUALS, 60).check(random),
    row("sentry", &["sntrya_", "sntryu_"], LOWER_HEX, 64),
    row("sentry", &["sntrys_"], BASE64 | UNDER, 60),
    row("settlemint", &["sm_aat_", "sm_pat_", "sm_sat_"], ALNUM, 16),
    row("shippo", &["shippo_live_", "shippo_test_"], LOWER_HEX, 40),
    row("shopify", &["shpat_", "shpca_", "shppa_", "shpss_", "shptka_", "shpua_"], HEX, 32),
    row("slack", &["services/T", "triggers/E", "triggers/T", "workflows/E", "workflows/T"], ALNUM | SLASH, 36).check(slack_webhook),
    row("slack", &["xapp-"], WORD, 40).check(random),
    row("slack", &["xoxa-", "xoxb-", "xoxc-", "xoxe-", "xoxe.xoxb-", "xoxe.xoxp-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"], WORD, 11).check(slack),
    row("slack", &["xoxd-"], WORD | BASE64 | PERCENT, 60),
    row("snyk", &["snyk_sat.", "snyk_uat."], WORD | DOT, 40),
    row("socket", &["sktsec_"], WORD, 36),
    row("sonarqube", &["sqa_", "sqp_", "squ_"], LOWER_HEX, 40),
    row("sourcegraph", &["sgd_", "sgp_", "sgp_local_"], HEX | UNDER, 40),
    row("sourcegraph", &["slk_"], LOWER_HEX, 64),
    row("square", &["EAAA"], WORD, 56),
    row("square", &["sq0atp-", "sq0csp-", "sq0idp-"], WORD, 22),
    row("standard-webhooks", &["whsk_"], BASE64, 40),
    row("statsig", &["secret-"], ALNUM, 40).check(random),
    row("stripe", &["pk_live_", "pk_test_", "rk_live_", "rk_prod_", "rk_test_", "sk_live_", "sk_org_live_", "sk_prod_", "sk_test_"], ALNUM, 16).check(random),
    row("stripe", &["whsec_"], BASE64 | WORD, 24).check(random),
    row("stytch", &["secret-live-", "secret-test-"], WORD | EQUALS, 36).check(random),
    row("supabase", &["sb_publishable_", "sb_secret_"], WORD, 30).check(random),
    row("supabase", &["sbp_", "sbp_oauth_"], LOWER_HEX, 40),
    row("tailscale", &["tskey-api-", "tskey-auth-", "tskey-client-", "tskey-scim-", "tskey-webhook-"], ALNUM | DASH, 20),
    row("tavily", &["tvly-", "tvly-dev-", "tvly-prod-"], WORD, 32).check(random),
    row("teamcity", &["eyJ0eXAiOiAiVENWMiJ9."], WORD | DOT, 40),
    row("teams", &["webhookb2/"], ALNUM | DASH | AT | SLASH, 80),
    row("telegram", &[":A"], WORD, 34).exactly().after(|before| numbers(before, 8, 10)).check(random),
    row("telnyx", &["KEY"], ALNUM | UNDER, 55).check(|body| groups_of(body, b'_', &[32, 22])),
    row("tencent", &["AKID"], ALNUM, 32).exactly().check(random),
    row("terraform", &["atlasv1."], WORD, 60).after(|before| parts(before, &[(b'.', ALNUM, 14)])),
    row("tigris", &["tsec_"], WORD, 40).check(random),
    row("together", &["tgp_v1_"], WORD, 40),
    row("transifex", &["1/"], LOWER_HEX, 40).exactly(),
    row("trello", &["ATTA"], HEX, 60),
    row("trigger-dev", &["tr_dev_", "tr_pat_", "tr_prod_", "tr_stg_"], ALNUM, 20).check(random),
    row("twilio", &["AC", "SK"], LOWER_HEX, 32).exactly(),
    row("twitter", &["AAAAAAAAAAAAAAAAAAAA"], ALNUM | PERCENT, 60).check(random),
    row("typeform", &["tfp_"], WORD | DOT | EQUALS, 40).check(random),
    row("ubidots", &["BBFF-", "BBUS-"], ALNUM, 30),
    row("unkey", &["unkey_"], ALNUM, 20).check(random),
    row("upcloud", &["ucat_"], ALNUM, 26),
    row("val-town", &["vtwn_"], ALNUM, 20),
    row("vault", &["b.AAAAAQ", "hvb.AAAAAQ"], WORD, 60),
    row("vault", &["hvb.", "hvr.", "hvs."], WORD, 24).check(random),
    row("vault", &["s."], ALNUM, 24).exactly().check(mixed),
    row("vercel", &["vca_", "vci_", "vck_", "vcp_", "vcr_"], ALNUM, 24).check(random),
    row("voyage", &["pa-"], WORD, 43).exactly().check(mixed),
    row("wakatime", &["waka_", "waka_sec_", "waka_tok_"], HEX | DASH, 36).check(uuid),
    row("wandb", &["wandb_v1_"], WORD, 60),
    row("woocommerce", &["ck_", "cs_"], LOWER_HEX, 40).exactly(),
    row("xai", &["xai-"], ALNUM, 60),
    row("xata", &["xau_"], ALNUM, 36),
    row("xendit", &["xnd_development_", "xnd_production_"], ALNUM, 40),
    row("yandex", &["AQVN"], WORD, 35).check(random),
    row("yandex", &["t1."], WORD | DOT | EQUALS, 90).check(mixed),
    row("yandex", &["y0_", "y1_", "y2_", "y3_"], WORD, 50).check(mixed),
    row("zoho", &["1000."], LOWER_HEX | DOT, 65).check(|body| groups_of(body, b'.', &[32, 32])),
    row("zuplo", &["zpka_"], ALNUM | UNDER, 32).check(random),
];

/// A body that is more than one or two characters over and over, as placeholders are.
fn filled(body: &[u8]) -> bool {
    distinct(body) > 2 && !body.windows(7).any(|part| part == b"EXAMPLE")
}

/// The format itself leaves nothing to doubt.
fn anything(_: &[u8]) -> bool {
    true
}

/// As many different characters as chance brings: text over four bases of DNA has four.
fn spread(body: &[u8]) -> bool {
    filled(body) && distinct(body) > 5
}

/// Not words in any of the usual spellings: digits among letters, and capitals, small letters and digits taking
/// turns more often than in `camelCase`.
fn random(body: &[u8]) -> bool {
    spread(body) && has(body, DIGIT) && has(body, UPPER | LOWER) && turns(body) * 8 >= body.len()
}

/// Like [`random`] for alphabets that use both cases, under prefixes that occur by chance.
fn mixed(body: &[u8]) -> bool {
    random(body) && has(body, UPPER) && has(body, LOWER) && turns(body) * 4 >= body.len()
}

/// Letters of both cases in equal parts, perhaps without any digit; names in code have far fewer capitals.
fn shuffled(body: &[u8]) -> bool {
    let capitals = body.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let small = body.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    spread(body) && 5 * capitals >= body.len() && 5 * small >= body.len() && turns(body) * 3 >= body.len()
}

fn distinct(body: &[u8]) -> u32 {
    body.iter().fold(0_u128, |seen, byte| seen | 1 << (byte & 127)).count_ones()
}

/// How often two neighbours differ in kind: capital, small letter, digit, other.
fn turns(body: &[u8]) -> usize {
    let kind = |byte: &u8| [UPPER, LOWER, DIGIT].map(|set| class(*byte) & set != 0);
    body.iter().zip(body.iter().skip(1)).filter(|(left, right)| kind(left) != kind(right)).count()
}

fn has(body: &[u8], set: u32) -> bool {
    body.iter().any(|&byte| class(byte) & set != 0)
}

/// How many separators there are.
fn groups(body: &[u8], separator: u8) -> usize {
    body.split(|&byte| byte == separator).count() - 1
}

/// Groups of exactly these lengths, but for the last, which the body may cut short.
fn groups_of(body: &[u8], separator: u8, lengths: &[usize]) -> bool {
    filled(body) && body.split(|&byte| byte == separator).map(<[u8]>::len).eq(lengths.iter().copied())
}

fn uuid(body: &[u8]) -> bool {
    groups_of(body, b'-', &[8, 4, 4, 4, 12])
}

/// Digits, `/` in newer tokens, `:` and 32 hexadecimal digits.
fn asana(body: &[u8]) -> bool {
    body.iter().position(|&byte| byte == b':').is_some_and(|colon| {
        let (number, rest) = body.split_at(colon);
        number.len() >= 15 && number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'/') && filled(rest)
    })
}

/// A key of 15 digits, `:` and the secret, 27 characters.
fn cloudinary(body: &[u8]) -> bool {
    groups_of(body, b':', &[15, 27]) && body.iter().take(15).all(u8::is_ascii_digit)
}

/// The number of a user, `_`, and the secret.
fn clickup(body: &[u8]) -> bool {
    let number = body.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (3..12).contains(&number) && body.get(number) == Some(&b'_') && groups(body, b'_') == 1 && random(body)
}

/// The id of a user in base64, a time, and the secret.
fn discord(body: &[u8]) -> bool {
    let mut groups = body.split(|&byte| byte == b'.').map(<[u8]>::len);
    matches!(
        (groups.next(), groups.next(), groups.next(), groups.next()),
        (Some(21..=26), Some(6..=7), Some(20..), None)
    ) && random(body)
}

/// The id of an organisation in 15 or 18 characters, `!`, and the session.
fn salesforce(body: &[u8]) -> bool {
    let mark = body.iter().position(|&byte| byte == b'!');
    matches!(mark, Some(12 | 15)) && groups(body, b'!') == 1 && random(body)
}

/// Some digits early on: the number of a team or, in the oldest, of a version and a user.
fn slack(body: &[u8]) -> bool {
    filled(body)
        && body.iter().filter(|byte| byte.is_ascii_digit()).count() >= 2
        && has(body.get(..2).unwrap_or_default(), DIGIT)
}

/// The rest of the team's number, one or two more numbers, and the secret.
fn slack_webhook(body: &[u8]) -> bool {
    let mut parts = body.splitn(3, |&byte| byte == b'/');
    let number = |part: Option<&[u8]>| part.is_some_and(|part| part.len() >= 7 && !has(part, LOWER));
    number(parts.next()) && number(parts.next()) && parts.next().is_some_and(random)
}

/// The number of the webhook and its token.
fn discord_webhook(body: &[u8]) -> bool {
    let number = body.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (17..=20).contains(&number) && body.get(number) == Some(&b'/') && random(body)
}

/// From right to left, a separator and before it exactly so many bytes of a set.
fn parts(before: &[u8], parts: &[(u8, u32, usize)]) -> Option<usize> {
    let mut left = before;
    for &(separator, set, length) in parts {
        left = left.strip_suffix(&[separator])?;
        let found = left.iter().rev().take(length + 1).take_while(|&&byte| class(byte) & set != 0).count();
        left = left.get(..left.len().checked_sub(length)?).filter(|_| found == length)?;
    }
    Some(before.len() - left.len())
}

/// A number of `least` to `most` digits.
fn numbers(before: &[u8], least: usize, most: usize) -> Option<usize> {
    let found = before.iter().rev().take(most + 1).take_while(|byte| byte.is_ascii_digit()).count();
    (least..=most).contains(&found).then_some(found)
}

/// Three characters, a digit and `Q`.
fn azure(before: &[u8]) -> Option<usize> {
    let &[.., a, b, c, digit, b'Q'] = before else { return None };
    let fits = [a, b, c].iter().all(|&byte| class(byte) & (WORD | DOT | TILDE) != 0);
    (fits && digit.is_ascii_digit()).then_some(5)
}

const HEX_LETTERS: u32 = 1;
const LATER_LETTERS: u32 = 1 << 1;
const HEX_CAPITALS: u32 = 1 << 2;
const LATER_CAPITALS: u32 = 1 << 3;
/// The digits of base32, and the others.
const TWO_TO_SEVEN: u32 = 1 << 4;
const OTHER_DIGITS: u32 = 1 << 5;
const DASH: u32 = 1 << 6;
const UNDER: u32 = 1 << 7;
const DOT: u32 = 1 << 8;
pub(super) const EQUALS: u32 = 1 << 9;
const PLUS: u32 = 1 << 10;
const SLASH: u32 = 1 << 11;
const TILDE: u32 = 1 << 12;
const COLON: u32 = 1 << 13;
const PERCENT: u32 = 1 << 14;
const BANG: u32 = 1 << 15;
const DOLLAR: u32 = 1 << 16;
const BAR: u32 = 1 << 17;
const AT: u32 = 1 << 18;
const OTHER_OPENERS: u32 = 1 << 19;

const DIGIT: u32 = TWO_TO_SEVEN | OTHER_DIGITS;
const LOWER: u32 = HEX_LETTERS | LATER_LETTERS;
const UPPER: u32 = HEX_CAPITALS | LATER_CAPITALS;
const LOWER_HEX: u32 = DIGIT | HEX_LETTERS;
const HEX: u32 = LOWER_HEX | HEX_CAPITALS;
const BASE32: u32 = UPPER | TWO_TO_SEVEN;
const BASE64: u32 = ALNUM | PLUS | SLASH | EQUALS;
/// Letters and digits.
pub(super) const ALNUM: u32 = LOWER | UPPER | DIGIT;
/// What a run is made of, and base64url.
pub(super) const WORD: u32 = ALNUM | DASH | UNDER;
/// What may stand inside a token, between its prefix and the run it was found by.
pub(super) const LINK: u32 = DOT | EQUALS | PLUS | SLASH | TILDE | COLON | BANG | DOLLAR | BAR | AT;
/// What an escape begins with.
pub(super) const OPENER: u32 = PERCENT | OTHER_OPENERS;

/// The one class that `byte` is in, as a bit; 0 for bytes that no token has.
#[expect(clippy::indexing_slicing, reason = "a byte is less than the table's length")]
pub(super) const fn class(byte: u8) -> u32 {
    CLASSES[byte as usize]
}

static CLASSES: [u32; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, where an index out of range is an error"
)]
const fn classes() -> [u32; 256] {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'a'..=b'f' => HEX_LETTERS,
            b'g'..=b'z' => LATER_LETTERS,
            b'A'..=b'F' => HEX_CAPITALS,
            b'G'..=b'Z' => LATER_CAPITALS,
            b'2'..=b'7' => TWO_TO_SEVEN,
            b'0' | b'1' | b'8' | b'9' => OTHER_DIGITS,
            b'-' => DASH,
            b'_' => UNDER,
            b'.' => DOT,
            b'=' => EQUALS,
            b'+' => PLUS,
            b'/' => SLASH,
            b'~' => TILDE,
            b':' => COLON,
            b'%' => PERCENT,
            b'!' => BANG,
            b'$' => DOLLAR,
            b'|' => BAR,
            b'@' => AT,
            b'\\' | b'[' | b';' => OTHER_OPENERS,
            _ => 0,
        };
        byte += 1;
    }
    classes
}
