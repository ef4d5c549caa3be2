package functions_test

import (
	"regexp"
	"strconv"
	"sync"
	"time"

	"boomerang/functions/internal/e2e"
)

// followUp lets every second alert recover, and then the time of the follow-ups come.
func (s *soak) followUp() {
	var recoveries, redeliveries, followUps sync.WaitGroup
	for i, f := range s.instances[:webhooks] {
		recoveries.Go(func() {
			for n := int64(2 + 2*i); n <= s.alerts; n += 2 * webhooks {
				id := strconv.FormatInt(n, 10)
				insist(s.T, f, e2e.Alert{ID: s.alerts + n, Monitor: n%soakMonitors + 1, Service: "service-" + id, Cycle: "cycle-" + id, Transition: "Recovered"})
			}
		})
	}
	recoveries.Wait()
	workers := s.instances[webhooks:]
	for _, f := range workers {
		redeliveries.Go(func() { s.drain(f) })
	}
	redeliveries.Wait()
	if s.IsLong {
		time.Sleep(followUpAfter) // Then that of the last alert is due, too.
	} else {
		s.LetPass(followUpAfter)
	}
	for _, f := range workers {
		followUps.Go(func() { mustFollowUp(s.T, s.Stack, f, s.timeout()) })
	}
	followUps.Wait()
}

// checkFollowUps counts the follow-ups of each cycle: none after a recovery that the ledger
// saw, and else one.
func (s *soak) checkFollowUps() {
	unseen := map[string]bool{}
	for _, c := range s.faultedAWS() {
		if cycle := cycleItem.FindSubmatch(c.Body); cycle != nil && c.Operation == "UpdateItem" {
			unseen[string(cycle[1])] = true
		}
	}
	for n := range s.late() { // Every recovery has the number of its trigger behind those of all triggers.
		unseen["cycle-"+strconv.FormatInt(n-s.alerts, 10)] = true
	}
	posted := map[string]int{}
	for _, e := range followUpsIn(s.Stack) {
		posted[e.AggregationKey]++
	}
	for n := int64(1); n <= s.alerts; n++ {
		cycle := "cycle-" + strconv.FormatInt(n, 10)
		want := int(n % 2)
		if got := posted[cycle]; got != want && (want == 1 || got > 1 || !unseen[cycle]) {
			s.Errorf("%s has %d follow-ups, want %d", cycle, got, want)
		}
	}
	s.Logf("%d of %d cycles have a follow-up", len(posted), s.alerts)
}

// cycleItem is the key of a cycle's item.
var cycleItem = regexp.MustCompile(`"cycle#\d+:(cycle-\d+)"`)

// checkTickets counts the tickets of each alert. Every second one was closed.
func (s *soak) checkTickets() {
	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	closed := map[string]bool{}
	for _, ticket := range s.desk.closed {
		closed[ticket] = true
	}
	for alert, n := range s.desk.opened {
		if n != 1 {
			s.Errorf("alert %s has %d tickets", alert, n)
		}
	}
	if len(s.desk.opened) != int(s.alerts) || len(closed) != int(s.alerts/2) || closed[""] {
		s.Errorf("%d of %d alerts have a ticket, %d are closed", len(s.desk.opened), s.alerts, len(closed))
	}
}
