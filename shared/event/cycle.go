package event

import (
	"fmt"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/memory"
)

// Cycle is the history of an alert from its trigger to this notification. What is unknown
// is zero.
type Cycle struct {
	Began    time.Time
	Lasted   time.Duration
	Notified int // this notification included
	// Earlier is what is known of the earlier cycles of the monitor's group.
	Earlier memory.Memory
	// Meanwhile are the changes between the trigger and the recovery, or the follow-up, the
	// newest first.
	Meanwhile []enrich.Change
	// Kept are the texts that earlier notifications' actions kept, by name, and Pending
	// the names that such an action will keep: it is not done yet.
	Kept    map[string]string
	Pending []string
}

// history describes the cycle so far, which is nothing for its first notification. How often
// a recovery was notified may be unknown.
func (c Cycle) history(t alert.Transition) string {
	lasted := enrich.FormatDuration(c.Lasted)
	switch {
	case t.IsRecovery() && c.Notified < 2 && c.Lasted > 0:
		return fmt.Sprintf("It lasted %s.", lasted)
	case c.Notified < 2:
		return ""
	case t.IsRecovery():
		return fmt.Sprintf("It lasted %s and was notified %s.", lasted, enrich.Times(c.Notified-1))
	}
	return fmt.Sprintf("It has lasted %s so far; this is notification %d.", lasted, c.Notified)
}

// meanwhile is the newest change since the trigger.
func (c Cycle) meanwhile() enrich.Lead {
	if len(c.Meanwhile) == 0 {
		return enrich.Lead{}
	}
	newest, more := c.Meanwhile[0], ""
	if n := len(c.Meanwhile) - 1; n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	text := "Changed meanwhile: " + line(newest.Title)
	return enrich.Lead{Text: truncate(text, enrich.MaxLead-length(more)) + more, Time: newest.Time}
}
