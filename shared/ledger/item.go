package ledger

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The attributes of items. The expressions name them too.
const (
	attrID              = "id"
	attrStatus          = "status"
	attrClaimedBy       = "claimed_by"
	attrInProgressUntil = "in_progress_until"
	attrReceivedAt      = "received_at"
	attrExpiresAt       = "expires_at"
	attrEventID         = "event_id"
	attrEventURL        = "event_url"
	attrSeen            = "seen"
	attrFolded          = "folded"
	attrFirstSeen       = "first_seen"
	attrReadUntil       = "read_until"
	attrCycles          = "cycles"
)

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func set(members ...string) types.AttributeValue {
	return &types.AttributeValueMemberSS{Value: members}
}

func readText(i item, name string) string {
	if s, ok := i[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func readSet(i item, name string) []string {
	if s, ok := i[name].(*types.AttributeValueMemberSS); ok {
		return s.Value
	}
	return nil
}

func readNumber(i item, name string) (int64, error) {
	n, ok := i[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, unreadable("%s is not a number", name)
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return 0, unreadable("%s: %w", name, err)
	}
	return v, nil
}

// unreadable is the error for an item that this version does not understand.
func unreadable(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUnreadable, fmt.Errorf(format, args...))
}
