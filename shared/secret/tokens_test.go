package secret

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
)

const (
	newToken   = "new-Kq8vZr2LxTn5"
	oldToken   = "old-Wd7mPb4JcYh9"
	wrongToken = "wrong-Xs3fQg6RtVu1"
)

var (
	errThrottled = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	errDenied    = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "Access to KMS is not allowed"}
)

func wantCheck(t *testing.T, tokens *Tokens, want bool, presented ...string) {
	t.Helper()
	for _, one := range presented {
		if got, err := tokens.Check(t.Context(), one); err != nil || got != want {
			t.Errorf("Check(%q) is %t (%v), want %t", one, got, err, want)
		}
	}
}

// wantError wants a fault of a kind that does not name the secret.
func wantError(t *testing.T, tokens *Tokens, kind fault.Kind, presented ...string) {
	t.Helper()
	for _, one := range presented {
		ok, err := tokens.Check(t.Context(), one)
		if ok || err == nil || fault.From(err).Kind != kind || strings.Contains(fault.Public(err), id) {
			t.Errorf("Check(%q) is %t (%v), want a fault %q without the secret's name", one, ok, err, kind)
			continue
		}
		if retry := fault.From(err).RetryAfter; kind == fault.Unverified && retry != refreshEvery {
			t.Errorf("Check(%q) asks to wait %s", one, retry)
		}
		assertErrorHides(t, err, one)
	}
}

func TestTokens_Check(t *testing.T) {
	t.Run("current and previous", func(t *testing.T) {
		s := newFakeSecret(tokenJSON(oldToken))
		s.rotate(newToken)
		wantCheck(t, s.tokens(), true, newToken, oldToken)
		if s.calls != 2 {
			t.Errorf("%d calls, want one for each version", s.calls)
		}
	})
	t.Run("wrong", func(t *testing.T) {
		for _, wrong := range []string{
			"", " ", oldToken, wrongToken, newToken + " ", " " + newToken, newToken[1:], newToken[:len(newToken)-1],
			strings.ToUpper(newToken), newToken + newToken, tokenJSON(newToken), newToken + "\x00",
		} {
			wantCheck(t, newFakeSecret(tokenJSON(newToken)).tokens(), false, wrong)
		}
	})
	t.Run("empty makes no call", func(t *testing.T) {
		s := newFakeSecret(tokenJSON(newToken))
		s.fail(current, errThrottled)
		wantCheck(t, s.tokens(), false, "")
		if s.calls != 0 {
			t.Errorf("%d calls", s.calls)
		}
	})
	t.Run("white space in the secret", func(t *testing.T) {
		wantCheck(t, newFakeSecret(tokenJSON("\n "+newToken+"\r\n")).tokens(), true, newToken)
	})
	for _, content := range []string{"token=" + oldToken, "", `{"token":" "}`, "null"} {
		t.Run("previous version "+content, func(t *testing.T) {
			s := newFakeSecret(tokenJSON(newToken))
			s.versions[previous] = content
			tokens := s.tokens()
			wantCheck(t, tokens, true, newToken)
			wantCheck(t, tokens, false, oldToken, "", " ")
		})
	}
	if (tokenVersions{}).accept("") || (tokenVersions{current: New("a")}).accept("") {
		t.Error("an empty token is valid")
	}
}

func TestTokens_Check_Rotation(t *testing.T) {
	t.Run("new token", func(t *testing.T) {
		s := newFakeSecret(tokenJSON(oldToken))
		tokens := s.tokens()
		wantCheck(t, tokens, true, oldToken)
		wantCheck(t, tokens, false, wrongToken)
		s.rotate(newToken)
		wantCheck(t, tokens, true, newToken, oldToken)
	})
	t.Run("token before the previous one", func(t *testing.T) {
		s := newFakeSecret(tokenJSON(oldToken))
		tokens := s.tokens()
		wantCheck(t, tokens, true, oldToken)
		s.rotate("between")
		s.rotate(newToken)
		wantCheck(t, tokens, true, newToken)
		wantCheck(t, tokens, false, oldToken)
	})
	t.Run("wrong tokens are limited", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeSecret(tokenJSON(oldToken))
			tokens := s.tokens()
			for range refreshBurst {
				wantCheck(t, tokens, false, wrongToken)
			}
			for range 1000 {
				wantError(t, tokens, fault.Unverified, wrongToken)
			}
			if want := 2 * (1 + refreshBurst); s.calls != want {
				t.Errorf("%d calls, want %d", s.calls, want)
			}
			s.rotate(newToken)
			wantError(t, tokens, fault.Unverified, newToken, wrongToken)
			wantCheck(t, tokens, true, oldToken)
			wantCheck(t, tokens, false, "")
			time.Sleep(refreshEvery)
			wantCheck(t, tokens, true, newToken, oldToken)
			wantError(t, tokens, fault.Unverified, wrongToken)
			time.Sleep(refreshEvery)
			wantCheck(t, tokens, false, wrongToken)
		})
	})
}

