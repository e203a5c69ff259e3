#!/bin/sh
# github.sh put FILE: makes FILE the one comment of the pull request PULL_REQUEST that begins with its first line.
# github.sh get FILE: prints the comment that begins with FILE's first line, of the pull request that was merged as GITHUB_SHA, or
# nothing.
#
# Of the runner: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_SHA, GITHUB_REF_NAME. GITHUB_TOKEN may read pull requests; to put, write them.
set -eu
api=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY
# Who puts the comments: the account of GITHUB_TOKEN. What anybody else wrote is no plan.
author=${COMMENT_AUTHOR:-github-actions[bot]}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# METHOD PATH [FILE]: the answer. The token goes in where no list of processes shows it.
call() {
  printf 'header = "Authorization: Bearer %s"\n' "$GITHUB_TOKEN" |
    curl --config - --silent --show-error --fail --max-time 60 --header 'Accept: application/vnd.github+json' \
      --request "$1" ${3:+--header 'Content-Type: application/json' --data-binary "@$3"} "$api$2"
}

# NUMBER FILE: the first comment of ours that begins as FILE does, as JSON.
ours() {
  page=1
  while :; do
    call GET "/issues/$1/comments?per_page=100&page=$page" > "$work/page"
    jq -c --arg author "$author" --arg first "$(head -n 1 "$2")" \
      '.[] | select(.user.login == $author and (.body | split("\n")[0] | rtrimstr("\r")) == $first)' "$work/page" > "$work/ours"
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
    ours "$PULL_REQUEST" "$2" > "$work/old"
    jq -n --rawfile body "$2" '{body: $body}' > "$work/new"
    if [ -s "$work/old" ]; then
      call PATCH "/issues/comments/$(jq .id "$work/old")" "$work/new" > "$work/answer"
    else
      call POST "/issues/$PULL_REQUEST/comments" "$work/new" > "$work/answer"
    fi
    ;;
  get)
    call GET "/commits/$GITHUB_SHA/pulls" > "$work/pulls"
    # Never one of a fork: others may have made our account say what its author likes.
    number=$(jq -r --arg sha "$GITHUB_SHA" --arg branch "$GITHUB_REF_NAME" --arg here "$GITHUB_REPOSITORY" \
      '[.[] | select(.merged_at and .merge_commit_sha == $sha and .base.ref == $branch and .head.repo.full_name == $here)][0].number // ""' \
      "$work/pulls")
    if [ -z "$number" ]; then exit 0; fi
    ours "$number" "$2" > "$work/old"
    jq -j '.body | gsub("\r"; "")' "$work/old"
    ;;
esac
