package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/local/functionurl"
	"boomerang/functions/local/output"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
)

// card is a delivery in the stream.
type card struct {
	ID       string    `json:"id"`
	Received time.Time `json:"received"`
	State    string    `json:"state"`
	Why      string    `json:"why"` // a sentence
	Title    string    `json:"title"`
	AlertID  string    `json:"alert_id,omitempty"`
	Monitor  string    `json:"monitor,omitempty"`
	EventID  string    `json:"event_id,omitempty"`
	Took     float64   `json:"took_ms"`
	Event    *drawing  `json:"event,omitempty"`
}

func (d *delivery) card() card {
	c := card{ID: d.id, Received: d.received, Took: pipeline.Milliseconds(d.took), Title: d.message.Alert.Title}
	if run := d.last(); run != nil {
		c.Title, c.AlertID, c.Monitor, c.Event = cmp.Or(run.Alert.Title, run.Alert.AlertTitle), run.Alert.ID, run.Alert.MonitorID, run.drawn
		c.EventID = run.Posted.ID
	}
	if c.Title == "" && c.Event != nil {
		c.Title = c.Event.Title
	}
	c.State, c.Why = d.state()
	return c
}

func (d *delivery) last() *execution {
	if len(d.runs) == 0 {
		return nil
	}
	return &d.runs[len(d.runs)-1]
}

// clock is how a sentence gives a time.
const clock = "15:04:05"

// state is what became of the delivery, in a word and in a sentence.
func (d *delivery) state() (state, why string) {
	next := ""
	if !d.next.IsZero() {
		next = " Next try at " + d.next.Format(clock) + "."
	}
	run := d.last()
	switch {
	case d.dead != "":
		return "dead_letter", "No event: the alert is a dead letter, because " + d.dead + "."
	case run == nil && d.message.Storm != nil:
		return "waiting", fmt.Sprintf("The summary of a storm: monitor %s has more than %d alerts a minute. It is posted at %s.", d.message.Alert.MonitorID, d.message.Storm.Limit, d.next.Format(clock))
	case d.message.FollowUp != nil && next != "":
		return "waiting", "A follow-up says what became of the alert, at " + d.next.Format(clock) + ", unless it recovers."
	case next != "":
		return "queued", "Queued: " + d.message.Reason + "." + next
	case run == nil && d.answer.StatusCode == 0:
		return "received", "The function works on it."
	case run == nil:
		return "refused", fmt.Sprintf("Refused with %d %s: %s", d.answer.StatusCode, http.StatusText(d.answer.StatusCode), detail(d.answer))
	case run.Err != nil:
		return "failed", "No event: " + fault.Public(run.Err) + ". Datadog sends the alert again."
	}
	o := run.Outcome
	switch o.Status {
	case pipeline.Posted:
		why = "Posted as event " + o.Posted.ID + " by playbook " + o.Playbook
		if n := len(d.runs); n > 1 {
			why += fmt.Sprintf(" at try %d", n)
		}
		return string(o.Status), strings.Join(append([]string{why}, d.later...), ", ") + "."
	case pipeline.Acted:
		return string(o.Status), "Done after the event: " + d.message.Reason + "."
	case pipeline.Duplicate:
		return string(o.Status), "A duplicate: an earlier delivery of this alert has event " + o.Posted.ID + "."
	case pipeline.Queued:
		return "held_back", "Held back: " + o.Detail + "."
	case pipeline.DryRun:
		return string(o.Status), "A dry run: nothing was posted."
	}
	return string(o.Status), "Ignored: " + o.Detail + "."
}

// detail is what an answer says about a problem.
func detail(a events.LambdaFunctionURLResponse) string {
	var problem struct{ Detail string }
	if json.Unmarshal([]byte(a.Body), &problem) == nil && problem.Detail != "" {
		return problem.Detail + "."
	}
	if a.StatusCode == http.StatusUnauthorized {
		return "the token is missing or wrong."
	}
	return a.Body
}

// result is what the pipeline made of an alert.
type result struct {
	Fields     []field            `json:"fields"`
	Guessed    []alert.Guess      `json:"guessed"`
	Unreadable []alert.Problem    `json:"unreadable"`
	Used       []string           `json:"used"` // playbooks
	Verdicts   []playbook.Verdict `json:"verdicts"`
	Steps      []step             `json:"steps"`
	Versions   []*drawing         `json:"versions"` // the event that was posted, then the other API's
	Warnings   []string           `json:"warnings"`
}

