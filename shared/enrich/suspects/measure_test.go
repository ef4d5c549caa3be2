package suspects_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/enrich/suspects"
	"boomerang/shared/fakedatadog"
)

// figures are what the rules reach in a folder.
type figures struct {
	causes, right   int // With a cause; those of them whose first suspect is right.
	nothing, silent int // Without a cause; those of them without a suspect.
	accused         int // Of all: those whose first suspect is wrong.
	failures        []string
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }

func (f figures) String() string {
	all := f.causes + f.nothing
	return fmt.Sprintf("first suspect right in %d of %d with a cause (%.0f %%), silent in %d of %d without (%.0f %%), wrong first suspect in %d of %d (%.1f %%)",
		f.right, f.causes, percent(f.right, f.causes), f.silent, f.nothing, percent(f.silent, f.nothing), f.accused, all, percent(f.accused, all))
}

func measure(t *testing.T, folder string) (f figures) {
	for _, in := range load(t, folder) {
		first, ok := in.firstSuspect(t), false
		if len(in.Want) == 0 {
			ok = first == suspect{}
			f.nothing++
			f.silent += count(ok)
		} else {
			ok = slices.Contains(in.Want, first)
			f.causes++
			f.right += count(ok)
		}
		f.accused += count(!ok && first != suspect{})
		if !ok {
			f.failures = append(f.failures, fmt.Sprintf("%s (%s): suspects %+v first, want %+v", in.file, in.Kind, first, in.Want))
		}
	}
	return f
}

func count(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

// firstSuspect returns what the step suspects first, by the ids of the script.
func (in incident) firstSuspect(t *testing.T) suspect {
	client, fake := enrichtest.Client(t, fakedatadog.Options{Now: func() time.Time { return notified }})
	scripted := in.seed(fake)
	kind := suspects.Kind(client)
	finding := enrichtest.Find(t, kind.New(kind.Config, time.Minute), in.alert())
	if finding.PartialReason != nil {
		t.Errorf("an incident of %s: %v", in.file[:strings.Index(in.file, "/")], finding.PartialReason)
	}
	d := finding.Data.(suspects.Data)
	switch {
	case len(d.Suspects) == 0:
		return suspect{}
	case d.Suspects[0].Kind == "group":
		return suspect{Group: d.Suspects[0].Title}
	}
	return suspect{Event: scripted[d.Suspects[0].EventID]}
}

// floors are the figures that the rules reach. Rules are tuned with the folder tuning only.
var floors = map[string]struct{ right, silent, accused float64 }{
	tuning: {right: 100, silent: 100, accused: 0},
	held:   {right: 90, silent: 100, accused: 0},
}

func TestFigures(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{tuning, held} {
		f, floor := measure(t, folder), floors[folder]
		t.Logf("%s: %s", folder, f)
		if folder == tuning {
			for _, failure := range f.failures {
				t.Log(failure)
			}
		}
		row := fmt.Sprintf("| %s | %d of %d | %d of %d | %d of %d |\n", folder, f.right, f.causes, f.silent, f.nothing, f.accused, f.causes+f.nothing)
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md has other figures than %s", row)
		}
		if percent(f.right, f.causes) < floor.right || percent(f.silent, f.nothing) < floor.silent || percent(f.accused, f.causes+f.nothing) > floor.accused {
			t.Errorf("%s is below what the rules reached: %+v", folder, floor)
		}
	}
}
