// Package check finds the mistakes in playbooks that do not keep a file from use, says in
// plain words what parsers found, and lists what the playbooks need. Functions do not link
// it.
package check

import (
	"cmp"
	"fmt"
	"slices"

	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
)

// Report is what a check of a playbook file found.
type Report struct {
	// Err is Problems, or nil: what keeps the file from use, and what can never hold.
	Err error
	// Warnings are what is probably not meant.
	Warnings playbook.Problems
	// Kinds are the steps that the playbooks use, in the order of the documents.
	Kinds []enrich.Kind
	// Needs are what their steps use in AWS.
	Needs []Need
}

// File checks a playbook file with steps of these kinds.
func File(name string, content []byte, kinds []enrich.Kind) Report {
	book, source, file := playbook.Inspect(name, content, kinds, playbook.Checks{Advise: advise, Expression: expression, Call: call})
	isValid, anyV2 := source.Err() == nil, false
	places := make([]place, len(file.Playbooks))
	for i, d := range file.Playbooks {
		places[i] = place{source, fmt.Sprintf("playbooks[%d]", i), d, conditions(d.Match)}
		anyV2 = anyV2 || d.Event.API == playbook.APIv2
	}
	for i, p := range places {
		p.texts(anyV2)
		p.sources()
		p.placeholders()
		if isValid {
			p.hidden(places[:i], i == len(places)-1)
			p.followUps(book, i)
			p.times()
		}
	}
	report := Report{Err: source.Err(), Warnings: source.Warnings()}
	used := map[string]bool{}
	for kind, config := range book.Configs() {
		used[kind.Name] = true
		if kind.Grant != nil && config != nil {
			report.Needs = append(report.Needs, Need{kind.Grant, config})
		}
	}
	for _, kind := range kinds {
		if used[kind.Name] {
			report.Kinds = append(report.Kinds, kind)
		}
	}
	return report
}

// Load loads a playbook file as a function does, and says in plain words what keeps it from
// use.
func Load(name string, content []byte, kinds []enrich.Kind) (*playbook.Book, error) {
	book, err := playbook.Load(name, content, kinds)
	if err != nil {
		err = cmp.Or(File(name, content, kinds).Err, err)
	}
	return book, err
}

// Read decodes a YAML file of another kind, such as a test of playbooks, with the same words
// for mistakes.
func Read(name string, content []byte, into any) *playbook.Source {
	return playbook.Read(name, content, into, &playbook.Checks{Advise: advise})
}

// Need is what one step uses in AWS.
type Need struct {
	*enrich.Grant
	config any
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

// Permission is a permission of Datadog's application key, and the steps that need it.
type Permission struct {
	Name  string   `json:"name"`
	Steps []string `json:"steps"`
}

// Permissions returns what steps of these kinds need in Datadog, by name.
func Permissions(kinds []enrich.Kind) []Permission {
	all := []Permission{}
	for _, kind := range kinds {
		for _, name := range kind.Permissions {
			i := slices.IndexFunc(all, func(p Permission) bool { return p.Name == name })
			if i < 0 {
				i, all = len(all), append(all, Permission{Name: name})
			}
			if !slices.Contains(all[i].Steps, kind.Name) {
				all[i].Steps = append(all[i].Steps, kind.Name)
			}
		}
	}
	slices.SortFunc(all, func(a, b Permission) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
