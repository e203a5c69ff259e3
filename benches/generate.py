#!/usr/bin/env python3
"""A workspace of N objects, the same bytes every time:

    generate.py --objects N --out DIR [--edits K] [--terraform DIR [--state]]

A catalog has 73 objects, counted as Terraform would hold them: 1 catalog, 2 delegations, 10 resources, 10 access packages, 30 resource roles
(3 a package) and 20 policies (2 a package), in a file of its own. Writ has an address for 43 of them: a resource role is an entry of its package.
The directory, the same for every N, is 54 groups and 60 users, and comes to both.

--edits K changes the description of K policies, spread evenly. Files whose text stays are not written again, so that their time stays too.
--terraform writes the same objects as Terraform's built-in `terraform_data`, a block each, a file a catalog; --state also writes the state that an
apply of them without edits would leave.
"""
import argparse
import hashlib
import itertools
import json
import os
import re

PER_CATALOG = 73
ADDRESSES = 43
DIRECTORY = 114
DEPARTMENTS = ["finance", "engineering", "legal", "sales", "people", "research", "support", "security"]
REGIONS = ["emea", "apac", "amer", "nordics", "dach", "latam"]
KINDS = ["group", "application", "sharepoint_site"]
ROLES = {"group": ["Member", "Owner"], "application": ["Administrator", "Contributor", "Reader"], "sharepoint_site": ["Member", "Owner", "Visitor"]}
PARTS = ["staff", "contractors", "approvers", "reviewers", "owners", "managers"]


class Date(str):
    """A date, which TOML writes without quotes."""


class Reference(str):
    """The address of an object that Terraform has to make first."""


