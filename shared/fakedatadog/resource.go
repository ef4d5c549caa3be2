package fakedatadog

import (
	"crypto/sha256"
	"fmt"
)

// mediaVendor is the media type of the newer routes of the v2 API (https://jsonapi.org).
const mediaVendor = "application/vnd.api+json"

// reference names a resource, as the v2 API does throughout.
type reference struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// references wrap what a resource points to.
func references(to ...reference) map[string]any {
	return map[string]any{"data": append([]reference{}, to...)}
}

// window returns at most limit elements from offset on.
func window[T any](all []T, offset, limit int64) []T {
	first := min(offset, int64(len(all)))
	return all[first : first+min(limit, int64(len(all))-first)]
}

// uuidOf returns a UUID that is always the same for a name.
func uuidOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// Person is a user of the organisation.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (p Person) id() string { return uuidOf(p.Email) }

func (p Person) reference() reference { return reference{Type: "users", ID: p.id()} }
