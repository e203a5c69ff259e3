#!/bin/sh
# nightly.sh: for a timer on the machine of the store, in a clone of main. Looks for drift, does what is due, and applies what was
# merged since, unless something drifted: an apply would put it back unseen. Brakes hold, and nobody lifts them here.
# Exits with the first that is not 0: of the apply, of what is due, of drift (2).
set -eu
steps=$(dirname "$0")

git pull --quiet --ff-only

drift=0 due=0 apply=0
sh "$steps/drift.sh" || drift=$?
writ tick || due=$?
if [ "$drift" = 0 ]; then
  writ apply --auto-approve --lock-timeout 10m || apply=$?
else
  echo "Nothing was applied, since something drifted." >&2
fi
for code in "$apply" "$due" "$drift"; do
  if [ "$code" != 0 ]; then exit "$code"; fi
done
