#!/bin/sh
# apply.sh HOST: applies what was merged, if it still does what the comment of its pull request says. HOST is `github`, `gitlab`
# or `azure`. A person can say instead what was reviewed, in WRIT_EXPECT.
# Exits with 0 when it is applied or nothing is to be done, else as `writ apply` does.
set -eu
steps=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

code=0
sh "$steps/plan.sh" "$work" || code=$?
case $code in
  0) exit 0 ;;
  2) ;;
  *) exit "$code" ;;
esac

expected=$(printf '%s' "${WRIT_EXPECT:-}" | tr -d '[:space:]')
if [ -z "$expected" ]; then
  sh "$steps/$1.sh" get "$work/plan.md" > "$work/comment.md"
  expected=$(tail -n 1 "$work/comment.md" | sed -n 's/^<!-- writ expect \([0-9a-f]\{64\}\) -->$/\1/p')
fi
if [ -z "$expected" ]; then
  echo "Nothing was applied: no plan of this change was reviewed. Read the one above; who agrees to it runs this again with its" >&2
  echo "digest as WRIT_EXPECT." >&2
  exit 5
fi

writ apply --expect "$expected" --auto-approve --lock-timeout 10m || code=$?
case $code in
  2) ;;
  4) echo "Nothing was applied: this would not do what was reviewed. Read the plan above; who agrees to it runs this again with its digest as WRIT_EXPECT." >&2 ;;
  5) echo "Nothing was applied. A brake is lifted by hand, with the flag that is named above." >&2 ;;
  6) echo "Nothing was applied: somebody else was writing. Run this again." >&2 ;;
  9) echo "It is applied. What failed came after it, and is tried again by itself: do not run this again." >&2 ;;
esac
case $code in
  2) exit 0 ;;
  *) exit "$code" ;;
esac
