// Package playbooktest runs the test files beside playbooks: it takes alerts through
// the playbooks with stubs in place of the steps, and compares the events. It calls
// neither Datadog nor AWS.
package playbooktest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"boomerang/functions/local/request"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

// The format of a test file. The JSON Schema takes its texts from the doc tags.
type (
	document struct {
		Playbooks string          `yaml:"playbooks" doc:"The playbook file under test, relative to this file. Default: this file's name without .test."`
		Steps     map[string]stub `yaml:"steps" doc:"The stubs for all cases, by step name. A case can override them."`
		Cases     []definition    `yaml:"cases" required:"true" doc:"The cases."`
	}

	definition struct {
		Name    string          `yaml:"name" required:"true" doc:"The expected behavior in one sentence."`
		Event   string          `yaml:"event" doc:"A file with a Function URL request or the body of a webhook, relative to this file, such as those in events/."`
		Alert   map[string]any  `yaml:"alert" doc:"The alert in place of an event file, by Datadog's webhook variables: alert_transition, tags, …"`
		Cycle   cycle           `yaml:"cycle" doc:"The alert's cycle so far."`
		Earlier []pastCycle     `yaml:"earlier" doc:"The earlier cycles of the monitor's group, for memory."`
		Steps   map[string]stub `yaml:"steps" doc:"The stubs for this case, by step name. A step without a stub is skipped."`
		Expect  expectation     `yaml:"expect" required:"true" doc:"The expected event."`

		decoded alert.Alert // of Event or Alert
	}

	cycle struct {
		Lasted   time.Duration `yaml:"lasted" doc:"How long the cycle has lasted, such as 11m."`
		Notified int           `yaml:"notified" doc:"The number of notifications, this one included."`

		Kept map[string]string `yaml:"kept" doc:"What earlier notifications kept, by name (cycle.kept.<name>)."`
	}

	pastCycle struct {
		Before    time.Duration `yaml:"before" required:"true" doc:"How long before the alert it began, such as 26h."`
		Lasted    time.Duration `yaml:"lasted" doc:"How long it lasted, such as 12m."`
		Recovered bool          `yaml:"recovered" doc:"Whether it recovered by itself."`
		Kind      string        `yaml:"kind" doc:"The kind of change that it followed, such as deploy."`
		Service   string        `yaml:"service" doc:"The service of that change."`
	}

	stub struct {
		Data    *yaml.Node        `yaml:"data" doc:"The finding, as templates see it under steps.<name>."`
		Lead    map[string]string `yaml:"lead" doc:"What the finding says on the event's first screen, by answer: what, since (a time), suspect, owner, on call, runbook or monitor (URLs)."`
		Error   string            `yaml:"error" doc:"The reason for a failure, as the event shows it."`
		Timeout time.Duration     `yaml:"timeout" doc:"The step times out after this time, such as 5s."`
		Skip    string            `yaml:"skip" doc:"The reason to skip the step."`

		path  string // of the stub in the file
		value any    // of Data
	}

	expectation struct {
		Playbooks []string `yaml:"playbooks" doc:"The playbooks that are used, in order; default when none of the file matches."`
		Steps     []string `yaml:"steps" doc:"The steps that run, in order, without those that are skipped."`
		Title     string   `yaml:"title" doc:"The event's title."`
		AlertType string   `yaml:"alert_type" doc:"The event's type: error, warning, info or success; with api v2 its status: error, warn or ok."`
		Priority  string   `yaml:"priority" doc:"The event's priority."`
		Source    string   `yaml:"source" doc:"The event's source. Only with api v1."`
		Device    string   `yaml:"device_name" doc:"The event's device. Only with api v1."`
		Tags      contents `yaml:"tags" doc:"The event's tags."`
		Text      contents `yaml:"text" doc:"The event's text."`
		Golden    string   `yaml:"golden" doc:"A file with the whole event, relative to this file; boomerang test --update writes it."`
	}

	contents struct {
		Contains []string `yaml:"contains" doc:"What it contains."`
		Lacks    []string `yaml:"lacks" doc:"What it does not contain."`
	}
)

// Shape returns the type of a test file, for its JSON Schema.
func Shape() reflect.Type { return reflect.TypeFor[document]() }

// Suffix is that of a test file, beside the playbooks it tests.
const Suffix = ".test.yaml"

// Suite is a test file with its playbooks.
type Suite struct {
	path   string
	source *playbook.Source
	book   *playbook.Book
	cases  []definition
}

