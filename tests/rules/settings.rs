//! `writ.toml`: section 2 of the language.

use crate::files::{MONTH_END, NEW, WRIT};
use crate::{Row, check, row};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("`name` is required",
        &[(WRIT, "[workspace]\nname = \"contoso\"", "[workspace] #~ E0025")], "`[workspace]` needs a `name`"),
    row("so is `[workspace]`",
        &[(WRIT, "[workspace]\nname = \"contoso\"", "#~ E0025"), (WRIT, "timezone = \"Europe/Amsterdam\"", "")], "needs a `name`"),
    row("a store knows a workspace by its name: a key",
        &[(WRIT, "name = \"contoso\"", "name = \"Contoso GmbH\" #~ E0016")], "lower-case letters"),
    row("`timezone` is an IANA name",
        &[(WRIT, "Europe/Amsterdam\"", "Amsterdam\" #~ E0025")], "`Amsterdam` is no IANA time zone"),
    row("globs stay within the workspace (row 13)",
        &[(WRIT, "[limits]", "include = [\"../**/*.toml\"] #~ E0025\nexclude = [\"/etc/*\"] #~ E0025\n\n[limits]")], "`../**/*.toml` is no glob"),
    row("a workspace includes something",
        &[(WRIT, "[limits]", "include = [] #~ E0022\n\n[limits]")], "`include` is empty"),
    row("`manages` holds addresses",
        &[(WRIT, "[limits]", "manages = [\"catalog.marketing\", \"user\"] #~ E0025\n\n[limits]")], "`user` is no address"),
    row("an address in `manages` is one that can be",
        &[(WRIT, "[limits]", "manages = [\"catalog.marketing.policy.x\"] #~ E0025\n\n[limits]")], "`catalog.marketing.policy.x` is no address"),
    row("and whose keys are of their kinds",
        &[(WRIT, "[limits]", "manages = [\"catalog.marketing\", \"user.bo\"] #~ E0025\n\n[limits]")], "`user.bo` is no address: the key of a user"),
    row("a workspace manages something",
        &[(WRIT, "[limits]", "manages = [] #~ E0022\n\n[limits]")], "`manages` is empty"),
    row("`require_actor` is true or false",
        &[(WRIT, "[limits]", "require_actor = \"yes\" #~ E0009\n\n[limits]")], "`require_actor` is `true` or `false`"),
    row("`policy_priority` is ask or entra",
        &[(WRIT, "[limits]", "policy_priority = \"azure\" #~ E0015\n\n[limits]")], "`azure` is no `policy_priority` | \"ask\""),
    row("a URL with a password is refused",
        &[(WRIT, "[limits]", "[store]\nurl = \"postgres://writ:secret@db.contoso.example/writ\" #~ E0025\n\n[limits]")], "a store's URL holds no password"),
    row("a store is a file",
        &[(WRIT, "[limits]", "[store]\nurl = \"postgres://db.contoso.example/writ\" #~ E0025\n\n[limits]")], "not supported yet"),
    row("a store is one that Writ knows",
        &[(WRIT, "[limits]", "[store]\nurl = \"contoso.db\" #~ E0025\n\n[limits]")], "`contoso.db` is no store | write `sqlite:PATH`"),
    row("a lineage is a GUID",
        &[(WRIT, "[limits]", "[store]\nlineage = \"contoso\" #~ E0025\n\n[limits]")], "`contoso` is no lineage"),
    row("a limit is a share of at most everything",
        &[(WRIT, "max_deletes = \"20%\"", "max_deletes = \"130%\" #~ E0009")], "a share such as"),
    row("or a number",
        &[(WRIT, "max_deletes = \"20%\"", "max_deletes = \"20\" #~ E0009")], "write `20` without quotes"),
    row("an expiration is 1 hour at least, in the defaults too",
        &[(WRIT, "expiration = \"365d\"", "expiration = \"59m\" #~ R129")], "between 1h and 3660d"),
    row("mail has a sender and a server",
        &[(WRIT, "[limits]", "[mail] #~ E0025\nenabled = false\nfrom = \"writ@contoso.example\"\n\n[limits]")], "`[mail]` needs `smtp`"),
    row("a sender is an address, with a name or without",
        &[(WRIT, "[limits]", "[mail]\nfrom = \"Writ\" #~ E0025\nsmtp = \"smtps://mail.contoso.example\"\n\n[limits]")], "`Writ` is no sender of mail"),
    row("a mail server's URL holds no user and no password",
        &[(WRIT, "[limits]", "[mail]\nfrom = \"writ@contoso.example\"\nsmtp = \"smtps://writ:s3cret@mail.contoso.example\" #~ E0025\n\n[limits]")],
        "holds no user and no password | WRIT_SMTP_USERNAME"),
    row("a mail server is one that Writ speaks to",
        &[(WRIT, "[limits]", "[mail]\nfrom = \"writ@contoso.example\"\nsmtp = \"https://mail.contoso.example\" #~ E0025\n\n[limits]")], "`smtp` is no mail server"),
    row("a password is in a variable, and the variable is named",
        &[(WRIT, "[limits]", "[mail]\nfrom = \"writ@contoso.example\"\nsmtp = \"smtps://mail.contoso.example\"\npassword_env = \"s3cret\" #~ E0025\n\n[limits]")],
        "`password_env` names no variable | such as `WRIT_SMTP_PASSWORD`"),
    row("links lead to an `https://` address",
        &[(WRIT, "[limits]", "[mail]\nfrom = \"writ@contoso.example\"\nsmtp = \"smtps://mail.contoso.example\"\nportal = \"http://access.contoso.example\" #~ E0016\n\n[limits]")], "`https://` address"),
    row("a misspelt table is told",
        &[(WRIT, "[limits]", "[limit] #~ E0006")], "`writ.toml` has no table `limit` | did you mean `limits`?"),
    row("a misspelt key is told",
        &[(WRIT, "timezone =", "timezome ="), (WRIT, "Amsterdam\"", "Amsterdam\" #~ E0007")], "did you mean `timezone`?"),
    row("a key that slid under the next header is told",
        &[(WRIT, "max_access_lost = 10", "max_access_lost = 10\nmax_delets = 3 #~ E0007")], "did you mean `max_deletes`?"),
    row("a webhook has a URL",
        &[(WRIT, "[limits]", "[webhook.ops] #~ E0025\n\n[limits]")], "`[webhook.ops]` needs a `url`"),
    row("to which what happened goes unread by others",
        &[(WRIT, "[limits]", "[webhook.ops]\nurl = \"http://hooks.contoso.example/writ\" #~ E0025\n\n[limits]")], "would send what happened where anybody can read it"),
    row("and in which no secret stands",
        &[(WRIT, "[limits]", "[webhook.ops]\nurl = \"https://hooks.contoso.example/writ?key=s3cret\" #~ E0025\n\n[limits]")], "a webhook's URL is a host and a path, without a query"),
    row("nor in its table",
        &[(WRIT, "[limits]", "[webhook.ops]\nurl = \"https://hooks.contoso.example/writ\"\nsecret_env = \"s3cret key\" #~ E0025\n\n[limits]")], "`secret_env` is no name of an environment variable"),
    row("it is told what there is",
        &[(WRIT, "[limits]", "[webhook.ops]\nurl = \"https://hooks.contoso.example/writ\"\non = [\"apply\", \"plan\"] #~ E0015\n\n[limits]")], "`plan` is no"),
    row("a connector has a type and a URL",
        &[(WRIT, "[limits]", "[connector.crm] #~ E0025 E0025\n\n[limits]")], "`[connector.crm]` needs a `type` | needs a `url`"),
    row("of a type that there is",
        &[(WRIT, "[limits]", "[connector.crm]\ntype = \"ldap\" #~ E0015\nurl = \"https://crm.contoso.example\"\n\n[limits]")], "`ldap` is no `type` | \"scim\""),
    row("the name of a connector is a key",
        &[(WRIT, "[limits]", "[connector.CRM] #~ E0010\ntype = \"scim\"\nurl = \"https://crm.contoso.example\"\n\n[limits]")], "`CRM` is not a key of `connector`"),
    row("its URL holds no password",
        &[(WRIT, "[limits]", "[connector.crm]\ntype = \"scim\"\nurl = \"https://writ:secret@crm.contoso.example/scim\" #~ E0025\n\n[limits]")],
        "a connector's URL holds no user or password"),
    row("and is encrypted",
        &[(WRIT, "[limits]", "[connector.crm]\ntype = \"scim\"\nurl = \"http://crm.contoso.example/scim\" #~ E0025\n\n[limits]")],
        "would send the token where anybody can read it | write `https://`"),
    row("a token stands in no file",
        &[(WRIT, "[limits]", "[connector.crm]\ntype = \"scim\"\nurl = \"https://crm.contoso.example\"\ntoken = \"a\" #~ E0007\ntoken_env = \"a-b\" #~ E0025\n\n[limits]")],
        "there is no key `token` here | no name of an environment variable"),
    row("a delivery takes ten minutes at most",
        &[(WRIT, "[limits]", "[connector.crm]\ntype = \"scim\"\nurl = \"https://crm.contoso.example\"\ntimeout = \"1h\" #~ E0020\n\n[limits]")], "between 1m and 10m"),
    row("a connector stands in `writ.toml`",
        &[(NEW, "", "[connector.crm] #~ E0013\ntype = \"scim\"\n")], "settings stand in `writ.toml`"),
    row("a `writ.toml` that is not TOML is told, and nothing that may follow from it",
        &[(WRIT, "expiration = \"365d\"", "expiration = 365d #~ E0001")], "durations stand in quotes"),
];

