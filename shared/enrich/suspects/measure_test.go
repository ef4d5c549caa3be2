package suspects_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/enrich/suspects"
	"boomerang/shared/fakedatadog"
)

// figures are what the rules reach in a folder.
type figures struct {
	causes, right     int // With a cause; those of them whose first suspect is right.
	nothing, silent   int // Without a cause; those of them without a suspect.
	accused           int // First suspects that are wrong, of all incidents.
	failures          []string
	reads, mostSearch int
}

func (f figures) String() string {
	percent := func(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
	return fmt.Sprintf("first suspect right: %d of %d with a cause (%.0f %%); silent: %d of %d without (%.0f %%); wrong first suspects: %d of %d (%.0f %%)",
		f.right, f.causes, percent(f.right, f.causes), f.silent, f.nothing, percent(f.silent, f.nothing), f.accused, f.causes+f.nothing, percent(f.accused, f.causes+f.nothing))
}

func measure(t *testing.T, folder string) (f figures) {
	for _, in := range load(t, folder) {
		first := in.firstSuspect(t)
		isWanted := false
		for _, w := range in.Want {
			isWanted = isWanted || first == w
		}
		switch {
		case len(in.Want) == 0 && first == suspect{}:
			f.nothing, f.silent = f.nothing+1, f.silent+1
			continue
		case len(in.Want) == 0:
			f.nothing++
		case isWanted:
			f.causes, f.right = f.causes+1, f.right+1
			continue
		default:
			f.causes++
		}
		if first != (suspect{}) {
			f.accused++
		}
		f.failures = append(f.failures, fmt.Sprintf("%s (%s): suspects %+v, want %+v", in.file, in.Kind, first, in.Want))
	}
	return f
}

// firstSuspect returns what the step suspects first, by the ids of the script.
func (in incident) firstSuspect(t *testing.T) suspect {
	client, fake := enrichtest.Client(t, fakedatadog.Options{Now: func() time.Time { return notified }})
	scripted := in.seed(fake)
	kind := suspects.Kind(client)
	finding := enrichtest.Find(t, kind.New(kind.Config, time.Minute), in.alert())
	if finding.PartialReason != nil {
		t.Errorf("%s: %v", in.file, finding.PartialReason)
	}
	d := finding.Data.(suspects.Data)
	if len(d.Suspects) == 0 {
		return suspect{}
	}
	first := d.Suspects[0]
	if first.Kind == "group" {
		return suspect{Group: first.Title}
	}
	for _, e := range in.Events {
		if strings.HasPrefix(first.Title, e.Title) && in.at(e.At).Equal(first.Time) {
			return suspect{Event: e.ID}
		}
	}
	_ = scripted
	return suspect{Event: first.Title}
}

func TestTuning(t *testing.T) {
	f := measure(t, tuning)
	t.Log(f)
	for _, failure := range f.failures {
		t.Log(failure)
	}
}
