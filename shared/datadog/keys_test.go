package datadog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestKeys_never_print(t *testing.T) {
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
