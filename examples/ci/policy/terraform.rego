# Whether a plan may go on without somebody looking at it twice: a weighted sum of what it does stays below a limit, and some
# types are not touched. Written for Terraform's plan JSON, after the rule of Open Policy Agent's Terraform tutorial
# (https://www.openpolicyagent.org/docs/terraform); nothing in it knows of Writ. What it weighs stands in house.yaml.
#
#     writ plan -o change.plan
#     opa eval --fail-defined --data ci/policy --input change.plan 'data.terraform.analysis.deny[_]'
#     conftest test --parser json --namespace terraform.analysis --policy ci/policy --data ci/policy/house.yaml change.plan
package terraform.analysis

import rego.v1

default authz := false

authz if {
	score < data.house.blast_radius
	count(touched) == 0
}

# Each change counts for what is done: a replacement is a deletion and a creation.
score := sum([weight |
	some change in input.resource_changes
	some action in change.change.actions
	weight := data.house.weights[change.type][action]
])

touched contains change.address if {
	some change in input.resource_changes
	change.type in data.house.untouchable
	some action in change.change.actions
	not action in {"no-op", "read"}
}

deny contains message if {
	score >= data.house.blast_radius
	message := sprintf("the plan weighs %d, and %d is too much", [score, data.house.blast_radius])
}

deny contains message if {
	some address in touched
	message := sprintf("%s is changed by hand only", [address])
}

deny contains message if {
	some change in input.resource_changes
	"delete" in change.change.actions
	change.type in data.house.kept
	message := sprintf("%s would be deleted", [change.address])
}
