"""Holds the pipelines' files against the schemas of their hosts, and prints them as one JSON object, by file name."""

import json
import pathlib
import subprocess
import sys

from ruamel.yaml import YAML

HOSTS = {
    "github/pull-request.yml": ["vendor.github-workflows"],
    "github/apply.yml": ["vendor.github-workflows"],
    "github/nightly.yml": ["vendor.github-workflows"],
    "gitlab-ci.yml": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    # Some of its patterns are no regular expressions of ECMAScript.
    "azure-pipelines.yml": ["vendor.azure-pipelines", "--data-transform", "azure-pipelines", "--regex-variant", "python"],
}

folder = pathlib.Path(sys.argv[1])
found = {}
for name, schema in HOSTS.items():
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *schema, str(folder / name)]
    checked = subprocess.run(checker, capture_output=True, text=True)
    if checked.returncode != 0:
        sys.exit(f"{name}: {checked.stdout}{checked.stderr}")
    found[name] = YAML(typ="safe").load(folder / name)
there = {str(path.relative_to(folder)) for path in folder.rglob("*.yml")}
if there != set(HOSTS):
    sys.exit(f"not held against a schema, or not there: {there ^ set(HOSTS)}")
print(json.dumps(found))
