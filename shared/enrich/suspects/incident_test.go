// Package suspects_test reads the scripted incidents of testdata/incidents, which say of an
// alert and of what Datadog knew around it what a person would suspect first.
package suspects_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"boomerang/shared/alert"
)

// notified is when every incident's notification is sent.
var notified = time.Date(2026, time.March, 12, 14, 30, 0, 0, time.UTC)

// The two folders: one to tune rules with, one to measure them with.
const (
	tuning = "tuning"
	held   = "held"
)

// incident is one file. All minutes count from the begin of the alert; those before it are
// negative. README.md beside the files describes the keys.
type incident struct {
	file string

	Name     string    `yaml:"name"`
	Why      string    `yaml:"why"`
	Kind     string    `yaml:"kind"`
	Signal   string    `yaml:"signal"`
	Alert    notice    `yaml:"alert"`
	Services []service `yaml:"services"`
	Events   []event   `yaml:"events"`
	Groups   []group   `yaml:"groups"`
	Metric   *series   `yaml:"metric"`
	Earlier  []cycle   `yaml:"earlier"`
	Want     []suspect `yaml:"want"`
}

// notice has the fields of the webhook's payload.
type notice struct {
	Monitor    int64            `yaml:"monitor"`
	Type       string           `yaml:"type"`
	Name       string           `yaml:"name"`
	Query      string           `yaml:"query"`
	Scope      string           `yaml:"scope"`
	Tags       alert.Tags       `yaml:"tags"`
	Host       string           `yaml:"host"`
	Transition alert.Transition `yaml:"transition"`
	Title      string           `yaml:"title"`
	// Began is how many minutes before the notification the alert began.
	Began float64 `yaml:"began"`
	// First is the transition with which the alert began, if this notification is a later one.
	First alert.Transition `yaml:"first"`
}

type service struct {
	Name      string   `yaml:"name"`
	DependsOn []string `yaml:"depends_on"`
	Owner     string   `yaml:"owner"`
}

type event struct {
	ID     string     `yaml:"id"`
	At     float64    `yaml:"at"`
	Every  float64    `yaml:"every"` // Minutes between repetitions.
	Times  int        `yaml:"times"`
	Source string     `yaml:"source"`
	Title  string     `yaml:"title"`
	Text   string     `yaml:"text"`
	Tags   alert.Tags `yaml:"tags"`
	Host   string     `yaml:"host"`
	Status string     `yaml:"status"`
	Author string     `yaml:"author"`
	// Monitor is that of an event which a monitor sent.
	Monitor int64   `yaml:"monitor"`
	Change  *change `yaml:"change"`
}

// change is what an event of the category "change" has besides.
type change struct {
	Type string         `yaml:"type"`
	Name string         `yaml:"name"`
	From map[string]any `yaml:"from"`
	To   map[string]any `yaml:"to"`
}

type group struct {
	Name   string  `yaml:"name"`
	Status string  `yaml:"status"`
	Since  float64 `yaml:"since"`
}

// series is a metric in words: a level, and at most one of jump, ramp and values.
type series struct {
	Query  string       `yaml:"query"`
	Level  float64      `yaml:"level"`
	Jump   *move        `yaml:"jump"`
	Ramp   *move        `yaml:"ramp"`
	Values [][2]float64 `yaml:"values"` // Minute and value.
}

type move struct {
	At float64 `yaml:"at"`
	To float64 `yaml:"to"`
}

// cycle is an earlier alert of the same monitor.
type cycle struct {
	Began  float64 `yaml:"began"`
	Lasted float64 `yaml:"lasted"`
	After  []event `yaml:"after"` // Minutes count from the begin of the cycle.
}

// suspect is the id of an event, or a tag of the monitor's groups.
type suspect struct {
	Event string `yaml:"event"`
	Group string `yaml:"group"`
}

func load(t *testing.T, folder string) (all []incident) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "incidents", folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no incidents in %s: %v", folder, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in := incident{file: folder + "/" + filepath.Base(file)}
		if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(&in); err != nil {
			t.Errorf("%s: %v", in.file, err)
			continue
		}
		all = append(all, in)
	}
	return all
}

func (in incident) begin() time.Time { return notified.Add(-minutes(in.Alert.Began)) }

// at returns the time of a minute of the incident.
func (in incident) at(minute float64) time.Time { return in.begin().Add(minutes(minute)) }

func minutes(n float64) time.Duration { return time.Duration(n * float64(time.Minute)) }

// alert returns what the webhook gets.
func (in incident) alert() alert.Alert {
	n := in.Alert
	return alert.Alert{
		ID: strconv.FormatInt(in.eventID(), 10), CycleKey: fmt.Sprintf("%d-cycle", n.Monitor), AggregKey: in.aggregation(),
		MonitorID: strconv.FormatInt(n.Monitor, 10), Query: n.Query, Scope: n.Scope, Tags: slices.Clone(n.Tags), Hostname: n.Host,
		Transition: n.Transition, Title: n.Title, AlertTitle: n.Title, Type: status(n.Title),
		Date: notified, LastUpdated: notified,
	}
}

var variable = regexp.MustCompile(`{{(\w+)\.name}}`)

// monitorName is the monitor's name as titles have it, with the values of the group.
func (in incident) monitorName() string {
	return variable.ReplaceAllStringFunc(in.Alert.Name, func(text string) string {
		return in.scopes().Get(variable.FindStringSubmatch(text)[1])
	})
}

func (in incident) eventID() int64      { return 7_000_000_000_000_000_001 + 2*in.Alert.Monitor }
func (in incident) aggregation() string { return fmt.Sprintf("monitor-%d", in.Alert.Monitor) }

// status is what Datadog derives from a monitor's transition.
func status(title string) string {
	for _, one := range []struct{ word, status string }{{"Recovered", "success"}, {"Warn", "warning"}} {
		if strings.Contains(title, one.word) {
			return one.status
		}
	}
	return "error"
}
