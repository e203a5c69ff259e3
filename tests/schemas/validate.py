#!/usr/bin/env python3
"""Holds TOML files against the JSON Schemas, with a validator that is not Writ's.

usage: validate.py SCHEMAS [--good PATH]... [--bad PATH]...

Every schema in SCHEMAS must be one, by its meta-schema. Every file of --good must pass, as a whole and object by object
against the schema of its kind; every file of --bad must be refused. A path is a file or a directory. Files whose name
begins with `writ` are settings, those that end in `.json` are plans, or what webhooks are told. Dates are ISO strings to JSON Schema, as to the editors.
"""

import argparse
import datetime
import json
import pathlib
import sys
import tomllib

from jsonschema import Draft7Validator


def as_json(value):
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):
        return value.isoformat()
    return value


def files(paths):
    for path in map(pathlib.Path, paths):
        yield from sorted([*path.rglob("*.toml"), *path.rglob("*.json")]) if path.is_dir() else [path]


class Schemas:
    def __init__(self, root):
        self.problems = []
        self.kinds = {}
        self.count = 0
        for path in sorted(root.rglob("*.schema.json")):
            schema = json.loads(path.read_text())
            for error in Draft7Validator(Draft7Validator.META_SCHEMA).iter_errors(schema):
                self.problems.append(f"{path}: {error.json_path}: {error.message}")
            expected = f"https://writ.example/schemas/{path.relative_to(root).as_posix()}"
            if schema.get("$id") != expected:
                self.problems.append(f"{path}: its $id is not {expected}")
            self.count += 1
            validator = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
            name = path.name.removesuffix(".schema.json")
            if path.parent.name == "kinds":
                self.kinds[name] = validator
            elif name == "file":
                self.file = validator
            elif name == "writ":
                self.settings = validator
            elif name == "plan":
                self.plan = validator
            elif name == "webhook":
                self.webhook = validator

    def of(self, path):
        return self.settings if path.name.startswith("writ") else self.file

    def findings(self, path):
        if path.suffix == ".json":
            document = json.loads(path.read_text())
            yield from (self.webhook if "event" in document else self.plan).iter_errors(document)
            return
        document = as_json(tomllib.loads(path.read_text()))
        validator = self.of(path)
        yield from validator.iter_errors(document)
        if validator is self.file:
            for kind in self.kinds:
                yield from self.objects(kind, document)

    def objects(self, kind, table):
        """Each object of a kind in a table, and the objects in it, against the schema of the kind alone."""
        for body in table.get(kind, {}).values():
            yield from self.kinds[kind].iter_errors(body)
            for child in self.kinds[kind].schema.get("definitions", {}):
                if isinstance(body.get(child), dict):
                    yield from self.objects(child, body)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("schemas", type=pathlib.Path)
    parser.add_argument("--good", action="append", default=[])
    parser.add_argument("--bad", action="append", default=[])
    arguments = parser.parse_args()
    schemas = Schemas(arguments.schemas)
    problems = schemas.problems
    good = bad = 0
    for path in files(arguments.good):
        good += 1
        problems += [f"{path}: {e.json_path}: {e.message}" for e in schemas.findings(path)]
    for path in files(arguments.bad):
        bad += 1
        found = [f"{e.json_path}: {e.message}" for e in schemas.findings(path)]
        if not found:
            problems.append(f"{path}: passes, and is broken")
    for problem in problems:
        print(problem[:400])
    print(f"{schemas.count} schemas, {good} files that must pass, {bad} that must not: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
