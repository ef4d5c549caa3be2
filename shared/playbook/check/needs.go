package check

import (
	"slices"

	"boomerang/shared/enrich"
)

// Need is what one step uses in AWS.
type Need struct {
	*enrich.Grant
	config any
}

// noting returns kinds that note what the steps of a valid playbook need.
func noting(kinds []enrich.Kind, note func(Need)) []enrich.Kind {
	kinds = slices.Clone(kinds)
	for i, kind := range kinds {
		if kind.Grant == nil {
			continue
		}
		kinds[i].Check = func(config any) error {
			note(Need{kind.Grant, config})
			if kind.Check == nil {
				return nil
			}
			return kind.Check(config)
		}
	}
	return kinds
}

// Parameters returns what the parameters of a stack must list, by name. Names in the
// playbooks belong to the account.
func Parameters(needs []Need, in enrich.Account) map[string][]string {
	parameters := map[string][]string{}
	for _, n := range needs {
		if arn := n.ARN(n.config, in); arn != "" && !slices.Contains(parameters[n.Parameter], arn) {
			parameters[n.Parameter] = append(parameters[n.Parameter], arn)
		}
	}
	return parameters
}
