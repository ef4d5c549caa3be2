// Package check finds the mistakes in playbooks that do not keep a file from use, says in
// plain words what parsers found, and lists what the playbooks need. Functions do not link
// it.
package check

import (
	"cmp"
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
	var needs []Need
	kinds = noting(kinds, func(n Need) { needs = append(needs, n) })
	book, source, file := playbook.Inspect(name, content, kinds, playbook.Checks{Advise: advise, Expression: expression, Call: call, Field: field})
	texts(source, file)
	if source.Err() == nil {
		hidden(source, file)
		followUps(book, source, file)
		times(source, file)
	}
	sources(source, file)
	placeholders(source, file)
	report := Report{Err: source.Err(), Warnings: source.Warnings(), Needs: needs}
	for _, kind := range kinds {
		if uses(file, kind.Name) {
			report.Kinds = append(report.Kinds, kind)
		}
	}
	return report
}

func uses(file playbook.Document, kind string) bool {
	for _, p := range file.Playbooks {
		for _, s := range slices.Concat(p.Steps, p.Then) {
			if s.Uses == kind {
				return true
			}
		}
	}
	return false
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
	return playbook.Read(name, content, into, &playbook.Checks{Advise: advise, Field: field})
}

// Permission is a permission of Datadog's application key, and the steps that need it.
type Permission struct {
	Name  string   `json:"name"`
	Steps []string `json:"steps"`
}

// Permissions returns what steps of these kinds need in Datadog, by name.
func Permissions(kinds []enrich.Kind) []Permission {
	var all []Permission
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
