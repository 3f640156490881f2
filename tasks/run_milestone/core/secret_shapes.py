"""Lists the shapes of credentials that services give out, for the secrets check and for redaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_START = r"(?:(?<![A-Za-z0-9_])|(?<=\dm)|(?<=\[m))"
"""What stands before a shape whose first letters occur inside of words too: no letter, or the end of a colour."""

SHAPES: tuple[tuple[str, str, str], ...] = (
    ("1Password Token", "ops_eyJ", r"ops_eyJ[\w-]{200,}={0,3}"),
    ("Adobe Client Secret", "p8e-", _START + r"p8e-[A-Za-z0-9]{32}"),
    ("Age Secret Key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    ("Airtable Token", "pat", _START + r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("Alibaba Access Key", "LTAI", _START + r"LTAI[A-Za-z0-9]{20}(?![A-Za-z0-9])"),
    ("Anthropic API Key", "sk-ant-", r"sk-ant-[\w-]{40,}"),
    ("Artifactory Token", "AKCp", _START + r"AKCp[A-Za-z0-9]{69}"),
    ("Artifactory Token", "cmVmdGtuO", _START + r"cmVmdGtuO[A-Za-z0-9]{55}"),
    ("Atlassian Token", "ATATT3", _START + r"ATATT3[\w=-]{60,}"),
    ("AWS Access Key", "A", _START + r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("AWS Bedrock Key", "ABSK", _START + r"ABSK[A-Za-z0-9+/]{109,269}={0,2}"),
    ("Azure Client Secret", "Q~", r"(?<![\w~.-])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])"),
    ("Azure Storage Account access key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{80,}={0,2}"),
    ("Buildkite Token", "bkua_", _START + r"bkua_[a-z0-9]{40}"),
    ("CircleCI Token", "CCIPAT_", r"CCIPAT_[A-Za-z0-9_]{40,}"),
    ("ClickHouse Key", "4b1d", _START + r"4b1d[A-Za-z0-9]{38}(?![A-Za-z0-9])"),
    ("Clojars Token", "CLOJARS_", r"CLOJARS_[A-Za-z0-9]{60}"),
    ("Cloudflare Origin CA Key", "v1.0-", _START + r"v1\.0-[a-f0-9]{24}-[a-f0-9]{146}"),
    ("Databricks Token", "dapi", _START + r"dapi[a-f0-9]{32}(?:-\d)?(?![a-f0-9])"),
    ("DigitalOcean Token", "_v1_", _START + r"do[opr]_v1_[a-f0-9]{64}"),
    ("Discord Webhook", "/api/webhooks/", r"/api/webhooks/\d{15,22}/[\w-]{60,}"),
    ("Docker Hub Token", "dckr_", r"dckr_[op]at_[\w-]{27,}"),
    ("Doppler Token", "dp.", _START + r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[\w-]{2,35}\.)?[A-Za-z0-9]{40,44}"),
    ("Duffel Token", "duffel_", r"duffel_(?:test|live)_[\w=-]{43}"),
    ("Dynatrace Token", "dt0c01.", _START + r"dt0c01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}"),
    ("EasyPost Key", "EZ", _START + r"EZ[AT]K[A-Za-z0-9]{54}"),
    ("Facebook Token", "EAA", _START + r"EAA[MC][A-Za-z0-9]{100,}"),
    ("Figma Token", "figd_", r"figd_[\w-]{40,}"),
    ("Flutterwave Key", "FLW", _START + r"FLW(?:PUB|SEC)K_TEST-[a-h0-9]{12,32}(?:-X)?"),
    ("Fly.io Token", "fo1_", _START + r"fo1_[\w-]{43}"),
    ("Fly.io Token", "fm", _START + r"fm[12][ar]?_[A-Za-z0-9+/]{100,}={0,3}"),
    ("Frame.io Token", "fio-u-", _START + r"fio-u-[\w=-]{64}"),
    ("GitHub Token", "github_pat_", r"github_pat_\w{60,}"),
    ("GitHub Token", "gh", r"gh[pousr]_[A-Za-z0-9]{36,}"),
    ("GitLab Token", "gl", _START + r"gl(?:pat|ptt|dt|rt|rtr|cbt|ft|imt|agent|oas|soat|ffct)-[\w-]{20,}"),
    ("GitLab Token", "GR1348941", r"GR1348941[\w-]{20}"),
    ("Google API Key", "AIza", r"AIza[\w-]{35}"),
    ("Google OAuth Secret", "GOCSPX-", r"GOCSPX-[\w-]{28}"),
    ("Google OAuth Token", "ya29.", _START + r"ya29\.[\w-]{30,}"),
    ("Grafana Token", "glsa_", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    ("Grafana Token", "glc_", r"glc_[A-Za-z0-9+/]{32,400}={0,3}"),
    ("Grafana API Key", "eyJrIjoi", r"eyJrIjoi[A-Za-z0-9]{70,400}={0,3}"),
    ("Groq API Key", "gsk_", _START + r"gsk_[A-Za-z0-9]{48,}"),
    ("Harness Token", "at.", _START + r"[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    ("Heroku API Key", "HRKU-", r"HRKU-[\w-]{36,}"),
    ("Hugging Face Token", "hf_", _START + r"hf_[A-Za-z0-9]{30,}"),
    ("Hugging Face Token", "api_org_", _START + r"api_org_[A-Za-z0-9]{30,}"),
    ("Infracost Key", "ico-", _START + r"ico-[A-Za-z0-9]{32}"),
    ("Intra42 Secret", "s-s4t2", _START + r"s-s4t2(?:ud|af)-[a-f0-9]{64}"),
    ("Linear API Key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    ("Mailchimp Access Key", "-us", _START + r"[a-f0-9]{32}-us\d{1,2}(?!\w)"),
    ("Mailgun Key", "key-", _START + r"(?:pub)?key-[a-f0-9]{32}(?![a-f0-9])"),
    ("Mapbox Token", "pk.", _START + r"[ps]k\.[A-Za-z0-9]{60,}\.[\w-]{22}"),
    ("Netlify Token", "nfp_", _START + r"nfp_[A-Za-z0-9]{36,}"),
    ("New Relic Key", "NR", _START + r"(?:NRAK-[A-Z0-9]{27}|NRII-[\w-]{32}|NRJS-[a-f0-9]{19})"),
    ("Notion Token", "ntn_", _START + r"ntn_\d{11}[A-Za-z0-9]{35}"),
    ("NPM Token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    ("NPM Token", "_authToken=", r":_authToken=\s*[A-Fa-f0-9]{8}-[A-Fa-f0-9-]{27}"),
    ("NuGet Key", "oy2", _START + r"oy2[a-z0-9]{43}(?![a-z0-9])"),
    ("Octopus Deploy Key", "API-", _START + r"API-[A-Z0-9]{25,26}(?![A-Za-z0-9])"),
    ("OpenAI Token", "T3BlbkFJ", _START + r"sk-[\w-]{20,100}T3BlbkFJ[\w-]{20,100}"),
    ("OpenAI Token", "sk-", _START + r"sk-(?:proj|svcacct|admin)-[\w-]{40,}"),
    ("OpenShift Token", "sha256~", _START + r"sha256~[\w-]{43}"),
    ("Perplexity Key", "pplx-", _START + r"pplx-[A-Za-z0-9]{48}"),
    ("Plaid Token", "access-", _START + r"access-(?:sandbox|development|production)-[a-f0-9]{8}-[a-f0-9-]{27}"),
    ("PlanetScale Token", "pscale_", r"pscale_(?:tkn|oauth|pw)_[\w=.-]{32,64}"),
    ("Postman Key", "PMAK-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    ("Prefect Token", "pnu_", _START + r"pnu_[A-Za-z0-9]{36}"),
    ("Pulumi Token", "pul-", _START + r"pul-[a-f0-9]{40}"),
    ("PyPI Token", "pypi-", r"pypi-AgE[\w-]{50,}"),
    ("ReadMe Key", "rdme_", _START + r"rdme_[a-z0-9]{70}"),
    ("Replicate Token", "r8_", _START + r"r8_[A-Za-z0-9]{37}"),
    ("RubyGems Token", "rubygems_", r"rubygems_[a-f0-9]{48}"),
    ("Scalingo Token", "tk-us-", _START + r"tk-us-[\w-]{48}"),
    ("SendGrid API Key", "SG.", _START + r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    ("Sendinblue Key", "xkeysib-", r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("Sentry Token", "sntry", r"sntry(?:s_eyJ[\w+/=-]{40,}|u_[a-f0-9]{64})"),
    ("SettleMint Token", "sm_", _START + r"sm_[aps]at_[A-Za-z0-9]{16}"),
    ("Shippo Token", "shippo_", r"shippo_(?:live|test)_[a-f0-9]{40}"),
    ("Shopify Token", "shp", _START + r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    ("Slack Token", "xapp-", r"(?i:xapp-)\d-[A-Z0-9]+-\d+-[A-Za-z0-9]+"),
    ("Slack Token", "xo", r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,}"),
    ("Slack Webhook", "hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,}"),
    ("Sonar Token", "sq", _START + r"sq[upa]_[a-z0-9]{40}"),
    ("Sourcegraph Token", "sgp_", r"sgp_(?:(?:[A-Fa-f0-9]{16}|local)_)?[A-Fa-f0-9]{40}"),
    ("Square Token", "EAAA", _START + r"EAAA[\w-]{60}"),
    ("Square Token", "sq0", _START + r"sq0(?:atp-[\w-]{22}|csp-[\w-]{43})"),
    ("Stripe Access Key", "k_", _START + r"[rs]k_(?:live|prod)_[A-Za-z0-9]{10,}"),
    ("Stripe Webhook Secret", "whsec_", _START + r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("Supabase Token", "sbp_", _START + r"sbp_[a-f0-9]{40}"),
    ("Supabase Secret Key", "sb_secret_", _START + r"sb_secret_[\w-]{20,}"),
    ("Tailscale Key", "tskey-", r"tskey-[a-z]+-[A-Za-z0-9]{8,}-[A-Za-z0-9]{16,}"),
    (
        "Teams Webhook",
        ".webhook.office.com/",
        r"\.webhook\.office\.com/webhookb2/[\w@-]{60,}/IncomingWebhook/[\w/-]{32,}",
    ),
    ("Telegram Bot Token", ":A", r"(?<!\w)\d{5,16}:A[\w-]{34}(?![\w-])"),
    ("Terraform Token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}"),
    ("Twilio API Key", "SK", _START + r"SK[a-f0-9]{32}(?![A-Za-z0-9])"),
    ("Typeform Token", "tfp_", _START + r"tfp_[\w.=-]{59}"),
    ("Vault Token", "hv", _START + r"hv[sbr]\.[\w-]{90,}"),
    ("xAI API Key", "xai-", _START + r"xai-[A-Za-z0-9]{70,}"),
    ("Yandex Key", "AQVN", _START + r"AQVN[\w-]{35,38}"),
    ("Yandex Token", "t1.", _START + r"t1\.[\w-]{1,200}={0,2}\.[\w-]{86}={0,2}"),
    ("Yandex Secret", "YC", _START + r"YC[\w-]{38}(?![\w-])"),
)
"""(name, letters that each match holds, pattern). The letters make it cheap to pass over a text without any."""


def shapes_in(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the shapes that can match in a text, with their names."""
    for name, letters, pattern in SHAPES:
        if letters in text:
            yield name, _compiled(pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
