package fakeaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// The types of attributes that the stand-in knows, in DynamoDB's own letters.
const (
	kindText   = "S"
	kindNumber = "N"
	kindBool   = "BOOL"
	kindTexts  = "SS"
)

// value is one attribute's value. It is never changed once it is made, so that
// items may share it.
type value struct {
	kind  string
	text  string   // of S and, in decimal digits, of N
	is    bool     // of BOOL
	texts []string // of SS: sorted, each once, never none
}

// UnmarshalJSON reads {"S":"…"} and its like, of the types that there are.
func (v *value) UnmarshalJSON(raw []byte) error {
	var tagged map[string]json.RawMessage
	if err := json.Unmarshal(raw, &tagged); err != nil {
		return err
	}
	if len(tagged) != 1 {
		return errors.New("Supplied AttributeValue must contain exactly one of the supported datatypes")
	}
	for kind, content := range tagged {
		v.kind = kind
		switch kind {
		case kindText:
			return json.Unmarshal(content, &v.text)
		case kindNumber:
			return v.readNumber(content)
		case kindBool:
			return json.Unmarshal(content, &v.is)
		case kindTexts:
			return v.readTexts(content)
		}
	}
	return fmt.Errorf("the stand-in knows no attributes of type %s", v.kind)
}

// readNumber takes whole numbers only. DynamoDB has others, and nobody needs them.
func (v *value) readNumber(content json.RawMessage) error {
	if err := json.Unmarshal(content, &v.text); err != nil {
		return err
	}
	n, ok := new(big.Int).SetString(v.text, 10)
	if !ok {
		return fmt.Errorf("the stand-in knows whole numbers only, and not %q", v.text)
	}
	v.text = n.String()
	return nil
}

func (v *value) readTexts(content json.RawMessage) error {
	if err := json.Unmarshal(content, &v.texts); err != nil {
		return err
	}
	given := len(v.texts)
	slices.Sort(v.texts)
	v.texts = slices.Compact(v.texts)
	switch {
	case given == 0:
		return errors.New("One or more parameter values were invalid: An string set  may not be empty")
	case len(v.texts) != given:
		return errors.New("One or more parameter values were invalid: Input collection contains duplicates")
	}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (v value) MarshalJSON() ([]byte, error) {
	content := any(v.text)
	switch v.kind {
	case kindBool:
		content = v.is
	case kindTexts:
		content = v.texts
	}
	return json.Marshal(map[string]any{v.kind: content})
}

func (v value) shown() any {
	switch v.kind {
	case kindNumber:
		return json.Number(v.text)
	case kindBool:
		return v.is
	case kindTexts:
		return slices.Clone(v.texts)
	default:
		return v.text
	}
}

func wholeNumber(n *big.Int) value { return value{kind: kindNumber, text: n.String()} }

func (v value) number() *big.Int {
	n, _ := new(big.Int).SetString(v.text, 10) // It was checked when it was read.
	return n
}

func (v value) equal(other value) bool {
	return v.kind == other.kind && v.text == other.text && v.is == other.is && slices.Equal(v.texts, other.texts)
}

// ordered reports whether values of this type have an order.
func (v value) ordered() bool { return v.kind == kindText || v.kind == kindNumber }

// less compares two values of one type that has an order; others are not less.
func (v value) less(other value) bool {
	switch {
	case v.kind != other.kind:
		return false
	case v.kind == kindNumber:
		return v.number().Cmp(other.number()) < 0
	default:
		return v.kind == kindText && v.text < other.text
	}
}

// bytes is roughly what DynamoDB counts
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
func (v value) bytes() int {
	switch v.kind {
	case kindNumber:
		return len(v.text)/2 + 1
	case kindBool:
		return 1
	}
	n := len(v.text)
	for _, member := range v.texts {
		n += len(member)
	}
	return n
}

// with returns the set with the members of another.
func (v value) with(other value) value {
	joined := slices.Concat(v.texts, other.texts)
	slices.Sort(joined)
	return value{kind: kindTexts, texts: slices.Compact(joined)}
}

// without returns the set less the members of another, which may leave none.
func (v value) without(other value) value {
	left := slices.DeleteFunc(slices.Clone(v.texts), func(member string) bool {
		_, found := slices.BinarySearch(other.texts, member)
		return found
	})
	return value{kind: kindTexts, texts: left}
}
