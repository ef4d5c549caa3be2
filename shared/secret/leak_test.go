package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
)

// chain returns err and every error inside it.
func chain(err error) []error {
	if err == nil {
		return nil
	}
	all := []error{err}
	switch e := err.(type) { //nolint:errorlint // This walks the chain itself.
	case interface{ Unwrap() error }:
		all = append(all, chain(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, chain(inner)...)
		}
	}
	return all
}

// assertErrorHides prints err and every error inside it in all the ways that a
// log may choose, and fails where a secret shows.
func assertErrorHides(t *testing.T, err error, secrets ...string) {
	t.Helper()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Error("failed", "error", err, "public", fault.Public(err))
	}
	for _, e := range chain(err) {
		fmt.Fprintf(&out, "%v %+v %#v %s %q\n", e, e, e, e, e)
		if asJSON, err := json.Marshal(e); err == nil {
			out.Write(asJSON)
		}
	}
	for _, s := range secrets {
		assertNoSecret(t, out.String(), s)
	}
}

func TestErrors_hide_the_secret(t *testing.T) {
	for _, tt := range failures {
		t.Run(tt.name, func(t *testing.T) {
			o := optionsFor(tt.name)
			var told error
			o.Failed = func(_ context.Context, err error) { told = err }
			keys := NewDatadogKeys(serve(t, tt.handler), id, o)
			_, err := keys.Get(t.Context())
			if err == nil || told == nil {
				t.Fatalf("Get gives %v and Failed %v, want an error from both", err, told)
			}
			assertErrorHides(t, err, apiKey, appKey)
			assertErrorHides(t, told, apiKey, appKey)
		})
	}
	t.Run("a_cancelled_call", func(t *testing.T) {
		began := make(chan struct{})
		keys := NewDatadogKeys(serve(t, func(w http.ResponseWriter, r *http.Request) {
			close(began)
			hang(w, r)
		}), id, Options{Timeout: shortTimeout})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-began
			cancel()
		}()
		_, err := keys.Get(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
		assertErrorHides(t, err, apiKey, appKey)
	})
	t.Run("an_SDK_error_that_carries_the_answer", func(t *testing.T) {
		keys := NewDatadogKeys(clientFunc(func(context.Context, string) (*secretsmanager.GetSecretValueOutput, error) {
			return nil, &smithy.OperationError{Err: &smithy.DeserializationError{
				Err: fmt.Errorf("invalid character in %s", keysJSON()), Snapshot: []byte(keysJSON()),
			}}
		}), id, Options{})
		_, err := keys.Get(t.Context())
		if !fault.IsTemporary(err) {
			t.Fatalf("got %v, want a temporary fault", err)
		}
		assertErrorHides(t, err, apiKey, appKey)
	})
}

func TestTokens_errors_hide_the_token(t *testing.T) {
	for _, tt := range []struct{ name, content string }{
		{"not_JSON", goodToken},
		{"cut_off", `{"token":"` + goodToken},
		{"other_field", `{"tokens":"` + goodToken + `"}`},
		{"not_text", `{"token":["` + goodToken + `"]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tokens := NewTokens(serve(t, holding(tt.content)), id, Options{})
			err := tokens.Ready(t.Context())
			if err == nil {
				t.Fatal("want an error")
			}
			assertErrorHides(t, err, goodToken)
			_, err = tokens.Check(t.Context(), oldToken)
			if err == nil {
				t.Fatal("want an error")
			}
			assertErrorHides(t, err, goodToken, oldToken)
		})
	}
}