// Load reads a test file and its playbooks. The error has all problems of both. kinds
// returns the steps for a playbook file.
func Load(path string, kinds func(playbooks string) []enrich.Kind) (*Suite, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var d document
	s := &Suite{path: path, source: check.Read(path, raw, &d)}
	playbooks := strings.TrimSuffix(path, Suffix) + ".yaml"
	if d.Playbooks != "" {
		playbooks = s.file(d.Playbooks)
	}
	raw, err = os.ReadFile(playbooks)
	if err == nil {
		s.book, err = check.Load(playbooks, raw, kinds(playbooks))
	}
	if err != nil {
		return nil, errors.Join(s.source.Err(), fmt.Errorf("%s tests an invalid file:\n%w", path, err))
	}
	s.addCases(d)
	return s, s.source.Err()
}

func (s *Suite) file(name string) string {
	return filepath.Join(filepath.Dir(s.path), filepath.FromSlash(name))
}

func (s *Suite) addCases(d document) {
	if len(d.Cases) == 0 && s.source.Err() == nil {
		s.source.Report("cases", "there is no case")
	}
	s.checkStubs(d.Steps, "steps")
	names := map[string]bool{}
	for i, c := range d.Cases {
		path := fmt.Sprintf("cases[%d]", i)
		isWhole := s.source.IsWhole(path)
		if c.Name == "" && isWhole || names[c.Name] {
			s.source.Report(path+".name", "a case needs its own name")
		}
		names[c.Name] = c.Name != ""
		if reflect.ValueOf(c.Expect).IsZero() && isWhole {
			s.source.Report(path+".expect", "a case needs an expectation")
		}
		for name := range c.Cycle.Kept {
			if known := s.book.Kept(); !slices.Contains(known, name) {
				s.source.Report(path+".cycle.kept."+name, "no step of a then keeps %q%s", name, playbook.Suggest(name, known))
			}
		}
		var err error
		if c.decoded, err = s.decode(c); err != nil && (isWhole || err != errSource) {
			s.source.Report(path, "%s", err)
		}
		s.checkStubs(c.Steps, path+".steps")
		stubs := map[string]stub{}
		maps.Copy(stubs, d.Steps)
		maps.Copy(stubs, c.Steps)
		c.Steps = stubs
		s.cases = append(s.cases, c)
	}
}

// checkStubs checks stubs and notes their places in the file.
func (s *Suite) checkStubs(stubs map[string]stub, path string) {
	steps := slices.Concat(slices.Collect(maps.Values(s.book.Names()))...)
	known := slices.Compact(slices.Sorted(slices.Values(steps)))
	for name, one := range stubs {
		one.path = path + "." + name
		isWhole := s.source.IsWhole(one.path)
		if one.Data != nil {
			one.value = s.source.Value(one.Data, one.path+".data")
		}
		stubs[name] = one
		if !slices.Contains(known, name) {
			s.source.Report(one.path, "no playbook has a step %q; use one of %s", name, strings.Join(known, ", "))
		}
		answers := 0
		for _, given := range []bool{one.Data != nil, one.Error != "", one.Timeout > 0, one.Skip != ""} {
			if given {
				answers++
			}
		}
		if answers != 1 && isWhole {
			s.source.Report(one.path, "a stub needs exactly one of data, error, timeout and skip")
		}
	}
}

var errSource = errors.New("a case needs either an event file or an alert")

func (s *Suite) decode(c definition) (alert.Alert, error) {
	if (c.Event == "") == (len(c.Alert) == 0) {
		return alert.Alert{}, errSource
	}
	var a alert.Alert
	var err error
	if c.Event != "" {
		a, err = decodeFile(s.file(c.Event))
	} else {
		a, err = decodeFields(c.Alert)
	}
	if !reflect.ValueOf(c.Cycle).IsZero() {
		a.CycleKey = cmp.Or(a.CycleKey, "cycle")
	}
	if len(c.Earlier) > 0 {
		a.MonitorID = cmp.Or(a.MonitorID, "1")
	}
	return a, err
}

func decodeFile(path string) (alert.Alert, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return alert.Alert{}, err
	}
	r, err := request.Of(content)
	if err != nil {
		return alert.Alert{}, fmt.Errorf("%s: %w", path, err)
	}
	return handler.Decode(r.LambdaFunctionURLRequest)
}

func decodeFields(fields map[string]any) (alert.Alert, error) {
	raw, err := json.Marshal(fields)
	if err != nil {
		return alert.Alert{}, fmt.Errorf("the alert cannot be written as JSON: %w", err)
	}
	if a, err := alert.Decode(raw); err == nil {
		return a, nil
	}
	// An alert needs an id or a text; a case about tags does not.
	return alert.Decode(append(raw[:len(raw)-1], `,"id":"1"}`...))
}
