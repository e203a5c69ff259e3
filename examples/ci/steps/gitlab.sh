#!/bin/sh
# gitlab.sh put FILE: makes FILE the one note of the merge request CI_MERGE_REQUEST_IID that begins with its first line.
# gitlab.sh get FILE: prints the note that begins with FILE's first line, of the merge request that was merged as CI_COMMIT_SHA, or
# nothing.
#
# Of the runner: CI_API_V4_URL, CI_PROJECT_ID, CI_COMMIT_SHA, CI_COMMIT_BRANCH. WRIT_FORGE_TOKEN is a project access token with the
# scope `api`: the token of a job may not write notes.
set -eu
api=$CI_API_V4_URL/projects/$CI_PROJECT_ID
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# METHOD URL [FILE]: the answer. The token goes in where no list of processes shows it.
call() {
  printf 'header = "PRIVATE-TOKEN: %s"\n' "$WRIT_FORGE_TOKEN" |
    curl --config - --silent --show-error --fail --max-time 60 \
      --request "$1" ${3:+--header 'Content-Type: application/json' --data-binary "@$3"} "$2"
}

# IID FILE: the first note of ours that begins as FILE does, as JSON. What anybody else wrote is no plan.
ours() {
  call GET "$CI_API_V4_URL/user" > "$work/me"
  page=1
  while :; do
    call GET "$api/merge_requests/$1/notes?sort=asc&order_by=created_at&per_page=100&page=$page" > "$work/page"
    jq -c --argjson me "$(jq .id "$work/me")" --arg first "$(head -n 1 "$2")" \
      '.[] | select(.author.id == $me and (.body | split("\n")[0] | rtrimstr("\r")) == $first)' "$work/page" > "$work/ours"
    if [ -s "$work/ours" ]; then
      head -n 1 "$work/ours"
      return
    fi
    if [ "$(jq length "$work/page")" -lt 100 ]; then return; fi
    page=$((page + 1))
  done
}

case $1 in
  put)
    ours "$CI_MERGE_REQUEST_IID" "$2" > "$work/old"
    jq -n --rawfile body "$2" '{body: $body}' > "$work/new"
    notes=$api/merge_requests/$CI_MERGE_REQUEST_IID/notes
    if [ -s "$work/old" ]; then
      call PUT "$notes/$(jq .id "$work/old")" "$work/new" > "$work/answer"
    else
      call POST "$notes" "$work/new" > "$work/answer"
    fi
    ;;
  get)
    call GET "$api/repository/commits/$CI_COMMIT_SHA/merge_requests" > "$work/merged"
    # Never one of a fork: others may have made our account say what its author likes.
    iid=$(jq -r --arg sha "$CI_COMMIT_SHA" --arg branch "$CI_COMMIT_BRANCH" \
      '[.[] | select(.state == "merged" and .target_branch == $branch and .source_project_id == .target_project_id
        and ([.merge_commit_sha, .squash_commit_sha, .sha] | index($sha)))][0].iid // ""' "$work/merged")
    if [ -z "$iid" ]; then exit 0; fi
    ours "$iid" "$2" > "$work/old"
    jq -j '.body | gsub("\r"; "")' "$work/old"
    ;;
esac
