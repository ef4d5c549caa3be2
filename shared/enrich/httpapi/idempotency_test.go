package httpapi

import (
	"context"
	"net/http"
	"regexp"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// TestEnrich_IdempotencyKey states which requests have the header. It has the quotes of
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/.
func TestEnrich_IdempotencyKey(t *testing.T) {
	var got []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Values("Idempotency-Key")
		answers(200, "application/json", `{}`)(w, r)
	})
	send := func(ctx context.Context, id string, c Config) []string {
		t.Helper()
		got, c.URL = nil, URL(url+"/tickets")
		r := enrich.Run(ctx, []enrich.Named{{Name: "ticket", ID: id, Step: newStep(local(), store, c)}}, alert.Alert{}, time.Minute)[0]
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		return got
	}
	post := Config{Body: `{"a": 1}`}
	first := enrich.WithAlertKey(t.Context(), "1:7")
	key := send(first, "shop/ticket", post)
	if len(key) != 1 || !regexp.MustCompile(`^"[0-9a-f]{32}"$`).MatchString(key[0]) {
		t.Fatalf("the header is %q", key)
	}
	own := post
	own.Headers = map[string]string{"idempotency-key": "mine"}
	for name, c := range map[string]struct {
		ctx  context.Context
		id   string
		with Config
		same bool
		want string // if not the same; empty for no header, "*" for another key
	}{
		"another attempt":            {enrich.WithAlertKey(t.Context(), "1:7"), "shop/ticket", post, true, ""},
		"POST without a body":        {first, "shop/ticket", Config{Method: "POST"}, true, ""},
		"another alert":              {enrich.WithAlertKey(t.Context(), "1:8"), "shop/ticket", post, false, "*"},
		"another step":               {first, "shop/page", post, false, "*"},
		"another playbook":           {first, "web/ticket", post, false, "*"},
		"a step without a playbook":  {first, "", post, false, "*"},
		"GET":                        {first, "shop/ticket", Config{}, false, ""},
		"an alert that has no key":   {t.Context(), "shop/ticket", post, false, ""},
		"the playbook sets a header": {first, "shop/ticket", own, false, "mine"},
	} {
		sent := send(c.ctx, c.id, c.with)
		switch {
		case c.same && (len(sent) != 1 || sent[0] != key[0]),
			c.want == "*" && (len(sent) != 1 || sent[0] == key[0]),
			!c.same && c.want == "" && len(sent) > 0,
			c.want == "mine" && (len(sent) != 1 || sent[0] != "mine"):
			t.Errorf("%s: the header is %q", name, sent)
		}
	}
}