def uid(*parts):
    digest = hashlib.md5("/".join(map(str, parts)).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def catalog(number, edited):
    """One catalog as plain data: (address, attributes) of each of its 43 objects, in the order of its file."""
    department, region = DEPARTMENTS[number % 8], REGIONS[number % 6]
    title = f"{department.title()} {region.upper()} {number:05d}"
    key = f"c{number:05d}"
    out = [(f"catalog.{key}", {"display_name": title, "description": f"Access for {department} in {region.upper()}, cost centre {10000 + number}."})]
    out += [(f"catalog.{key}.delegation.{name}", {"role": role, "members": [f"group:{department}-{name}"]})
            for name, role in (("managers", "access_package_manager"), ("owners", "catalog_owner"))]
    for i in range(10):
        kind = KINDS[i % 3]
        out.append((f"catalog.{key}.resource.r{i:02d}", {
            "display_name": f"{title} {kind.replace('_', ' ')} {i:02d}",
            "description": f"The {kind.replace('_', ' ')} that {department} uses for work stream {i:02d} in {region.upper()}.",
            "type": kind, "origin": uid(number, "resource", i), "roles": ROLES[kind]}))
    for i in range(10):
        package = f"access_package.{key}-p{i:02d}"
        roles = {}
        for j in range(3):
            resource = (i + j * 3) % 10
            known = ROLES[KINDS[resource % 3]]
            roles[f"r{resource:02d}"] = known[(i + j) % len(known)]
        out.append((package, {
            "catalog": key, "display_name": f"{title} package {i:02d}",
            "description": f"Everything a person on work stream {i:02d} of {department} in {region.upper()} needs on day one.",
            "hidden": i == 9, "resource_roles": dict(sorted(roles.items()))}))
        for j, name in enumerate(("contractors", "employees")):
            again = " (second revision)" if (number * 10 + i) * 2 + j in edited else ""
            first = {"approvers": [f"group:{department}-approvers"], "timeout": "7d"}
            out.append((f"{package}.policy.{name}", {
                "display_name": f"{name.title()} of {department}",
                "description": f"Who may ask for package {i:02d} of {title}, for how long and who decides{again}.",
                "requestors": sorted([f"group:{department}-{'contractors' if j == 0 else 'staff'}", f"group:{region}"]),
                "expiration": "30d" if j == 0 else "180d", "extension": "allowed" if j == 1 else "none",
                "approval": {"stage": [first, {"approvers": [f"group:{department}-managers"], "timeout": "14d"}]} if j == 0 else first,
                "review": {
                    "every": "month" if j == 0 else "quarter", "starts": Date("2027-01-01"), "duration": "14d",
                    "reviewers": [f"group:{department}-reviewers"], "if_no_answer": "remove"}}))
    return out


def directory():
    out = []
    for i in range(60):
        out.append((f'user."p{i:02d}@contoso.example"', {"display_name": f"Person {i:02d}"}))
    for d, department in enumerate(DEPARTMENTS):
        for p, part in enumerate(PARTS):
            members = [f"p{(d * 6 + p + k) % 60:02d}@contoso.example" for k in range(2)]
            out.append((f"group.{department}-{part}", {"display_name": f"{department.title()} {part}", "members": sorted(members)}))
    for r, region in enumerate(REGIONS):
        out.append((f"group.{region}", {"display_name": f"Everybody in {region.upper()}", "members": sorted(f"p{i:02d}@contoso.example" for i in range(r, 60, 6))}))
    return out


def inline(value):
    if isinstance(value, Date):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {inline(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


def toml(objects, note):
    out = [f"# {note}\n"]
    for address, attributes in objects:
        out.append(f"\n[{address}]\n")
        for key, value in attributes.items():
            if value in (False, "none"):  # which says as much as nothing
                continue
            if key == "resource_roles":
                out += [f"{key}.{resource} = {inline(role)}\n" for resource, role in value.items()]
            elif isinstance(value, dict) and "stage" in value:
                out += [f"\n[[{address}.{key}.stage]]\n" + "".join(f"{k} = {inline(v)}\n" for k, v in stage.items()) for stage in value["stage"]]
            elif isinstance(value, dict):
                out.append(f"\n[{address}.{key}]\n" + "".join(f"{k} = {inline(v)}\n" for k, v in value.items()))
            else:
                out.append(f"{key} = {inline(value)}\n")
    return "".join(out)


def name(address):
    """The address as Terraform may write it."""
    return re.sub("[^A-Za-z0-9]+", "_", address).strip("_")


def blocks(objects):
    """The objects as Terraform holds them: (name, attributes). What an object stands in or belongs to is a reference; people and groups, whom Writ
    looks up too, stay texts."""
    for address, attributes in objects:
        attributes = dict(attributes)
        roles = attributes.pop("resource_roles", {})
        if "catalog" in attributes:
            attributes["catalog"] = Reference(f"catalog.{attributes['catalog']}")
            home = attributes["catalog"]
        elif ".resource." in address or ".delegation." in address or ".policy." in address:
            attributes["parent"] = Reference(".".join(address.split(".")[:2]))
        yield name(address), attributes
        for resource, role in roles.items():
            yield name(f"{address}.role.{resource}"), {"package": Reference(address), "resource": Reference(f"{home}.resource.{resource}"), "role": role}


def hcl(objects):
    """A block for each object, of Terraform's built-in resource that only remembers."""
    def value(v, depth):
        pad = "  " * (depth + 1)
        if isinstance(v, dict):
            return "{\n" + "".join(f"{pad}{json.dumps(k)} = {value(x, depth + 1)}\n" for k, x in v.items()) + pad[2:] + "}"
        if isinstance(v, list):
            return "[" + ", ".join(value(x, depth) for x in v) + "]"
        if isinstance(v, Reference):
            return f"terraform_data.{name(v)}.id"
        return json.dumps(v)

    return "\n".join(f'resource "terraform_data" "{n}" {{\n  input = {value(a, 1)}\n}}\n' for n, a in blocks(objects))


def state(objects):
    """What `terraform apply` would leave, for the sizes at which it takes too long. A plan on it says "No changes"."""
    def value(v):
        if isinstance(v, dict):
            return {k: value(x) for k, x in v.items()}
        return uid(name(v)) if isinstance(v, Reference) else [value(x) for x in v] if isinstance(v, list) else v

    def kind(v):
        if isinstance(v, dict):
            return ["object", {k: kind(x) for k, x in v.items()}]
        if isinstance(v, list):
            return ["tuple", [kind(x) for x in v]]
        return "bool" if isinstance(v, bool) else "string"

    resources = []
    for n, attributes in blocks(objects):
        held = {"value": value(attributes), "type": kind(attributes)}
        instance = {"schema_version": 0, "attributes": {"id": uid(n), "input": held, "output": held, "triggers_replace": None}, "sensitive_attributes": []}
        needs = [f"terraform_data.{name(v)}" for v in attributes.values() if isinstance(v, Reference)]
        resources.append({"mode": "managed", "type": "terraform_data", "name": n, "provider": 'provider["terraform.io/builtin/terraform"]',
                          "instances": [{**instance, **({"dependencies": sorted(needs)} if needs else {})}]})
    return json.dumps({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": uid("lineage"), "outputs": {}, "resources": resources}, indent=2)


def put(path, text):
    data = text.encode()
    try:
        with open(path, "rb") as file:
            if file.read() == data:
                return len(data)
    except FileNotFoundError:
        pass
    with open(path, "wb") as file:
        file.write(data)
    return len(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--edits", type=int, default=0)
    parser.add_argument("--terraform")
    parser.add_argument("--state", action="store_true")
    asked = parser.parse_args()
    catalogs = max(1, round(asked.objects / PER_CATALOG))
    policies = catalogs * 20
    edited = {(2 * k + 1) * policies // (2 * asked.edits) for k in range(asked.edits)}
    os.makedirs(f"{asked.out}/catalogs", exist_ok=True)
    size = put(f"{asked.out}/writ.toml", '[workspace]\nname = "bench"\n')
    size += put(f"{asked.out}/directory.toml", toml(directory(), "Who is there."))
    if asked.terraform:
        os.makedirs(asked.terraform, exist_ok=True)
        put(f"{asked.terraform}/directory.tf", hcl(directory()))
    if asked.terraform and asked.state:
        applied = itertools.chain(directory(), *(catalog(number, ()) for number in range(catalogs)))
        put(f"{asked.terraform}/terraform.tfstate", state(applied))
    for number in range(catalogs):
        objects = catalog(number, edited)
        size += put(f"{asked.out}/catalogs/c{number:05d}.toml", toml(objects, f"Catalog {number:05d}."))
        if asked.terraform:
            put(f"{asked.terraform}/c{number:05d}.tf", hcl(objects))
    print(json.dumps({"asked": asked.objects, "catalogs": catalogs, "objects": catalogs * PER_CATALOG + DIRECTORY, "addresses": catalogs * ADDRESSES + DIRECTORY,
                      "edited": len(edited), "bytes": size}))


if __name__ == "__main__":
    main()
