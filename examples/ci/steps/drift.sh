#!/bin/sh
# drift.sh: looks whether the store says something else than the last apply left it. Exits with 2 if so; writes nothing. With
# NOTIFY=1 webhooks are told, for which the keys of their signatures stand in the environment.
set -eu

code=0
writ drift --detailed-exitcode ${NOTIFY:+--notify} || code=$?
# The same, on the page of the run.
if [ "$code" = 2 ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  writ drift --format markdown >> "$GITHUB_STEP_SUMMARY"
fi
exit "$code"
