// Package cases tests playbooks: what an alert makes of them when their steps
// answer as a test file says. Nothing is asked of Datadog or of anybody else.
package cases

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"boomerang/functions/local/trial"
	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
)

// The shape of a test file. The doc tags are what editors show.
type (
	document struct {
		Playbooks string          `yaml:"playbooks" doc:"The playbook file under test, seen from this file. Left out, it is the one with this file's name without .test."`
		Steps     map[string]stub `yaml:"steps" doc:"How steps answer in every case that does not say otherwise, by the steps' names."`
		Cases     []definition    `yaml:"cases" required:"true" doc:"The cases."`
	}

	definition struct {
		Name   string          `yaml:"name" required:"true" doc:"What is to come out, in a sentence."`
		Event  string          `yaml:"event" doc:"A file with a Function URL event, seen from this file, such as those in events/."`
		Alert  map[string]any  `yaml:"alert" doc:"The alert itself in the place of an event file, by the names of Datadog's webhook variables: alert_transition, tags, …"`
		Cycle  cycle           `yaml:"cycle" doc:"How the alert's cycle went so far."`
		Steps  map[string]stub `yaml:"steps" doc:"How steps answer in this case, by the steps' names. One that no case speaks of is skipped."`
		Expect expectation     `yaml:"expect" required:"true" doc:"What must come out."`
	}

	cycle struct {
		Lasted   time.Duration `yaml:"lasted" doc:"How long the cycle has lasted, such as 11m."`
		Notified int           `yaml:"notified" doc:"How often it was notified, this time included."`
	}

	// stub is how a step answers: exactly one of the fields is set.
	stub struct {
		Data    ast.Node      `yaml:"data" doc:"What the step found, as templates see it under steps.<name>."`
		Error   string        `yaml:"error" doc:"Why the step failed, in the words that the event shows."`
		Timeout time.Duration `yaml:"timeout" doc:"The time after which the step was given up, such as 5s."`
		Skip    string        `yaml:"skip" doc:"Why the step has nothing to do with the alert."`
	}

	expectation struct {
		Playbooks []string `yaml:"playbooks" doc:"The playbooks that are used, in their order; default when none of the file's matches."`
		Steps     []string `yaml:"steps" doc:"The steps that run, in their order; those that are skipped do not."`
		Title     string   `yaml:"title" doc:"The event's title."`
		AlertType string   `yaml:"alert_type" doc:"The event's type: error, warning, info or success; with api v2 its status: error, warn or ok."`
		Priority  string   `yaml:"priority" doc:"The event's priority."`
		Tags      holds    `yaml:"tags" doc:"Which tags the event has, and which not."`
		Text      holds    `yaml:"text" doc:"What the event's text says, and what not."`
		Golden    string   `yaml:"golden" doc:"A file with the whole event, seen from this file; make test-playbooks UPDATE=1 writes it."`
	}

	holds struct {
		Contains []string `yaml:"contains" doc:"What must be there."`
		Lacks    []string `yaml:"lacks" doc:"What must not be there."`
	}
)

// Shape returns the type of a test file, for its JSON Schema.
func Shape() reflect.Type { return reflect.TypeFor[document]() }

// Suite is a test file and the playbooks that it tests.
type Suite struct {
	Path      string
	Playbooks string // the playbooks' path

	folder string
	book   *playbook.Book
	cases  []testCase
}

// Ending is how the name of a test file ends.
const Ending = ".test.yaml"

// Load reads a test file and its playbooks. The error says everything that is
// wrong with either, each with its place. kinds returns the steps that a playbook
// file can use.
func Load(path string, kinds func(playbooks string) []enrich.Kind) (*Suite, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var d document
	source := playbook.Read(path, raw, &d)
	s := &Suite{Path: path, folder: filepath.Dir(path)}
	s.Playbooks = strings.TrimSuffix(path, Ending) + ".yaml"
	if d.Playbooks != "" {
		s.Playbooks = s.file(d.Playbooks)
	}
	if s.book, err = load(s.Playbooks, kinds); err != nil {
		return nil, errors.Join(source.Err(), fmt.Errorf("%s tests a file that cannot be used:\n%w", path, err))
	}
	c := checker{source, knownSteps(s.book)}
	s.cases = c.cases(s, d)
	return s, source.Err()
}

func load(path string, kinds func(string) []enrich.Kind) (*playbook.Book, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return playbook.Load(path, raw, trial.Watched(kinds(path)))
}

// file returns the path of a file that is named as seen from the test file.
func (s *Suite) file(name string) string { return filepath.Join(s.folder, filepath.FromSlash(name)) }

func knownSteps(book *playbook.Book) []string {
	var all []string
	for _, steps := range book.Names() {
		for _, step := range steps {
			if !slices.Contains(all, step) {
				all = append(all, step)
			}
		}
	}
	slices.Sort(all)
	return all
}

// checker turns what a file says into cases, and reports what makes no sense.
type checker struct {
	*playbook.Source
	known []string
}

func (c checker) cases(s *Suite, d document) []testCase {
	if len(d.Cases) == 0 && c.Err() == nil {
		c.Report("cases", "it holds no case")
	}
	c.stubs(d.Steps, "steps")
	var all []testCase
	names := map[string]bool{}
	for i, one := range d.Cases {
		path := fmt.Sprintf("cases[%d]", i)
		if one.Name == "" || names[one.Name] {
			c.Report(path+".name", "a case needs a name of its own")
		}
		names[one.Name] = true
		c.stubs(one.Steps, path+".steps")
		if reflect.ValueOf(one.Expect).IsZero() {
			c.Report(path+".expect", "a case that expects nothing cannot fail: say what must come out")
		}
		a, err := s.alert(one)
		if err != nil {
			c.Report(path, "%s", err)
		}
		stubs := map[string]placed{}
		for name, stub := range d.Steps {
			stubs[name] = placed{stub, c.Source, "steps." + name}
		}
		for name, stub := range one.Steps {
			stubs[name] = placed{stub, c.Source, path + ".steps." + name}
		}
		all = append(all, testCase{definition: one, alert: a, stubs: stubs})
	}
	return all
}

func (c checker) stubs(stubs map[string]stub, path string) {
	for name, s := range stubs {
		at := path + "." + name
		if !slices.Contains(c.known, name) {
			c.Report(at, "no playbook has a step %q; there are %s", name, strings.Join(c.known, ", "))
		}
		ways := 0
		for _, set := range []bool{s.Data != nil, s.Error != "", s.Timeout > 0, s.Skip != ""} {
			if set {
				ways++
			}
		}
		if ways != 1 {
			c.Report(at, "a step answers in one way: with data, error, timeout or skip")
		}
	}
}
