package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// canonical appends a key's canonical form to dst: lower case, letters and
// digits only. Bytes outside ASCII are kept, so that a key in another script
// never becomes one of ours by losing its letters.
func canonical(dst []byte, key string) []byte {
	for i := range len(key) {
		switch c := key[i]; {
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c >= 0x80:
			dst = append(dst, c)
		}
	}
	return dst
}

// digest returns the SHA-256 of the payload's canonical JSON in hex: keys sorted
// by their bytes, no white space, numbers as they were spelled. The order of keys
// and the layout of a template therefore do not change it.
func digest(payload map[string]any, sizeHint int) string {
	sum := sha256.Sum256(appendJSON(make([]byte, 0, sizeHint), payload))
	return hex.EncodeToString(sum[:])
}

func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		return appendObject(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, item)
		}
		return append(dst, ']')
	case string:
		return appendString(dst, v)
	case json.Number:
		return append(dst, v...)
	case bool:
		if v {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	default:
		return append(dst, "null"...)
	}
}

func appendObject(dst []byte, object map[string]any) []byte {
	var buf [32]string
	keys := buf[:0]
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, key)
		dst = append(dst, ':')
		dst = appendJSON(dst, object[key])
	}
	return append(dst, '}')
}

// appendString escapes what JSON requires and nothing else.
func appendString(dst []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		if c < ' ' {
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		} else {
			dst = append(dst, '\\', c)
		}
		start = i + 1
	}
	return append(append(dst, s[start:]...), '"')
}
