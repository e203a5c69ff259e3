#!/bin/sh
# check.sh: what can be said of a change without a store, secrets or a network. Nothing that the change says is run, and nothing
# outside of it is opened, so this is safe for changes of strangers.
set -eu

writ fmt --check --diff
# `github` or `azure`: beside the lines of the change.
writ validate --warnings-as-errors --format "${ANNOTATIONS:-text}"
writ test
