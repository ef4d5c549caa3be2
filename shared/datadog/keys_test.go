package datadog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"boomerang/shared/fault"
)

func TestClient_RenewKeys(t *testing.T) {
	held := keys
	ring := keyring{
		keys:  func() (Keys, error) { return held, nil },
		renew: func(Keys) (Keys, error) { held = fresh; return held, nil },
	}
	var sent log
	c := clientOver(t, sent.answering(200, wholeAnswer), ring)
	if err := c.RenewKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(t.Context()); err != nil || len(sent.requests) != 1 || sent.requests[0].header.Get("DD-API-KEY") != freshAPI {
		t.Errorf("%v; it sent %+v", err, sent.requests)
	}
	for name, broken := range map[string]keyring{
		"no keys": {keys: func() (Keys, error) { return Keys{}, fault.New(fault.Permanent, "the secret is empty", nil) }},
		"renewal fails": {renew: func(stale Keys) (Keys, error) {
			return stale, fault.New(fault.Temporary, "the secret did not come", nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			err := clientOver(t, nil, broken).RenewKeys(t.Context())
			if f, _ := failure(t, err); !strings.Contains(f.Public, ": the secret ") || fault.IsTemporary(err) != (name == "renewal fails") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestKeys_Format(t *testing.T) {
	in := struct {
		Keys    Keys
		Pointer *Keys
		List    []Keys
	}{keys, &keys, []Keys{keys}}
	texts := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		texts[verb] = fmt.Sprintf(verb, in) + fmt.Sprintf(verb, keys) + fmt.Sprintf(verb, &keys)
	}
	encoded, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	texts["JSON"] = string(encoded)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog_text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog_JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("x", "keys", keys, "pointer", &keys, "in", in)
		texts[name] = b.String()
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{apiKey, appKey, fmt.Sprintf("%x", apiKey)} {
				if strings.Contains(strings.ToLower(text), key) {
					t.Errorf("prints a key: %s", text)
				}
			}
		})
	}
}