#[test]
fn settings() {
    check(ROWS);
}

#[test]
fn what_others_manage_is_not_declared() {
    let manages = "manages = [\"catalog.marketing\", \"user.\\\"mamta@contoso.example\\\"\"]\n\n[limits]";
    let mut files = crate::edited(&[]);
    files.retain(|name, _| name.starts_with("catalogs/marketing/") || name == WRIT || name == "directory/users.toml");
    let writ = files[WRIT].replace("[limits]", manages);
    files.insert(WRIT.to_owned(), writ);
    let sources = crate::sources(&files);
    let (_, found) = writ::config::configure(&sources, &writ::config::Known::default());
    let refused: Vec<_> = found.iter().filter(|d| d.code.id == "E0306").filter_map(|d| d.address.clone()).collect();
    assert!(refused.contains(&"user.\"ann@contoso.example\"".to_owned()));
    assert!(!refused.contains(&"user.\"mamta@contoso.example\"".to_owned()));
    // The catalog, all below it and the packages of it are managed.
    assert!(!refused.iter().any(|a| a.starts_with("catalog") || a.starts_with("access_package")), "{refused:?}");
}

#[test]
fn what_others_manage_can_be_referred_to() {
    let mut files = crate::edited(&[(WRIT, "[limits]", "manages = [\"catalog.marketing\"]\n\n[limits]")]);
    let whole = crate::accepted(&[]);
    files.retain(|name, _| name.starts_with("catalogs/marketing/") || name == WRIT || name == "templates.toml");
    let sources = crate::sources(&files);
    let managed =
        |a: &writ::model::Address| a.as_str().starts_with("catalog.marketing") || a.as_str().starts_with("access_package.campaign");
    let objects = whole.objects.into_iter().filter(|(a, _)| !managed(a)).collect();
    let known = writ::config::Known { objects, ..Default::default() };
    let (config, found) = writ::config::configure(&sources, &known);
    assert_eq!(crate::places(&found, &sources), Vec::<String>::new());
    assert!(config.is_some_and(|c| c.objects.keys().all(managed)));
}

