#!/bin/sh
# propose.sh HOST: plans a pull request and puts the plan into its one comment. HOST is `github`, `gitlab` or `azure`.
# Exits with 0 whether there are changes or not, and with 5 for a plan that is refused.
set -eu
steps=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

code=0
sh "$steps/plan.sh" "$work" || code=$?
# No plan at all: the message is above, and a comment of before is left, whose digest is of before.
if ! [ -s "$work/plan.md" ]; then exit "$code"; fi
sh "$steps/$1.sh" put "$work/plan.md"
case $code in
  2) exit 0 ;;
  *) exit "$code" ;;
esac
