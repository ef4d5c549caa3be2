package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

// direct hands requests over without a network.
type direct struct{ http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	d.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// meter is a table that counts the writes to each of its items.
type meter struct {
	*dynamodb.Client
	mu     sync.Mutex
	writes map[string]int
	refuse string // the id of an item that it does not write
}

func newMeter() *meter {
	server := fakedatadog.New(fakedatadog.Options{})
	client := newClient("http://dynamodb.test", func(o *dynamodb.Options) { o.HTTPClient = direct{server} })
	return &meter{Client: client, writes: map[string]int{}}
}

func (m *meter) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	id := readText(in.Key, attrID)
	m.mu.Lock()
	m.writes[id]++
	m.mu.Unlock()
	if id == m.refuse {
		return nil, errors.New("throttled")
	}
	return m.Client.UpdateItem(ctx, in, o...)
}

func (m *meter) item(t *testing.T, id string) item {
	t.Helper()
	name := fakedatadog.LedgerTable
	out, err := m.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &name, Key: item{attrID: text(id)}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

// weight is an item's size in bytes
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
func weight(i item) int {
	n := 0
	for name, v := range i {
		n += len(name) + 1
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			n += len(v.Value)
		case *types.AttributeValueMemberN:
			n += (len(v.Value)+1)/2 + 1
		case *types.AttributeValueMemberSS:
			n += len(strings.Join(v.Value, ""))
		}
	}
	return n
}

const (
	stormID = stormPrefix + "352347:170112233#1795255200"
	listID  = listPrefix + "352347:170112233#1795255200"
)

var stormGust = WindowAt("352347:170112233", start)

// alertOf is an alert of a monitor as Datadog sends it.
func alertOf(i int) Occurrence {
	return Occurrence{
		Key: fmt.Sprintf("352347:83060822027960%05d", i), Transition: "Triggered", At: start.Add(time.Duration(i) * 10 * time.Millisecond),
		Group: fmt.Sprintf("availability-zone:eu-central-1a,host:i-0a1b2c3d4e5f%05d,service:checkout", i),
	}
}

// handMade says as much of itself as the ledger keeps.
func handMade(i int) Occurrence {
	a := alertOf(i)
	a.Group, a.Transition = fmt.Sprint(i, strings.Repeat("g", 300)), fmt.Sprint(i, strings.Repeat("t", 300))
	a.At = a.At.Add(time.Duration(i) * time.Hour)
	return a
}