#[test]
fn what_only_the_store_can_confirm_is_a_warning() {
    let known = writ::config::Known { unread: true, ..Default::default() };
    let edits = &[
        (MONTH_END, "requestors = [\"group:finance\"]", "requestors = [\"group:controllers\"] #~ W0105"),
        (NEW, "", "[catalog.sales.delegation.owners] #~ W0105\nrole = \"catalog_owner\"\nmembers = []"),
    ];
    let row = Row { rule: "there is a store, and it was not read", edits, says: "there is no group `controllers`" };
    assert_eq!(crate::fault(&row, &known), None);
}

#[test]
fn a_workspace_declares_something() {
    let mut files = crate::edited(&[]);
    files.retain(|name, _| name == WRIT);
    let sources = crate::sources(&files);
    let (config, found) = writ::config::configure(&sources, &writ::config::Known::default());
    assert_eq!(crate::places(&found, &sources), ["E0017 writ.toml:1"]);
    assert!(config.is_none());
}

/// What `manages` covers no longer lives on, unmanaged, and can be referred to (section 2).
#[test]
fn what_is_managed_no_longer_is_released() {
    let edits = &[(WRIT, "[limits]", "manages = [\"catalog.marketing\"]\n\n[limits]")];
    let mut files = crate::edited(edits);
    files.retain(|name, _| name.starts_with("catalogs/marketing/") || name == WRIT || name == "templates.toml");
    let sources = crate::sources(&files);
    let known = writ::config::Known { own: crate::accepted(&[]).objects, ..Default::default() };
    let (config, found) = writ::config::configure(&sources, &known);
    assert_eq!(crate::places(&found, &sources), Vec::<String>::new());
    assert!(config.is_some());
    // What it still covers and nobody declares is deleted, and cannot be referred to.
    let campaign = files["catalogs/marketing/campaign.toml"].clone();
    files.insert("catalogs/marketing/catalog.toml".to_owned(), "[catalog.marketing]\nexternally_visible = true\n".to_owned());
    let marked = campaign.replace("resource_roles.ad-manager = [\"Editor\", \"Reader\"]", "resource_roles.ad-manager = \"Reader\" #~ R26");
    let marked = marked.replace("resource_roles.brand-site = \"Member\"", "").replace("resource_roles.campaign-team = \"Member\"", "");
    files.insert("catalogs/marketing/campaign.toml".to_owned(), marked);
    let sources = crate::sources(&files);
    let (_, found) = writ::config::configure(&sources, &known);
    assert_eq!(crate::places(&found, &sources), crate::marks(&files));
}

