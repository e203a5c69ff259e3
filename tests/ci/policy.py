"""Evaluates examples/ci/policy over a plan with an interpreter of Rego that is not ours, and prints what it decides.

usage: policy.py POLICY DATA PLAN
"""

import json
import pathlib
import sys

import regopy
from ruamel.yaml import YAML

policy, data, plan = map(pathlib.Path, sys.argv[1:])
interpreter = regopy.Interpreter()
interpreter.add_module(policy.name, policy.read_text())
interpreter.add_data_json(json.dumps(YAML(typ="safe").load(data)))
interpreter.set_input(json.loads(plan.read_text()))


def decided(name):
    return json.loads(str(interpreter.query(f"x := data.terraform.analysis.{name}")))["bindings"]["x"]


print(json.dumps({name: decided(name) for name in ["authz", "score", "deny"]}))
