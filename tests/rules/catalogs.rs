//! Catalogs, resources, delegations and packages: section 3 of the language, and the rules of the field about them.

use crate::files::{APPLICATIONS, AUDIT, CAMPAIGN, CONTRACTS, DELEGATIONS, FINANCE, GROUPS, MARKETING, MONTH_END, NEW, WRIT};
use crate::{Row, check, row};

/// A connector, before `[limits]`.
const CRM: &str = "[connector.crm]\ntype = \"scim\"\nurl = \"https://crm.contoso.example/scim\"\n\n[limits]";

#[rustfmt::skip]
const CATALOGS: &[Row] = &[
    row("R102: a catalog's `display_name` is unique among catalogs",
        &[(FINANCE, "display_name = \"Finance\"", "display_name = \"legal\" "), (LEGAL, "display_name = \"Legal\"", "display_name = \"Legal\" #~ R102")],
        "the display name `Legal` is taken among catalogs by `catalog.finance` | taken here"),
    row("R102: `general` is a catalog",
        &[(FINANCE, "display_name = \"Finance\"", "display_name = \"General\" #~ R102")], "by `catalog.general`"),
    row("R104: an outside policy in a catalog is an error while it is not externally visible",
        &[(FINANCE, "externally_visible = true", "externally_visible = false"),
          (AUDIT, "requestors = [\"connected_organization:northwind\"]", "requestors = [\"connected_organization:northwind\"] #~ R104")],
        "do not see `catalog.finance` | write `externally_visible = true` in `[catalog.finance]`"),
    row("R104: `general` is not externally visible before it is declared",
        &[(NEW, "", "[access_package.badge]\n[access_package.badge.policy.all]\nrequestors = \"all_external_users\" #~ R104\napproval = \"none\"")], "do not see `catalog.general`"),
    row("R20: resources are groups, applications and sites",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"catalog:finance\" #~ R20")], "`catalog:finance` cannot stand in `origin`"),
    row("R20: and of no other type",
        &[(MARKETING, "[catalog.marketing.resource.brand-site]", "[catalog.marketing.resource.files]\ntype = \"document_library\" #~ R20\norigin = \"x\"\nroles = [\"Reader\"]\n\n[catalog.marketing.resource.brand-site]")],
        "`document_library` is no `type`"),
    row("required: a resource's `origin`",
        &[(MARKETING, "[catalog.marketing.resource.brand-site]", "[catalog.marketing.resource.files] #~ E0018\n\n[catalog.marketing.resource.brand-site]")], "`origin` is missing"),
    row("a resource's `origin` is unique in the catalog",
        &[(MARKETING, "[catalog.marketing.resource.brand-site]", "[catalog.marketing.resource.ads]\norigin = \"application:ad-manager\" #~ E0409\n\n[catalog.marketing.resource.brand-site]")],
        "is in the catalog already, as `ad-manager`"),
    row("so is one that the directory does not know",
        &[(NEW, "", "[catalog.marketing.resource.crm]\ntype = \"application\"\norigin = \"crm/prod\"\nroles = [\"User\"]\n\n[catalog.marketing.resource.crm2]\ntype = \"application\"\norigin = \"crm/prod\" #~ E0409\nroles = [\"User\"]")], "`crm/prod` is in the catalog already"),
    row("the same thing may stand in two catalogs",
        &[(FINANCE, "[catalog.finance.resource.ledger]", "[catalog.finance.resource.ads]\norigin = \"application:ad-manager\"\n\n[catalog.finance.resource.ledger]")], ""),
    row("required: with `type` a resource's `roles`",
        &[(NEW, "", "[catalog.marketing.resource.crm]\ntype = \"application\" #~ E0018\norigin = \"crm/prod\"")], "so it needs its `roles`"),
    row("roles follow from the directory",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manager\"\nroles = [\"Editor\"] #~ E0023")], "`roles` follow from the directory"),
    row("lists of roles are never `[]`",
        &[(APPLICATIONS, "roles = [\"Poster\", \"Reader\"]", "roles = [] #~ E0022")], "`roles` is empty"),
    row("a resource names a connector of `writ.toml`",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manager\"\nconnector = \"crn\" #~ E0417"), (WRIT, "[limits]", CRM)],
        "`writ.toml` has no connector `crn` | did you mean `crm`?"),
    row("and is told how, where there is none",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manager\"\nconnector = \"crm\" #~ E0417")], "`[connector.crm]`, with `type` and `url`"),
    row("it may say as which group it is delivered",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manager\"\nconnector = \"crm\"\ndelivered_as = \"Ads {role}\""), (WRIT, "[limits]", CRM)], ""),
    row("by a connector",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manager\"\ndelivered_as = \"Ads\" #~ E0018")], "`ad-manager` has `delivered_as`, so it needs its `connector`"),
    row("a connector of which something is wrong is there nevertheless",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manager\"\nconnector = \"crm\""), (WRIT, "[limits]", "[connector.crm] #~ E0025\ntype = \"scim\"\n\n[limits]")], "needs a `url`"),
    row("and so is one that stands in a torn `writ.toml`",
        &[(MARKETING, "origin = \"application:ad-manager\"", "origin = \"application:ad-manager\"\nconnector = \"crm\""), (WRIT, "expiration = \"365d\"", "expiration = 365d #~ E0001")], ""),
    row("R107: a group that comes from an on-premises directory cannot be a resource",
        &[(GROUPS, "[group.month-end-close]", "[group.month-end-close]\nsynced = true"),
          (FINANCE, "origin = \"group:month-end-close\"", "origin = \"group:month-end-close\" #~ R107")], "synchronised from an on-premises directory"),
    row("R107: nor can a distribution group",
        &[(GROUPS, "[group.month-end-close]", "[group.month-end-close]\ntype = \"distribution\""),
          (FINANCE, "origin = \"group:month-end-close\"", "origin = \"group:month-end-close\" #~ R107")], "it is a distribution group"),
    row("required: a delegation's `role` and `members`",
        &[(DELEGATIONS, "[delegation.partner-desk]\nrole = \"connected_organization_administrator\"\nmembers = [\"ben@contoso.example\"]", "[delegation.partner-desk] #~ E0018 E0018")],
        "`role` is missing | `members` is missing"),
    row("roles over a catalog are not roles over the tenant",
        &[(DELEGATIONS, "role = \"catalog_creator\"", "role = \"catalog_owner\" #~ E0406")], "there is no role `catalog_owner` over the tenant"),
    row("and the other way round",
        &[(MARKETING, "role = \"access_package_manager\"", "role = \"administrator\" #~ E0406")], "there is no role `administrator` in a catalog"),
    row("a role is one of those that there are",
        &[(MARKETING, "role = \"access_package_manager\"", "role = \"package_manager\" #~ E0015")], "`package_manager` is no `role`"),
    row("a delegation stands at the top or in a catalog",
        &[(CAMPAIGN, "# The leads decide", "[access_package.campaign.delegation.x] #~ E0007\nrole = \"catalog_owner\"\nmembers = []\n\n# The leads decide")], "there is no key `delegation` here"),
    row("a resource stands in a catalog",
        &[(NEW, "", "[resource.x] #~ E0006\norigin = \"group:legal\"")], "a resource stands in a catalog | write `[catalog.KEY.resource.KEY]`"),
];

