package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

// bin is where the subjects are built.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		panic(err)
	}
	bin = dir
	code := run(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func run(m *testing.M) int {
	if does, isFunction := os.LookupEnv(wrongly); isFunction {
		serveFunction(does)
	}
	since, isDoubles := os.LookupEnv(doublesSince)
	if !isDoubles {
		return m.Run()
	}
	if err := serveDoubles(bin, since); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// subjects builds what the tests run, once.
func subjects(t *testing.T) (floor, calling, function subject) {
	t.Helper()
	for name, folder := range map[string]string{hello: "boomerang/functions/local/bench/hello", webhook: "boomerang/functions/webhook"} {
		file := filepath.Join(bin, name)
		if _, err := os.Stat(file); err == nil {
			continue
		}
		if err := build(t.Context(), folder, file); err != nil {
			t.Fatal(err)
		}
	}
	all := ours(bin)
	return all[0], all[1], all[2]
}

func newLaboratory(t *testing.T) laboratory {
	t.Helper()
	if _, err := os.Stat("/proc/self/schedstat"); err != nil {
		t.Skip("only Linux runs what is built for Lambda")
	}
	l := laboratory{roots: filepath.Join(t.TempDir(), "roots.pem"), warm: 2, slowest: 10 * time.Second}
	var err error
	if l.certificate, err = certify(l.roots); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLaboratory_Run_measures(t *testing.T) {
	l := newLaboratory(t)
	floor, calling, function := subjects(t)
	for _, sh := range append([]shape{usual, large[1]}, forms...) {
		t.Run(sh.name, func(t *testing.T) {
			playbooks, err := sh.write(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			s, err := l.run(t.Context(), function, sh, playbooks)
			if err != nil {
				t.Fatal(err)
			}
			if s.ready <= 0 || s.first <= s.ready || s.readyCPU <= 0 || s.warmCPU <= 0 || len(s.whole) != l.warm || len(s.own) != l.warm || s.calls < 5 || s.peak < 1<<20 {
				t.Errorf("got %+v", s)
			}
			for i := range s.own {
				if s.own[i] <= 0 || s.own[i] >= s.whole[i] {
					t.Errorf("%v of %v is its own", s.own[i], s.whole[i])
				}
			}
		})
	}
	t.Run("the floor", func(t *testing.T) {
		s, err := l.run(t.Context(), floor, usual, "")
		if err != nil || s.ready <= 0 || s.calls != 0 || len(s.own) != l.warm {
			t.Errorf("got %+v, %v", s, err)
		}
	})
	t.Run("the floor with calls", func(t *testing.T) {
		s, err := l.run(t.Context(), calling, usual, "")
		if err != nil || s.first != 0 || s.calls != 4 || len(s.own) != l.warm {
			t.Errorf("got %+v, %v", s, err)
		}
	})
}

func TestLaboratory_Run_reports_no_figure_when(t *testing.T) {
	misbehave := func(route fakedatadog.Route, m fakedatadog.Fault, times int) func(*fakedatadog.Server) {
		return func(s *fakedatadog.Server) {
			if err := s.Inject(route, m, times); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, calling, function := subjects(t)
	for name, c := range map[string]struct {
		subject subject
		disturb func(*fakedatadog.Server)
		says    []string
	}{
		"a read fails":                    {function, misbehave("monitor.get", fakedatadog.Status(503), 1), []string{"webhook, " + usual.name, "Datadog", "monitor.get", "503"}},
		"a read is not what it should be": {function, misbehave("monitor.get", fakedatadog.Corrupt, 1), []string{"monitor.get", "corrupt"}},
		"a read is slow":                  {function, misbehave("monitor.get", fakedatadog.Slow+":600ms", 1), []string{"Datadog", "monitor.get", "took "}},
		"an event is refused":             {function, misbehave(fakedatadog.EventsCreate, fakedatadog.RateLimited, 1), []string{"Datadog", "events.create", "429"}},
		"an event's answer is lost":       {function, misbehave(fakedatadog.EventsCreate, fakedatadog.DropResponse, 1), []string{"did not answer events.create", "drop-response"}},
		"the ledger fails":                {function, misbehave(fakedatadog.DynamoDBPut, fakedatadog.Status(500), 1), []string{"the ledger", "dynamodb.put", "500"}},
		"the ledger forgets":              {function, misbehave(fakedatadog.DynamoDBPut, fakedatadog.Empty, 2), []string{"dynamodb.put", "empty"}},
		"Secrets Manager fails":           {function, misbehave(fakedatadog.SecretsGet, fakedatadog.Status(500), 1), []string{"Secrets Manager", "secrets.get", "500"}},
		"the token is another": {function, func(s *fakedatadog.Server) {
			s.SetSecret(fakedatadog.DefaultWebhookSecret, `{"token":"another"}`)
			s.SetSecret(fakedatadog.DefaultWebhookSecret, `{"token":"another"}`)
		}, []string{"it answered 401"}},
		"a rate limit is used up":                          {function, func(s *fakedatadog.Server) { _ = s.Limit("monitor.get", 0, time.Minute) }, []string{"Datadog", "monitor.get", "429"}},
		"the floor's call is not answered as it should be": {calling, misbehave("validate", fakedatadog.Corrupt, 1), []string{caller + ", " + usual.name, "validate", "corrupt"}},
		"the floor's call is answered with nothing":        {calling, misbehave("validate", fakedatadog.Empty, 1), []string{caller, "validate", "empty"}},
		"the floor's call is slow":                         {calling, misbehave("validate", fakedatadog.Slow+":600ms", 1), []string{caller, "Datadog", "validate", "took "}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLaboratory(t)
			l.disturb = c.disturb
			if strings.HasSuffix(name, "is slow") {
				l.slowest = 500 * time.Millisecond
			}
			s, err := l.run(t.Context(), c.subject, usual, "")
			if err == nil {
				t.Fatalf("got %+v", s)
			}
			for _, word := range c.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("it does not say %q: %v", word, err)
				}
			}
		})
	}
}

func TestLaboratory_Run_reports_no_figure_of_a_function_that(t *testing.T) {
	floor, calling, function := subjects(t)
	posting, pretending, stopped := floor, functionThat(t, pretence), function
	posting.posts, pretending.posts = true, true
	stopped.environ = []string{"DATADOG_SECRET_ARN="}
	calling.environ = append(calling.environ, "CALLS=3")
	monitor, err := shape{name: "monitor", steps: kinds[:1], playbooks: 1}.write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	related := shape{name: "the other step", steps: kinds[1:2], bytes: kib}
	for name, c := range map[string]struct {
		subject   subject
		shape     shape
		playbooks string
		says      string
	}{
		"answers without having posted": {posting, usual, "", "did not answer that it posted"},
		"only " + pretence:              {pretending, usual, "", "took none"},
		"does not start":                {stopped, usual, "", "DATADOG_SECRET_ARN"},
		refusal:                         {functionThat(t, refusal), usual, "", "answered 500"},
		nonsense:                        {functionThat(t, nonsense), usual, "", "nonsense"},
		unfinished:                      {functionThat(t, unfinished), usual, "", "with 1 of its calls under way"},
		"makes another number of calls": {calling, usual, "", "made 3 calls, and should make 4"},
		"posts nothing of what it read": {function, related, monitor, "does not tell"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLaboratory(t)
			if name == unfinished {
				l.latency = 300 * time.Millisecond
			}
			s, err := l.run(t.Context(), c.subject, c.shape, c.playbooks)
			if err == nil || !strings.HasPrefix(err.Error(), c.subject.name+", "+c.shape.name) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %+v, %v", s, err)
			}
		})
	}
}

func TestWorld_Check_tells_of_an_event_that_is_missing(t *testing.T) {
	l := newLaboratory(t)
	w, err := newWorld(l.certificate, l.slowest, newAlerts(2, kib, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.close() }()
	if err := w.check(0, usual); err != nil {
		t.Errorf("nothing was sent: %v", err)
	}
	err = w.check(2, usual)
	if err == nil || !strings.Contains(err.Error(), "has 0 events about the alert") || !strings.Contains(err.Error(), "noted 0 alerts as done, of 2") {
		t.Errorf("got %v", err)
	}
}

func TestNewAlerts_have_bodies_of_the_size(t *testing.T) {
	for _, size := range []int{kib, 16 * kib, 250 * kib} {
		for _, a := range newAlerts(12, size, time.Now()) {
			if got := len(a.request.Body); got > size || got < size-200 {
				t.Errorf("a body of %d bytes, want %d", got, size)
			}
		}
	}
}

func TestSample_Check_refuses_a_figure_that_cannot_be(t *testing.T) {
	fine := sample{ready: 4, first: 9, whole: []time.Duration{7, 7}, own: []time.Duration{1, 2}}
	for name, c := range map[string]struct {
		change func(*sample)
		posts  bool
		says   string
	}{
		"none":                             {func(*sample) {}, true, ""},
		"an event before it is ready":      {func(s *sample) { s.first = 4 }, true, "4ns"},
		"no event":                         {func(s *sample) { s.first = 0 }, true, "0s"},
		"no event where none is posted":    {func(s *sample) { s.first = 0 }, false, ""},
		"no own part":                      {func(s *sample) { s.own = []time.Duration{1, 0} }, false, "7ns"},
		"an own part of less than nothing": {func(s *sample) { s.own = []time.Duration{-1, 1} }, true, "-1ns"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fine
			c.change(&s)
			if err := s.check(c.posts); (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}
