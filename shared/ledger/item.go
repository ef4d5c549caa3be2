package ledger

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"boomerang/shared/event"
)

// The attributes of an item. All but the names of AWS's Powertools and the
// event's are in this package's expressions too, in clear.
const (
	attrID              = "id"
	attrStatus          = "status"
	attrClaimedBy       = "claimed_by"
	attrInProgressUntil = "in_progress_until"
	attrExpiresAt       = "expires_at"
	attrEventID         = "event_id"
	attrEventURL        = "event_url"
	attrSeen            = "seen"
	attrFolded          = "folded"
	attrFirstSeen       = "first_seen"
	attrReadUntil       = "read_until"
)

type item = map[string]types.AttributeValue

// item is the record as DynamoDB holds it.
func (r record) item(id string) item {
	i := item{
		attrID:        text(id),
		attrStatus:    text(r.Status),
		attrExpiresAt: number(r.ExpiresAt),
	}
	if r.Status == statusInProgress {
		i[attrClaimedBy] = text(r.ClaimedBy)
		i[attrInProgressUntil] = number(r.InProgressUntil)
		return i
	}
	i[attrEventID] = text(r.Posted.ID)
	i[attrEventURL] = text(r.Posted.URL)
	return i
}

func readRecord(i item) (record, error) {
	r := record{
		Status:    readText(i, attrStatus),
		ClaimedBy: readText(i, attrClaimedBy),
		Posted:    event.Posted{ID: readText(i, attrEventID), URL: readText(i, attrEventURL)},
	}
	if r.Status != statusInProgress && r.Status != statusCompleted {
		return record{}, fmt.Errorf("%w: status is %q", errUnreadable, r.Status)
	}
	var err error
	if r.ExpiresAt, err = readNumber(i, attrExpiresAt); err != nil {
		return record{}, err
	}
	if r.Status == statusInProgress {
		r.InProgressUntil, err = readNumber(i, attrInProgressUntil)
	}
	return r, err
}

func readCycle(i item) (cycle, error) {
	seen, ok := i[attrSeen].(*types.AttributeValueMemberSS)
	if !ok || len(seen.Value) == 0 {
		return cycle{}, fmt.Errorf("%w: %s is not a set of strings", errUnreadable, attrSeen)
	}
	c := cycle{entries: make(map[string]struct{}, len(seen.Value))}
	for _, e := range seen.Value {
		c.entries[e] = struct{}{}
	}
	if _, ok := i[attrFolded]; !ok {
		return c, nil
	}
	folded, err := readNumber(i, attrFolded)
	if err != nil {
		return cycle{}, err
	}
	c.folded = int(folded)
	c.firstSeen, err = readNumber(i, attrFirstSeen)
	return c, err
}

func readText(i item, name string) string {
	if s, ok := i[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func readNumber(i item, name string) (int64, error) {
	n, ok := i[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("%w: %s is not a number", errUnreadable, name)
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", errUnreadable, name, err)
	}
	return v, nil
}
