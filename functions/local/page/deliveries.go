package page

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/queue"
)

// maxDeliveries bounds what the page remembers.
const maxDeliveries = 1000

// deliveries are the newest deliveries to the function, and what became of each.
type deliveries struct {
	mu      sync.Mutex
	all     []*delivery // oldest first
	version int64       // grows with each change
	changed chan struct{}
}

// delivery is a request to the function, or an event that the function posts for several.
type delivery struct {
	id       string
	version  int64 // of the last change
	received time.Time
	request  events.LambdaFunctionURLRequest // none for a summary
	answer   events.LambdaFunctionURLResponse
	took     time.Duration
	message  queue.Message // the message that waits, or waited
	next     time.Time     // when it is delivered; zero if none waits
	dead     string        // why it became a dead letter

	later []string // what waits besides: "follow-up 1 at 12:15:00"
	runs  []execution
}

type execution struct {
	dryrun.Report
	body  []byte // of the request
	drawn *drawing
	// isFollowing says that the event is not of the alert: a follow-up, or a storm's summary.
	isFollowing bool
}

func newDeliveries() *deliveries { return &deliveries{changed: make(chan struct{})} }

// update changes the delivery with an id, or a new one, and wakes the streams.
func (d *deliveries) update(id string, change func(*delivery)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.all, func(one *delivery) bool { return one.id == id })
	if i < 0 {
		d.all = append(d.all, &delivery{id: id, received: time.Now()})
		d.all = d.all[max(0, len(d.all)-maxDeliveries):]
		i = len(d.all) - 1
	}
	d.version++
	d.all[i].version = d.version
	change(d.all[i])
	close(d.changed)
	d.changed = make(chan struct{})
}

// maxBody bounds what is kept of a body. The function refuses longer ones.
const maxBody = 256 << 10

func (d *deliveries) arrived(id string, r events.LambdaFunctionURLRequest) {
	r.Body = strings.Clone(r.Body[:min(len(r.Body), maxBody)])
	d.update(id, func(one *delivery) { one.request = r })
}

// ran adds a run. What waited for it waits no longer, unless the run queued it again.
func (d *deliveries) ran(id string, run execution) {
	d.update(id, func(one *delivery) {
		if one.next.Before(run.At) {
			one.next = time.Time{}
		}
		run.body, run.isFollowing = bodyOf(one.request), one.message.FollowUp != nil || one.message.Storm != nil
		one.runs = append(one.runs, run)
	})
}

// since returns the deliveries that changed after a version, the newest version, and a channel
// that closes with the next change.
func (d *deliveries) since(version int64) (cards []card, newest int64, changed <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.all {
		if one.version > version {
			cards = append(cards, one.card())
		}
	}
	return cards, d.version, d.changed
}

// find returns the delivery with an id, or nil.
func (d *deliveries) find(id string) *delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.all, func(one *delivery) bool { return one.id == id })
	if i < 0 {
		return nil
	}
	found := *d.all[i] // What it points to does not change.
	return &found
}