const LEGAL: &str = "catalogs/legal/catalog.toml";

#[test]
fn catalogs() {
    check(CATALOGS);
}

#[rustfmt::skip]
const PACKAGES: &[Row] = &[
    row("R13: a package belongs to exactly one catalog",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = [\"marketing\", \"finance\"] #~ R13")], "`catalog` is the key of a catalog, not a list | name one of them"),
    row("R21: a role is chosen for each resource in a package",
        &[(CAMPAIGN, "resource_roles.brand-site = \"Member\"", "resource_roles.brand-site = [] #~ R21")], "`resource_roles.brand-site` is empty"),
    row("R21: so a list of resources is not enough",
        &[(CONTRACTS, "resource_roles.contract-desk = \"Member\"\nresource_roles.contracts-site = \"Member\"\nresource_roles.matter-desk = \"Default Access\"", "resource_roles = [\"contract-desk\"] #~ R21")], "`resource_roles` is a table"),
    row("R26: only resources of its own catalog",
        &[(CAMPAIGN, "resource_roles.brand-site = \"Member\"", "resource_roles.brand-site = \"Member\"\nresource_roles.ledger = \"Reader\" #~ R26")],
        "`ledger` is not in `catalog.marketing`; it is in `catalog.finance`"),
    row("R26: a package that lost its catalog",
        &[(AUDIT, "[access_package.audit]\ncatalog = \"finance\"", "[access_package.audit] #~ R26")], "`audit` names no catalog, so it is in `general`, which has none of these resources | write `catalog = \"finance\"`"),
    row("R26: a misspelt resource",
        &[(CAMPAIGN, "resource_roles.brand-site = \"Member\"", "resource_roles.brand-sight = \"Member\" #~ R26")], "did you mean `brand-site`?"),
    row("only roles that the resource has",
        &[(CAMPAIGN, "resource_roles.brand-site = \"Member\"", "resource_roles.brand-site = \"Members\" #~ E0402")], "has no role `Members` | did you mean `Member`?"),
    row("a group's roles are Member and Owner",
        &[(CAMPAIGN, "resource_roles.campaign-team = \"Member\"", "resource_roles.campaign-team = \"Guest\" #~ E0402")], "its roles are `Member`, `Owner`"),
    row("R108: a dynamic group's only Owner",
        &[(GROUPS, "[group.month-end-close]", "[group.month-end-close]\nrule = \"user.department == 'Finance'\""),
          (MONTH_END, "resource_roles.month-end-close = \"Member\"", "resource_roles.month-end-close = \"Member\" #~ R108")], "is a dynamic group, so `Member` cannot be given"),
    row("R109: an application without roles offers Default Access",
        &[(CONTRACTS, "resource_roles.matter-desk = \"Default Access\"", "resource_roles.matter-desk = \"Reader\" #~ R109")], "it offers `Default Access` and no `Reader`"),
    row("a package's `display_name` is unique in its catalog",
        &[(AUDIT, "display_name = \"Annual audit\"", "display_name = \"Month-End Close\""),
          (MONTH_END, "display_name = \"Month-end close\"", "display_name = \"Month-end close\" #~ E0401")], "is taken in the catalog by `access_package.audit`"),
    row("in another catalog it is free",
        &[(CAMPAIGN, "display_name = \"Marketing campaign\"", "display_name = \"Annual audit\"")], ""),
    row("`incompatible_with` is a warning unless both say it",
        &[(MONTH_END, "incompatible_with = [\"access_package:audit\"]", ""),
          (AUDIT, "incompatible_with = [\"access_package:month-end\"]", "incompatible_with = [\"access_package:month-end\"] #~ W0412")],
        "but not the other way round | add `\"access_package:audit\"` to `incompatible_with` of `access_package.month-end`"),
    row("a group says nothing back",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = \"marketing\"\nincompatible_with = [\"group:finance\"]")], ""),
    row("a package does not exclude itself",
        &[(AUDIT, "incompatible_with = [\"access_package:month-end\"]", "incompatible_with = [\"access_package:month-end\", \"access_package:audit\"] #~ E0411")], "incompatible with itself"),
    row("rings of incompatibilities are legal", &[], ""),
    row("R45: an expiration is a duration, a date or never",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = \"marketing\"\nexpiration = \"forever\" #~ R45")], "`forever`: not a duration"),
    row("R129: an expiration is 1 hour at least",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = \"marketing\"\nexpiration = \"0d\" #~ R129")], "`expiration` is between 1h and 3660d, not 0d"),
    row("R129: and 3,660 days at most",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = \"marketing\"\nexpiration = \"3661d\" #~ R129")], "not 3661d"),
    row("R129: its ends included",
        &[(CAMPAIGN, "catalog = \"marketing\"", "catalog = \"marketing\"\nexpiration = \"3660d\""), (AUDIT, "expiration = \"90d\"", "expiration = \"60m\"")], ""),
];

#[test]
fn packages() {
    check(PACKAGES);
}