// storm sends alerts, several at once, and returns how many pass.
func storm(t *testing.T, l storms, limit, alerts, atOnce int, alert func(int) Occurrence) int {
	t.Helper()
	var next, passed atomic.Int64
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for i := next.Add(1); i <= int64(alerts); i = next.Add(1) {
				decision, err := l.Allow(t.Context(), stormGust, limit, alert(int(i)))
				if err != nil {
					t.Errorf("alert %d: %v", i, err)
				}
				if decision.Allowed {
					passed.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(passed.Load())
}

// Nothing grows beyond the first 160 alerts, so what 1,000 weigh 5,000 weigh too;
// STORM_ALERTS says how many Datadog sends.
func TestStorm_passes_the_limit_and_no_more_and_weighs_little(t *testing.T) {
	const limit, atOnce = 60, 8
	alerts := 1000
	if n, err := strconv.Atoi(os.Getenv("STORM_ALERTS")); err == nil {
		alerts = n
	}
	for name, c := range map[string]struct {
		alerts int
		alert  func(int) Occurrence
		roomy  int // what the window's own item may weigh
	}{
		"alerts of Datadog's": {alerts, alertOf, 1 << 10},
		"alerts made by hand": {300, handMade, 3 << 10}, // Those that come at once add a transition each.
	} {
		table := newMeter()
		for where, l := range map[string]storms{"memory": NewMemory(Options{}), "DynamoDB": New(table, fakedatadog.LedgerTable, Options{})} {
			t.Run(name+" in "+where, func(t *testing.T) {
				passed := storm(t, l, limit, c.alerts, atOnce, c.alert)
				held, err := l.Suppressed(t.Context(), stormGust)
				if err != nil || passed != limit || held.Count != c.alerts-limit || len(held.Groups) != MaxListed || !held.MoreGroups {
					t.Errorf("%d passed, %d are held back in %d groups, %v", passed, held.Count, len(held.Groups), err)
				}
			})
		}
		t.Run(name+" take two small writes each, once the list is full", func(t *testing.T) {
			const reads = 1 // Suppressed reads by writing.
			if got, want := table.writes[stormID], c.alerts+(c.alerts-limit-MaxListed)+reads; got != want {
				t.Errorf("%d writes to the window, want %d: one for each alert, and one more for each that is not listed", got, want)
			}
			if got := table.writes[listID]; got < MaxListed+reads || got > MaxListed+reads+atOnce {
				t.Errorf("%d writes to the list of %d", got, MaxListed)
			}
			window, list := table.item(t, stormID), table.item(t, listID)
			if weight(window) > c.roomy || weight(list) > 32<<10 {
				t.Errorf("the window weighs %d bytes and its list %d", weight(window), weight(list))
			}
			for _, i := range []item{window, list} {
				if expires, err := readNumber(i, attrExpiresAt); err != nil || expires < time.Now().Unix() {
					t.Errorf("%s expires at %d, %v", readText(i, attrID), expires, err)
				}
			}
		})
	}
}

func TestStorm_fills_its_list_within_what_a_partition_takes_in_a_second(t *testing.T) {
	table := newMeter()
	l := New(table, fakedatadog.LedgerTable, Options{})
	units := 0
	for i := range MaxListed + 1 {
		if _, err := l.Allow(t.Context(), stormGust, 1, alertOf(i)); err != nil {
			t.Fatal(err)
		}
		units += (weight(table.item(t, listID)) + 1023) / 1024
	}
	if units > 1000 {
		t.Errorf("the list takes %d write units", units)
	}
}

func TestDynamoDB_Admit(t *testing.T) {
	announced := &types.AttributeValueMemberBOOL{Value: true}
	for name, window := range map[string]item{
		"while others are listed": {"announced": announced},
		"once others are counted": {"announced": announced, "overflow": number(1)},
	} {
		t.Run("an alert that cannot be counted is over the limit all the same, "+name, func(t *testing.T) {
			client := fake{update: func(in *dynamodb.UpdateItemInput) (item, error) {
				if *in.UpdateExpression == "SET expires_at = :expires ADD passed :marks" {
					return nil, inTheWay(window)
				}
				return nil, errors.New("throttled")
			}}
			decision, err := New(client, "alerts", Options{}).Allow(t.Context(), stormGust, 1, alertOf(1))
			if decision.Allowed || !decision.SummaryQueued || !fault.IsTemporary(err) {
				t.Errorf("admitted: %v, held %+v, error %v", decision.Allowed, decision, err)
			}
		})
	}
	t.Run("an alert that the list does not take is counted without it", func(t *testing.T) {
		table := newMeter()
		table.refuse = listID
		l := New(table, fakedatadog.LedgerTable, Options{})
		passed := storm(t, l, 1, 3, 1, alertOf)
		table.refuse = ""
		held, err := l.Suppressed(t.Context(), stormGust)
		if err != nil || passed != 1 || held.Count != 2 || !held.MoreGroups || table.writes[listID] != 1+1 {
			t.Errorf("%d passed, held %+v, %v, writes %v", passed, held, err, table.writes)
		}
	})
	t.Run("of a table that does not answer nothing is known", func(t *testing.T) {
		client := fake{update: func(*dynamodb.UpdateItemInput) (item, error) { return nil, errors.New("throttled") }}
		decision, err := New(client, "alerts", Options{}).Allow(t.Context(), stormGust, 1, alertOf(1))
		if decision.Allowed || decision.SummaryQueued || !fault.IsTemporary(err) {
			t.Errorf("admitted: %v, held %+v, error %v", decision.Allowed, decision, err)
		}
	})
	t.Run("a window that an older version began is summarised whole", func(t *testing.T) {
		table := newMeter()
		name := fakedatadog.LedgerTable
		_, err := table.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: item{
			attrID: text(stormID), attrExpiresAt: number(start.Unix()), "passed": set("352347:1"), "held": set("352347:2", "352347:3"),
			"groups": set("host:a", "host:b"), "times": set("2026-11-21T10:00:01Z", "2026-11-21T10:00:02Z", "2026-11-21T10:00:03Z"),
		}})
		if err != nil {
			t.Fatal(err)
		}
		l := New(table, fakedatadog.LedgerTable, Options{})
		if passed := storm(t, l, 1, MaxListed+2, 1, alertOf); passed > 0 {
			t.Errorf("%d passed", passed)
		}
		held, err := l.Suppressed(t.Context(), stormGust)
		if err != nil {
			t.Fatal(err)
		}
		groups := held.Groups
		held.Groups = nil
		want := Suppressed{Count: 2 + MaxListed + 2, MoreGroups: true, Transitions: []string{"Triggered"}, First: start, Last: start.Add(3 * time.Second)}
		if diff := cmp.Diff(want, held); diff != "" || len(groups) != 2+MaxListed {
			t.Errorf("%d groups, held (-want +got):\n%s", len(groups), diff)
		}
	})
}