// TestTokens_Check_Never401 rotates while strangers try tokens of all kinds, and delivers
// with the valid tokens at every moment: each is accepted, or answered so that Datadog
// repeats it, and soon accepted.
func TestTokens_Check_Never401(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *fakeSecret, *Tokens){
		"quiet":           func(*testing.T, *fakeSecret, *Tokens) {},
		"one wrong token": func(t *testing.T, _ *fakeSecret, tokens *Tokens) { try(t, tokens, wrongToken, wrongToken, wrongToken) },
		"many wrong tokens": func(t *testing.T, _ *fakeSecret, tokens *Tokens) {
			try(t, tokens, slices.Repeat([]string{"a", "b", "c"}, 5)...)
		},
		"new token before the secret": func(t *testing.T, _ *fakeSecret, tokens *Tokens) {
			try(t, tokens, slices.Repeat([]string{newToken}, 8)...)
		},
		"throttled": func(t *testing.T, s *fakeSecret, tokens *Tokens) {
			s.fail(current, errThrottled)
			try(t, tokens, wrongToken)
			s.fail(current, nil)
		},
		"previous version throttled": func(t *testing.T, s *fakeSecret, tokens *Tokens) {
			s.fail(previous, errThrottled)
			try(t, tokens, wrongToken)
			s.fail(previous, nil)
		},
		"read when it rotates": func(t *testing.T, s *fakeSecret, tokens *Tokens) {
			s.delay = time.Second
			go try(t, tokens, wrongToken)
			synctest.Wait()
		},
		"read when it starts": func(t *testing.T, s *fakeSecret, tokens *Tokens) {
			*tokens = *s.tokens()
			s.delay = time.Second
			tokens.Start(t.Context())
			synctest.Wait()
		},
		"two rotations": func(_ *testing.T, s *fakeSecret, _ *Tokens) { s.rotate(oldToken) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeSecret(tokenJSON(oldToken))
				tokens := s.tokens()
				wantCheck(t, tokens, true, oldToken)
				before(t, s, tokens)
				s.rotate(newToken)
				last := ""
				for start := time.Now(); time.Since(start) < 2*refreshEvery; time.Sleep(100 * time.Millisecond) {
					if got := try(t, tokens, newToken); got != "valid" && (got != "unverified" || time.Since(start) > refreshEvery || last == "valid") {
						t.Errorf("%s after the rotation: the new token is %s", time.Since(start), got)
					} else {
						last = got
					}
					if got := try(t, tokens, oldToken); got != "valid" {
						t.Errorf("%s after the rotation: the previous token is %s", time.Since(start), got)
					}
					try(t, tokens, wrongToken)
				}
			})
		})
	}
}

// try presents tokens and returns what the last one is: valid, wrong, or a kind of fault.
func try(t *testing.T, tokens *Tokens, presented ...string) (last string) {
	for _, one := range presented {
		ok, err := tokens.Check(t.Context(), one)
		switch {
		case err != nil:
			last = fault.From(err).Kind.String()
		case ok:
			last = "valid"
		default:
			last = "wrong"
		}
	}
	return last
}

func TestTokens_Check_SecretsManagerFails(t *testing.T) {
	t.Run("no value yet", func(t *testing.T) {
		s := newFakeSecret(tokenJSON(newToken))
		s.fail(current, errThrottled)
		wantError(t, s.tokens(), fault.Temporary, newToken, wrongToken)
		for _, content := range []string{tokenJSON(""), `{"token":"` + newToken, `{"token":["` + newToken + `"]}`} {
			tokens := newFakeSecret(content).tokens()
			tokens.Start(t.Context())
			err := tokens.Ready(t.Context())
			if err == nil || fault.From(err).Kind != fault.Permanent || !strings.Contains(fault.Public(err), id) {
				t.Errorf("%s: %v", content, err)
			}
			assertErrorHides(t, err, newToken)
			wantError(t, tokens, fault.Temporary, newToken)
		}
	})
	t.Run("known and unknown tokens", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeSecret(tokenJSON(oldToken))
			tokens := s.tokens()
			wantCheck(t, tokens, true, oldToken)
			s.rotate(newToken)
			s.fail(current, errThrottled)
			wantError(t, tokens, fault.Unverified, newToken, newToken)
			wantCheck(t, tokens, true, oldToken)
			time.Sleep(24 * time.Hour)
			wantCheck(t, tokens, true, oldToken)
			s.fail(current, nil)
			time.Sleep(maxBackOff)
			wantCheck(t, tokens, true, newToken)
		})
	})
	t.Run("unreadable previous version", func(t *testing.T) {
		s := newFakeSecret(tokenJSON(oldToken))
		s.rotate(newToken)
		s.fail(previous, errDenied)
		tokens := s.tokens()
		if err := tokens.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCheck(t, tokens, true, newToken)
		wantError(t, tokens, fault.Unverified, oldToken)
		wantCheck(t, tokens, false, "")
		s.fail(previous, nil)
		wantCheck(t, tokens, true, oldToken)
	})
}