#[test]
fn connectors_have_their_defaults() {
    let said = "[connector.hr-system]\ntype = \"scim\"\nurl = \"https://hr.contoso.example/scim\"\n\n[connector.crm]\ntype = \"scim\"\n\
                url = \"http://localhost:8080\"\ntoken_env = \"CRM\"\ntimeout = \"2m\"\n\n[limits]";
    let settings = crate::accepted(&[(WRIT, "[limits]", said)]).settings;
    let told: Vec<_> =
        settings.connectors().values().map(|c| (c.name.as_str(), c.url.as_str(), c.token_env.as_str(), c.timeout.as_secs())).collect();
    let crm = ("crm", "http://localhost:8080", "CRM", 120);
    assert_eq!(told, [crm, ("hr-system", "https://hr.contoso.example/scim", "WRIT_CONNECTOR_HR_SYSTEM_TOKEN", 60)]);
    // Where access is delivered to is remembered, so that a change of it is seen in a plan.
    let applied = settings.applied().0.get("connector").map(ToString::to_string);
    let crm = r#""crm":{"timeout":"2m","token_env":"CRM","type":"scim","url":"http://localhost:8080"}"#;
    assert_eq!(applied, Some(format!(r#"{{{crm},"hr-system":{{"type":"scim","url":"https://hr.contoso.example/scim"}}}}"#)));
}
