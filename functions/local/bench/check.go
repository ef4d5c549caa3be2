package bench

import (
	"encoding/json"
	"errors"
	"fmt"
)

// check finds what is wrong with an invocation: with its answer, with what the meter
// showed while the instance rested before it, and with what it showed meanwhile. The
// first one may do what an instance does once, too.
func (s subject) check(sh shape, first bool, body []byte, rest, meanwhile reading) error {
	if err := s.read(body, sh); err != nil {
		return err
	}
	switch want := s.expected(sh); {
	case meanwhile.unanswered > 0:
		return fmt.Errorf("it answered with %d of its calls under way, and would be frozen in Lambda: it must wait for what it began", meanwhile.unanswered)
	case s.posts && meanwhile.posted.IsZero():
		return errors.New("it answered that it posted an event, and the double of Datadog took none: look where it has that answer from")
	case first:
		return nil
	case rest.calls > 0:
		return errors.New("it called somebody while it had nothing to do, and would be frozen in Lambda: look what it leaves for later when it answers")
	case meanwhile.calls != want:
		return fmt.Errorf("it made %d calls, and should make %d: look which one it repeats or leaves out, and whether subject.go still says how many there are", meanwhile.calls, want)
	}
	return nil
}

// expected is how many calls an invocation makes, once the instance is warm.
func (s subject) expected(sh shape) int {
	calls := s.calls
	if s.posts {
		for _, step := range sh.steps {
			calls += step.calls
		}
	}
	return calls
}

// answer is what a Function URL's caller gets.
type answer struct {
	StatusCode int    `json:"statusCode"`
	Body       string `json:"body"`
}

// told is what the webhook's own answer says.
type told struct {
	Status string `json:"status"`
	Event  struct {
		ID string `json:"id"`
	} `json:"event"`
	Steps []struct {
		Name   string `json:"name"`
		Status string `json:"status"`
		Error  string `json:"error"`
	} `json:"steps"`
}

// read checks that an answer tells of a posted event and of the shape's steps, each
// of which found something; or, where nothing is to be posted, that it says hello.
func (s subject) read(raw []byte, sh shape) error {
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil || a.StatusCode != 200 {
		return fmt.Errorf("it answered %d, and should answer 200: %.500s", a.StatusCode, raw)
	}
	if !s.posts {
		if a.Body != "hello" {
			return fmt.Errorf("it did not answer hello: %.500s", a.Body)
		}
		return nil
	}
	var t told
	if err := json.Unmarshal([]byte(a.Body), &t); err != nil || t.Status != "posted" || t.Event.ID == "" || len(t.Steps) != len(sh.steps) {
		return fmt.Errorf("it did not answer that it posted an event with %d steps: %.500s", len(sh.steps), a.Body)
	}
	for _, step := range t.Steps {
		if step.Status != "ok" {
			return fmt.Errorf("the step %s found nothing (%s): %s", step.Name, step.Status, step.Error)
		}
	}
	return nil
}

// check finds a figure that cannot be.
func (s sample) check(posts bool) error {
	if posts && s.first <= s.ready {
		return fmt.Errorf("its first event came %v after its start, and it was ready after %v: look whether the event is another instance's", s.first, s.ready)
	}
	for i, own := range s.own {
		if own <= 0 {
			return fmt.Errorf("of an invocation of %v it would itself have worked for %v: look whether the meter counted a call that is not this invocation's", s.whole[i], own)
		}
	}
	return nil
}
