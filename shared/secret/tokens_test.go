package secret

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
)

const (
	goodToken  = "new-Kq8vZr2LxTn5"
	oldToken   = "old-Wd7mPb4JcYh9"
	wrongToken = "wrong-Xs3fQg6RtVu1"
)

// vault is the webhook's secret in a form that tests rotate and break.
type vault struct {
	mu       sync.Mutex
	versions map[string]string // content by staging label
	failures map[string]error  // by staging label
	calls    int
}

func newVault(token string) *vault {
	return &vault{versions: map[string]string{current: tokenJSON(token)}, failures: map[string]error{}}
}

func tokenJSON(token string) string {
	out, err := json.Marshal(map[string]string{"token": token})
	if err != nil {
		panic(err)
	}
	return string(out)
}

func (v *vault) get(_ context.Context, stage string) (*secretsmanager.GetSecretValueOutput, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls++
	if err := v.failures[stage]; err != nil {
		return nil, err
	}
	content, ok := v.versions[stage]
	if !ok {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret value for staging label: " + stage)}
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: &content}, nil
}

// rotate does what PutSecretValue does to the staging labels.
func (v *vault) rotate(token string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.versions[previous], v.versions[current] = v.versions[current], tokenJSON(token)
}

func (v *vault) fail(stage string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failures[stage] = err
}

func (v *vault) tokens() *Tokens { return NewTokens(clientFunc(v.get), id, Options{}) }

var (
	errThrottled = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	errDenied    = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "Access to KMS is not allowed"}
)

func wantCheck(t *testing.T, tokens *Tokens, presented string, want bool) {
	t.Helper()
	got, err := tokens.Check(t.Context(), presented)
	if err != nil || got != want {
		t.Fatalf("Check(%q) is %t (%v), want %t", presented, got, err, want)
	}
}

// wantUnknown fails unless Check cannot tell, and says so without a word about the secret.
func wantUnknown(t *testing.T, tokens *Tokens, presented string) {
	t.Helper()
	ok, err := tokens.Check(t.Context(), presented)
	if ok || !fault.IsTemporary(err) {
		t.Fatalf("Check(%q) is %t (%v), want a temporary fault", presented, ok, err)
	}
	if strings.Contains(fault.Public(err), id) {
		t.Errorf("a stranger is told about the secret: %s", fault.Public(err))
	}
}

func TestTokens_Check(t *testing.T) {
	t.Run("the_current_and_the_previous_token_are_accepted", func(t *testing.T) {
		v := newVault(oldToken)
		v.rotate(goodToken)
		tokens := v.tokens()
		wantCheck(t, tokens, goodToken, true)
		wantCheck(t, tokens, oldToken, true)
		if v.calls != 2 {
			t.Errorf("%d calls, want one for each version", v.calls)
		}
	})
	t.Run("a_secret_never_rotated_has_one_token", func(t *testing.T) {
		tokens := newVault(goodToken).tokens()
		wantCheck(t, tokens, goodToken, true)
		wantCheck(t, tokens, oldToken, false)
	})
	t.Run("anything_but_the_token_is_refused", func(t *testing.T) {
		tokens := newVault(goodToken).tokens()
		for _, presented := range []string{
			"", " ", wrongToken, goodToken + " ", " " + goodToken, goodToken[1:], goodToken[:len(goodToken)-1],
			strings.ToUpper(goodToken), goodToken + goodToken, tokenJSON(goodToken), goodToken + "\x00",
		} {
			wantCheck(t, tokens, presented, false)
		}
	})
	t.Run("an_empty_token_asks_nobody", func(t *testing.T) {
		v := newVault(goodToken)
		v.fail(current, errThrottled)
		wantCheck(t, v.tokens(), "", false)
		if v.calls != 0 {
			t.Errorf("%d calls, want none", v.calls)
		}
	})
	t.Run("white_space_around_the_stored_token_does_not_count", func(t *testing.T) {
		tokens := newVault("\n " + goodToken + "\r\n").tokens()
		wantCheck(t, tokens, goodToken, true)
	})
}

func TestTokens_Check_ignores_a_previous_version_that_is(t *testing.T) {
	for name, content := range map[string]string{
		"malformed": "token=" + oldToken, "empty": "", "of_an_empty_token": `{"token":""}`, "blank": `{"token":" "}`, "of_no_token": "{}", "null": "null",
	} {
		t.Run(name, func(t *testing.T) {
			v := newVault(goodToken)
			v.versions[previous] = content
			tokens := v.tokens()
			wantCheck(t, tokens, goodToken, true)
			wantCheck(t, tokens, oldToken, false)
			wantCheck(t, tokens, "", false)
			wantCheck(t, tokens, " ", false)
		})
	}
}

