#!/bin/sh
# azure.sh put FILE: makes FILE the one comment of the pull request SYSTEM_PULLREQUEST_PULLREQUESTID that begins with its first line.
# azure.sh get FILE: prints the comment that begins with FILE's first line, of the pull request that was completed as
# BUILD_SOURCEVERSION, or nothing.
#
# Of the agent: SYSTEM_COLLECTIONURI, SYSTEM_TEAMPROJECTID, BUILD_REPOSITORY_ID, BUILD_SOURCEVERSION, BUILD_SOURCEBRANCH. SYSTEM_ACCESSTOKEN
# is handed to the step by name; its account, the build service, may contribute to pull requests.
set -eu
api=$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECTID/_apis/git/repositories/$BUILD_REPOSITORY_ID
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# METHOD URL [FILE]: the answer. The token goes in where no list of processes shows it.
call() {
  printf 'header = "Authorization: Bearer %s"\n' "$SYSTEM_ACCESSTOKEN" |
    curl --config - --silent --show-error --fail --max-time 60 \
      --request "$1" ${3:+--header 'Content-Type: application/json' --data-binary "@$3"} "$2"
}

# NUMBER FILE: the first comment of ours that begins as FILE does, with its thread, as JSON. What anybody else wrote is no plan.
ours() {
  call GET "${SYSTEM_COLLECTIONURI}_apis/connectionData?api-version=7.1-preview" > "$work/me"
  call GET "$api/pullRequests/$1/threads?api-version=7.1" > "$work/threads"
  jq -c --arg me "$(jq -r .authenticatedUser.id "$work/me")" --arg first "$(head -n 1 "$2")" \
    'first(.value[] | select(.isDeleted | not) | {thread: .id} + (.comments[0] // empty)
      | select(.author.id == $me and (.content // "" | split("\n")[0] | rtrimstr("\r")) == $first))' "$work/threads"
}

case $1 in
  put)
    ours "$SYSTEM_PULLREQUEST_PULLREQUESTID" "$2" > "$work/old"
    threads=$api/pullRequests/$SYSTEM_PULLREQUEST_PULLREQUESTID/threads
    if [ -s "$work/old" ]; then
      jq -n --rawfile content "$2" '{content: $content}' > "$work/new"
      call PATCH "$threads/$(jq .thread "$work/old")/comments/$(jq .id "$work/old")?api-version=7.1" "$work/new" > "$work/answer"
    else
      # Closed, so that no policy waits for somebody to resolve it.
      jq -n --rawfile content "$2" '{status: "closed", comments: [{parentCommentId: 0, commentType: "text", content: $content}]}' > "$work/new"
      call POST "$threads?api-version=7.1" "$work/new" > "$work/answer"
    fi
    ;;
  get)
    jq -n --arg sha "$BUILD_SOURCEVERSION" '{queries: [{type: "lastMergeCommit", items: [$sha]}]}' > "$work/query"
    call POST "$api/pullrequestquery?api-version=7.1" "$work/query" > "$work/completed"
    # Never one of a fork: others may have made our account say what its author likes.
    number=$(jq -r --arg sha "$BUILD_SOURCEVERSION" --arg branch "$BUILD_SOURCEBRANCH" \
      '[.results[0][$sha] // [] | .[] | select(.status == "completed" and .targetRefName == $branch and (.forkSource | not))][0].pullRequestId // ""' \
      "$work/completed")
    if [ -z "$number" ]; then exit 0; fi
    ours "$number" "$2" > "$work/old"
    jq -j '.content | gsub("\r"; "")' "$work/old"
    ;;
esac
