#!/bin/sh
# plan.sh DIR: plans, shows it, and leaves in DIR the plan, plan.json, and the comment for its review, plan.md. Exits as
# `writ plan --detailed-exitcode` does: 0 for no changes, 2 for changes, 5 for a refusal, which leaves both files, too.
set -eu

code=0
writ plan --detailed-exitcode -o "$1/plan.json" || code=$?
if ! [ -s "$1/plan.json" ]; then exit "$code"; fi
writ show "$1/plan.json" --format markdown > "$1/plan.md"
# What was reviewed, for who applies it. It is the last line, which nothing that a change says can be.
if [ "$code" != 5 ]; then
  printf '\n<!-- writ expect %s -->\n' "$(jq -r .digests.changes "$1/plan.json")" >> "$1/plan.md"
fi
exit "$code"