// field is a field of the alert as playbooks see it, and the key that filled it.
type field struct {
	Path  string `json:"path"`
	Value any    `json:"value"`
	Key   string `json:"key,omitempty"`
}

type step struct {
	Name     string        `json:"name"`
	Uses     string        `json:"uses"`
	Status   enrich.Status `json:"status"`
	Start    float64       `json:"start_ms"`
	Duration float64       `json:"duration_ms"`
	With     string        `json:"with,omitempty"`
	Data     any           `json:"data,omitempty"`
	Why      string        `json:"why,omitempty"`
}

func (run *execution) result() *result {
	r := &result{
		Fields: fields(run.Alert, run.body), Guessed: run.Alert.Guessed, Unreadable: run.Alert.Unreadable, Warnings: run.PlaybookWarnings,
		Used: run.Plan().Names, Verdicts: run.Verdicts(), Steps: []step{}, Versions: run.versions(),
	}
	for _, s := range run.Steps {
		one := step{Name: s.Name, Uses: s.Kind.Name, Status: s.Status, Duration: pipeline.Milliseconds(s.Duration), With: output.ConfigText(s.With), Data: s.Finding.Data}
		if !s.At.IsZero() {
			one.Start = pipeline.Milliseconds(s.At.Sub(run.At))
		}
		if why := cmp.Or(s.Err, s.Finding.PartialReason); why != nil {
			one.Why = fault.Public(why)
		}
		r.Steps = append(r.Steps, one)
	}
	return r
}

// versions are the event as it was posted, then, of an alert, as the other API has it.
func (run *execution) versions() []*drawing {
	switch {
	case run.drawn == nil:
		return nil
	case run.isFollowing:
		return []*drawing{run.drawn}
	}
	plan := run.Plan()
	if plan.API = playbook.APIv1; run.drawn.API == plan.API {
		plan.API = playbook.APIv2
	}
	before := run.Outcome.Steps[:min(len(plan.Steps()), len(run.Outcome.Steps))]
	draft, _ := plan.Draft(before, run.Cycle)
	return []*drawing{run.drawn, draw(plan.Compose(run.Alert, draft, before, run.At))}
}

// fields are those with a value. Those of an incident and the like have a path of two names.
func fields(a alert.Alert, body []byte) []field {
	origins := alert.Origins(body)
	origins["host"], origins["tag_list"] = origins["hostname"], origins["tags"]
	all := []field{}
	for name, value := range playbook.View(a) {
		inner, isObject := value.(map[string]any)
		if name == "tags" || name == "extra" || !isObject {
			inner = map[string]any{"": value}
		}
		for key, value := range inner {
			path := strings.TrimSuffix(name+"."+key, ".")
			if empty := []string{"", "<nil>", "map[]", "[]", "false"}; !slices.Contains(empty, fmt.Sprint(value)) {
				all = append(all, field{path, value, origins[path]})
			}
		}
	}
	slices.SortFunc(all, func(a, b field) int { return strings.Compare(a.Path, b.Path) })
	return all
}

type roundTrip struct {
	card
	*result
	Request events.LambdaFunctionURLRequest  `json:"request"`
	Answer  events.LambdaFunctionURLResponse `json:"answer"`
	Tries   []string                         `json:"tries"`
}

var secretHeaders = []string{tokenName, "authorization"}

const tokenName = "x-webhook-token"

func (d *delivery) roundTrip() roundTrip {
	r := roundTrip{card: d.card(), Request: d.request, Answer: d.answer, Tries: []string{}}
	r.Request.Body, r.Request.Headers = string(bodyOf(d.request)), maps.Clone(d.request.Headers)
	for name := range r.Request.Headers {
		if slices.Contains(secretHeaders, strings.ToLower(name)) {
			r.Request.Headers[name] = "…"
		}
	}
	for _, run := range d.runs {
		text := string(run.Status) + " " + run.Detail
		if run.Err != nil {
			text = fault.Public(run.Err)
		}
		r.Tries = append(r.Tries, run.At.Format(clock)+" "+text)
	}
	if run := d.last(); run != nil {
		r.result = run.result()
	}
	return r
}

// bodyOf is the body as it was sent, or as it is if it cannot be decoded.
func bodyOf(r events.LambdaFunctionURLRequest) []byte {
	body, _ := functionurl.Body(r)
	return []byte(body)
}