func TestTokens_Check_after_a_rotation(t *testing.T) {
	t.Run("the_new_token_is_known_at_once", func(t *testing.T) {
		v := newVault(oldToken)
		tokens := v.tokens()
		wantCheck(t, tokens, oldToken, true)
		wantCheck(t, tokens, wrongToken, false)
		v.rotate(goodToken)
		wantCheck(t, tokens, goodToken, true)
		wantCheck(t, tokens, oldToken, true)
	})
	t.Run("the_token_before_the_previous_one_is_forgotten", func(t *testing.T) {
		v := newVault(oldToken)
		tokens := v.tokens()
		wantCheck(t, tokens, oldToken, true)
		v.rotate("between")
		v.rotate(goodToken)
		wantCheck(t, tokens, goodToken, true)
		wantCheck(t, tokens, oldToken, false)
	})
	t.Run("wrong_tokens_do_not_become_calls", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			v := newVault(oldToken)
			tokens := v.tokens()
			for range 1000 {
				wantCheck(t, tokens, wrongToken, false)
			}
			if want := 2 * (1 + refreshBurst); v.calls != want {
				t.Errorf("%d calls, want %d", v.calls, want)
			}
			v.rotate(goodToken)
			time.Sleep(refreshEvery)
			wantCheck(t, tokens, goodToken, true)
		})
	})
}

func TestTokens_Check_while_Secrets_Manager_fails(t *testing.T) {
	t.Run("nobody_can_tell_before_the_first_value", func(t *testing.T) {
		v := newVault(goodToken)
		v.fail(current, errThrottled)
		tokens := v.tokens()
		wantUnknown(t, tokens, goodToken)
		wantUnknown(t, tokens, wrongToken)
	})
	t.Run("a_secret_that_is_wrong_is_no_reason_for_401_either", func(t *testing.T) {
		v := newVault("")
		wantUnknown(t, v.tokens(), goodToken)
	})
	t.Run("known_tokens_stay_good_and_others_cannot_be_told", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			v := newVault(oldToken)
			tokens := v.tokens()
			wantCheck(t, tokens, oldToken, true)
			v.rotate(goodToken)
			v.fail(current, errThrottled)
			wantUnknown(t, tokens, goodToken)
			wantUnknown(t, tokens, goodToken)
			wantCheck(t, tokens, oldToken, true)
			time.Sleep(24 * time.Hour)
			wantCheck(t, tokens, oldToken, true)
			v.fail(current, nil)
			time.Sleep(maxBackOff)
			wantCheck(t, tokens, goodToken, true)
		})
	})
	t.Run("an_unreadable_previous_version_does_not_lock_out_the_current_one", func(t *testing.T) {
		v := newVault(oldToken)
		v.rotate(goodToken)
		v.fail(previous, errDenied)
		tokens := v.tokens()
		if err := tokens.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCheck(t, tokens, goodToken, true)
		wantUnknown(t, tokens, oldToken)
		wantCheck(t, tokens, "", false)
		v.fail(previous, nil)
		wantCheck(t, tokens, oldToken, true)
	})
}

func TestTokens_Ready(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		kind    fault.Kind
	}{
		{"an_empty_token_stops_the_start", holding(`{"token":""}`), fault.Permanent},
		{"a_blank_token_stops_the_start", holding(`{"token":" \t\n"}`), fault.Permanent},
		{"a_missing_token_stops_the_start", holding(`{"api_key":"x"}`), fault.Permanent},
		{"malformed_JSON_stops_the_start", holding(goodToken), fault.Permanent},
		{"a_missing_secret_stops_the_start", exception(400, "ResourceNotFoundException"), fault.Permanent},
		{"no_permission_may_pass", exception(400, "AccessDeniedException"), fault.Temporary},
		{"a_server_error_may_pass", exception(500, "InternalServiceError"), fault.Temporary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tokens := NewTokens(serve(t, tt.handler), id, Options{})
			tokens.Start(t.Context())
			err := tokens.Ready(t.Context())
			if f, ok := errors.AsType[*fault.Error](err); !ok || f.Kind != tt.kind || !strings.Contains(f.Public, id) {
				t.Errorf("got %v, want kind %d", err, tt.kind)
			}
		})
	}
	t.Run("a_good_secret_is_ready", func(t *testing.T) {
		if err := newVault(goodToken).tokens().Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestPair_Equal_sees_what_is_known(t *testing.T) {
	a := tokenVersions{current: New("a"), previous: New("b")}
	for name, other := range map[string]tokenVersions{
		"another current":     {current: New("c"), previous: New("b")},
		"another previous":    {current: New("a"), previous: New("c")},
		"an unread previous":  {current: New("a"), previous: New("b"), previousErr: errors.New("x")},
		"no previous version": {current: New("a")},
	} {
		if a.Equal(other) {
			t.Errorf("equals one with %s", name)
		}
	}
	if !a.Equal(tokenVersions{current: New("a"), previous: New("b")}) {
		t.Error("does not equal itself")
	}
}

func TestPair_accepts_no_empty_token(t *testing.T) {
	for name, p := range map[string]tokenVersions{"one token": {current: New("a")}, "no token at all": {}} {
		if p.accept("") {
			t.Errorf("a pair of %s accepts an empty one", name)
		}
	}
}
