package ledger

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/awstest"
	"boomerang/shared/enrich"
	"boomerang/shared/memory"
)

const group = "352347:4711:host:a"

// pastCycleOf returns a cycle that began so many hours before the start.
func pastCycleOf(hours int) memory.Cycle {
	return memory.Cycle{
		Began: start.Add(-time.Duration(hours) * time.Hour), Lasted: 12 * time.Minute, Notified: 2, Recovered: hours%2 == 0,
		Followed: enrich.Change{Kind: "deploy", Service: "cart"},
	}
}

// pastCycles returns n cycles, the oldest first.
func pastCycles(n int) (all []memory.Cycle) {
	for h := range n {
		all = append(all, pastCycleOf(n-h))
	}
	return all
}

func (s env) history(l *Ledger) []memory.Cycle {
	s.Helper()
	cycles, err := l.History(s.Context(), group)
	s.must(err)
	return cycles
}

func (s env) addsToHistory(l *Ledger, known []memory.Cycle, more ...memory.Cycle) {
	s.Helper()
	s.must(l.AddToHistory(s.Context(), group, known, more...))
}

func (s env) remembers(want ...memory.Cycle) {
	s.Helper()
	if diff := cmp.Diff(want, s.history(s.b)); diff != "" {
		s.Fatalf("history (-want +got):\n%s", diff)
	}
}

func TestLedger_History(t *testing.T) { each(t, historyCases) }

var historyCases = map[string]func(env){
	"one after another": func(s env) {
		s.remembers()
		for _, c := range pastCycles(4) {
			s.addsToHistory(s.a, s.history(s.a), c)
		}
		s.remembers(pastCycles(4)...)
		if got, want := s.item("history#" + group)["expires_at"], number(start.Add(90*24*time.Hour).Unix()); !cmp.Equal(got, want, cmp.AllowUnexported(types.AttributeValueMemberN{})) {
			s.Errorf("it expires at %v, want %v", got, want)
		}
	},
	"again": func(s env) {
		s.addsToHistory(s.a, nil, pastCycles(2)...)
		writes := len(s.aws.Calls("DynamoDB", "PutItem"))
		s.addsToHistory(s.b, s.history(s.b), pastCycleOf(1))
		if n := len(s.aws.Calls("DynamoDB", "PutItem")) - writes; n != 0 {
			s.Errorf("%d writes of what is there", n)
		}
		s.addsToHistory(s.b, nil, pastCycleOf(2)) // It does not know what is there.
		s.remembers(pastCycles(2)...)
	},
	"the read failed": func(s env) {
		s.addsToHistory(s.a, nil, pastCycles(3)[:2]...)
		s.addsToHistory(s.b, nil, pastCycleOf(1))
		s.remembers(pastCycles(3)...)
	},
	"deleted meanwhile": func(s env) {
		s.addsToHistory(s.a, pastCycles(3)[:2], pastCycleOf(1))
		s.remembers(pastCycleOf(1))
	},
	"the answer got lost": func(s env) {
		s.aws.Break(awstest.Fault{Operation: "PutItem", Effect: awstest.DropResponse, Times: 1})
		s.addsToHistory(s.a, nil, pastCycleOf(1))
		s.remembers(pastCycleOf(1))
	},
	"two at once": func(s env) {
		s.addsToHistory(s.a, nil, pastCycleOf(5))
		var all sync.WaitGroup
		for i, l := range []*Ledger{s.a, s.b} {
			known := s.history(l)
			all.Go(func() {
				if err := l.AddToHistory(s.Context(), group, known, pastCycleOf(i+1)); err != nil {
					s.Error(err)
				}
			})
		}
		all.Wait()
		s.remembers(pastCycleOf(5), pastCycleOf(2), pastCycleOf(1))
	},
	"bounded": func(s env) {
		s.addsToHistory(s.a, nil, pastCycles(memory.MaxCycles+5)...)
		c := pastCycleOf(0)
		c.Followed.Service = strings.Repeat("é", 300)
		s.addsToHistory(s.a, s.history(s.a), c)
		if got := s.history(s.a); len(got) != memory.MaxCycles || len(got[len(got)-1].Followed.Service) != maxServiceBytes {
			s.Errorf("%d cycles, the last is %+v", len(got), got[len(got)-1])
		}
		if size := len(readText(s.item("history#"+group), attrCycles)); size > 4<<10 {
			s.Errorf("%d bytes", size)
		}
	},
	"of a newer version": func(s env) {
		for _, newer := range []types.AttributeValue{text(`[{"at":1,"for":2,"n":1,"mood":"bad"}]`), text(`{"v":2}`), text(""), number(2)} {
			i := item{attrID: text("history#" + group), attrCycles: newer}
			if text, isText := newer.(*types.AttributeValueMemberS); isText && text.Value == "" {
				i = item{attrID: i[attrID], "cycles_2": number(1)}
			}
			s.put(i)
			_, err := s.a.History(s.Context(), group)
			s.temporary(err)
			err = s.a.AddToHistory(s.Context(), group, nil, pastCycleOf(1))
			s.temporary(err)
			if !strings.Contains(fmt.Sprint(err), "cannot be read") || !cmp.Equal(i, s.item("history#"+group), cmp.AllowUnexported(types.AttributeValueMemberN{}, types.AttributeValueMemberS{})) {
				s.Errorf("%v, and the item is %v", err, s.item("history#"+group))
			}
		}
	},
	"always another run": func(s env) {
		s.aws.Break(awstest.Fault{Operation: "PutItem", Effect: awstest.Error(400, "ConditionalCheckFailedException")})
		if err := s.a.AddToHistory(s.Context(), group, nil, pastCycleOf(1)); !strings.Contains(fmt.Sprint(err), "too many runs") {
			s.Errorf("got %v", err)
		}
	},
}

// Reading and writing a full history is what it adds to a run besides waiting.
func BenchmarkHistory(b *testing.B) {
	all := pastCycles(memory.MaxCycles)
	i := item{attrCycles: text(encodeHistory(all))}
	for b.Loop() {
		_, known, err := readHistory(i)
		if err != nil {
			b.Fatal(err)
		}
		if memory.Of(known, start).Count == 0 || encodeHistory(memory.Add(known, pastCycleOf(0))) == "" {
			b.Fatal("nothing is known")
		}
	}
}
