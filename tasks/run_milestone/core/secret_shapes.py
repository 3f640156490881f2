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
    ("AWS MWS Token", "amzn.mws.", r"amzn\.mws\.[a-f0-9]{8}-[a-f0-9-]{27}"),
    ("Azure DevOps Token", "AZDO", _START + r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"),
    ("Bitbucket Token", "ATBB", _START + r"ATBB[A-Za-z0-9]{32}"),
    ("Bitbucket Token", "BBDC-", _START + r"BBDC-[A-Za-z0-9]{40,}"),
    ("Bitwarden Token", "0.", _START + r"0\.[a-f0-9]{8}-[a-f0-9-]{27}\.[A-Za-z0-9]{30}:[A-Za-z0-9+/]{22}=="),
    ("Braintree Token", "access_token$", r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}"),
    ("Buildkite Agent Token", "bkaj_", _START + r"bkaj_[\w-]{30,}"),
    ("Cerebras Key", "csk-", _START + r"csk-[a-z0-9]{48}"),
    ("Cloudflare Token", "cfut_", _START + r"cfut_[A-Za-z0-9_-]{40,}"),
    ("Contentful Token", "CFPAT-", r"CFPAT-[\w-]{40,}"),
    ("Crates.io Token", "cio", _START + r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("DigitalOcean Spaces Key", "DO00", _START + r"DO00[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("Dropbox Token", "sl.", _START + r"sl\.(?:u\.)?[\w-]{120,}"),
    ("E2B Key", "e2b_", _START + r"e2b_[a-f0-9]{40}"),
    ("Ethereum or Bitcoin Key", "xprv", _START + r"xprv[A-Za-z0-9]{107,108}"),
    ("Exoscale Key", "EXO", _START + r"EXO[a-f0-9]{24}(?![A-Za-z0-9])"),
    ("Firebase Token", ":APA91b", r"[\w-]{11,}:APA91b[\w-]{130,}"),
    ("Firecrawl Key", "fc-", _START + r"fc-[a-f0-9]{32}(?![A-Za-z0-9])"),
    ("Fireworks Key", "fw_", _START + r"fw_(?=[A-Za-z]*\d)[A-Za-z0-9]{22,}"),
    ("GitLab Token", "glwt-", _START + r"glwt-[\w-]{20,}"),
    ("Google HMAC Key", "GOOG1", _START + r"GOOG1[A-Z0-9]{50,}"),
    ("Google Refresh Token", "1//0", _START + r"1//0[\w-]{40,}"),
    ("Honeycomb Key", "hca", _START + r"hca[a-z]{2}_[a-z0-9]{56,}"),
    ("HubSpot Token", "pat-", _START + r"pat-(?:na|eu)\d-[a-f0-9]{8}-[a-f0-9-]{27}"),
    ("Infisical Token", "st.", _START + r"st\.[a-f0-9]{24}\.[a-f0-9]{32}\.[a-f0-9]{32}"),
    ("Jina Key", "jina_", _START + r"jina_(?=[\w-]*\d)[A-Za-z0-9_-]{50,}"),
    ("Langfuse Key", "-lf-", _START + r"[sp]k-lf-[a-f0-9]{8}-[a-f0-9-]{27}"),
    ("LangSmith Key", "lsv2_", _START + r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    (
        "LaunchDarkly Key",
        "sdk-",
        _START + r"sdk-[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[a-f0-9]{4}-[a-f0-9]{12}",
    ),
    ("Linear OAuth Token", "lin_oauth_", r"lin_oauth_[a-f0-9]{64}"),
    ("Mailersend Token", "mlsn.", r"mlsn\.[a-f0-9]{64}"),
    ("Mollie or GoCardless Token", "live_", _START + r"live_(?=[A-Za-z]*\d)[A-Za-z0-9]{30,}(?![\w-])"),
    ("Neon Key", "napi_", _START + r"napi_[a-z0-9]{60,}"),
    ("New Relic Key", "NRAL", _START + r"[a-f0-9]{36}NRAL"),
    ("Notion Token", "ntn_", _START + r"ntn_[A-Za-z0-9]{40,}"),
    ("Notion Token", "secret_", _START + r"secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])"),
    ("NVIDIA Key", "nvapi-", _START + r"nvapi-[\w-]{60,}"),
    ("Pinecone Key", "pcsk_", _START + r"pcsk_[A-Za-z0-9_]{60,}"),
    ("PostHog Key", "phc_", _START + r"phc_[A-Za-z0-9]{40,}"),
    ("PostHog Key", "phx_", _START + r"phx_[A-Za-z0-9]{40,}"),
    ("Razorpay Key", "rzp_", _START + r"rzp_(?:live|test)_[A-Za-z0-9]{14}"),
    ("Render Key", "rnd_", _START + r"rnd_(?=[A-Za-z]*\d)[A-Za-z0-9]{26,}"),
    ("Resend Key", "re_", _START + r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}(?![A-Za-z0-9])"),
    ("RunPod Key", "rpa_", _START + r"rpa_[A-Z0-9]{40}"),
    ("Salesforce Session", "00D", _START + r"00D[A-Za-z0-9]{12}![\w.]{90,}"),
    ("Scaleway Key", "SCW", _START + r"SCW[A-Z0-9]{17}(?![A-Za-z0-9])"),
    ("Socket Token", "sktsec_", r"sktsec_(?=[\w-]*\d)[\w-]{30,}"),
    ("Statsig Key", "secret-", _START + r"secret-(?=[A-Za-z]*\d)[A-Za-z0-9]{40,}"),
    ("Tavily Key", "tvly-", _START + r"tvly-(?=[\w-]*\d)[A-Za-z0-9-]{30,}"),
    ("Teams Webhook", "/IncomingWebhook/", r"/IncomingWebhook/[a-f0-9]{32}/[a-f0-9-]{36}"),
    ("Tencent Key", "AKID", _START + r"AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("Trello Token", "ATTA", _START + r"ATTA[A-Za-z0-9]{60,}"),
    ("Vault Token", "hvs.", _START + r"hvs\.[\w-]{24,}"),
    ("Vercel Blob Token", "vercel_blob_rw_", r"vercel_blob_rw_[A-Za-z0-9]{16}_[A-Za-z0-9]{30}"),
    ("Voyage Key", "pa-", _START + r"pa-(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Za-z0-9_-]{43}(?![\w-])"),
    ("Weights & Biases Key", "wandb_v1_", r"wandb_v1_[\w-]{40,}"),
    ("Zapier Webhook", "hooks.zapier.com/", r"hooks\.zapier\.com/hooks/catch/\d+/[a-z0-9]+"),
    ("Zoho Token", "1000.", _START + r"1000\.[a-f0-9]{32}\.[a-f0-9]{32}"),
    ("ClickUp Token", "pk_", _START + r"pk_\d{5,10}_[A-Z0-9]{32}"),
)
"""(name, letters that each match holds, pattern). The letters make it cheap to pass over a text without any."""


def shapes_in(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the shapes that can match in a text, with their names."""
    for name, letters, pattern in SHAPES if len(text) > _SHORT else _possible_in(text):
        if letters in text:
            yield name, _compiled(pattern)


def _possible_in(text: str) -> list[tuple[str, str, str]]:
    """Return the shapes of which a text holds the first two letters: looking for each of 161 in it takes longer."""
    starts = {text[place : place + 2] for place in range(len(text) - 1)}
    places = {place for start in starts & _by_start().keys() for place in _by_start()[start]}
    return [SHAPES[place] for place in sorted(places.union(_by_start()[""]))]


@cache
def _by_start() -> dict[str, list[int]]:
    """Return the places of the shapes by their first two letters; those with one letter under an empty text."""
    places: dict[str, list[int]] = {"": []}
    for place, (_, letters, _) in enumerate(SHAPES):
        places.setdefault(letters[:2] if len(letters) > 1 else "", []).append(place)
    return places


_SHORT = 256
"""Characters of a text whose first letters are looked up."""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
