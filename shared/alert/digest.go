package alert

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"boomerang/shared/jsonvalue"
)

// digest returns the SHA-256 of the payload's canonical JSON in hex. The keys of
// alerts in the table depend on it.
func digest(payload map[string]any, sizeHint int) string {
	sum := sha256.Sum256(jsonvalue.Append(make([]byte, 0, sizeHint), payload))
	return hex.EncodeToString(sum[:])
}

// rawJSON escapes as encoding/json does, so that the queue does not change the value.
func rawJSON(v any) json.RawMessage {
	var b bytes.Buffer
	json.HTMLEscape(&b, jsonvalue.Append(nil, v))
	return b.Bytes()
}
